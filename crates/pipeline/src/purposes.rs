//! What a model reads and may not, for its purpose: with its place in the SQL, and the line that forbids it.

use crate::graph::{Node, place};
use crate::project::OpenProject;
use crate::relations::CUSTOMERS;
use lakewarden_dictionary::{Model, Problem, Span, is_placeholder};
use lakewarden_engine::{ForbiddenColumn, Relation};
use lakewarden_policy::{Refusal, Ruling};

/// Relations that do not serve the purpose.
pub(crate) fn relations(open: &OpenProject, node: &Node<'_>, purpose: &str, readable: &[Relation]) -> Vec<Problem> {
    let refused = node.reads.iter().filter_map(|read| {
        let relation = readable.iter().find(|r| r.name == read.name)?;
        let allowed = match &relation.ruling {
            Ruling::Refused(Refusal::Purpose { allowed }) => allowed,
            // The session refuses these by themselves.
            Ruling::Refused(
                Refusal::ConsentLog
                | Refusal::SuppressionList
                | Refusal::SubjectUndeclared
                | Refusal::ConsentWithoutSubject,
            ) => return None,
            Ruling::Open | Ruling::Gated { .. } | Ruling::WithoutSubject { .. } | Ruling::Limited { .. } => {
                return None;
            }
        };
        // A placeholder is reported where it is.
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).filter(|p| !is_placeholder(p)).collect();
        let serves = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
        let message = format!("{:?} may not be used for purpose {purpose:?}; it serves {serves}", read.name);
        let mut problem = Problem::error("LW2014", place(node.model, read.at), message);
        if let Some(declared) = purposes_of(open, &read.name) {
            problem = problem.related(declared, "what it serves is declared here");
        }
        Some(problem.hint("read something else, or declare the purpose there with its lawful basis"))
    });
    refused.collect()
}

/// Where a relation's purposes are declared.
fn purposes_of(open: &OpenProject, relation: &str) -> Option<Span> {
    if let Some(dataset) = open.project.dataset(relation) {
        let first = dataset.purposes.first().map(|p| p.purpose.span.clone());
        return Some(first.unwrap_or_else(|| dataset.name.span.clone()));
    }
    open.project.table(relation).map(|table| table.purpose.span.clone())
}

/// Columns that do not serve the purpose, of relations that do.
pub(crate) fn columns(open: &OpenProject, model: &Model, purpose: &str, forbidden: &[ForbiddenColumn]) -> Vec<Problem> {
    let problem = |column: &ForbiddenColumn| {
        let message = format!("{}.{} may not be used for purpose {purpose:?}", column.relation, column.column);
        let mut problem = Problem::error("LW3111", place(model, column.at), message);
        let field = open.project.dataset(&column.relation).and_then(|d| d.column(&column.column));
        if let Some(field) = field {
            let declared = field.purposes.first().map_or_else(|| field.span.clone(), |p| p.span.clone());
            problem = problem.related(declared, "what it serves is declared here");
        }
        problem.hint(forbidden_column_hint(std::slice::from_ref(column)))
    };
    forbidden.iter().map(problem).collect()
}

/// How SQL can do without columns that may not be used for its purpose.
pub(crate) fn forbidden_column_hint(columns: &[ForbiddenColumn]) -> &'static str {
    if columns.iter().any(|column| column.relation == CUSTOMERS) {
        "the column is computed from all datasets about people and from the consent log; compute it from a dataset that \
         serves the purpose, such as min(ordered_at) for each customer_id"
    } else {
        "leave it out, or add the purpose to the field in the dictionary"
    }
}
