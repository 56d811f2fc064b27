//! Which columns of a relation are never null, for the planner to follow.

use crate::relations::CUSTOMERS;
use arrow::datatypes::{Field, Schema};
use lakewarden_dictionary::{Dataset, OnFailure, Project, Rule, Treatment};
use lakewarden_engine::{Content, Relation};
use lakewarden_policy::gate::SUBJECT_COLUMN;
use std::sync::Arc;

/// Marks the columns of a relation that its declaration keeps from being null. Only drafts are planned with such marks:
/// what is stored may be older than the rule.
pub(super) fn mark_required(project: &Project, relation: &mut Relation) {
    let Content::Declared(schema) = &relation.content else { return };
    let required = |column: &str| {
        if relation.name == CUSTOMERS {
            return column == SUBJECT_COLUMN;
        }
        match (project.dataset(&relation.name), project.table(&relation.name)) {
            (Some(dataset), _) => is_required(dataset, column),
            (None, Some(table)) => {
                table.column(column).is_some_and(|c| c.tests.iter().any(|test| test.value == Rule::Required))
            }
            (None, None) => false,
        }
    };
    let mark =
        |field: &Arc<Field>| field.as_ref().clone().with_nullable(field.is_nullable() && !required(field.name()));
    relation.content = Content::Declared(Arc::new(Schema::new(schema.fields().iter().map(mark).collect::<Vec<_>>())));
}

/// Whether no row is written in which the column is null: the field is required, and its treatment leaves no value out.
fn is_required(dataset: &Dataset, column: &str) -> bool {
    let Some(field) = dataset.column(column) else { return false };
    let kept = match field.treatment {
        Treatment::Keep => true,
        // A placeholder becomes null, an address names no city, an empty text has no part.
        Treatment::Pseudonymise(_)
        | Treatment::Generalise(_)
        | Treatment::Mask { .. }
        | Treatment::Redact
        | Treatment::Drop => false,
    };
    let ends_the_row = |on_failure: OnFailure| match on_failure {
        OnFailure::Quarantine | OnFailure::StopFile | OnFailure::StopRun => true,
        OnFailure::Warn | OnFailure::SetNull => false,
    };
    kept && field.rules.iter().any(|r| r.rule.value == Rule::Required && ends_the_row(r.on_failure))
}
