//! `kubently executors`.

use kubently_proto::v1::{Executor, ListExecutorsRequest};

use crate::{
    args::nouns::{ExecutorsArgs, ExecutorsVerb},
    client::{Client, call, request},
    exit,
    output::{Output, Table, table::age},
};

pub(super) async fn run(args: &ExecutorsArgs, output: &mut Output) -> anyhow::Result<u8> {
    let client = Client::connect(&args.client).await?;
    let ExecutorsVerb::List { cluster } = &args.verb;
    let message = ListExecutorsRequest { cluster_id: cluster.clone().unwrap_or_default() };
    let answer = call(client.admin().list_executors(request(message))).await?;
    output.show(args.data.format, &answer, |answer| table(&answer.executors))?;
    Ok(exit::OK)
}

fn table(executors: &[Executor]) -> Table {
    let header = ["ID", "CLUSTER", "SERVER", "TRANSPORT", "VERSION", "AGE", "LAST-SEEN"];
    Table::of(header, executors.iter().map(row))
}

fn row(executor: &Executor) -> [String; 7] {
    [
        executor.id.clone(),
        executor.cluster_id.clone(),
        executor.server_id.clone(),
        executor.transport.clone(),
        executor.version.clone(),
        age(executor.attach_time.as_ref()),
        age(executor.last_seen_time.as_ref()),
    ]
}
