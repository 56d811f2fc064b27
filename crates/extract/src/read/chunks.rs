//! A file as the Parquet reader asks for it.

use crate::source::{Blocks, Reader};
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{Read, Take};

/// Bytes of one page's header at most. What is longer says that its statistics have no end.
const HEADER: u64 = 64 << 20;

/// Gives pages and their headers. No more is asked for than there is, whatever the footer says.
pub(super) struct Chunks(pub(super) Blocks);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = Take<Reader>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        if start > self.0.size() {
            return Err(beyond());
        }
        Ok(self.0.reader(start).take(HEADER))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64).ok_or_else(beyond)?;
        Ok(self.0.bytes(start..end)?)
    }
}

fn beyond() -> ParquetError {
    ParquetError::EOF("a place beyond the end of the file".to_owned())
}
