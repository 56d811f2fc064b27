//! How many data subjects a model requires behind a row, beside those that the tables it reads require.

use crate::graph::{Node, place};
use lakewarden_dictionary::{Problem, Project, Span, Table};

/// A row of a table without a subject says how many people are behind it only as far as its own minimum goes, and not
/// who they are. A model can therefore require neither fewer people than it (LW2025), for its rows would pass for rows
/// of many, nor more (LW2026), for nothing could count them. Tables with a subject, and with noise, have rules of their
/// own.
pub(crate) fn check(project: &Project, node: &Node<'_>, table: &Table) -> Vec<Problem> {
    if table.subject.is_some() || table.noise.is_some() {
        return Vec::new();
    }
    let own = project.minimum_subjects(table);
    let problem = |read: &lakewarden_engine::Reference| {
        let source = project.table(&read.name).filter(|t| t.subject.is_none() && t.noise.is_none())?;
        let theirs = project.minimum_subjects(source);
        let name = &table.name.value;
        let (code, message, hint) = match own.cmp(&theirs) {
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Less => (
                "LW2025",
                format!(
                    "{name:?} requires {own} data subjects behind a row, and reads {:?}, which requires {theirs}",
                    read.name
                ),
                format!(
                    "write `minimum_subjects: {theirs}` in the entry of {name:?}, or read what {:?} is made of",
                    read.name
                ),
            ),
            std::cmp::Ordering::Greater => (
                "LW2026",
                format!(
                    "{name:?} requires {own} data subjects behind a row; rows of {:?} are about {theirs} or more, and do not \
                     say of whom",
                    read.name
                ),
                format!("read what {:?} is made of, or give both tables the same `minimum_subjects`", read.name),
            ),
        };
        let problem = Problem::error(code, place(node.model, read.at), message);
        Some(problem.related(declared_at(project, source), "its minimum").hint(hint))
    };
    node.reads.iter().filter_map(problem).collect()
}

/// Where a table's minimum is declared: in its entry, else in the project's settings.
fn declared_at(project: &Project, table: &Table) -> Span {
    let own = table.minimum_subjects.as_ref();
    let declared = own.or(project.settings.declared_minimum_subjects.as_ref());
    declared.map_or_else(|| table.name.span.clone(), |minimum| minimum.span.clone())
}
