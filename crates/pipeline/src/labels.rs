//! Whether a model publishes no more of people than its contract says.

use crate::graph::place;
use crate::project::OpenProject;
use crate::record::ColumnLabel;
use datafusion::logical_expr::LogicalPlan;
use lakewarden_dictionary::{IdentifierClass, Model, Period, Problem, Spanned, Table, TableColumn};
use lakewarden_engine::{Standing, written_at};
use lakewarden_lineage::columns::{DirectKind, Lineage, SourceColumn};
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::labels::{
    Identifiability, Label, Obstacle, Rows, Undeclared, find_obstacle, of_output, of_source,
};
use lakewarden_policy::witness::{NotThreaded, Strand};

/// A model, its contract, and what its SQL says.
pub(crate) struct Judged<'a> {
    pub(crate) open: &'a OpenProject,
    pub(crate) model: &'a Model,
    pub(crate) table: &'a Table,
    pub(crate) plan: &'a LogicalPlan,
    pub(crate) lineage: &'a Lineage,
    /// Whether somewhere one person's value is picked out of several people's.
    pub(crate) picked: bool,
    /// Whether its aggregates are noised.
    pub(crate) noised: bool,
}

/// Finds each column's label and compares it with its contract.
pub(crate) fn judge(judged: &Judged<'_>) -> (Vec<ColumnLabel>, Vec<Problem>) {
    let Judged { open, model, table, plan, lineage, picked, noised } = judged;
    let rows = match table.subject {
        Some(_) => Rows::OfOne,
        None => Rows::OfMany { picked: *picked, noised: *noised },
    };
    let (mut labels, mut problems) = (Vec::new(), Vec::new());
    let mut shortest: Option<(Spanned<Period>, String)> = None;
    for (at, output) in lineage.outputs.iter().enumerate() {
        let Some(column) = table.column(&output.name) else { continue };
        let span = || place(model, written_at(plan, at));
        // What the dictionary does not know was refused before this; if not, it is the worst it can be.
        let unknown = Label::of(Identifiability::Direct, None);
        let label_of = |source: &SourceColumn| {
            of_source(&open.project, &source.relation.to_string(), &source.column).unwrap_or(unknown.clone())
        };
        match of_output(output, rows, &open.project.purposes, label_of) {
            Err(Undeclared { function }) => problems.push(
                Problem::error("LW2010", span(), format!("nobody has declared what {function} does to a label"))
                    .hint("use another function; docs/policy/labels.md says which there are"),
            ),
            Ok(Some((source, label))) => {
                if let Some(kept) = &label.retention
                    && shortest.as_ref().is_none_or(|(s, _)| s.value.is_longer_than(&kept.value))
                {
                    shortest = Some((kept.clone(), output.name.clone()));
                }
                labels.push(ColumnLabel::of(&output.name, &label, open.project.minimum_subjects(table)));
                let obstacle = find_obstacle(output, source, &label.identifiability);
                problems.extend(compare(judged, column, source, label, obstacle, span));
            }
            Ok(None) => {}
        }
    }
    problems.extend(kept_too_long(open.project.is_bound_to_purpose(table), table, shortest));
    (labels, problems)
}

/// A table about one person a row, or about few, may be kept for no longer than what it is made of.
fn kept_too_long(bound: bool, table: &Table, shortest: Option<(Spanned<Period>, String)>) -> Option<Problem> {
    let (kept, column) = shortest.filter(|_| bound)?;
    let (span, message) = match &table.retention {
        Some(own) if own.value.is_longer_than(&kept.value) => (
            own.span.clone(),
            format!("the table is kept for {}; column {column:?} is made of data kept for {}", own.value, kept.value),
        ),
        Some(_) => return None,
        None => (
            table.name.span.clone(),
            format!("the table is kept for ever; column {column:?} is made of data kept for {}", kept.value),
        ),
    };
    let problem = Problem::error("LW2019", span, message).related(kept.span, "declared here");
    Some(problem.hint(format!("say `retention: {}` in the table's entry, or leave the column out", kept.value)))
}

