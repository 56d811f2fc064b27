//! What a run removed: rows past their retention and columns that are no longer stored, from the tables; and old versions,
//! which hold both until then.

use crate::output::{bytes, counted, grouped};
use lakewarden_pipeline::record::{DatasetAccount, RemovedVersions, RunRecord};
use lakewarden_report::{Label, data};

/// Until when what was removed from a table can still be read.
const OLD_VERSIONS: &str = "old versions of it stay until `history` is over";

/// The rows and columns that a run removed from a dataset's tables, if any.
pub fn describe(set: &DatasetAccount) -> Option<String> {
    let mut rows = Vec::new();
    if set.retention_ended > 0 {
        rows.push(counted(set.retention_ended, "row"));
    }
    if set.history_retention_ended > 0 {
        rows.push(format!("{} of its history", counted(set.history_retention_ended, "row")));
    }
    let rows = (!rows.is_empty()).then(|| format!("{} past retention", rows.join(" and ")));
    let columns = (!set.columns_removed.is_empty()).then(|| {
        let word = if set.columns_removed.len() == 1 { "column" } else { "columns" };
        format!("{word} {}", set.columns_removed.join(", "))
    });
    let parts: Vec<String> = rows.into_iter().chain(columns).collect();
    (!parts.is_empty()).then(|| format!("removed from the table: {}; {OLD_VERSIONS}", parts.join("; ")))
}

/// The same for the report.
pub fn notes(set: &DatasetAccount) -> Vec<data::Warning> {
    let mut parts = Vec::new();
    if set.retention_ended > 0 {
        parts.push(format!("{} 行超过保留期限", grouped(set.retention_ended)));
    }
    if set.history_retention_ended > 0 {
        parts.push(format!("历史中 {} 行超过保留期限", grouped(set.history_retention_ended)));
    }
    if !set.columns_removed.is_empty() {
        parts.push(format!("不再存储的列 {}", set.columns_removed.join("、")));
    }
    let note = |en: String| data::Warning::Note {
        file: set.dataset.clone(),
        text: Label::new(format!("已从表中移除：{}；其旧版本保留至 history 期满", parts.join("；")), en),
    };
    describe(set).map(note).into_iter().collect()
}

/// What was removed of old versions, or is to be, in a few words.
pub fn sum(removed: &RemovedVersions) -> String {
    let tables = counted(removed.tables.len() as u64, "table");
    format!("{} of {} in {tables}", counted(removed.files(), "file"), bytes(removed.bytes()))
}

/// The lines of a run's summary, each with a line feed before it.
pub fn summarize(record: &RunRecord) -> String {
    let mut text = String::new();
    for set in &record.datasets {
        text.extend(describe(set).map(|removed| format!("\n{}: {removed}", set.dataset)));
    }
    let Some(versions) = &record.vacuum else { return text };
    if !versions.tables.is_empty() {
        let since = versions.kept_since.format("%F");
        text.push_str(&format!("\nold versions: removed {}, from versions that ended before {since}", sum(versions)));
    }
    for stays in &versions.remaining {
        text.push_str(&format!("\nwarning[{}]: {}", stays.code, stays.message));
        text.extend(stays.hint.iter().map(|hint| format!("\n help: {hint}")));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::testing::record;
    use serde_json::json;

    #[test]
    fn what_was_removed_has_a_line_and_a_note_in_both_languages() {
        let mut ran = record(json!({}));
        assert_eq!(summarize(&ran), "");
        ran.datasets[0].retention_ended = 1;
        ran.datasets[0].history_retention_ended = 2000;
        ran.datasets[0].columns_removed = vec!["shoe".to_owned(), "size".to_owned()];
        ran.datasets[1].columns_removed = vec!["fax".to_owned()];
        let old = json!({ "zone": "curated", "table": "sales", "files": 3, "bytes": 4096, "log_objects": 2, "oldest_kept": 9, "oldest_kept_at": "2026-06-20T00:00:00Z" });
        let stays =
            json!({ "code": "LW5081", "message": "old versions of curated/rfm stay", "hint": "lakewarden doctor" });
        let removed = json!({ "kept_since": "2026-06-23T18:00:04Z", "tables": [old], "remaining": [stays] });
        ran.vacuum = Some(serde_json::from_value(removed).unwrap());
        let (first, second) = (ran.datasets[0].dataset.clone(), ran.datasets[1].dataset.clone());
        let lines = summarize(&ran);
        assert_eq!(
            lines.lines().skip(1).collect::<Vec<_>>(),
            [
                format!(
                    "{first}: removed from the table: 1 row and 2,000 rows of its history past retention; columns shoe, size; old versions of it stay until `history` is over"
                ),
                format!(
                    "{second}: removed from the table: column fax; old versions of it stay until `history` is over"
                ),
                "old versions: removed 3 files of 4.0 KiB in 1 table, from versions that ended before 2026-06-23"
                    .to_owned(),
                "warning[LW5081]: old versions of curated/rfm stay".to_owned(),
                " help: lakewarden doctor".to_owned(),
            ]
        );
        let notes = notes(&ran.datasets[0]);
        let [data::Warning::Note { text, .. }] = notes.as_slice() else { panic!("{}", notes.len()) };
        assert_eq!(
            text.zh,
            "已从表中移除：1 行超过保留期限；历史中 2,000 行超过保留期限；不再存储的列 shoe、size；其旧版本保留至 history 期满"
        );
        assert!(text.en.starts_with("removed from the table: 1 row"));
    }
}
