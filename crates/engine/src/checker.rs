//! What a gate does: resolves whose a row is, decides, counts.

use crate::account::{ScanAccount, Tally};
use crate::relation::{Governance, SubjectColumns};
use crate::sealed::Place;
use crate::subjects::{NOBODY, SubjectIndex};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_err};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::Decision;
use lakewarden_privacy::token_bits;
use std::sync::Arc;

/// Marks a row without a pseudonym in a column; no customer has this number either.
const ABSENT: u32 = NOBODY - 1;

/// What the gate does to a batch.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    pub(crate) governance: Governance,
    /// The ground; which reasons withhold a row depends on it.
    pub(crate) basis: LawfulBasis,
    /// Column read that says how old a row is, if rows are kept for a time.
    pub(crate) time_at: Option<usize>,
    /// Columns read that say whose a row is.
    pub(crate) subject_at: Vec<usize>,
    /// Where each column of the result comes from.
    pub(crate) output: Vec<Place>,
    pub(crate) schema: SchemaRef,
    pub(crate) account: Arc<ScanAccount>,
}

impl Checker {
    /// Reads, decides and counts one batch; what comes out may be seen.
    ///
    /// # Errors
    /// If a subject column holds no pseudonym.
    pub(crate) fn check(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut tally = Tally { read: rows as u64, ..Tally::default() };
        let mut subjects = vec![NOBODY; rows];
        let mut decisions = vec![Decision::Permit; rows];
        for at in &self.subject_at {
            self.resolve(batch.column(*at), &mut subjects, &mut decisions)?;
        }
        match (&self.governance.retention, self.time_at) {
            (Some(retention), Some(at)) => retention.mark(batch.column(at), &mut decisions)?,
            (None, None) => {}
            _ => return exec_err!("a relation whose rows are kept for a time is read without it"),
        }
        let withheld = &mut tally.withheld;
        decisions.iter().for_each(|decision| withheld[*decision as usize] += 1);
        withheld[Decision::Permit as usize] = 0;
        let kept = withheld.iter().any(|rows| *rows > 0).then(|| {
            let mut keep = BooleanBufferBuilder::new(rows);
            decisions.iter().for_each(|decision| keep.append(*decision == Decision::Permit));
            BooleanArray::new(keep.finish(), None)
        });
        let (kept_batch, kept_subjects) = match kept {
            Some(mask) => {
                let batch = filter_record_batch(batch, &mask)?;
                let subjects = subjects.iter().zip(mask.values().iter()).filter(|(_, k)| *k).map(|(s, _)| *s).collect();
                (batch, subjects)
            }
            None => (batch.clone(), subjects),
        };
        tally.used = kept_batch.num_rows() as u64;
        tally.without_subject = kept_subjects.iter().filter(|s| **s == NOBODY).count() as u64;
        self.account.add(&tally);
        self.emit(&kept_batch, &kept_subjects)
    }

    /// Resolves one column of pseudonyms (or ids): the first that knows the customer names it, and the
    /// strictest decision of all of them stands, as far as the ground leaves it standing. A pseudonym that belongs to
    /// no known customer is refused.
    fn resolve(&self, column: &ArrayRef, subjects: &mut [u32], decisions: &mut [Decision]) -> Result<()> {
        let Some(values) = column.as_string_opt::<i32>() else {
            return exec_err!("a subject column is not text");
        };
        let index: &SubjectIndex = &self.governance.subjects;
        let by_id = self.governance.subject == SubjectColumns::CustomerId;
        let mut bits = Vec::with_capacity(values.len());
        for value in values {
            match value.map(token_bits) {
                Some(None) => return exec_err!("a subject column holds no pseudonym"),
                other => bits.push(other.flatten()),
            }
        }
        // Looking a pseudonym up waits for memory: a loop that does nothing else lets the processor wait for several.
        let find = |bits: Option<u128>| match bits {
            None => ABSENT,
            Some(bits) if by_id => index.of_id(bits).unwrap_or(NOBODY),
            Some(bits) => index.of_token(bits).unwrap_or(NOBODY),
        };
        let found: Vec<u32> = bits.into_iter().map(find).collect();
        for (row, found) in found.into_iter().enumerate().filter(|(_, found)| *found != ABSENT) {
            let decision = match found {
                NOBODY => Decision::NotGranted,
                subject => {
                    if subjects[row] == NOBODY {
                        subjects[row] = subject;
                    }
                    self.governance.decisions.of(subject)
                }
            };
            decisions[row] = decisions[row].max(decision.under(self.basis));
        }
        Ok(())
    }

    fn emit(&self, batch: &RecordBatch, subjects: &[u32]) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = self
            .output
            .iter()
            .map(|place| match place {
                Place::Stored(at) => Ok(batch.column(*at).clone()),
                Place::CustomerId => self.governance.subjects.ids_of(subjects),
            })
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}
