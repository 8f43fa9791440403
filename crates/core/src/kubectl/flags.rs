//! The flags that may be used, as kubectl 1.33 spells them, and which verb takes which.

use super::Verb;

/// What a flag's value is, and so how it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `--flag`, `--flag=false`; never takes the next argument (pflag `NoOptDefVal`).
    Bool,
    /// A whole number within bounds.
    Int(i64, i64),
    /// A Go duration that is not negative.
    Duration,
    /// A Go duration or a whole number of seconds (kubectl's `--request-timeout`).
    Timeout,
    /// A DNS label.
    Namespace,
    /// An object or container name.
    Name,
    /// `TYPE/NAME`.
    Object,
    /// Letters, digits and `-._/`; may be empty.
    Word,
    /// Comma-separated words; repeated flags add up (pflag `StringSlice`).
    List,
    /// Printable ASCII.
    Text,
    /// An output format, maybe with an expression.
    Output,
    /// An RFC 3339 time.
    Time,
    /// klog's level; from 6 on it prints requests, from 8 on their headers and bodies.
    Verbosity,
}

macro_rules! flags {
    ($($flag:ident $long:literal $short:expr, $kind:expr;)*) => {
        /// A flag that some verb takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Flag { $($flag),* }

        impl Flag {
            /// Every flag.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$flag),*];

            /// The long name, without dashes.
            pub(crate) const fn long(self) -> &'static str {
                match self { $(Self::$flag => $long),* }
            }

            /// The short name; no two flags share one.
            pub(crate) const fn short(self) -> Option<char> {
                match self { $(Self::$flag => $short),* }
            }

            /// What its value is.
            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$flag => $kind),* }
            }
        }
    };
}

flags! {
    AllContainers "all-containers" None, Kind::Bool;
    AllNamespaces "all-namespaces" Some('A'), Kind::Bool;
    AllPods "all-pods" None, Kind::Bool;
    AllowMissingTemplateKeys "allow-missing-template-keys" None, Kind::Bool;
    ApiGroup "api-group" None, Kind::Word;
    ApiVersion "api-version" None, Kind::Word;
    Cached "cached" None, Kind::Bool;
    Categories "categories" None, Kind::List;
    ChunkSize "chunk-size" None, Kind::Int(0, i64::MAX);
    Client "client" None, Kind::Bool;
    Container "container" Some('c'), Kind::Name;
    Containers "containers" None, Kind::Bool;
    DisableCompression "disable-compression" None, Kind::Bool;
    FieldSelector "field-selector" None, Kind::Text;
    Follow "follow" Some('f'), Kind::Bool;
    For "for" None, Kind::Object;
    IgnoreErrors "ignore-errors" None, Kind::Bool;
    IgnoreNotFound "ignore-not-found" None, Kind::Bool;
    LabelColumns "label-columns" Some('L'), Kind::List;
    LimitBytes "limit-bytes" None, Kind::Int(0, i64::MAX);
    List "list" None, Kind::Bool;
    MatchServerVersion "match-server-version" None, Kind::Bool;
    MaxLogRequests "max-log-requests" None, Kind::Int(0, 1_000);
    Namespace "namespace" Some('n'), Kind::Namespace;
    Namespaced "namespaced" None, Kind::Bool;
    NoHeaders "no-headers" None, Kind::Bool;
    Output "output" Some('o'), Kind::Output;
    OutputWatchEvents "output-watch-events" None, Kind::Bool;
    PodRunningTimeout "pod-running-timeout" None, Kind::Duration;
    Prefix "prefix" None, Kind::Bool;
    Previous "previous" Some('p'), Kind::Bool;
    Quiet "quiet" Some('q'), Kind::Bool;
    Recursive "recursive" None, Kind::Bool;
    RequestTimeout "request-timeout" None, Kind::Timeout;
    Revision "revision" None, Kind::Int(0, i64::MAX);
    Selector "selector" Some('l'), Kind::Text;
    ServerPrint "server-print" None, Kind::Bool;
    ShowCapacity "show-capacity" None, Kind::Bool;
    ShowEvents "show-events" None, Kind::Bool;
    ShowKind "show-kind" None, Kind::Bool;
    ShowLabels "show-labels" None, Kind::Bool;
    ShowManagedFields "show-managed-fields" None, Kind::Bool;
    Since "since" None, Kind::Duration;
    SinceTime "since-time" None, Kind::Time;
    SortBy "sort-by" None, Kind::Text;
    Subresource "subresource" None, Kind::Word;
    Sum "sum" None, Kind::Bool;
    Tail "tail" None, Kind::Int(-1, i64::MAX);
    Timeout "timeout" None, Kind::Duration;
    Timestamps "timestamps" None, Kind::Bool;
    Types "types" None, Kind::List;
    UseProtocolBuffers "use-protocol-buffers" None, Kind::Bool;
    Verbosity "v" Some('v'), Kind::Verbosity;
    Verbs "verbs" None, Kind::List;
    WarningsAsErrors "warnings-as-errors" None, Kind::Bool;
    Watch "watch" Some('w'), Kind::Bool;
    WatchOnly "watch-only" None, Kind::Bool;
}

