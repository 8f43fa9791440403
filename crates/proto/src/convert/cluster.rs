//! Clusters, executors and their capabilities.

use kubently_core::{
    Error,
    cluster::{
        AttachedExecutor, Capabilities, CapabilityReport, Cluster, MAX_POD, MAX_REPORTED, MAX_REPORTED_FLAGS,
        MAX_VERSION,
    },
    policy::Mode,
};

use super::{text_or_none, time_to_wire};
use crate::v1;

/// A cluster as the wire says it.
#[must_use]
pub fn cluster_to_wire(cluster: &Cluster) -> v1::Cluster {
    v1::Cluster {
        id: cluster.id.to_string(),
        connected: !cluster.executors.is_empty(),
        executors: cluster.executors.iter().map(executor_to_wire).collect(),
        capabilities: cluster.report.as_ref().map(report_to_wire),
    }
}

/// An attached executor as the wire says it.
#[must_use]
pub fn executor_to_wire(executor: &AttachedExecutor) -> v1::Executor {
    v1::Executor {
        id: executor.id.to_string(),
        cluster_id: executor.cluster.to_string(),
        server_id: executor.server.clone(),
        transport: executor.transport.clone(),
        version: executor.version.clone(),
        attach_time: Some(time_to_wire(executor.attached_at)),
        last_seen_time: Some(time_to_wire(executor.last_seen)),
    }
}

fn report_to_wire(report: &CapabilityReport) -> v1::Capabilities {
    v1::Capabilities {
        report_time: Some(time_to_wire(report.reported_at)),
        expire_time: Some(time_to_wire(report.expires_at)),
        ..capabilities_to_wire(&report.capabilities)
    }
}

/// Capabilities as an executor sends them.
#[must_use]
pub fn capabilities_to_wire(capabilities: &Capabilities) -> v1::Capabilities {
    let mode = match capabilities.mode {
        Mode::ReadOnly => v1::Mode::ReadOnly,
        Mode::ExtendedReadOnly => v1::Mode::ExtendedReadOnly,
        Mode::FullAccess => v1::Mode::FullAccess,
    };
    v1::Capabilities {
        mode: mode.into(),
        allowed_verbs: capabilities.allowed_verbs.clone(),
        restricted_resources: capabilities.restricted_resources.clone(),
        allowed_flags: capabilities.allowed_flags.clone(),
        executor_version: capabilities.executor_version.clone().unwrap_or_default(),
        executor_pod: capabilities.executor_pod.clone().unwrap_or_default(),
        report_time: None,
        expire_time: None,
    }
}

/// Capabilities as an executor reports them, within their limits.
pub fn capabilities_from_wire(wire: v1::Capabilities) -> Result<Capabilities, Error> {
    let capabilities = Capabilities {
        mode: mode_from_wire(wire.mode())?,
        executor_version: text_or_none(&wire.executor_version).map(str::to_owned),
        executor_pod: text_or_none(&wire.executor_pod).map(str::to_owned),
        allowed_verbs: wire.allowed_verbs,
        restricted_resources: wire.restricted_resources,
        allowed_flags: wire.allowed_flags,
    };
    check_limits(&capabilities)?;
    Ok(capabilities)
}

/// Checks the documented limits of a report, whichever face it came through.
pub fn check_limits(capabilities: &Capabilities) -> Result<(), Error> {
    let limits = [
        ("allowed_verbs", capabilities.allowed_verbs.len(), MAX_REPORTED),
        ("restricted_resources", capabilities.restricted_resources.len(), MAX_REPORTED),
        ("allowed_flags", capabilities.allowed_flags.len(), MAX_REPORTED_FLAGS),
        ("executor_version", capabilities.executor_version.as_deref().map_or(0, str::len), MAX_VERSION),
        ("executor_pod", capabilities.executor_pod.as_deref().map_or(0, str::len), MAX_POD),
    ];
    for (field, length, limit) in limits {
        if length > limit {
            return Err(Error::invalid(field, &length.to_string(), &format!("may hold at most {limit}")));
        }
    }
    Ok(())
}

fn mode_from_wire(wire: v1::Mode) -> Result<Mode, Error> {
    match wire {
        v1::Mode::ReadOnly => Ok(Mode::ReadOnly),
        v1::Mode::ExtendedReadOnly => Ok(Mode::ExtendedReadOnly),
        v1::Mode::FullAccess => Ok(Mode::FullAccess),
        v1::Mode::Unspecified => Err(Error::invalid("capabilities.mode", "MODE_UNSPECIFIED", "must be given")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_survive_the_wire() {
        let capabilities = Capabilities {
            mode: Mode::FullAccess,
            allowed_verbs: vec!["get".into()],
            executor_version: Some("1.2".into()),
            ..Capabilities::default()
        };
        assert_eq!(capabilities_from_wire(capabilities_to_wire(&capabilities)), Ok(capabilities));
    }

    #[test]
    fn a_report_over_its_limits_names_the_field() {
        let wire = v1::Capabilities {
            allowed_verbs: vec!["get".into(); MAX_REPORTED + 1],
            ..capabilities_to_wire(&Capabilities::default())
        };
        assert_eq!(capabilities_from_wire(wire).unwrap_err().fields[0].field, "allowed_verbs");
    }
}
