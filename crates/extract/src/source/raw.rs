//! The bytes as they lie in storage, hashed and counted while they are read.

use super::fault::ReadFault;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

struct Inner {
    source: Box<dyn Read + Send>,
    hash: Sha256,
    bytes: u64,
}

/// A shared handle: one goes down into the decoders, one stays to ask for the hash afterwards.
#[derive(Clone)]
pub(crate) struct RawSource {
    inner: Arc<Mutex<Inner>>,
    meter: Option<Arc<AtomicU64>>,
}

impl RawSource {
    pub(crate) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { source, hash: Sha256::new(), bytes: 0 })), meter: None }
    }

    /// Adds what is read to a counter that others watch.
    pub(crate) fn metered(mut self, meter: Arc<AtomicU64>) -> Self {
        self.meter = Some(meter);
        self
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what the decoders left, so that the hash covers every byte.
    pub(crate) fn drain(&self) -> io::Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        let mut handle = self.clone();
        while handle.read(&mut buffer)? > 0 {}
        Ok(())
    }

    /// SHA-256 of the bytes read so far, lower-case hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        self.lock().hash.clone().finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.lock().bytes
    }
}

impl Read for RawSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.lock();
        let n = loop {
            match inner.source.read(buffer) {
                Ok(n) => break n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(ReadFault::Storage(e.kind()).into()),
            }
        };
        inner.hash.update(&buffer[..n]);
        inner.bytes += n as u64;
        if let Some(meter) = &self.meter {
            meter.fetch_add(n as u64, Ordering::Relaxed);
        }
        Ok(n)
    }
}
