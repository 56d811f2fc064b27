//! The accounts of files, summed up to their dataset's.

use crate::ledger::Known;
use crate::record::{Counts, DatasetAccount, FileFacts, FileWarning, FileWarningKind, Quarantined, SetNull};
use lakewarden_extract::FileAccount;
use lakewarden_source::database::DatabaseRead;
use std::collections::BTreeMap;

/// What was not loaded because the lake has it.
pub(super) fn names(known: Vec<Known>, read: Option<&DatabaseRead>) -> Vec<String> {
    let read = read.map(|read| read.name().to_owned());
    known.into_iter().map(|known| known.file).chain(read).collect()
}

pub(super) fn sum_up(dataset: &str, files: &[FileAccount], already_loaded: Vec<String>) -> DatasetAccount {
    let mut quarantined: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut warned: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut set_null: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut account = DatasetAccount { dataset: dataset.to_owned(), already_loaded, ..DatasetAccount::default() };
    for file in files {
        account.bytes += file.bytes;
        account.lines += file.lines;
        account.read += file.read;
        account.written += file.written;
        account.duplicates += file.duplicates;
        account.duplicates_by.add(&file.duplicates_by);
        account.key_conflicts += file.key_conflicts;
        account.outside_retention += file.outside_retention;
        account.exact_duplicates += file.exact_duplicates;
        account.skipped_lines += file.skipped.total();
        account.consent_unreadable += file.unread;
        account.consent_unreadable_nobody += file.unread_nobody;
        for (reason, rows) in &file.quarantined {
            *quarantined.entry((reason.field.clone(), reason.rule.to_string())).or_default() += rows;
        }
        for (reason, rows) in &file.warned {
            *warned.entry((reason.field.clone(), reason.rule.to_string())).or_default() += rows;
        }
        for (reason, values) in &file.set_null {
            *set_null.entry((reason.field.clone(), reason.rule.to_string())).or_default() += values;
        }
        add(&mut account.over_collected, file.over_collected.iter().map(|(k, v)| (k.clone(), *v)));
        add(&mut account.redactions, file.redactions.iter().map(|(k, v)| (k.to_string(), *v)));
        add(&mut account.rounded, file.rounded.iter().map(|(k, v)| (k.clone(), *v)));
        account.warnings.extend(
            file.warnings
                .iter()
                .map(|w| FileWarning { file: file.file.clone(), warning: FileWarningKind::Extraction(w.clone()) }),
        );
        account.files.push(FileFacts {
            file: file.file.clone(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            lines: file.lines,
            read: file.read,
            written: file.written,
            encoding: file.encoding.map(str::to_owned),
            interval: None,
        });
    }
    account.warned = warned.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
    account.set_null = set_null
        .into_iter()
        .filter_map(|((field, rule), values)| Some(SetNull { field: field?, rule, values }))
        .collect();
    account.quarantined =
        quarantined.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
    account
}

pub(super) fn add(counts: &mut Counts, more: impl Iterator<Item = (String, u64)>) {
    for (key, rows) in more {
        *counts.entry(key).or_default() += rows;
    }
}
