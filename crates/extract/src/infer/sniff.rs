//! How a file is written: container, encoding, separator.

use super::csv_layout as csv;
use crate::error::ExtractError;
use crate::source::{Decoding, RawSource, Recognised, SourceFile, classify, decompressed, fill, recognise};
use lakewarden_dictionary::{Container, Encoding, Format, Limits};
use std::io::{Cursor, Read};

/// Bytes looked at.
const HEAD: usize = 1 << 20;

/// How a file is written, and how many columns a CSV file without a header has.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub format: Format,
    pub columns: usize,
}

/// Finds out how a file is written.
///
/// # Errors
/// LW4001 to LW4005: it cannot be read, or is none of the containers.
pub(super) fn layout(file: &SourceFile) -> Result<Layout, ExtractError> {
    let (head, whole) = head(file)?;
    let mut format = Format::new(Container::Csv);
    format.accept = vec![Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx, Container::Xls];
    format.container = match recognise(&head, whole, &format, &file.name)? {
        Recognised::One(container) => container,
        // Of archives, the most are workbooks; those of other files are read when they are declared.
        Recognised::Zip => Container::Xlsx,
    };
    format.accept.clear();
    let mut columns = 0;
    if matches!(format.container, Container::Csv | Container::Ndjson | Container::Json) {
        let text = text(&head, &mut format);
        if format.container == Container::Csv {
            columns = csv::layout(&text, &mut format);
        }
    }
    Ok(Layout { format, columns })
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
