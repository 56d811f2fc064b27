//! One table's commit: the actions, and the race for the next version.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::{Schema, SchemaRef};
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference, TransactionError};
use deltalake_core::kernel::{Action, Add, CommitInfo, Metadata, Remove, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use serde_json::json;
use uuid::Uuid;

use super::intent::{Intent, IntentChange};
use super::{ENGINE, Mode, Outcome, Published, decided};
use crate::description::{TableDescription, keep_column_metadata};
use crate::error::LakeError;
use crate::fault::delta_error;
use crate::lake::Lake;
use crate::schema::{from_delta, has_bounds, merged, to_delta};
use crate::table::LoadedTable;
use crate::zone::TableId;

/// How often a commit is tried against others that commit to the same table.
const TRIES: usize = 20;
/// Commits between checkpoints. A table that gets a file a day is opened by reading at most this
/// many log entries.
const CHECKPOINT_INTERVAL: &str = "10";
/// Names the columns whose bounds other writers may keep in the log: none of text.
const STATS_COLUMNS: &str = "delta.dataSkippingStatsColumns";

/// Checks that a change can be made to the table as it is; returns the schema it will have.
pub(super) fn check(change: &IntentChange, table: Option<&LoadedTable>) -> Result<SchemaRef, LakeError> {
    let id = change.table()?;
    let staged = from_delta(&id, &change.schema)?;
    let Some(table) = table else {
        return Ok(staged);
    };
    let writer = table.delta.protocol().min_writer_version();
    if writer > 2 {
        return Err(LakeError::UnsupportedTable { table: id.to_string(), feature: format!("writer version {writer}") });
    }
    match change.mode {
        Mode::Append => merged(&id, &remaining(&table.snapshot.schema, &change.basis.drops), &staged),
        Mode::Replace => Ok(staged),
    }
}

/// A table's columns without those that leave it.
fn remaining(held: &SchemaRef, drops: &[String]) -> Schema {
    Schema::new(held.fields().iter().filter(|field| !drops.contains(field.name())).cloned().collect::<Vec<_>>())
}

/// Checks that a change, recorded some time ago and not begun, still means what it meant.
pub(super) fn fits(change: &IntentChange, table: Option<&LoadedTable>) -> Result<(), LakeError> {
    check(change, table)?;
    decided::check(change, table)?;
    let found = table.map(|table| table.snapshot.version);
    if decided::is_tied(change) && found != change.base {
        return Err(decided::conflict(change, change.base, found)?);
    }
    Ok(())
}

/// Commits one change, unless the table has it. `begun` says that another table of the publication
/// has its commit: then this one follows whatever happened meanwhile.
pub(super) async fn commit(
    lake: &Lake,
    intent: &Intent,
    change: &IntentChange,
    mut table: Option<LoadedTable>,
    begun: bool,
) -> Result<Outcome, LakeError> {
    let id = change.table()?;
    let published = |version: i64| Outcome::Done(vec![Published { zone: id.zone, name: id.name.clone(), version }]);
    for _ in 0..TRIES {
        if let Some(table) = table.as_ref().filter(|table| intent.is_in(Some(table))) {
            return Ok(published(table.snapshot.version));
        }
        if !begun && let Err(error) = fits(change, table.as_ref()) {
            return Ok(Outcome::Refused(error));
        }
        let actions = actions(intent, change, &id, table.as_ref())?;
        let reference = table.as_ref().map(|table| &table.delta as &dyn TableReference);
        let operation = DeltaOperation::Write {
            mode: if decided::removes(change) { SaveMode::Overwrite } else { SaveMode::Append },
            partition_by: None,
            predicate: None,
        };
        // No retries of deltalake's: against a newer version the actions have to be made anew.
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(true)
            .with_cleanup_expired_logs(Some(false));
        let access = lake.log_access(&id)?;
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(reference, access.store.clone(), operation)
            .await;
        match committed {
            Ok(commit) => {
                return Ok(published(i64::try_from(commit.version()).unwrap_or(i64::MAX)));
            }
            Err(error) if is_race(&error) => table = lake.load(&id).await?,
            Err(error) => return Err(access.error("committing to", &error)),
        }
    }
    Err(LakeError::Conflict {
        table: id.to_string(),
        expected: "a version that is free".to_owned(),
        found: format!("others commit faster, {TRIES} times"),
    })
}

fn is_race(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => matches!(
            source,
            TransactionError::VersionAlreadyExists(_)
                | TransactionError::CommitConflict(_)
                | TransactionError::MaxCommitAttempts(_)
        ),
        _ => false,
    }
}

