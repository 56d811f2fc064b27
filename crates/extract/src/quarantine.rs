//! Rejected records: where they stood, why, and their content, sealed.

use crate::convert::{Faults, Plan};
use crate::error::ExtractError;
use crate::read::RowNumbers;
use crate::schema::quarantine_schema;
use crate::sealed::{About, UNPARSED, type_name};
use crate::values::{UTC, as_text};
use arrow::array::Array;
use arrow::array::{
    ArrayRef, BinaryBuilder, Int32Array, Int64Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;
use lakewarden_dictionary::Treatment;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The name of the sealer (`KeyRing::sealer`) that quarantined records are sealed with.
pub const QUARANTINE_SEALER: &str = "quarantine";

/// What a sealed record is bound to: it opens only as this record of this file of this dataset.
pub fn quarantine_aad(dataset: &str, file: &str, row: u64) -> Vec<u8> {
    format!("{dataset}|{file}|{row}").into_bytes()
}

/// A nonce of its own for each record. The file's SHA-256 is not known before its end, so it is made from
/// the run's seed and the record's place. Should one ever repeat (the same place of two files of one name,
/// in two runs of one seed), AES-GCM-SIV gives away no more than whether the two records are equal: that
/// is why it was chosen over AES-GCM.
fn nonce(seed: u64, aad: &[u8]) -> [u8; 12] {
    let digest = Sha256::new()
        .chain_update(b"lakewarden quarantine")
        .chain_update(seed.to_le_bytes())
        .chain_update(aad)
        .finalize();
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&digest[..12]);
    nonce
}

/// Seals the faulty rows of a batch. `json`: the records' texts, for those that are no object.
pub(crate) fn seal(
    plan: &Plan<'_>,
    file: &str,
    raw: &[Option<ArrayRef>],
    json: Option<(&[u8], &[Range<usize>])>,
    numbers: &RowNumbers,
    faults: &Faults,
) -> Result<RecordBatch, ExtractError> {
    let bug = || plan.internal(file, "sealing quarantine");
    let dataset = plan.dataset.name.value.as_str();
    let places = UInt32Array::from_iter_values(faults.iter().map(|(row, _)| row as u32));
    // Text of the declared fields of just these rows. What is declared `drop` is not stored here either.
    let mut columns: Vec<(&str, StringArray)> = Vec::new();
    let mut types = BTreeMap::new();
    for (field, array) in plan.dataset.fields.iter().zip(raw) {
        if let (Some(array), true) = (array, field.treatment != Treatment::Drop) {
            let some = take(array, &places, None).map_err(|_| bug())?;
            columns.push((field.name.value.as_str(), as_text(&some).ok_or_else(bug)?));
            if let Some(name) = type_name(array.data_type()) {
                types.insert(field.name.value.clone(), name);
            }
        }
    }
    let unstored: Vec<usize> = (plan.fields.iter().enumerate())
        .filter(|(_, f)| plan.judges_unstored && !f.stored && !f.rules.is_empty())
        .map(|(index, _)| index)
        .collect();

    let len = places.len();
    let mut rows = Vec::with_capacity(len);
    let (mut fields, mut rules, mut reasons) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut nonces, mut sealed) = (BinaryBuilder::new(), BinaryBuilder::new());
    for (at, (place, fault)) in faults.iter().enumerate() {
        let row = numbers.get(place);
        rows.push(i64::try_from(row).map_err(|_| bug())?);
        fields.append_option(fault.field.map(|f| plan.dataset.fields[f].name.value.as_str()));
        rules.append_value(fault.name.map_or(fault.rule, |name| plan.names[name].as_str()));
        reasons.append_value(fault.describe());
        let mut record = serde_json::Map::new();
        match json {
            Some((text, spans)) if fault.rejected.is_some() => {
                let text = String::from_utf8_lossy(&text[spans[place].clone()]).into_owned();
                record.insert(UNPARSED.into(), text.into());
            }
            _ => {
                for (name, column) in &columns {
                    let value = column.is_valid(at).then(|| column.value(at)).filter(|v| !v.is_empty());
                    record.insert((*name).to_owned(), value.into());
                }
                let broke = unstored.iter().filter(|f| faults.broke(place, **f));
                let about = About {
                    shifted: fault.rejected.is_some_and(|r| r.fault.shifts()),
                    types: types.clone(),
                    broke: broke.map(|f| plan.dataset.fields[*f].name.value.clone()).collect(),
                    nested: faults.nested(place).map(|f| plan.dataset.fields[f].name.value.clone()).collect(),
                };
                about.put(&mut record).ok_or_else(bug)?;
            }
        }
        let plain = serde_json::to_vec(&record).map_err(|_| bug())?;
        let aad = quarantine_aad(dataset, file, row);
        let nonce = nonce(plan.seed, &aad);
        nonces.append_value(nonce);
        sealed.append_value(plan.sealer.seal(nonce, &aad, &plain));
    }

    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(dataset, len))),
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(file, len))),
        Arc::new(Int64Array::from(rows)),
        Arc::new(fields.finish()),
        Arc::new(rules.finish()),
        Arc::new(reasons.finish()),
        Arc::new(TimestampMicrosecondArray::from(vec![plan.now; len]).with_timezone(UTC)),
        Arc::new(Int32Array::from(vec![i32::try_from(plan.key_version).map_err(|_| bug())?; len])),
        Arc::new(nonces.finish()),
        Arc::new(sealed.finish()),
    ];
    RecordBatch::try_new(quarantine_schema(), columns).map_err(|_| bug())
}

