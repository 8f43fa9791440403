//! `kubently audit`.

use kubently_proto::{
    convert::time_to_wire,
    v1::{AuditEntry, QueryAuditRequest},
};
use pbjson_types::Timestamp;

use crate::{
    args::nouns::AuditArgs,
    client::{Client, call, request},
    exit,
    output::{Output, Table, table::moment},
};

pub(super) async fn run(args: &AuditArgs, output: &mut Output) -> anyhow::Result<u8> {
    let client = Client::connect(&args.client).await?;
    let answer = call(client.admin().query_audit(request(query(args)))).await?;
    output.show(args.data.format, &answer, |answer| table(&answer.entries))?;
    Ok(exit::OK)
}

fn query(args: &AuditArgs) -> QueryAuditRequest {
    QueryAuditRequest {
        event_type: args.event_type.clone().unwrap_or_default(),
        cluster_id: args.cluster.clone().unwrap_or_default(),
        session_id: args.session.clone().unwrap_or_default(),
        since: args.since.map(timestamp),
        until: args.until.map(timestamp),
        limit: args.limit,
    }
}

fn timestamp(time: jiff::Timestamp) -> Timestamp {
    time_to_wire(time.into())
}

fn table(entries: &[AuditEntry]) -> Table {
    Table::of(["TIME", "TYPE", "SERVICE", "CLUSTER", "OUTCOME", "COMMAND"], entries.iter().map(row))
}

fn row(entry: &AuditEntry) -> [String; 6] {
    [
        moment(entry.time.as_ref()),
        entry.r#type.clone(),
        entry.service_identity.clone(),
        entry.cluster_id.clone(),
        entry.outcome.clone(),
        entry.command.clone(),
    ]
}
