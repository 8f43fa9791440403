//! `kubently sessions`.

use kubently_proto::{
    convert::duration_to_wire,
    v1::{CreateSessionRequest, EndSessionRequest, GetSessionRequest, ListSessionsRequest, Session},
};

use crate::{
    args::nouns::{SessionsArgs, SessionsVerb},
    client::{Client, call, request},
    exit,
    output::{
        Output, Table,
        table::{age, remaining},
    },
};

pub(super) async fn run(args: &SessionsArgs, output: &mut Output) -> anyhow::Result<u8> {
    let (client, format) = (Client::connect(&args.client).await?, args.data.format);
    let mut debug = client.debug();
    match &args.verb {
        SessionsVerb::Create { cluster, ttl, correlation_id } => {
            let message = CreateSessionRequest {
                cluster_id: cluster.clone(),
                ttl: ttl.map(duration_to_wire),
                correlation_id: correlation_id.clone().unwrap_or_default(),
            };
            let session = call(debug.create_session(request(message))).await?.session.unwrap_or_default();
            output.word(format, &session, &session.id)?;
        }
        SessionsVerb::Get { session } => {
            let message = GetSessionRequest { session_id: session.clone() };
            let session = call(debug.get_session(request(message))).await?.session.unwrap_or_default();
            output.show(format, &session, |session| table([session]))?;
        }
        SessionsVerb::List { cluster } => {
            let message = ListSessionsRequest { cluster_id: cluster.clone().unwrap_or_default() };
            let answer = call(debug.list_sessions(request(message))).await?;
            output.show(format, &answer, |answer| table(&answer.sessions))?;
        }
        SessionsVerb::End { session } => {
            let message = EndSessionRequest { session_id: session.clone() };
            call(debug.end_session(request(message))).await?;
            output.note(format_args!("session {session} ended"));
        }
    }
    Ok(exit::OK)
}

fn table<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Table {
    Table::of(["ID", "CLUSTER", "SERVICE", "AGE", "EXPIRES-IN", "CORRELATION"], sessions.into_iter().map(row))
}

fn row(session: &Session) -> [String; 6] {
    [
        session.id.clone(),
        session.cluster_id.clone(),
        session.service_identity.clone(),
        age(session.create_time.as_ref()),
        remaining(session.expire_time.as_ref()),
        session.correlation_id.clone(),
    ]
}
