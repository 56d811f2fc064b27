//! Rows to staged Parquet files: written, and not yet part of any table.

mod encode;
mod pool;

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use object_store::path::Path;
use tokio::runtime::Handle;
use uuid::Uuid;

use self::encode::{EXTENSION, Encoder};
use self::pool::{Chunk, Pool};
use crate::basis::Basis;
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
}

impl WriterOptions {
    /// Returns the usual options: 2 threads, 500,000 rows or 128 MiB a file.
    pub fn new(id: Uuid, runtime: Handle) -> Self {
        const THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
        const ROWS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(499_999);
        const BYTES: NonZeroUsize = NonZeroUsize::MIN.saturating_add((128 << 20) - 1);
        Self { id, runtime, threads: THREADS, rows_per_file: ROWS, bytes_per_file: BYTES }
    }

    /// Changes the number of encoding threads.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
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
}

/// Writes the rows of one table to Parquet files, in order: file `i` holds the `i`-th chunk.
///
/// Encoding and putting go on in the background. Memory holds one chunk for each thread, and the
/// one that is being filled. All calls block; make them from a thread that is not the runtime's.
/// Dropping a writer deletes what it put, as far as the store lets it.
pub struct TableWriter {
    table: TableId,
    id: Uuid,
    /// What batches must look like.
    schema: SchemaRef,
    /// What files look like.
    stored: SchemaRef,
    pool: Pool,
    buffer: Vec<RecordBatch>,
    buffered_rows: usize,
    buffered_bytes: usize,
    rows_per_file: usize,
    bytes_per_file: usize,
    next: usize,
    rows: u64,
    finished: bool,
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
        let encoder = Encoder::new(&table, Arc::clone(&stored))?;
        let WriterOptions { id, runtime, threads, rows_per_file, bytes_per_file } = options;
        let pool = Pool::new(table.to_string(), self.clone(), encoder, runtime, threads.get());
        Ok(TableWriter {
            table,
            id,
            schema,
            stored,
            pool,
            buffer: Vec::new(),
            buffered_rows: 0,
            buffered_bytes: 0,
            rows_per_file: rows_per_file.get(),
            bytes_per_file: bytes_per_file.get(),
            next: 0,
            rows: 0,
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
    /// Adds rows. Waits while all threads are busy and a chunk is full.
    ///
    /// # Errors
    /// `LW5026` where the batch has other columns than the writer, `LW5027` for a null in a column
    /// declared not null; and whatever went wrong in the background since the last call.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        self.pool.check()?;
        self.check(&batch)?;
        let mut batch = batch;
        while batch.num_rows() > 0 {
            let room = self.rows_per_file - self.buffered_rows;
            let take = room.min(batch.num_rows());
            let rest = batch.slice(take, batch.num_rows() - take);
            let part = batch.slice(0, take);
            self.buffered_bytes += memory_of(&part);
            self.buffered_rows += take;
            self.buffer.push(part);
            batch = rest;
            if self.buffered_rows == self.rows_per_file || self.buffered_bytes >= self.bytes_per_file {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Returns the number of rows taken so far.
    pub fn rows(&self) -> u64 {
        self.rows + self.buffered_rows as u64
    }

    /// Writes what is left and waits until every file is in the store.
    ///
    /// # Errors
    /// Whatever went wrong in the background; what was put is deleted then.
    pub fn finish(mut self) -> Result<StagedTable, LakeError> {
        self.flush()?;
        let files = self.pool.finish()?;
        self.finished = true;
        Ok(StagedTable {
            zone: self.table.zone,
            name: self.table.name.clone(),
            schema: Arc::clone(&self.stored),
            files,
            rows: self.rows,
            basis: Basis::default(),
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

    fn flush(&mut self) -> Result<(), LakeError> {
        if self.buffered_rows == 0 {
            return Ok(());
        }
        let index = self.next;
        let place = format!("{}/{index}", self.table);
        let unique = Uuid::new_v5(&self.id, place.as_bytes());
        let name = format!("part-{index:05}-{unique}.{EXTENSION}");
        let path = self.table.folder().join(name.as_str());
        self.next += 1;
        self.rows += self.buffered_rows as u64;
        self.buffered_rows = 0;
        self.buffered_bytes = 0;
        let batches = std::mem::take(&mut self.buffer);
        self.pool.send(Chunk { path, index, batches })
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