/// A column may be as identifying as its contract says, and no more.
fn compare(
    judged: &Judged<'_>,
    column: &TableColumn,
    source: &SourceColumn,
    label: Label,
    obstacle: Option<Obstacle>,
    span: impl Fn() -> lakewarden_dictionary::Span,
) -> Option<Problem> {
    let name = &column.name.value;
    if let Identifiability::Pseudonym(_) = label.identifiability {
        if column.pseudonym {
            return None;
        }
        let problem = Problem::error("LW2007", span(), format!("column {name:?} carries the pseudonym {source}"))
            .related(column.name.span.clone(), "declared here without `pseudonym: true`");
        return Some(problem.hint("say `pseudonym: true` in the contract, or leave the column out"));
    }
    let aggregate = judged.table.subject.is_none();
    let allowed = match column.identifier {
        _ if column.pseudonym => Identifiability::Pseudonym(String::new()),
        _ if aggregate => Identifiability::Aggregate,
        IdentifierClass::Quasi => Identifiability::Quasi,
        _ => Identifiability::Attribute,
    };
    if label.identifiability <= allowed {
        return None;
    }
    let message = format!("column {name:?} is {} ({source}); its contract allows {allowed}", label.identifiability);
    let problem = Problem::error("LW2009", span(), message).related(column.name.span.clone(), "declared here");
    Some(problem.hint(match obstacle.filter(|_| aggregate) {
        None if aggregate => {
            "in a table without a subject use count, sum, avg or a quantile over many people, or group by the column"
                .to_owned()
        }
        None => "write `identifier: quasi` in the contract, or leave the column out".to_owned(),
        Some(Obstacle::Window(function)) => format!(
            "{function} OVER takes values of other rows, whose people are not counted: publish the rows before it as a table \
             and use {function} in a model that reads that table, or join them with themselves (docs/policy/recipes.md)"
        ),
        Some(Obstacle::Picked(function)) => format!(
            "{function} gives one person's value: take it for each person (GROUP BY {SUBJECT_COLUMN}) and group by the \
             result (docs/policy/recipes.md), or use count, sum, avg or a quantile instead"
        ),
        Some(Obstacle::Identifies) => {
            "it stands for one person: leave it out, or publish how many there are with count(DISTINCT …)".to_owned()
        }
    }))
}

/// Whether rows are about whom the contract says: one subject, whose column is published, or many. `labelled` says that a
/// column was refused for its label, which explains better why a value is one person's.
pub(crate) fn judge_rows(
    standing: Result<Standing, NotThreaded>,
    model: &Model,
    table: &Table,
    lineage: &Lineage,
    labelled: bool,
) -> Vec<Problem> {
    let whole = || place(model, None);
    let strands = match standing {
        Ok(standing) => standing.strands,
        Err(NotThreaded::OfOthers { .. }) if labelled => return Vec::new(),
        Err(NotThreaded::Plan(_)) => {
            return vec![Problem::error("LW2013", whole(), "it cannot be told who stands behind its rows")];
        }
        Err(error) => {
            let problem = Problem::error(error.code(), whole(), error.to_string());
            return vec![match error.hint() {
                Some(hint) => problem.hint(hint),
                None => problem,
            }];
        }
    };
    match &table.subject {
        None => rows_of_one(&strands, model, table).into_iter().collect(),
        Some(subject) => subject_lost(&strands, lineage, model, table, &subject.value).into_iter().collect(),
    }
}

/// A table without a subject whose rows are about one person each.
fn rows_of_one(strands: &[Strand], model: &Model, table: &Table) -> Option<Problem> {
    let one = strands.iter().find(|s| s.single)?;
    let message = format!("every row is about one person of {}, and the table has no subject column", one.relation);
    let problem = Problem::error("LW2011", place(model, None), message)
        .related(table.name.span.clone(), "the contract, without `subject`");
    Some(
        problem.hint(format!("publish {SUBJECT_COLUMN} and say `subject: {SUBJECT_COLUMN}`, or aggregate over people")),
    )
}

/// A table with a subject whose column does not hold it.
fn subject_lost(strands: &[Strand], lineage: &Lineage, model: &Model, table: &Table, subject: &str) -> Option<Problem> {
    let output = lineage.outputs.iter().find(|o| o.name == subject)?;
    let holds = !output.direct.is_empty()
        && output.direct.iter().all(|(s, d)| s.column == SUBJECT_COLUMN && d.kind() == DirectKind::Identity);
    let of_many = !strands.is_empty() && strands.iter().all(|s| !s.single);
    let names_each_row = strands.iter().any(|strand| strand.is_subject(subject));
    if holds && names_each_row {
        return None;
    }
    let message = match holds {
        false => format!("the subject column {subject:?} does not hold {SUBJECT_COLUMN} as it is"),
        true if of_many => format!("rows are about several people, and {subject:?} names one"),
        true => format!("the subject column {subject:?} may be null in rows that are about a person"),
    };
    let span = table.subject.as_ref().map(|s| s.span.clone()).unwrap_or_else(|| table.name.span.clone());
    let problem = Problem::error("LW2011", place(model, None), message).related(span, "declared the subject here");
    let nullable = holds && !of_many;
    Some(problem.hint(match nullable {
        true => format!(
            "read {SUBJECT_COLUMN} from every branch of UNION, from the side of an outer join whose rows all stay, and without \
             CASE or NULLIF"
        ),
        false => format!("give {SUBJECT_COLUMN} of what you read under this name, and group by it"),
    }))
}
