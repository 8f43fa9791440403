//! Answers that are errors: the API server's own, and those of whatever stands before or behind it, such as a proxy or an
//! aggregated API that is down. For these client-go has words of its own (`NewGenericServerResponse` in
//! k8s.io/apimachinery, `newUnstructuredResponseError` in k8s.io/client-go).

use http::StatusCode;
use kubently_render::{jsonpath::go::quote, redact::Redactor};
use serde::Deserialize;

use super::super::fault::Status;

/// As much as client-go shows of a text, in bytes.
const MAX_TEXT: usize = 2048;
/// What client-go calls an answer that is no text.
const NO_TEXT: &str = "unknown";

/// What tells the API server's errors from other objects.
#[derive(Deserialize)]
#[serde(default)]
struct Own {
    kind: String,
    status: String,
    #[serde(flatten)]
    rest: Status,
}

impl Default for Own {
    fn default() -> Self {
        Self { kind: "Status".to_owned(), status: String::new(), rest: Status::default() }
    }
}

/// What went wrong. `about` says what was asked for, as in [`super::question::Question::words`]. A stranger's text may
/// repeat what it was sent, so it is redacted.
pub(super) fn status(
    code: StatusCode,
    content_type: Option<&str>,
    body: &[u8],
    about: &str,
    redactor: &Redactor,
) -> Status {
    match serde_json::from_slice::<Own>(body) {
        Ok(own) if own.kind == "Status" && own.status == "Failure" => own.rest,
        _ => foreign(code, &redactor.text(&text(content_type, body)), about),
    }
}

fn text(content_type: Option<&str>, body: &[u8]) -> String {
    let media = content_type.unwrap_or_default().trim_start().to_ascii_lowercase();
    if !media.is_empty() && !media.starts_with("text/") {
        return NO_TEXT.to_owned();
    }
    let shown = body.get(..MAX_TEXT).unwrap_or(body);
    String::from_utf8_lossy(shown).trim().to_owned()
}

fn foreign(code: StatusCode, text: &str, about: &str) -> Status {
    let (reason, message) = match code.as_u16() {
        400 => ("BadRequest", "the server rejected our request for an unknown reason".to_owned()),
        401 => ("Unauthorized", "the server has asked for the client to provide credentials".to_owned()),
        // The text has who tried what.
        403 => ("Forbidden", text.to_owned()),
        404 => ("NotFound", "the server could not find the requested resource".to_owned()),
        405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource".to_owned()),
        406 if matches!(text, "" | NO_TEXT) => {
            let message = "the server was unable to respond with a content type that the client supports";
            ("NotAcceptable", message.to_owned())
        }
        406 => ("NotAcceptable", text.to_owned()),
        409 => ("Conflict", "the server reported a conflict".to_owned()),
        415 => ("UnsupportedMediaType", text.to_owned()),
        422 => ("Invalid", "the server rejected our request due to an error in our request".to_owned()),
        429 => {
            let message = "the server has received too many requests and has asked us to try again later";
            ("TooManyRequests", message.to_owned())
        }
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request".to_owned()),
        504 => {
            let message = "the server was unable to return a response in the time allotted, but may still be processing \
                           the request";
            ("Timeout", message.to_owned())
        }
        500.. => {
            let text = quote(text);
            ("InternalError", format!("an error on the server ({text}) has prevented the request from succeeding"))
        }
        code => ("", format!("the server responded with the status code {code} but did not return more information")),
    };
    Status { message: message + about, reason: reason.to_owned(), code: code.as_u16() }
}

#[cfg(test)]
mod tests {
    use kubently_render::redact;

    use super::*;

    fn told(code: u16, content_type: Option<&str>, body: &str) -> String {
        let code = StatusCode::from_u16(code).unwrap();
        let redactor = Redactor::new(&[1; 32], &redact::Settings::default());
        let Status { message, reason, .. } = status(code, content_type, body.as_bytes(), " (get pods)", &redactor);
        format!("{reason}: {message}")
    }

    #[test]
    fn errors_of_others_have_client_gos_words() {
        let cases = [
            (
                404,
                "text/plain",
                "404 page not found\n",
                "NotFound: the server could not find the requested resource (get pods)",
            ),
            (403, "text/plain; charset=utf-8", " no entry\n", "Forbidden: no entry (get pods)"),
            (403, "application/json", "{\"error\":\"no\"}", "Forbidden: unknown (get pods)"),
            (
                502,
                "text/html",
                "<b>\n\"bad\"",
                "InternalError: an error on the server (\"<b>\\n\\\"bad\\\"\") has prevented the request from succeeding (get pods)",
            ),
            (
                418,
                "text/plain",
                "",
                ": the server responded with the status code 418 but did not return more information (get pods)",
            ),
            (
                406,
                "text/plain",
                "",
                "NotAcceptable: the server was unable to respond with a content type that the client supports (get pods)",
            ),
        ];
        for (code, content_type, body, expected) in cases {
            assert_eq!(told(code, Some(content_type), body), expected);
        }
        let echoed = told(502, None, "your request: Authorization: Bearer 0a1b2c3d4e5f6071");
        assert!(echoed.contains("Bearer <redacted:") && !echoed.contains("0a1b2c3d"), "{echoed}");
        assert_eq!(told(403, None, "bare"), "Forbidden: bare (get pods)");
        assert_eq!(told(403, None, &"x".repeat(5_000)).len(), "Forbidden:  (get pods)".len() + MAX_TEXT);
    }

    #[test]
    fn the_api_servers_own_errors_stand_as_they_are() {
        let body = |kind: &str, status: &str| {
            format!("{{{kind}\"status\":\"{status}\",\"reason\":\"Forbidden\",\"message\":\"m\",\"code\":403}}")
        };
        assert_eq!(told(403, None, &body("\"kind\":\"Status\",", "Failure")), "Forbidden: m");
        assert_eq!(told(403, None, &body("", "Failure")), "Forbidden: m");
        for other in [body("\"kind\":\"Pod\",", "Failure"), body("\"kind\":\"Status\",", "Success")] {
            assert_eq!(
                told(404, None, &other),
                "NotFound: the server could not find the requested resource (get pods)"
            );
        }
    }
}
