//! Hashes of rows, and the set of those seen.

use crate::standings::Standings;
use crate::unique::UniqueValues;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as Arrow, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use lakewarden_dictionary::Dataset;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The keys of rows seen, as 96-bit hashes of their conformed key columns, each with 32 bits that say where it was seen
/// first: about 19 to 39 bytes a row.
///
/// Two different keys with one hash would make one row a duplicate of another; among 100 million rows
/// the chance of any is 10⁻¹³, and the seed keeps a stranger from looking for one.
#[derive(Debug, Clone)]
pub struct KeySet {
    seed: u64,
    /// The hash; its lowest 32 bits are [`LAKE`] or the number of the file, from 1.
    hashes: HashTable<u128>,
    /// The file being read.
    file: u32,
    /// How new rows compare, where later ones may survive: then the set itself stays empty.
    standings: Option<Box<Standings>>,
    /// Values of columns that must be unique.
    pub(crate) unique: UniqueValues,
}

/// Where keys of the lake were seen.
const LAKE: u32 = 0;

/// Where a row with the same key was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    SameFile,
    OtherFile,
    Lake,
}

/// Key columns that a batch does not have, or that cannot be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// LW4040: the batch lacks a key column.
    #[error("the key column `{column}` is missing")]
    Missing {
        /// The column.
        column: String,
    },
    /// LW4041: a type no conformed column has.
    #[error("a key column has the type {data_type}, which no conformed column has")]
    Type {
        /// The type.
        data_type: Arrow,
    },
}

impl KeySet {
    /// An empty set; `seed` must be the run's [`crate::ExtractContext::seed`].
    pub fn new(seed: u64) -> Self {
        Self { seed, hashes: HashTable::new(), file: LAKE, standings: None, unique: UniqueValues::default() }
    }

    /// What it takes for a dataset whose later rows may survive instead of earlier ones. It holds the rows of the files
    /// and not the lake's: those are met afterwards, see [`Standings`].
    pub fn competing(seed: u64, dataset: &Dataset) -> Self {
        Self { standings: Some(Box::new(Standings::new(seed, dataset))), ..Self::new(seed) }
    }

    /// How the rows of the files compared, if they did.
    pub fn into_standings(self) -> Option<Standings> {
        self.standings.map(|standings| *standings)
    }

