//! What a change is, and what resolves it, in words.

use super::change::{ChangeKind, Decision, DeclarationChange};
use super::compare::Difference;
use super::survey::rows_were;
use crate::error::counted;
use lakewarden_dictionary::Dataset;

/// A change with its sentence and its remedy. `extent` is files and rows.
pub(super) fn change(
    dataset: &Dataset,
    difference: Difference,
    decision: Decision,
    extent: (u64, u64),
) -> DeclarationChange {
    let name = &dataset.name.value;
    let (files, rows) = extent;
    let message = message(name, &difference, decision, rows);
    let remedy = remedy(name, &difference, decision);
    let Difference { column, kind, before, now } = difference;
    DeclarationChange {
        code: kind.code().to_owned(),
        decision,
        dataset: name.clone(),
        column,
        change: kind,
        before,
        now,
        files,
        rows,
        message,
        remedy,
    }
}

fn message(dataset: &str, difference: &Difference, decision: Decision, rows: u64) -> String {
    let column = difference.column.as_deref().unwrap_or_default();
    let before = difference.before.as_deref().unwrap_or_default();
    let now = difference.now.as_deref().unwrap_or_default();
    let stored = rows_were(rows);
    match difference.kind {
        ChangeKind::SecretKeyRotated => format!(
            "{stored} stored in {dataset} with pseudonyms of key {before}; those of today's key, {now}, match none of them"
        ),
        ChangeKind::SubjectNotStored => {
            format!(
                "rows of {dataset} were stored before it declared a pseudonym, so their data subjects are not known"
            )
        }
        ChangeKind::RoleChanged => {
            format!("{stored} stored in {dataset} as `role: {before}`; it now declares `role: {now}`")
        }
        ChangeKind::SubjectChanged => {
            format!("{stored} stored in {dataset} under `subject: {before}`; it now declares `subject: {now}`")
        }
        ChangeKind::FieldAdded => {
            format!("{stored} stored in {dataset} without column {column}, which it now declares")
        }
        ChangeKind::FieldAddedSince => match decision {
            Decision::Refused => format!(
                "{stored} stored in {dataset} without column {column}, which is declared `since: {now}`, and {} from that day on",
                if rows == 1 { "is" } else { "are" }
            ),
            Decision::Note | Decision::Warning => {
                format!(
                    "{stored} stored in {dataset} without column {column}, and {} from before {now}",
                    if rows == 1 { "is" } else { "are" }
                )
            }
        },
        ChangeKind::FieldRenamed => format!(
            "column {before} of {dataset} is stored and no longer declared; {column} is declared alike and not stored: it seems to be renamed"
        ),
        ChangeKind::TypeChanged => {
            format!("column {column} of {dataset} is stored as {before}; the dictionary now declares {now}")
        }
        ChangeKind::TreatmentChanged => {
            format!("column {column} of {dataset} is stored with treatment {before}; the dictionary now declares {now}")
        }
        ChangeKind::PseudonymChanged => format!(
            "pseudonyms in column {column} of {dataset} were made with {before}; with {now}, as it now declares, one text would become another"
        ),
        ChangeKind::ReadingChanged => format!(
            "values in column {column} of {dataset} were read with {before}; with {now}, as it now declares, they could be others"
        ),
        ChangeKind::ReadingChangedSince => {
            format!(
                "values in column {column} of {dataset} were read with {before}, and with {now} from its `since` on"
            )
        }
        ChangeKind::SpellingAdded => {
            format!(
                "{stored} stored in {dataset} with {before} on column {column}; spellings that it now declares stand there as they came"
            )
        }
        ChangeKind::ReadingExtended => {
            format!("column {column} of {dataset} was read with {before}; {now} reads those values alike")
        }
        ChangeKind::SourceChanged => {
            format!(
                "column {column} of {dataset} was read from field {before} of the export, and is now read from {now}"
            )
        }
        ChangeKind::RequiredNull => match difference.now {
            Some(_) => format!(
                "column {column} of {dataset} is required from {now} on, and null in {} from then on",
                counted(rows, "stored row")
            ),
            None => format!("column {column} of {dataset} is required, and null in {}", counted(rows, "stored row")),
        },
        ChangeKind::RowKeyChanged => match decision {
            Decision::Refused => format!(
                "rows of {dataset} were told apart by {before}; by {now}, as it now declares, {} or missing",
                rows_are(rows, "repeated")
            ),
            Decision::Note | Decision::Warning => {
                format!(
                    "rows of {dataset} were told apart by {before}, and are now by {now}; each is stored once under both"
                )
            }
        },
        ChangeKind::RowKeyFiner => match decision {
            Decision::Refused => format!(
                "{} left out of {dataset} as repeated by {before}; by {now}, as it now declares, they may be others",
                rows_were(rows)
            ),
            Decision::Note | Decision::Warning => {
                format!("rows of {dataset} were told apart by {before}, and are now by {now}; none was left out")
            }
        },
        ChangeKind::SurvivorChanged => format!(
            "{} left out of {dataset} in favour of another with `survivor: {before}`; it now declares `survivor: {now}`",
            rows_were(rows)
        ),
        ChangeKind::RetentionLonger => format!(
            "{} not stored in {dataset}, being older than its retention of then, {before}; it is now {now}",
            rows_were(rows)
        ),
        ChangeKind::RetentionRemoved => format!(
            "{} removed from {dataset} by earlier runs, being older than its retention of then, {before}; it is now {now}",
            rows_were(rows)
        ),
        ChangeKind::RetentionShorter => format!(
            "rows of {dataset} were stored to be kept {before}, and are now kept {now}; no SQL reads older ones, and a run removes them from the table; old versions of it hold them until `history` is over"
        ),
        ChangeKind::EventTimeChanged => {
            format!("the event time of {dataset} was {before} when {stored} stored, and is now {now}")
        }
        ChangeKind::FieldDropped => {
            format!(
                "column {column} of {dataset} is stored and no longer declared; no SQL reads it, and a run removes it from the table; old versions of it hold it until `history` is over"
            )
        }
    }
}

