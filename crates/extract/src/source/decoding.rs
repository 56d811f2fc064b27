//! A reader that gives UTF-8, whatever the bytes are in.

use super::detect::{byte_order_mark, declared, from_sample, utf16_without_mark};
use super::fill;
use crate::account::Warning;
use encoding_rs::{DecoderResult, UTF_8, UTF_16BE};
use lakewarden_dictionary::Encoding as Declared;
use std::io::{self, Read};
use std::ops::Range;

/// What stands for bytes that the text's encoding does not have: a code point that Unicode keeps for the inside of programs
/// and that no text has. A record with it goes to quarantine.
pub(crate) const MALFORMED: &str = "\u{fdd0}";
const SAMPLE: usize = 1 << 20;
const CHUNK: usize = 256 * 1024;

enum State {
    /// Only ASCII so far: every encoding agrees, so the decision waits for the first byte that matters.
    Undecided,
    /// Bytes are checked and passed on.
    Utf8,
    /// Bytes are decoded.
    Other(Box<encoding_rs::Decoder>),
}

/// Decodes a text file. What it gives is valid UTF-8 without a byte-order mark; [`MALFORMED`] stands for bytes that the
/// encoding does not have.
pub(crate) struct Decoding<R> {
    source: R,
    declared: Declared,
    /// What is taken for declared: UTF-8, once it is certain that the text is not in the UTF-16 declared.
    assumed: Declared,
    found: Option<&'static encoding_rs::Encoding>,
    state: State,
    /// Bytes of the file, not yet given or decoded.
    input: Vec<u8>,
    /// Decoded text, if it had to be decoded.
    output: String,
    /// What may be given now: a part of `output` if decoding, else of `input`.
    ready: Range<usize>,
    started: bool,
    ended: bool,
}

impl<R: Read> Decoding<R> {
    pub(crate) fn new(source: R, declared: Declared) -> Self {
        Self {
            source,
            declared,
            assumed: declared,
            found: None,
            state: State::Undecided,
            input: Vec::new(),
            output: String::new(),
            ready: 0..0,
            started: false,
            ended: false,
        }
    }

    /// The encoding the text was read in: the declared one if every byte was ASCII.
    pub(crate) fn encoding(&self) -> &'static str {
        name(self.read_in())
    }

    fn read_in(&self) -> &'static encoding_rs::Encoding {
        self.found.unwrap_or_else(|| declared(self.assumed))
    }

    /// Says if that is not the declared one.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let (expected, found) = (declared(self.declared), self.read_in());
        let either_order = self.declared == Declared::Utf16 && found == UTF_16BE;
        (found != expected && !either_order)
            .then(|| Warning::EncodingDiffers { declared: name(expected).into(), found: name(found).into() })
    }

    fn decide(&mut self, encoding: &'static encoding_rs::Encoding) {
        self.found = Some(encoding);
        self.state = if encoding == UTF_8 {
            State::Utf8
        } else {
            State::Other(Box::new(encoding.new_decoder_without_bom_handling()))
        };
    }

    /// Whether nothing of the input is left, once what is ready has been given.
    fn all_given(&self) -> bool {
        match self.state {
            State::Other(_) => self.input.is_empty(),
            State::Undecided | State::Utf8 => self.input.len() <= self.ready.end,
        }
    }

    /// Makes something ready, unless the file has ended or holds a fault.
    fn refill(&mut self) -> io::Result<()> {
        if matches!(self.state, State::Undecided | State::Utf8) {
            self.input.drain(..self.ready.end);
        }
        self.ready = 0..0;
        let want = if matches!(self.state, State::Undecided) { SAMPLE } else { CHUNK };
        if !self.ended {
            self.ended = fill(&mut self.source, &mut self.input, want)?;
        }
        if !self.started {
            self.started = true;
            if let Some(mark) = byte_order_mark(&self.input) {
                self.input.drain(..mark.mark);
                self.decide(mark.encoding);
            } else if let Some(wide) = utf16_without_mark(self.declared, &self.input) {
                self.decide(wide);
            } else if self.declared == Declared::Utf16 {
                self.assumed = Declared::Utf8;
            }
        }
        if matches!(self.state, State::Undecided) {
            if self.input.is_ascii() {
                self.ready = 0..self.input.len();
                return Ok(());
            }
            self.decide(from_sample(self.assumed, &self.input, self.ended));
        }
        match &mut self.state {
            State::Other(decoder) => {
                self.output.clear();
                let mut from = 0;
                loop {
                    let rest = &self.input[from..];
                    let room = decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len() * 4);
                    self.output.reserve(room);
                    let (result, read) =
                        decoder.decode_to_string_without_replacement(rest, &mut self.output, self.ended);
                    from += read;
                    match result {
                        DecoderResult::Malformed(..) => self.output.push_str(MALFORMED),
                        DecoderResult::InputEmpty => break,
                        DecoderResult::OutputFull => {}
                    }
                }
                self.input.drain(..from);
                self.ready = 0..self.output.len();
            }
            State::Utf8 | State::Undecided => match std::str::from_utf8(&self.input) {
                Ok(text) => self.ready = 0..text.len(),
                // A character that the end of the input cuts waits for the rest of it.
                Err(e) if !self.ended && e.error_len().is_none() => self.ready = 0..e.valid_up_to(),
                Err(_) => {
                    self.input = marked(&self.input, self.ended);
                    let whole = match std::str::from_utf8(&self.input) {
                        Ok(text) => text.len(),
                        Err(e) => e.valid_up_to(),
                    };
                    self.ready = 0..whole;
                }
            },
        }
        Ok(())
    }
}

