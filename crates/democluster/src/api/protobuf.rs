//! Just enough protobuf to read the reviews that kubectl posts in Kubernetes' binary form.

/// Begins every Kubernetes object in binary form.
const MAGIC: &[u8] = b"k8s\0";

/// The fields of one message, in order; only those with a length, since no others are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a>(&'a [u8]);

/// The object inside the envelope `runtime.Unknown`, whose field 2 it is; `None` if the body is no such thing.
pub(super) fn object(body: &[u8]) -> Option<Message<'_>> {
    Message(body.strip_prefix(MAGIC)?).bytes(2).map(Message)
}

type Field<'a> = (u64, Option<&'a [u8]>, &'a [u8]);

impl<'a> Message<'a> {
    /// A field that is a message itself.
    pub(super) fn message(self, number: u64) -> Option<Message<'a>> {
        self.bytes(number).map(Message)
    }

    /// A text field; empty if it is not there.
    pub(super) fn text(self, number: u64) -> &'a str {
        self.bytes(number).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn bytes(self, number: u64) -> Option<&'a [u8]> {
        let mut rest = self.0;
        while !rest.is_empty() {
            let (field, bytes, after) = field(rest)?;
            if field == number {
                return bytes;
            }
            rest = after;
        }
        None
    }
}

/// The first field's number, its bytes if it has a length, and what comes after it.
fn field(input: &[u8]) -> Option<Field<'_>> {
    let (key, rest) = varint(input)?;
    let (bytes, rest) = match key & 7 {
        0 => (None, varint(rest)?.1),
        1 => (None, rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let length = usize::try_from(length).ok()?;
            (Some(rest.get(..length)?), rest.get(length..)?)
        }
        5 => (None, rest.get(4..)?),
        _ => return None,
    };
    Some((key >> 3, bytes, rest))
}

fn varint(input: &[u8]) -> Option<(u64, &[u8])> {
    let length = input.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (bytes, rest) = input.split_at(length);
    let value = bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_text_two_messages_deep() {
        // Unknown { 1: {}, 2: { 2: { 1: { 2: "list" } } } }
        let body = b"k8s\0\x0a\x00\x12\x0a\x12\x08\x0a\x06\x12\x04list";
        let attributes = object(body).and_then(|o| o.message(2)).and_then(|spec| spec.message(1));
        assert_eq!(attributes.map(|a| a.text(2)), Some("list"));
    }

    #[test]
    fn gives_up_on_nonsense() {
        assert!(object(b"{}").is_none());
        assert!(object(b"k8s\0\xff\xff\xff").is_none());
    }
}