fn actions(
    intent: &Intent,
    change: &IntentChange,
    id: &TableId,
    table: Option<&LoadedTable>,
) -> Result<Vec<Action>, LakeError> {
    let at = intent.at.timestamp_millis();
    let mut actions = vec![Action::CommitInfo(commit_info(intent, change, table))];
    let schema = check(change, table)?;
    match table {
        None => {
            actions.push(Action::Protocol(document(
                id,
                json!({
                    "minReaderVersion": 1,
                    "minWriterVersion": 2,
                }),
            )?));
            actions.push(Action::Metadata(new_metadata(intent, change, id, &schema)?));
        }
        Some(table) => {
            actions.extend(changed_metadata(change, id, table, &schema)?.map(Action::Metadata));
        }
    }
    let folder = id.folder();
    let mut added = HashSet::new();
    for file in &change.files {
        let path = object_store::path::Path::from(file.path.as_str());
        let inside: Option<Vec<String>> =
            path.prefix_match(&folder).map(|parts| parts.map(|part| part.as_ref().to_owned()).collect());
        let inside = inside.ok_or_else(|| damaged(id, "a staged file lies in another folder"))?;
        let inside = inside.join("/");
        added.insert(inside.clone());
        actions.push(Action::Add(Add {
            path: inside,
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            modification_time: at,
            data_change: true,
            stats: Some(file.stats().to_json()),
            ..Add::default()
        }));
    }
    let gone = |path: &str| change.mode == Mode::Replace || decided::replaces(change, &id.folder(), path);
    if let (true, Some(table)) = (decided::removes(change), table) {
        let log =
            table.delta.try_log_data().map_err(|error| delta_error(&id.to_string(), "reading the log of", &error))?;
        // A version must not both add and remove a file.
        for file in
            log.iter().filter(|file| !added.contains(file.path().as_ref()) && gone(file.object_store_path().as_ref()))
        {
            actions.push(Action::Remove(Remove {
                path: file.path().into_owned(),
                data_change: true,
                deletion_timestamp: Some(at),
                extended_file_metadata: Some(true),
                partition_values: Some(HashMap::new()),
                size: Some(file.size()),
                ..Remove::default()
            }));
        }
    }
    let own = (intent.app_id(), 1);
    for (app_id, version) in change.transactions.iter().chain([&own]) {
        actions.push(Action::Txn(Transaction { app_id: app_id.clone(), version: *version, last_updated: Some(at) }));
    }
    Ok(actions)
}

fn commit_info(intent: &Intent, change: &IntentChange, table: Option<&LoadedTable>) -> CommitInfo {
    let mode = match change.mode {
        Mode::Append => "Append",
        Mode::Replace => "Overwrite",
    };
    CommitInfo {
        timestamp: Some(intent.at.timestamp_millis()),
        operation: Some(decided::operation(change).to_owned()),
        operation_parameters: Some([("mode".to_owned(), json!(mode))].into()),
        read_version: table.map(|table| table.delta.version()),
        is_blind_append: Some(!decided::is_tied(change)),
        engine_info: Some(ENGINE.to_owned()),
        info: change.info.clone().into_iter().collect(),
        ..CommitInfo::default()
    }
}

