//! Base64 with padding, as the API writes bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bits in one character.
const BITS: u32 = 6;

/// `bytes` in base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let padded = [0, 1, 2].map(|index| u32::from(chunk.get(index).copied().unwrap_or(0)));
        let bits = padded.into_iter().fold(0, |bits, byte| (bits << 8) | byte);
        for place in 0..4_u32 {
            let letter = usize::try_from((bits >> (BITS * (3 - place))) & 0x3f).unwrap_or(0);
            let filled = usize::try_from(place).is_ok_and(|place| place <= chunk.len());
            out.push(char::from(if filled { ALPHABET.get(letter).copied().unwrap_or(b'=') } else { b'=' }));
        }
    }
    out
}

/// The bytes behind `text`, with or without padding, line breaks passed over; nothing when it is not base64.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut filled) = (0_u32, 0_u32);
    let mut letters = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).peekable();
    while let Some(letter) = letters.next_if(|&byte| byte != b'=') {
        bits = ((bits << BITS) | digit(letter)?) & 0xffff;
        filled += BITS;
        if filled >= 8 {
            filled -= 8;
            out.push(u8::try_from((bits >> filled) & 0xff).ok()?);
        }
    }
    let padding = letters.try_fold(0, |count, byte| (byte == b'=').then_some(count + 1))?;
    (padding <= 2 && filled < BITS).then_some(out)
}

fn digit(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded.as_bytes()).as_deref(), Some(plain.as_bytes()), "{coded}");
            assert_eq!(decode(coded.trim_end_matches('=').as_bytes()).as_deref(), Some(plain.as_bytes()), "{coded}");
        }
        assert_eq!(decode(b"Zm\n9v").as_deref(), Some(&b"foo"[..]));
        for bad in ["Zm9v!", "Z", "Zg=x", "Zg===", "Zm 9v"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }
}
