//! Labels of the columns that queries read, from the dictionary.

use super::label::{Identifiability, Label};
use crate::gate::SUBJECT_COLUMN;
use lakewarden_dictionary::{Dataset, Field, IdentifierClass, Project, Table, TableColumn, TokenDomain, Treatment};

/// Schema of the relations that the engine itself provides, which are about datasets and not about people.
const SYSTEM: &str = "lakewarden.";
/// The relation of customers.
const CUSTOMERS: &str = "customers";

/// The label of a relation's column; `None` if the dictionary does not know it, and then it may not be read.
pub fn of_source(project: &Project, relation: &str, column: &str) -> Option<Label> {
    let label = |identifiability| Some(Label { identifiability, declared: None });
    if relation.starts_with(SYSTEM) {
        return label(Identifiability::None);
    }
    if column == SUBJECT_COLUMN {
        let declared = project.table(relation).and_then(|t| t.column(column)).map(|c| c.name.span.clone());
        return Some(Label { identifiability: Identifiability::Pseudonym(SUBJECT_COLUMN.to_owned()), declared });
    }
    if let Some(dataset) = project.dataset(relation) {
        return dataset.column(column).map(|field| of_field(dataset, field));
    }
    if let Some(table) = project.table(relation) {
        return table.column(column).map(|column| of_column(table, column));
    }
    // How many identifiers a customer has, since when: columns of the engine's own.
    if relation == CUSTOMERS { label(Identifiability::Attribute) } else { None }
}

fn of_field(dataset: &Dataset, field: &Field) -> Label {
    let identifiability = match (&field.treatment, field.identifier) {
        (Treatment::Pseudonymise(TokenDomain::Fixed(domain)), _) => Identifiability::Pseudonym(domain.clone()),
        (Treatment::Pseudonymise(TokenDomain::ByField(field)), _) => Identifiability::Pseudonym(format!("by {field}")),
        (Treatment::Keep, IdentifierClass::Direct) => Identifiability::Direct,
        (_, IdentifierClass::Direct | IdentifierClass::Quasi) => Identifiability::Quasi,
        _ if dataset.is_personal() => Identifiability::Attribute,
        _ => Identifiability::None,
    };
    Label { identifiability, declared: Some(field.span.clone()) }
}

fn of_column(table: &Table, column: &TableColumn) -> Label {
    let identifiability = match column.identifier {
        _ if column.pseudonym => Identifiability::Pseudonym(column.name.value.clone()),
        IdentifierClass::Direct => Identifiability::Direct,
        IdentifierClass::Quasi if table.subject.is_some() => Identifiability::Quasi,
        _ if table.subject.is_some() => Identifiability::Attribute,
        _ => Identifiability::None,
    };
    Label { identifiability, declared: Some(column.name.span.clone()) }
}
