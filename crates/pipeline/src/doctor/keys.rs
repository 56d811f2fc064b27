//! The key: is it there, is it the lake's, and does it open what is in quarantine?

use crate::doctor::told;
use crate::error::PipelineError;
use crate::load;
use crate::record::KeyFacts;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use futures::TryStreamExt;
use lakewarden_extract::{QUARANTINE_SEALER, quarantine_aad};
use lakewarden_lake::{Finding, Lake, LakeError, Severity, TableSnapshot, Zone};
use lakewarden_privacy::{KeyRing, Sealer};

/// Files of a quarantine table that are looked into, the newest.
const FILES: usize = 8;
/// Rows of each that are opened.
const ROWS: usize = 32;
/// The columns that opening a row takes.
const COLUMNS: [&str; 6] = ["dataset", "file", "row", "key_version", "nonce", "sealed"];

/// Compares the key with the lake.
///
/// # Errors
/// Those of a store that does not answer.
pub(super) async fn examine(lake: &Lake, keys: &Result<KeyRing, PipelineError>) -> Result<Vec<Finding>, PipelineError> {
    let keys = match keys {
        Ok(keys) => keys,
        Err(error) => {
            let finding = told(error, "lakewarden.yaml");
            let new = lake.tables(Zone::Conformed).await?.is_empty();
            let mend =
                "put the key that this lake was written with there again: a new one opens nothing of it".to_owned();
            return Ok(vec![if new { finding } else { Finding { mend, ..finding } }]);
        }
    };
    let mut findings = Vec::new();
    for name in lake.tables(Zone::Conformed).await? {
        let facts: Option<KeyFacts> = match readable(lake, Zone::Conformed, &name).await? {
            Some(table) => match load::key_facts(&table) {
                Ok(facts) => facts,
                Err(error) => {
                    findings.push(told(&error, &format!("conformed/{name}")));
                    None
                }
            },
            None => None,
        };
        if let Some(Err(error)) = facts.map(|facts| facts.refuse_other(&name, &KeyFacts::of(keys))) {
            findings.push(told(&error, &format!("conformed/{name}")));
        }
    }
    // One key for all: the first table says it.
    findings.dedup_by(|a, b| a.code == b.code && a.what == b.what);
    let sealer = keys.sealer(QUARANTINE_SEALER);
    for name in lake.tables(Zone::Quarantine).await? {
        if let Some(table) = readable(lake, Zone::Quarantine, &name).await? {
            findings.extend(quarantine(lake, &table, keys, &sealer).await?);
        }
    }
    Ok(findings)
}

/// A table that can be read; that it cannot is a finding of the lake's own.
pub(super) async fn readable(lake: &Lake, zone: Zone, name: &str) -> Result<Option<TableSnapshot>, PipelineError> {
    match lake.table(zone, name).await {
        Err(error) if error.is_retryable() => Err(error.into()),
        table => Ok(table.ok().flatten()),
    }
}

/// Opens some rows of a quarantine table, and forgets them.
async fn quarantine(
    lake: &Lake,
    table: &TableSnapshot,
    keys: &KeyRing,
    sealer: &Sealer,
) -> Result<Option<Finding>, PipelineError> {
    let (mut tried, mut shut) = (0_u64, 0_u64);
    for file in table.files.iter().rev().take(FILES) {
        let first = match lake.open_file(table, file, Some(&COLUMNS)).await {
            Ok(mut batches) => batches.try_next().await,
            Err(error) => Err(error),
        };
        match first {
            Ok(Some(batch)) => {
                let opened = open_rows(&batch, keys, sealer).unwrap_or(Opened { tried: 1, shut: 1 });
                tried += opened.tried;
                shut += opened.shut;
            }
            Ok(None) => {}
            Err(error) if error.is_retryable() => return Err(error.into()),
            // That a file is not there is a finding of the lake's own.
            Err(LakeError::Store { .. }) => {}
            Err(_) => (tried, shut) = (tried + 1, shut + 1),
        }
    }
    Ok((shut > 0).then(|| Finding {
        code: "LW6046",
        severity: Severity::Error,
        what: format!("{shut} of {tried} rows of quarantine that were tried cannot be opened with this key"),
        at: format!("quarantine/{}", table.name),
        mend: "use the key that the lake was written with; if it is this one, restore the table from a backup"
            .to_owned(),
        fixable: false,
    }))
}

struct Opened {
    tried: u64,
    shut: u64,
}

/// None where the columns are not those of a quarantine table.
fn open_rows(batch: &RecordBatch, keys: &KeyRing, sealer: &Sealer) -> Option<Opened> {
    let column = |name: &str, to: DataType| -> Option<ArrayRef> { cast(batch.column_by_name(name)?, &to).ok() };
    let dataset = column("dataset", DataType::Utf8)?;
    let file = column("file", DataType::Utf8)?;
    let row = column("row", DataType::Int64)?;
    let version = column("key_version", DataType::Int64)?;
    let nonce = column("nonce", DataType::Binary)?;
    let sealed = column("sealed", DataType::Binary)?;
    let (dataset, file) = (dataset.as_string::<i32>(), file.as_string::<i32>());
    let (row, version) = (row.as_primitive::<Int64Type>(), version.as_primitive::<Int64Type>());
    let (nonce, sealed) = (nonce.as_binary::<i32>(), sealed.as_binary::<i32>());
    let mut opened = Opened { tried: 0, shut: 0 };
    // Rows of another version of the key are not this key's to open.
    let own =
        (0..batch.num_rows()).filter(|at| version.is_valid(*at) && version.value(*at) == i64::from(keys.version()));
    for at in own.take(ROWS) {
        opened.tried += 1;
        let place = u64::try_from(row.value(at)).ok()?;
        let aad = quarantine_aad(dataset.value(at), file.value(at), place);
        let plain = <[u8; 12]>::try_from(nonce.value(at)).map(|nonce| sealer.open(nonce, &aad, sealed.value(at)));
        if !matches!(plain, Ok(Ok(_))) {
            opened.shut += 1;
        }
    }
    Some(opened)
}
