//! What runs commands that may run.

mod kubectl;
mod native;

use kubently_core::kubectl::Command;
use kubently_render::redact::{Redactor, Settings};

use crate::{Config, EngineKind, Error, runner::Output};

/// What makes secrets unreadable in what this executor prints. The names that a policy adds come on top of those that
/// are always secret.
fn redactor(config: &Config) -> Redactor {
    let asked = config.policy.redaction();
    let mut settings = Settings { enabled: asked.enabled, ..Settings::default() };
    settings.names.extend(asked.env_name_patterns.iter().cloned());
    Redactor::new(&config.pseudonym_key, &settings)
}

/// How a command's run ended by itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// The exit code; none when a signal ended the process.
    pub(crate) code: Option<i32>,
    /// A sentence for people where the code says too little.
    pub(crate) message: Option<String>,
}

impl Exit {
    pub(crate) const SUCCESS: Self = Self::code(0);
    pub(crate) const FAILURE: Self = Self::code(1);

    pub(crate) const fn code(code: i32) -> Self {
        Self { code: Some(code), message: None }
    }
}

/// The engines of this executor; at least one is there.
pub(crate) struct Engine {
    native: Option<native::Native>,
    kubectl: Option<kubectl::Kubectl>,
}

/// The engine that runs one command.
pub(crate) enum Choice<'a> {
    /// The Kubernetes API.
    Native(&'a native::Native),
    /// The kubectl binary.
    Kubectl(&'a kubectl::Kubectl),
    /// None of those that are there can.
    None,
}

impl Engine {
    /// Makes the engines that `config` asks for; fails when none can be had.
    pub(crate) async fn bind(config: &Config) -> Result<Self, Error> {
        let redactor = redactor(config);
        match config.engine {
            EngineKind::Native => {
                let native = native::Native::bind(config, redactor.clone()).await.map_err(Error::Engine)?;
                Ok(Self { native: Some(native), kubectl: None })
            }
            EngineKind::Kubectl => {
                let kubectl = kubectl::Kubectl::bind(config, redactor.clone()).map_err(Error::Engine)?;
                Ok(Self { native: None, kubectl: Some(kubectl) })
            }
            EngineKind::Auto => Self::bind_what_is_there(config, &redactor).await,
        }
    }

    async fn bind_what_is_there(config: &Config, redactor: &Redactor) -> Result<Self, Error> {
        let native = native::Native::bind(config, redactor.clone()).await;
        let kubectl = kubectl::Kubectl::bind(config, redactor.clone());
        if let (Err(no_native), Err(no_kubectl)) = (&native, &kubectl) {
            return Err(Error::Engine(format!("native: {no_native}; kubectl: {no_kubectl}")));
        }
        for cause in [native.as_ref().err(), kubectl.as_ref().err()].into_iter().flatten() {
            tracing::info!(cause, "one engine is not available");
        }
        Ok(Self { native: native.ok(), kubectl: kubectl.ok() })
    }

    /// The engine for `command`: native where it covers the command, because it is faster.
    pub(crate) fn choose(&self, command: &Command) -> Choice<'_> {
        match (&self.native, &self.kubectl) {
            (Some(native), _) if native::covers(command) => Choice::Native(native),
            (_, Some(kubectl)) => Choice::Kubectl(kubectl),
            _ => Choice::None,
        }
    }
}

impl Choice<'_> {
    /// The name in results.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Native(_) => "native",
            Self::Kubectl(_) => "kubectl",
            Self::None => "",
        }
    }

    /// Runs `command` to its end. Dropping the future stops whatever it started.
    pub(crate) async fn run(&self, command: &Command, output: &Output) -> Exit {
        match self {
            Self::Native(native) => native.run(command, output).await,
            Self::Kubectl(kubectl) => kubectl.run(command, output).await,
            Self::None => not_covered(output),
        }
    }
}

fn not_covered(output: &Output) -> Exit {
    let message = format!(
        "error: engine native does not cover this command, and this executor has no kubectl; not covered: {}",
        native::NOT_COVERED
    );
    output.err(&message);
    output.err("\n");
    Exit { code: Some(1), message: Some(message) }
}

#[cfg(test)]
mod tests;
