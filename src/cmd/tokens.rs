//! `kubently tokens`.

use kubently_proto::v1::{CreateTokenRequest, ListTokensRequest, RevokeTokenRequest, Token};

use crate::{
    args::nouns::{TokensArgs, TokensVerb},
    client::{Client, call, request},
    exit,
    output::{Output, Table, table::age},
};

pub(super) async fn run(args: &TokensArgs, output: &mut Output) -> anyhow::Result<u8> {
    let (client, format) = (Client::connect(&args.client).await?, args.data.format);
    let mut admin = client.admin();
    match &args.verb {
        TokensVerb::Create { cluster, token } => {
            let token = token.read()?.unwrap_or_default();
            let message = CreateTokenRequest { cluster_id: cluster.clone(), token };
            let answer = call(admin.create_token(request(message))).await?;
            output.word(format, &answer, &answer.token)?;
            output.note("keep it: only its hash is stored, so it is shown this once");
        }
        TokensVerb::List => {
            let answer = call(admin.list_tokens(request(ListTokensRequest {}))).await?;
            output.show(format, &answer, |answer| table(&answer.tokens))?;
        }
        TokensVerb::Revoke { cluster } => {
            let message = RevokeTokenRequest { cluster_id: cluster.clone() };
            call(admin.revoke_token(request(message))).await?;
            output.note(format_args!("token of cluster {cluster} revoked; its executors are detached"));
        }
    }
    Ok(exit::OK)
}

fn table(tokens: &[Token]) -> Table {
    let rows = tokens.iter().map(|token| [token.cluster_id.clone(), age(token.create_time.as_ref())]);
    Table::of(["CLUSTER", "AGE"], rows)
}
