//! The stored rows of a dataset, held against its entry of today.

use super::change::{ChangeKind, Decision, DeclarationChange};
use super::compare::{Difference, compare};
use super::declaration::StoredDeclaration;
use super::noted::StoredDeclarations;
use super::rows::{FromDay, Without, count_without};
use super::sentences;
use crate::error::{PipelineError, counted};
use crate::ledger::{self, LedgerLine};
use crate::load::totals;
use chrono::NaiveDate;
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, Field, Generalisation, Treatment};
use lakewarden_extract::{KeySet, conformed_schema};
use lakewarden_lake::{Lake, TableSnapshot};
use lakewarden_privacy::KeyRing;
use std::collections::BTreeMap;

/// What it takes to compare a dataset with what is stored of it.
#[derive(Clone, Copy)]
pub(crate) struct Survey<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The project's zone.
    pub zone: Tz,
    /// The key, if it is at hand: without it a rotated one is not seen.
    pub keys: Option<&'a KeyRing>,
}

/// Files and rows that were stored under one declaration, as the ledger tells.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    files: u64,
    /// Rows written.
    written: u64,
    /// Rows left out because an equal one was kept, or another with their key.
    repeated: u64,
    /// Rows left out because they were older than the retention.
    outside_retention: u64,
}

impl Extent {
    fn and(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            written: self.written + other.written,
            repeated: self.repeated + other.repeated,
            outside_retention: self.outside_retention + other.outside_retention,
        }
    }
}