/// Flags every verb takes, also in front of the verb (kubectl `options`).
pub(crate) const GLOBAL: &[Flag] = &[
    Flag::DisableCompression,
    Flag::MatchServerVersion,
    Flag::Namespace,
    Flag::RequestTimeout,
    Flag::Verbosity,
    Flag::WarningsAsErrors,
];

const GET: &[Flag] = &[
    Flag::AllNamespaces,
    Flag::AllowMissingTemplateKeys,
    Flag::ChunkSize,
    Flag::FieldSelector,
    Flag::IgnoreNotFound,
    Flag::LabelColumns,
    Flag::NoHeaders,
    Flag::Output,
    Flag::OutputWatchEvents,
    Flag::Selector,
    Flag::ServerPrint,
    Flag::ShowKind,
    Flag::ShowLabels,
    Flag::ShowManagedFields,
    Flag::SortBy,
    Flag::Subresource,
    Flag::Watch,
    Flag::WatchOnly,
];

const DESCRIBE: &[Flag] = &[Flag::AllNamespaces, Flag::ChunkSize, Flag::Selector, Flag::ShowEvents];

const LOGS: &[Flag] = &[
    Flag::AllContainers,
    Flag::AllPods,
    Flag::Container,
    Flag::Follow,
    Flag::IgnoreErrors,
    Flag::LimitBytes,
    Flag::MaxLogRequests,
    Flag::PodRunningTimeout,
    Flag::Prefix,
    Flag::Previous,
    Flag::Selector,
    Flag::Since,
    Flag::SinceTime,
    Flag::Tail,
    Flag::Timestamps,
];

const TOP_POD: &[Flag] = &[
    Flag::AllNamespaces,
    Flag::Containers,
    Flag::FieldSelector,
    Flag::NoHeaders,
    Flag::Selector,
    Flag::SortBy,
    Flag::Sum,
    Flag::UseProtocolBuffers,
];

const TOP_NODE: &[Flag] =
    &[Flag::NoHeaders, Flag::Selector, Flag::ShowCapacity, Flag::SortBy, Flag::UseProtocolBuffers];

const EXPLAIN: &[Flag] = &[Flag::ApiVersion, Flag::Output, Flag::Recursive];

const EVENTS: &[Flag] = &[
    Flag::AllNamespaces,
    Flag::AllowMissingTemplateKeys,
    Flag::ChunkSize,
    Flag::For,
    Flag::NoHeaders,
    Flag::Output,
    Flag::ShowManagedFields,
    Flag::Types,
    Flag::Watch,
];

const API_RESOURCES: &[Flag] = &[
    Flag::ApiGroup,
    Flag::Cached,
    Flag::Categories,
    Flag::Namespaced,
    Flag::NoHeaders,
    Flag::Output,
    Flag::SortBy,
    Flag::Verbs,
];

const VERSION: &[Flag] = &[Flag::Client, Flag::Output];

const CAN_I: &[Flag] = &[Flag::AllNamespaces, Flag::List, Flag::NoHeaders, Flag::Quiet, Flag::Subresource];

const WHOAMI: &[Flag] = &[Flag::AllowMissingTemplateKeys, Flag::Output, Flag::ShowManagedFields];

const ROLLOUT_STATUS: &[Flag] = &[Flag::Revision, Flag::Selector, Flag::Timeout, Flag::Watch];

const ROLLOUT_HISTORY: &[Flag] =
    &[Flag::AllowMissingTemplateKeys, Flag::Output, Flag::Revision, Flag::Selector, Flag::ShowManagedFields];

/// The flags of `verb` itself; [`GLOBAL`] comes on top.
pub(crate) const fn of_verb(verb: Verb) -> &'static [Flag] {
    match verb {
        Verb::Get => GET,
        Verb::Describe => DESCRIBE,
        Verb::Logs => LOGS,
        Verb::TopPod => TOP_POD,
        Verb::TopNode => TOP_NODE,
        Verb::Explain => EXPLAIN,
        Verb::Events => EVENTS,
        Verb::ApiResources => API_RESOURCES,
        Verb::ApiVersions | Verb::ClusterInfo => &[],
        Verb::Version => VERSION,
        Verb::AuthCanI => CAN_I,
        Verb::AuthWhoami => WHOAMI,
        Verb::RolloutStatus => ROLLOUT_STATUS,
        Verb::RolloutHistory => ROLLOUT_HISTORY,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct() {
        let longs: HashSet<_> = Flag::ALL.iter().map(|flag| flag.long()).collect();
        assert_eq!(longs.len(), Flag::ALL.len());
        let shorts: Vec<_> = Flag::ALL.iter().filter_map(|flag| flag.short()).collect();
        assert_eq!(shorts.iter().collect::<HashSet<_>>().len(), shorts.len());
    }

    #[test]
    fn every_flag_is_used_by_some_verb() {
        for flag in Flag::ALL {
            let used = GLOBAL.contains(flag) || Verb::ALL.iter().any(|verb| of_verb(*verb).contains(flag));
            assert!(used, "{flag:?}");
        }
    }
}
