//! Records as they lie in the table of quarantine.

use crate::quarantine::quarantine_aad;
use crate::values::UTC;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A column of the table does not hold what was written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` of a quarantine does not hold what was written there")]
pub struct HeldError {
    /// The column.
    pub column: &'static str,
}

/// The records of a batch of the table, whatever a reader made of their types.
pub struct HeldRecords {
    texts: [StringArray; 6],
    rows: Int64Array,
    at: TimestampMicrosecondArray,
    versions: Int32Array,
    bytes: [BinaryArray; 2],
}

/// One record: where it stood, why it is here, and its content, sealed.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// The file.
    pub file: &'a str,
    /// Its number in the file, from 1.
    pub row: u64,
    /// The field to blame, by its name in the export; `None` for the record as a whole.
    pub field: Option<&'a str>,
    /// The rule it broke.
    pub rule: &'a str,
    /// What that means.
    pub reason: &'a str,
    /// The run that read it; `None` where the table did not say so yet.
    pub run: Option<&'a str>,
    /// When that run began, by the clock: µs UTC.
    pub quarantined_at: i64,
    /// The version of the key it is sealed with.
    pub key_version: u32,
    /// The nonce.
    pub nonce: &'a [u8],
    /// The content.
    pub sealed: &'a [u8],
}

const TEXTS: [&str; 6] = ["dataset", "file", "rule", "reason", "field", "run"];

impl HeldRecords {
    /// Reads a batch. A table that was made before its runs were noted has no column `run`; who only lists
    /// records may leave out `sealed`.
    ///
    /// # Errors
    /// [`HeldError`].
    pub fn of(batch: &RecordBatch) -> Result<Self, HeldError> {
        let column = |column: &'static str, to: &Arrow| -> Result<ArrayRef, HeldError> {
            match batch.column_by_name(column) {
                Some(found) => cast(found, to).map_err(|_| HeldError { column }),
                None if column == "run" => Ok(new_null_array(to, batch.num_rows())),
                // Whoever only lists records does not fetch what is in them.
                None if column == "sealed" => {
                    Ok(Arc::new(BinaryArray::from_iter_values(std::iter::repeat_n(b"", batch.num_rows()))))
                }
                None => Err(HeldError { column }),
            }
        };
        let full = |name: &'static str, array: ArrayRef| match array.null_count() {
            0 => Ok(array),
            _ => Err(HeldError { column: name }),
        };
        let text = |name: &'static str| -> Result<StringArray, HeldError> {
            let texts = column(name, &Arrow::Utf8)?;
            let texts = if ["field", "run"].contains(&name) { texts } else { full(name, texts)? };
            Ok(texts.as_string::<i32>().clone())
        };
        let instant = Arrow::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
        let bytes = |name| -> Result<BinaryArray, HeldError> {
            Ok(full(name, column(name, &Arrow::Binary)?)?.as_binary::<i32>().clone())
        };
        let [dataset, file, rule, reason, field, run] = TEXTS;
        Ok(Self {
            texts: [text(dataset)?, text(file)?, text(rule)?, text(reason)?, text(field)?, text(run)?],
            rows: full("row", column("row", &Arrow::Int64)?)?.as_primitive::<Int64Type>().clone(),
            at: full("quarantined_at", column("quarantined_at", &instant)?)?
                .as_primitive::<TimestampMicrosecondType>()
                .clone(),
            versions: full("key_version", column("key_version", &Arrow::Int32)?)?.as_primitive::<Int32Type>().clone(),
            bytes: [bytes("nonce")?, bytes("sealed")?],
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of them.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, at: usize) -> Held<'_> {
        let text = |column: usize| self.texts[column].is_valid(at).then(|| self.texts[column].value(at));
        Held {
            dataset: self.texts[0].value(at),
            file: self.texts[1].value(at),
            row: self.rows.value(at).unsigned_abs(),
            field: text(4),
            rule: self.texts[2].value(at),
            reason: self.texts[3].value(at),
            run: text(5),
            quarantined_at: self.at.value(at),
            key_version: self.versions.value(at).unsigned_abs(),
            nonce: self.bytes[0].value(at),
            sealed: self.bytes[1].value(at),
        }
    }
}

impl Held<'_> {
    /// What its content is bound to.
    pub(crate) fn aad(&self) -> Vec<u8> {
        quarantine_aad(self.dataset, self.file, self.row)
    }

    /// Its id: `dataset/` and 16 hexadecimal digits of SHA-256 over its place and its nonce, which is the run's and the
    /// place's. It stays the same for as long as the record lies in quarantine.
    pub fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"lakewarden quarantine record")
            .chain_update(self.nonce)
            .chain_update(self.aad())
            .finalize();
        let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}/{hex}", self.dataset)
    }
}
