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
    let named_workbook = is_named_like_workbook(file);
    if let Some(markup) = Markup::of(head) {
        return Err(if named_workbook {
            let remedy = "open it in a spreadsheet and save it as an Excel workbook (.xlsx) or CSV, or have the channel export one of these";
            ExtractError::NotAWorkbook { file: file.to_owned(), found: markup.name(), remedy }
        } else {
            wrong(markup.name())
        });
    }
    if named_workbook && !matches!(first, b'[' | b'{') {
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        let has = |byte: u8| memchr::memchr(byte, line).is_some();
        let other = |found, remedy| Err(ExtractError::NotAWorkbook { file: file.to_owned(), found, remedy });
        if !takes(Container::Csv) {
            return other(
                "text with separators",
                "write `accept: [csv]` under `format`, and its `delimiter`, such as `\"\\t\"`, if that is not a comma",
            );
        }
        if has(b'\t') && !has(format.delimiter) && format.skip_rows == 0 && format.comment.is_none() {
            return other("text separated by tabs", "write `delimiter: \"\\t\"` under `format`");
        }
    }
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
    first_place(head).map(|at| head[at])
}

/// Where that is.
fn first_place(head: &[u8]) -> Option<usize> {
    let marks: [&[u8]; 4] = [&[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff], &[0x84, 0x31, 0x95, 0x33]];
    let text = marks.iter().find_map(|m| head.strip_prefix(*m)).unwrap_or(head);
    let at = text.iter().position(|b| !b.is_ascii_whitespace())?;
    Some(head.len() - text.len() + at)
}

/// Whether a file, or the member of an archive, has a name that Excel gives to workbooks.
fn is_named_like_workbook(file: &str) -> bool {
    let name = file.to_ascii_lowercase();
    [".xls", ".xlsx", ".xlsm", ".xlsb"].iter().any(|extension| name.ends_with(extension))
}

/// Text that is marked up, which shops give out as `.xls` because Excel opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    Html,
    /// One file with a page and what belongs to it.
    Mhtml,
    /// XML Spreadsheet 2003.
    SpreadsheetXml,
    Xml,
}

impl Markup {
    fn of(head: &[u8]) -> Option<Self> {
        let text = first_place(head).map(|at| &head[at..])?;
        let start: Vec<u8> = text.iter().take(4096).map(u8::to_ascii_lowercase).collect();
        let begins = |mark: &str| start.starts_with(mark.as_bytes());
        let holds = |mark: &str| memchr::memmem::find(&start, mark.as_bytes()).is_some();
        if begins("mime-version:") {
            return Some(Self::Mhtml);
        }
        let page = ["<!doctype html", "<html", "<head", "<body", "<meta", "<table", "<style", "<div"];
        if page.iter().any(|mark| begins(mark)) {
            return Some(Self::Html);
        }
        if begins("<?xml") || begins("<workbook") || begins("<!--") {
            return Some(if holds("urn:schemas-microsoft-com:office:spreadsheet") {
                Self::SpreadsheetXml
            } else if holds("<html") || holds("<table") {
                Self::Html
            } else {
                Self::Xml
            });
        }
        None
    }

    fn name(self) -> &'static str {
        match self {
            Self::Html => "an HTML page",
            Self::Mhtml => "a web page of several parts (MHTML)",
            Self::SpreadsheetXml => "an XML Spreadsheet 2003 document",
            Self::Xml => "an XML document",
        }
    }
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
    fn markup_and_text_under_a_workbooks_name_are_named() {
        let xls = format(Container::Xls, vec![Container::Xlsx, Container::Csv]);
        let named = |head: &[u8], format: &Format| recognise(head, true, format, "a.XLS").unwrap_err().to_string();
        for (head, found) in [
            ("\u{feff}\r\n<HTML><body><table>", "an HTML page"),
            ("<?xml version=\"1.0\"?><html xmlns=\"\">", "an HTML page"),
            ("<!DOCTYPE html PUBLIC", "an HTML page"),
            ("<table border=1><tr>", "an HTML page"),
            ("MIME-Version: 1.0\nContent-Type: multipart/related", "a web page of several parts (MHTML)"),
            (
                "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                "an XML Spreadsheet 2003 document",
            ),
            ("<?xml version=\"1.0\"?><orders/>", "an XML document"),
        ] {
            assert_eq!(
                named(head.as_bytes(), &xls),
                format!("a.XLS: is named like a workbook, but is {found}"),
                "{head}"
            );
            let csv = format(Container::Csv, vec![]);
            assert_eq!(recognise(head.as_bytes(), true, &csv, "a.csv").unwrap_err().code(), "LW4005", "{head}");
        }
        assert!(named(b"a\tb\n1\t2\n", &xls).ends_with("text separated by tabs"));
        assert!(named(b"a,b\n1,2\n", &format(Container::Xls, vec![])).ends_with("text with separators"));
        assert_eq!(recognise(b"a,b\n1,2\n", true, &xls, "a.xls").unwrap(), Recognised::One(Container::Csv));
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
