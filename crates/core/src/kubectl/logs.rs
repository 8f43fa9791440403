//! `logs`

use std::time::Duration;

use super::{
    argv::Argv,
    common::Common,
    flags::Flag,
    names::is_name,
    resource::{ObjectRef, ResourceType, read_name},
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

const USAGE: &str = "POD [CONTAINER], TYPE/NAME [CONTAINER], or -l SELECTOR";

/// Whose logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogsTarget {
    /// One pod.
    Pod(String),
    /// The pods of one object: `deploy/web`.
    Object(ObjectRef),
    /// The pods with these labels.
    Selector(String),
}

impl LogsTarget {
    /// The type of the object, when one is named.
    #[must_use]
    pub const fn resource(&self) -> Option<&ResourceType> {
        match self {
            Self::Object(object) => Some(&object.resource),
            Self::Pod(_) | Self::Selector(_) => None,
        }
    }
}

/// `kubectl logs`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsCommand {
    /// What every command has.
    pub common: Common,
    /// Whose logs.
    pub target: LogsTarget,
    /// `-c`, or the word after the pod.
    pub container: Option<String>,
    /// `--all-containers`
    pub all_containers: bool,
    /// `--all-pods`
    pub all_pods: bool,
    /// `-f`
    pub follow: bool,
    /// `--ignore-errors`
    pub ignore_errors: bool,
    /// `--limit-bytes`
    pub limit_bytes: Option<i64>,
    /// `--max-log-requests`
    pub max_log_requests: Option<i64>,
    /// `--pod-running-timeout`
    pub pod_running_timeout: Option<Duration>,
    /// `--prefix`
    pub prefix: bool,
    /// `-p`
    pub previous: bool,
    /// `--since`
    pub since: Option<Duration>,
    /// `--since-time`: shaped like an RFC 3339 time.
    pub since_time: Option<String>,
    /// `--tail`; -1 means all.
    pub tail: Option<i64>,
    /// `--timestamps`
    pub timestamps: bool,
}

impl LogsCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        super::common::at_most(operands, 2, USAGE)?;
        Ok(Self {
            common: Common::build(flags),
            target: target(flags, operands)?,
            container: container(flags, operands)?,
            all_containers: flags.is(Flag::AllContainers),
            all_pods: flags.is(Flag::AllPods),
            follow: flags.is(Flag::Follow),
            ignore_errors: flags.is(Flag::IgnoreErrors),
            limit_bytes: flags.int(Flag::LimitBytes),
            max_log_requests: flags.int(Flag::MaxLogRequests),
            pod_running_timeout: flags.duration(Flag::PodRunningTimeout),
            prefix: flags.is(Flag::Prefix),
            previous: flags.is(Flag::Previous),
            since: flags.duration(Flag::Since),
            since_time: flags.text(Flag::SinceTime),
            tail: flags.int(Flag::Tail),
            timestamps: flags.is(Flag::Timestamps),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        match &self.target {
            LogsTarget::Pod(name) => argv.operands([name.clone()]),
            LogsTarget::Object(object) => argv.operands([object.to_string()]),
            LogsTarget::Selector(selector) => argv.value(Flag::Selector, Some(selector)),
        }
        argv.value(Flag::Container, self.container.as_ref());
        argv.on(Flag::AllContainers, self.all_containers);
        argv.on(Flag::AllPods, self.all_pods);
        argv.on(Flag::Follow, self.follow);
        argv.on(Flag::IgnoreErrors, self.ignore_errors);
        argv.value(Flag::LimitBytes, self.limit_bytes);
        argv.value(Flag::MaxLogRequests, self.max_log_requests);
        argv.duration(Flag::PodRunningTimeout, self.pod_running_timeout);
        argv.on(Flag::Prefix, self.prefix);
        argv.on(Flag::Previous, self.previous);
        argv.duration(Flag::Since, self.since);
        argv.value(Flag::SinceTime, self.since_time.as_ref());
        argv.value(Flag::Tail, self.tail);
        argv.on(Flag::Timestamps, self.timestamps);
    }
}

fn target(flags: &Flags, operands: &[Operand<'_>]) -> Result<LogsTarget, Refusal> {
    match (operands.first(), flags.some_text(Flag::Selector)) {
        (None, Some(selector)) => Ok(LogsTarget::Selector(selector)),
        (None, None) => Err(Refusal::new(Rule::MissingArgument, "whose logs?", USAGE)),
        (Some(operand), Some(_)) => {
            let message = "only a selector or a POD name is allowed";
            Err(operand.blame(Refusal::new(Rule::ConflictingArguments, message, USAGE)))
        }
        (Some(operand), None) if operand.text.contains('/') => {
            ObjectRef::parse(operand.text).map(LogsTarget::Object).map_err(|refusal| operand.blame(refusal))
        }
        (Some(operand), None) => read_name(operand.text).map(LogsTarget::Pod).map_err(|refusal| operand.blame(refusal)),
    }
}

fn container(flags: &Flags, operands: &[Operand<'_>]) -> Result<Option<String>, Refusal> {
    match (operands.get(1), flags.some_text(Flag::Container)) {
        (None, flag) => Ok(flag),
        (Some(inline), Some(_)) => {
            let message = "only one of -c or an inline [CONTAINER] arg is allowed";
            Err(inline.blame(Refusal::new(Rule::ConflictingArguments, message, USAGE)))
        }
        (Some(inline), None) if is_name(inline.text) => Ok(Some(inline.text.to_owned())),
        (Some(inline), None) => Err(inline.blame(Refusal::new(Rule::InvalidName, "not a container name", USAGE))),
    }
}
