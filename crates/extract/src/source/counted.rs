//! What comes out of a compressed stream, held against what went in.

use super::fault::{ReadFault, fault_of};
use lakewarden_dictionary::Limits;
use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes that pass.
pub(crate) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { inner, count: count.clone() }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// How much may come out, of one stream or of several together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Bytes out for each byte in.
    pub expansion: u32,
    /// Bytes out in all.
    pub size: u64,
    /// Which limit `size` is.
    pub key: &'static str,
}

impl Allowance {
    /// Of a compressed file that is read as a stream.
    pub(crate) fn streamed(limits: &Limits) -> Self {
        Self { expansion: limits.expansion, size: limits.size, key: "size" }
    }

    /// Of a compressed file that is held unpacked.
    pub(crate) fn held(limits: &Limits) -> Self {
        Self { expansion: limits.expansion, size: limits.held, key: "held" }
    }

    /// Says whether so much may have come out of so little.
    pub(crate) fn check(&self, given: u64, taken: u64) -> Result<(), ReadFault> {
        if given > Limits::FREE && given / u64::from(self.expansion.max(1)) > taken {
            return Err(ReadFault::Expands(self.expansion));
        }
        if given > self.size { Err(ReadFault::TooLarge { key: self.key, limit: self.size }) } else { Ok(()) }
    }
}

/// A decoder under an allowance. Its own errors are said to be those of `what`; those from below pass.
pub(crate) struct Expanding<'a, R> {
    pub inner: R,
    pub what: &'static str,
    pub allowance: Allowance,
    /// How much went in so far.
    pub taken: Box<dyn Fn() -> u64 + Send + 'a>,
    /// How much came out so far.
    pub given: u64,
}

impl<R: Read> Read for Expanding<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|e| told(e, self.what))?;
        self.given += n as u64;
        self.allowance.check(self.given, (self.taken)())?;
        Ok(n)
    }
}

/// Says of a decoder's error which decoder it was.
fn told(error: io::Error, what: &'static str) -> io::Error {
    if fault_of(&error).is_some() {
        error
    } else if error.kind() == io::ErrorKind::UnexpectedEof {
        ReadFault::CutShort(what).into()
    } else {
        ReadFault::Damaged(what).into()
    }
}

/// A member of an archive under the allowance of the whole archive.
pub(crate) struct Member<'a, R> {
    inner: R,
    allowance: Allowance,
    /// Bytes that it takes up in the archive.
    packed: u64,
    own: u64,
    /// Bytes that came out of all members.
    all: &'a Cell<u64>,
}

impl<'a, R> Member<'a, R> {
    pub(crate) fn new(inner: R, allowance: Allowance, packed: u64, all: &'a Cell<u64>) -> Self {
        Self { inner, allowance, packed, own: 0, all }
    }
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|e| told(e, "zip"))?;
        self.own += n as u64;
        self.all.set(self.all.get() + n as u64);
        self.allowance.check(self.own, self.packed)?;
        self.allowance.check(self.all.get(), u64::MAX)?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_megabytes_are_free_and_the_rest_is_not() {
        let allowance = Allowance { expansion: 10, size: 1 << 30, key: "size" };
        let over = Limits::FREE + 10;
        assert_eq!(allowance.check(Limits::FREE, 1), Ok(()));
        assert_eq!(allowance.check(over, 1), Err(ReadFault::Expands(10)));
        assert_eq!(allowance.check(over, over / 10), Ok(()));
        assert_eq!(allowance.check((1 << 30) + 1, 1 << 30), Err(ReadFault::TooLarge { key: "size", limit: 1 << 30 }));
    }
}
