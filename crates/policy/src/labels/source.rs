//! Labels of the columns that queries read, from the dictionary.

use super::label::{Identifiability, Label};
use crate::gate::SUBJECT_COLUMN;
use lakewarden_dictionary::{
    Dataset, Field, IdentifierClass, Leaves, Project, Purposes, Table, TableColumn, TokenDomain,
};
use std::collections::BTreeSet;

/// Schema of the relations that the engine itself provides, which are about datasets and not about people.
const SYSTEM: &str = "lakewarden.";
/// The relation of customers.
const CUSTOMERS: &str = "customers";

/// The label of a relation's column; `None` if the dictionary does not know it, and then it may not be read.
pub fn of_source(project: &Project, relation: &str, column: &str) -> Option<Label> {
    let label = |identifiability| Some(Label::of(identifiability, None));
    if relation.starts_with(SYSTEM) {
        return label(Identifiability::None);
    }
    if column == SUBJECT_COLUMN {
        return Some(of_subject(project, relation));
    }
    if let Some(dataset) = project.dataset(relation) {
        return dataset.column(column).and_then(|field| of_field(&project.purposes, dataset, field));
    }
    if let Some(table) = project.table(relation) {
        return table.column(column).map(|column| of_column(project, table, column));
    }
    // How many identifiers a customer has, since when: columns of the engine's own.
    if relation == CUSTOMERS { label(Identifiability::Attribute) } else { None }
}

/// `None` for a field of which nothing is stored.
fn of_field(tree: &Purposes, dataset: &Dataset, field: &Field) -> Option<Label> {
    let leaves = field.treatment.properties(field.data_type.value).leaves;
    let label = Label {
        categories: field.category.iter().map(|c| c.value.clone()).collect(),
        purposes: of_dataset(tree, dataset),
        retention: dataset.retention.clone(),
        ..Label::of(identifiability(leaves, field.identifier, dataset)?, Some(field.span.clone()))
    };
    let own = match field.purposes[..] {
        [] => None,
        [..] => Some(named(tree, field.purposes.iter().map(|p| p.value.as_str()))),
    };
    // A field serves what both it and its dataset may serve.
    Some(label.clone().join(Label { purposes: own, ..label }, tree))
}

/// How near what is stored of a field brings a reader to a person: the one place that says so.
fn identifiability(leaves: Leaves<'_>, identifier: IdentifierClass, dataset: &Dataset) -> Option<Identifiability> {
    Some(match (leaves, identifier) {
        (Leaves::Nothing, IdentifierClass::None | IdentifierClass::Quasi | IdentifierClass::Direct) => return None,
        (Leaves::Pseudonym(domain), IdentifierClass::None | IdentifierClass::Quasi | IdentifierClass::Direct) => {
            Identifiability::Pseudonym(match domain {
                TokenDomain::Fixed(domain) => domain.clone(),
                TokenDomain::ByField(field) => format!("by {field}"),
            })
        }
        (Leaves::Value, IdentifierClass::Direct) => Identifiability::Direct,
        (Leaves::Value, IdentifierClass::Quasi) | (Leaves::Part, IdentifierClass::Quasi | IdentifierClass::Direct) => {
            Identifiability::Quasi
        }
        (Leaves::Value | Leaves::Part, IdentifierClass::None) if dataset.is_about_people() => {
            Identifiability::Attribute
        }
        (Leaves::Value | Leaves::Part, IdentifierClass::None) => Identifiability::None,
    })
}

/// Purposes by their own names; one that is not declared serves nothing.
fn named<'p>(tree: &Purposes, names: impl Iterator<Item = &'p str>) -> BTreeSet<String> {
    names.filter_map(|name| Some(tree.find(name)?.name.value.clone())).collect()
}

/// The purposes of a dataset; `None`: any, for one that is not about people and lists none.
fn of_dataset(tree: &Purposes, dataset: &Dataset) -> Option<BTreeSet<String>> {
    let any = dataset.purposes.is_empty() && !dataset.is_about_people();
    (!any).then(|| named(tree, dataset.purposes.iter().map(|p| p.purpose.value.as_str())))
}

/// Whose a row is, wherever it is stored.
fn of_subject(project: &Project, relation: &str) -> Label {
    let identifiability = Identifiability::Pseudonym(SUBJECT_COLUMN.to_owned());
    if let Some(table) = project.table(relation) {
        let declared = table.column(SUBJECT_COLUMN).map(|c| c.name.span.clone());
        return Label {
            purposes: Some(named(&project.purposes, [table.purpose.value.as_str()].into_iter())),
            retention: table.retention.clone(),
            ..Label::of(identifiability, declared)
        };
    }
    let dataset = project.dataset(relation);
    Label {
        purposes: dataset.and_then(|d| of_dataset(&project.purposes, d)),
        retention: dataset.and_then(|d| d.retention.clone()),
        ..Label::of(identifiability, None)
    }
}

/// A column keeps its purposes, retention and identifiability until enough people, or noise, stand behind each row.
fn of_column(project: &Project, table: &Table, column: &TableColumn) -> Label {
    let bound = project.is_bound_to_purpose(table);
    let identifiability = match (column.pseudonym, column.identifier, bound) {
        (true, _, _) => Identifiability::Pseudonym(column.name.value.clone()),
        (false, IdentifierClass::Direct, _) => Identifiability::Direct,
        (false, IdentifierClass::Quasi, true) => Identifiability::Quasi,
        (false, IdentifierClass::None, true) => Identifiability::Attribute,
        (false, IdentifierClass::Quasi | IdentifierClass::None, false) => Identifiability::None,
    };
    Label {
        categories: column.category.iter().map(|c| c.value.clone()).collect(),
        purposes: bound.then(|| named(&project.purposes, [table.purpose.value.as_str()].into_iter())),
        retention: table.retention.clone().filter(|_| bound),
        ..Label::of(identifiability, Some(column.name.span.clone()))
    }
}