impl Survey<'_> {
    /// Finds what changed in the declaration of a dataset since its published rows were stored. The most severe come
    /// first.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if what is noted beside the rows cannot be read; those of the lake.
    pub async fn changes(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
    ) -> Result<Vec<DeclarationChange>, PipelineError> {
        let Some(published) = published.filter(|published| published.rows() > 0) else { return Ok(Vec::new()) };
        // The table of rows that anomaly rules mark is no export, and written whole by every run.
        if dataset.demands.marks_rows_of.is_some() {
            return Ok(Vec::new());
        }
        let mut found = self.differences(dataset, published).await?;
        self.add_type_changes(dataset, published, &mut found);
        self.add_nulls(dataset, published, &mut found).await?;
        found.sort_by(|a, b| (b.decision, a.change, &a.column).cmp(&(a.decision, b.change, &b.column)));
        Ok(found)
    }

    /// Compares today's declaration with each that rows were stored under.
    async fn differences(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
    ) -> Result<Vec<DeclarationChange>, PipelineError> {
        let today = StoredDeclaration::from_dataset(dataset, self.zone, self.keys);
        let stored = StoredDeclarations::of_published(Some(published))?;
        let differing = stored.iter().map(|(id, declaration)| (id, compare(declaration, &today)));
        let differing: Vec<(&str, Vec<Difference>)> = differing.filter(|(_, found)| !found.is_empty()).collect();
        if differing.is_empty() {
            return Ok(Vec::new());
        }
        let extents = self.extents(dataset, published, &stored).await?;
        let mut merged: BTreeMap<Difference, Extent> = BTreeMap::new();
        for (id, differences) in differing {
            let Some(extent) = extents.get(id) else { continue };
            for difference in differences {
                let all = merged.entry(difference).or_default();
                *all = all.and(*extent);
            }
        }
        let mut found = Vec::new();
        for (difference, extent) in merged {
            found.extend(self.judge(dataset, published, difference, extent).await?);
        }
        Ok(found)
    }

    /// What was stored under each declaration. Rows that no file in the ledger accounts for, such as those that left
    /// quarantine, may be of any.
    async fn extents<'s>(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        stored: &'s StoredDeclarations,
    ) -> Result<BTreeMap<&'s str, Extent>, PipelineError> {
        let mut extents: BTreeMap<&str, Extent> = stored.iter().map(|(id, _)| (id, Extent::default())).collect();
        let (mut accounted, mut unknown) = (0, false);
        let lines = ledger::lines(self.lake, &dataset.name.value).await?;
        for line in lines.into_iter().filter(LedgerLine::is_effective) {
            let Some(facts) = line.file.facts else {
                unknown = true;
                continue;
            };
            let own = Extent {
                files: 1,
                written: facts.written,
                repeated: facts.duplicates + facts.key_conflicts,
                outside_retention: facts.outside_retention,
            };
            let id = facts.declaration.as_deref().or(stored.unnamed());
            if let Some(extent) = id.and_then(|id| extents.get_mut(id)) {
                accounted += own.written;
                *extent = extent.and(own);
            }
        }
        // Where the log no longer says what a file brought, rows of it may be there whatever the other files sum up to.
        let rest = published.rows().saturating_sub(accounted).max(u64::from(unknown));
        for extent in extents.values_mut().filter(|extent| extent.written == 0) {
            extent.written = rest;
        }
        Ok(extents)
    }

    /// Decides what a difference means for stored rows. `None` if it concerns none of them.
    async fn judge(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        difference: Difference,
        extent: Extent,
    ) -> Result<Option<DeclarationChange>, PipelineError> {
        let (decision, rows) = match difference.kind {
            // Nothing is left of files that brought no row, but for the rows that are missing.
            kind if extent.written == 0 && !kind.is_of_missing_rows() => return Ok(None),
            ChangeKind::SecretKeyRotated
            | ChangeKind::SubjectNotStored
            | ChangeKind::RoleChanged
            | ChangeKind::FieldAdded
            | ChangeKind::FieldRenamed
            | ChangeKind::TypeChanged
            | ChangeKind::TreatmentChanged
            | ChangeKind::PseudonymChanged
            | ChangeKind::ReadingChanged => (Decision::Refused, extent.written),
            ChangeKind::FieldAddedSince => match self.without_field(dataset, published, &difference).await? {
                0 => (Decision::Note, extent.written),
                rows => (Decision::Refused, rows),
            },
            ChangeKind::SubjectChanged | ChangeKind::SpellingAdded => (Decision::Warning, extent.written),
            ChangeKind::ReadingChangedSince
            | ChangeKind::ReadingExtended
            | ChangeKind::SourceChanged
            | ChangeKind::RetentionShorter
            | ChangeKind::EventTimeChanged
            | ChangeKind::FieldDropped => (Decision::Note, extent.written),
            // Rows that were left out by the old key are missing under the new one.
            ChangeKind::RowKeyFiner => match extent.repeated {
                0 => (Decision::Note, extent.written),
                missing => (Decision::Refused, missing),
            },
            ChangeKind::RowKeyChanged => match extent.repeated + self.repeated_keys(dataset, published).await? {
                0 => (Decision::Note, extent.written),
                rows => (Decision::Refused, rows),
            },
            ChangeKind::SurvivorChanged => match extent.repeated {
                0 => return Ok(None),
                missing => (Decision::Warning, missing),
            },
            ChangeKind::RetentionLonger => match extent.outside_retention {
                0 => return Ok(None),
                missing => (Decision::Warning, missing),
            },
            ChangeKind::RetentionRemoved => match totals(Some(published))?.retention_ended {
                0 => return Ok(None),
                missing => (Decision::Warning, missing),
            },
            // Of the rows themselves, not of a declaration.
            ChangeKind::RequiredNull => return Ok(None),
        };
        Ok(Some(sentences::change(dataset, difference, decision, (extent.files, rows))))
    }

    /// Rows from a field's first day on that were stored without it. Where no row says when it is from, none.
    async fn without_field(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        difference: &Difference,
    ) -> Result<u64, PipelineError> {
        let (Some(column), Some(day)) = (&difference.column, &difference.now) else { return Ok(0) };
        let Ok(day) = day.parse::<NaiveDate>() else { return Ok(0) };
        let Some(from) = FromDay::new(dataset, day, self.zone) else { return Ok(0) };
        count_without(self.lake, published, column, Without::Column, Some(&from)).await
    }

    /// Stored rows whose key another stored row has.
    async fn repeated_keys(&self, dataset: &Dataset, published: &TableSnapshot) -> Result<u64, PipelineError> {
        let keys: Vec<&str> = dataset.key.iter().map(|part| part.value.as_str()).collect();
        if !keys.iter().all(|column| published.schema.field_with_name(column).is_ok()) {
            return Ok(published.rows());
        }
        let mut seen = KeySet::new(0);
        let mut batches = self.lake.read_table_batches(published, Some(&keys))?;
        while let Some(batch) = batches.try_next().await? {
            seen.observe(&batch, &keys).map_err(PipelineError::of_keys(&dataset.name.value, &keys))?;
        }
        Ok(published.rows().saturating_sub(seen.len() as u64))
    }

    /// What the table's own schema says, whatever is noted beside it.
    fn add_type_changes(&self, dataset: &Dataset, published: &TableSnapshot, found: &mut Vec<DeclarationChange>) {
        for field in conformed_schema(dataset).fields() {
            let Ok(stored) = published.schema.field_with_name(field.name()) else { continue };
            let known =
                found.iter().any(|c| c.column.as_ref() == Some(field.name()) && c.change == ChangeKind::TypeChanged);
            if stored.data_type() == field.data_type() || known {
                continue;
            }
            let difference = Difference {
                column: Some(field.name().clone()),
                kind: ChangeKind::TypeChanged,
                before: Some(stored.data_type().to_string()),
                now: Some(field.data_type().to_string()),
            };
            found.push(sentences::change(dataset, difference, Decision::Refused, (0, published.rows())));
        }
    }

    /// Adds the required columns that are null in stored rows.
    async fn add_nulls(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        found: &mut Vec<DeclarationChange>,
    ) -> Result<(), PipelineError> {
        let is_told = |column: &String| {
            let of_column = found.iter().filter(|change| change.column.as_ref() == Some(column));
            of_column.into_iter().any(|change| change.decision == Decision::Refused)
        };
        let required = dataset.stored().filter(|f| f.is_required() && !loses_values(&f.treatment));
        let required: Vec<&Field> = required.filter(|f| !is_told(&f.column.value)).collect();
        for field in required {
            let column = &field.column.value;
            let from = field.since.as_ref().and_then(|since| FromDay::new(dataset, since.value, self.zone));
            let rows = count_without(self.lake, published, column, Without::Value, from.as_ref()).await?;
            if rows > 0 {
                let now = field.since.as_ref().map(|since| since.value.to_string());
                let difference =
                    Difference { column: Some(column.clone()), kind: ChangeKind::RequiredNull, before: None, now };
                found.push(sentences::change(dataset, difference, Decision::Refused, (0, rows)));
            }
        }
        Ok(())
    }

    /// Refuses to read published rows before a change is resolved that makes them mean something else.
    ///
    /// # Errors
    /// [`PipelineError::DeclarationChanged`]; as [`Survey::changes`].
    pub async fn refuse_changed(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
    ) -> Result<Vec<DeclarationChange>, PipelineError> {
        let changes = self.changes(dataset, published).await?;
        refuse(&changes)?;
        Ok(changes)
    }
}

