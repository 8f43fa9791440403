//! Ids that this server gives.

use std::sync::atomic::{AtomicU32, Ordering};

use kubently_core::{
    Error,
    ids::{CommandId, SessionId},
};
use kubently_proto::convert::to_millis;
use uuid::{Builder, Uuid};

/// Gives command ids: UUIDs of version 7 (RFC 9562) whose last 48 bits are this server's tag.
///
/// So one subscription to `executor-results:*-{tag}` hears the results of every command that this
/// server accepted, and a command costs no subscription of its own.
#[derive(Debug)]
pub(crate) struct CommandIds {
    tag: [u8; 6],
    /// Makes ids of one millisecond differ: 26 bits of it are used.
    counter: AtomicU32,
}

impl CommandIds {
    /// A generator with a random tag.
    pub(crate) fn new() -> Self {
        let random = Uuid::new_v4().into_bytes();
        let tag = [random[0], random[1], random[2], random[3], random[4], random[5]];
        Self { tag, counter: AtomicU32::new(0) }
    }

    /// The tag as it ends every id: 12 hexadecimal digits. Also the server's own id.
    pub(crate) fn tag(&self) -> String {
        self.tag.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A new id.
    pub(crate) fn next(&self) -> Result<CommandId, Error> {
        let millis = to_millis(std::time::SystemTime::now());
        let count = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let [t0, t1, t2, t3, t4, t5] = self.tag;
        // Version and variant take the upper bits of the first and third byte; the count's lower
        // 26 bits are spread around them.
        let spread = [count[0] << 2 | count[1] >> 6, count[1] << 2 | count[2] >> 6, count[2] & 0x3f, count[3]];
        let [c0, c1, c2, c3] = spread;
        let uuid = Builder::from_unix_timestamp_millis(millis, &[c0, c1, c2, c3, t0, t1, t2, t3, t4, t5]).into_uuid();
        CommandId::new(&uuid.to_string())
    }

    /// Whether this server gave `id`.
    pub(crate) fn gave(&self, id: &CommandId) -> bool {
        id.as_str().rsplit('-').next() == Some(self.tag().as_str())
    }
}

/// A new session id: random, because knowing one is part of using it.
pub(crate) fn new_session_id() -> Result<SessionId, Error> {
    SessionId::new(&Uuid::new_v4().to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_distinct_version_7_and_end_with_the_tag() {
        let ids = CommandIds::new();
        let given: HashSet<CommandId> = (0..100_000).map(|_| ids.next().unwrap()).collect();
        assert_eq!(given.len(), 100_000);
        for id in given.iter().take(100) {
            assert_eq!(Uuid::parse_str(id.as_str()).unwrap().get_version_num(), 7);
            assert!(ids.gave(id));
            assert!(!CommandIds::new().gave(id));
        }
    }
}
