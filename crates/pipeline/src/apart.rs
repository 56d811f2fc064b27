//! Whether a table or the answer to a query brings pseudonyms together that the project keeps apart.

use crate::compile::compile;
use crate::error::PipelineError;
use crate::graph::place;
use crate::project::OpenProject;
use lakewarden_dictionary::{Model, Pipeline, Problem, Severity, Spanned, TokenDomain, Treatment};
use lakewarden_engine::{EngineError, SqlProblem};
use lakewarden_lineage::Lineage;
use lakewarden_lineage::columns::{Applied, AppliedKind, Direct, Indirect, IndirectKind, SourceColumn};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The identifier domains of the tokens that a table's columns hold, by table and column.
type Held = BTreeMap<(String, String), BTreeSet<String>>;

/// A relation and a column of it.
type Column = (String, String);

/// Of a model's lineage, what brings columns together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origins {
    /// The columns whose values each of its columns may tell.
    outputs: Vec<(String, Vec<Column>)>,
    /// The columns that it joins on.
    joined: Vec<Column>,
}

impl Origins {
    /// Takes them from a model's lineage.
    pub fn of(lineage: &Lineage) -> Self {
        let outputs = lineage.outputs.iter().map(|output| {
            let told = output.direct.iter().filter(|(_, direct)| tells_values(direct)).map(|(source, _)| source);
            // `CASE` of each letter spells a value.
            let chosen = of_kind(&output.indirect, IndirectKind::Conditional);
            (output.name.clone(), told.chain(chosen).map(column).collect())
        });
        let by_output = lineage.outputs.iter().map(|o| &o.indirect);
        let joined =
            by_output.chain([&lineage.indirect]).flat_map(|i| of_kind(i, IndirectKind::Join)).map(column).collect();
        Self { outputs: outputs.collect(), joined }
    }
}

fn column(source: &SourceColumn) -> Column {
    (source.relation.to_string(), source.column.clone())
}

/// Whether more of a column's values is left than how many there are, or whether there is one. Of whatever type the result
/// is: a number may be the place of a letter, and a list may be of texts.
fn tells_values(direct: &Direct) -> bool {
    let counts = |step: &Applied| match step.kind {
        AppliedKind::Aggregate => matches!(&*step.name, "count" | "approx_distinct"),
        AppliedKind::Operator => matches!(&*step.name, "IS NULL" | "IS NOT NULL"),
        AppliedKind::Scalar | AppliedKind::WindowAggregate | AppliedKind::Window => false,
    };
    direct.ways().iter().any(|way| !way.through().iter().any(counts))
}

fn of_kind(indirect: &Indirect, kind: IndirectKind) -> impl Iterator<Item = &SourceColumn> {
    indirect.iter().filter(move |(_, kinds)| kinds.contains(&kind)).map(|(source, _)| source)
}

/// The columns that decide which rows the answer to a query has, and in which order.
fn deciding(lineage: &Lineage) -> Vec<Column> {
    let by_output = lineage.outputs.iter().map(|output| &output.indirect);
    by_output.chain([&lineage.indirect]).flat_map(Indirect::keys).map(column).collect()
}

/// Looks at models in the order in which they run: what one holds, another may read.
pub(crate) fn check<'a>(open: &OpenProject, models: impl Iterator<Item = (&'a Model, &'a Origins)>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if open.project.settings.keep_apart.is_empty() {
        return problems;
    }
    let mut held = Held::new();
    for (model, origins) in models {
        let brought = Brought::by(open, &held, origins);
        held.extend(brought.outputs.into_iter().map(|(output, domains)| ((model.name.clone(), output), domains)));
        for (how, together) in [("holds", &brought.held), ("joins on", &brought.joined)] {
            let Some((first, second)) = kept_apart(open, together) else { continue };
            let message = message("the model", how, first, second);
            let problem = Problem::error("LW2016", place(model, None), message);
            let problem = problem.related(first.span.clone(), "kept apart here");
            problems.push(problem.hint(HINT));
        }
    }
    problems
}

const HINT: &str = "leave one of them out; customer_id is enough to tell people apart";

