//! Rows with one key, of which not the first survives.
//!
//! The rows of a run's files are compared with each other while they are read, and with the lake's afterwards, batch by
//! batch: what is held in memory are the keys of the files, not those of the lake. A row that was given to the sink
//! before a later one took its place is known by its *place*: how many rows were given before it.

use crate::keys::{Earlier, KeyError, RowHasher};
use crate::repeats::{content_hashes, declared_columns};
use crate::spilling::{Entry, KeyRoom, SpillError, Spilling};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType as Arrow, Date32Type, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use lakewarden_dictionary::Dataset;

/// How the rows of files that have one key compare: about 46 to 92 bytes for each key of the files.
///
/// The lake's rows come in two passes. [`Standings::meet`] takes their keys; for rows that may have to give way,
/// [`Standings::compare`] takes all columns, for a row that comes once more is a duplicate and replaces nothing. After
/// all have passed, [`Standings::winners`] says which rows of the lake give way.
#[derive(Debug, Clone)]
pub struct Standings {
    seed: u64,
    key: Vec<String>,
    latest: Option<String>,
    columns: Vec<String>,
    /// Smallest and largest value of each key column that Delta's log keeps bounds of, over all rows read.
    ranges: Vec<Option<(i64, i64)>>,
    table: Spilling<Standing>,
    /// Places of rows that do not survive, 64 in a word.
    lost: Vec<u64>,
    /// Rows given to the sink so far.
    places: u64,
    /// By file: the place of its first row.
    starts: Vec<u64>,
    /// By file: rows given to the sink whose place later ones took.
    superseded: Vec<u64>,
    /// By file: rows given to the sink that the lake's survive.
    beaten: Vec<u64>,
}

/// The row of a key that stands, among those of the files.
#[derive(Debug, Clone, Copy)]
struct Standing {
    key: [u64; 2],
    rank: i64,
    content: u64,
    place: u64,
}

impl Entry for Standing {
    fn key(&self) -> u128 {
        u128::from(self.key[0]) | u128::from(self.key[1]) << 64
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.extend(self.rank.to_le_bytes());
        into.extend(self.content.to_le_bytes());
        into.extend(self.place.to_le_bytes());
    }

    fn read(key: u128, rest: &[u8]) -> Option<Self> {
        let (rank, rest) = rest.split_first_chunk()?;
        let (content, place) = rest.split_first_chunk()?;
        Some(Self {
            key: halves(key),
            rank: i64::from_le_bytes(*rank),
            content: u64::from_le_bytes(*content),
            place: u64::from_le_bytes(place.try_into().ok()?),
        })
    }
}

/// What the rows of a batch are compared by.
#[derive(Debug)]
pub(crate) struct Ranked {
    /// The larger survives; equal: the later row.
    pub ranks: Vec<i64>,
    /// Hash of all stored columns.
    pub contents: Vec<u64>,
}

impl Ranked {
    /// Of rows in the shape of the conformed table.
    pub(crate) fn of(rows: &RecordBatch, latest: Option<usize>, seed: u64) -> Result<Self, KeyError> {
        let ranks = match latest {
            Some(column) => ranks(rows.column(column))?,
            None => vec![0; rows.num_rows()],
        };
        Ok(Self { ranks, contents: content_hashes(declared_columns(rows), rows.num_rows(), seed)? })
    }
}

impl Standings {
    pub(crate) fn new(room: &KeyRoom, seed: u64, dataset: &Dataset) -> Self {
        Self {
            seed,
            key: dataset.key.iter().map(|k| k.value.clone()).collect(),
            latest: dataset.latest().map(|f| f.column.value.clone()),
            columns: dataset.stored().map(|f| f.column.value.clone()).collect(),
            ranges: vec![None; dataset.key.len()],
            table: Spilling::new(room.clone()),
            lost: Vec::new(),
            places: 0,
            starts: Vec::new(),
            superseded: Vec::new(),
            beaten: Vec::new(),
        }
    }

    pub(crate) fn next_file(&mut self) {
        self.starts.push(self.places);
        self.superseded.push(0);
        self.beaten.push(0);
    }

