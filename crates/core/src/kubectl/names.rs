//! Which texts can be names.

/// Longest object name: an RFC 1123 subdomain.
const MAX_NAME: usize = 253;
/// Longest DNS label (RFC 1123).
const MAX_LABEL: usize = 63;

/// Whether `text` is a DNS label (RFC 1123), as namespaces are.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty()
        && text.len() <= MAX_LABEL
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether `text` can name an object: a subdomain, or what RBAC adds to it (`system:node`, upper case, `_`, `@`).
///
/// Narrower than Kubernetes' `IsValidPathSegmentName`, which forbids only `/`, `%`, `.` and `..`: ASCII only, so that no
/// look-alike passes, and nothing that could leave its path segment.
pub(crate) fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-._:@".contains(&b);
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    starts_well && text.len() <= MAX_NAME && text.bytes().all(inner) && !text.contains("..")
}

/// Whether `text` is one part of a resource type: a DNS label in any case (kubectl lowers it).
pub(crate) fn is_type_part(text: &str) -> bool {
    is_dns_label(&text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["web-559b5bb887-bj5sv", "system:node", "kube-root-ca.crt", "2001:db8::1", "Admin_1", "a@b.example"]
        {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-x", "..", "a..b", "a/b", "a b", "a%2f", "pоd", "a,b", ".a", &"x".repeat(254)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn labels() {
        assert!(is_dns_label("shop-1"));
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", &"x".repeat(64)] {
            assert!(!is_dns_label(bad), "{bad}");
        }
    }
}
