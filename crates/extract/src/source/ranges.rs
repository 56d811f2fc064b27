//! Files whose bytes can be had at any place, for containers whose directory stands at their end.

use bytes::{Buf, Bytes};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

/// One version of a file, whose bytes can be had at any place. That it is always the same version is what whoever
/// implements this vouches for: a file that changes meanwhile gives an error, not bytes of two versions.
pub trait ReadAt: Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// The bytes of a range, all of them. The range lies within the file.
    ///
    /// # Errors
    /// What the storage says, or that the file changed.
    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes>;

    /// The bytes of the same version from its beginning to its end.
    ///
    /// # Errors
    /// What the storage says, or that the file changed.
    fn stream(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// That a file can be read by ranges, and from which size on it is worth it.
pub struct Ranges {
    /// Takes hold of the file as it is now; is called once a reading.
    #[allow(clippy::type_complexity)]
    pub open: Box<dyn Fn() -> io::Result<Arc<dyn ReadAt>> + Send + Sync>,
    /// Files larger than this, in bytes, or than the limit `held`, are read by ranges. Smaller ones are held in memory:
    /// they are read once, not a second time for their checksum.
    pub above: u64,
}

impl Ranges {
    /// How large a file is held in memory, where nothing else is said.
    pub const ABOVE: u64 = 64 << 20;
}

/// A file that is held in memory.
pub(super) struct Held(pub(super) Bytes);

impl ReadAt for Held {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
        let place = |at: u64| usize::try_from(at).map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof));
        let (from, to) = (place(range.start)?, place(range.end)?);
        if from > to || to > self.0.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.0.slice(from..to))
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.0.clone().reader()))
    }
}
