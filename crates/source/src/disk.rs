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

/// One version of a file: what changes when the file is written to, or when another one takes its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskVersion {
    size: u64,
    modified: Option<SystemTime>,
    identity: Option<DiskIdentity>,
}

/// Where the system has it, and when it was last changed.
#[derive(Debug, Clone, Copy)]
struct DiskIdentity {
    device: u64,
    inode: u64,
    links: u64,
    /// Seconds and nanoseconds. A program that writes, and sets the time of modification back, changes this.
    changed: (i64, i64),
}

impl DiskIdentity {
    fn is_same(self, other: Self) -> bool {
        // A name that the file gains or loses, as when another file takes its place, changes the time as well.
        let (same_names, same_time) = (self.links == other.links, self.changed == other.changed);
        (self.device, self.inode) == (other.device, other.inode) && (same_time || !same_names)
    }
}

impl DiskVersion {
    /// Reads it from what the system says of a file.
    pub(crate) fn from_metadata(metadata: &Metadata) -> Self {
        let identity = identity_of(metadata);
        Self { size: metadata.len(), modified: metadata.modified().ok(), identity }
    }

    fn is_same(self, other: Self) -> bool {
        let same_identity = match (self.identity, other.identity) {
            (Some(own), Some(other)) => own.is_same(other),
            (own, other) => own.is_none() == other.is_none(),
        };
        (self.size, self.modified) == (other.size, other.modified) && same_identity
    }
}

#[cfg(unix)]
fn identity_of(metadata: &Metadata) -> Option<DiskIdentity> {
    use std::os::unix::fs::MetadataExt;
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    Some(DiskIdentity { device: metadata.dev(), inode: metadata.ino(), links: metadata.nlink(), changed })
}

#[cfg(not(unix))]
fn identity_of(_: &Metadata) -> Option<DiskIdentity> {
    None
}

/// A file in the version in which it was listed. One that takes its name later, or that is itself written to, before or
/// while it is read, is refused: it would be loaded as a mixture that no export ever was.
pub(crate) struct DiskFile(Arc<Inner>);

struct Inner {
    /// One place at a time: the positions of handles that are made of another are the same on some systems.
    file: Mutex<File>,
    version: DiskVersion,
    trouble: Trouble,
}

impl DiskFile {
    /// Opens it. That another version was listed, and what goes wrong later, is left in `trouble`.
    pub(crate) fn open(path: &Path, listed: Option<DiskVersion>, trouble: &Trouble) -> io::Result<Self> {
        let file = File::open(path)?;
        let version = DiskVersion::from_metadata(&file.metadata()?);
        if listed.is_some_and(|listed| !listed.is_same(version)) {
            return Err(left_in(trouble, StoreFault::Changed));
        }
        Ok(Self(Arc::new(Inner { file: Mutex::new(file), version, trouble: trouble.clone() })))
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
        self.version.is_same(DiskVersion::from_metadata(now))
    }
}

impl ReadAt for DiskFile {
    fn size(&self) -> u64 {
        self.0.version.size
    }

    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
        let count = range.end.checked_sub(range.start).filter(|_| range.end <= self.0.version.size);
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
        let rest = usize::try_from(self.file.version.size - self.at).unwrap_or(usize::MAX);
        let count = rest.min(into.len());
        // At its end as well: that the file is still the same is what the end says.
        self.file.read(self.at, &mut into[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}
