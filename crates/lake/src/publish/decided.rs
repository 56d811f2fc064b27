//! Changes that were decided on a certain state of their table: no other run may have come between.

use std::collections::HashSet;

use futures::{TryStreamExt, stream};
use object_store::path::Path;
use uuid::Uuid;

use super::Mode;
use super::intent::{Intent, IntentChange};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::ledger::FILE_TRANSACTION;
use crate::log::LogListing;
use crate::table::LoadedTable;

/// Tables looked at once.
const PARALLEL: usize = 16;

/// Says whether a change means something only for the version of the table that it was made for.
pub(super) fn is_tied(change: &IntentChange) -> bool {
    change.mode == Mode::Replace || change.basis.seen.is_some() || !change.basis.replaces.is_empty()
}

/// Says whether a change takes files out of the table.
pub(super) fn removes(change: &IntentChange) -> bool {
    change.mode == Mode::Replace || !change.basis.replaces.is_empty()
}

/// What Delta calls it: rows added or all replaced are a write, some replaced a merge.
pub(super) fn operation(change: &IntentChange) -> &'static str {
    if change.mode == Mode::Append && removes(change) { "MERGE" } else { "WRITE" }
}

/// Says whether the change takes the place of this file, given relative to the table's folder.
pub(super) fn replaces(change: &IntentChange, folder: &Path, file: &str) -> bool {
    let inside = |replaced: &String| {
        replaced.strip_prefix(folder.as_ref()).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| rest == file)
    };
    change.basis.replaces.iter().any(inside)
}

/// Checks that the table is as it was when the rows were decided upon, has the files they take the place of, and none
/// of the loaded files that the change brings.
///
/// # Errors
/// `LW5070`, `LW5040`.
pub(super) fn check(change: &IntentChange, table: Option<&LoadedTable>) -> Result<(), LakeError> {
    let loaded = |table: &&LoadedTable| {
        let known = &table.snapshot.transactions;
        let brought = change.transactions.iter().filter(|(id, _)| id.starts_with(FILE_TRANSACTION));
        brought.filter(|(id, _)| known.contains_key(id)).count()
    };
    match table.as_ref().map_or(0, loaded) {
        0 => {}
        files => return Err(LakeError::LoadedMeanwhile { table: change.table()?.to_string(), files }),
    }
    let found = table.map(|table| table.snapshot.version);
    if let Some(seen) = change.basis.seen
        && seen.version() != found
    {
        return Err(conflict(change, seen.version(), found)?);
    }
    if !change.basis.replaces.is_empty() {
        let held: HashSet<&str> =
            table.iter().flat_map(|table| &table.snapshot.files).map(|file| file.path.as_str()).collect();
        if change.basis.replaces.iter().any(|file| !held.contains(file.as_str())) {
            return Err(conflict(change, change.base, found)?);
        }
    }
    Ok(())
}

/// Checks, once the intent can be seen by others, that no table it is tied to has moved since it was looked at. From
/// then on nobody else publishes.
///
/// # Errors
/// `LW5040`; those of the store.
pub(super) async fn unmoved(lake: &Lake, intent: &Intent) -> Result<(), LakeError> {
    stream::iter(intent.changes.iter().filter(|change| is_tied(change)).map(Ok))
        .try_for_each_concurrent(PARALLEL, |change| async move {
            let found = LogListing::read(lake, &change.table()?).await?.version();
            let found = found.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
            if found == change.base { Ok(()) } else { Err(conflict(change, change.base, found)?) }
        })
        .await
}

/// A store that did not answer leaves the intent for the next run to judge.
pub(super) fn postponed(id: Uuid, error: LakeError) -> LakeError {
    match error {
        LakeError::Conflict { .. } => error,
        other => super::pending(id, other),
    }
}

/// The error for a table at another version.
pub(super) fn conflict(
    change: &IntentChange,
    expected: Option<i64>,
    found: Option<i64>,
) -> Result<LakeError, LakeError> {
    let say = |version: Option<i64>| match version {
        Some(version) => format!("version {version}"),
        None => "no table".to_owned(),
    };
    Ok(LakeError::Conflict { table: change.table()?.to_string(), expected: say(expected), found: say(found) })
}