/// Refuses a query whose answer would bring pseudonyms together. `reads` are the relations that it names.
///
/// # Errors
/// [`PipelineError::Engine`] with `LW2016`; [`PipelineError::Project`] if a model that makes what it reads does not
/// compile; those of the engine.
pub(crate) async fn check_query<'n>(
    open: &OpenProject,
    pipeline: &Pipeline,
    reads: impl Iterator<Item = &'n str>,
    lineage: &Lineage,
) -> Result<(), PipelineError> {
    let mut held = Held::new();
    if reads.into_iter().any(|name| open.project.table(name).is_some()) {
        // What their columns hold is in no declaration: it follows from what made them.
        let (models, problems) = compile(open, pipeline).await?;
        let errors: Vec<Problem> = problems.into_iter().filter(|p| p.severity == Severity::Error).collect();
        if !errors.is_empty() {
            return Err(PipelineError::Project(errors));
        }
        for model in &models {
            let brought = Brought::by(open, &held, &Origins::of(&model.lineage));
            let name = &model.model.name;
            held.extend(brought.outputs.into_iter().map(|(output, domains)| ((name.clone(), output), domains)));
        }
    }
    let brought = Brought::by(open, &held, &Origins::of(lineage));
    // Who asks chooses the value: `WHERE device = …` tells whose device that is.
    let deciding = deciding(lineage).iter().flat_map(|source| domains(open, &held, source)).collect();
    let gives = kept_apart(open, &brought.held).map(|(a, b)| message("the query", "gives", a, b));
    let joins = kept_apart(open, &brought.joined).map(|(a, b)| message("the query", "joins on", a, b));
    let chooses = given_by(open, &brought.held, &deciding).map(|(given, by)| {
        format!(
            "the query gives pseudonyms of {:?} by those of {:?}, which are to be kept apart",
            given.value, by.value
        )
    });
    match gives.or(joins).or(chooses) {
        None => Ok(()),
        Some(message) => Err(PipelineError::of_model("query")(EngineError::Sql(SqlProblem {
            code: Some("LW2016"),
            message,
            at: None,
            hint: Some(HINT.to_owned()),
        }))),
    }
}

/// The identifier domains that SQL brings together.
struct Brought {
    /// By output column.
    outputs: BTreeMap<String, BTreeSet<String>>,
    /// In all output columns.
    held: BTreeSet<String>,
    /// In what it joins on.
    joined: BTreeSet<String>,
}

impl Brought {
    fn by(open: &OpenProject, held: &Held, origins: &Origins) -> Self {
        let of = |sources: &[Column]| sources.iter().flat_map(|source| domains(open, held, source)).collect();
        let mut outputs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (output, sources) in &origins.outputs {
            let domains: BTreeSet<String> = of(sources);
            outputs.entry(output.clone()).or_default().extend(domains);
        }
        Self { held: outputs.values().flatten().cloned().collect(), joined: of(&origins.joined), outputs }
    }
}

/// The domains of the tokens in a column. One whose domain is told by another column may be of any.
fn domains(open: &OpenProject, held: &Held, source: &Column) -> BTreeSet<String> {
    if let Some(domains) = held.get(source) {
        return domains.clone();
    }
    let (relation, column) = source;
    let field = open.project.dataset(relation).and_then(|d| d.column(column));
    match field.map(|f| &f.treatment) {
        Some(Treatment::Pseudonymise(TokenDomain::Fixed(domain))) => BTreeSet::from([domain.clone()]),
        Some(Treatment::Pseudonymise(TokenDomain::ByField(_))) => {
            open.project.settings.keep_apart.iter().flatten().map(|d| d.value.clone()).collect()
        }
        Some(
            Treatment::Keep | Treatment::Drop | Treatment::Mask { .. } | Treatment::Generalise(_) | Treatment::Redact,
        )
        | None => BTreeSet::new(),
    }
}

/// The first two domains of a group of `keep_apart` that are both among those found.
fn kept_apart<'a>(
    open: &'a OpenProject,
    found: &BTreeSet<String>,
) -> Option<(&'a Spanned<String>, &'a Spanned<String>)> {
    open.project.settings.keep_apart.iter().find_map(|group| {
        let mut together = group.iter().filter(|domain| found.contains(&domain.value));
        Some((together.next()?, together.next()?))
    })
}

/// The first domain of a group that an answer gives, and the one of the same group that it is chosen by.
fn given_by<'a>(
    open: &'a OpenProject,
    given: &BTreeSet<String>,
    deciding: &BTreeSet<String>,
) -> Option<(&'a Spanned<String>, &'a Spanned<String>)> {
    open.project.settings.keep_apart.iter().find_map(|group| {
        let chosen = group.iter().find(|domain| deciding.contains(&domain.value) && !given.contains(&domain.value))?;
        Some((group.iter().find(|domain| given.contains(&domain.value))?, chosen))
    })
}

fn message(what: &str, how: &str, first: &Spanned<String>, second: &Spanned<String>) -> String {
    format!("{what} {how} pseudonyms of {:?} and of {:?}, which are to be kept apart", first.value, second.value)
}
