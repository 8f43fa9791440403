//! After a run: every key is used again, and every accepted command is read again on every server.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use kubently_proto::v1::{self, GetCommandRequest};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    client::{Client, Debug, Word, seen_in_result},
    executions::now,
    history::{Event, Op},
    operation::Operation,
    recorder::Recorder,
    store::StoreKind,
    system::System,
};

/// Reads at once.
const READS: usize = 32;
/// How long a command that has not ended yet is asked for: more than a command's time and its grace.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long one read may take.
const READ: Duration = Duration::from_secs(10);
/// The pause before a read that failed is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// Reads everything and writes down what it says.
pub(crate) async fn run(system: &System, recorder: &Arc<Recorder>, run: u64) -> anyhow::Result<()> {
    let addrs: Vec<_> = system.servers.iter().map(|server| server.addr).collect();
    let client = Arc::new(Client::new(&addrs)?);
    // A store that forgets does not know its keys; each would be a new command, and a re-run.
    if system.plan.store != StoreKind::Forgetful {
        repeat_keys(&client, recorder, run).await;
    }
    let end = Instant::now() + PATIENCE;
    let ids = recorder.accepted();
    let every =
        ids.iter().flat_map(|id| client.grpc.iter().enumerate().map(move |(server, debug)| (id, server, debug)));
    let reads = futures::stream::iter(every).for_each_concurrent(READS, |((op, id), server, debug)| async move {
        let mut told = false;
        let open = || {
            if !std::mem::replace(&mut told, true) {
                recorder.note(*op, Event::Open { id: id.clone(), server });
            }
        };
        let event = read(debug, id, server, end, open).await;
        recorder.note(*op, event);
    });
    reads.await;
    Ok(())
}

/// Before the reads, so that they also find what a repetition made by mistake.
async fn repeat_keys(client: &Arc<Client>, recorder: &Arc<Recorder>, run: u64) {
    let repeat = |(op, asked): (Op, Event)| async move {
        let Event::Invoked { marker, kind, cluster, timeout } = asked else { return };
        let (client, recorder, timeout) = (client.clone(), recorder.clone(), Duration::from_nanos(timeout));
        // The first turn differs between operations, so that every server is asked.
        let turn = usize::try_from(op).unwrap_or_default();
        Operation { client, recorder, op, marker, kind, cluster, timeout, turn, run, since: now() }.repeat().await;
    };
    futures::stream::iter(recorder.asked()).for_each_concurrent(READS, repeat).await;
}

/// Reads one command on one server, again until it has ended or the time is over; says when it is open.
async fn read(debug: &Debug, id: &str, server: usize, end: Instant, mut open: impl FnMut()) -> Event {
    loop {
        let over = Instant::now() >= end;
        match ask(debug.clone(), id).await {
            Ok(v1::Command { result: Some(result), .. }) => {
                return match seen_in_result(&result, server) {
                    Ok(seen) => Event::Answered { id: id.to_owned(), seen },
                    Err(what) => Event::Malformed { what },
                };
            }
            Err(Word::Missing) => return Event::Missing { id: id.to_owned(), server },
            Ok(_) | Err(_) if over => return Event::Pending { id: id.to_owned() },
            Ok(_) => open(),
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
}

async fn ask(mut debug: Debug, id: &str) -> Result<v1::Command, Word> {
    let request = GetCommandRequest { command_id: id.to_owned() };
    let nothing = |what: &str| Word::Unsure(what.to_owned());
    let answer = timeout(READ, debug.get_command(request)).await.map_err(|_elapsed| nothing("no answer in time"))?;
    let answer = answer.map_err(|status| Word::of_status(&status))?;
    answer.into_inner().command.ok_or_else(|| nothing("an answer without a command"))
}
