//! What a gate does: resolves whose a row is, decides, counts.

use crate::account::{ScanAccount, Tally};
use crate::relation::{Governance, SubjectColumns};
use crate::sealed::Place;
use crate::subjects::{NOBODY, SubjectIndex};
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions, StringBuilder,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_err};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::Decision;
use lakewarden_privacy::token_bits;
use std::sync::Arc;

/// What the gate does to a batch.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    pub(crate) governance: Governance,
    /// Where it is consent, that decides; otherwise rows pass on another ground and are only counted.
    pub(crate) basis: LawfulBasis,
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
        let withheld = &mut tally.withheld;
        let kept = if self.basis == LawfulBasis::Consent {
            let mut keep = BooleanBufferBuilder::new(rows);
            for decision in &decisions {
                keep.append(*decision == Decision::Permit);
                withheld[*decision as usize] += 1;
            }
            withheld[Decision::Permit as usize] = 0;
            Some(BooleanArray::new(keep.finish(), None))
        } else {
            None
        };
        let all = withheld.iter().sum::<u64>() == 0;
        let (kept_batch, kept_subjects) = match kept {
            Some(mask) if !all => {
                let batch = filter_record_batch(batch, &mask)?;
                let subjects = subjects.iter().zip(mask.values().iter()).filter(|(_, k)| *k).map(|(s, _)| *s).collect();
                (batch, subjects)
            }
            _ => (batch.clone(), subjects),
        };
        tally.used = kept_batch.num_rows() as u64;
        tally.without_subject = kept_subjects.iter().filter(|s| **s == NOBODY).count() as u64;
        self.account.add(&tally);
        self.emit(&kept_batch, &kept_subjects)
    }

    /// Resolves one column of pseudonyms (or ids): the first that knows the customer names it, and the
    /// strictest decision of all of them stands. A pseudonym that belongs to no known customer is refused.
    fn resolve(&self, column: &ArrayRef, subjects: &mut [u32], decisions: &mut [Decision]) -> Result<()> {
        let Some(values) = column.as_string_opt::<i32>() else {
            return exec_err!("a subject column is not text");
        };
        let index: &SubjectIndex = &self.governance.subjects;
        let by_id = self.governance.subject == SubjectColumns::CustomerId;
        for (row, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let Some(bits) = token_bits(value) else { return exec_err!("a subject column holds no pseudonym") };
            let found = if by_id { index.of_id(bits) } else { index.of_token(bits) };
            let decision = match found {
                Some(subject) => {
                    if subjects[row] == NOBODY {
                        subjects[row] = subject;
                    }
                    self.governance.decisions.of(subject)
                }
                None => Decision::NotGranted,
            };
            if decision != Decision::Permit && decisions[row] != Decision::Withdrawn {
                decisions[row] = decision;
            }
        }
        Ok(())
    }

    fn emit(&self, batch: &RecordBatch, subjects: &[u32]) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = self
            .output
            .iter()
            .map(|place| match place {
                Place::Stored(at) => batch.column(*at).clone(),
                Place::CustomerId => self.customer_ids(subjects),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }

    fn customer_ids(&self, subjects: &[u32]) -> ArrayRef {
        let mut ids = StringBuilder::with_capacity(subjects.len(), subjects.len() * 26);
        for subject in subjects {
            if *subject == NOBODY {
                ids.append_null();
            } else {
                ids.append_value(self.governance.subjects.id(*subject));
            }
        }
        Arc::new(ids.finish())
    }
}
