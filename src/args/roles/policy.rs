//! What may run: the settings of every role.

use std::path::PathBuf;

use clap::Args;
use kubently_core::{
    Error,
    policy::{Mode, Policy},
};

/// What may run.
#[derive(Args, Default)]
#[command(next_help_heading = "Policy")]
pub(crate) struct PolicyArgs {
    /// What may run: readOnly, or extendedReadOnly or fullAccess, which add nothing to it yet [default: readOnly]
    #[arg(long, env = "KUBENTLY_MODE", value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// YAML file with the whole policy, see "kubently policy schema"; it is read again when it changes
    #[arg(long, env = "KUBENTLY_POLICY_FILE", value_name = "FILE")]
    pub(crate) policy_file: Option<PathBuf>,
}

impl PolicyArgs {
    /// The policy where there is no file.
    pub(crate) fn built_in(&self) -> Policy {
        Policy::new(self.mode.unwrap_or_default())
    }

    /// Refuses a file that cannot be used, and flags that say something else than the file: it would win, unnoticed.
    pub(crate) async fn agree(&self) -> anyhow::Result<()> {
        let policy = match &self.policy_file {
            Some(file) => kubently_policy::load(file).await?,
            None => self.built_in(),
        };
        let mode = policy.mode();
        if let Some(flag) = self.mode.filter(|flag| *flag != mode) {
            let rule = format!("the policy file says mode {}; leave --mode out or make them agree", mode.as_str());
            return Err(Error::invalid("--mode", flag.as_str(), &rule).into());
        }
        if mode != Mode::ReadOnly && mode.adds().is_empty() {
            tracing::warn!(mode = mode.as_str(), "this mode adds nothing to readOnly yet");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(mode: Option<Mode>, text: &str) -> (PolicyArgs, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("policy.yaml");
        std::fs::write(&file, text).unwrap();
        (PolicyArgs { mode, policy_file: Some(file) }, dir)
    }

    #[tokio::test]
    async fn file_and_flag_must_agree() {
        for (mode, text) in [
            (None, "mode: fullAccess"),
            (Some(Mode::FullAccess), "mode: fullAccess"),
            (Some(Mode::ReadOnly), "verbs: [get]"),
        ] {
            let (args, _dir) = args(mode, text);
            assert!(args.agree().await.is_ok(), "{mode:?} {text}");
        }
        let (conflict, _dir) = args(Some(Mode::FullAccess), "verbs: [get]");
        let said = conflict.agree().await.unwrap_err();
        assert!(said.to_string().contains("--mode: the policy file says mode readOnly"), "{said}");
        assert_eq!(crate::exit::of_error(&said), crate::exit::USAGE);
    }

    #[tokio::test]
    async fn a_bad_file_is_said_at_start() {
        let (args, _dir) = args(None, "verbs: [fly]");
        assert!(args.agree().await.unwrap_err().to_string().contains("verbs[0] (line 1)"));
        assert!(PolicyArgs::default().agree().await.is_ok());
        assert_eq!(PolicyArgs::default().built_in(), Policy::default());
    }
}
