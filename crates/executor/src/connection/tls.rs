//! Which servers are trusted. The crypto provider (ring) is named here, so no process-wide one is needed.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tonic::transport::{ClientTlsConfig, Endpoint};

use crate::{Config, Error};

/// How the servers' certificates are checked.
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// None when no server speaks TLS.
    verifier: Option<Arc<dyn ServerCertVerifier>>,
}

impl Trust {
    pub(super) fn load(config: &Config) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let uses_tls = config.servers.iter().any(|server| server.starts_with("https:"));
        let verifier = uses_tls.then(|| verifier(config, &provider)).transpose()?;
        Ok(Self { provider, verifier })
    }

    /// `endpoint` with TLS, if it is one that needs it.
    pub(super) fn secure(&self, endpoint: Endpoint) -> Result<Endpoint, tonic::transport::Error> {
        match &self.verifier {
            Some(verifier) if endpoint.uri().scheme_str() == Some("https") => {
                endpoint.tls_config_with_verifier(ClientTlsConfig::new(), Arc::clone(verifier))
            }
            _ => Ok(endpoint),
        }
    }

    /// A rustls configuration for HTTP clients.
    pub(super) fn client_config(&self) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Tls(error.to_string()))?;
        Ok(match &self.verifier {
            Some(verifier) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::clone(verifier)).with_no_client_auth()
            }
            None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        })
    }
}

fn verifier(config: &Config, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let provider = Arc::clone(provider);
    match &config.tls.ca_file {
        _ if config.tls.insecure => {
            tracing::warn!("the server's certificate is not checked; whoever sits in between can read the token");
            Ok(Arc::new(TrustAnybody(provider)))
        }
        Some(path) => {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(path)?), provider);
            Ok(builder.build().map_err(|error| Error::Tls(format!("{}: {error}", path.display())))?)
        }
        None => Ok(Arc::new(Verifier::new(provider).map_err(|error| Error::Tls(error.to_string()))?)),
    }
}

fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let fail = |cause: &dyn std::fmt::Display| Error::Tls(format!("CA file {}: {cause}", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fail(&error))? {
        roots.add(certificate.map_err(|error| fail(&error))?).map_err(|error| fail(&error))?;
    }
    if roots.is_empty() { Err(fail(&"holds no certificate")) } else { Ok(roots) }
}

/// Checks signatures, but not who made them.
#[derive(Debug)]
struct TrustAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TlsSettings, testing::config};

    #[test]
    fn a_ca_file_that_cannot_be_used_is_named_and_only_read_for_tls() {
        let tls = TlsSettings { ca_file: Some("/nonexistent/ca.pem".into()), insecure: false };
        let plain = Config { tls: tls.clone(), ..config("http://127.0.0.1:1") };
        assert!(Trust::load(&plain).is_ok());
        let secure = Config { tls, ..config("https://127.0.0.1:1") };
        assert!(Trust::load(&secure).err().unwrap().to_string().contains("/nonexistent/ca.pem"));
        let file = tempfile::NamedTempFile::new().unwrap();
        let tls = TlsSettings { ca_file: Some(file.path().to_owned()), insecure: false };
        let error = Trust::load(&Config { tls, ..config("https://127.0.0.1:1") }).err().unwrap();
        assert!(error.to_string().contains("holds no certificate"), "{error}");
    }

    #[test]
    fn no_process_wide_provider_is_needed() {
        let tls = TlsSettings { ca_file: None, insecure: true };
        let trust = Trust::load(&Config { tls, ..config("https://127.0.0.1:1") }).unwrap();
        assert!(trust.client_config().is_ok());
        assert!(trust.secure(Endpoint::from_static("https://127.0.0.1:1")).is_ok());
    }
}
