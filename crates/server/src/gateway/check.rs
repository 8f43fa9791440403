//! `POST /debug/check`: says whether a command would be accepted, without running it.

use axum::{Json, extract::State};
use kubently_core::{policy::Judgement, refusal::Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    caller::Caller,
    command::cluster_id,
    error::Problem,
    extract::Body,
    responses::{Errors, NotFound},
};

/// A command to judge.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CheckRequest {
    /// The cluster it would run on.
    cluster_id: String,
    /// The kubectl argument vector, verb first; no namespace is added to it.
    #[schema(example = json!(["get", "pods", "-n", "shop"]))]
    argv: Vec<String>,
    /// Whether it would run with its output streamed, so that following and watching make sense.
    #[serde(default)]
    streaming: bool,
}

/// The judgement.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckResponse {
    /// Whether it would be accepted.
    allowed: bool,
    /// Why not; null when it would be.
    refusal: Option<CheckRefusal>,
    /// The argument vector that would run, rebuilt from what was understood; empty when the grammar refused it.
    argv: Vec<String>,
}

/// Why a command would not be accepted.
#[derive(Debug, Serialize, ToSchema)]
struct CheckRefusal {
    /// The rule it breaks, by its stable name.
    #[schema(example = "namespace-not-allowed")]
    rule: &'static str,
    /// The setting of the policy that decided, as the policy file spells it; null when the grammar did.
    #[schema(example = "namespaces.allow")]
    setting: Option<&'static str>,
    /// The argument at fault, shortened.
    argument: Option<String>,
    /// Its position in `argv`, from 0; null where the refusal is about what the arguments mean.
    argument_index: Option<usize>,
    /// One sentence for people.
    message: String,
    /// What would be allowed instead, in words.
    alternatives: String,
}

impl CheckResponse {
    fn of(judgement: Judgement) -> Self {
        let setting = judgement.setting.map(kubently_core::policy::Setting::as_str);
        let said = |refusal: Refusal| CheckRefusal {
            rule: refusal.rule.as_str(),
            setting,
            argument: refusal.argument,
            argument_index: refusal.index,
            message: refusal.message,
            alternatives: refusal.allowed,
        };
        Self { allowed: judgement.is_allowed(), refusal: judgement.refusal.map(said), argv: judgement.argv }
    }
}

/// Says whether a command would be accepted, and if not, why, without running it.
///
/// This is the judgement of this server's grammar and policy now; the executor judges again and may allow less. A command
/// that would be refused is an answer (200), not a problem.
#[utoipa::path(
    post, path = "/debug/check", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    request_body = CheckRequest,
    responses((status = 200, body = CheckResponse), Errors, NotFound),
)]
pub(super) async fn check_command(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
    Body(body): Body<CheckRequest>,
) -> Result<Json<CheckResponse>, Problem> {
    let cluster = cluster_id(&gateway, &body.cluster_id).await?;
    let judgement = gateway.services.dispatch.check(&cluster, &body.argv, body.streaming).await?;
    Ok(Json(CheckResponse::of(judgement)))
}
