//! Which encoding a text is in: its mark, or its bytes, or what the dictionary says.

use encoding_rs::{BIG5, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use lakewarden_dictionary::Encoding as Declared;

/// Bytes beyond ASCII that a sample must hold for its statistics to be believed against a declared encoding in which it
/// can be read, or for a text to be taken for Latin-1, in which everything can be.
const ENOUGH: usize = 32;

/// Bytes of lines with something beyond ASCII that statistics are made of. More tell no more, and of many small files
/// the statistics would take longer than the reading.
const TELLING: usize = 64 << 10;

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
        Declared::Utf16 => UTF_16LE,
        Declared::Big5 => BIG5,
        Declared::Latin1 => WINDOWS_1252,
    }
}

/// UTF-16 and its byte order, known by the zeros that ASCII characters have in it: a table has separators, digits and
/// line breaks. `sample` is the beginning of the text.
pub(crate) fn utf16_without_mark(declared: Declared, sample: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    memchr::memchr(0, sample)?;
    let (pairs, _) = sample.as_chunks::<2>();
    let is_text = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let little = pairs.iter().filter(|[low, high]| *high == 0 && is_text(*low)).count();
    let big = pairs.iter().filter(|[high, low]| *high == 0 && is_text(*low)).count();
    // 一 is U+4E00, so a few zeros are on the other side. Where UTF-16 is declared, fewer say enough.
    let enough = if declared == Declared::Utf16 { pairs.len() / 500 } else { pairs.len() / 50 };
    if little.max(big) <= enough {
        return None;
    }
    if little > 2 * big {
        Some(UTF_16LE)
    } else if big > 2 * little {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Decides from a sample that holds bytes beyond ASCII. `complete`: the sample is the rest of the file.
///
/// Valid UTF-8 is UTF-8, whatever is declared: text of other encodings is practically never so by accident. What is
/// UTF-8 but for a few bytes is damaged UTF-8, not GB18030 (which would decode, into mojibake): it stays
/// UTF-8, and the reader stops at the first bad byte. Only text that decodes in another encoding, and whose
/// character statistics say so, is taken for that against the declaration; and if it decodes as declared as well, or
/// if the other is one in which everything decodes, it takes a good many characters to say so.
pub(crate) fn from_sample(assumed: Declared, sample: &[u8], complete: bool) -> &'static encoding_rs::Encoding {
    let sample = if complete { sample } else { without_split_tail(sample) };
    if std::str::from_utf8(sample).is_ok() || mostly_utf8(sample) {
        return UTF_8;
    }
    let expected = declared(assumed);
    let Some(guess) = guess(sample, complete).filter(|g| *g != expected && decodes(g, sample, complete)) else {
        return expected;
    };
    let fits = expected != UTF_8 && expected != UTF_16LE && decodes(expected, sample, complete);
    let enough = sample.iter().filter(|b| !b.is_ascii()).count() >= ENOUGH;
    let plain = match guess {
        _ if guess == WINDOWS_1252 => enough && is_western(sample),
        _ if fits => enough && is_common(guess, sample),
        _ => true,
    };
    if plain { guess } else { expected }
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

fn decodes(encoding: &'static encoding_rs::Encoding, sample: &[u8], complete: bool) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
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

/// What the character statistics say, if it is an encoding that can be declared.
fn guess(sample: &[u8], complete: bool) -> Option<&'static encoding_rs::Encoding> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut left = TELLING;
    // In no encoding that may come out is a line's end part of another character.
    for line in sample.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
        let part = &line[..line.len().min(left)];
        detector.feed(part, false);
        left -= part.len();
        if left == 0 {
            break;
        }
    }
    detector.feed(&[], complete && left > 0);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    if guess == GBK { Some(GB18030) } else { [GB18030, BIG5, WINDOWS_1252].into_iter().find(|e| *e == guess) }
}

/// Whether characters are, four in five, of the level that everyday text is written with: GB 2312's first (lead bytes
/// B0 to D7) or Big5's first (A4 to C6), or punctuation. Read in the other encoding, about half are.
fn is_common(encoding: &'static encoding_rs::Encoding, sample: &[u8]) -> bool {
    let (mut common, mut all) = (0usize, 0usize);
    let mut rest = sample;
    while let [lead, after @ ..] = rest {
        rest = after;
        if lead.is_ascii() {
            continue;
        }
        let [trail, after @ ..] = rest else { break };
        rest = after;
        all += 1;
        let first_level = if encoding == BIG5 {
            (0xa1..=0xc6).contains(lead)
        } else {
            ((0xb0..=0xd7).contains(lead) || (0xa1..=0xa9).contains(lead)) && *trail >= 0xa1
        };
        common += usize::from(first_level);
    }
    common * 5 >= all * 4
}

/// Whether bytes beyond ASCII are, nine in ten, letters or punctuation of Western European text: binary data is not.
fn is_western(sample: &[u8]) -> bool {
    let (mut fit, mut all) = (0usize, 0usize);
    for byte in sample.iter().filter(|b| !b.is_ascii()) {
        all += 1;
        let punctuation = matches!(byte, 0x80 | 0x85 | 0x91..=0x97 | 0xa0 | 0xa3 | 0xa7 | 0xab | 0xb0 | 0xb4 | 0xbb);
        fit += usize::from(punctuation || *byte >= 0xc0 && !matches!(byte, 0xd7 | 0xf7));
    }
    fit * 10 >= all * 9
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
    fn each_encoding_is_told_from_every_other() {
        let traditional = "會員編號,姓名,縣市,備註\nM0001,陳示範,臺北市,這位客人喜歡黑色的長褲與襯衫\nM0002,林範例,高雄市,請於週末上午送貨並先以電話聯絡\n";
        let simplified = "会员卡号,姓名,城市,备注\nM0001,张示例,上海市,这位客人喜欢黑色的长裤和衬衫\nM0002,王样本,杭州市,请在周末上午送货并先打电话联系\n";
        let western = "Kunde,Straße,Größe\nJürgen Müller,Königstraße 5,größer\nZoë Lefèvre,Rue de l'Évêché,très élégant\nÅse Håkansson,Östra Ågatan,blå\n".repeat(2);
        let texts = [
            (Declared::Big5, BIG5, BIG5.encode(traditional).0.into_owned()),
            (Declared::Gb18030, GB18030, gb(simplified)),
            (Declared::Latin1, WINDOWS_1252, WINDOWS_1252.encode(&western).0.into_owned()),
        ];
        for (_, encoding, bytes) in &texts {
            for assumed in [Declared::Utf8, Declared::Big5, Declared::Gb18030, Declared::Latin1] {
                assert_eq!(from_sample(assumed, bytes, true), *encoding, "{assumed:?} {}", encoding.name());
            }
        }
        for (assumed, encoding, bytes) in &texts {
            // A few characters do not outweigh what is declared.
            let few = &bytes[..bytes.iter().rposition(|b| !b.is_ascii()).unwrap().min(20)];
            let few = &few[..few.iter().rposition(u8::is_ascii).unwrap()];
            assert_eq!(from_sample(*assumed, few, true), *encoding);
        }
    }

    #[test]
    fn binary_data_is_not_latin1() {
        let bytes: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect();
        assert_eq!(from_sample(Declared::Utf8, &bytes, true), UTF_8);
    }

    #[test]
    fn marks_are_known() {
        assert_eq!(byte_order_mark(b"\xef\xbb\xbfa").unwrap().encoding, UTF_8);
        assert_eq!(byte_order_mark(b"\xff\xfea\0").unwrap().mark, 2);
        assert!(byte_order_mark(b"a").is_none());
    }
}
