//! Rows to staged Parquet files: written, and not yet part of any table.

mod encode;
mod file;
mod pool;

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use object_store::path::Path;
use tokio::runtime::Handle;
use uuid::Uuid;

use self::encode::{EXTENSION, Encoder};
use self::file::OpenFile;
use self::pool::{Chunk, Pool};
use crate::basis::Basis;
use crate::description::TableDescription;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::schema::stored;
use crate::table::DataFile;
use crate::zone::{TableId, Zone};

/// How a [`TableWriter`] works.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// Names the files. New for each attempt of each run; the tables of one run may share it.
    pub id: Uuid,
    /// Puts the files. A multi-threaded runtime, or one that somebody is driving meanwhile.
    pub runtime: Handle,
    /// Encoding threads, at least 1.
    pub threads: NonZeroUsize,
    /// Rows in one file, at most.
    pub rows_per_file: NonZeroUsize,
    /// Bytes of Arrow memory after which a file is closed although it has fewer rows.
    pub bytes_per_file: NonZeroUsize,
    /// Rows in one row group, at most.
    pub rows_per_group: NonZeroUsize,
    /// Bytes of Arrow memory after which a row group is closed although it has fewer rows.
    pub bytes_per_group: NonZeroUsize,
    /// What the files and their table say of themselves, if anything.
    pub description: Option<TableDescription>,
}

impl WriterOptions {
    /// Row groups are made smaller for the sake of memory down to this many bytes, and then fewer at a time.
    const SMALL_GROUP: usize = 8 << 20;

    /// Returns the usual options: 2 threads; 500,000 rows or 128 MiB a file; 131,072 rows or 32 MiB a row group.
    pub fn new(id: Uuid, runtime: Handle) -> Self {
        const fn one_and(more: usize) -> NonZeroUsize {
            NonZeroUsize::MIN.saturating_add(more)
        }
        Self {
            id,
            runtime,
            threads: one_and(1),
            rows_per_file: one_and(499_999),
            bytes_per_file: one_and((128 << 20) - 1),
            rows_per_group: one_and((1 << 17) - 1),
            bytes_per_group: one_and((32 << 20) - 1),
            description: None,
        }
    }

    /// Lets the files and their table say what they are.
    #[must_use]
    pub fn with_description(mut self, description: TableDescription) -> Self {
        self.description = Some(description);
        self
    }

    /// Changes the number of encoding threads.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Keeps what a writer holds within about so many bytes, by smaller row groups and files and by fewer threads: half
    /// of it is for rows that are not encoded yet, one group a thread and the one that is being filled; the other half
    /// for a file, whose rows take a fraction of what they took before they were encoded.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        let at_least_one = |count: usize| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let rows = bytes / 2;
        self.threads = self.threads.min(at_least_one((rows / Self::SMALL_GROUP).saturating_sub(1)));
        let group = at_least_one(rows / (self.threads.get() + 1));
        self.bytes_per_group = self.bytes_per_group.min(group);
        self.bytes_per_file = self.bytes_per_file.min(at_least_one(bytes));
        self
    }
}

/// Files that were written for a table and are not yet part of it. [`Lake::publish`] makes them
/// so; [`Lake::discard`] deletes them; forgotten, they are [`Lake::orphans`].
#[derive(Debug, Clone)]
pub struct StagedTable {
    /// The zone of the table.
    pub zone: Zone,
    /// The table's name.
    pub name: String,
    /// The columns as they are stored.
    pub schema: SchemaRef,
    /// The files, in the order of their rows. None where no row was written.
    pub files: Vec<DataFile>,
    /// Rows in all files.
    pub rows: u64,
    /// What they were decided against.
    pub basis: Basis,
    /// What the table says of itself once they are published; as it does now if absent.
    pub description: Option<TableDescription>,
}

/// Writes the rows of one table to Parquet files, in order: file `i` holds the `i`-th chunk.
///
/// Encoding and putting go on in the background. Memory holds the rows of one row group for each thread, those of the
/// one that is being filled, and of each file that is not put yet what is encoded. All calls block; make them from a
/// thread that is not the runtime's. Dropping a writer deletes what it put, as far as the store lets it.
pub struct TableWriter {
    table: TableId,
    id: Uuid,
    /// What batches must look like.
    schema: SchemaRef,
    /// What files look like.
    stored: SchemaRef,
    pool: Pool,
    /// The rows of the row group that is being filled.
    buffer: Vec<RecordBatch>,
    buffered: Size,
    group: Size,
    /// The file that is being written, and how many groups of it were sent.
    file: Option<(Arc<OpenFile>, usize)>,
    /// What was sent of that file.
    sent: Size,
    whole: Size,
    next: usize,
    rows: u64,
    description: Option<TableDescription>,
    finished: bool,
}

