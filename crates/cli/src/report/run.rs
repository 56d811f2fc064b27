//! Which run it was, when, and its steps.

use super::names::{label, reason_code};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use lakewarden_pipeline::OpenProject;
use lakewarden_pipeline::record::{Outcome, RunRecord, Step, StepKind};
use lakewarden_report::data;
use std::collections::BTreeMap;

/// An instant in the project's zone.
pub(super) fn local(at: DateTime<Utc>, open: &OpenProject) -> DateTime<FixedOffset> {
    at.with_timezone(&open.zone()).fixed_offset()
}

/// The facts of a run, its times in the project's zone.
pub(super) fn facts(record: &RunRecord, open: &OpenProject) -> data::Run {
    let local = |at: DateTime<Utc>| local(at, open);
    let took = i64::try_from(record.millis).ok().and_then(TimeDelta::try_milliseconds);
    let pipeline = open.project.pipeline(&record.pipeline);
    data::Run {
        project: record.project.clone(),
        pipeline: record.pipeline.clone(),
        label: pipeline.map(|p| label(&p.label)).unwrap_or_default(),
        id: record.run.to_string(),
        started: Some(local(record.started)),
        ended: took.and_then(|took| record.started.checked_add_signed(took)).map(local),
        as_of: Some(local(record.as_of)),
        dictionary_fingerprint: record.dictionary.clone(),
        key: Some(data::Key { version: record.key.version, fingerprint: record.key.fingerprint.clone() }),
        engine: format!("Lakewarden {}, DataFusion", record.version),
        outcome: match record.outcome {
            Outcome::Published => data::Outcome::Published,
            Outcome::Unchanged => data::Outcome::NothingChanged,
            Outcome::Failed | Outcome::Interrupted => data::Outcome::Failed,
        },
        failure: record.failure.as_ref().map(|f| data::Failure {
            code: f.code.clone(),
            message: f.message.clone(),
            help: f.hint.clone().unwrap_or_default(),
            problems: Vec::new(),
        }),
    }
}

/// The steps that were carried out, in order.
pub(super) fn steps(record: &RunRecord) -> Vec<data::Step> {
    record.steps.iter().map(|s| step(record, s)).collect()
}

fn step(record: &RunRecord, step: &Step) -> data::Step {
    let nothing_new =
        step.kind == StepKind::Extract && record.datasets.iter().any(|d| d.dataset == step.name && d.files.is_empty());
    // Of a model's reads only the governed ones are counted; without any, what came in is not known.
    let uncounted =
        step.kind == StepKind::Model && record.models.iter().any(|m| m.table == step.name && m.scans.is_empty());
    data::Step {
        name: step.name.clone(),
        kind: match step.kind {
            StepKind::Extract => data::StepKind::Extract,
            StepKind::Identity => data::StepKind::Identity,
            StepKind::Model => data::StepKind::Model,
            StepKind::Publish => data::StepKind::Publish,
        },
        state: if nothing_new { data::StepState::Unchanged } else { data::StepState::Done },
        offset_ms: None,
        duration_ms: step.millis,
        rows_in: (!uncounted).then_some(step.rows_in),
        rows_out: Some(step.rows_out),
        losses: losses(step),
    }
}

/// The losses by code. Quarantine is one: its fields and rules stand in the dataset's account.
fn losses(step: &Step) -> Vec<data::Loss> {
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, rows) in &step.losses {
        *by_code.entry(loss_code(name)).or_default() += rows;
    }
    by_code.into_iter().map(|(name, rows)| data::Loss { name: name.to_owned(), rows }).collect()
}

fn loss_code(name: &str) -> &str {
    match name.split_once(": ") {
        Some(("quarantined", _)) => "quarantined",
        Some(("withheld", reason)) => reason_code(reason),
        _ if name == "outside retention" => "outside_retention",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_those_of_the_projects_zone() {
        let record = record(json!({ "started": "2026-06-30T18:00:04Z", "millis": 1_500 }));
        let run = facts(&record, &reference_project());
        assert_eq!(run.started.unwrap().to_rfc3339(), "2026-07-01T02:00:04+08:00");
        assert_eq!(run.ended.unwrap().to_rfc3339(), "2026-07-01T02:00:05.500+08:00");
        assert_eq!((run.label.zh.as_str(), run.outcome), ("零售全渠道", data::Outcome::Published));
    }

    #[test]
    fn no_row_of_a_steps_losses_is_lost() {
        let record = record(json!({}));
        let steps = steps(&record);
        for (own, given) in steps.iter().zip(&record.steps) {
            let rows: u64 = own.losses.iter().map(|l| l.rows).sum();
            assert_eq!(rows, given.losses.values().sum::<u64>(), "{}", own.name);
            assert_eq!((own.duration_ms, own.rows_out), (given.millis, Some(given.rows_out)));
        }
        let codes = |name: &str| -> Vec<(String, u64)> {
            let step = steps.iter().find(|s| s.name == name).unwrap();
            step.losses.iter().map(|l| (l.name.clone(), l.rows)).collect()
        };
        let own = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
            pairs.iter().map(|(n, r)| ((*n).to_owned(), *r)).collect()
        };
        assert_eq!(codes("pos_sales"), own(&[("duplicates", 4), ("outside_retention", 1), ("quarantined", 5)]));
        assert_eq!(codes("sales"), own(&[("not_granted", 9), ("withdrawn", 6)]));
    }

    #[test]
    fn a_dataset_without_new_files_is_unchanged_and_ungoverned_reads_are_not_counted() {
        let steps = steps(&record(json!({})));
        let of = |name: &str| steps.iter().find(|s| s.name == name).unwrap();
        assert_eq!(of("stores").state, data::StepState::Unchanged);
        assert_eq!(of("pos_sales").state, data::StepState::Done);
        assert_eq!(of("data_asset_value").rows_in, None);
        assert_eq!(of("sales").rows_in, Some(130));
    }
}
