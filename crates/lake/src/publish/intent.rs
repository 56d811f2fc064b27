//! The record of a publication between its decision and its completion.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use deltalake_core::kernel::StructType;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Change, Mode, Publication};
use crate::basis::Basis;
use crate::description::TableDescription;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::schema::to_delta;
use crate::table::{DataFile, LoadedTable};
use crate::zone::{TableId, Zone};

/// Where intents lie.
const FOLDER: &str = "_lakewarden/publication";
/// The form of the document below.
const FORMAT: u32 = 1;
/// Begins the app ids that only this module writes.
pub const PUBLICATION_TRANSACTION: &str = "lakewarden/publication/";
/// Keys of Delta's own in a commit's info.
const RESERVED: [&str; 11] = [
    "timestamp",
    "inCommitTimestamp",
    "userId",
    "userName",
    "operation",
    "operationParameters",
    "readVersion",
    "isolationLevel",
    "isBlindAppend",
    "engineInfo",
    "userMetadata",
];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    format: u32,
    pub(super) id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) changes: Vec<IntentChange>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentChange {
    pub(super) zone: Zone,
    pub(super) name: String,
    pub(super) mode: Mode,
    /// The version of the table when the publication was decided; None where there was no table.
    pub(super) base: Option<i64>,
    pub(super) schema: StructType,
    pub(super) files: Vec<DataFile>,
    #[serde(default)]
    pub(super) basis: Basis,
    pub(super) transactions: Vec<(String, i64)>,
    pub(super) info: Map<String, Value>,
    /// What the table will say of itself; as it does now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<TableDescription>,
}

impl IntentChange {
    pub(super) fn table(&self) -> Result<TableId, LakeError> {
        TableId::new(self.zone, &self.name)
    }
}

impl Intent {
    /// Checks a publication and brings it into its recorded form.
    pub(super) fn new(publication: Publication) -> Result<Self, LakeError> {
        let mut tables = HashSet::new();
        let mut changes = Vec::with_capacity(publication.changes.len());
        for Change { staged, mode, transactions, info } in publication.changes {
            let table = TableId::new(staged.zone, &staged.name)?;
            if tables.contains(&table) {
                return Err(LakeError::DuplicateChange { table: table.to_string() });
            }
            if let Some(key) = info.keys().find(|key| RESERVED.contains(&key.as_str())) {
                return Err(LakeError::ReservedKey { key: key.clone() });
            }
            if let Some((app, _)) = transactions.iter().find(|(app, _)| app.starts_with(PUBLICATION_TRANSACTION)) {
                return Err(LakeError::ReservedKey { key: app.clone() });
            }
            changes.push(IntentChange {
                zone: staged.zone,
                name: staged.name,
                mode,
                base: None,
                schema: to_delta(&table, &staged.schema)?,
                files: staged.files,
                basis: staged.basis,
                transactions,
                info,
                description: staged.description,
            });
            tables.insert(table);
        }
        Ok(Self { format: FORMAT, id: publication.id, at: publication.at, changes })
    }

    /// The transaction that marks this publication's commits.
    pub(super) fn app_id(&self) -> String {
        format!("{PUBLICATION_TRANSACTION}{}", self.id)
    }

    /// Says whether the table has this publication's commit already.
    pub(super) fn is_in(&self, table: Option<&LoadedTable>) -> bool {
        table.is_some_and(|table| table.snapshot.transactions.contains_key(&self.app_id()))
    }

    /// Says whether another intent wants the same, whatever the tables looked like at its time.
    pub(super) fn same_changes(&self, other: &Self) -> bool {
        let bare = |intent: &Self| -> Vec<IntentChange> {
            intent.changes.iter().map(|c| IntentChange { base: None, ..c.clone() }).collect()
        };
        bare(self) == bare(other)
    }

    pub(super) async fn put(&self, lake: &Lake) -> Result<(), LakeError> {
        let path = path_of(self.id);
        let bytes = serde_json::to_vec(self).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
        match lake.create_own(&path, bytes.into()).await {
            Err(LakeError::AlreadyExists { .. }) => Err(LakeError::PublicationInProgress { other: self.id }),
            // The store may have done it and the answer may be lost. If so it will be completed.
            Err(error) if error.is_retryable() => {
                Err(LakeError::PublicationPending { id: self.id, source: Box::new(error) })
            }
            put => put,
        }
    }

    pub(super) async fn read(lake: &Lake, id: Uuid) -> Result<Option<Self>, LakeError> {
        let path = path_of(id);
        let Some(bytes) = lake.read(&path).await? else {
            return Ok(None);
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(intent) if intent.format == FORMAT && intent.id == id => Ok(Some(intent)),
            _ => Err(LakeError::DamagedDocument { path: path.to_string() }),
        }
    }

    pub(super) async fn delete(&self, lake: &Lake) -> Result<(), LakeError> {
        lake.delete(&path_of(self.id)).await
    }
}

/// Lists the intents that are not completed.
pub(super) async fn list(lake: &Lake) -> Result<Vec<Uuid>, LakeError> {
    let objects = lake.list(&Path::from(FOLDER)).await?;
    let id = |path: &Path| Uuid::parse_str(path.filename()?.strip_suffix(".json")?).ok();
    Ok(objects.iter().filter_map(|object| id(&object.location)).collect())
}

fn path_of(id: Uuid) -> Path {
    Path::from(format!("{FOLDER}/{id}.json"))
}
