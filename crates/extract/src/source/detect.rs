//! Which encoding a text is in: its mark, or its bytes, or what the dictionary says.

use encoding_rs::{GB18030, UTF_8, UTF_16BE, UTF_16LE};
use lakewarden_dictionary::Encoding as Declared;

/// An encoding and how many bytes of mark precede the text.
pub(crate) struct Marked {
    pub encoding: &'static encoding_rs::Encoding,
    pub mark: usize,
}

/// The encoding that a byte-order mark names.
pub(crate) fn byte_order_mark(head: &[u8]) -> Option<Marked> {
    let marks: [(&[u8], &'static encoding_rs::Encoding); 4] = [
        (&[0xef, 0xbb, 0xbf], UTF_8),
        (&[0xff, 0xfe], UTF_16LE),
        (&[0xfe, 0xff], UTF_16BE),
        (&[0x84, 0x31, 0x95, 0x33], GB18030),
    ];
    marks.into_iter().find(|(m, _)| head.starts_with(m)).map(|(m, encoding)| Marked { encoding, mark: m.len() })
}

/// The encoding_rs name of what the dictionary declares.
pub(crate) fn declared(encoding: Declared) -> &'static encoding_rs::Encoding {
    match encoding {
        Declared::Utf8 => UTF_8,
        Declared::Gb18030 => GB18030,
    }
}

/// Decides from a sample that holds bytes beyond ASCII. `complete`: the sample is the rest of the file.
///
/// Valid UTF-8 is UTF-8, whatever is declared: GB18030 text is practically never so by accident. What is
/// UTF-8 but for a few bytes is damaged UTF-8, not GB18030 (which would decode, into mojibake): it stays
/// UTF-8, and the reader stops at the first bad byte. Only text that decodes as GB18030 and whose
/// character statistics say so is taken for it against the declaration.
pub(crate) fn from_sample(declared: Declared, sample: &[u8], complete: bool) -> &'static encoding_rs::Encoding {
    let sample = if complete { sample } else { without_split_tail(sample) };
    if std::str::from_utf8(sample).is_ok() || mostly_utf8(sample) {
        return UTF_8;
    }
    match declared {
        Declared::Gb18030 => GB18030,
        Declared::Utf8 if decodes_as_gb18030(sample, complete) && statistics_say_gb18030(sample, complete) => GB18030,
        Declared::Utf8 => UTF_8,
    }
}

/// The sample without a UTF-8 sequence cut by its end (at most three bytes).
fn without_split_tail(sample: &[u8]) -> &[u8] {
    match std::str::from_utf8(sample) {
        Err(e) if e.error_len().is_none() => &sample[..e.valid_up_to()],
        _ => sample,
    }
}

/// Whether the bytes beyond ASCII are, four to one, parts of valid UTF-8 sequences.
fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in sample.utf8_chunks() {
        valid += chunk.valid().bytes().filter(|b| !b.is_ascii()).count();
        invalid += chunk.invalid().len();
    }
    valid > 4 * invalid
}

fn decodes_as_gb18030(sample: &[u8], complete: bool) -> bool {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut out = vec![0; 64 * 1024];
    let mut rest = sample;
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut out, complete);
        rest = &rest[read..];
        match result {
            encoding_rs::DecoderResult::InputEmpty => return true,
            encoding_rs::DecoderResult::OutputFull => {}
            encoding_rs::DecoderResult::Malformed(..) => return false,
        }
    }
}

fn statistics_say_gb18030(sample: &[u8], complete: bool) -> bool {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, complete);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    guess == encoding_rs::GBK || guess == GB18030
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: &str = "会员卡号,姓名,城市\nM0001,张示例,上海\n";

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn bytes_decide_in_both_directions() {
        assert_eq!(from_sample(Declared::Gb18030, TEXT.as_bytes(), true), UTF_8);
        assert_eq!(from_sample(Declared::Utf8, &gb(TEXT), true), GB18030);
        assert_eq!(from_sample(Declared::Utf8, TEXT.as_bytes(), true), UTF_8);
        assert_eq!(from_sample(Declared::Gb18030, &gb(TEXT), true), GB18030);
    }

    #[test]
    fn a_sample_may_end_inside_a_character() {
        let long = TEXT.repeat(50);
        for cut in 1..4 {
            let end = long.len() - 1 - cut;
            assert_eq!(from_sample(Declared::Gb18030, &long.as_bytes()[..end], false), UTF_8);
        }
        let bytes = gb(&long);
        let end = bytes.iter().rposition(|b| *b >= 0x80).unwrap();
        assert_eq!(from_sample(Declared::Utf8, &bytes[..end], false), GB18030);
    }

    #[test]
    fn damaged_utf8_is_not_taken_for_something_else() {
        let mut bytes = TEXT.as_bytes().to_vec();
        bytes[1] = 0xff;
        assert_eq!(from_sample(Declared::Utf8, &bytes, true), UTF_8);
        assert_eq!(from_sample(Declared::Gb18030, &bytes, true), UTF_8);
        // One Latin-1 letter in English text decodes as GB18030, but is not Chinese.
        let latin = [b"name,city\nJos\xe9e,Montr\xe9al\n".as_slice(), &b"plain,words\n".repeat(20)].concat();
        assert_eq!(from_sample(Declared::Utf8, &latin, true), UTF_8);
    }

    #[test]
    fn marks_are_known() {
        assert_eq!(byte_order_mark(b"\xef\xbb\xbfa").unwrap().encoding, UTF_8);
        assert_eq!(byte_order_mark(b"\xff\xfea\0").unwrap().mark, 2);
        assert!(byte_order_mark(b"a").is_none());
    }
}
