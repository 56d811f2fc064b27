//! Hashes of rows, and the set of those seen.

use crate::convert::{Converted, Plan};
use crate::overlap::KnownFiles;
use crate::repeats::{Repeated, UnkeptRows};
use crate::spilling::{Entry, KeyRoom, SpillError, Spilling};
use crate::standings::Standings;
use crate::unique::UniqueValues;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as Arrow, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use lakewarden_dictionary::Dataset;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The keys of rows seen, as 96-bit hashes of their conformed key columns, each with 32 bits that say where it was seen
/// first and 32 bits of a hash of that row's values: about 24 to 48 bytes a row. What has no room in memory is stored in
/// a temporary file.
///
/// Two different keys with one hash would make one row a duplicate of another; among 100 million rows
/// the chance of any is 10⁻¹³, and the seed keeps a stranger from looking for one.
#[derive(Debug, Clone)]
pub struct KeySet {
    seed: u64,
    hashes: Spilling<Seen>,
    /// The file being read.
    file: u32,
    /// How new rows compare, where later ones may survive: then the set itself stays empty.
    standings: Option<Box<Standings>>,
    /// Values of columns that must be unique.
    pub(crate) unique: UniqueValues,
    /// Rows that were not kept, as far as later rows and the lake's are compared with them.
    pub(crate) unkept: UnkeptRows,
    /// Files whose records are recognised in later ones.
    pub(crate) known_files: Option<KnownFiles>,
}

/// Where keys of the lake were seen.
const LAKE: u32 = 0;

/// A key, the file that it was seen in first ([`LAKE`] or the file's number from 1), and what that row holds.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// The upper 96 bits of the key's hash, the least significant word first.
    key: [u32; 3],
    file: u32,
    /// A hash of the row's values; 0 where it was seen in the lake.
    content: u32,
}

impl Seen {
    fn new(hash: u128, file: u32, content: u64) -> Self {
        let key = [(hash >> 32) as u32, (hash >> 64) as u32, (hash >> 96) as u32];
        Self { key, file, content: content as u32 }
    }
}

impl Entry for Seen {
    fn part(key: u128) -> u128 {
        key >> 32 << 32
    }

    fn key(&self) -> u128 {
        let [low, middle, high] = self.key.map(u128::from);
        low << 32 | middle << 64 | high << 96
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.extend(self.file.to_le_bytes());
        into.extend(self.content.to_le_bytes());
    }

    fn read(key: u128, rest: &[u8]) -> Option<Self> {
        let (file, content) = rest.split_first_chunk()?;
        let content = u32::from_le_bytes(content.try_into().ok()?);
        Some(Self::new(key, u32::from_le_bytes(*file), u64::from(content)))
    }
}

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
    /// The batch lacks a key column.
    #[error("the key column `{column}` is missing")]
    Missing {
        /// The column.
        column: String,
    },
    /// A type no conformed column has.
    #[error("a key column has the type {data_type}, which no conformed column has")]
    Type {
        /// The type.
        data_type: Arrow,
    },
    /// LW4054: keys that have no room in memory cannot be put aside.
    #[error(transparent)]
    Spill(#[from] SpillError),
}

impl KeySet {
    /// An empty set; `seed` must be the run's [`crate::ExtractContext::seed`].
    pub fn new(seed: u64) -> Self {
        Self::within(&KeyRoom::default(), seed)
    }

    /// An empty set that shares room with others.
    pub fn within(room: &KeyRoom, seed: u64) -> Self {
        let (unique, unkept) = (UniqueValues::within(room), UnkeptRows::new(room));
        Self {
            seed,
            hashes: Spilling::new(room.clone()),
            file: LAKE,
            standings: None,
            unique,
            unkept,
            known_files: None,
        }
    }

    /// What it takes for a dataset whose later rows may survive instead of earlier ones. It holds the rows of the files
    /// and not the lake's: those are met afterwards, see [`Standings`].
    pub fn competing(room: &KeyRoom, seed: u64, dataset: &Dataset) -> Self {
        Self { standings: Some(Box::new(Standings::new(room, seed, dataset))), ..Self::within(room, seed) }
    }

    /// The same, which also recognises records of files that were loaded before, where no key is declared.
    #[must_use]
    pub fn recognising(mut self, files: KnownFiles) -> Self {
        self.known_files = Some(files);
        self
    }

    /// The room that it shares with others.
    pub(crate) fn room(&self) -> &KeyRoom {
        self.hashes.room()
    }