/// What a rule's failure means, in a sentence that holds for every value.
pub(crate) fn reason(rule: &str) -> &'static str {
    match rule {
        "required" => "the field is empty, and rows without it are not kept",
        "since" => "the file lacks the field, and the row is from a day on which exports have it",
        "type" => "the text is not a value of the field's type in its declared formats",
        "in" => "the value is none of those listed",
        "between" => "the value is outside the declared bounds",
        "matches" => "the value does not have the declared pattern",
        "not_in_future" => "the time is later than the run's",
        "database" => {
            "the row was read from a database, which writes numbers and times otherwise than the entry says of files: change the row there, and the next run reads it"
        }
        "key" => "the lake has a row with this key, and which survives is told of files only: export the row again",
        "unique" => "the value stands in an earlier row",
        "references" => "the column that the rule refers to does not hold the value",
        "sql" => "the row breaks a rule on rows",
        "two_digit_year" => {
            "the year has two digits and would lie in the future, so that its century is in doubt: have the export write years with four, and declare them with `%Y`"
        }
        "masked" => "characters of the identifier are hidden",
        "fill" => {
            "the row names no person, though a row of the same order does: declare `fill: down within` its key on the fields that identify the person and load the file again, or `fill: none` if each row stands alone"
        }
        "phone" => "the text is not a telephone number",
        "region" => {
            "the telephone number has no country code and may be of several countries: write it with its code, or list the countries by a rule `in`"
        }
        "email" => "the text is not an e-mail address",
        "identifier" | "integer_identifier" => "the text is not an identifier",
        "domain" => "the row names no known kind of identifier",
        "columns" => "the record does not have as many values as the header has columns",
        "quote" => {
            "a quotation mark is inside a value that is not enclosed, follows a closed value, or is never closed: have the export double quotation marks inside enclosed values, or write `quote: none` under `format` if it encloses none"
        }
        "escape" => {
            "a quotation mark is escaped with a backslash: if the export writes them so, write `escape: backslash` under `format`"
        }
        "multiline" => "a value contains a line end: if the field's values may, write `multiline: true` for the field",
        "bytes" => "the record holds bytes that are not of the file's encoding",
        "json" => "the record is not a JSON object",
        "error_cell" => "the cell is an error of the spreadsheet",
        "formula" => {
            "the cell is a formula that no program has computed: open the workbook in a spreadsheet, save it, and export it again"
        }
        "lost_digits" => {
            "a spreadsheet has kept 15 digits of the number, or written it in scientific notation: export the column as text"
        }
        "date_cell" => "the spreadsheet has made a date of the identifier: export the column as text",
        "epoch_unit" => {
            "the number is a time near the run's only in another unit than the declared one; `time_format` takes several, and `epoch_as_declared: true` reads it as declared"
        }
        "calendar" => "the time is before 1900 or after 9999",
        "number_format" => "the text is not a number of the field's type in its declared format",
        _ => "the value breaks a rule",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_differ_by_place_and_seed() {
        let base = nonce(1, &quarantine_aad("d", "f", 1));
        assert_ne!(base, nonce(1, &quarantine_aad("d", "f", 2)));
        assert_ne!(base, nonce(1, &quarantine_aad("d", "g", 1)));
        assert_ne!(base, nonce(2, &quarantine_aad("d", "f", 1)));
    }
}