/// How much there is of something, or may be.
#[derive(Clone, Copy, Default)]
struct Size {
    rows: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }

    fn fills(self, limit: Self) -> bool {
        self.rows >= limit.rows || self.bytes >= limit.bytes
    }
}

impl Lake {
    /// Opens a writer for rows of `schema`. The table need not exist, and is not looked at.
    ///
    /// # Errors
    /// `LW5002` for the name, `LW5020` for a type that no table holds (a timestamp without time
    /// zone, a list), `LW5025` for two columns of one name.
    pub fn writer(
        &self,
        zone: Zone,
        name: &str,
        schema: SchemaRef,
        options: WriterOptions,
    ) -> Result<TableWriter, LakeError> {
        let table = TableId::new(zone, name)?;
        let stored = stored(&table, &schema)?;
        let encoder = Encoder::new(&table, Arc::clone(&stored), options.description.as_ref())?;
        let WriterOptions { id, runtime, threads, description, .. } = options;
        let group = Size { rows: options.rows_per_group.get(), bytes: options.bytes_per_group.get() };
        let whole = Size { rows: options.rows_per_file.get(), bytes: options.bytes_per_file.get() };
        let pool = Pool::new(table.to_string(), self.clone(), encoder, runtime, threads.get());
        Ok(TableWriter {
            table,
            id,
            schema,
            stored,
            pool,
            buffer: Vec::new(),
            buffered: Size::default(),
            group,
            file: None,
            sent: Size::default(),
            whole,
            next: 0,
            rows: 0,
            description,
            finished: false,
        })
    }

    /// Deletes staged files that will not be published after all.
    ///
    /// # Errors
    /// `LW5003`; files that are gone already are no error.
    pub async fn discard(&self, staged: StagedTable) -> Result<(), LakeError> {
        for file in &staged.files {
            self.delete(&Path::from(file.path.as_str())).await?;
        }
        Ok(())
    }
}

impl TableWriter {
    /// Adds rows. Waits while all threads are busy and a row group is full.
    ///
    /// # Errors
    /// `LW5026` where the batch has other columns than the writer, `LW5027` for a null in a column
    /// declared not null; and whatever went wrong in the background since the last call.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        self.pool.check()?;
        self.check(&batch)?;
        let mut batch = batch;
        while batch.num_rows() > 0 {
            let left = self.whole.rows - self.sent.rows - self.buffered.rows;
            let take = left.min(self.group.rows - self.buffered.rows).min(batch.num_rows());
            let rest = batch.slice(take, batch.num_rows() - take);
            let part = batch.slice(0, take);
            self.buffered.add(Size { rows: take, bytes: memory_of(&part) });
            self.buffer.push(part);
            batch = rest;
            let mut file = self.sent;
            file.add(self.buffered);
            if file.fills(self.whole) {
                self.flush(true)?;
            } else if self.buffered.fills(self.group) {
                self.flush(false)?;
            }
        }
        Ok(())
    }

    /// Returns the number of rows taken so far.
    pub fn rows(&self) -> u64 {
        self.rows + self.buffered.rows as u64
    }

    /// Writes what is left and waits until every file is in the store.
    ///
    /// # Errors
    /// Whatever went wrong in the background; what was put is deleted then.
    pub fn finish(mut self) -> Result<StagedTable, LakeError> {
        self.flush(true)?;
        let files = self.pool.finish()?;
        // Counted where they were encoded: no row group is missing, and none is there twice.
        if files.iter().map(|file| file.rows).sum::<u64>() != self.rows {
            return Err(LakeError::EncoderStopped { table: self.table.to_string() });
        }
        self.finished = true;
        Ok(StagedTable {
            zone: self.table.zone,
            name: self.table.name.clone(),
            schema: Arc::clone(&self.stored),
            files,
            rows: self.rows,
            basis: Basis::default(),
            description: self.description.take(),
        })
    }

    /// Stops and deletes what was put.
    ///
    /// # Errors
    /// `LW5003` where the store did not delete; [`Lake::orphans`] finds the files later.
    pub fn abort(mut self) -> Result<(), LakeError> {
        self.finished = true;
        self.pool.abort()
    }

    /// Sends the row group that is being filled, and ends the file with it.
    fn flush(&mut self, end: bool) -> Result<(), LakeError> {
        if self.buffer.is_empty() && self.file.is_none() {
            return Ok(());
        }
        let (file, number) = match self.file.take() {
            Some(open) => open,
            None => (self.begin()?, 0),
        };
        self.rows += self.buffered.rows as u64;
        self.sent.add(std::mem::take(&mut self.buffered));
        if end {
            self.sent = Size::default();
        } else {
            self.file = Some((Arc::clone(&file), number + 1));
        }
        let batches = std::mem::take(&mut self.buffer);
        self.pool.send(Chunk { file, number, batches, end })
    }

    fn begin(&mut self) -> Result<Arc<OpenFile>, LakeError> {
        let index = self.next;
        let place = format!("{}/{index}", self.table);
        let unique = Uuid::new_v5(&self.id, place.as_bytes());
        let name = format!("part-{index:05}-{unique}.{EXTENSION}");
        self.next += 1;
        self.pool.begin(self.table.folder().join(name.as_str()), index)
    }

    fn check(&self, batch: &RecordBatch) -> Result<(), LakeError> {
        const NONE: &str = "no such column";
        let schema = batch.schema_ref();
        let differs = |column: &str, expected: String, found: String| {
            Err(LakeError::BatchSchema { table: self.table.to_string(), column: column.to_owned(), expected, found })
        };
        let (ours, theirs) = (self.schema.fields(), schema.fields());
        for index in 0..ours.len().max(theirs.len()) {
            match (ours.get(index), theirs.get(index)) {
                (Some(a), Some(b)) if a.name() == b.name() && a.data_type() == b.data_type() => {
                    if !a.is_nullable() && batch.column(index).null_count() > 0 {
                        return Err(LakeError::NullInRequired {
                            table: self.table.to_string(),
                            column: a.name().clone(),
                        });
                    }
                }
                (Some(a), Some(b)) if a.name() == b.name() => {
                    let (a_type, b_type) = (a.data_type().to_string(), b.data_type().to_string());
                    return differs(a.name(), a_type, b_type);
                }
                (Some(a), _) => return differs(a.name(), a.data_type().to_string(), NONE.into()),
                (None, Some(b)) => {
                    return differs(b.name(), NONE.into(), b.data_type().to_string());
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to hear of a failure; the files are orphans then, which is what
            // `Lake::orphans` is for.
            let _ = self.pool.abort();
        }
    }
}

/// The bytes that a slice of a batch stands for, whatever buffers it shares with others.
fn memory_of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| memory_of_column(column.as_ref())).sum()
}

