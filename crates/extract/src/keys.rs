//! Hashes of rows, and the set of those seen.

use crate::unique::UniqueValues;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as Arrow, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use hashbrown::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The keys of rows seen, as 128-bit hashes of their conformed key columns: about 18 to 36 bytes a row.
///
/// Two different keys with one hash would make one row a duplicate of another; among 100 million rows
/// the chance of any is 10⁻²³, and the seed keeps a stranger from looking for one.
#[derive(Debug, Clone)]
pub struct KeySet {
    seed: u64,
    hashes: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
    /// Values of columns that must be unique.
    pub(crate) unique: UniqueValues,
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
        Self { seed, hashes: HashSet::default(), unique: UniqueValues::default() }
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
        self.hashes.extend(RowHasher::new(columns, self.seed)?.hashes(batch.num_rows()));
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
        let values = self.values_of(batch, column)?;
        self.hashes.extend(values);
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
        self.hashes.contains(&hash)
    }

    /// Takes a key back: its row was not written after all.
    pub(crate) fn remove(&mut self, hash: u128) {
        self.hashes.remove(&hash);
    }

    /// Adds a key; false if it was there.
    pub(crate) fn insert(&mut self, hash: u128) -> bool {
        self.hashes.insert(hash)
    }

    /// Makes room.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.hashes.reserve(more);
    }
}

/// Passes on what is a good hash already.
#[derive(Debug, Default, Clone, Copy)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
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
        assert!(!set.insert(hash));
    }
}
