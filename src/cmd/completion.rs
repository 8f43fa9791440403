//! `kubently completion`.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionArgs},
    exit,
    output::Output,
};

pub(super) fn run(args: &CompletionArgs, output: &mut Output) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "kubently", &mut script);
    output.data(&script)?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::*;
    use crate::output::tests::kept;

    #[test]
    fn every_shell_has_a_script_without_secrets() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let (mut output, data, _) = kept();
            run(&CompletionArgs { shell }, &mut output).unwrap();
            assert!(data.text().contains("kubently"), "{shell}");
        }
    }
}
