//! The row accounts of datasets, with what the dictionary says of them.

use super::names::label;
use super::warnings::render_warning;
use crate::demands;
use crate::removals;
use lakewarden_dictionary::{Dataset, Project, Treatment};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_report::data;

/// Stands for the field where no single one is to blame, as for a line that is no record.
const WHOLE_RECORD: &str = "*";

/// One account a dataset, in the order in which they were loaded.
pub(super) fn accounts(record: &RunRecord, project: &Project) -> Vec<data::Dataset> {
    let mut accounts: Vec<data::Dataset> =
        record.datasets.iter().map(|account| self::account(account, project.dataset(&account.dataset))).collect();
    for set in &record.without_subject {
        accounts.iter_mut().filter(|a| a.name == set.dataset).for_each(|a| a.without_subject.clone_from(&set.reason));
    }
    accounts
}

fn account(account: &DatasetAccount, declared: Option<&Dataset>) -> data::Dataset {
    data::Dataset {
        name: account.dataset.clone(),
        label: declared.map(|d| label(&d.label)).unwrap_or_default(),
        files: account.files.len() as u64,
        files_already_loaded: account.already_loaded.len() as u64,
        read: account.read,
        written: account.written,
        quarantined: account
            .quarantined
            .iter()
            .map(|q| data::Quarantined {
                field: q.field.clone().unwrap_or_else(|| WHOLE_RECORD.to_owned()),
                rule: q.rule.clone(),
                rows: q.rows,
            })
            .collect(),
        consent_unreadable: account.consent_unreadable,
        consent_unreadable_nobody: account.consent_unreadable_nobody,
        in_quarantine: account.in_quarantine,
        quarantine_expired: account.quarantine_expired,
        duplicates: account.duplicates,
        key_conflicts: account.key_conflicts,
        outside_retention: account.outside_retention,
        exact_duplicates_kept: account.exact_duplicates,
        replaced: account.replaced,
        skipped_lines: account.skipped_lines,
        over_collected: account
            .over_collected
            .iter()
            .map(|(field, rows)| data::OverCollected { field: field.clone(), rows: *rows })
            .collect(),
        warnings: (account.warnings.iter().chain(&account.arrivals).map(render_warning))
            .chain(demands::notes(account))
            .chain(removals::notes(account))
            .collect(),
        redactions: account
            .redactions
            .iter()
            .map(|(kind, count)| data::Redaction { kind: kind.clone(), count: *count })
            .collect(),
        treatments: declared.map(treatments).unwrap_or_default(),
        without_subject: String::new(),
    }
}

/// How many declared fields get which treatment.
fn treatments(dataset: &Dataset) -> data::Treatments {
    let mut counts = data::Treatments::default();
    for field in &dataset.fields {
        let count = match field.treatment {
            Treatment::Keep => &mut counts.kept,
            Treatment::Pseudonymise(_) => &mut counts.pseudonymised,
            Treatment::Mask { .. } | Treatment::Generalise(_) => &mut counts.generalised,
            Treatment::Redact => &mut counts.redacted,
            Treatment::Drop => &mut counts.dropped,
        };
        *count += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn every_figure_of_an_account_arrives() {
        let (record, open) = (record(json!({})), reference_project());
        let own = accounts(&record, &open.project);
        let pos = own.iter().find(|d| d.name == "pos_sales").unwrap();
        assert_eq!((pos.files, pos.files_already_loaded), (2, 1));
        assert_eq!((pos.read, pos.written, pos.unaccounted()), (100, 90, 0));
        assert_eq!((pos.duplicates, pos.outside_retention, pos.exact_duplicates_kept), (4, 1, 7));
        assert_eq!((pos.replaced, pos.skipped_lines), (5, 3));
        let causes: Vec<_> = pos.quarantined.iter().map(|q| (q.field.as_str(), q.rule.as_str(), q.rows)).collect();
        assert_eq!(causes, [("手机号", "phone", 3), (WHOLE_RECORD, "columns", 2)]);
        assert_eq!(pos.over_collected, [data::OverCollected { field: "clipboard".into(), rows: 12 }]);
        assert_eq!(pos.redactions, [data::Redaction { kind: "phone".into(), count: 8 }]);
        assert_eq!(pos.warnings.len(), 1);
        assert!(!pos.label.zh.is_empty() && !pos.label.en.is_empty());
    }

    #[test]
    fn every_declared_field_has_one_treatment() {
        let open = reference_project();
        let mut pseudonyms = 0;
        for dataset in &open.project.datasets {
            let t = treatments(dataset);
            let sum = t.kept + t.pseudonymised + t.generalised + t.redacted + t.dropped;
            assert_eq!(sum as usize, dataset.fields.len(), "{}", dataset.name.value);
            assert_eq!(t.pseudonymised as usize, dataset.pseudonyms().count());
            pseudonyms += t.pseudonymised;
        }
        assert!(pseudonyms > 0);
    }

    #[test]
    fn a_dataset_that_the_dictionary_no_longer_has_keeps_its_account() {
        let own = accounts(&record(json!({})), &Project::default());
        assert_eq!(own.len(), 4);
        assert_eq!(own[0].treatments, data::Treatments::default());
        assert_eq!(own.iter().map(|d| d.read).sum::<u64>(), 150);
    }
}
