//! Text out of bytes that come in pieces.

/// Decodes one stream. A character that two pieces share comes with the second; what is no UTF-8
/// is replaced.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The start of a character: at most three bytes.
    rest: Vec<u8>,
}

impl Decoder {
    /// The text of the next piece.
    pub(super) fn decode(&mut self, piece: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(piece);
        self.rest = bytes.split_off(bytes.len() - unfinished(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How many bytes at the end are the start of a character that goes on.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last();
    // An invalid end that more bytes could make valid is shorter than a character.
    let tail = last.map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(tail) {
        Err(cause) if cause.error_len().is_none() => tail.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_anywhere_comes_out_whole() {
        let text = "aé€😀z";
        for cut in 0..=text.len() {
            let mut decoder = Decoder::default();
            let (one, two) = text.as_bytes().split_at(cut);
            assert_eq!(decoder.decode(one) + &decoder.decode(two), text, "{cut}");
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_at_once() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(decoder.decode(b"\xe2\x82"), "");
        assert_eq!(decoder.decode(b"x"), "\u{fffd}x");
    }
}
