//! What the dictionary says of the fields of a pipeline's datasets and tables.

use super::names::label;
use lakewarden_dictionary::{
    Dataset, Field, Generalisation, IdentifierClass, Pipeline, Project, Table, TableColumn, TokenDomain, Treatment,
};
use lakewarden_pipeline::record::{ColumnLabel, RunRecord};
use lakewarden_report::{Label, data};

/// The tables of a pipeline: datasets in its order, then curated tables. Labels that a run found for columns of curated
/// tables come before what is declared of them.
pub(super) fn described(
    project: &Project,
    pipeline: Option<&Pipeline>,
    record: Option<&RunRecord>,
) -> Vec<data::DescribedTable> {
    let Some(pipeline) = pipeline else { return Vec::new() };
    let datasets = pipeline.channels.iter().filter_map(|channel| project.dataset(&channel.dataset.value));
    let tables = pipeline.models.iter().filter_map(|model| project.table(&model.name));
    let labels = |table: &Table| {
        let account = record.and_then(|r| r.models.iter().find(|m| m.table == table.name.value));
        account.map(|account| account.labels.as_slice()).unwrap_or_default()
    };
    let datasets = datasets.map(|dataset| describe_dataset(dataset, project));
    datasets.chain(tables.map(|table| describe_table(table, labels(table), project))).collect()
}

fn describe_dataset(dataset: &Dataset, project: &Project) -> data::DescribedTable {
    let retention = dataset.retention.as_ref().map(|period| period.value.to_string()).unwrap_or_default();
    let field = |field: &Field| data::DescribedField {
        field: field.name.value.clone(),
        column: if field.is_stored() { field.column.value.clone() } else { String::new() },
        label: label(&field.label),
        meaning: field.meaning.clone(),
        data_type: field.stored_type().to_string(),
        unit: field.unit.clone().unwrap_or_default(),
        identifiability: identifier(field.identifier).to_owned(),
        treatment: treatment(&field.treatment),
        purposes: purposes(field.purposes.iter().map(|purpose| purpose.value.as_str()), project),
        retention: retention.clone(),
    };
    data::DescribedTable {
        name: dataset.name.value.clone(),
        label: label(&dataset.label),
        zone: "conformed".to_owned(),
        meaning: dataset.meaning.clone(),
        fields: dataset.fields.iter().map(field).collect(),
    }
}

fn describe_table(table: &Table, labels: &[ColumnLabel], project: &Project) -> data::DescribedTable {
    let column = |column: &TableColumn| {
        let found = labels.iter().find(|label| label.column == column.name.value);
        let served = found.and_then(|label| label.purposes.as_ref());
        let declared = table.retention.as_ref().map(|period| period.value.to_string());
        data::DescribedField {
            field: String::new(),
            column: column.name.value.clone(),
            label: label(&column.label),
            meaning: column.meaning.clone(),
            data_type: column.data_type.value.to_string(),
            unit: column.unit.clone().unwrap_or_default(),
            identifiability: found
                .map_or_else(|| identifier(column.identifier).to_owned(), |label| label.identifiability.clone()),
            treatment: data::Treatment::None,
            purposes: purposes(served.into_iter().flatten().map(String::as_str), project),
            retention: found.and_then(|label| label.retention.clone()).or(declared).unwrap_or_default(),
        }
    };
    data::DescribedTable {
        name: table.name.value.clone(),
        label: label(&table.label),
        zone: "curated".to_owned(),
        meaning: table.meaning.clone(),
        fields: table.columns.iter().map(column).collect(),
    }
}

/// What people call purposes; their name for one that the project does not declare.
fn purposes<'a>(names: impl Iterator<Item = &'a str>, project: &Project) -> Vec<Label> {
    let called = |name: &str| match project.purposes.find(name) {
        Some(purpose) => label(&purpose.label),
        None => Label::new(name, name),
    };
    names.map(called).collect()
}

fn identifier(identifier: IdentifierClass) -> &'static str {
    match identifier {
        IdentifierClass::None => "none",
        IdentifierClass::Quasi => "quasi",
        IdentifierClass::Direct => "direct",
    }
}

fn treatment(treatment: &Treatment) -> data::Treatment {
    match treatment {
        Treatment::Keep => data::Treatment::Keep,
        Treatment::Drop => data::Treatment::Drop,
        Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => data::Treatment::Pseudonymise(domain.clone()),
        Treatment::Pseudonymise(TokenDomain::ByField(field)) => data::Treatment::Pseudonymise(field.clone()),
        Treatment::Mask { keep_first, keep_last } => data::Treatment::Mask(*keep_first, *keep_last),
        Treatment::Generalise(to) => data::Treatment::Generalise(
            match to {
                Generalisation::Decade => "decade",
                Generalisation::Year => "year",
                Generalisation::Month => "month",
                Generalisation::City => "city",
                Generalisation::Grid { .. } => "grid",
            }
            .to_owned(),
        ),
        Treatment::Redact => data::Treatment::Redact,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_and_column_of_the_pipeline_is_described() {
        let open = reference_project();
        let pipeline = open.project.pipeline("retail").unwrap();
        let tables = described(&open.project, Some(pipeline), None);
        assert_eq!(tables.len(), pipeline.channels.len() + pipeline.models.len());
        for table in &tables {
            assert!(!table.label.zh.is_empty() && !table.fields.is_empty(), "{}", table.name);
            for field in &table.fields {
                assert!(!field.meaning.is_empty() && !field.label.en.is_empty(), "{}.{}", table.name, field.column);
                let stored = field.treatment != data::Treatment::Drop;
                assert_eq!(field.column.is_empty(), !stored, "{}.{}", table.name, field.field);
            }
        }
        assert_eq!(described(&open.project, None, None), []);
    }

    #[test]
    fn what_a_run_found_of_a_column_comes_before_what_is_declared() {
        let open = reference_project();
        let mut ran = record(json!({}));
        ran.models[0].labels = vec![ColumnLabel {
            column: "revenue".into(),
            identifiability: "attribute".into(),
            categories: Vec::new(),
            purposes: Some(vec!["analytics".into()]),
            retention: Some("P3Y".into()),
        }];
        let tables = described(&open.project, open.project.pipeline("retail"), Some(&ran));
        let sales = tables.iter().find(|t| t.name == "sales").unwrap();
        let revenue = sales.fields.iter().find(|f| f.column == "revenue").unwrap();
        assert_eq!((revenue.identifiability.as_str(), revenue.retention.as_str()), ("attribute", "P3Y"));
        assert_eq!(revenue.purposes[0].zh, open.project.purposes.find("analytics").unwrap().label.zh);
    }
}