fn rows_are(rows: u64, what: &str) -> String {
    format!("{} {} {what}", counted(rows, "row"), if rows == 1 { "is" } else { "are" })
}

fn remedy(dataset: &str, difference: &Difference, decision: Decision) -> String {
    let reload = format!("lakewarden run --reload {dataset}");
    let before = difference.before.as_deref().unwrap_or_default();
    match difference.kind {
        ChangeKind::SecretKeyRotated => {
            format!("load all exports again under the new key: lakewarden run --reload-all; or go back to key {before}")
        }
        ChangeKind::SubjectNotStored
        | ChangeKind::TypeChanged
        | ChangeKind::TreatmentChanged
        | ChangeKind::PseudonymChanged
        | ChangeKind::RoleChanged
        | ChangeKind::RowKeyChanged
        | ChangeKind::RowKeyFiner => match decision {
            Decision::Refused | Decision::Warning => format!("{reload}; or declare it as it was"),
            Decision::Note => "nothing to do".to_owned(),
        },
        ChangeKind::FieldAdded => {
            format!(
                "{reload}, if the exports have it; or declare the first day of rows that have it: `since: YYYY-MM-DD`"
            )
        }
        ChangeKind::FieldAddedSince => match decision {
            Decision::Refused => format!("{reload}, if the exports have it; or declare a later `since`"),
            Decision::Note | Decision::Warning => "nothing to do".to_owned(),
        },
        ChangeKind::FieldRenamed => {
            let now = difference.column.as_deref().unwrap_or_default();
            format!(
                "if the export still has the field {before}, declare `name: {before}` with `column: {now}`, then {reload}; if only the export's name changed, keep the column's: `column: {before}`; if it is another field, {reload}"
            )
        }
        ChangeKind::ReadingChanged => format!(
            "{reload}, if it was declared wrong; or, if the exports changed, declare the first day of rows that are written so: `since: YYYY-MM-DD`"
        ),
        ChangeKind::SpellingAdded => format!("{reload}, if rows hold such spellings"),
        ChangeKind::RequiredNull => format!(
            "{reload}, if the exports have the values; or declare the first day of rows that must have one: `since: YYYY-MM-DD`; or remove `required`"
        ),
        ChangeKind::SubjectChanged => format!(
            "declare `subject: pseudonym`, so that consent and suppression lists apply to each row; nothing, if rows shall name nobody: {reload} then writes them so"
        ),
        ChangeKind::SurvivorChanged | ChangeKind::RetentionLonger | ChangeKind::RetentionRemoved => {
            format!("{reload}, if the exports have these rows")
        }
        ChangeKind::FieldDropped | ChangeKind::RetentionShorter => {
            "nothing to do; or, to remove old versions at once after that run: lakewarden vacuum --all-history"
                .to_owned()
        }
        ChangeKind::ReadingChangedSince
        | ChangeKind::ReadingExtended
        | ChangeKind::SourceChanged
        | ChangeKind::EventTimeChanged => "nothing to do".to_owned(),
    }
}
