//! Whether a table brings pseudonyms together that the project keeps apart.

use crate::compile::CompiledModel;
use crate::graph::place;
use crate::project::OpenProject;
use lakewarden_dictionary::{DataType, Problem, TokenDomain, Treatment};
use lakewarden_lineage::columns::{Indirect, IndirectKind, SourceColumn};
use std::collections::{BTreeMap, BTreeSet};

/// The identifier domains of the tokens that a table's columns hold, by table and column.
type Held = BTreeMap<(String, String), BTreeSet<String>>;

/// Looks at models in the order in which they run: what one holds, another may read.
pub(crate) fn check(open: &OpenProject, models: &[CompiledModel]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if open.project.settings.keep_apart.is_empty() {
        return problems;
    }
    let mut held = Held::new();
    for model in models {
        let mut together: BTreeSet<String> = BTreeSet::new();
        for output in &model.lineage.outputs {
            let text = model.table.column(&output.name).is_some_and(|c| c.data_type.value == DataType::String);
            let sources = output.direct.keys().filter(|_| text);
            let domains: BTreeSet<String> = sources.flat_map(|source| domains(open, &held, source)).collect();
            together.extend(domains.iter().cloned());
            held.insert((model.model.name.clone(), output.name.clone()), domains);
        }
        problems.extend(judge(open, model, &together, "holds"));
        let by_output = model.lineage.outputs.iter().map(|o| &o.indirect);
        let joined: BTreeSet<String> = by_output
            .chain([&model.lineage.indirect])
            .flat_map(joins)
            .flat_map(|source| domains(open, &held, source))
            .collect();
        problems.extend(judge(open, model, &joined, "joins on"));
    }
    problems
}

fn joins(indirect: &Indirect) -> impl Iterator<Item = &SourceColumn> {
    indirect.iter().filter(|(_, kinds)| kinds.contains(&IndirectKind::Join)).map(|(source, _)| source)
}

/// The domains of the tokens in a column. One whose domain is told by another column may be of any.
fn domains(open: &OpenProject, held: &Held, source: &SourceColumn) -> BTreeSet<String> {
    let relation = source.relation.to_string();
    if let Some(domains) = held.get(&(relation.clone(), source.column.clone())) {
        return domains.clone();
    }
    let field = open.project.dataset(&relation).and_then(|d| d.column(&source.column));
    match field.map(|f| &f.treatment) {
        Some(Treatment::Pseudonymise(TokenDomain::Fixed(domain))) => BTreeSet::from([domain.clone()]),
        Some(Treatment::Pseudonymise(TokenDomain::ByField(_))) => {
            open.project.settings.keep_apart.iter().flatten().map(|d| d.value.clone()).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn judge(open: &OpenProject, model: &CompiledModel, found: &BTreeSet<String>, how: &str) -> Option<Problem> {
    open.project.settings.keep_apart.iter().find_map(|group| {
        let mut together = group.iter().filter(|domain| found.contains(&domain.value));
        let (first, second) = (together.next()?, together.next()?);
        let message = format!(
            "the model {how} pseudonyms of {:?} and of {:?}, which are to be kept apart",
            first.value, second.value
        );
        let problem = Problem::error("LW2016", place(&model.model, None), message);
        let problem = problem.related(first.span.clone(), "kept apart here");
        Some(problem.hint("leave one of them out; customer_id is enough to tell people apart"))
    })
}
