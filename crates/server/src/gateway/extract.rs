//! Reading requests, with errors in the shape of everything else.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    response::IntoResponse,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, request::Parts};
use kubently_core::{Error, ErrorKind, error::FieldViolation};
use serde::de::DeserializeOwned;

use super::error::Problem;

/// Longest explanation of a parser that is passed on, in characters: it may quote the input.
const MAX_EXPLANATION: usize = 200;

/// A JSON body. Its `Content-Type` is not asked for: older clients do not always say it.
pub(super) struct Body<T>(pub(super) T);

/// A JSON body that may be absent, or null.
pub(super) struct OptionalBody<T>(pub(super) Option<T>);

/// The query.
pub(super) struct Params<T>(pub(super) T);

/// The one variable part of the path, as it stands there.
pub(super) struct Segment(pub(super) String);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(parse(&bytes(request, state).await?)?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, state).await?;
        let present = !bytes.trim_ascii().is_empty();
        Ok(Self(present.then(|| parse::<Option<T>>(&bytes)).transpose()?.flatten()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause);
            let (field, rule) = cause.split_once(": ").unwrap_or(("", cause));
            Problem::at("query", Error::invalid(field, "", rule))
        })?;
        Ok(Self(query.0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // The only way to fail is a segment that is no UTF-8: nothing has such a name.
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| Error::new(ErrorKind::NotFound, "Not Found").into())
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        _ => Error::invalid("body", "", "could not be read to its end").into(),
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|cause| {
        let path = cause.path().to_string();
        unreadable(&path, cause.inner())
    })?;
    json.end().map_err(|cause| unreadable(".", &cause))?;
    Ok(parsed)
}

/// Names the field at fault, which for a missing one is not in the path.
fn unreadable(path: &str, cause: &serde_json::Error) -> Problem {
    let text = cause.to_string();
    let rule = text.rsplit_once(" at line ").map_or(text.as_str(), |(rule, _)| rule);
    // The path of what is no JSON at all tells nothing.
    let whole = path == "." || !cause.is_data();
    let parent = if whole { "body".to_owned() } else { format!("body.{path}") };
    let missing = rule.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let (field, rule) = match missing {
        Some(name) => (format!("{parent}.{name}"), "is required"),
        None => (parent, rule),
    };
    let rule: String = rule.chars().take(MAX_EXPLANATION).collect();
    Error::invalid(&field, "", &rule).into()
}

/// A header's text. One that is no text counts as absent.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A header that must be there: the names of all that are missing make one error.
pub(super) fn missing_headers(names: &[&str]) -> Problem {
    let violation =
        |name: &&str| FieldViolation { field: (*name).to_owned(), input: String::new(), rule: "is required".into() };
    let message = format!("missing header: {}", names.join(", "));
    let error = Error::new(ErrorKind::InvalidArgument, message);
    Problem::at("header", Error { fields: names.iter().map(violation).collect(), ..error })
}

/// A header with a whole number in a range.
pub(super) fn number(
    headers: &HeaderMap,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, Problem> {
    let Some(text) = header(headers, name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    let rule = || format!("must be {} to {}", range.start(), range.end());
    number.map(Some).ok_or_else(|| Problem::at("header", Error::invalid(name, text, &rule())))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its reading is tested")]
    struct Model {
        name: String,
        #[serde(default)]
        args: Vec<String>,
    }

    fn refused(text: &str) -> (String, String) {
        let problem = parse::<Model>(text.as_bytes()).err().unwrap();
        let violation = problem.error().fields[0].clone();
        (violation.field, violation.rule)
    }

    #[test]
    fn a_refused_body_names_the_field() {
        assert_eq!(refused("{}"), ("body.name".into(), "is required".into()));
        assert_eq!(refused(r#"{"name": "a", "args": ["b", 3]}"#).0, "body.args[1]");
        assert_eq!(refused("{").0, "body");
        assert_eq!(refused(r#"{"name": "a"} x"#).0, "body");
        assert!(refused(&format!(r#"{{"name": "a", "args": "{}"}}"#, "x".repeat(5_000))).1.len() <= MAX_EXPLANATION);
    }

    #[test]
    fn a_header_number_is_checked() {
        let headers = |text: &'static str| {
            HeaderMap::from_iter([(
                http::HeaderName::from_static("x-request-timeout"),
                http::HeaderValue::from_static(text),
            )])
        };
        let read = |text| number(&headers(text), "x-request-timeout", 1..=60);
        assert_eq!(read("60").unwrap(), Some(60));
        assert_eq!(number(&HeaderMap::new(), "x-request-timeout", 1..=60).unwrap(), None);
        for bad in ["0", "61", "-1", "1.5", "x"] {
            assert_eq!(read(bad).unwrap_err().error().fields[0].field, "header.x-request-timeout", "{bad}");
        }
    }
}
