//! The entry of a table that has none yet, drafted from its model's plan.
//!
//! The model is compiled as `check` compiles it, for each purpose of the project: those for which it compiles are those
//! that all it reads may serve. Types and nullability are the plan's; labels, meanings, units and categories are those
//! of the columns that a column is made of. What neither says is a placeholder, which `check` refuses.

mod column;
mod nullability;
mod unique;
mod yaml;

pub use column::DraftColumn;

use crate::compile::Compiler;
use crate::error::PipelineError;
use crate::graph::{Node, place, sql_problem};
use crate::project::OpenProject;
use crate::without_subject;
use chrono::{DateTime, Utc};
use column::ColumnSources;
use datafusion::logical_expr::LogicalPlan;
use lakewarden_dictionary::{LawfulBasis, Model, Period, Pipeline, Problem, Severity, nearest};
use lakewarden_engine::{Compiled, EngineError, Session, SessionSpec, Standing};
use lakewarden_lineage::columns::DirectKind;
use lakewarden_lineage::{Lineage, column_lineage};
use lakewarden_policy::Ruling;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::labels::Rows;

/// The entry of a table, as far as its model says it.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractDraft {
    /// The table and its model.
    pub table: String,
    /// The model's pipeline.
    pub pipeline: String,
    /// Purposes that all it reads may serve, in the order of `schemas/purposes.yaml`.
    pub purposes: Vec<String>,
    /// The lawful basis of what it is made of, where it is the same for all of these purposes and people are in it.
    pub lawful_basis: Option<LawfulBasis>,
    /// Whether people are in it on different bases, by purpose.
    pub several_bases: bool,
    /// Columns that together name a row, if the plan says so.
    pub grain: Vec<String>,
    /// The column of the data subject, if rows are about one each.
    pub subject: Option<String>,
    /// Whether rows are aggregates over people.
    pub over_people: bool,
    /// How long it may be kept, if what it is made of limits that.
    pub retention: Option<Period>,
    /// Its columns, in the order of the model.
    pub columns: Vec<DraftColumn>,
    /// What a reader should know, a sentence each.
    pub notes: Vec<String>,
}

/// Drafts the entry of a model's table. No lake is needed, and nothing of an existing entry of it is used.
///
/// # Errors
/// [`PipelineError::UnknownModel`]; [`PipelineError::Project`] if what it reads has errors, the model does not compile, or
/// no purpose may be served (LW2040).
pub async fn draft_contract(open: &OpenProject, name: &str) -> Result<ContractDraft, PipelineError> {
    let (pipeline, model) = find_model(open, name)?;
    refuse_broken_sources(open)?;
    let node = Node::parse(model).map_err(|error| PipelineError::Project(vec![sql_problem(model, error)]))?;
    let compiler = Compiler::new(open, pipeline)?;
    let unknown = unknown_relations(&compiler, &node);
    if !unknown.is_empty() {
        return Err(PipelineError::Project(unknown));
    }
    let mut served = Vec::new();
    let mut refused = Vec::new();
    for purpose in &open.project.purposes.purposes {
        let purpose = purpose.name.value.as_str();
        match compile_for(&compiler, &node, purpose).await? {
            Ok(compiled) => served.push((purpose, compiled)),
            Err(reason) => refused.push((purpose, reason)),
        }
    }
    let Some((first, _)) = served.first() else {
        return Err(PipelineError::Project(no_purpose(model, refused)));
    };
    let bases: Vec<Option<LawfulBasis>> = served
        .iter()
        .map(|(purpose, _)| compiler.relations.sources().basis_of_table(open, pipeline, name, purpose))
        .collect();
    let several_bases = bases.iter().any(|basis| *basis != bases[0]);
    let purposes: Vec<String> = served.iter().map(|(purpose, _)| (*purpose).to_owned()).collect();
    debug_assert_eq!(purposes.first().map(String::as_str), Some(*first));
    let (_, compiled) = served.swap_remove(0);
    let mut draft = describe(open, pipeline, model, compiled)?;
    draft.purposes = purposes;
    draft.lawful_basis = bases[0].filter(|_| !several_bases);
    draft.several_bases = several_bases;
    Ok(draft)
}

