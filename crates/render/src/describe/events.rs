//! What happened to an object.

use jiff::Timestamp;
use serde_json::Value;

use super::writer::{Writer, put};
use crate::{
    events::{interval, sorted},
    fields::Fields,
    time::parse,
};

/// The events of an object; none where they were not asked for or could not be had, and nothing is printed.
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    /// `v1` events.
    pub found: Option<&'a [Value]>,
    /// The time that ages are counted to.
    pub now: Timestamp,
}

impl Events<'_> {
    /// Writes them as the last part of a description.
    pub(crate) fn put(self, writer: &mut Writer) {
        let Some(found) = self.found else { return };
        if found.is_empty() {
            return put!(writer, 0, "Events:\t<none>\n");
        }
        writer.flush();
        let events = sorted(found, |event| parse(event.text("lastTimestamp")));
        put!(writer, 0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
        put!(writer, 1, "----\t------\t----\t----\t-------\n");
        for event in events {
            self.line(writer, event);
        }
    }

    fn line(self, writer: &mut Writer, event: &Value) {
        let from = match event.text("source.component") {
            "" => event.text("reportingComponent"),
            component => component,
        };
        let (kind, reason, message) = (event.text("type"), event.text("reason"), event.text("message").trim());
        put!(writer, 1, "{kind}\t{reason}\t{}\t{from}\t{message}\n", interval(event, self.now));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(found: Option<&[Value]>) -> String {
        let mut writer = Writer::default();
        Events { found, now: parse("2026-01-01T01:00:00Z").unwrap() }.put(&mut writer);
        writer.finish()
    }

    #[test]
    fn events_come_oldest_first_with_their_counts() {
        let event = |last: &str, count: u32, source: &str| {
            json!({"type": "Normal", "reason": "R", "message": " m\n", "count": count, "source": {"component": source},
                "reportingComponent": "other", "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": last})
        };
        let events = [event("2026-01-01T00:59:00Z", 3, ""), event("2026-01-01T00:00:00Z", 1, "kubelet")];
        let expected = "\
Events:
  Type    Reason  Age                From     Message
  ----    ------  ----               ----     -------
  Normal  R       60m                kubelet  m
  Normal  R       60s (x3 over 60m)  other    m
";
        assert_eq!(text(Some(&events)), expected);
    }

    #[test]
    fn none_and_not_asked_for_differ() {
        assert_eq!(text(Some(&[])), "Events:  <none>\n");
        assert_eq!(text(None), "");
    }
}
