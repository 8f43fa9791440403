//! Server-sent events, as <https://html.spec.whatwg.org/multipage/server-sent-events.html> describes them.

/// Largest event; commands are a few KiB.
const MAX_EVENT: usize = 1 << 20;
/// Longest id that is remembered: it goes back in a header, and servers' own are numbers.
const MAX_ID: usize = 256;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Event {
    /// Its type; `message` when it has none.
    pub(super) name: String,
    /// Its data lines, joined by newlines.
    pub(super) data: String,
}

/// Puts events together from pieces cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// The last line ended in CR: an LF that follows belongs to it.
    after_cr: bool,
    name: String,
    data: Option<String>,
    /// The newest `id` field; counts once its event has ended.
    id: String,
    last_id: String,
}

impl Parser {
    /// For a stream that goes on after the event `last_id` of another one.
    pub(super) fn after(last_id: &str) -> Self {
        Self { id: last_id.to_owned(), last_id: last_id.to_owned(), ..Self::default() }
    }

    /// The id of the last event that has ended, also when it had none of its own; empty when there is none.
    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The events that `piece` completes; an error when one grows too large.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Event>, &'static str> {
        let mut events = Vec::new();
        for byte in piece {
            match byte {
                b'\n' if std::mem::take(&mut self.after_cr) => {}
                b'\n' | b'\r' => {
                    self.after_cr = *byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => {
                    self.after_cr = false;
                    self.line.push(*byte);
                }
            }
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > MAX_EVENT {
                return Err("the server sent an event that is too large");
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field.trim_start_matches('\u{feff}') {
            "event" => value.clone_into(&mut self.name),
            "data" => self.add_data(value),
            "id" if !value.contains('\0') && value.len() <= MAX_ID => value.clone_into(&mut self.id),
            // Comments have an empty field; `retry` is of no use here.
            _ => {}
        }
        None
    }

    fn add_data(&mut self, value: &str) {
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
    }

    fn end_event(&mut self) -> Option<Event> {
        self.last_id.clone_from(&self.id);
        let name = std::mem::take(&mut self.name);
        let data = self.data.take()?;
        Some(Event { name: if name.is_empty() { "message".to_owned() } else { name }, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    /// Parses in one piece and byte by byte; both must agree.
    fn parse(text: &str) -> Vec<Event> {
        let whole = Parser::default().push(text.as_bytes()).unwrap();
        let mut parser = Parser::default();
        let pieces: Vec<_> = text.bytes().flat_map(|byte| parser.push(&[byte]).unwrap()).collect();
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn every_line_end_is_understood() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("event: a{end}data: 1{end}{end}data: 2{end}{end}");
            assert_eq!(parse(&text), [event("a", "1"), event("message", "2")], "{end:?}");
        }
    }

    #[test]
    fn comments_unknown_fields_and_empty_events_are_skipped() {
        let text = ": ping\r\n\r\nevent: x\r\n\r\nid: 3\r\nretry: 5\r\ndata\r\n\r\n";
        assert_eq!(parse(text), [event("message", "")]);
    }

    #[test]
    fn data_lines_are_joined_and_one_space_is_taken_off() {
        assert_eq!(parse("data:a\ndata:  b\ndata: c:d\n\n"), [event("message", "a\n b\nc:d")]);
    }

    #[test]
    fn the_older_servers_stream_is_read() {
        let text = "event: connected\r\ndata: {\"status\": \"connected\"}\r\n\r\n: ping - 2026-11-22\r\n\r\n\
            event: keepalive\r\ndata: {\"timestamp\": 1949.451}\r\n\r\n";
        let names: Vec<_> = parse(text).into_iter().map(|event| event.name).collect();
        assert_eq!(names, ["connected", "keepalive"]);
    }

    #[test]
    fn the_last_id_persists_until_another_comes() {
        let mut parser = Parser::after("0");
        let mut last_id_after = |text: &str| {
            parser.push(text.as_bytes()).unwrap();
            parser.last_id().to_owned()
        };
        assert_eq!(last_id_after("data: x\n\n"), "0", "that of the stream before");
        assert_eq!(last_id_after("id: 7\ndata: x\n"), "0", "the event has not ended");
        assert_eq!(last_id_after("\n"), "7");
        assert_eq!(last_id_after("data: x\n\n"), "7", "an event without an id keeps it");
        assert_eq!(last_id_after("id: 8\0\n\n"), "7", "NUL is not allowed");
        assert_eq!(last_id_after(&format!("id: {}\n\n", "8".repeat(MAX_ID + 1))), "7");
        assert_eq!(last_id_after("id: 9\n\n"), "9", "also without data");
        assert_eq!(last_id_after("id\n\n"), "", "an empty one takes it back");
    }

    #[test]
    fn an_endless_event_is_an_error() {
        let mut parser = Parser::default();
        assert!(parser.push(&vec![b'x'; MAX_EVENT + 1]).is_err());
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(1_000));
        assert!((0..2_000).any(|_| parser.push(line.as_bytes()).is_err()));
    }
}
