//! Whether a table brings pseudonyms together that the project keeps apart.

use crate::graph::place;
use crate::project::OpenProject;
use lakewarden_dictionary::{DataType, Model, Problem, Table, TokenDomain, Treatment};
use lakewarden_lineage::Lineage;
use lakewarden_lineage::columns::{Indirect, IndirectKind, SourceColumn};
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
    /// The columns that each of its columns is made of.
    outputs: Vec<(String, Vec<Column>)>,
    /// The columns that it joins on.
    joined: Vec<Column>,
}

impl Origins {
    /// Takes them from a model's lineage.
    pub fn of(lineage: &Lineage) -> Self {
        let outputs = lineage.outputs.iter().map(|o| (o.name.clone(), o.direct.keys().map(column).collect()));
        let by_output = lineage.outputs.iter().map(|o| &o.indirect);
        let joined = by_output.chain([&lineage.indirect]).flat_map(joins).map(column).collect();
        Self { outputs: outputs.collect(), joined }
    }
}

fn column(source: &SourceColumn) -> Column {
    (source.relation.to_string(), source.column.clone())
}

fn joins(indirect: &Indirect) -> impl Iterator<Item = &SourceColumn> {
    indirect.iter().filter(|(_, kinds)| kinds.contains(&IndirectKind::Join)).map(|(source, _)| source)
}

/// Looks at models in the order in which they run: what one holds, another may read.
pub(crate) fn check<'a>(
    open: &OpenProject,
    models: impl Iterator<Item = (&'a Model, &'a Table, &'a Origins)>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if open.project.settings.keep_apart.is_empty() {
        return problems;
    }
    let mut held = Held::new();
    for (model, table, origins) in models {
        let mut together: BTreeSet<String> = BTreeSet::new();
        for (output, sources) in &origins.outputs {
            let text = table.column(output).is_some_and(|c| c.data_type.value == DataType::String);
            let sources = sources.iter().filter(|_| text);
            let domains: BTreeSet<String> = sources.flat_map(|source| domains(open, &held, source)).collect();
            together.extend(domains.iter().cloned());
            held.insert((model.name.clone(), output.clone()), domains);
        }
        problems.extend(judge(open, model, &together, "holds"));
        let joined: BTreeSet<String> = origins.joined.iter().flat_map(|source| domains(open, &held, source)).collect();
        problems.extend(judge(open, model, &joined, "joins on"));
    }
    problems
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

fn judge(open: &OpenProject, model: &Model, found: &BTreeSet<String>, how: &str) -> Option<Problem> {
    open.project.settings.keep_apart.iter().find_map(|group| {
        let mut together = group.iter().filter(|domain| found.contains(&domain.value));
        let (first, second) = (together.next()?, together.next()?);
        let message = format!(
            "the model {how} pseudonyms of {:?} and of {:?}, which are to be kept apart",
            first.value, second.value
        );
        let problem = Problem::error("LW2016", place(model, None), message);
        let problem = problem.related(first.span.clone(), "kept apart here");
        Some(problem.hint("leave one of them out; customer_id is enough to tell people apart"))
    })
}
