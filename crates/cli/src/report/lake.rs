//! The lake as it is, beside what the run changed of it.

use super::names::label;
use super::run::local;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::Pipeline;
use lakewarden_lake::Lake;
use lakewarden_pipeline::record::{DatasetAccount, Outcome, RunRecord};
use lakewarden_pipeline::{CuratedState, DatasetState, OpenProject, PipelineError, lake_state};
use lakewarden_report::data;

/// What the lake has of a pipeline at an instant. `record` is the run's, if one has begun; what it did not publish has not
/// changed the lake.
///
/// # Errors
/// Those of the lake.
pub(super) async fn state(
    record: Option<&RunRecord>,
    open: &OpenProject,
    pipeline: &Pipeline,
    lake: &Lake,
    at: DateTime<Utc>,
) -> Result<data::Lake, PipelineError> {
    let state = lake_state(open, pipeline, lake, at).await?;
    let published = record.filter(|record| record.outcome == Outcome::Published);
    Ok(data::Lake {
        datasets: state.datasets.into_iter().map(|dataset| stored_dataset(dataset, published, open)).collect(),
        tables: state.tables.into_iter().map(|table| stored_table(table, published, open)).collect(),
        people: state.customers,
    })
}

fn stored_dataset(state: DatasetState, published: Option<&RunRecord>, open: &OpenProject) -> data::StoredDataset {
    let DatasetState { name, files, rows, people, quarantined, kept_from, published: at } = state;
    let account = published.and_then(|record| record.datasets.iter().find(|account| account.dataset == name));
    let declared = open.project.dataset(&name);
    let change = |of: fn(&DatasetAccount) -> (u64, u64)| account.map_or(0, |account| difference(of(account)));
    data::StoredDataset {
        label: declared.map(|dataset| label(&dataset.label)).unwrap_or_default(),
        files,
        files_added: account.map_or(0, count_new_files),
        rows,
        rows_change: change(|account| (account.written, count_removed_rows(account))),
        people,
        quarantined,
        quarantined_change: change(|account| {
            let removed = account.quarantine_expired.saturating_add(account.quarantine_superseded);
            (account.quarantined_total(), removed)
        }),
        retention: declared
            .and_then(|dataset| dataset.retention.as_ref())
            .map(|period| period.value.to_string())
            .unwrap_or_default(),
        kept_from,
        published: at.map(|at| local(at, open)),
        name,
    }
}

fn stored_table(state: CuratedState, published: Option<&RunRecord>, open: &OpenProject) -> data::StoredTable {
    let CuratedState { name, rows, rows_before, people, published: at, run } = state;
    let declared = open.project.table(&name);
    let purpose = declared.map(|table| table.purpose.value.clone()).unwrap_or_default();
    let by_this_run = published.is_some_and(|record| run.is_some_and(|run| run == record.run.to_string()));
    let rows_change = match by_this_run {
        false => rows.map(|_| 0),
        // The first publication brings all of them.
        true => rows.map(|rows| difference((rows, rows_before.unwrap_or(0)))),
    };
    data::StoredTable {
        label: declared.map(|table| label(&table.label)).unwrap_or_default(),
        rows,
        rows_change,
        people,
        purpose_label: open.project.purposes.find(&purpose).map(|purpose| label(&purpose.label)).unwrap_or_default(),
        purpose,
        lawful_basis: declared
            .and_then(|table| table.lawful_basis)
            .map(|basis| basis.name().to_owned())
            .unwrap_or_default(),
        retention: declared
            .and_then(|table| table.retention.as_ref())
            .map(|period| period.value.to_string())
            .unwrap_or_default(),
        published: at.map(|at| local(at, open)),
        by_this_run,
        name,
    }
}

/// Files that the lake did not have before the run. One that was loaded again with the bytes it had is none.
fn count_new_files(account: &DatasetAccount) -> u64 {
    let loaded_before = |sha256: &str| {
        let superseded = account.replacement.iter().flat_map(|replacement| &replacement.files);
        superseded.map(|file| file.sha256.as_str()).any(|known| known == sha256)
    };
    account.files.iter().filter(|file| !loaded_before(&file.sha256)).count() as u64
}

/// Rows that the lake had before the run and does not have any more, for whatever reason.
fn count_removed_rows(account: &DatasetAccount) -> u64 {
    let superseded = account.replacement.as_ref().map_or(0, |replacement| replacement.rows_removed);
    [account.replaced, account.retention_ended, superseded].into_iter().fold(0, u64::saturating_add)
}

