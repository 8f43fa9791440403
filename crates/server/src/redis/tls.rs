//! The certificates that the settings name.

use std::path::Path;

use kubently_core::Error;
use redis::{Client, ClientTlsConfig, TlsCertificates};

use crate::config::RedisSettings;

/// Any address does: the certificates are read while a client is made, before it connects.
const ANYWHERE: &str = "rediss://127.0.0.1";

/// Reads them; an error names the file's field. None if the settings name none.
pub(super) fn certificates(settings: &RedisSettings) -> Result<Option<TlsCertificates>, Error> {
    let root_cert = settings.ca_file.as_deref().map(authorities).transpose()?;
    let client_tls = match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => Some(identity(cert, key)?),
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid("redis_key_file", "", "is required with redis_cert_file")),
        (None, Some(_)) => return Err(Error::invalid("redis_cert_file", "", "is required with redis_key_file")),
    };
    let any = root_cert.is_some() || client_tls.is_some();
    if any && !settings.url.starts_with("rediss") {
        return Err(Error::invalid("redis_url", "", "must begin with rediss when certificates are given"));
    }
    Ok(any.then_some(TlsCertificates { client_tls, root_cert }))
}

fn authorities(file: &Path) -> Result<Vec<u8>, Error> {
    let root = pem("redis_ca_file", file, "CERTIFICATE")?;
    let alone = TlsCertificates { client_tls: None, root_cert: Some(root.clone()) };
    understood("redis_ca_file", file, alone)?;
    Ok(root)
}

fn identity(cert: &Path, key: &Path) -> Result<ClientTlsConfig, Error> {
    let client_cert = pem("redis_cert_file", cert, "CERTIFICATE")?;
    let client_key = pem("redis_key_file", key, "PRIVATE KEY")?;
    let identity = || ClientTlsConfig { client_cert: client_cert.clone(), client_key: client_key.clone() };
    understood("redis_cert_file", cert, TlsCertificates { client_tls: Some(identity()), root_cert: None })?;
    Ok(identity())
}

/// A file that holds at least one block of such a kind: one without any would be taken for an empty list.
fn pem(field: &str, file: &Path, kind: &str) -> Result<Vec<u8>, Error> {
    let text = std::fs::read(file).map_err(|cause| unusable(field, file, "be a readable PEM file", &cause))?;
    let end = format!("{kind}-----");
    match text.windows(end.len()).any(|part| part == end.as_bytes()) {
        true => Ok(text),
        false => Err(unusable(field, file, "be a PEM file with", &kind)),
    }
}

fn understood(field: &str, file: &Path, certificates: TlsCertificates) -> Result<(), Error> {
    let read = Client::build_with_tls(ANYWHERE, certificates);
    read.map(|_client| ()).map_err(|cause| unusable(field, file, "hold certificates in PEM form", &cause))
}

fn unusable(field: &str, file: &Path, rule: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::invalid(field, &file.display().to_string(), &format!("must {rule} ({cause})"))
}
