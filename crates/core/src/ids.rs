//! Identifiers. Each is checked where it enters the system and trusted afterwards.

use std::{fmt, str::FromStr, sync::Arc};

use crate::error::Error;

/// Longest cluster id, in characters.
pub const MAX_CLUSTER_ID: usize = 100;
/// Longest caller-chosen mark (correlation id, idempotency key, executor id), in characters.
pub const MAX_MARK: usize = 128;
/// Length of a UUID's text form.
const UUID_LEN: usize = 36;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:literal, $valid:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text`; the error names the field and the rule.
            pub fn new(text: &str) -> Result<Self, Error> {
                if $valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(Error::invalid($field, text, $rule))
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type!(
    /// A cluster's id, chosen by its owner.
    ClusterId,
    "cluster_id",
    "use 1 to 100 lower-case letters, digits and '-', beginning and ending with a letter or digit",
    is_cluster_id
);
id_type!(
    /// A command's id: a UUID given at acceptance.
    CommandId,
    "command_id",
    "use the UUID that was returned when the command was accepted",
    is_uuid
);
id_type!(
    /// A session's id: a UUID given when it was created.
    SessionId,
    "session_id",
    "use the UUID that was returned when the session was created",
    is_uuid
);
id_type!(
    /// An executor process's own id, the same over reconnects.
    ExecutorId,
    "executor_id",
    "use 1 to 128 printable ASCII characters without spaces",
    is_mark
);
id_type!(
    /// The caller's own mark on a command or session.
    CorrelationId,
    "correlation_id",
    "use 1 to 128 printable ASCII characters without spaces",
    is_mark
);
id_type!(
    /// The caller's promise that two requests with this key are one.
    IdempotencyKey,
    "idempotency_key",
    "use 1 to 128 printable ASCII characters without spaces",
    is_mark
);

fn is_cluster_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alnum = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=MAX_CLUSTER_ID).contains(&bytes.len())
        && bytes.iter().all(|b| alnum(b) || *b == b'-')
        && bytes.first().is_some_and(alnum)
        && bytes.last().is_some_and(alnum)
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_LEN
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

fn is_mark(text: &str) -> bool {
    (1..=MAX_MARK).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_ids_follow_the_documented_pattern() {
        for good in ["a", "7", "prod-eu-1", &"a".repeat(100)] {
            assert!(ClusterId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "Bad ID*", "a.b", "ä", &"a".repeat(101)] {
            assert!(ClusterId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn command_ids_are_lower_case_uuids() {
        assert!(CommandId::new("0199c1a0-7c3e-7b1a-8a2b-0123456789ab").is_ok());
        for bad in ["", "x", "0199C1A0-7c3e-7b1a-8a2b-0123456789ab", "0199c1a0-7c3e-7b1a-8a2b-0123456789a*"] {
            assert!(CommandId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_error_names_field_and_rule() {
        let error = ClusterId::new("Bad ID*").unwrap_err();
        assert_eq!(error.fields[0].field, "cluster_id");
        assert!(error.to_string().contains("lower-case"), "{error}");
    }
}
