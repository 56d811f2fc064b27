//! What a gate does: resolves whose a row is, decides, counts.

use crate::account::{ScanAccount, Tally};
use crate::sealed::Place;
use crate::subjects::NOBODY;
use crate::whose::{Resolved, Resolver};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::compute::FilterBuilder;
use datafusion::arrow::datatypes::{SchemaRef, UInt32Type};
use datafusion::common::{Result, exec_err};
use lakewarden_policy::{Decision, GateRule};
use std::sync::Arc;

/// What the gate does to a batch.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    pub(crate) resolver: Resolver,
    /// Column read that says how old a row is, if rows are kept for a time.
    pub(crate) time_at: Option<usize>,
    /// Where each column of the result comes from.
    pub(crate) output: Vec<Place>,
    pub(crate) schema: SchemaRef,
    pub(crate) account: Arc<ScanAccount>,
}

impl Checker {
    /// Reads, decides and counts one batch; what comes out may be seen.
    ///
    /// # Errors
    /// If the data subject of a row cannot be found out.
    pub(crate) fn check(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut tally = Tally { read: rows as u64, ..Tally::default() };
        let Resolved { subjects, mut decisions, unknown } = self.resolver.resolve(batch)?;
        match (&self.resolver.governance.retention, self.time_at) {
            (Some(retention), Some(at)) => retention.mark(batch.column(at), &mut decisions)?,
            (None, None) => {}
            _ => return exec_err!("a relation whose rows are kept for a time is read without it"),
        }
        decisions.iter().for_each(|decision| tally.withheld[*decision as usize] += 1);
        tally.withheld[Decision::Permit as usize] = 0;
        let permitted = BooleanBuffer::collect_bool(rows, |row| decisions[row] == Decision::Permit);
        let of_somebody = NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| subjects[row] != NOBODY));
        let subjects: ArrayRef = Arc::new(UInt32Array::new(subjects.into(), Some(of_somebody)));
        let kept = (permitted.count_set_bits() < rows)
            .then(|| FilterBuilder::new(&BooleanArray::new(permitted, None)).optimize().build());
        let keep = |column: &ArrayRef| match &kept {
            Some(kept) => kept.filter(column),
            None => Ok(column.clone()),
        };
        let subjects = keep(&subjects)?;
        tally.used = subjects.len() as u64;
        tally.without_subject = match self.resolver.rule {
            GateRule::Subject(_) | GateRule::WithoutSubject(_) => subjects.null_count() as u64,
            GateRule::NotPersonal => 0,
        };
        let columns: Vec<ArrayRef> = self
            .output
            .iter()
            .map(|place| match place {
                Place::Stored(at) => keep(batch.column(*at)),
                Place::Unknown => keep(&(Arc::new(BooleanArray::from(unknown.clone())) as ArrayRef)),
                Place::CustomerId => self.resolver.governance.subjects.ids_of(subjects.as_primitive::<UInt32Type>()),
            })
            .collect::<Result<_, _>>()?;
        self.account.add(&tally);
        let options = RecordBatchOptions::new().with_row_count(Some(subjects.len()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}
