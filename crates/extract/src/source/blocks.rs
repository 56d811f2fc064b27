//! A file that is read at any place, in blocks of which a few are kept: little of it is in memory at a time, and a
//! storage far away is not asked for every few bytes.

use super::fault::ReadFault;
use super::ranges::{Held, ReadAt};
use bytes::Bytes;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bytes of all blocks that are kept, at most: half of what may be held, and no more than this.
const KEPT: u64 = 64 << 20;
/// The same, however little may be held.
const LEAST: u64 = 8 << 20;
/// Bytes of one block, at most and at least.
const LARGEST: u64 = 4 << 20;
const SMALLEST: u64 = 64 << 10;

/// A handle; its clones share what is kept.
#[derive(Clone)]
pub(crate) struct Blocks {
    inner: Arc<Inner>,
}

struct Inner {
    file: Arc<dyn ReadAt>,
    size: u64,
    /// Bytes of a block; the last one of a file may be smaller.
    block: u64,
    /// How many blocks are kept.
    most: usize,
    /// Bytes that may be asked for at once.
    limit: u64,
    /// Number of the block and its bytes, the one used last at the end.
    kept: Mutex<Vec<(u64, Bytes)>>,
    /// What was wrong first. Libraries between here and whoever asks do not pass it on.
    fault: Arc<OnceLock<ReadFault>>,
}

impl Blocks {
    /// Those of a file that is read by ranges at one place at a time. No more than `limit` bytes are asked for at once.
    pub(crate) fn of(file: Arc<dyn ReadAt>, limit: u64) -> Self {
        Self::with(file, LARGEST, 3, limit, Arc::default())
    }

    /// A file that is held in memory is one block.
    pub(crate) fn held(bytes: Vec<u8>) -> Self {
        let block = (bytes.len() as u64).max(1);
        Self::with(Arc::new(Held(bytes.into())), block, 1, u64::MAX, Arc::default())
    }

    fn with(file: Arc<dyn ReadAt>, block: u64, most: usize, limit: u64, fault: Arc<OnceLock<ReadFault>>) -> Self {
        let size = file.size();
        Self { inner: Arc::new(Inner { file, size, block, most, limit, kept: Mutex::default(), fault }) }
    }

    /// The same file in blocks so small that each of so many places can have its own.
    pub(crate) fn for_places(&self, places: usize) -> Self {
        let Inner { file, size, block, limit, fault, .. } = &*self.inner;
        if block >= size {
            return self.clone();
        }
        let kept = (*limit / 2).clamp(LEAST, KEPT);
        let own = (kept / (places as u64 + 1)).clamp(SMALLEST, LARGEST);
        let most = usize::try_from(kept / own).unwrap_or(usize::MAX).min(places + 2);
        Self::with(file.clone(), own, most, *limit, fault.clone())
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.inner.size
    }

    /// What kept the file from being read, if that is why something failed.
    pub(crate) fn fault(&self) -> Option<ReadFault> {
        self.inner.fault.get().copied()
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// `UnexpectedEof` if it does not lie within the file; what the storage says; that it is larger than may be.
    pub(crate) fn bytes(&self, range: Range<u64>) -> io::Result<Bytes> {
        let Inner { size, block, limit, .. } = &*self.inner;
        if range.start > range.end || range.end > *size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = range.end - range.start;
        if count > *limit {
            return Err(self.failed(ReadFault::TooLarge { key: "held", limit: *limit }));
        }
        if count == 0 {
            return Ok(Bytes::new());
        }
        let (first, last) = (range.start / block, (range.end - 1) / block);
        let begin = (range.start - first * block) as usize;
        if first == last {
            return Ok(self.block(first)?.slice(begin..begin + count as usize));
        }
        let mut bytes = Vec::with_capacity(count as usize);
        bytes.extend_from_slice(&self.block(first)?[begin..]);
        // What lies between would only drive other blocks out.
        if last - first > 1 {
            bytes.extend_from_slice(&self.fetch((first + 1) * block..last * block)?);
        }
        bytes.extend_from_slice(&self.block(last)?[..(range.end - last * block) as usize]);
        Ok(bytes.into())
    }

    /// Reads on from a place.
    pub(crate) fn reader(&self, at: u64) -> Reader {
        Reader { blocks: self.clone(), at, start: 0, block: Bytes::new() }
    }

    /// A block that lies within the file.
    fn block(&self, number: u64) -> io::Result<Bytes> {
        let Inner { size, block, most, kept, .. } = &*self.inner;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().rposition(|(own, _)| *own == number) {
            kept[place..].rotate_left(1);
        } else {
            if kept.len() >= *most {
                kept.remove(0);
            }
            let start = number * block;
            kept.push((number, self.fetch(start..start.saturating_add(*block).min(*size))?));
        }
        Ok(kept.last().map(|(_, bytes)| bytes.clone()).unwrap_or_default())
    }

    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let count = range.end - range.start;
        match self.inner.file.read_at(range) {
            Ok(bytes) if bytes.len() as u64 == count => Ok(bytes),
            Ok(_) => Err(self.failed(ReadFault::Storage(io::ErrorKind::UnexpectedEof))),
            Err(error) => Err(self.failed(ReadFault::Storage(error.kind()))),
        }
    }

