//! What must not be loaded, though it could be read.

use super::arriving::transaction;
use crate::arrivals;
use crate::database;
use crate::drift;
use crate::error::PipelineError;
use crate::history;
use crate::ledger::Known;
use crate::observe::Observer;
use crate::people::People;
use crate::project::OpenProject;
use crate::quarantine::{self, InQuarantine};
use crate::record::{Counts, DatasetAccount, FileFacts, FileWarning, HeldFile, KeyFacts, Quarantined};
use crate::references::{Gathered, References};
use crate::tables::TableView;
use crate::thresholds::{self, LastLoads};
use crate::unread;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Database, Dataset, Settings, UnreadableSubject};
use lakewarden_extract::{
    FileAccount, KeySet, RuleInputs, Sink, SinkError, SourceFile, UnreadLog, checksum, conformed_schema, extract,
    unique_columns, unread_schema,
};
use lakewarden_lake::{
    Change, FILE_TRANSACTION, LEDGER_KEY, Lake, Mode, StagedTable, TableSnapshot, TableWriter, WriterOptions, Zone,
};
use lakewarden_privacy::KeyRing;
use lakewarden_source::database::DatabaseRead;
use lakewarden_source::{Listing, Origins};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

/// Refuses files that may hold a withdrawal of which nobody can tell whose it is, unless the dataset says otherwise.
pub(super) fn refuse_nobody(dataset: &Dataset, accounts: &[FileAccount]) -> Result<(), PipelineError> {
    let records = accounts.iter().map(|a| a.unread_nobody).sum();
    let first = accounts.iter().find_map(|a| Some((a.file.clone(), a.nobody_at?)));
    match first {
        Some((file, row)) if dataset.unreadable_subject == UnreadableSubject::Refuse => {
            Err(PipelineError::NobodyNamed { dataset: dataset.name.value.clone(), records, file, row })
        }
        _ => Ok(()),
    }
}

/// Refuses files whose bytes were not those that [`new_files`] judged.
pub(super) fn refuse_changed(
    dataset: &str,
    files: &[SourceFile],
    accounts: &[FileAccount],
    published: Option<&TableSnapshot>,
) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (file, account) in files.iter().zip(accounts) {
        let known = published.is_some_and(|p| p.transactions.contains_key(&transaction(&account.sha256)));
        if account.bytes != file.size || known || !seen.insert(&account.sha256) {
            return Err(PipelineError::FileChanged { dataset: dataset.to_owned(), file: file.name.clone() });
        }
    }
    Ok(())
}

/// Tells those who gather people of records that could not be read.
pub(super) fn doubt(people: Option<&Mutex<People>>, unread: &UnreadLog) -> Result<(), PipelineError> {
    if let Some(people) = people {
        unread::note(&mut people.lock().map_err(|_| PipelineError::Worker)?.consent, unread);
    }
    Ok(())
}

