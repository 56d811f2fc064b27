//! Which container a file is, from its first bytes; the declaration only chooses among what they allow.

use crate::error::ExtractError;
use lakewarden_dictionary::{Container, Format};

/// Decides how to read a file that begins with `head` (decompressed; not empty).
///
/// # Errors
/// LW4002 if there is nothing but a byte-order mark or white space in a file that fits in `head`,
/// LW4005 if the bytes are a container that is neither declared nor accepted.
pub(crate) fn container_of(head: &[u8], whole: bool, format: &Format, file: &str) -> Result<Container, ExtractError> {
    let takes = |c: Container| format.container == c || format.accept.contains(&c);
    let wrong =
        |found: &'static str| ExtractError::WrongContainer { file: file.to_owned(), found, declared: format.container };
    if head.starts_with(b"PAR1") {
        return if takes(Container::Parquet) { Ok(Container::Parquet) } else { Err(wrong("Parquet")) };
    }
    if head.starts_with(b"PK\x03\x04") {
        return if takes(Container::Xlsx) {
            Ok(Container::Xlsx)
        } else {
            Err(wrong("an Excel workbook or zip archive"))
        };
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(wrong("an Excel workbook of the old binary kind (.xls)"));
    }
    let Some(first) = first_character(head) else {
        return if whole { Err(ExtractError::EmptyFile { file: file.to_owned() }) } else { Err(wrong("blank text")) };
    };
    let text = match first {
        b'[' if takes(Container::Json) => Container::Json,
        b'[' if takes(Container::Csv) && !looks_like_json_array(head) => Container::Csv,
        b'[' if looks_like_json_array(head) || !takes(Container::Ndjson) => {
            return Err(wrong("a JSON array"));
        }
        b'{' if takes(Container::Ndjson) => Container::Ndjson,
        b'{' => return Err(wrong("JSON objects")),
        // A first line that is no object is one bad record if others are objects.
        _ if takes(Container::Ndjson) && has_object_line(head) => Container::Ndjson,
        _ if takes(Container::Csv) => Container::Csv,
        _ if takes(Container::Ndjson) || takes(Container::Json) => {
            return Err(wrong("text that is not JSON"));
        }
        _ => return Err(wrong("text")),
    };
    Ok(text)
}

/// The first byte that is neither byte-order mark nor white space (nor the padding of UTF-16).
fn first_character(head: &[u8]) -> Option<u8> {
    let marks: [&[u8]; 4] = [&[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff], &[0x84, 0x31, 0x95, 0x33]];
    let text = marks.iter().find_map(|m| head.strip_prefix(*m)).unwrap_or(head);
    text.iter().copied().find(|b| !b.is_ascii_whitespace() && *b != 0)
}

fn looks_like_json_array(head: &[u8]) -> bool {
    let mut rest =
        head.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != 0).skip_while(|b| *b != b'[').skip(1);
    matches!(rest.next(), Some(b'{' | b']') | None)
}

fn has_object_line(head: &[u8]) -> bool {
    head.split(|b| *b == b'\n').any(|line| line.trim_ascii_start().first() == Some(&b'{'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lakewarden_dictionary::Encoding;

    fn format(container: Container, accept: Vec<Container>) -> Format {
        Format { container, accept, encoding: Encoding::Utf8, delimiter: b',' }
    }

    #[test]
    fn bytes_win_over_the_declaration() {
        let csv = format(Container::Csv, vec![Container::Xlsx]);
        let of = |head: &[u8], f: &Format| container_of(head, true, f, "f");
        assert_eq!(of(b"a,b\n", &csv).unwrap(), Container::Csv);
        assert_eq!(of(b"PK\x03\x04....", &csv).unwrap(), Container::Xlsx);
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
    }
}
