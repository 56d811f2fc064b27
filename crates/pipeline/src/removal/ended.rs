//! Which stored rows are past their dataset's retention.

use crate::error::PipelineError;
use arrow::array::{Array, AsArray, BooleanArray, Date32Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::kernels::cmp::lt;
use arrow::datatypes::{DataType, Date32Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use lakewarden_dictionary::{Dataset, DatasetRole};
use lakewarden_engine::Retention;
use lakewarden_policy::Action;

/// The column of a consent log that says what a record does.
const ACTION: &str = "action";

/// Tells rows past their retention from others.
pub(crate) struct EndedRows<'a> {
    dataset: &'a Dataset,
    retention: &'a Retention,
}

impl<'a> EndedRows<'a> {
    /// `None` where no row of a table with this schema ever ends: retention may end a grant, and never a refusal or an
    /// entry of a suppression list, and a row without a time has no age. Columns of other types than declared are
    /// refused before a table is loaded or read.
    pub(crate) fn new(dataset: &'a Dataset, retention: &'a Retention, schema: &SchemaRef) -> Option<Self> {
        let stored = |column: &str| schema.field_with_name(column).ok().map(|field| field.data_type());
        let has_time =
            matches!(stored(&retention.column), Some(DataType::Timestamp(TimeUnit::Microsecond, _) | DataType::Date32));
        let may_end = match dataset.role {
            DatasetRole::Data => true,
            DatasetRole::ConsentLog => stored(ACTION) == Some(&DataType::Utf8),
            DatasetRole::SuppressionList => false,
        };
        (may_end && has_time).then_some(Self { dataset, retention })
    }

    /// The columns that [`EndedRows::mark`] reads.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let action = match self.dataset.role {
            DatasetRole::ConsentLog => Some(ACTION),
            DatasetRole::Data | DatasetRole::SuppressionList => None,
        };
        let mut columns: Vec<&str> = [self.retention.column.as_str()].into_iter().chain(action).collect();
        columns.dedup();
        columns
    }

    /// True for each row that is past its retention. No value is null.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if a column is not what the dictionary says.
    pub(crate) fn mark(&self, rows: &RecordBatch) -> Result<BooleanArray, PipelineError> {
        let damaged =
            |column: &str| PipelineError::Damaged { table: self.dataset.name.value.clone(), column: column.to_owned() };
        let column = &self.retention.column;
        let times = rows.column_by_name(column).ok_or_else(|| damaged(column))?;
        let older = match times.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let times = times.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>);
                lt(&times, &TimestampMicrosecondArray::new_scalar(self.retention.from_instant))
            }
            DataType::Date32 => {
                lt(times.as_primitive::<Date32Type>(), &Date32Array::new_scalar(self.retention.from_day))
            }
            _ => return Err(damaged(column)),
        };
        let older = older.map_err(|_| damaged(column))?;
        let mut ended: Vec<bool> = older.iter().map(|older| older == Some(true)).collect();
        match self.dataset.role {
            DatasetRole::Data => {}
            DatasetRole::SuppressionList => ended.fill(false),
            DatasetRole::ConsentLog => {
                let actions = rows.column_by_name(ACTION).and_then(|column| column.as_string_opt::<i32>());
                let actions = actions.ok_or_else(|| damaged(ACTION))?;
                for (ended, action) in ended.iter_mut().zip(actions) {
                    *ended &= action.and_then(Action::parse).is_some_and(ends);
                }
            }
        }
        Ok(BooleanArray::from(ended))
    }
}

/// Whether retention may end a record of a consent log that does this.
fn ends(action: Action) -> bool {
    match action {
        Action::Grant | Action::NoEffect => true,
        Action::Withdraw | Action::OptOutSignal | Action::Restrict | Action::LiftRestriction => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use lakewarden_dictionary::{SourceFile, load};
    use std::sync::Arc;

    fn dataset(role: &str) -> Dataset {
        let text = format!(
            "dataset: visits\nlabel: {{ zh: 访问, en: Visits }}\nmeaning: One visit.\nsource: Door\nowner: o@shop.example\n\
             update_frequency: daily\nformat: {{ container: csv }}\nevent_time: at\n{role}fields:\n  - {{ name: at, label: {{ zh: 时间, en: At }}, meaning: When., type: timestamp, identifier: none, treatment: keep }}\n"
        );
        let file = SourceFile { path: "schemas/channels/visits.yaml".into(), text: text.into() };
        load(&[file]).project.datasets.remove(0)
    }

    fn rows(times: ArrayRef) -> RecordBatch {
        let actions: Vec<Option<&str>> =
            vec![Some("grant"), Some("withdraw"), None, Some("lift_restriction"), Some("no_effect"), Some("?")];
        let actions: ArrayRef = Arc::new(StringArray::from(actions));
        RecordBatch::try_from_iter([("at", times), ("action", actions)]).unwrap()
    }

    fn marked(role: &str, times: ArrayRef) -> Option<Result<Vec<bool>, String>> {
        let retention = Retention { column: "at".into(), from_instant: 500, from_day: 5 };
        let (dataset, rows) = (dataset(role), rows(times));
        let ended = EndedRows::new(&dataset, &retention, &rows.schema())?;
        let marked = ended.mark(&rows).map_err(|error| error.to_string());
        Some(marked.map(|marked| marked.iter().map(Option::unwrap).collect()))
    }

    fn old() -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![499; 6]).with_timezone("UTC"))
    }

    #[test]
    fn rows_end_by_their_time_and_rows_without_one_never() {
        let instants = vec![Some(499), Some(500), None, Some(-1), Some(501), None];
        let expected = vec![true, false, false, true, false, false];
        let instants = TimestampMicrosecondArray::from(instants);
        assert_eq!(marked("", Arc::new(instants.clone())).unwrap().unwrap(), expected);
        assert_eq!(marked("", Arc::new(instants.with_timezone("UTC"))).unwrap().unwrap(), expected);
        let days = Date32Array::from(vec![Some(4), Some(5), None, Some(-1), Some(6), None]);
        assert_eq!(marked("", Arc::new(days)).unwrap().unwrap(), expected);
    }

    #[test]
    fn of_statements_only_grants_and_those_without_effect_end() {
        let expected = vec![true, false, false, false, true, false];
        assert_eq!(marked("role: consent_log\n", old()).unwrap().unwrap(), expected);
        assert!(marked("role: suppression_list\n", old()).is_none());
    }

    #[test]
    fn a_table_without_a_column_of_times_has_nothing_to_end() {
        assert!(marked("", Arc::new(Int64Array::from(vec![1; 6]))).is_none());
        let retention = Retention { column: "gone".into(), from_instant: 500, from_day: 5 };
        assert!(EndedRows::new(&dataset(""), &retention, &rows(old()).schema()).is_none());
    }
}
