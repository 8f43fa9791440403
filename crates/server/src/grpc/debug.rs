//! `DebugService`: sessions and commands.

use kubently_core::{
    Error,
    ids::{ClusterId, CommandId, CorrelationId, SessionId},
};
use kubently_proto::{
    convert::{
        command::{command_to_wire, event_to_wire},
        duration_from_wire, duration_to_wire,
        judgement::judgement_to_wire,
        spec::{idempotency_key, spec_from_wire, timeout},
        time_to_wire,
    },
    status::to_status,
    v1::{self, debug_service_server::DebugService, stream_command_request::Target},
};
use std::time::Duration;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{authenticate, deadline::call_timeout, required};
use crate::{
    auth::Principal,
    dispatch,
    services::Services,
    sessions::{NewSession, Session},
};

/// How long `WaitCommand` waits when the caller does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// The service.
pub(super) struct Debug {
    services: Services,
}

impl Debug {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }

    fn caller<T>(&self, request: &Request<T>) -> Result<Principal, Status> {
        authenticate(&self.services, request.metadata())
    }
}

fn session_to_wire(session: &Session) -> v1::Session {
    v1::Session {
        id: session.id.to_string(),
        cluster_id: session.cluster.to_string(),
        correlation_id: session.correlation.as_ref().map(ToString::to_string).unwrap_or_default(),
        service_identity: session.service.clone().unwrap_or_default(),
        create_time: Some(time_to_wire(session.created_at)),
        expire_time: Some(time_to_wire(session.expires_at)),
        ttl: Some(duration_to_wire(session.ttl)),
    }
}

fn new_session(wire: &v1::CreateSessionRequest) -> Result<NewSession, Error> {
    Ok(NewSession {
        cluster: required("cluster_id", &wire.cluster_id, ClusterId::new)?,
        ttl: wire.ttl.as_ref().map(|ttl| duration_from_wire("ttl", ttl)).transpose()?,
        correlation: super::given(wire.correlation_id.clone()).map(|c| CorrelationId::new(&c)).transpose()?,
        service: None,
    })
}

fn run(spec: Option<v1::CommandSpec>, key: &str, live: bool) -> Result<dispatch::Request, Error> {
    Ok(dispatch::Request { spec: spec_from_wire(spec)?, idempotency_key: idempotency_key(key)?, live })
}

/// A command that ends with its call gets no more time than the call has.
fn within(mut run: dispatch::Request, call: Option<Duration>, detach: bool) -> dispatch::Request {
    if let Some(call) = call.filter(|_| !detach && run.idempotency_key.is_none()) {
        run.spec.timeout = run.spec.timeout.min(call);
    }
    run
}

fn session_id(text: &str) -> Result<SessionId, Status> {
    required("session_id", text, SessionId::new).map_err(status)
}

fn command_id(text: &str) -> Result<CommandId, Status> {
    required("command_id", text, CommandId::new).map_err(status)
}

#[allow(clippy::needless_pass_by_value, reason = "used as map_err(status)")]
fn status(error: Error) -> Status {
    to_status(&error)
}

#[tonic::async_trait]
impl DebugService for Debug {
    type StreamCommandStream =
        std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::StreamCommandResponse, Status>> + Send>>;

    async fn create_session(
        &self,
        request: Request<v1::CreateSessionRequest>,
    ) -> Result<Response<v1::CreateSessionResponse>, Status> {
        let caller = self.caller(&request)?;
        let new = new_session(request.get_ref()).map_err(status)?;
        let session = self.services.create_session(&caller, new).await.map_err(status)?;
        Ok(Response::new(v1::CreateSessionResponse { session: Some(session_to_wire(&session)) }))
    }

    async fn get_session(
        &self,
        request: Request<v1::GetSessionRequest>,
    ) -> Result<Response<v1::GetSessionResponse>, Status> {
        let caller = self.caller(&request)?;
        let id = session_id(&request.get_ref().session_id)?;
        let session = self.services.sessions.get(&caller, &id).await.map_err(status)?;
        Ok(Response::new(v1::GetSessionResponse { session: Some(session_to_wire(&session)) }))
    }

    async fn list_sessions(
        &self,
        request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        let caller = self.caller(&request)?;
        let cluster = super::given(request.into_inner().cluster_id).map(|id| ClusterId::new(&id)).transpose();
        let cluster = cluster.map_err(status)?;
        let sessions = self.services.sessions.list(&caller, cluster.as_ref()).await.map_err(status)?;
        Ok(Response::new(v1::ListSessionsResponse { sessions: sessions.iter().map(session_to_wire).collect() }))
    }

