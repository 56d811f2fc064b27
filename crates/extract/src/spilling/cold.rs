//! Entries by the hash of a key, in a temporary file.

use super::{Entry, KeyRoom, SpillError, bucket};
use fastbloom::AtomicBloomFilter;
use hashbrown::HashTable;
use lakewarden_privacy::Blinding;
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, TableDefinition};
use std::fmt;
use std::io::ErrorKind;

/// Bytes of a file that are held in memory.
pub(super) const CACHE: usize = 16 << 20;
/// Parts in which entries are sorted, so that sorting takes little memory.
const PARTS: u128 = 16;
/// Hash functions of a filter: the best where it has nine bits for a key.
const HASHES: u32 = 6;
/// Keys are hashes under the run's seed already.
const SEED: u128 = 0;
/// The entries of a file: hidden key → the rest of the entry.
const ENTRIES: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("entries");

/// Entries in a temporary file that has no name: it goes with the process, however that ends. What it leaves on the disk
/// says nothing of the keys: they are hidden, for who knows how they are hashed could else try values out.
pub(super) struct Cold {
    database: Database,
    blinding: Blinding,
    /// Says of most keys that it does not have that it does not. Without room for it, the file is looked into for each.
    filter: Option<AtomicBloomFilter>,
    room: KeyRoom,
    /// Bytes that it takes of memory.
    taken: u64,
}

impl Cold {
    pub(super) fn new(room: KeyRoom) -> Result<Self, SpillError> {
        let blinding = room.blinding().cloned().ok_or(SpillError { kind: ErrorKind::Unsupported })?;
        let file = tempfile::tempfile().map_err(|e| SpillError { kind: e.kind() })?;
        let backend = FileBackend::new(file).map_err(SpillError::of)?;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let database = builder.create_with_backend(backend).map_err(SpillError::of)?;
        let mut writing = database.begin_write().map_err(SpillError::of)?;
        writing.set_durability(Durability::None).map_err(SpillError::of)?;
        writing.open_table(ENTRIES).map_err(SpillError::of)?;
        writing.commit().map_err(SpillError::of)?;
        let size = room.most() / 16;
        let filter = (size >= 1024 && room.try_take(size)).then(|| {
            let bits = usize::try_from(size).unwrap_or(usize::MAX / 8) * 8;
            AtomicBloomFilter::with_num_bits(bits).seed(&SEED).hashes(HASHES)
        });
        room.take(CACHE as u64);
        let taken = CACHE as u64 + if filter.is_some() { size } else { 0 };
        Ok(Self { database, blinding, filter, room, taken })
    }

    fn may_have(&self, key: u128) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.contains_hash(bucket(key)))
    }

    /// Adds entries; those that it has of the same keys are gone.
    pub(super) fn put<E: Entry>(&self, entries: &HashTable<E>) -> Result<(), SpillError> {
        let mut writing = self.database.begin_write().map_err(SpillError::of)?;
        // Nobody reads it after this process.
        writing.set_durability(Durability::None).map_err(SpillError::of)?;
        {
            let mut table = writing.open_table(ENTRIES).map_err(SpillError::of)?;
            let (mut part, mut rest) = (Vec::with_capacity(entries.len() / 8), Vec::with_capacity(32));
            for number in 0..PARTS {
                part.clear();
                let hidden = entries.iter().map(|entry| (self.blinding.of(entry.key()), entry));
                part.extend(hidden.filter(|(key, _)| key >> 124 == number));
                part.sort_unstable_by_key(|(key, _): &(u128, &E)| *key);
                for (key, entry) in &part {
                    rest.clear();
                    entry.write(&mut rest);
                    self.filter.iter().for_each(|filter| _ = filter.insert_hash(bucket(entry.key())));
                    table.insert(key, rest.as_slice()).map_err(SpillError::of)?;
                }
            }
        }
        writing.commit().map_err(SpillError::of)
    }

    /// The entries of these keys, as far as it has them.
    pub(super) fn get<E: Entry>(&self, keys: &[u128]) -> Result<Vec<Option<E>>, SpillError> {
        let reading = self.database.begin_read().map_err(SpillError::of)?;
        let table = reading.open_table(ENTRIES).map_err(SpillError::of)?;
        // In the file's order, those that it may have.
        let wanted = keys.iter().enumerate().filter(|(_, key)| self.may_have(**key));
        let mut wanted: Vec<(u128, usize)> = wanted.map(|(at, key)| (self.blinding.of(*key), at)).collect();
        wanted.sort_unstable();
        let mut entries = vec![None; keys.len()];
        for (hidden, at) in wanted {
            if let Some(rest) = table.get(hidden).map_err(SpillError::of)? {
                let damaged = SpillError { kind: ErrorKind::InvalidData };
                entries[at] = Some(E::read(keys[at], rest.value()).ok_or(damaged)?);
            }
        }
        Ok(entries)
    }
}

impl Drop for Cold {
    fn drop(&mut self) {
        self.room.give(self.taken);
    }
}

impl fmt::Debug for Cold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cold")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lakewarden_privacy::{KeyRing, MasterKey};
    use redb::ReadableTable;

    #[test]
    fn no_hash_is_in_the_file() {
        let blinding = KeyRing::new(MasterKey::from_bytes([7; 32]), 1).blinding("keys", 1);
        let cold = Cold::new(KeyRoom::of(1 << 20, blinding)).unwrap();
        let keys: Vec<u128> = (0..100).map(|n| xxhash_rust::xxh3::xxh3_128(&[n])).collect();
        let mut entries = HashTable::new();
        for key in &keys {
            entries.insert_unique(bucket(*key), *key, |key| bucket(*key));
        }
        cold.put(&entries).unwrap();
        assert_eq!(cold.get::<u128>(&keys).unwrap(), keys.iter().copied().map(Some).collect::<Vec<_>>());
        let reading = cold.database.begin_read().unwrap();
        let table = reading.open_table(ENTRIES).unwrap();
        let stored: Vec<u128> = table.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect();
        assert_eq!(stored.len(), keys.len());
        assert!(keys.iter().all(|key| !stored.contains(key)));
    }

    #[test]
    fn nothing_is_put_aside_that_could_not_be_hidden() {
        assert_eq!(Cold::new(KeyRoom::default()).unwrap_err(), SpillError { kind: ErrorKind::Unsupported });
    }
}
