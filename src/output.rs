//! The one way to the terminal: data to standard output, everything else to standard error.

pub(crate) mod table;

use std::{
    fmt::Display,
    io::{self, Write},
};

use anyhow::Context as _;
use serde::Serialize;

pub(crate) use self::table::Table;
use crate::{args::client::Format, exit};

/// Where data and messages go.
pub(crate) struct Output {
    data: Box<dyn Write + Send>,
    messages: Box<dyn Write + Send>,
}

impl Output {
    /// Standard output and standard error.
    pub(crate) fn standard() -> Self {
        Self { data: Box::new(io::stdout()), messages: Box::new(io::stderr()) }
    }

    /// Data as it is, at once: somebody may be watching.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data.write_all(bytes)?;
        self.data.flush()
    }

    /// A line of data.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// What a remote command wrote to its standard error.
    pub(crate) fn remote_error(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.messages.write_all(bytes)
    }

    /// A line for people. Nobody is told when it cannot be written, because there is no other way.
    pub(crate) fn note(&mut self, text: impl Display) {
        drop(writeln!(self.messages, "{text}"));
    }

    /// `value` in the form asked for.
    pub(crate) fn show<T: Serialize>(
        &mut self,
        format: Format,
        value: &T,
        table: impl FnOnce(&T) -> Table,
    ) -> anyhow::Result<()> {
        match format {
            Format::Table => Ok(self.table(&table(value))?),
            Format::Json | Format::Yaml => self.document(format, value),
        }
    }

    /// `value` in the form asked for, where people want just one `word` of it.
    pub(crate) fn word<T: Serialize>(&mut self, format: Format, value: &T, word: &str) -> anyhow::Result<()> {
        match format {
            Format::Table => Ok(self.line(word)?),
            Format::Json | Format::Yaml => self.document(format, value),
        }
    }

    /// `value` as a document; [`Format::Table`] counts as JSON.
    pub(crate) fn document<T: Serialize>(&mut self, format: Format, value: &T) -> anyhow::Result<()> {
        let text = match format {
            Format::Yaml => serde_saphyr::to_string(value).context("write YAML")?,
            Format::Table | Format::Json => serde_json::to_string_pretty(value).context("write JSON")?,
        };
        Ok(self.line(text.trim_end())?)
    }

    /// `value` as one of many: a line of JSON, or a YAML document.
    pub(crate) fn event<T: Serialize>(&mut self, format: Format, value: &T) -> anyhow::Result<()> {
        let text = match format {
            Format::Yaml => format!("---\n{}", serde_saphyr::to_string(value).context("write YAML")?),
            Format::Table | Format::Json => serde_json::to_string(value).context("write JSON")?,
        };
        Ok(self.line(text.trim_end())?)
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        if table.is_empty() {
            self.note("nothing found");
            return Ok(());
        }
        self.data(table.to_string().as_bytes())
    }

    /// Says why the program fails, and what may help.
    pub(crate) fn failure(&mut self, error: &anyhow::Error) {
        self.note(format_args!("error: {error:#}"));
        let Some(known) = exit::known(error) else { return };
        for violation in known.fields.iter().filter(|violation| !known.message.contains(&violation.rule)) {
            self.note(format_args!("  {}: {}", violation.field, violation.rule));
        }
        if let Some(delay) = known.retry_after {
            self.note(format_args!("hint: the same may work later; try again in {} s", delay.as_secs().max(1)));
        }
    }
}

/// Whether whoever read our output has gone; then there is nobody to tell.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io_error = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<io::Error>().map(io::Error::kind);
    error.chain().find_map(io_error) == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use kubently_core::{Error, ErrorKind};
    use kubently_proto::v1;

    use super::*;

    /// What was written, for tests to read.
    #[derive(Clone, Default)]
    pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// An output that is kept: data first, messages second.
    pub(crate) fn kept() -> (Output, Sink, Sink) {
        let (data, messages) = (Sink::default(), Sink::default());
        (Output { data: Box::new(data.clone()), messages: Box::new(messages.clone()) }, data, messages)
    }

    #[test]
    fn json_and_yaml_are_the_canonical_message() {
        let (mut output, data, _) = kept();
        let result = v1::CommandResult { stdout: "hi\n".into(), bytes_total: 3, ..v1::CommandResult::default() };
        output.document(Format::Json, &result).unwrap();
        output.document(Format::Yaml, &result).unwrap();
        assert_eq!(
            data.text(),
            "{\n  \"stdout\": \"aGkK\",\n  \"bytesTotal\": \"3\"\n}\nstdout: aGkK\nbytesTotal: \"3\"\n"
        );
    }

    #[test]
    fn an_empty_list_is_said_on_standard_error() {
        let (mut output, data, messages) = kept();
        output.show(Format::Table, &(), |()| Table::new(&["ID"])).unwrap();
        assert_eq!((data.text().as_str(), messages.text().as_str()), ("", "nothing found\n"));
    }

    #[test]
    fn a_failure_names_fields_once_and_gives_a_hint() {
        let (mut output, _, messages) = kept();
        output.failure(&Error::invalid("spec.argv", "", "is required").into());
        output.failure(&Error::new(ErrorKind::ClusterOffline, "cluster 'c' is offline").into());
        let expected = "error: spec.argv: is required\nerror: cluster 'c' is offline\n\
            hint: the same may work later; try again in 1 s\n";
        assert_eq!(messages.text(), expected);
    }

    #[test]
    fn a_broken_pipe_is_recognised_below_context() {
        let broken = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("print");
        assert!(is_broken_pipe(&broken));
        assert!(!is_broken_pipe(&anyhow::anyhow!("other")));
    }
}