/// Refuses changes that are to be resolved before stored rows are used.
///
/// # Errors
/// [`PipelineError::DeclarationChanged`] with the first, and how many more there are.
pub(crate) fn refuse(changes: &[DeclarationChange]) -> Result<(), PipelineError> {
    let mut refused = changes.iter().filter(|change| match change.decision {
        Decision::Refused => true,
        Decision::Note | Decision::Warning => false,
    });
    match refused.next() {
        Some(first) => {
            Err(PipelineError::DeclarationChanged { first: Box::new(first.clone()), more: refused.count() as u64 })
        }
        None => Ok(()),
    }
}

/// Whether a value may be null after its treatment though it was none before: then a null says nothing of the export.
fn loses_values(treatment: &Treatment) -> bool {
    match treatment {
        // An address that names no city.
        Treatment::Generalise(Generalisation::City) => true,
        Treatment::Generalise(
            Generalisation::Decade | Generalisation::Year | Generalisation::Month | Generalisation::Grid { .. },
        )
        | Treatment::Keep
        | Treatment::Drop
        | Treatment::Pseudonymise(_)
        | Treatment::Mask { .. }
        | Treatment::Redact => false,
    }
}

/// `1 row was`, `2 rows were`.
pub(super) fn rows_were(rows: u64) -> String {
    format!("{} {}", counted(rows, "row"), if rows == 1 { "was" } else { "were" })
}
