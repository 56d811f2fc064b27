//! How a file is written: container, encoding, separator.

use crate::error::ExtractError;
use crate::read::{Splitter, bounds, signs};
use crate::source::{Decoding, RawSource, Recognised, SourceFile, classify, decompressed, fill, recognise};
use lakewarden_dictionary::{Container, Encoding, Escape, Format, Limits};
use std::io::{Cursor, Read};

/// Bytes looked at.
const HEAD: usize = 1 << 20;
/// Records that have to agree on the number of their fields.
const RECORDS: usize = 200;
/// Separators in use, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Finds out how a file is written.
///
/// # Errors
/// LW4001 to LW4005: it cannot be read, or is none of the containers.
pub(super) fn format(file: &SourceFile) -> Result<Format, ExtractError> {
    let (head, whole) = head(file)?;
    let mut format = Format::new(Container::Csv);
    format.accept = vec![Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx, Container::Xls];
    format.container = match recognise(&head, whole, &format, &file.name)? {
        Recognised::One(container) => container,
        // Of archives, the most are workbooks; those of other files are read when they are declared.
        Recognised::Zip => Container::Xlsx,
    };
    format.accept.clear();
    if matches!(format.container, Container::Csv | Container::Ndjson | Container::Json) {
        let text = text(&head, &mut format);
        if format.container == Container::Csv {
            format.delimiter = delimiter(&text);
            format.escape = escape(&text, format.delimiter);
        }
    }
    Ok(format)
}

/// The first bytes of a file, decompressed, and whether that is all.
pub(super) fn head(file: &SourceFile) -> Result<(Vec<u8>, bool), ExtractError> {
    let io = |e: std::io::Error| classify(&e, &file.name, 0);
    let mut stream = decompressed(RawSource::new((file.open)().map_err(io)?), &Limits::default()).map_err(io)?.stream;
    let mut head = Vec::new();
    let whole = fill(&mut stream, &mut head, HEAD).map_err(io)?;
    Ok((head, whole))
}

/// The first bytes as text, as far as they are; sets the encoding.
pub(super) fn text(head: &[u8], format: &mut Format) -> String {
    let mut decoding = Decoding::new(Cursor::new(head), format.encoding);
    let mut text = Vec::new();
    // A character that the end of the head cuts in two is no fault of the file.
    let _ = decoding.read_to_end(&mut text);
    format.encoding = match decoding.encoding() {
        "GB18030" => Encoding::Gb18030,
        "Big5" => Encoding::Big5,
        "windows-1252" => Encoding::Latin1,
        "UTF-16LE" | "UTF-16BE" => Encoding::Utf16,
        _ => Encoding::Utf8,
    };
    String::from_utf8_lossy(&text).into_owned()
}

/// Splits the first bytes of a CSV file.
pub(super) fn splitter(text: &str, delimiter: u8) -> Splitter<&[u8]> {
    let format = Format { delimiter, ..Format::new(Container::Csv) };
    Splitter::new(text.as_bytes(), signs(&format), bounds(&Limits::default()))
}

/// The separator that cuts the most records into as many fields as the header has, and the header into the most.
fn delimiter(text: &str) -> u8 {
    // What Excel reads and writes as a first line says it itself.
    if let [b's', b'e', b'p', b'=', sign, b'\r' | b'\n', ..] = text.as_bytes() {
        return *sign;
    }
    let score = |delimiter: &u8| {
        let mut records = splitter(text, *delimiter);
        // A record that cannot be read ends the sample.
        let mut next = || records.next().is_ok_and(|more| more).then(|| records.len());
        let fields = next().unwrap_or(0);
        let (mut all, mut agree) = (1, 1);
        while let Some(found) = next().filter(|_| all < RECORDS) {
            all += 1;
            agree += usize::from(found == fields);
        }
        // One field a record is what every text has under a separator that it does not use.
        if fields < 2 { 0 } else { agree * 1000 / all * 1000 + fields.min(999) }
    };
    // Of equals the first: it is the likeliest.
    DELIMITERS.into_iter().rev().max_by_key(score).unwrap_or(b',')
}

/// How quotation marks inside values are escaped: with a backslash, if fewer records are damaged then.
fn escape(text: &str, delimiter: u8) -> Escape {
    if !text.contains("\\\"") {
        return Escape::Double;
    }
    let damaged = |escape: Escape| {
        let format = Format { delimiter, escape, ..Format::new(Container::Csv) };
        let mut records = Splitter::new(text.as_bytes(), signs(&format), bounds(&Limits::default()));
        let (mut all, mut damaged) = (0, 0);
        while all < RECORDS && records.next().is_ok_and(|more| more) {
            all += 1;
            damaged += usize::from(records.damage().is_some());
        }
        damaged
    };
    if damaged(Escape::Backslash) < damaged(Escape::Double) { Escape::Backslash } else { Escape::Double }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_found() {
        assert_eq!(delimiter("a;b;c\n1,5;2;3\n2,5;3;4\n"), b';');
        assert_eq!(delimiter("a\tb\n1, 2\t3\n"), b'\t');
        assert_eq!(delimiter("a,b\n\"x;y;z\",2\n"), b',');
        assert_eq!(delimiter("alone\n1\n2\n"), b',');
        assert_eq!(delimiter("a|b|c\n1|2|3\n"), b'|');
        assert_eq!(delimiter("sep=;\na;b,c\n1;2,3\n"), b';');
        assert_eq!(escape("a,b\n\"x \\\" y\",1\n", b','), Escape::Backslash);
        assert_eq!(escape("a,b\n\"x\\\",1\n", b','), Escape::Double);
    }
}
