//! Files: bytes to disk, compressed and encoded as each export wants it.

use crate::error::{SampleError, at, csv_at};
use crate::line::Line;
use encoding_rs::{GB18030, UTF_8};
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// A file being written, maybe through a compressor.
pub(crate) enum Output {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
    Zstd(Box<zstd::Encoder<'static, BufWriter<File>>>),
}

impl Output {
    /// Creates the file.
    pub fn create(path: &Path, compression: Compression) -> Result<Self, SampleError> {
        let file = BufWriter::with_capacity(1 << 16, File::create(path).map_err(at(path))?);
        Ok(match compression {
            Compression::None => Output::Plain(file),
            // No time and no name in the header: the same rows give the same bytes.
            Compression::Gzip => Output::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::fast()))),
            Compression::Zstd => Output::Zstd(Box::new(zstd::Encoder::new(file, 3).map_err(at(path))?)),
        })
    }

    fn close(self) -> io::Result<()> {
        match self {
            Output::Plain(file) => file,
            Output::Gzip(encoder) => encoder.finish()?,
            Output::Zstd(encoder) => encoder.finish()?,
        }
        .flush()
    }

    /// Ends the file; answers its size.
    pub fn finish(self, path: &Path) -> Result<u64, SampleError> {
        self.close().map_err(at(path))?;
        Ok(std::fs::metadata(path).map_err(at(path))?.len())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(out) => out.write(bytes),
            Output::Gzip(out) => out.write(bytes),
            Output::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(out) => out.flush(),
            Output::Gzip(out) => out.flush(),
            Output::Zstd(out) => out.flush(),
        }
    }
}

/// How the text of a CSV file is written.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Character encoding.
    pub encoding: TextEncoding,
    /// Compression.
    pub compression: Compression,
    /// Lines end as on Windows.
    pub crlf: bool,
    /// Columns in another order than declared: `order[n]` is the declared column at place n.
    pub order: Option<Vec<usize>>,
}

/// Character encodings of CSV files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    Utf8,
    /// UTF-8 with a byte-order mark.
    Utf8Bom,
    Gb18030,
}

impl TextEncoding {
    /// As accounts write it.
    pub fn name(self) -> &'static str {
        match self {
            TextEncoding::Utf8 => "utf-8",
            TextEncoding::Utf8Bom => "utf-8-bom",
            TextEncoding::Gb18030 => "gb18030",
        }
    }
}

impl Layout {
    /// Plain UTF-8.
    pub const UTF8: Layout =
        Layout { encoding: TextEncoding::Utf8, compression: Compression::None, crlf: false, order: None };
    /// GB18030 from a Windows machine.
    pub const GB18030: Layout =
        Layout { encoding: TextEncoding::Gb18030, compression: Compression::None, crlf: true, order: None };
}

/// Turns UTF-8 into a file's encoding on the way.
struct Encoded {
    out: Output,
    gb18030: bool,
    /// The beginning of a character whose end has not come yet.
    rest: Vec<u8>,
}

impl Write for Encoded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.gb18030 {
            return self.out.write(bytes);
        }
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        };
        let (text, _) = UTF_8.decode_without_bom_handling(&self.rest[..whole]);
        let (encoded, _, unmappable) = GB18030.encode(&text);
        if unmappable {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.out.write_all(&encoded)?;
        self.rest.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A CSV file being written.
pub(crate) struct CsvFile {
    path: PathBuf,
    writer: csv::Writer<Encoded>,
    order: Vec<usize>,
}

impl CsvFile {
    /// Creates the file and writes its header.
    pub fn create(path: &Path, columns: &[&str], layout: &Layout) -> Result<Self, SampleError> {
        let mut out = Output::create(path, layout.compression)?;
        if layout.encoding == TextEncoding::Utf8Bom {
            out.write_all("\u{feff}".as_bytes()).map_err(at(path))?;
        }
        let encoded = Encoded { out, gb18030: layout.encoding == TextEncoding::Gb18030, rest: Vec::new() };
        let terminator = if layout.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).buffer_capacity(1 << 16).from_writer(encoded);
        let order = layout.order.clone().unwrap_or_else(|| (0..columns.len()).collect());
        writer.write_record(order.iter().map(|&column| columns[column])).map_err(csv_at(path))?;
        Ok(CsvFile { path: path.to_path_buf(), writer, order })
    }

    /// Writes a row, with this text in this column instead of its own, if any.
    pub fn row(&mut self, line: &Line, instead: Option<(usize, &str)>) -> Result<(), SampleError> {
        let text = |&column: &usize| match instead {
            Some((at, text)) if at == column => text,
            _ => line.get(column),
        };
        self.writer.write_record(self.order.iter().map(text)).map_err(csv_at(&self.path))
    }

    /// Ends the file; answers its size.
    pub fn finish(self) -> Result<u64, SampleError> {
        let path = self.path;
        let encoded = self.writer.into_inner().map_err(|error| at(&path)(error.into_error()))?;
        encoded.out.finish(&path)
    }
}
