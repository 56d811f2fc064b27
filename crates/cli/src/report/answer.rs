//! The few rows that a query over published tables gives back, column by column.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use chrono::NaiveDate;
use lakewarden_engine::Running;
use lakewarden_pipeline::PipelineError;

/// The whole result of one query.
pub(super) struct Answer {
    table: String,
    batches: Vec<RecordBatch>,
}

impl Answer {
    /// Waits for all rows. The accounts of the query's governed scans are closed.
    ///
    /// # Errors
    /// Those of the engine.
    pub(super) async fn collect(table: &str, mut running: Running) -> Result<Self, PipelineError> {
        let failed = |error| PipelineError::Engine { model: table.to_owned(), error };
        let mut batches = Vec::new();
        while let Some(batch) = running.next().await.map_err(failed)? {
            batches.push(batch);
        }
        running.accounts().map_err(failed)?;
        Ok(Self { table: table.to_owned(), batches })
    }

    /// A column of text.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if there is no such column or it holds something else.
    pub(super) fn texts(&self, column: &str) -> Result<Vec<Option<String>>, PipelineError> {
        self.read(column, &DataType::Utf8, |array| {
            let array = array.as_string_opt::<i32>()?;
            Some(array.iter().map(|text| text.map(str::to_owned)).collect())
        })
    }

    /// A column of whole numbers; true is 1.
    ///
    /// # Errors
    /// As [`Answer::texts`].
    pub(super) fn integers(&self, column: &str) -> Result<Vec<Option<i64>>, PipelineError> {
        self.read(column, &DataType::Int64, |array| Some(array.as_primitive_opt::<Int64Type>()?.iter().collect()))
    }

    /// A column of counts, all of them there.
    ///
    /// # Errors
    /// As [`Answer::texts`], and for a null or a negative number.
    pub(super) fn counts(&self, column: &str) -> Result<Vec<u64>, PipelineError> {
        let integers = self.integers(column)?.into_iter();
        integers.map(|i| i.and_then(|i| u64::try_from(i).ok()).ok_or_else(|| self.damaged(column))).collect()
    }

    /// A column of numbers; what is not finite is null.
    ///
    /// # Errors
    /// As [`Answer::texts`].
    pub(super) fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, PipelineError> {
        self.read(column, &DataType::Float64, |array| {
            let array = array.as_primitive_opt::<Float64Type>()?;
            Some(array.iter().map(|number| number.filter(|n| n.is_finite())).collect())
        })
    }

    /// A column of days.
    ///
    /// # Errors
    /// As [`Answer::texts`].
    pub(super) fn days(&self, column: &str) -> Result<Vec<Option<NaiveDate>>, PipelineError> {
        self.read(column, &DataType::Date32, |array| {
            let array = array.as_primitive_opt::<Date32Type>()?;
            let day = |row| array.is_valid(row).then(|| array.value_as_date(row)).flatten();
            Some((0..array.len()).map(day).collect())
        })
    }

    fn read<T>(
        &self,
        column: &str,
        to: &DataType,
        values: impl Fn(&ArrayRef) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, PipelineError> {
        let mut all = Vec::new();
        for batch in &self.batches {
            let array = batch.column_by_name(column).ok_or_else(|| self.damaged(column))?;
            let array = cast(array, to).map_err(|_| self.damaged(column))?;
            all.extend(values(&array).ok_or_else(|| self.damaged(column))?);
        }
        Ok(all)
    }

    fn damaged(&self, column: &str) -> PipelineError {
        PipelineError::Damaged { table: self.table.clone(), column: column.to_owned() }
    }
}