    /// Adds the rows of a conformed table that the lake already holds. `key` names the dataset's key
    /// columns, in the dataset's order. Text may come as any string type, instants in any unit.
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn observe(&mut self, batch: &RecordBatch, key: &[&str]) -> Result<(), KeyError> {
        let columns = key
            .iter()
            .map(|name| {
                batch.column_by_name(name).cloned().ok_or_else(|| KeyError::Missing { column: (*name).to_owned() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.reserve(batch.num_rows());
        for hash in RowHasher::new(columns, self.seed)?.hashes(batch.num_rows()) {
            self.put(hash, LAKE);
        }
        Ok(())
    }

    /// How many keys it holds.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The seed it was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Adds the values of one column, without its nulls: a set that other datasets may refer to.
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn observe_values(&mut self, batch: &RecordBatch, column: &str) -> Result<(), KeyError> {
        for hash in self.values_of(batch, column)? {
            self.put(hash, LAKE);
        }
        Ok(())
    }

    /// The hashes of a column's values, without its nulls.
    pub(crate) fn values_of(&self, batch: &RecordBatch, column: &str) -> Result<Vec<u128>, KeyError> {
        let array = batch.column_by_name(column).ok_or_else(|| KeyError::Missing { column: column.to_owned() })?;
        let hashes = RowHasher::new([array.clone()], self.seed)?.hashes(array.len());
        Ok(hashes.into_iter().enumerate().filter(|(row, _)| array.is_valid(*row)).map(|(_, hash)| hash).collect())
    }

    /// Whether it holds a key.
    pub(crate) fn contains(&self, hash: u128) -> bool {
        self.hashes.find(bucket(hash), |kept| is_same(*kept, hash)).is_some()
    }

    /// Takes a key back: its row was not written after all.
    pub(crate) fn remove(&mut self, hash: u128) {
        if let Ok(kept) = self.hashes.find_entry(bucket(hash), |kept| is_same(*kept, hash)) {
            kept.remove();
        }
    }

    /// The next file begins.
    pub(crate) fn next_file(&mut self) {
        self.file = self.file.saturating_add(1);
        if let Some(standings) = &mut self.standings {
            standings.next_file();
        }
    }

    /// Adds a key; says where it was seen before, if it was.
    pub(crate) fn insert(&mut self, hash: u128) -> Option<Earlier> {
        self.put(hash, self.file).map(|file| match file {
            LAKE => Earlier::Lake,
            file if file == self.file => Earlier::SameFile,
            _ => Earlier::OtherFile,
        })
    }

    /// How new rows compare, where later ones may survive.
    pub(crate) fn standings(&mut self) -> Option<&mut Standings> {
        self.standings.as_deref_mut()
    }

    /// Makes room.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.hashes.reserve(more, |kept| bucket(*kept));
    }

    fn put(&mut self, hash: u128, file: u32) -> Option<u32> {
        match self.hashes.entry(bucket(hash), |kept| is_same(*kept, hash), |kept| bucket(*kept)) {
            Entry::Occupied(kept) => Some(*kept.get() as u32),
            Entry::Vacant(free) => {
                free.insert(hash >> 32 << 32 | u128::from(file));
                None
            }
        }
    }
}

/// Whether two hashes are one, wherever each was seen.
fn is_same(kept: u128, hash: u128) -> bool {
    (kept ^ hash) >> 32 == 0
}

/// Where in the table a hash stands: the half of it that is kept whole.
fn bucket(hash: u128) -> u64 {
    (hash >> 64) as u64
}

/// Hashes rows of some columns. Equal values have equal hashes whatever batch they are in.
pub(crate) struct RowHasher {
    columns: Vec<Part>,
    seed: u64,
}

enum Part {
    Text(StringArray),
    /// The bytes of values of this width.
    Fixed(Vec<u8>, usize, Option<NullBuffer>),
}

impl RowHasher {
    pub(crate) fn new(columns: impl IntoIterator<Item = ArrayRef>, seed: u64) -> Result<Self, KeyError> {
        Ok(Self { columns: columns.into_iter().map(|c| part(&c)).collect::<Result<_, _>>()?, seed })
    }

    /// The hash of each of the first `rows` rows.
    pub(crate) fn hashes(&self, rows: usize) -> Vec<u128> {
        let mut bytes = Vec::with_capacity(256);
        (0..rows)
            .map(|row| {
                bytes.clear();
                for part in &self.columns {
                    match part {
                        Part::Text(text) if text.is_valid(row) => {
                            let value = text.value(row).as_bytes();
                            bytes.push(1);
                            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                            bytes.extend_from_slice(value);
                        }
                        Part::Fixed(values, width, nulls) if nulls.as_ref().is_none_or(|n| n.is_valid(row)) => {
                            bytes.push(1);
                            bytes.extend_from_slice(&values[row * width..][..*width]);
                        }
                        _ => bytes.push(0),
                    }
                }
                xxh3_128_with_seed(&bytes, self.seed)
            })
            .collect()
    }
}

fn part(column: &ArrayRef) -> Result<Part, KeyError> {
    let unfit = || KeyError::Type { data_type: column.data_type().clone() };
    let fixed = |bytes: Vec<u8>, width| Ok(Part::Fixed(bytes, width, column.logical_nulls()));
    macro_rules! bytes_of {
        ($array:expr, $kind:ty) => {
            $array.as_primitive::<$kind>().values().iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()
        };
    }
    match column.data_type() {
        Arrow::Utf8 => Ok(Part::Text(column.as_string::<i32>().clone())),
        Arrow::Int64 => fixed(bytes_of!(column, Int64Type), 8),
        Arrow::Float64 => fixed(bytes_of!(column, Float64Type), 8),
        Arrow::Decimal128(..) => fixed(bytes_of!(column, Decimal128Type), 16),
        Arrow::Date32 => fixed(bytes_of!(column, Date32Type), 4),
        Arrow::Timestamp(TimeUnit::Microsecond, _) => fixed(bytes_of!(column, TimestampMicrosecondType), 8),
        Arrow::Boolean => fixed(column.as_boolean().values().iter().map(u8::from).collect(), 1),
        other => {
            let conformed = match other {
                Arrow::LargeUtf8 | Arrow::Utf8View => Arrow::Utf8,
                Arrow::Dictionary(_, values) if values.is_string() => Arrow::Utf8,
                Arrow::Int8 | Arrow::Int16 | Arrow::Int32 => Arrow::Int64,
                Arrow::Timestamp(_, zone) => Arrow::Timestamp(TimeUnit::Microsecond, zone.clone()),
                _ => return Err(unfit()),
            };
            part(&cast(column, &conformed).map_err(|_| unfit())?)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::*;
    use std::sync::Arc;

    fn hashes(columns: Vec<ArrayRef>) -> Vec<u128> {
        let rows = columns[0].len();
        RowHasher::new(columns, 7).unwrap().hashes(rows)
    }

    #[test]
    fn what_is_equal_hashes_equal_in_every_shape() {
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None, Some("")]));
        let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), Some("b"), None, Some("")]));
        let dictionary: ArrayRef = Arc::new(
            vec![Some("a"), Some("b"), None, Some("")]
                .into_iter()
                .collect::<DictionaryArray<arrow::datatypes::Int32Type>>(),
        );
        assert_eq!(hashes(vec![plain.clone()]), hashes(vec![view]));
        assert_eq!(hashes(vec![plain.clone()]), hashes(vec![dictionary]));
        assert_eq!(hashes(vec![plain.slice(1, 3)]), hashes(vec![plain.clone()])[1..]);
        let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1000, 2000]).with_timezone("UTC"));
        let millis: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1, 2]).with_timezone("UTC"));
        assert_eq!(hashes(vec![micros]), hashes(vec![millis]));
        let mut all = hashes(vec![plain]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4, "null and empty differ");
    }

    #[test]
    fn columns_do_not_run_into_each_other() {
        let column = |v: &str| Arc::new(StringArray::from(vec![v])) as ArrayRef;
        assert_ne!(hashes(vec![column("ab"), column("c")]), hashes(vec![column("a"), column("bc")]));
    }

    #[test]
    fn the_lake_fills_it() {
        let batch = RecordBatch::try_from_iter(vec![
            ("id", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
            ("line", Arc::new(Int64Array::from(vec![1, 1])) as ArrayRef),
        ])
        .unwrap();
        let mut set = KeySet::new(7);
        set.observe(&batch, &["id", "line"]).unwrap();
        set.observe(&batch, &["id", "line"]).unwrap();
        assert_eq!(set.len(), 2);
        assert_eq!(set.observe(&batch, &["no"]), Err(KeyError::Missing { column: "no".into() }));
        let hash = hashes(batch.columns().to_vec())[0];
        assert_eq!(set.insert(hash), Some(Earlier::Lake));
        set.next_file();
        assert_eq!((set.insert(7 << 40), set.insert(7 << 40)), (None, Some(Earlier::SameFile)));
        set.next_file();
        assert_eq!(set.insert(7 << 40), Some(Earlier::OtherFile));
        assert_eq!(set.insert(hash), Some(Earlier::Lake));
    }
}
