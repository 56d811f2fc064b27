//! A file of a disk whose bytes are had at any place, and are always those of one version.

use crate::fault::StoreFault;
use crate::stream::{Trouble, left_in};
use bytes::Bytes;
use lakewarden_extract::ReadAt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A file as it was when it was opened. What takes its place under its name meanwhile is another one and is not read;
/// a file that is itself written to is refused.
pub(crate) struct DiskFile(Arc<Inner>);

struct Inner {
    /// One place at a time: the positions of handles that are made of another are the same on some systems.
    file: Mutex<File>,
    size: u64,
    modified: Option<SystemTime>,
    trouble: Trouble,
}

impl DiskFile {
    /// Takes hold of it. What goes wrong later is left in `trouble`.
    pub(crate) fn open(path: &Path, trouble: &Trouble) -> io::Result<Self> {
        let file = File::open(path)?;
        let now = file.metadata()?;
        let (size, modified) = (now.len(), now.modified().ok());
        Ok(Self(Arc::new(Inner { file: Mutex::new(file), size, modified, trouble: trouble.clone() })))
    }
}

impl Inner {
    /// Fills a buffer from a place on. Nothing that was read is of use if the file changed before or meanwhile.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(into));
        if self.is_same(&file.metadata()?) { read } else { Err(left_in(&self.trouble, StoreFault::Changed)) }
    }

    fn is_same(&self, now: &Metadata) -> bool {
        (now.len(), now.modified().ok()) == (self.size, self.modified)
    }
}

impl ReadAt for DiskFile {
    fn size(&self) -> u64 {
        self.0.size
    }

    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
        let count = range.end.checked_sub(range.start).filter(|_| range.end <= self.0.size);
        let count = count.and_then(|count| usize::try_from(count).ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut bytes = vec![0; count];
        self.0.read(range.start, &mut bytes)?;
        Ok(bytes.into())
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Stream { file: self.0.clone(), at: 0 }))
    }
}

/// Reads it from its beginning.
struct Stream {
    file: Arc<Inner>,
    at: u64,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.file.size - self.at).unwrap_or(usize::MAX);
        let count = rest.min(into.len());
        // At its end as well: that the file is still the same is what the end says.
        self.file.read(self.at, &mut into[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}