    /// Takes in between which values the keys of a batch lie. Rows that are not given to the sink do no harm.
    pub(crate) fn widen(&mut self, rows: &RecordBatch) {
        for (name, range) in self.key.iter().zip(&mut self.ranges) {
            let Some((low, high)) = rows.column_by_name(name).and_then(bounds) else { continue };
            *range = Some(range.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
        }
    }

    /// Whether a file of the lake may hold a key of the files. `bounds` answers the smallest and largest value of a
    /// column in that file, as far as they are known: numbers, days or microseconds since 1970.
    pub fn may_be_in(&self, bounds: impl Fn(&str) -> Option<(i64, i64)>) -> bool {
        self.places > 0
            && self.key.iter().zip(&self.ranges).all(|(name, range)| match (range, bounds(name)) {
                (Some((low, high)), Some((l, h))) => l <= *high && *low <= h,
                _ => true,
            })
    }

    pub(crate) fn superseded(&self) -> &[u64] {
        &self.superseded
    }

    /// Makes ready for rows with these keys.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn ready(&mut self, keys: &[u128]) -> Result<(), SpillError> {
        self.table.ready(keys)
    }

    /// Holds a row of a file, for whose key it is ready, against those before it; says where the survivor is, if the row is
    /// not to be given to the sink.
    pub(crate) fn contest(&mut self, key: u128, rank: i64, content: u64) -> Option<Earlier> {
        let newcomer = Standing { key: halves(key), rank, content, place: self.places };
        match self.table.get_mut(key) {
            None => {
                self.table.put(newcomer);
            }
            Some(known) => {
                let file = file_of(&self.starts, known.place);
                if rank < known.rank || (rank, content) == (known.rank, known.content) {
                    let same = file + 1 == self.starts.len();
                    return Some(if same { Earlier::SameFile } else { Earlier::OtherFile });
                }
                set(&mut self.lost, known.place);
                self.superseded[file] += 1;
                *known = newcomer;
            }
        }
        self.places += 1;
        None
    }

    /// The columns that [`Standings::meet`] reads: those of the key, and the one that says which row is the latest.
    pub fn columns_met(&self) -> impl Iterator<Item = &str> {
        self.key.iter().map(String::as_str).chain(self.latest.as_deref().filter(|l| !self.key.iter().any(|k| k == l)))
    }

    /// Holds rows of the lake against those of the files. `may_replace`: whether a row of the lake may give way at all.
    /// Answers, for each row, whether it may have to.
    ///
    /// # Errors
    /// [`KeyError`] if the batch lacks a key column, or one has a type that no conformed column has.
    pub fn meet(&mut self, rows: &RecordBatch, may_replace: bool) -> Result<Vec<bool>, KeyError> {
        let ranks = match self.latest.as_ref().and_then(|latest| rows.column_by_name(latest)) {
            Some(column) => ranks(column)?,
            // Rows from before the column was declared are older than all others.
            None => vec![if self.latest.is_some() { i64::MIN } else { 0 }; rows.num_rows()],
        };
        let keys = self.ready_for(rows)?;
        let mut met = vec![false; rows.num_rows()];
        for (row, key) in keys.into_iter().enumerate() {
            let Some(standing) = self.standing(key) else { continue };
            if !may_replace || standing.rank < ranks[row] {
                self.beat(standing);
            } else {
                met[row] = true;
            }
        }
        Ok(met)
    }

    /// Holds the content of rows of the lake against those of the files. `rows` have all columns of the conformed
    /// table, null where the lake has none, and `met` is what [`Standings::meet`] said. Answers which rows differ.
    ///
    /// # Errors
    /// As [`Standings::meet`].
    pub fn compare(&mut self, rows: &RecordBatch, met: &[bool]) -> Result<Vec<bool>, KeyError> {
        let columns = named(rows, &self.columns)?;
        let contents = content_hashes(columns, rows.num_rows(), self.seed)?;
        let keys = self.ready_for(rows)?;
        let mut differs = vec![false; rows.num_rows()];
        for row in (0..rows.num_rows()).filter(|row| met[*row]) {
            let Some(standing) = self.standing(keys[row]) else { continue };
            if standing.content == contents[row] {
                self.beat(standing);
            } else {
                differs[row] = true;
            }
        }
        Ok(differs)
    }