/// Bytes with [`MALFORMED`] in place of those that are not UTF-8. What may be the beginning of a character stays at the end,
/// unless the text has ended.
fn marked(bytes: &[u8], ended: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + MALFORMED.len());
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        out.extend_from_slice(chunk.valid().as_bytes());
        let invalid = chunk.invalid();
        let cut = chunks.peek().is_none()
            && !ended
            && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        match (invalid.is_empty(), cut) {
            (true, _) => {}
            (false, true) => out.extend_from_slice(invalid),
            (false, false) => out.extend_from_slice(MALFORMED.as_bytes()),
        }
    }
    out
}

/// The name in messages and accounts.
fn name(encoding: &'static encoding_rs::Encoding) -> &'static str {
    match encoding.name() {
        "gb18030" | "GBK" => "GB18030",
        other => other,
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if self.started && self.ended && self.all_given() {
                return Ok(0);
            }
            self.refill()?;
        }
        let from = match &self.state {
            State::Other(_) => self.output.as_bytes(),
            State::Undecided | State::Utf8 => &self.input,
        };
        let n = buffer.len().min(self.ready.len());
        buffer[..n].copy_from_slice(&from[self.ready.start..self.ready.start + n]);
        self.ready.start += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use encoding_rs::GB18030;
    use proptest::prelude::*;

    /// Gives a few bytes at a time, as a network does.
    struct Dribble<'a>(&'a [u8], usize);
    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn decode(bytes: &[u8], declared: Declared) -> (io::Result<()>, Vec<u8>, &'static str, bool) {
        let mut decoding = Decoding::new(Dribble(bytes, 7), declared);
        let mut out = Vec::new();
        let result = decoding.read_to_end(&mut out).map(|_| ());
        (result, out, decoding.encoding(), decoding.warning().is_some())
    }

    #[test]
    fn marks_go_and_differences_are_said() {
        let (_, out, encoding, differs) = decode("\u{feff}a,b".as_bytes(), Declared::Utf8);
        assert_eq!((out.as_slice(), encoding, differs), (b"a,b".as_slice(), "UTF-8", false));
        let text = "手机号,城市\n1,上海\n".repeat(9);
        let (_, out, encoding, differs) = decode(&GB18030.encode(&text).0, Declared::Utf8);
        assert_eq!((out.as_slice(), encoding, differs), (text.as_bytes(), "GB18030", true));
        let (_, out, encoding, differs) = decode(text.as_bytes(), Declared::Gb18030);
        assert_eq!((out.as_slice(), encoding, differs), (text.as_bytes(), "UTF-8", true));
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let (_, out, encoding, _) = decode(&utf16, Declared::Utf8);
        assert_eq!((out.as_slice(), encoding), (text.as_bytes(), "UTF-16LE"));
    }

    #[test]
    fn utf16_needs_no_mark() {
        let text = "手机号,城市\n1,上海一一\n".repeat(9);
        for (order, name) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], "UTF-16LE"), (u16::to_be_bytes, "UTF-16BE")] {
            for text in [text.as_str(), "a,b\n1,2\n"] {
                let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
                for declared in [Declared::Utf16, Declared::Utf8, Declared::Gb18030] {
                    let (result, out, encoding, differs) = decode(&bytes, declared);
                    result.unwrap();
                    assert_eq!((out.as_slice(), encoding), (text.as_bytes(), name));
                    assert_eq!(differs, declared != Declared::Utf16);
                }
            }
        }
        // What is declared UTF-16 and is not is read as what it is.
        for (bytes, name) in [(text.clone().into_bytes(), "UTF-8"), (GB18030.encode(&text).0.into_owned(), "GB18030")] {
            let (_, out, encoding, differs) = decode(&bytes, Declared::Utf16);
            assert_eq!((out.as_slice(), encoding, differs), (text.as_bytes(), name, true));
        }
        assert_eq!(decode(b"a,b\n", Declared::Utf16).2, "UTF-8");
        let odd: Vec<u8> = "a,b\n".encode_utf16().flat_map(u16::to_le_bytes).chain([b'x']).collect();
        let (result, out, ..) = decode(&odd, Declared::Utf16);
        result.unwrap();
        assert_eq!(out, format!("a,b\n{MALFORMED}").as_bytes());
    }

    #[test]
    fn the_decision_waits_for_the_first_byte_that_matters() {
        let ascii = "a,b\n".repeat(SAMPLE / 4 + 100);
        let text = format!("{ascii}手机,上海\n");
        let (result, out, encoding, differs) = decode(text.as_bytes(), Declared::Gb18030);
        result.unwrap();
        assert_eq!((out == text.as_bytes(), encoding, differs), (true, "UTF-8", true));
    }

    #[test]
    fn what_is_around_bad_bytes_is_given() {
        let good = "手机,上海\n".repeat(100_000);
        let mut bytes = good.clone().into_bytes();
        bytes.extend_from_slice(b"x\xff\xfey\n");
        let (result, out, ..) = decode(&bytes, Declared::Utf8);
        result.unwrap();
        assert_eq!(out, [good.as_bytes(), b"x", MALFORMED.as_bytes(), MALFORMED.as_bytes(), b"y\n"].concat());
        let mut bytes = GB18030.encode(&good).0.into_owned();
        bytes.extend_from_slice(b"x\xff\xffy\n");
        let (result, out, ..) = decode(&bytes, Declared::Gb18030);
        result.unwrap();
        assert_eq!(out, [good.as_bytes(), b"x", MALFORMED.as_bytes(), MALFORMED.as_bytes(), b"y\n"].concat());
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[a-z,\n一-龥€]{0,400}", piece in 1usize..40) {
            let encoded = GB18030.encode(&text).0.into_owned();
            let mut decoding = Decoding::new(Dribble(text.as_bytes(), piece), Declared::Utf8);
            let mut out = Vec::new();
            decoding.read_to_end(&mut out).unwrap();
            prop_assert_eq!(&out, text.as_bytes());
            // Skip the rare text whose GB18030 happens to be valid UTF-8.
            prop_assume!(encoded.is_ascii() || from_sample(Declared::Gb18030, &encoded, true) == GB18030);
            let mut decoding = Decoding::new(Dribble(&encoded, piece), Declared::Gb18030);
            let mut out = Vec::new();
            decoding.read_to_end(&mut out).unwrap();
            prop_assert_eq!(&out, text.as_bytes());
        }
    }
}