/// The metadata that a table will have; `None` if it stays as it is. What it says of itself changes where the change
/// describes it, and the schema where rows have other columns or other nullability. Entries of other programs stay.
fn changed_metadata(
    change: &IntentChange,
    id: &TableId,
    table: &LoadedTable,
    schema: &SchemaRef,
) -> Result<Option<Metadata>, LakeError> {
    let unwritable = |_| damaged(id, "its metadata cannot be changed");
    let metadata = table.delta.metadata();
    let held = serde_json::to_value(table.delta.schema().as_ref()).map_err(unwritable)?;
    let same_columns = table.snapshot.schema == *schema;
    let mut wanted = held.clone();
    if !same_columns {
        wanted = serde_json::to_value(to_delta(id, schema)?).map_err(unwritable)?;
        keep_column_metadata(&held, &mut wanted);
    }
    if let Some(description) = &change.description {
        description.write_columns(&mut wanted);
        let described = description.for_columns(schema.fields().iter().map(|field| field.name().as_str()));
        let now = TableDescription::from_delta(metadata, &table.delta.schema());
        if same_columns && described == now {
            return Ok(None);
        }
    } else if same_columns {
        return Ok(None);
    }
    let mut document = serde_json::to_value(metadata).map_err(unwritable)?;
    let unreadable = || damaged(id, "its metadata cannot be changed");
    let entries = document.as_object_mut().ok_or_else(unreadable)?;
    entries.insert("schemaString".to_owned(), json!(wanted.to_string()));
    if let Some(description) = &change.description {
        entries.insert("description".to_owned(), json!(description.text));
    }
    let configuration = entries.entry("configuration").or_insert_with(|| json!({}));
    let configuration = configuration.as_object_mut().ok_or_else(unreadable)?;
    if !same_columns {
        configuration.insert(STATS_COLUMNS.to_owned(), json!(stats_columns(schema)));
    }
    if let Some(description) = &change.description {
        description.write_properties(configuration);
    }
    self::document(id, document).map(Some)
}

fn new_metadata(
    intent: &Intent,
    change: &IntentChange,
    id: &TableId,
    schema: &SchemaRef,
) -> Result<Metadata, LakeError> {
    let mut fields =
        serde_json::to_value(to_delta(id, schema)?).map_err(|_| damaged(id, "its schema cannot be written"))?;
    let mut configuration = serde_json::Map::new();
    configuration.insert("delta.checkpointInterval".to_owned(), json!(CHECKPOINT_INTERVAL));
    configuration.insert(STATS_COLUMNS.to_owned(), json!(stats_columns(schema)));
    if let Some(description) = &change.description {
        description.write_columns(&mut fields);
        description.write_properties(&mut configuration);
    }
    document(
        id,
        json!({
            "description": change.description.as_ref().map(|description| &description.text),
            "id": Uuid::new_v5(&intent.id, id.to_string().as_bytes()),
            "name": id.name,
            "format": { "provider": "parquet", "options": {} },
            "schemaString": fields.to_string(),
            "partitionColumns": [],
            "configuration": configuration,
            "createdTime": intent.at.timestamp_millis(),
        }),
    )
}

fn stats_columns(schema: &SchemaRef) -> String {
    let quoted = |name: &str| {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
    };
    let with_bounds = schema.fields().iter().filter(|field| has_bounds(field.data_type()));
    with_bounds.map(|field| quoted(field.name())).collect::<Vec<_>>().join(",")
}

/// Makes one of the kernel's actions, which have no public constructor.
fn document<T: serde::de::DeserializeOwned>(id: &TableId, value: serde_json::Value) -> Result<T, LakeError> {
    serde_json::from_value(value).map_err(|_| damaged(id, "an action cannot be written"))
}

fn damaged(id: &TableId, what: &str) -> LakeError {
    LakeError::DamagedTable { table: id.to_string(), what: what.to_owned() }
}
