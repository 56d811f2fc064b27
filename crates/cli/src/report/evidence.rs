//! What was published, and the audit record that seals it.

use lakewarden_lake::Lake;
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_report::data;

/// The tables that changed; `None` unless the run published.
pub(super) fn publication(record: &RunRecord) -> Option<data::Publication> {
    if record.outcome != Outcome::Published {
        return None;
    }
    let tables = record
        .publication
        .iter()
        .map(|t| data::PublishedTable {
            zone: t.zone.clone(),
            name: t.table.clone(),
            version: t.version,
            rows: Some(t.rows),
            files: t.files,
            bytes: t.bytes,
        })
        .collect();
    Some(data::Publication { tables, audit: None })
}

/// Finds the audit record that says the run was published, after the whole chain was verified.
/// `None` if there is none.
///
/// # Errors
/// Those of the lake; `LW5060` if the chain does not hold.
pub(super) async fn sealing_record(
    lake: &Lake,
    record: &RunRecord,
) -> Result<Option<data::AuditRecord>, PipelineError> {
    let log = lake.audit();
    // A record's hash stands in the one after it, that of the last in the head. The head comes first: a
    // record that others append meanwhile is then merely one more.
    let head = log.verify().await?;
    let records = log.read_all().await?;
    let run = record.run.to_string();
    let seals =
        |r: &lakewarden_lake::AuditRecord| r.record["event"] == "published" && r.record["run"]["run"] == run.as_str();
    let Some(at) = records.iter().rposition(seals) else {
        return Ok(None);
    };
    let number = records[at].sequence;
    let hash = match records.get(at + 1) {
        Some(next) => next.previous.clone(),
        None => (head.sequence == number).then_some(head.sha256),
    };
    Ok(hash.map(|hash| data::AuditRecord { number, hash }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use chrono::DateTime;
    use serde_json::json;

    #[test]
    fn only_a_published_run_has_a_publication() {
        let tables = publication(&record(json!({}))).unwrap().tables;
        assert_eq!(tables.iter().filter_map(|t| t.rows).sum::<u64>(), 90 + 118);
        assert_eq!(tables.iter().map(|t| t.bytes).sum::<u64>(), 9_000 + 5_000);
        assert_eq!(publication(&record(json!({ "outcome": "unchanged", "publication": [] }))), None);
    }

    #[tokio::test]
    async fn the_record_of_this_run_is_found_wherever_it_stands() {
        let record = record(json!({}));
        let folder = tempfile::tempdir().unwrap();
        let url = reference_project().lake_url(folder.path().to_str()).unwrap();
        let lake = Lake::open(&url).unwrap();
        let log = lake.audit();
        let at = DateTime::UNIX_EPOCH;
        let event = |event: &str, run: &str| json!({ "event": event, "run": { "run": run } });
        let own = record.run.to_string();
        log.append(event("prepared", &own), at).await.unwrap();
        assert_eq!(sealing_record(&lake, &record).await.unwrap(), None);
        let sealed = log.append(event("published", &own), at).await.unwrap();
        let found = sealing_record(&lake, &record).await.unwrap().unwrap();
        assert_eq!((found.number, &found.hash), (2, &sealed.sha256));
        log.append(event("published", "another run"), at).await.unwrap();
        assert_eq!(sealing_record(&lake, &record).await.unwrap(), Some(found));
    }
}
