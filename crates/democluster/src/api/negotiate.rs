//! Which form of answer the Accept header asks for.

use super::Failure;

/// The forms an answer can have; all of them are JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The objects themselves.
    Plain,
    /// Rows for printing.
    Table,
    /// The objects' metadata only.
    Partial,
    /// Discovery of many groups in one answer.
    Aggregated,
}

impl Form {
    /// The first of the accepted media types that can be made.
    pub(super) fn asked_for(accept: &str) -> Result<Self, Failure> {
        accept.split(',').find_map(Self::of).ok_or_else(Failure::not_acceptable)
    }

    fn of(media_type: &str) -> Option<Self> {
        let mut parts = media_type.split(';').map(str::trim);
        if !matches!(parts.next(), Some("application/json" | "application/*" | "*/*" | "text/plain" | "")) {
            return None;
        }
        let parameters: Vec<&str> = parts.collect();
        let value = |key: &str| parameters.iter().find_map(|p| p.strip_prefix(key)?.strip_prefix('='));
        match (value("as"), value("v")) {
            (None, _) => Some(Self::Plain),
            (Some("Table"), Some("v1")) => Some(Self::Table),
            (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("v1")) => Some(Self::Partial),
            (Some("APIGroupDiscoveryList"), Some("v2")) => Some(Self::Aggregated),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_form_it_can_make() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(Form::asked_for(kubectl), Ok(Form::Table));
        assert_eq!(Form::asked_for("application/vnd.kubernetes.protobuf,application/json"), Ok(Form::Plain));
        assert_eq!(
            Form::asked_for("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"),
            Ok(Form::Plain)
        );
        assert_eq!(Form::asked_for("application/json, */*"), Ok(Form::Plain));
        assert_eq!(
            Form::asked_for("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
            Ok(Form::Aggregated)
        );
    }

    #[test]
    fn refuses_what_it_cannot_make() {
        assert!(Form::asked_for("application/vnd.kubernetes.protobuf").is_err());
    }
}