fn memory_of_column(column: &dyn Array) -> usize {
    let rows = column.len();
    let between = |first: Option<&i64>, last: Option<&i64>| {
        usize::try_from(last.unwrap_or(&0) - first.unwrap_or(&0)).unwrap_or(0)
    };
    let small = |offsets: &[i32]| {
        let ends = [offsets.first(), offsets.last()].map(|end| end.map(|end| i64::from(*end)));
        between(ends[0].as_ref(), ends[1].as_ref()) + 4 * rows
    };
    let large = |offsets: &[i64]| between(offsets.first(), offsets.last()) + 8 * rows;
    // A view's lowest four bytes are its length.
    let views = |views: &[u128]| views.iter().map(|view| 16 + (*view as u32) as usize).sum();
    match column.data_type() {
        DataType::Utf8 => small(column.as_string::<i32>().value_offsets()),
        DataType::LargeUtf8 => large(column.as_string::<i64>().value_offsets()),
        DataType::Binary => small(column.as_binary::<i32>().value_offsets()),
        DataType::LargeBinary => large(column.as_binary::<i64>().value_offsets()),
        DataType::Utf8View => views(column.as_string_view().views()),
        DataType::BinaryView => views(column.as_binary_view().views()),
        other => other.primitive_width().map_or(rows, |width| width * rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_kept_by_smaller_groups_first_and_by_fewer_threads_then() {
        let usual =
            WriterOptions::new(Uuid::nil(), Handle::current()).with_threads(NonZeroUsize::MIN.saturating_add(7));
        let shape = |bytes: usize| {
            let options = usual.clone().within(bytes);
            (options.threads.get(), options.bytes_per_group.get() >> 10, options.bytes_per_file.get() >> 20)
        };
        assert_eq!(shape(1 << 40), (8, 32 << 10, 128));
        // 128 MiB of rows: nine groups.
        assert_eq!(shape(256 << 20), (8, (128 << 10) / 9, 128));
        // 32 MiB of rows: four groups, of which three are encoded.
        assert_eq!(shape(64 << 20), (3, 8 << 10, 64));
        assert_eq!(shape(1 << 20), (1, 256, 1));
        assert_eq!(shape(0).0, 1);
    }
}
