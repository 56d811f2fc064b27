//! Which container a file is, from its first bytes; the declaration only chooses among what they allow.

use super::compression::is_compressed;
use crate::error::ExtractError;
use lakewarden_dictionary::{Container, Format};

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// One file of this container.
    One(Container),
    /// A zip archive, which its directory shows to be a workbook or an archive of files.
    Zip,
}

/// Decides how to read a file that begins with `head` (decompressed; not empty).
///
/// # Errors
/// LW4002 if there is nothing but a byte-order mark or white space in a file that fits in `head`,
/// LW4005 if the bytes are a container that is neither declared nor accepted.
pub(crate) fn recognise(head: &[u8], whole: bool, format: &Format, file: &str) -> Result<Recognised, ExtractError> {
    let takes = |c: Container| format.takes(c);
    let wrong =
        |found: &'static str| ExtractError::WrongContainer { file: file.to_owned(), found, declared: format.container };
    if head.starts_with(b"PAR1") {
        return if takes(Container::Parquet) { Ok(Recognised::One(Container::Parquet)) } else { Err(wrong("Parquet")) };
    }
    // The second is an archive without members.
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Recognised::Zip);
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return if takes(Container::Xls) {
            Ok(Recognised::One(Container::Xls))
        } else {
            Err(wrong("an Excel workbook of the old binary kind (.xls), or a locked one"))
        };
    }
    if is_compressed(head) {
        return Err(wrong("a compressed file inside a compressed file"));
    }
    // Half of what UTF-16 makes of ASCII is zeros.
    let without_zeros: Vec<u8>;
    let head = if memchr::memchr(0, head).is_some() {
        without_zeros = head.iter().copied().filter(|b| *b != 0).collect();
        &without_zeros
    } else {
        head
    };
    let Some(first) = first_character(head) else {
        return if whole { Err(ExtractError::EmptyFile { file: file.to_owned() }) } else { Err(wrong("blank text")) };
    };
    // What precedes a header may begin with anything.
    let preamble = format.skip_rows > 0 || format.comment.is_some();
    Ok(Recognised::One(match first {
        _ if preamble && format.container == Container::Csv => Container::Csv,
        b'[' if takes(Container::Json) => Container::Json,
        b'[' if takes(Container::Csv) && !looks_like_json_array(head) => Container::Csv,
        b'[' if looks_like_json_array(head) || !takes(Container::Ndjson) => {
            return Err(wrong("a JSON array"));
        }
        // Whoever says where the records are in a document expects an object.
        b'{' if takes(Container::Json) && !format.records.0.is_empty() => Container::Json,
        b'{' if takes(Container::Ndjson) => Container::Ndjson,
        b'{' => return Err(wrong("JSON objects")),
        // A first line that is no object is one bad record if others are objects.
        _ if takes(Container::Ndjson) && has_object_line(head) => Container::Ndjson,
        _ if takes(Container::Csv) => Container::Csv,
        _ if takes(Container::Ndjson) || takes(Container::Json) => {
            return Err(wrong("text that is not JSON"));
        }
        _ => return Err(wrong("text")),
    }))
}

/// The first byte that is neither byte-order mark nor white space.
fn first_character(head: &[u8]) -> Option<u8> {
    let marks: [&[u8]; 4] = [&[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff], &[0x84, 0x31, 0x95, 0x33]];
    let text = marks.iter().find_map(|m| head.strip_prefix(*m)).unwrap_or(head);
    text.iter().copied().find(|b| !b.is_ascii_whitespace())
}

fn looks_like_json_array(head: &[u8]) -> bool {
    let mut rest = head.iter().copied().filter(|b| !b.is_ascii_whitespace()).skip_while(|b| *b != b'[').skip(1);
    matches!(rest.next(), Some(b'{' | b']') | None)
}

fn has_object_line(head: &[u8]) -> bool {
    head.split(|b| *b == b'\n').any(|line| line.trim_ascii_start().first() == Some(&b'{'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn format(container: Container, accept: Vec<Container>) -> Format {
        Format { accept, ..Format::new(container) }
    }

    fn one(head: &[u8], format: &Format) -> Result<Container, ExtractError> {
        recognise(head, true, format, "f").map(|found| match found {
            Recognised::One(container) => container,
            Recognised::Zip => panic!("a zip archive"),
        })
    }

    #[test]
    fn bytes_win_over_the_declaration() {
        let csv = format(Container::Csv, vec![Container::Xlsx]);
        let of = one;
        assert_eq!(of(b"a,b\n", &csv).unwrap(), Container::Csv);
        assert_eq!(recognise(b"PK\x03\x04....", true, &csv, "f").unwrap(), Recognised::Zip);
        assert_eq!(of(&[0x1f, 0x8b, 8, 0], &csv).unwrap_err().code(), "LW4005");
        assert_eq!(of(b"PAR1....", &csv).unwrap_err().code(), "LW4005");
        assert_eq!(of(b"{\"a\":1}\n", &csv).unwrap_err().code(), "LW4005");
        assert_eq!(of(b"[{\"a\":1}]", &csv).unwrap_err().code(), "LW4005");
        assert_eq!(of(b"\xef\xbb\xbf \n", &csv).unwrap_err().code(), "LW4002");
        let ndjson = format(Container::Ndjson, vec![]);
        assert_eq!(of(b"oops\n{\"a\":1}\n", &ndjson).unwrap(), Container::Ndjson);
        assert_eq!(of(b"[1]\n{\"a\":1}\n", &ndjson).unwrap(), Container::Ndjson);
        assert_eq!(of(b"[\n{\"a\":1}]\n", &ndjson).unwrap_err().code(), "LW4005");
        assert_eq!(of(b"a,b\n", &ndjson).unwrap_err().code(), "LW4005");
        let json = format(Container::Json, vec![]);
        assert_eq!(of(b"\xef\xbb\xbf\n [ ]", &json).unwrap(), Container::Json);
        assert_eq!(of(b"{\"a\":1}", &json).unwrap_err().code(), "LW4005");
        assert_eq!(of(&[0xd0, 0xcf, 0x11, 0xe0], &csv).unwrap_err().code(), "LW4005");
        let xls = format(Container::Csv, vec![Container::Xls]);
        assert_eq!(of(&[0xd0, 0xcf, 0x11, 0xe0], &xls).unwrap(), Container::Xls);
    }

    #[test]
    fn what_is_declared_of_the_beginning_counts() {
        let csv = Format { skip_rows: 1, ..Format::new(Container::Csv) };
        assert_eq!(one(b"{report}\na,b\n", &csv).unwrap(), Container::Csv);
        let both = format(Container::Ndjson, vec![Container::Json]);
        assert_eq!(one(b"{\"a\":1}", &both).unwrap(), Container::Ndjson);
        let path = Format { records: lakewarden_dictionary::RecordsPath(vec!["data".into()]), ..both };
        assert_eq!(one(b"{\"data\":[]}", &path).unwrap(), Container::Json);
    }

    #[test]
    fn zeros_of_utf16_are_looked_through() {
        let ndjson = format(Container::Ndjson, vec![]);
        let wide: Vec<u8> = "oops\n{\"a\":1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(one(&wide, &ndjson).unwrap(), Container::Ndjson);
    }
}
