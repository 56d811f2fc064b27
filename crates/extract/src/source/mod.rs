//! From a place in storage to UTF-8 text or whole bytes.

mod blocks;
mod compression;
mod container;
mod counted;
mod decoding;
mod detect;
mod fault;
mod ranges;
mod raw;

pub(crate) use blocks::{Blocks, Reader};
pub(crate) use compression::{Unpacked, decompressed};
pub(crate) use container::{Recognised, recognise};
pub(crate) use counted::{Allowance, Member};
pub(crate) use decoding::{Decoding, MALFORMED};
pub(crate) use fault::{ReadFault, classify};
pub use ranges::{Ranges, ReadAt};
pub(crate) use raw::RawSource;

use std::io::{self, Read};
use std::sync::Arc;

/// One file of a dataset, wherever it lies.
pub struct SourceFile {
    /// What messages and accounts call it.
    pub name: String,
    /// Opens it at its beginning; may be called more than once.
    #[allow(clippy::type_complexity)]
    pub open: Box<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>,
    /// Its size in bytes, for progress; 0 if unknown.
    pub size: u64,
    /// How its bytes can be had at any place, where the storage allows that.
    pub ranges: Option<Ranges>,
}

impl SourceFile {
    /// A file that can only be read from its beginning. The fields say what each of these is.
    pub fn new(
        name: impl Into<String>,
        size: u64,
        open: impl Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), size, open: Box::new(open), ranges: None }
    }

    /// The same file, of which a large one may be read by ranges.
    #[must_use]
    pub fn with_ranges(mut self, open: impl Fn() -> io::Result<Arc<dyn ReadAt>> + Send + Sync + 'static) -> Self {
        self.ranges = Some(Ranges { open: Box::new(open), above: Ranges::ABOVE });
        self
    }
}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceFile").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

/// The SHA-256 of a file's bytes as they lie there, lower-case hexadecimal: what a file is recognised by
/// that was loaded before, under whatever name.
///
/// # Errors
/// Whatever opening or reading the file gives.
pub fn checksum(file: &SourceFile) -> io::Result<String> {
    let raw = RawSource::new((file.open)()?);
    raw.drain()?;
    Ok(raw.sha256())
}

/// Reads until `buffer` holds `want` bytes or the source ends; says whether it ended.
pub(crate) fn fill(source: &mut impl Read, buffer: &mut Vec<u8>, want: usize) -> io::Result<bool> {
    while buffer.len() < want {
        let missing = (want - buffer.len()) as u64;
        if source.by_ref().take(missing).read_to_end(buffer)? == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