    async fn end_session(
        &self,
        request: Request<v1::EndSessionRequest>,
    ) -> Result<Response<v1::EndSessionResponse>, Status> {
        let caller = self.caller(&request)?;
        let id = session_id(&request.get_ref().session_id)?;
        self.services.sessions.end(&caller, &id).await.map_err(status)?;
        Ok(Response::new(v1::EndSessionResponse {}))
    }

    async fn execute_command(
        &self,
        request: Request<v1::ExecuteCommandRequest>,
    ) -> Result<Response<v1::ExecuteCommandResponse>, Status> {
        let caller = self.caller(&request)?;
        let call = call_timeout(request.metadata());
        let wire = request.into_inner();
        let run = within(run(wire.spec, &wire.idempotency_key, false).map_err(status)?, call, wire.detach);
        let command = self.services.dispatch.execute(&caller, run, wire.detach).await.map_err(status)?;
        Ok(Response::new(v1::ExecuteCommandResponse { command: Some(command_to_wire(&command)) }))
    }

    async fn stream_command(
        &self,
        request: Request<v1::StreamCommandRequest>,
    ) -> Result<Response<Self::StreamCommandStream>, Status> {
        let caller = self.caller(&request)?;
        let call = call_timeout(request.metadata());
        let wire = request.into_inner();
        let dispatch = &self.services.dispatch;
        let events = match wire.target {
            Some(Target::Spec(spec)) => {
                let run = within(run(Some(spec), &wire.idempotency_key, true).map_err(status)?, call, wire.detach);
                dispatch.run_and_follow(&caller, run, wire.detach).await
            }
            Some(Target::CommandId(id)) => dispatch.follow(&caller, &command_id(&id)?, wire.resume_after_seq).await,
            None => Err(Error::missing("target")),
        };
        let events = ReceiverStream::new(events.map_err(status)?);
        let wire = events.map(|event| event.map(|event| event_to_wire(&event)).map_err(status));
        Ok(Response::new(Box::pin(wire)))
    }

    async fn submit_command(
        &self,
        request: Request<v1::SubmitCommandRequest>,
    ) -> Result<Response<v1::SubmitCommandResponse>, Status> {
        let caller = self.caller(&request)?;
        let wire = request.into_inner();
        let run = run(wire.spec, &wire.idempotency_key, false).map_err(status)?;
        let command = self.services.dispatch.submit(&caller, run).await.map_err(status)?;
        Ok(Response::new(v1::SubmitCommandResponse { command: Some(command_to_wire(&command)) }))
    }

    async fn get_command(
        &self,
        request: Request<v1::GetCommandRequest>,
    ) -> Result<Response<v1::GetCommandResponse>, Status> {
        let caller = self.caller(&request)?;
        let id = command_id(&request.get_ref().command_id)?;
        let command = self.services.dispatch.get(&caller, &id).await.map_err(status)?;
        Ok(Response::new(v1::GetCommandResponse { command: Some(command_to_wire(&command)) }))
    }

    async fn wait_command(
        &self,
        request: Request<v1::WaitCommandRequest>,
    ) -> Result<Response<v1::WaitCommandResponse>, Status> {
        let caller = self.caller(&request)?;
        let wire = request.get_ref();
        let id = command_id(&wire.command_id)?;
        let limit = timeout("timeout", wire.timeout.as_ref(), DEFAULT_WAIT).map_err(status)?;
        let command = self.services.dispatch.wait(&caller, &id, limit).await.map_err(status)?;
        Ok(Response::new(v1::WaitCommandResponse { command: Some(command_to_wire(&command)) }))
    }

    async fn cancel_command(
        &self,
        request: Request<v1::CancelCommandRequest>,
    ) -> Result<Response<v1::CancelCommandResponse>, Status> {
        let caller = self.caller(&request)?;
        let id = command_id(&request.get_ref().command_id)?;
        let command = self.services.dispatch.cancel(&caller, &id).await.map_err(status)?;
        Ok(Response::new(v1::CancelCommandResponse { command: Some(command_to_wire(&command)) }))
    }

    async fn check_command(
        &self,
        request: Request<v1::CheckCommandRequest>,
    ) -> Result<Response<v1::CheckCommandResponse>, Status> {
        self.caller(&request)?;
        let wire = request.into_inner();
        let cluster = required("cluster_id", &wire.cluster_id, ClusterId::new).map_err(status)?;
        let judgement = self.services.dispatch.check(&cluster, &wire.argv, wire.streaming).await.map_err(status)?;
        Ok(Response::new(judgement_to_wire(&judgement)))
    }
}
