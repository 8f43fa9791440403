//! `kubently clusters`.

use kubently_core::policy::Mode;
use kubently_proto::v1::{self, Cluster, GetClusterRequest, ListClustersRequest};

use crate::{
    args::nouns::{ClustersArgs, ClustersVerb},
    client::{Client, call, request},
    exit,
    output::{Output, Table},
};

pub(super) async fn run(args: &ClustersArgs, output: &mut Output) -> anyhow::Result<u8> {
    let (client, format) = (Client::connect(&args.client).await?, args.data.format);
    match &args.verb {
        ClustersVerb::List => {
            let answer = call(client.clusters().list_clusters(request(ListClustersRequest {}))).await?;
            output.show(format, &answer, |answer| table(&answer.clusters))?;
        }
        ClustersVerb::Get { cluster } => {
            let message = GetClusterRequest { cluster_id: cluster.clone() };
            let cluster = call(client.clusters().get_cluster(request(message))).await?.cluster.unwrap_or_default();
            output.show(format, &cluster, |cluster| table([cluster]))?;
        }
    }
    Ok(exit::OK)
}

fn table<'a>(clusters: impl IntoIterator<Item = &'a Cluster>) -> Table {
    Table::of(["ID", "CONNECTED", "EXECUTORS", "MODE", "VERSION"], clusters.into_iter().map(row))
}

fn row(cluster: &Cluster) -> [String; 5] {
    let capabilities = cluster.capabilities.as_ref();
    [
        cluster.id.clone(),
        cluster.connected.to_string(),
        cluster.executors.len().to_string(),
        capabilities.map(|capabilities| mode(capabilities.mode())).unwrap_or_default().to_owned(),
        capabilities.map(|capabilities| capabilities.executor_version.clone()).unwrap_or_default(),
    ]
}

fn mode(mode: v1::Mode) -> &'static str {
    match mode {
        v1::Mode::Unspecified => "",
        v1::Mode::ReadOnly => Mode::ReadOnly.as_str(),
        v1::Mode::ExtendedReadOnly => Mode::ExtendedReadOnly.as_str(),
        v1::Mode::FullAccess => Mode::FullAccess.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_a_row_also_when_nothing_is_known_of_it() {
        let known = v1::Capabilities {
            mode: v1::Mode::ReadOnly.into(),
            executor_version: "0.1.0".into(),
            ..v1::Capabilities::default()
        };
        let clusters = [
            Cluster { id: "away".into(), ..Cluster::default() },
            Cluster {
                id: "here".into(),
                connected: true,
                executors: vec![v1::Executor::default()],
                capabilities: Some(known),
            },
        ];
        let expected = "ID     CONNECTED   EXECUTORS   MODE       VERSION\n\
            away   false       0           <none>     <none>\n\
            here   true        1           readOnly   0.1.0\n";
        assert_eq!(table(&clusters).to_string(), expected);
    }
}
