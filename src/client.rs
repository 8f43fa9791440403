//! The way to a server: one HTTP/2 connection for every call, with the API key on each.

use std::{error::Error as _, fs, future::Future, time::Duration};

use anyhow::Context as _;
use kubently_core::{Error, ErrorKind};
use kubently_proto::{
    status::from_status,
    v1::{
        admin_service_client::AdminServiceClient, cluster_service_client::ClusterServiceClient,
        debug_service_client::DebugServiceClient,
    },
};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::args::client::ClientArgs;

/// The largest answer: 16 MiB of output and what is around it.
const MAX_ANSWER_BYTES: usize = 20 << 20;
/// For TCP and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that is silent this long is asked whether it lives.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Time for the answer to that.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a call that waits for nothing in a cluster.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// What the generated clients talk through.
pub(crate) type Service = InterceptedService<Channel, AddApiKey>;

/// A connection to a server.
#[derive(Clone)]
pub(crate) struct Client {
    service: Service,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(args: &ClientArgs) -> anyhow::Result<Self> {
        let key = args.api_key.read()?.map(|key| api_key(&key)).transpose()?;
        let endpoint = endpoint(args)?;
        let channel = endpoint.connect().await.map_err(|cause| not_reached(&args.server, &cause))?;
        Ok(Self { service: InterceptedService::new(channel, AddApiKey(key)) })
    }

    /// Sessions and commands.
    pub(crate) fn debug(&self) -> DebugServiceClient<Service> {
        DebugServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// Clusters.
    pub(crate) fn clusters(&self) -> ClusterServiceClient<Service> {
        ClusterServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// Tokens, executors and the audit trail.
    pub(crate) fn admin(&self) -> AdminServiceClient<Service> {
        AdminServiceClient::new(self.service.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }
}

/// Puts the API key on every call.
#[derive(Clone)]
pub(crate) struct AddApiKey(Option<MetadataValue<Ascii>>);

impl Interceptor for AddApiKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("x-api-key", key.clone());
        }
        Ok(request)
    }
}

/// A request that is given up when a healthy server would have answered long ago.
pub(crate) fn request<T>(message: T) -> Request<T> {
    request_for(message, Duration::ZERO)
}

/// A request that waits for something that takes up to `time`.
pub(crate) fn request_for<T>(message: T, time: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time + CALL_TIMEOUT);
    request
}

/// Makes a call, and says its failure in the words of the error table.
pub(crate) async fn call<T>(answer: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Error> {
    answer.await.map(Response::into_inner).map_err(|status| error_of(&status))
}

/// What a failed call means.
pub(crate) fn error_of(status: &Status) -> Error {
    let error = from_status(status);
    match status.source() {
        // Not the server's word: the connection broke, or nobody answered.
        Some(cause) if status.code() != Code::Cancelled => {
            Error::new(ErrorKind::StoreUnavailable, format!("the connection to the server broke: {}", innermost(cause)))
        }
        // tonic says "cancelled" when the request's own time is over.
        Some(_) => Error::new(ErrorKind::DeadlineExceeded, "the server did not answer in time"),
        None => error,
    }
}

fn api_key(key: &str) -> anyhow::Result<MetadataValue<Ascii>> {
    let mut value: MetadataValue<Ascii> =
        key.parse().map_err(|_cause| Error::invalid("--api-key", "", "use printable ASCII characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn endpoint(args: &ClientArgs) -> anyhow::Result<Endpoint> {
    let url = with_scheme(&args.server);
    let wrong = |_cause| Error::invalid("--server", &args.server, "use a URL such as https://kubently.example.com");
    let mut endpoint = Endpoint::from_shared(url.clone())
        .map_err(wrong)?
        .user_agent(concat!("kubently/", env!("CARGO_PKG_VERSION")))
        .context("set the user agent")?
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    if url.starts_with("https://") {
        endpoint = endpoint.tls_config(tls(args)?).context("set up TLS")?;
    }
    Ok(endpoint)
}

fn tls(args: &ClientArgs) -> anyhow::Result<ClientTlsConfig> {
    let Some(path) = &args.ca_file else { return Ok(ClientTlsConfig::new().with_native_roots()) };
    let pem = fs::read(path).with_context(|| format!("read --ca-file {}", path.display()))?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}

fn with_scheme(server: &str) -> String {
    let server = server.trim_end_matches('/');
    if server.contains("://") { server.to_owned() } else { format!("http://{server}") }
}

fn not_reached(server: &str, cause: &tonic::transport::Error) -> Error {
    let message = format!("no server can be reached at {server}: {}", innermost(cause));
    Error { retry_after: None, ..Error::new(ErrorKind::StoreUnavailable, message) }
}

/// The cause that says most: the outer ones only repeat that something failed.
fn innermost<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::secret::SecretArg;

    fn args(server: &str) -> ClientArgs {
        ClientArgs { server: server.to_owned(), api_key: SecretArg::of("secret-key-1"), ca_file: None }
    }

    #[test]
    fn an_address_without_scheme_is_plain_http() {
        assert_eq!(with_scheme("127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(with_scheme("https://k.example.com/"), "https://k.example.com");
    }

    #[test]
    fn a_bad_address_is_wrong_usage() {
        let error = endpoint(&args("http://a b")).unwrap_err();
        assert_eq!(crate::exit::of_error(&error), 64, "{error}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = Client::connect(&args(&format!("http://{address}"))).await.err().unwrap();
        assert_eq!(crate::exit::of_error(&error), 69);
        assert!(error.to_string().contains(&address.to_string()) && error.to_string().contains("refused"), "{error}");
    }

    #[test]
    fn a_key_never_shows() {
        assert!(!format!("{:?}", api_key("secret-key-1").unwrap()).contains("secret-key-1"));
        assert!(!format!("{:?}", api_key("secret\u{7f}key").unwrap_err()).contains("secret"));
    }
}
