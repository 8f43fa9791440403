//! Who calls: API keys of clients.
//!
//! Invariant: keys are held as SHA-256 hashes and looked up by hash, so neither a memory dump nor
//! the time of a comparison tells a key.

use std::{collections::HashMap, fmt};

use kubently_core::{Error, ErrorKind};
use sha2::{Digest, Sha256};

/// Shortest key that is accepted, in characters.
const MIN_KEY: usize = 8;
/// Characters of a bare key's hash that name its principal.
const FINGERPRINT: usize = 16;

/// Who a credential proves its bearer to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// Stable id; commands and sessions belong to it.
    pub(crate) id: String,
    /// The service that the key is for; `None` for a bare key.
    pub(crate) service: Option<String>,
}

/// A credential's hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a credential. Plain SHA-256: these are random strings, not passwords.
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Lower-case hexadecimal.
    pub(crate) fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The API keys that are let in.
pub(crate) struct ApiKeys {
    principals: HashMap<SecretHash, Principal>,
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({} keys)", self.principals.len())
    }
}

impl ApiKeys {
    /// Reads `service:key` or bare `key` entries, separated by comma or new line. At least one is
    /// needed, because a server that lets nobody in is a mistake, and one without keys would have
    /// to let everybody in.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        let mut principals = HashMap::new();
        for entry in entries {
            let (hash, principal) = parse_entry(entry)?;
            principals.insert(hash, principal);
        }
        if principals.is_empty() {
            let rule = "needs at least one entry, service:key or a bare key, separated by comma or new line";
            return Err(Error::invalid("api_keys", "", rule));
        }
        Ok(Self { principals })
    }

    /// Who bears this key.
    pub(crate) fn verify(&self, key: Option<&str>) -> Result<&Principal, Error> {
        let key = key.ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "Missing API key"))?;
        let known = self.principals.get(&SecretHash::of(key));
        known.ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "Invalid API key"))
    }
}

fn parse_entry(entry: &str) -> Result<(SecretHash, Principal), Error> {
    let (service, key) = match entry.split_once(':') {
        Some((service, key)) => (Some(service.trim()), key.trim()),
        None => (None, entry),
    };
    if key.chars().count() < MIN_KEY {
        // The entry is not repeated: it is a secret, if a bad one.
        return Err(Error::invalid("api_keys", "", "each key needs at least 8 characters"));
    }
    if service.is_some_and(str::is_empty) {
        return Err(Error::invalid("api_keys", "", "the service before ':' must not be empty"));
    }
    let hash = SecretHash::of(key);
    let id = match service {
        Some(service) => format!("service:{service}"),
        None => format!("key:{}", &hash.to_hex()[..FINGERPRINT]),
    };
    Ok((hash, Principal { id, service: service.map(str::to_owned) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_service_and_bare_keys_by_comma_and_line() {
        let keys = ApiKeys::parse("svc:secret-key-1, bare-key-22\n  other:k:with:colons ,\n").unwrap();
        assert_eq!(keys.verify(Some("secret-key-1")).unwrap().service.as_deref(), Some("svc"));
        assert_eq!(keys.verify(Some("bare-key-22")).unwrap().service, None);
        assert_eq!(keys.verify(Some("k:with:colons")).unwrap().id, "service:other");
    }

    #[test]
    fn refuses_what_is_missing_or_wrong() {
        let keys = ApiKeys::parse("svc:secret-key-1").unwrap();
        assert_eq!(keys.verify(None).unwrap_err().message, "Missing API key");
        for wrong in ["", "svc:secret-key-1", "secret-key-", "secret-key-11"] {
            assert_eq!(keys.verify(Some(wrong)).unwrap_err().message, "Invalid API key");
        }
    }

    #[test]
    fn refuses_settings_that_would_let_everybody_or_nobody_in() {
        for text in ["", " , \n", "svc:", "svc:short", ":secret-key-1", "short"] {
            assert!(ApiKeys::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_error_never_repeats_a_key() {
        let error = ApiKeys::parse("svc:hunter2").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
