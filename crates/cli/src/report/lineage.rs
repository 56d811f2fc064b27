//! Which relation reads which, by columns.

use lakewarden_dictionary::{Dataset, Project, TokenDomain, Treatment};
use lakewarden_pipeline::record::{ModelAccount, RunRecord};
use lakewarden_report::data::LineageEdge;
use std::collections::{BTreeMap, BTreeSet};

/// The relation that identity builds.
const CUSTOMERS: &str = "customers";
/// What the engine itself tells of datasets: no rows that anybody exported.
const ENGINES_OWN: &str = "lakewarden.";

/// The edges of identity, then those of each model.
pub(super) fn edges(record: &RunRecord, project: &Project) -> Vec<LineageEdge> {
    let mut edges = Vec::new();
    if record.identity.is_some() {
        let datasets = record.datasets.iter().filter_map(|d| project.dataset(&d.dataset));
        edges.extend(datasets.filter(|d| d.has_subjects()).map(to_customers));
    }
    edges.extend(record.models.iter().flat_map(to_model));
    edges
}

/// A dataset's pseudonyms and event times become customers; the column that says a pseudonym's domain decides.
fn to_customers(dataset: &Dataset) -> LineageEdge {
    let mut direct: BTreeSet<&str> = dataset.pseudonyms().map(|f| f.column.value.as_str()).collect();
    direct.extend(dataset.event_time.as_ref().map(|c| c.value.as_str()));
    let domains = dataset.pseudonyms().filter_map(|f| {
        let Treatment::Pseudonymise(TokenDomain::ByField(by)) = &f.treatment else {
            return None;
        };
        let said = dataset.fields.iter().find(|f| f.name.value == *by || f.column.value == *by)?;
        Some(said.column.value.as_str())
    });
    let indirect: BTreeSet<&str> = domains.filter(|c| !direct.contains(c)).collect();
    LineageEdge {
        from: dataset.name.value.clone(),
        to: CUSTOMERS.to_owned(),
        direct: count(direct.len()),
        indirect: count(indirect.len()),
        purpose: None,
    }
}

/// One edge for each relation that a model reads. A column that is used both ways counts as direct.
fn to_model(model: &ModelAccount) -> Vec<LineageEdge> {
    let mut relations: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for usage in model.lineage.iter().filter(|u| !u.relation.starts_with(ENGINES_OWN)) {
        let columns = relations.entry(&usage.relation).or_default();
        *columns.entry(&usage.column).or_default() |= usage.direct;
    }
    relations
        .into_iter()
        .map(|(from, columns)| {
            let direct = columns.values().filter(|direct| **direct).count();
            let governed = model.scans.iter().any(|s| s.relation == from);
            LineageEdge {
                from: from.to_owned(),
                to: model.table.clone(),
                direct: count(direct),
                indirect: count(columns.len() - direct),
                purpose: governed.then(|| model.purpose.clone()),
            }
        })
        .collect()
}

fn count(columns: usize) -> u32 {
    u32::try_from(columns).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_count_once_and_direct_use_wins() {
        let edges = edges(&record(json!({})), &reference_project().project);
        let of = |from: &str, to: &str| edges.iter().find(|e| e.from == from && e.to == to).unwrap();
        let pos = of("pos_sales", "sales");
        assert_eq!((pos.direct, pos.indirect), (2, 1), "paid_amount, sku; kind");
        assert_eq!(pos.purpose.as_deref(), Some("analytics"));
        let products = of("products", "sales");
        assert_eq!((products.direct, products.indirect, products.purpose.as_deref()), (0, 1, None));
    }

    #[test]
    fn the_engines_own_relations_are_no_exports() {
        let edges = edges(&record(json!({})), &reference_project().project);
        assert!(edges.iter().all(|e| e.to != "data_asset_value"), "{edges:?}");
    }

    #[test]
    fn personal_datasets_and_no_others_lead_to_customers() {
        let open = reference_project();
        let of_identity = |edges: Vec<LineageEdge>| -> Vec<(String, u32, u32)> {
            let own = edges.into_iter().filter(|e| e.to == CUSTOMERS);
            own.map(|e| (e.from, e.direct, e.indirect)).collect()
        };
        let found = of_identity(edges(&record(json!({})), &open.project));
        // member_no, phone, sold_at; buyer, phone, ordered_at; id_token, at, and id_type that decides.
        let own = [("pos_sales", 3, 0), ("tmall_orders", 3, 0), ("consent_log", 2, 1)];
        assert_eq!(found, own.map(|(from, direct, indirect)| (from.to_owned(), direct, indirect)));
        let nobody = of_identity(edges(&record(json!({ "identity": null })), &open.project));
        assert_eq!(nobody, []);
    }
}