/// The model and its pipeline.
fn find_model<'a>(open: &'a OpenProject, name: &str) -> Result<(&'a Pipeline, &'a Model), PipelineError> {
    let models = || open.project.pipelines.iter().flat_map(|p| p.models.iter().map(move |model| (p, model)));
    models().find(|(_, model)| model.name == name).ok_or_else(|| PipelineError::UnknownModel {
        name: name.to_owned(),
        known: models().map(|(_, model)| model.name.clone()).collect(),
    })
}

/// What a model reads has to be sound: a broken treatment or purpose would be drafted as it is not meant. Entries of tables
/// may be missing or half written.
fn refuse_broken_sources(open: &OpenProject) -> Result<(), PipelineError> {
    let of_sources = |problem: &&Problem| {
        let path = &problem.span.path;
        let tables = path.starts_with("schemas/curated/") || path.ends_with(".sql");
        problem.severity == Severity::Error && !tables
    };
    let problems: Vec<Problem> = open.problems.iter().filter(of_sources).cloned().collect();
    if problems.is_empty() { Ok(()) } else { Err(PipelineError::Project(problems)) }
}

/// Names that the model reads and that nothing has, and models whose own entry has to be written first.
fn unknown_relations(compiler: &Compiler<'_>, node: &Node<'_>) -> Vec<Problem> {
    let known = compiler.relations.names();
    let is_model = |name: &str| compiler.pipeline.models.iter().any(|model| model.name == name);
    let problem = |read: &lakewarden_engine::Reference| {
        let name = &read.name;
        let span = || place(node.model, read.at);
        if !known.contains(name) {
            let problem = Problem::error("LW2002", span(), format!("there is no table {name:?} in this pipeline"));
            return Some(match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem.hint("a model reads the pipeline's channels, `customers` and other models"),
            });
        }
        (is_model(name) && compiler.open.project.table(name).is_none()).then(|| {
            Problem::error("LW2041", span(), format!("it reads the model {name:?}, whose table has no entry yet"))
                .hint(format!("lakewarden model contract {name} --write, and fill it in"))
        })
    };
    node.reads.iter().filter_map(problem).collect()
}

/// A model as one purpose has it.
struct CompiledFor {
    plan: LogicalPlan,
    standing: Standing,
}

/// Compiles the model for a purpose, or says why it may not serve it.
async fn compile_for(
    compiler: &Compiler<'_>,
    node: &Node<'_>,
    purpose: &str,
) -> Result<Result<CompiledFor, Refused>, PipelineError> {
    let open = compiler.open;
    let names = node.reads.iter().map(|read| read.name.as_str());
    let mut readable = compiler.relations.of(names, purpose, &mut None)?;
    let refusing: Vec<String> = readable
        .iter()
        .filter(|relation| matches!(relation.ruling, Ruling::Refused(_)))
        .map(|relation| relation.name.clone())
        .collect();
    if !refusing.is_empty() {
        return Ok(Err(Refused::Relations(refusing)));
    }
    let without_subject = without_subject::check(open, node, &readable);
    if !without_subject.is_empty() {
        return Err(PipelineError::Project(without_subject));
    }
    readable.iter_mut().for_each(|relation| nullability::mark_required(&open.project, relation));
    // Whether rows are about one person each is found out, not demanded.
    let spec = SessionSpec {
        purpose: purpose.to_owned(),
        as_of: DateTime::<Utc>::UNIX_EPOCH,
        zone: open.zone(),
        minimum_subjects: 1,
    };
    let of_model = || PipelineError::of_model(&node.model.name);
    let session = Session::new(compiler.engine(), &spec, readable).map_err(of_model())?;
    let query = node.query().map_err(of_model())?;
    match session.compile_query(query).await {
        Ok(Compiled { plan, standing: Ok(standing), .. }) => Ok(Ok(CompiledFor { plan, standing })),
        Ok(Compiled { standing: Err(error), .. }) => {
            let problem = Problem::error("LW2013", place(node.model, None), error.to_string());
            Err(PipelineError::Project(vec![problem]))
        }
        Err(EngineError::Forbidden { columns, .. }) => {
            Ok(Err(Refused::Columns(columns.iter().map(|c| format!("{}.{}", c.relation, c.column)).collect())))
        }
        Err(error @ EngineError::Sql(_)) => Err(PipelineError::Project(vec![sql_problem(node.model, error)])),
        Err(error) => Err(of_model()(error)),
    }
}

