//! Secrets: given as they are, or by the name of a file that holds them.

use std::{
    fs,
    io::{self, Read},
    marker::PhantomData,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, FromArgMatches, parser::ValueSource};

/// Names one secret on the command line.
pub(crate) trait SecretName {
    /// clap's id of the argument that holds the secret.
    const ID: &'static str;
    /// clap's id of the argument that names a file.
    const FILE_ID: &'static str;
    /// The flag, without dashes.
    const FLAG: &'static str;
    /// The flag for a file.
    const FILE_FLAG: &'static str;
    /// The variable and the variable for a file; `None` for what is said once, not set.
    const ENV: Option<(&'static str, &'static str)>;
    /// One line of help.
    const HELP: &'static str;
}

macro_rules! secret_name {
    ($(#[$doc:meta])* $name:ident, $id:literal, $flag:literal, $env:expr, $help:literal) => {
        $(#[$doc])*
        pub(crate) struct $name;
        impl SecretName for $name {
            const ID: &'static str = $id;
            const FILE_ID: &'static str = concat!($id, "_file");
            const FLAG: &'static str = $flag;
            const FILE_FLAG: &'static str = concat!($flag, "-file");
            const ENV: Option<(&'static str, &'static str)> = $env;
            const HELP: &'static str = $help;
        }
    };
}

secret_name!(
    /// A client's API key.
    ApiKey, "api_key", "api-key", Some(("KUBENTLY_API_KEY", "KUBENTLY_API_KEY_FILE")), "The API key to call with"
);
secret_name!(
    /// A server's API keys.
    ApiKeys, "api_keys", "api-keys", Some(("KUBENTLY_API_KEYS", "KUBENTLY_API_KEYS_FILE")),
    "API keys to let in: service:key or a bare key, separated by comma or new line"
);
secret_name!(
    /// Executor tokens that a server has from the start.
    ExecutorTokens, "executor_tokens", "executor-tokens",
    Some(("KUBENTLY_EXECUTOR_TOKENS", "KUBENTLY_EXECUTOR_TOKENS_FILE")),
    "Executor tokens to have from the start: cluster:token, separated by comma or new line"
);
secret_name!(
    /// Where Redis is, which may hold a password.
    RedisUrl, "redis_url", "redis-url", Some(("KUBENTLY_REDIS_URL", "KUBENTLY_REDIS_URL_FILE")),
    "redis:// or rediss:// URL; without it state is in memory, for one server only"
);
secret_name!(
    /// An executor's token.
    Token, "token", "token", Some(("KUBENTLY_TOKEN", "KUBENTLY_TOKEN_FILE")), "The cluster's executor token"
);
secret_name!(
    /// A token to make. No variable: one that is set for an executor must not become another cluster's token.
    ChosenToken, "token", "token", None,
    "A token of your choice, 32 to 128 letters, digits, '-' and '_'; without it the server makes one"
);

/// The pair of arguments for the secret `N`. The command line wins over the environment.
pub(crate) struct SecretArg<N> {
    source: Option<Source>,
    name: PhantomData<fn() -> N>,
}

enum Source {
    Text(String),
    File(PathBuf),
}

impl<N> SecretArg<N> {
    /// A secret that is known already.
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { source: Some(Source::Text(text.into())), name: PhantomData }
    }
}

impl<N: SecretName> SecretArg<N> {
    /// The secret, if one was given.
    pub(crate) fn read(&self) -> anyhow::Result<Option<String>> {
        match &self.source {
            None => Ok(None),
            Some(Source::Text(text)) => Ok(Some(text.clone())),
            Some(Source::File(path)) => {
                let text = read_file(path).with_context(|| format!("read --{} {}", N::FILE_FLAG, path.display()))?;
                Ok(Some(text.trim_end().to_owned()))
            }
        }
    }

    /// The secret, or an error that names the flag.
    pub(crate) fn require(&self) -> anyhow::Result<String> {
        let flag = format!("--{}", N::FLAG);
        let ways = N::ENV.map(|(env, _file)| format!(", {env}")).unwrap_or_default();
        let rule = format!("is required: give {flag}{ways} or --{}", N::FILE_FLAG);
        self.read()?.ok_or_else(|| kubently_core::Error::invalid(&flag, "", &rule).into())
    }
}

/// `-` is standard input.
fn read_file(path: &Path) -> io::Result<String> {
    if path != Path::new("-") {
        return fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

impl<N: SecretName> FromArgMatches for SecretArg<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let text = matches.get_one::<String>(N::ID).cloned().map(Source::Text);
        let file = matches.get_one::<PathBuf>(N::FILE_ID).cloned().map(Source::File);
        let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        let file_wins = typed(N::FILE_ID) && !typed(N::ID);
        let source = if file_wins { file.or(text) } else { text.or(file) };
        Ok(Self { source, name: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<N: SecretName> clap::Args for SecretArg<N> {
    fn augment_args(command: Command) -> Command {
        let text = Arg::new(N::ID).long(N::FLAG).value_name("SECRET").help(N::HELP);
        let file = Arg::new(N::FILE_ID).long(N::FILE_FLAG).value_name("FILE");
        let file = file.value_parser(clap::value_parser!(PathBuf)).help("The same, read from a file ('-' is stdin)");
        let (text, file) = match N::ENV {
            Some((env, file_env)) => (text.env(env).hide_env_values(true), file.env(file_env)),
            None => (text, file),
        };
        // Global, so that it may stand before or after a nested subcommand.
        command.arg(text.global(true)).arg(file.global(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    struct Typed;
    impl SecretName for Typed {
        const ID: &'static str = "typed";
        const FILE_ID: &'static str = "typed_file";
        const FLAG: &'static str = "typed";
        const FILE_FLAG: &'static str = "typed-file";
        // Both are set by cargo for every test run.
        const ENV: Option<(&'static str, &'static str)> = Some(("CARGO_PKG_NAME", "CARGO_MANIFEST_PATH"));
        const HELP: &'static str = "";
    }

    fn read(line: &[&str]) -> String {
        let command = SecretArg::<Typed>::augment_args(Command::new("test"));
        let matches = command.get_matches_from([&["test"], line].concat());
        SecretArg::<Typed>::from_arg_matches(&matches).unwrap().read().unwrap().unwrap()
    }

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "from-file\n").unwrap();
        assert_eq!(read(&["--typed-file", file.path().to_str().unwrap()]), "from-file");
        assert_eq!(read(&["--typed", "from-line"]), "from-line");
        assert_eq!(read(&[]), "kubently");
    }

    #[test]
    fn a_missing_file_is_named() {
        let source = Some(Source::File("/no/such/file".into()));
        let error = SecretArg::<Token> { source, name: PhantomData }.read().unwrap_err();
        assert_eq!(error.to_string(), "read --token-file /no/such/file");
    }

    #[test]
    fn a_required_secret_is_asked_for_by_its_flag() {
        let error = SecretArg::<Token> { source: None, name: PhantomData }.require().unwrap_err();
        assert_eq!(error.to_string(), "--token: is required: give --token, KUBENTLY_TOKEN or --token-file");
    }
}
