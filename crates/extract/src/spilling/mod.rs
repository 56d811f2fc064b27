//! Entries by the hash of a key: in memory as far as there is room, the rest in a temporary file.
//!
//! What is asked of an entry is answered from memory alone. So whoever will ask for keys says which before, with
//! [`Spilling::ready`]: that makes room for as many new entries, and fetches those that lie in the file.

mod cold;
mod room;

pub use room::KeyRoom;

use cold::Cold;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use std::io::ErrorKind;
use std::sync::Arc;

/// Entries that have no room in memory cannot be put into a temporary file, or not be fetched from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keys beyond the memory budget cannot be kept in a temporary file: {kind}")]
pub struct SpillError {
    /// What the operating system says.
    pub kind: ErrorKind,
}

impl SpillError {
    /// Its code.
    pub const CODE: &str = "LW4054";

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        "make room in the folder for temporary files (the variable TMPDIR names it), or raise `memory_budget` in lakewarden.yaml"
    }

    pub(super) fn of(error: impl Into<redb::Error>) -> Self {
        let kind = match error.into() {
            redb::Error::Io(error) => error.kind(),
            _ => ErrorKind::Other,
        };
        Self { kind }
    }
}

/// What is known of a key.
pub(crate) trait Entry: Copy {
    /// The part of a key that entries are told apart by.
    fn part(key: u128) -> u128 {
        key
    }

    /// The key, as far as entries are told apart by it.
    fn key(&self) -> u128;

    /// Writes what is known besides the key.
    fn write(&self, into: &mut Vec<u8>);

    /// The entry of a key, and what was written of it.
    fn read(key: u128, rest: &[u8]) -> Option<Self>;
}

/// A key of which nothing else is known.
impl Entry for u128 {
    fn key(&self) -> u128 {
        *self
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn read(key: u128, _: &[u8]) -> Option<Self> {
        Some(key)
    }
}

/// Entries, at most one of a key.
#[derive(Debug)]
pub(crate) struct Spilling<E> {
    hot: HashTable<E>,
    /// Those put aside; where two know a key, the later one is right.
    cold: Vec<Arc<Cold>>,
    room: KeyRoom,
    /// Bytes that `hot` takes.
    taken: u64,
    /// Keys, wherever they are.
    len: usize,
}

impl<E> Default for Spilling<E> {
    fn default() -> Self {
        Self::new(KeyRoom::default())
    }
}

impl<E> Spilling<E> {
    pub(crate) fn new(room: KeyRoom) -> Self {
        Self { hot: HashTable::new(), cold: Vec::new(), room, taken: 0, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The room that it shares with others.
    pub(crate) fn room(&self) -> &KeyRoom {
        &self.room
    }

    fn account(&mut self) {
        let bytes = self.hot.allocation_size() as u64;
        self.room.take(bytes);
        self.room.give(self.taken);
        self.taken = bytes;
    }
}

impl<E: Clone> Clone for Spilling<E> {
    fn clone(&self) -> Self {
        let (hot, cold, room) = (self.hot.clone(), self.cold.clone(), self.room.clone());
        let mut other = Self { hot, cold, room, taken: 0, len: self.len };
        other.account();
        other
    }
}

impl<E> Drop for Spilling<E> {
    fn drop(&mut self) {
        self.room.give(self.taken);
    }
}

impl<E: Entry> Spilling<E> {
    /// Makes room for the entries of these keys, and has those in memory that are known.
    ///
    /// # Errors
    /// [`SpillError`]; the entries are then of no further use.
    pub(crate) fn ready(&mut self, keys: &[u128]) -> Result<(), SpillError> {
        self.make_room(keys.len())?;
        if self.cold.is_empty() {
            return Ok(());
        }
        let mut wanted: Vec<u128> = keys.iter().map(|key| E::part(*key)).collect();
        wanted.retain(|key| self.get(*key).is_none());
        wanted.sort_unstable();
        wanted.dedup();
        for cold in self.cold.iter().rev() {
            if wanted.is_empty() {
                break;
            }
            let found = cold.get::<E>(&wanted)?;
            let mut found = found.into_iter();
            wanted.retain(|_| match found.next().flatten() {
                Some(entry) => {
                    self.hot.insert_unique(bucket(entry.key()), entry, |kept| bucket(kept.key()));
                    false
                }
                None => true,
            });
        }
        Ok(())
    }

    /// The entry of a key for which it is ready.
    pub(crate) fn get(&self, key: u128) -> Option<&E> {
        let key = E::part(key);
        self.hot.find(bucket(key), |kept| kept.key() == key)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, key: u128) -> Option<&mut E> {
        let key = E::part(key);
        self.hot.find_mut(bucket(key), |kept| kept.key() == key)
    }

    /// Adds an entry, if it is ready for its key and has none; else it answers that one.
    pub(crate) fn put(&mut self, entry: E) -> Option<E> {
        let key = entry.key();
        match self.hot.entry(bucket(key), |kept| kept.key() == key, |kept| bucket(kept.key())) {
            Slot::Occupied(kept) => Some(*kept.get()),
            Slot::Vacant(free) => {
                free.insert(entry);
                self.len += 1;
                None
            }
        }
    }

    /// Takes back what was put since it was last made ready.
    pub(crate) fn take_back(&mut self, key: u128) {
        let key = E::part(key);
        if let Ok(kept) = self.hot.find_entry(bucket(key), |kept| kept.key() == key) {
            kept.remove();
            self.len -= 1;
        }
    }

    /// Which of these keys have an entry. It need not be ready for them.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn which(&self, keys: &[u128]) -> Result<Vec<bool>, SpillError> {
        let mut there: Vec<bool> = keys.iter().map(|key| self.get(*key).is_some()).collect();
        for cold in &self.cold {
            let missing: Vec<usize> = (0..keys.len()).filter(|at| !there[*at]).collect();
            let wanted: Vec<u128> = missing.iter().map(|at| E::part(keys[*at])).collect();
            for (at, found) in missing.into_iter().zip(cold.get::<E>(&wanted)?) {
                there[at] = found.is_some();
            }
        }
        Ok(there)
    }

    fn make_room(&mut self, more: usize) -> Result<(), SpillError> {
        let wanted = self.hot.len() + more;
        if wanted <= self.hot.capacity() {
            return Ok(());
        }
        // Buckets are a power of two, at most seven eighths of them full. While entries move, both tables are there.
        let buckets = (wanted as u64).saturating_mul(8).div_ceil(7).next_power_of_two();
        let bytes = buckets.saturating_mul(size_of::<E>() as u64 + 1);
        let may_grow = self.room.try_take(bytes);
        if may_grow || self.hot.len() < self.room.least() {
            self.hot.reserve(more, |kept| bucket(kept.key()));
        } else {
            self.spill()?;
            self.hot.reserve(more, |kept| bucket(kept.key()));
        }
        if may_grow {
            self.room.give(bytes);
        }
        self.account();
        Ok(())
    }

    /// Puts all entries aside.
    fn spill(&mut self) -> Result<(), SpillError> {
        // A file that a copy of these entries reads as well is left as it is.
        if self.cold.last().is_none_or(|last| Arc::strong_count(last) > 1) {
            self.cold.push(Arc::new(Cold::new(self.room.clone())?));
        }
        if let Some(last) = self.cold.last() {
            last.put(&self.hot)?;
        }
        self.hot = HashTable::new();
        self.account();
        Ok(())
    }
}

/// Where in a table a key stands: the half of it that is told apart whole.
fn bucket(key: u128) -> u64 {
    (key >> 64) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lakewarden_privacy::{KeyRing, MasterKey};
    use std::collections::HashMap;

    /// A key with what was last said of it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Said(u128, u32);

    impl Entry for Said {
        fn key(&self) -> u128 {
            self.0
        }

        fn write(&self, into: &mut Vec<u8>) {
            into.extend(self.1.to_le_bytes());
        }

        fn read(key: u128, rest: &[u8]) -> Option<Self> {
            Some(Self(key, u32::from_le_bytes(rest.try_into().ok()?)))
        }
    }

    fn room(bytes: u64) -> KeyRoom {
        KeyRoom::of(bytes, KeyRing::new(MasterKey::from_bytes([7; 32]), 1).blinding("keys", 1))
    }

    fn key(number: u64) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes())
    }