/// More less fewer.
fn difference((more, fewer): (u64, u64)) -> i64 {
    let change = i128::from(more) - i128::from(fewer);
    i64::try_from(change).unwrap_or(if change > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use lakewarden_pipeline::record::ReplacementAccount;
    use serde_json::json;

    #[test]
    fn what_a_run_changed_stands_beside_what_there_is() {
        let (mut ran, open) = (record(json!({})), reference_project());
        ran.datasets[0].quarantine_expired = 7;
        let state = DatasetState { name: "pos_sales".into(), rows: 1_000, files: 9, ..DatasetState::default() };
        let own = stored_dataset(state.clone(), Some(&ran), &open);
        // 90 written, 5 of them in place of others; 5 to quarantine, 7 ended there.
        assert_eq!((own.rows_change, own.files_added, own.quarantined_change), (85, 2, -2));
        assert_eq!(own.label.zh, "门店销售流水");
        let untouched = stored_dataset(state, None, &open);
        assert_eq!((untouched.rows, untouched.rows_change, untouched.files_added), (1_000, 0, 0));

        let table = |run: &str, before: Option<u64>| {
            let state = CuratedState {
                name: "sales".into(),
                rows: Some(118),
                rows_before: before,
                run: Some(run.to_owned()),
                ..CuratedState::default()
            };
            stored_table(state, Some(&ran), &open)
        };
        let own = ran.run.to_string();
        assert_eq!(table(&own, Some(120)).rows_change, Some(-2));
        assert_eq!(table(&own, None).rows_change, Some(118));
        let other = table("00000000-0000-0000-0000-000000000000", Some(120));
        assert_eq!((other.rows_change, other.by_this_run), (Some(0), false));
        assert_eq!((other.purpose.as_str(), other.lawful_basis.as_str()), ("analytics", "consent"));
    }

    /// What the report says of the first dataset after a run that changed its account so: rows, files, quarantine.
    fn changes(change: impl FnOnce(&mut DatasetAccount)) -> (i64, u64, i64) {
        let (mut ran, open) = (record(json!({})), reference_project());
        let account = &mut ran.datasets[0];
        (account.replaced, account.files[1].sha256) = (0, "01".to_owned());
        change(account);
        let state = DatasetState { name: "pos_sales".into(), ..DatasetState::default() };
        let stored = stored_dataset(state, Some(&ran), &open);
        (stored.rows_change, stored.files_added, stored.quarantined_change)
    }

    fn replacement(cause: &str, rows: (u64, u64, u64), files: &[&str]) -> Option<Box<ReplacementAccount>> {
        let (rows_before, rows_removed, rows_after) = rows;
        let file = |sha256: &&str| json!({ "file": "a.csv", "sha256": sha256 });
        let files: Vec<_> = files.iter().map(file).collect();
        let totals = json!({ "read": 0, "written": 0, "quarantined": 0, "duplicates": 0, "outside_retention": 0,
            "over_collected_fields": 0 });
        let account = json!({ "cause": cause, "whole": true, "files": files, "rows_before": rows_before,
            "rows_removed": rows_removed, "rows_after": rows_after, "before": totals, "after": totals,
            "quarantined_before": [], "quarantine_removed": 0 });
        Some(serde_json::from_value(account).unwrap())
    }

    #[test]
    fn a_later_full_export_changes_rows_by_the_difference_of_both() {
        let of_snapshot = changes(|account| {
            account.files.truncate(1);
            account.written = 480;
            account.replacement = replacement("snapshot", (539, 539, 480), &["99"]);
        });
        // 5 to quarantine.
        assert_eq!(of_snapshot, (-59, 1, 5));
    }

    #[test]
    fn loading_the_same_files_again_changes_nothing() {
        let of_reload = changes(|account| {
            account.quarantine_superseded = 5;
            account.replacement = replacement("reload", (90, 90, 90), &["00", "01"]);
        });
        assert_eq!(of_reload, (0, 0, 0));
        let of_one_file = changes(|account| {
            account.quarantine_superseded = 5;
            account.replacement = replacement("reload", (1_090, 90, 1_090), &["00", "77"]);
        });
        assert_eq!(of_one_file, (0, 1, 0));
    }

    #[test]
    fn rows_past_their_retention_are_fewer() {
        let of_retention = changes(|account| {
            account.files.clear();
            (account.written, account.retention_ended) = (0, 50);
            account.quarantined.clear();
        });
        assert_eq!(of_retention, (-50, 0, 0));
        assert_eq!(changes(|account| account.retention_ended = 50).0, 40);
    }
}