    fn failed(&self, fault: ReadFault) -> io::Error {
        self.inner.fault.get_or_init(|| fault);
        fault.into()
    }
}

/// Reads a file from any place on.
pub(crate) struct Reader {
    blocks: Blocks,
    at: u64,
    /// Where `block` begins.
    start: u64,
    block: Bytes,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.blocks.size() || buffer.is_empty() {
            return Ok(0);
        }
        if !(self.start..self.start + self.block.len() as u64).contains(&self.at) {
            let number = self.at / self.blocks.inner.block;
            self.block = self.blocks.block(number)?;
            self.start = number * self.blocks.inner.block;
        }
        let rest = &self.block[(self.at - self.start) as usize..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.blocks.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A file that remembers which ranges it was asked for.
    struct Asked(Bytes, Mutex<Vec<Range<u64>>>);

    impl ReadAt for Asked {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
            self.1.lock().unwrap().push(range.clone());
            Held(self.0.clone()).read_at(range)
        }
        fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
            Held(self.0.clone()).stream()
        }
    }

    fn numbered(count: usize) -> Bytes {
        (0..count).map(|n| n as u8).collect()
    }

    fn in_tens(count: usize, most: usize, limit: u64) -> (Blocks, Arc<Asked>) {
        let file = Arc::new(Asked(numbered(count), Mutex::default()));
        (Blocks::with(file.clone(), 10, most, limit, Arc::default()), file)
    }

    #[test]
    fn ranges_are_what_they_are_of_the_whole() {
        for count in [0, 1, 9, 10, 11, 47] {
            let (blocks, _) = in_tens(count, 2, 100);
            let whole = Blocks::held(numbered(count).into());
            for from in 0..=count as u64 {
                for to in from..=count as u64 {
                    let expected = numbered(count).slice(from as usize..to as usize);
                    assert_eq!(blocks.bytes(from..to).unwrap(), expected);
                    assert_eq!(whole.bytes(from..to).unwrap(), expected);
                }
                let mut rest = Vec::new();
                blocks.reader(from).read_to_end(&mut rest).unwrap();
                assert_eq!(rest, numbered(count).slice(from as usize..));
            }
        }
    }

    #[test]
    fn each_block_is_asked_for_once_while_it_is_kept() {
        let (blocks, file) = in_tens(95, 2, 100);
        for range in [3..5, 5..12, 12..14, 8..10, 18..61, 60..62, 90..95] {
            blocks.bytes(range).unwrap();
        }
        let asked = file.1.lock().unwrap().clone();
        assert_eq!(asked, [0..10, 10..20, 20..60, 60..70, 90..95]);
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)]
    fn what_is_not_there_or_too_large_is_not_asked_for() {
        let (blocks, file) = in_tens(95, 2, 20);
        for beyond in [95..96, 0..u64::MAX, u64::MAX..u64::MAX, 9..3] {
            assert_eq!(blocks.bytes(beyond).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
        assert!(blocks.fault().is_none());
        assert!(blocks.bytes(0..21).is_err());
        assert_eq!(blocks.fault(), Some(ReadFault::TooLarge { key: "held", limit: 20 }));
        assert_eq!(file.1.lock().unwrap().len(), 0);
        assert_eq!(blocks.reader(u64::MAX).read(&mut [0; 4]).unwrap(), 0);
        assert!(blocks.reader(3).seek(SeekFrom::Current(-4)).is_err());
    }

    #[test]
    fn many_places_share_what_is_kept() {
        struct Large;
        impl ReadAt for Large {
            fn size(&self) -> u64 {
                1 << 40
            }
            fn read_at(&self, _: Range<u64>) -> io::Result<Bytes> {
                Err(io::ErrorKind::TimedOut.into())
            }
            fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
                Err(io::ErrorKind::TimedOut.into())
            }
        }
        for (limit, kept) in [(100, LEAST), (32 << 20, 16 << 20), (u64::MAX, KEPT)] {
            let blocks = Blocks::of(Arc::new(Large), limit);
            for places in [0, 1, 14, 15, 100, 1000, 16_384] {
                let Inner { block, most, .. } = &*blocks.for_places(places).inner;
                let room_for_all = places as u64 * SMALLEST < kept;
                assert!(*block * *most as u64 <= kept, "{places} places: {most} of {block}");
                assert!(*block >= SMALLEST && (!room_for_all || *most > places), "{places} places: {most} of {block}");
            }
        }
        let blocks = Blocks::of(Arc::new(Large), 100);
        assert!(blocks.for_places(3).bytes(5..6).is_err());
        assert_eq!(blocks.fault(), Some(ReadFault::Storage(io::ErrorKind::TimedOut)), "told to all");
    }
}
