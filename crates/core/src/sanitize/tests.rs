use proptest::prelude::*;

use super::*;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(neutralise(bytes).into_owned()).unwrap()
}

#[test]
fn escapes_and_controls_become_pictures() {
    assert_eq!(text(b"\x1b[31mred\x1b[0m"), "␛[31mred␛[0m");
    assert_eq!(text(b"\x1b]0;title\x07"), "␛]0;title␇");
    assert_eq!(text(b"a\0b\x08c\x7f"), "a␀b␈c␡");
    assert_eq!(text("a\u{9b}31m".as_bytes()), "a\\u{9b}31m");
}

#[test]
fn direction_and_tag_characters_are_spelled_out() {
    assert_eq!(text("x\u{202e}txt.exe\u{2066}\u{61c}".as_bytes()), "x\\u{202e}txt.exe\\u{2066}\\u{61c}");
    assert_eq!(text("\u{e0041}".as_bytes()), "\\u{e0041}");
}

#[test]
fn line_ends_stay_and_a_lone_carriage_return_shows() {
    assert_eq!(text(b"a\r\nb\tc\n"), "a\r\nb\tc\n");
    assert_eq!(text(b"secret\rpublic"), "secret␍public");
    assert_eq!(text(b"end\r"), "end␍");
}

#[test]
fn ordinary_output_is_borrowed() {
    for plain in ["", "NAME  READY\nweb   1/1\r\n", "größe № “quoted” 🙂 ↵ 東京 ©"] {
        assert!(matches!(neutralise(plain.as_bytes()), Cow::Borrowed(_)), "{plain}");
    }
}

#[test]
fn bytes_that_are_not_utf8_pass_unchanged() {
    for bytes in [&b"\xff\xfe\x80\x9b"[..], b"\xe2\x80", b"\xc2", b"\xf3\xa0\x80", b"\xe2\x28\xa1"] {
        assert_eq!(&*neutralise(bytes), bytes);
    }
}

#[test]
fn a_character_split_between_chunks_is_found() {
    let mut stream = Neutraliser::default();
    let mut out = stream.push(b"a\xe2").into_owned();
    out.extend_from_slice(&stream.push(b"\x80"));
    out.extend_from_slice(&stream.push(b"\xaeb\r"));
    out.extend_from_slice(&stream.push(b"\nc\r"));
    out.extend(stream.finish());
    assert_eq!(String::from_utf8(out).unwrap(), "a\\u{202e}b\r\nc␍");
}

#[test]
fn a_cut_anywhere_makes_no_difference() {
    let bytes = "a\r\nb\rc\u{9b}\u{61c}\u{202e}\u{2066}\u{e0041}\u{e0061}é–🙂\x1b[0m\r".as_bytes();
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let mut stream = Neutraliser::default();
            let mut out = stream.push(&bytes[..first]).into_owned();
            out.extend_from_slice(&stream.push(&bytes[first..second]));
            out.extend_from_slice(&stream.push(&bytes[second..]));
            out.extend(stream.finish());
            assert_eq!(out, neutralise(bytes).into_owned(), "{first} {second}");
        }
    }
}

/// Output that is likely to hit the interesting bytes.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(&[b'\r', b'\n', 0x1b, 0xc2, 0x9b, 0xe2, 0x80, 0xae, 0xd8, 0x9c, 0xf3, 0xa0, 0x81][..])
    ];
    prop::collection::vec(byte, 0..60)
}

proptest! {
    #[test]
    fn nothing_dangerous_is_left(bytes in nasty()) {
        let out = neutralise(&bytes);
        prop_assert!(first_danger(&out).is_none());
        let lossy = String::from_utf8_lossy(&out).replace("\r\n", "\n");
        let bad = lossy.chars().find(|c| is_deceptive(*c) || (c.is_control() && !matches!(c, '\n' | '\t')));
        prop_assert_eq!(bad, None);
    }

    #[test]
    fn chunks_make_no_difference(bytes in nasty(), cuts in prop::collection::vec(0usize..60, 0..6)) {
        let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
        cuts.sort_unstable();
        let mut stream = Neutraliser::default();
        let (mut out, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            out.extend_from_slice(&stream.push(&bytes[from..cut]));
            from = cut;
        }
        out.extend(stream.finish());
        prop_assert_eq!(out, neutralise(&bytes).into_owned());
    }
}
