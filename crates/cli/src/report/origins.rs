//! From which export fields each curated column comes, through whatever tables lie between.

use super::names::label;
use lakewarden_dictionary::Project;
use lakewarden_pipeline::record::{ColumnUse, RunRecord};
use lakewarden_report::data::{ColumnOrigins, ExportField, TableOrigins};
use std::collections::BTreeSet;

/// What the engine adds to a dataset about people: whose a row is, which all its pseudonyms say.
const CUSTOMER_ID: &str = "customer_id";

/// One entry a curated table of the run, in the order in which they were built.
pub(super) fn origins(record: &RunRecord, project: &Project) -> Vec<TableOrigins> {
    let lineage = Lineage { record, project };
    record.models.iter().map(|model| lineage.of_table(&model.table)).collect()
}

struct Lineage<'a> {
    record: &'a RunRecord,
    project: &'a Project,
}

/// Where a column comes from.
#[derive(Default)]
struct Found {
    values: BTreeSet<ExportField>,
    conditions: BTreeSet<ExportField>,
}

impl<'a> Lineage<'a> {
    fn uses(&self, table: &str) -> Option<&'a [ColumnUse]> {
        self.record.models.iter().find(|m| m.table == table).map(|m| m.lineage.as_slice())
    }

    fn of_table(&self, table: &'a str) -> TableOrigins {
        let uses = self.uses(table).unwrap_or_default();
        let declared = self.project.table(table);
        let mut columns: Vec<&'a str> =
            declared.into_iter().flat_map(|t| &t.columns).map(|c| c.name.value.as_str()).collect();
        for output in uses.iter().filter_map(|u| u.output.as_deref()) {
            if !columns.contains(&output) {
                columns.push(output);
            }
        }
        let column = |name: &'a str| {
            let mut found = Found::default();
            self.follow(table, name, true, &mut found, &mut BTreeSet::new());
            ColumnOrigins {
                column: name.to_owned(),
                label: declared.and_then(|t| t.column(name)).map(|c| label(&c.label)).unwrap_or_default(),
                conditions: found.conditions.difference(&found.values).cloned().collect(),
                values: found.values.into_iter().collect(),
            }
        };
        let mut rows = Found::default();
        for decides in uses.iter().filter(|u| u.output.is_none()) {
            self.follow(&decides.relation, &decides.column, false, &mut rows, &mut BTreeSet::new());
        }
        TableOrigins {
            table: table.to_owned(),
            columns: columns.into_iter().map(column).collect(),
            rows_decided_by: rows.values.union(&rows.conditions).cloned().collect(),
        }
    }

    /// Follows a column back to export fields; by value, or as what only decides.
    fn follow(
        &self,
        relation: &'a str,
        column: &'a str,
        by_value: bool,
        found: &mut Found,
        seen: &mut BTreeSet<(&'a str, &'a str, bool)>,
    ) {
        if !seen.insert((relation, column, by_value)) {
            return;
        }
        if let Some(uses) = self.uses(relation) {
            for used in uses.iter().filter(|u| u.output.as_deref() == Some(column)) {
                self.follow(&used.relation, &used.column, by_value && used.direct, found, seen);
            }
            return;
        }
        let fields = self.export_fields(relation, column);
        if by_value { found.values.extend(fields) } else { found.conditions.extend(fields) }
    }

    /// The fields of an export that a column of its conformed table is made of; a column of another relation is itself.
    fn export_fields(&self, relation: &str, column: &str) -> Vec<ExportField> {
        let field = |field: &str| ExportField { dataset: relation.to_owned(), field: field.to_owned() };
        let Some(dataset) = self.project.dataset(relation) else { return vec![field(column)] };
        match dataset.column(column) {
            Some(declared) => vec![field(&declared.name.value)],
            None if column == CUSTOMER_ID => dataset.pseudonyms().map(|f| field(&f.name.value)).collect(),
            None => vec![field(column)],
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    fn names(fields: &[ExportField]) -> Vec<String> {
        fields.iter().map(|f| format!("{}.{}", f.dataset, f.field)).collect()
    }

    #[test]
    fn columns_lead_to_the_names_that_fields_have_in_exports() {
        let own = origins(&record(json!({})), &reference_project().project);
        let sales = own.iter().find(|t| t.table == "sales").unwrap();
        let revenue = sales.columns.iter().find(|c| c.column == "revenue").unwrap();
        assert_eq!(names(&revenue.values), ["pos_sales.实付金额"]);
        assert_eq!(names(&revenue.conditions), ["pos_sales.类型"]);
        assert!(!revenue.label.zh.is_empty());
        assert!(sales.rows_decided_by.iter().any(|f| f.dataset == "products"), "{:?}", sales.rows_decided_by);
    }

    #[test]
    fn tables_between_are_followed_through_and_the_customer_is_all_pseudonyms() {
        let mut ran = record(json!({}));
        let usage = |relation: &str, column: &str, output: &str| ColumnUse {
            relation: relation.into(),
            column: column.into(),
            output: Some(output.into()),
            direct: true,
        };
        ran.models[0].lineage.push(usage("pos_sales", "customer_id", "customer_id"));
        // A circle, which cannot be built, ends.
        ran.models[0].lineage.push(usage("sales", "sku", "sku"));
        ran.models[1].lineage = vec![usage("sales", "revenue", "worth"), usage("sales", "customer_id", "who")];
        let own = origins(&ran, &reference_project().project);
        let value = own.iter().find(|t| t.table == "data_asset_value").unwrap();
        let of = |column: &str| names(&value.columns.iter().find(|c| c.column == column).unwrap().values);
        assert_eq!(of("worth"), ["pos_sales.实付金额"]);
        assert_eq!(of("who"), ["pos_sales.会员卡号", "pos_sales.手机号"]);
    }
}
