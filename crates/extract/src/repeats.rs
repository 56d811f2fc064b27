//! Rows that are not kept because another row has their key: which of them are the same row once more, and which hold
//! other values.

use crate::account::FileAccount;
use crate::keys::{Earlier, KeyError, KeySet, RowHasher};
use crate::spilling::{Entry, KeyRoom, SpillError, Spilling};
use arrow::array::{ArrayRef, RecordBatch};
use lakewarden_dictionary::{Dataset, UNIDENTIFIED_COLUMN};
use xxhash_rust::xxh3::xxh3_128;

/// What a row is whose key another row has that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// An earlier row with the same values was read; it was at this place. Of the first such row of a key that the lake
    /// has it is assumed, until [`KeySet::compare_with_lake`] has seen the lake's row.
    Duplicate(Earlier),
    /// No earlier row with the key has its values.
    Conflict,
}

/// The first row of each key and content that was not kept, without those that equal a kept row of the run: about 26 to
/// 52 bytes for each.
#[derive(Debug, Clone)]
pub(crate) struct UnkeptRows {
    rows: Spilling<UnkeptRow>,
    /// By file: rows whose key the lake has, and which equal no earlier row of the run.
    pending: Vec<u64>,
    /// Of those, the rows that equal one of the lake.
    equal: Vec<u64>,
    /// Hashes of the keys of those rows.
    keys: Spilling<u128>,
}

#[derive(Debug, Clone, Copy)]
struct UnkeptRow {
    /// Hash of its key and its content.
    id: [u64; 2],
    file: u32,
    /// Whether it equals a row of the lake.
    is_equal: bool,
}

impl Entry for UnkeptRow {
    fn key(&self) -> u128 {
        u128::from(self.id[0]) | u128::from(self.id[1]) << 64
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.extend(self.file.to_le_bytes());
        into.push(u8::from(self.is_equal));
    }

    fn read(key: u128, rest: &[u8]) -> Option<Self> {
        let (file, rest) = rest.split_first_chunk()?;
        let id = [key as u64, (key >> 64) as u64];
        Some(Self { id, file: u32::from_le_bytes(*file), is_equal: *rest.first()? == 1 })
    }
}

/// Names a row by its key and its content.
fn row_id(key: u128, content: u64) -> u128 {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&key.to_le_bytes());
    bytes[16..].copy_from_slice(&content.to_le_bytes());
    xxh3_128(&bytes)
}

impl UnkeptRows {
    pub(crate) fn new(room: &KeyRoom) -> Self {
        let (rows, keys) = (Spilling::new(room.clone()), Spilling::new(room.clone()));
        Self { rows, pending: Vec::new(), equal: Vec::new(), keys }
    }

    /// Makes ready for rows with these keys and contents.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn ready(&mut self, keys: &[u128], contents: &[u64]) -> Result<(), SpillError> {
        let ids: Vec<u128> = keys.iter().zip(contents).map(|(key, content)| row_id(*key, *content)).collect();
        self.rows.ready(&ids)?;
        self.keys.ready(keys)
    }

    /// Adds a row, for which it is ready. Returns the file of the first equal row, if there is one.
    pub(crate) fn add(&mut self, key: u128, content: u64, file: u32) -> Option<u32> {
        let id = row_id(key, content);
        let row = UnkeptRow { id: [id as u64, (id >> 64) as u64], file, is_equal: false };
        self.rows.put(row).map(|first| first.file)
    }

    /// Notes that a row just added has a key that the lake has.
    pub(crate) fn await_lake(&mut self, key: u128, file: u32) {
        *count_of(&mut self.pending, file) += 1;
        self.keys.put(key);
    }
}

fn count_of(counts: &mut Vec<u64>, file: u32) -> &mut u64 {
    let at = file as usize;
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    &mut counts[at]
}

impl KeySet {
    /// Whether rows were read whose key the lake has, so that they must be compared with the lake's.
    pub fn awaits_lake(&self) -> bool {
        self.unkept.pending.iter().any(|rows| *rows > 0)
    }

    /// Which rows of the lake have a key of the rows to be compared. `keys` has at least the dataset's key columns.
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn awaited(&self, keys: &RecordBatch, dataset: &Dataset) -> Result<Vec<bool>, KeyError> {
        Ok(self.unkept.keys.which(&self.key_hashes(keys, dataset)?)?)
    }

    /// Compares rows of the lake with those read. `rows` have all columns of the conformed table, null where the lake has
    /// none.
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn compare_with_lake(&mut self, rows: &RecordBatch, dataset: &Dataset) -> Result<(), KeyError> {
        let keys = self.key_hashes(rows, dataset)?;
        let stored = dataset.stored().map(|field| column(rows, &field.column.value)).collect::<Result<Vec<_>, _>>()?;
        let contents = content_hashes(stored, rows.num_rows(), self.seed())?;
        let ids: Vec<u128> = keys.iter().zip(&contents).map(|(key, content)| row_id(*key, *content)).collect();
        self.unkept.rows.ready(&ids)?;
        for id in ids {
            if let Some(row) = self.unkept.rows.get_mut(id)
                && !row.is_equal
            {
                row.is_equal = true;
                *count_of(&mut self.unkept.equal, row.file) += 1;
            }
        }
        Ok(())
    }

    /// Tells the accounts which rows have other values than the lake's, once all rows of the lake were compared.
    pub fn settle_conflicts(&self, accounts: &mut [FileAccount]) {
        for (at, account) in accounts.iter_mut().enumerate() {
            // Files have numbers from 1.
            account.conflict_with_lake(self.conflicts_of(at + 1));
        }
    }

    fn conflicts_of(&self, file: usize) -> u64 {
        let of = |counts: &[u64]| counts.get(file).copied().unwrap_or_default();
        of(&self.unkept.pending) - of(&self.unkept.equal)
    }

    fn key_hashes(&self, rows: &RecordBatch, dataset: &Dataset) -> Result<Vec<u128>, KeyError> {
        let columns = dataset.key.iter().map(|key| column(rows, &key.value)).collect::<Result<Vec<_>, _>>()?;
        Ok(RowHasher::new(columns, self.seed())?.hashes(rows.num_rows()))
    }
}

fn column(rows: &RecordBatch, name: &str) -> Result<ArrayRef, KeyError> {
    rows.column_by_name(name).cloned().ok_or_else(|| KeyError::Missing { column: name.to_owned() })
}

/// The columns of the conformed table that the dictionary declares, without the engine's own: what makes two rows the same.
pub(crate) fn declared_columns(rows: &RecordBatch) -> Vec<ArrayRef> {
    let schema = rows.schema();
    let named = schema.fields().iter().zip(rows.columns());
    named.filter(|(field, _)| field.name() != UNIDENTIFIED_COLUMN).map(|(_, column)| column.clone()).collect()
}

/// Hashes of rows over the given columns, 64 bits.
pub(crate) fn content_hashes(columns: Vec<ArrayRef>, rows: usize, seed: u64) -> Result<Vec<u64>, KeyError> {
    Ok(RowHasher::new(columns, seed)?.hashes(rows).into_iter().map(|hash| hash as u64).collect())
}