    /// For each row of the lake that gives way, the rank of the one that takes its place: the value of the column that
    /// says which is the latest, or 0. `differs` is what [`Standings::compare`] said, after it has seen all rows.
    ///
    /// # Errors
    /// As [`Standings::meet`].
    pub fn winners(&mut self, rows: &RecordBatch, differs: &[bool]) -> Result<Vec<Option<i64>>, KeyError> {
        let keys = self.ready_for(rows)?;
        let winner = |(row, key): (usize, u128)| {
            let standing = self.standing(key).filter(|_| differs[row])?;
            (!self.is_lost(standing.place)).then_some(standing.rank)
        };
        Ok(keys.into_iter().enumerate().map(winner).collect())
    }

    /// Whether a row that was given to the sink is not to be stored, by its place.
    pub fn is_lost(&self, place: u64) -> bool {
        self.lost.get((place / 64) as usize).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Rows given to the sink.
    pub fn places(&self) -> u64 {
        self.places
    }

    /// By file: rows given to the sink that are not to be stored, for the lake's survive.
    pub fn beaten(&self) -> &[u64] {
        &self.beaten
    }

    /// The keys of rows of the lake, for which it is then ready.
    fn ready_for(&mut self, rows: &RecordBatch) -> Result<Vec<u128>, KeyError> {
        let keys = RowHasher::new(named(rows, &self.key)?, self.seed)?.hashes(rows.num_rows());
        self.table.ready(&keys)?;
        Ok(keys)
    }

    fn standing(&self, key: u128) -> Option<Standing> {
        self.table.get(key).copied()
    }

    /// The lake's row survives; once, however many the lake has.
    fn beat(&mut self, standing: Standing) {
        if !self.is_lost(standing.place) {
            set(&mut self.lost, standing.place);
            self.beaten[file_of(&self.starts, standing.place)] += 1;
        }
    }
}

fn halves(hash: u128) -> [u64; 2] {
    [hash as u64, (hash >> 64) as u64]
}

fn set(bits: &mut Vec<u64>, place: u64) {
    let word = (place / 64) as usize;
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << (place % 64);
}

/// The file that gave the row of a place: the last that begins there or before.
fn file_of(starts: &[u64], place: u64) -> usize {
    starts.partition_point(|start| *start <= place).saturating_sub(1)
}

fn named(rows: &RecordBatch, names: &[String]) -> Result<Vec<ArrayRef>, KeyError> {
    let column =
        |name: &String| rows.column_by_name(name).cloned().ok_or_else(|| KeyError::Missing { column: name.clone() });
    names.iter().map(column).collect()
}

/// The smallest and largest value of a column of whole numbers, days or instants; nulls do not count.
fn bounds(column: &ArrayRef) -> Option<(i64, i64)> {
    match column.data_type() {
        Arrow::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            Some((min(values)?, max(values)?))
        }
        Arrow::Date32 => {
            let values = column.as_primitive::<Date32Type>();
            Some((min(values)?.into(), max(values)?.into()))
        }
        Arrow::Timestamp(TimeUnit::Microsecond, _) => {
            let values = column.as_primitive::<TimestampMicrosecondType>();
            Some((min(values)?, max(values)?))
        }
        _ => None,
    }
}

/// Values in their order, as 64-bit numbers; null before all.
fn ranks(column: &ArrayRef) -> Result<Vec<i64>, KeyError> {
    let unfit = || KeyError::Type { data_type: column.data_type().clone() };
    let rank = |row: usize, value: i64| if column.is_null(row) { i64::MIN } else { value };
    let all = |values: &mut dyn Iterator<Item = i64>| values.enumerate().map(|(row, value)| rank(row, value)).collect();
    Ok(match column.data_type() {
        Arrow::Int64 => all(&mut column.as_primitive::<Int64Type>().values().iter().copied()),
        Arrow::Date32 => all(&mut column.as_primitive::<Date32Type>().values().iter().map(|day| i64::from(*day))),
        Arrow::Decimal128(..) => {
            let values = column.as_primitive::<Decimal128Type>().values();
            (0..values.len())
                .map(|row| match column.is_null(row) {
                    true => Ok(i64::MIN),
                    false => i64::try_from(values[row]).map_err(|_| unfit()),
                })
                .collect::<Result<_, _>>()?
        }
        Arrow::Timestamp(..) => {
            let micros = Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            let instants = cast(column, &micros).map_err(|_| unfit())?;
            all(&mut instants.as_primitive::<TimestampMicrosecondType>().values().iter().copied())
        }
        _ => return Err(unfit()),
    })
}
