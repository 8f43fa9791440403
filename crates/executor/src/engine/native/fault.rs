//! What can go wrong with a request, in kubectl's words.

use std::{error::Error, fmt};

use kubently_render::jsonpath::go::quote;
use serde::Deserialize;

/// The Kubernetes API's error object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    /// For people.
    pub(super) message: String,
    /// For machines; may be empty.
    pub(super) reason: String,
    /// The HTTP status.
    pub(super) code: u16,
}

/// One failure.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The API answered with an error.
    Api(Status),
    /// There was no answer.
    Unreachable(String),
    /// Nobody listens at this host and port.
    Refused(String),
    /// Anything found out on this side.
    Plain(String),
}

impl Fault {
    /// Only what went wrong, for where kubectl puts it into a sentence of its own.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Api(status) => status.message.clone(),
            other => other.to_string(),
        }
    }

    /// Says what list was asked for, where the server says only what was wrong with it (`EnhanceListError` in
    /// k8s.io/cli-runtime).
    pub(super) fn of_list(self, subject: &str, labels: &str, fields: &str) -> Self {
        let Self::Api(mut status) = self else { return self };
        if matches!(status.reason.as_str(), "BadRequest" | "NotFound") {
            let (subject, message) = (quote(subject), &status.message);
            status.message = if labels.is_empty() && fields.is_empty() {
                format!("Unable to list {subject}: {message}")
            } else {
                let (labels, fields) = (quote(labels), quote(fields));
                format!(
                    "Unable to find {subject} that match label selector {labels}, field selector {fields}: {message}"
                )
            };
        }
        Self::Api(status)
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Api(status) if status.reason == "NotFound")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(Status { reason, message, .. }) if reason == "Unauthorized" => {
                write!(f, "error: You must be logged in to the server ({message})")
            }
            Self::Api(Status { reason, message, .. }) if reason.is_empty() => {
                write!(f, "Error from server: {message}")
            }
            Self::Api(Status { reason, message, .. }) => write!(f, "Error from server ({reason}): {message}"),
            Self::Refused(server) => {
                write!(f, "The connection to the server {server} was refused - did you specify the right host or port?")
            }
            Self::Unreachable(cause) => write!(f, "Unable to connect to the server: {cause}"),
            Self::Plain(message) => write!(f, "error: {message}"),
        }
    }
}

impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Self {
        vec![fault]
    }
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        // Many errors repeat their cause in their own text.
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}