    /// Makes ready for the rows of a batch: what they are held against is then in memory.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn ready(&mut self, plan: &Plan<'_>, batch: &Converted) -> Result<(), SpillError> {
        if let Some(keys) = &batch.keys {
            match (&batch.ranked, &mut self.standings) {
                (Some(_), Some(standings)) => standings.ready(keys)?,
                _ => {
                    self.hashes.ready(keys)?;
                    self.unkept.ready(keys, batch.contents.as_deref().unwrap_or_default())?;
                }
            }
        }
        for (unique, values) in plan.demands.unique.iter().zip(&batch.unique) {
            self.unique.ready(&unique.name, &values.values)?;
        }
        Ok(())
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
        let hashes = self.hashes_of(batch, key)?;
        self.of_lake(&hashes)
    }

    /// How many rows of a conformed table have a key that it does not hold. `key` as in [`KeySet::observe`].
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn count_lacking(&self, batch: &RecordBatch, key: &[&str]) -> Result<u64, KeyError> {
        let held = self.which(&self.hashes_of(batch, key)?)?;
        Ok(held.iter().filter(|held| !**held).count() as u64)
    }

    fn hashes_of(&self, batch: &RecordBatch, key: &[&str]) -> Result<Vec<u128>, KeyError> {
        let columns = key
            .iter()
            .map(|name| {
                batch.column_by_name(name).cloned().ok_or_else(|| KeyError::Missing { column: (*name).to_owned() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(RowHasher::new(columns, self.seed)?.hashes(batch.num_rows()))
    }

    /// How many keys it holds.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.hashes.len() == 0
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
        let hashes = self.values_of(batch, column)?;
        self.of_lake(&hashes)
    }

    fn of_lake(&mut self, hashes: &[u128]) -> Result<(), KeyError> {
        self.hashes.ready(hashes)?;
        for hash in hashes {
            self.hashes.put(Seen::new(*hash, LAKE, 0));
        }
        Ok(())
    }

    /// The hashes of a column's values, without its nulls.
    pub(crate) fn values_of(&self, batch: &RecordBatch, column: &str) -> Result<Vec<u128>, KeyError> {
        let array = batch.column_by_name(column).ok_or_else(|| KeyError::Missing { column: column.to_owned() })?;
        let hashes = RowHasher::new([array.clone()], self.seed)?.hashes(array.len());
        Ok(hashes.into_iter().enumerate().filter(|(row, _)| array.is_valid(*row)).map(|(_, hash)| hash).collect())
    }

    /// Whether it holds a key for which it is ready.
    pub(crate) fn contains(&self, hash: u128) -> bool {
        self.hashes.get(hash).is_some()
    }

    /// Which of these keys it holds. It need not be ready for them.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn which(&self, hashes: &[u128]) -> Result<Vec<bool>, SpillError> {
        self.hashes.which(hashes)
    }

    /// Takes back the key of a row of the batch at hand: it was not written after all.
    pub(crate) fn remove(&mut self, hash: u128) {
        self.hashes.take_back(hash);
    }

    /// The next file begins.
    pub(crate) fn next_file(&mut self) {
        self.file = self.file.saturating_add(1);
        if let Some(standings) = &mut self.standings {
            standings.next_file();
        }
    }

    /// Rows follow that are in no file, such as records out of quarantine.
    pub(crate) fn begin_loose(&mut self) {
        self.file = self.file.max(1);
    }

    /// Adds the key of a row for which it is ready; says what the row is, if an earlier one has the key. `content` is a
    /// hash of its values.
    pub(crate) fn insert(&mut self, hash: u128, content: u64) -> Option<Repeated> {
        let new = Seen::new(hash, self.file, content);
        let kept = self.hashes.put(new)?;
        if kept.file != LAKE && kept.content == new.content {
            return Some(Repeated::Duplicate(self.place_of(kept.file)));
        }
        if let Some(file) = self.unkept.add(hash, content, self.file) {
            return Some(Repeated::Duplicate(self.place_of(file)));
        }
        if kept.file != LAKE {
            return Some(Repeated::Conflict);
        }
        self.unkept.await_lake(hash, self.file);
        Some(Repeated::Duplicate(Earlier::Lake))
    }

    fn place_of(&self, file: u32) -> Earlier {
        match file {
            LAKE => Earlier::Lake,
            file if file == self.file => Earlier::SameFile,
            _ => Earlier::OtherFile,
        }
    }

    /// How new rows compare, where later ones may survive.
    pub(crate) fn standings(&mut self) -> Option<&mut Standings> {
        self.standings.as_deref_mut()
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
        let (lake, own) = (hash, 7 << 40);
        set.hashes.ready(&[lake, own]).unwrap();
        let duplicate = |earlier| Some(Repeated::Duplicate(earlier));
        set.next_file();
        assert_eq!(set.insert(lake, 1), duplicate(Earlier::Lake));
        assert_eq!((set.insert(own, 1), set.insert(own, 1)), (None, duplicate(Earlier::SameFile)));
        set.next_file();
        assert_eq!(set.insert(own, 1), duplicate(Earlier::OtherFile));
        assert_eq!(set.insert(own, 2), Some(Repeated::Conflict));
        assert_eq!(set.insert(own, 2), duplicate(Earlier::SameFile), "the same row once more");
        assert_eq!(set.insert(lake, 1), duplicate(Earlier::OtherFile));
        assert_eq!(set.insert(lake, 2), duplicate(Earlier::Lake), "until the lake's row was compared");
    }
}
