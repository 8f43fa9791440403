//! The long-running role: bind, say where, serve until told to stop.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Config, Error, api::Api};

/// A demo cluster that listens and is not yet served.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
}

/// Takes the address. All that can fail at start fails here.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn bind(config: Config) -> Result<Bound, Error> {
    let failed = |source| Error::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Bound { listener, address, config })
}

impl Bound {
    /// The address it listens on, with the real port.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The API's base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig (YAML) whose only context, `demo`, is this cluster. It holds no credential, since none is asked for.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\n\
             kind: Config\n\
             current-context: demo\n\
             clusters:\n\
             - name: demo\n  \
               cluster:\n    \
                 server: {url}\n\
             contexts:\n\
             - name: demo\n  \
               context:\n    \
                 cluster: demo\n    \
                 namespace: default\n    \
                 user: demo\n\
             users:\n\
             - name: demo\n  \
               user: {{}}\n",
            url = self.url()
        )
    }

    /// Answers until `shutdown`; open watches and followed logs end then.
    pub async fn serve(self, shutdown: CancellationToken) {
        let api = Arc::new(Api::new(self.config, shutdown.clone()));
        let router = Router::new().fallback(crate::api::handle).with_state(api);
        let listener = self.listener.tap_io(|socket| {
            // Nagle would hold back the small writes of watches and logs by 40 ms; without the option it is only slower.
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!(%error, "set TCP_NODELAY on a demo cluster connection");
            }
        });
        let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "serve the demo cluster");
        }
    }
}
