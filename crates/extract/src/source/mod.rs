//! From a place in storage to UTF-8 text or whole bytes.

mod compression;
mod container;
mod counted;
mod decoding;
mod detect;
mod fault;
mod raw;

pub(crate) use compression::decompressed;
pub(crate) use container::{Recognised, recognise};
pub(crate) use counted::{Allowance, Member};
pub(crate) use decoding::Decoding;
pub(crate) use fault::{ReadFault, classify};
pub(crate) use raw::RawSource;

use std::io::{self, Read};

/// One file of a dataset, wherever it lies.
pub struct SourceFile {
    /// What messages and accounts call it.
    pub name: String,
    /// Opens it at its beginning; may be called more than once.
    #[allow(clippy::type_complexity)]
    pub open: Box<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>,
    /// Its size in bytes, for progress; 0 if unknown.
    pub size: u64,
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
