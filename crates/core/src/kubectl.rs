//! The kubectl grammar: reads an argument vector with kubectl's own flag rules, into a typed command.
//!
//! Default deny: a verb, flag or value that is not known is refused. [`Command::argv`] rebuilds the only vector that is
//! ever run from the typed command, so nothing that was not understood reaches kubectl or the cluster. There is no shell
//! anywhere, so `;`, `|` and `$(` are ordinary characters that simply fit no name.
//!
//! Flags and their rules are those of kubectl 1.33 (spf13/pflag and cobra).

pub mod aliases;
mod argv;
mod auth;
mod common;
mod denied;
mod describe;
mod discovery;
mod duration;
mod events;
mod explain;
mod flags;
mod get;
mod integer;
mod limits;
mod logs;
mod names;
mod near;
mod output;
mod reference;
mod resource;
mod rollout;
mod scan;
mod top;
mod value;
mod verb;

pub use self::{
    auth::{AccessCheck, AccessTarget, AuthCanICommand, AuthWhoamiCommand},
    common::{Common, NamespaceScope},
    describe::DescribeCommand,
    discovery::{ApiResourcesCommand, ApiVersionsCommand, ClusterInfoCommand, VersionCommand},
    events::EventsCommand,
    explain::ExplainCommand,
    get::GetCommand,
    limits::{MAX_ARGUMENT_BYTES, MAX_ARGUMENTS, MAX_COMMAND_BYTES},
    logs::{LogsCommand, LogsTarget},
    output::OutputFormat,
    reference::{FlagUse, flag_uses},
    resource::{ObjectRef, ResourceType, Resources},
    rollout::{RolloutHistoryCommand, RolloutStatusCommand},
    top::{TopNodeCommand, TopPodCommand, TopTarget},
    verb::Verb,
};

use std::collections::BTreeSet;

use self::{argv::Argv, scan::Scanner};
use crate::refusal::{Refusal, Rule};

/// Reads an argument vector that starts with the verb; a leading `kubectl` is dropped.
///
/// # Errors
/// When the command is not wholly understood, or something in it is never allowed.
pub fn parse(argv: &[String]) -> Result<Command, Refusal> {
    limits::check(argv)?;
    let start = usize::from(argv.first().is_some_and(|first| first == "kubectl"));
    let mut scanner = Scanner::new(argv, start);
    let Some(head) = scanner.verb_word()? else {
        return Err(Refusal::new(Rule::EmptyCommand, "there is no verb", verb::allowed()));
    };
    let sub = if Verb::has_subcommand(head.text) { scanner.verb_word()? } else { None };
    let verb = Verb::from_words(head.text, sub.map(|sub| sub.text));
    let verb = verb.map_err(|refusal| sub.unwrap_or(head).blame(refusal))?;
    let (flags, operands) = scanner.rest(flags::of_verb(verb))?;
    let command = Command::build(verb, &flags, &operands)?;
    limits::check_rebuilt(&command.argv())?;
    Ok(command)
}

/// The flags that `verbs` take, as `--name`, sorted, each once.
#[must_use]
pub fn flag_names(verbs: &[Verb]) -> Vec<String> {
    let own = verbs.iter().flat_map(|verb| flags::of_verb(*verb));
    let names: BTreeSet<_> = own.chain(flags::GLOBAL).map(|flag| format!("--{}", flag.long())).collect();
    names.into_iter().collect()
}

macro_rules! commands {
    ($($verb:ident($command:ident);)*) => {
        /// One command, understood. Its only way to run is through this type.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command {
            $(#[doc = concat!("See [`Verb::", stringify!($verb), "`].")] $verb($command)),*
        }

        impl Command {
            fn build(verb: Verb, flags: &scan::Flags, operands: &[scan::Operand<'_>]) -> Result<Self, Refusal> {
                match verb { $(Verb::$verb => $command::build(flags, operands).map(Self::$verb)),* }
            }

            /// What it does.
            #[must_use]
            pub const fn verb(&self) -> Verb {
                match self { $(Self::$verb(_) => Verb::$verb),* }
            }

            /// What every command has.
            #[must_use]
            pub const fn common(&self) -> &Common {
                match self { $(Self::$verb(command) => &command.common),* }
            }

            fn render(&self, argv: &mut Argv) {
                match self { $(Self::$verb(command) => command.render(argv)),* }
            }
        }
    };
}

commands! {
    Get(GetCommand);
    Describe(DescribeCommand);
    Logs(LogsCommand);
    TopPod(TopPodCommand);
    TopNode(TopNodeCommand);
    Explain(ExplainCommand);
    Events(EventsCommand);
    ApiResources(ApiResourcesCommand);
    ApiVersions(ApiVersionsCommand);
    Version(VersionCommand);
    ClusterInfo(ClusterInfoCommand);
    AuthCanI(AuthCanICommand);
    AuthWhoami(AuthWhoamiCommand);
    RolloutStatus(RolloutStatusCommand);
    RolloutHistory(RolloutHistoryCommand);
}

impl Command {
    /// The argument vector, rebuilt: verb, operands, then flags as `--flag=value`. [`parse`] of it gives an equal command.
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        let mut argv = Argv::new(self.verb());
        self.render(&mut argv);
        self.common().render(&mut argv);
        argv.into_vec()
    }

    /// The namespace it looks at.
    #[must_use]
    pub const fn namespace(&self) -> &NamespaceScope {
        &self.common().namespace
    }

    /// Whether it runs until somebody stops it: `logs -f`, `get -w`, `events -w`.
    #[must_use]
    pub const fn is_streaming(&self) -> bool {
        match self {
            Self::Get(get) => get.watch || get.watch_only,
            Self::Logs(logs) => logs.follow,
            Self::Events(events) => events.watch,
            _ => false,
        }
    }

    /// The resource types whose content it shows, as they were typed or as the verb implies them.
    ///
    /// Not what it only talks about: `explain` prints the schema, `auth can-i` an answer about rights.
    #[must_use]
    pub fn resource_types(&self) -> Vec<ResourceType> {
        let implied = |name: &'static str| vec![ResourceType::built_in(name)];
        match self {
            Self::Get(get) => get.resources.types().cloned().collect(),
            Self::Describe(describe) => describe.resources.types().cloned().collect(),
            Self::RolloutStatus(status) => status.resources.types().cloned().collect(),
            Self::RolloutHistory(history) => history.resources.types().cloned().collect(),
            Self::Logs(logs) => implied("pods").into_iter().chain(logs.target.resource().cloned()).collect(),
            Self::TopPod(_) => implied("pods"),
            Self::TopNode(_) => implied("nodes"),
            Self::Events(_) => implied("events"),
            Self::ClusterInfo(_) => implied("services"),
            Self::Explain(_)
            | Self::ApiResources(_)
            | Self::ApiVersions(_)
            | Self::Version(_)
            | Self::AuthCanI(_)
            | Self::AuthWhoami(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
