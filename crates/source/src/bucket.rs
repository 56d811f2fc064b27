//! A file of a bucket whose bytes are had at any place, by requests for ranges of one version.

use crate::stream::{Remote, Trouble, left_in};
use bytes::Bytes;
use lakewarden_extract::ReadAt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Asks from a thread that is not the runtime's, as those are that read files.
pub(crate) struct BucketFile {
    pub(crate) remote: Arc<Remote>,
    pub(crate) handle: Handle,
    /// What goes wrong is left here.
    pub(crate) trouble: Trouble,
}

impl ReadAt for BucketFile {
    fn size(&self) -> u64 {
        self.remote.size
    }

    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.start > range.end || range.end > self.remote.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.handle.block_on(self.remote.range(range)).map_err(|fault| left_in(&self.trouble, fault))
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(self.remote.open(&self.handle, &self.trouble))
    }
}