/// Why a purpose may not be served.
enum Refused {
    Relations(Vec<String>),
    Columns(Vec<String>),
}

/// No purpose of the project: with what stands in the way of each.
fn no_purpose(model: &Model, refused: Vec<(&str, Refused)>) -> Vec<Problem> {
    let reason = |(purpose, refused): (&str, Refused)| match refused {
        Refused::Relations(names) => format!("{purpose} not by {}", names.join(", ")),
        Refused::Columns(names) => format!("{purpose} not by {}", names.join(", ")),
    };
    let reasons: Vec<String> = refused.into_iter().map(reason).collect();
    let message = match reasons.as_slice() {
        [] => "the project has no purposes that a table could serve".to_owned(),
        reasons => format!("no purpose may be served by all that it reads: {}", reasons.join("; ")),
    };
    let problem = Problem::error("LW2040", place(model, None), message);
    vec![problem.hint("read something else, or declare the purpose where it is missing, with its lawful basis")]
}

/// What the plan says of the table.
fn describe(
    open: &OpenProject,
    pipeline: &Pipeline,
    model: &Model,
    compiled: CompiledFor,
) -> Result<ContractDraft, PipelineError> {
    let CompiledFor { plan, standing } = compiled;
    let lineage = column_lineage(&plan).and_then(Lineage::complete)?;
    let about_one = standing.strands.iter().any(|strand| strand.single);
    let subject = about_one.then(|| subject_column(&lineage)).flatten();
    let rows = match &subject {
        Some(_) => Rows::OfOne,
        None => Rows::OfMany { picked: standing.picks_one_of_many, noised: false },
    };
    let mut notes = Vec::new();
    if about_one && subject.is_none() {
        notes.push(format!(
            "every row is about one person, and no column is {SUBJECT_COLUMN}: add it to the SELECT, or aggregate over people"
        ));
    }
    let grain = unique::grain(&open.project, &plan);
    let sources = ColumnSources { project: &open.project, rows, grain: &grain };
    let described: Vec<_> = lineage
        .outputs
        .iter()
        .zip(plan.schema().fields())
        .map(|(output, field)| sources.describe(output, field))
        .collect();
    let retention = subject.as_ref().and_then(|_| {
        let kept = described.iter().filter_map(|(_, label)| label.as_ref()?.retention.as_ref());
        kept.map(|kept| kept.value).reduce(|one, two| if one.is_longer_than(&two) { two } else { one })
    });
    Ok(ContractDraft {
        table: model.name.clone(),
        pipeline: pipeline.name.value.clone(),
        purposes: Vec::new(),
        lawful_basis: None,
        several_bases: false,
        grain,
        over_people: subject.is_none() && !standing.strands.is_empty(),
        subject,
        retention,
        columns: described.into_iter().map(|(column, _)| column).collect(),
        notes,
    })
}

/// The output that has the data subject as it is.
fn subject_column(lineage: &Lineage) -> Option<String> {
    let is_subject = |output: &&lakewarden_lineage::columns::OutputColumn| {
        !output.direct.is_empty()
            && output.direct.iter().all(|(s, d)| s.column == SUBJECT_COLUMN && d.kind() == DirectKind::Identity)
    };
    lineage.outputs.iter().find(is_subject).map(|output| output.name.clone())
}