    /// Puts and changes entries batch by batch, beside a map that has them all.
    fn compared(room: KeyRoom, batches: u64, size: u64) -> Spilling<Said> {
        let (mut spilling, mut map) = (Spilling::<Said>::new(room), HashMap::new());
        for batch in 0..batches {
            // Half of a batch is new; the rest was there, some of it long ago.
            let number = |i: u64| {
                if i.is_multiple_of(2) { batch * size + i } else { (batch * size + i) * 7 % (batch * size + 1) }
            };
            let keys: Vec<u128> = (0..size).map(|i| key(number(i))).collect();
            spilling.ready(&keys).unwrap();
            for (key, what) in keys.iter().zip(0..) {
                let known: Option<Said> = map.get(key).map(|said| Said(*key, *said));
                assert_eq!(spilling.put(Said(*key, what)), known);
                if what % 3 == 0 {
                    spilling.get_mut(*key).unwrap().1 = what + 1;
                    map.insert(*key, what + 1);
                } else {
                    map.entry(*key).or_insert(what);
                }
            }
        }
        assert_eq!(spilling.len(), map.len());
        spilling
    }

    #[test]
    fn what_is_put_aside_is_as_if_it_were_in_memory() {
        let room = room(512 << 10);
        let spilling = compared(room.clone(), 60, 1024);
        assert_eq!(spilling.cold.len(), 1, "it had to put some aside");
        // In memory all of them would take four times as much; the file's cache is beyond the room.
        assert!(room.taken() <= (600 << 10) + cold::CACHE as u64, "{room:?}");
        assert!(spilling.hot.len() < spilling.len() / 2);
        drop(spilling);
        assert_eq!(room.taken(), 0);
        assert!(compared(KeyRoom::default(), 10, 1024).cold.is_empty());
    }

    #[test]
    fn copies_go_apart() {
        let mut one = Spilling::<u128>::new(room(0));
        let add = |spilling: &mut Spilling<u128>, numbers: std::ops::Range<u64>| {
            for from in numbers.step_by(1000) {
                let keys: Vec<u128> = (from..from + 1000).map(key).collect();
                spilling.ready(&keys).unwrap();
                keys.iter().for_each(|key| assert_eq!(spilling.put(*key), None));
            }
        };
        add(&mut one, 0..20_000);
        let mut other = one.clone();
        add(&mut other, 20_000..40_000);
        add(&mut one, 30_000..50_000);
        let which = |spilling: &Spilling<u128>, numbers: [u64; 4]| spilling.which(&numbers.map(key)).unwrap();
        assert_eq!(which(&one, [1, 25_000, 35_000, 45_000]), [true, false, true, true]);
        assert_eq!(which(&other, [1, 25_000, 35_000, 45_000]), [true, true, true, false]);
        assert_eq!((one.len(), other.len()), (40_000, 40_000));
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let mut set = Spilling::<u128>::default();
        set.ready(&[key(1)]).unwrap();
        assert_eq!(set.put(key(1)), None);
        set.take_back(key(1));
        assert_eq!((set.len(), set.put(key(1))), (0, None));
    }
}
