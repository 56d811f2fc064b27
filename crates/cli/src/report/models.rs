//! The governed tables and what was read for them.

use super::model_warnings;
use super::names::{label, reason_code};
use lakewarden_dictionary::Project;
use lakewarden_pipeline::record::{AnonymityAccount, ModelAccount, NoiseAccount, RunRecord, ScanAccount};
use lakewarden_report::data;
use std::collections::{BTreeMap, BTreeSet};

/// One account a model, in the order in which they were built.
pub(super) fn accounts(record: &RunRecord, project: &Project) -> Vec<data::Model> {
    record.models.iter().map(|m| account(m, project)).collect()
}

fn account(model: &ModelAccount, project: &Project) -> data::Model {
    let table = project.table(&model.table);
    let outputs = || model.lineage.iter().filter_map(|u| u.output.as_deref()).collect::<BTreeSet<_>>().len();
    let columns = table.map_or_else(outputs, |t| t.columns.len());
    let purpose = project.purposes.find(&model.purpose);
    data::Model {
        name: model.table.clone(),
        label: table.map(|t| label(&t.label)).unwrap_or_default(),
        purpose: model.purpose.clone(),
        purpose_label: purpose.map(|p| label(&p.label)).unwrap_or_default(),
        reads: reads(model),
        rows_out: model.rows,
        columns: u32::try_from(columns).unwrap_or(u32::MAX),
        held_back: model.suppressed,
        warnings: model_warnings::notes(model),
        anonymity: model.anonymity.as_ref().map(anonymity).unwrap_or_default(),
        noise: model.noise.as_ref().map(noise),
    }
}

/// k first, then each column's diversity and closeness.
fn anonymity(account: &AnonymityAccount) -> Vec<data::Anonymity> {
    let of = |measure: &str, column: &str, declared: String, found: Option<String>| data::Anonymity {
        measure: measure.to_owned(),
        column: column.to_owned(),
        declared,
        found: found.unwrap_or_default(),
    };
    // Entropies and distances are measured, not counted: three digits say enough.
    let short = |figure: f64| ((figure * 1e3).round() / 1e3).to_string();
    let k = &account.k;
    let mut all = vec![of("k", "", k.declared.to_string(), k.found.map(|k| k.to_string()))];
    all.extend(account.diversity.iter().map(|l| of("l", &l.column, l.declared.to_string(), l.found.map(short))));
    all.extend(account.closeness.iter().map(|t| of("t", &t.column, t.declared.to_string(), t.found.map(short))));
    all
}

fn noise(account: &NoiseAccount) -> data::Noise {
    data::Noise {
        epsilon: account.epsilon.to_string(),
        delta: account.delta.to_string(),
        rows_per_person: account.rows_per_person.into(),
        threshold: account.threshold,
        every: account.every.clone(),
        kept: account.kept,
        publications: account.publications,
        // ε has six digits after the point at most; a sum of binary fractions may seem to have more.
        epsilon_spent: ((account.epsilon_spent * 1e6).round() / 1e6).to_string(),
    }
}

/// The governed reads, one a relation: a model may scan a relation several times.
fn reads(model: &ModelAccount) -> Vec<data::RelationRead> {
    let mut relations: Vec<&str> = Vec::new();
    for scan in &model.scans {
        if !relations.contains(&scan.relation.as_str()) {
            relations.push(&scan.relation);
        }
    }
    relations
        .into_iter()
        .map(|relation| {
            let scans = || model.scans.iter().filter(|s| s.relation == relation);
            let sum = |of: fn(&ScanAccount) -> u64| scans().map(of).sum();
            let mut withheld: BTreeMap<&str, u64> = BTreeMap::new();
            for (reason, rows) in scans().flat_map(|s| &s.withheld) {
                *withheld.entry(reason_code(reason)).or_default() += rows;
            }
            data::RelationRead {
                relation: relation.to_owned(),
                read: sum(|s| s.read),
                used: sum(|s| s.used),
                withheld: withheld
                    .into_iter()
                    .map(|(reason, rows)| data::Withheld {
                        purpose: model.purpose.clone(),
                        reason: reason.to_owned(),
                        rows,
                    })
                    .collect(),
                without_subject: sum(|s| s.without_subject),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn several_scans_of_a_relation_are_one_read() {
        let own = accounts(&record(json!({})), &reference_project().project);
        let sales = own.iter().find(|m| m.name == "sales").unwrap();
        let [pos, tmall] = sales.reads.as_slice() else { panic!("{:?}", sales.reads) };
        assert_eq!((pos.relation.as_str(), tmall.relation.as_str()), ("pos_sales", "tmall_orders"));
        assert_eq!((pos.read, pos.used, pos.without_subject, pos.unaccounted()), (100, 88, 7, 0));
        assert_eq!((tmall.read, tmall.used, tmall.unaccounted()), (30, 27, 0));
        let reasons: Vec<_> = pos.withheld.iter().map(|w| (w.reason.as_str(), w.rows)).collect();
        assert_eq!(reasons, [("not_granted", 7), ("withdrawn", 5)]);
        assert!(pos.withheld.iter().all(|w| w.purpose == "analytics"));
    }

    #[test]
    fn what_was_held_back_and_measured_is_told() {
        let mut ran = record(json!({}));
        ran.models[0].suppressed = 4;
        ran.models[0].anonymity = serde_json::from_value(json!({
            "quasi_identifiers": ["city"], "counted": "subjects", "rows": 90, "classes": 12,
            "k": { "declared": 5, "found": 7 },
            "diversity": [{ "column": "tier", "kind": "entropy", "declared": 2, "found": 2.61848 }],
            "closeness": [{ "column": "spent", "distance": "ordered", "declared": 0.3, "found": null }],
        }))
        .unwrap();
        let own = accounts(&ran, &Project::default());
        assert_eq!(own[0].held_back, 4);
        let told: Vec<_> = own[0]
            .anonymity
            .iter()
            .map(|a| [a.measure.as_str(), a.column.as_str(), a.declared.as_str(), a.found.as_str()])
            .collect();
        assert_eq!(told, [["k", "", "5", "7"], ["l", "tier", "2", "2.618"], ["t", "spent", "0.3", ""]]);
        assert!(own[1].anonymity.is_empty());
    }

    #[test]
    fn the_dictionary_gives_labels_and_columns() {
        let open = reference_project();
        let own = accounts(&record(json!({})), &open.project);
        let sales = own.iter().find(|m| m.name == "sales").unwrap();
        assert_eq!(sales.label.zh, "全渠道销售明细");
        assert_eq!(sales.purpose_label.en, "Analytics");
        assert_eq!(sales.columns as usize, open.project.table("sales").unwrap().columns.len());
        let unknown = accounts(&record(json!({})), &Project::default());
        assert_eq!(unknown[0].columns, 2, "counted from lineage");
    }
}
