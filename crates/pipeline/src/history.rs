//! The columns that say from when to when a row held.
//!
//! A dataset that keeps its history stores them with its rows: in the conformed table, where every row is current, and
//! in the table `<dataset>.history`, where none is. Together they are every version of every key that a run published.
//! Models see the conformed table, and of it what the dictionary declares.

use crate::row_files::source_field;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, RecordBatch, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Dataset, HISTORY_COLUMNS};
use lakewarden_extract::{arrow_type, conformed_schema};
use lakewarden_lake::TableSnapshot;
use std::sync::Arc;

const FROM: &str = HISTORY_COLUMNS[0];
const TO: &str = HISTORY_COLUMNS[1];
const CURRENT: &str = HISTORY_COLUMNS[2];

/// The name of a dataset's history in the conformed zone. No dataset has a point in its name, and no SQL can name it.
pub(crate) fn table_name(dataset: &Dataset) -> String {
    format!("{}.history", dataset.name.value)
}

/// The columns of the conformed table: those declared, the number of each row's file, and those of the history if they
/// are stored.
pub(crate) fn stored_schema(dataset: &Dataset, with_history: bool) -> SchemaRef {
    let declared = conformed_schema(dataset);
    let stored = || declared.fields().iter().cloned().chain([source_field()]);
    if !with_history {
        return Arc::new(Schema::new(stored().collect::<Vec<_>>()));
    }
    let time = time_type(dataset);
    let own = [(FROM, time.clone()), (TO, time), (CURRENT, DataType::Boolean)];
    let own = own.into_iter().map(|(name, data_type)| Arc::new(Field::new(name, data_type, true)));
    Arc::new(Schema::new(stored().chain(own).collect::<Vec<_>>()))
}

/// A row holds from the time of its `latest` column on, or from the instant of the run.
fn time_type(dataset: &Dataset) -> DataType {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    dataset.latest().map(|f| arrow_type(f.stored_type())).filter(DataType::is_temporal).unwrap_or(instant)
}

/// Puts the columns on rows.
pub(crate) struct Stamp<'a> {
    dataset: &'a Dataset,
    schema: SchemaRef,
    as_of: i64,
}

impl<'a> Stamp<'a> {
    /// `None` for a dataset that keeps no history, and has none from a time when it did.
    pub(crate) fn of(dataset: &'a Dataset, published: Option<&TableSnapshot>, as_of: DateTime<Utc>) -> Option<Self> {
        let held = published.is_some_and(|p| p.schema.field_with_name(CURRENT).is_ok());
        let wanted = dataset.keeps_history() || (held && !dataset.stored().any(|f| f.column.value == CURRENT));
        let schema = stored_schema(dataset, true);
        wanted.then(|| Self { dataset, schema, as_of: as_of.timestamp_micros() })
    }

    /// The columns that rows have afterwards.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of this run: they hold from now, or from what they say, on.
    pub(crate) fn current(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let len = rows.num_rows();
        let from = match self.dataset.latest().and_then(|f| rows.column_by_name(&f.column.value)) {
            Some(latest) => cast(latest, &time_type(self.dataset))?,
            None => self.times(&vec![self.as_of; len]),
        };
        self.stamped(rows, from, new_null_array(&time_type(self.dataset), len), true)
    }

    /// Rows of the lake that stay, which may be older than the columns.
    pub(crate) fn kept(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let len = rows.num_rows();
        let none = new_null_array(&time_type(self.dataset), len);
        let says = |name: &str| rows.column_by_name(name).map(|column| cast(column, none.data_type())).transpose();
        let from = match (says(FROM)?, self.dataset.latest()) {
            (Some(from), Some(latest)) if from.null_count() == len => says(&latest.column.value)?.unwrap_or(from),
            (Some(from), _) => from,
            (None, Some(latest)) => says(&latest.column.value)?.unwrap_or_else(|| none.clone()),
            (None, None) => none.clone(),
        };
        self.stamped(rows, from, none, true)
    }

    /// Rows of the lake that held until others took their place, by the rank of each of those.
    pub(crate) fn closed(&self, rows: &RecordBatch, winners: &[i64]) -> Result<RecordBatch, ArrowError> {
        let until: Vec<i64> = match self.dataset.latest() {
            Some(_) => winners.to_vec(),
            None => vec![self.as_of; rows.num_rows()],
        };
        let kept = self.kept(rows)?;
        let from = kept.column_by_name(FROM).cloned().unwrap_or_else(|| new_null_array(&time_type(self.dataset), 0));
        self.stamped(rows, from, self.times(&until), false)
    }

    /// Whether a row that held until now, or until its winner's time, began after it.
    pub(crate) fn begins_late(&self, closed: &RecordBatch) -> Result<bool, ArrowError> {
        let (Some(from), Some(to)) = (closed.column_by_name(FROM), closed.column_by_name(TO)) else { return Ok(false) };
        let later = arrow::compute::kernels::cmp::gt(from, to)?;
        Ok(later.true_count() > 0)
    }

    fn times(&self, values: &[i64]) -> ArrayRef {
        match time_type(self.dataset) {
            // Ranks of dates are days, which have 32 bits.
            DataType::Date32 => Arc::new(values.iter().map(|day| i32::try_from(*day).ok()).collect::<Date32Array>()),
            _ => Arc::new(TimestampMicrosecondArray::from(values.to_vec()).with_timezone("UTC")),
        }
    }

    fn stamped(
        &self,
        rows: &RecordBatch,
        from: ArrayRef,
        to: ArrayRef,
        current: bool,
    ) -> Result<RecordBatch, ArrowError> {
        let len = rows.num_rows();
        let current: ArrayRef = Arc::new(BooleanArray::from(vec![current; len]));
        let declared = fitted(rows, &stored_schema(self.dataset, false))?;
        let columns: Vec<ArrayRef> = declared.columns().iter().cloned().chain([from, to, current]).collect();
        RecordBatch::try_new(self.schema.clone(), columns)
    }
}

/// Rows with the columns of a schema, by name: null where they lack one.
pub(crate) fn fitted(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| match rows.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), rows.num_rows())),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}
