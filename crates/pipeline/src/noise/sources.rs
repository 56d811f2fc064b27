//! Whether what a table with noise reads is sound: the rows of each person follow from that person's data.
//!
//! A model that reads another's table sees one relation. That a rank over everybody is in it, or a total of everybody,
//! shows only when its own SQL is looked at.

use crate::compile::CompiledModel;
use crate::graph::place;
use crate::project::OpenProject;
use lakewarden_dictionary::Problem;
use lakewarden_policy::noise::Follows;
use std::collections::BTreeMap;

/// Relations that the engine makes of whole datasets.
const SYSTEM: &str = "lakewarden.";

/// Looks at models in the order in which they run: what one makes, another may read.
pub(crate) fn check(open: &OpenProject, models: &[CompiledModel]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if models.iter().all(|m| m.noise.is_none()) {
        return problems;
    }
    // The reason why one is not sound.
    let mut unsound: BTreeMap<&str, String> = BTreeMap::new();
    for model in models {
        let read = model.reads.iter().find_map(|name| {
            let why = match name.starts_with(SYSTEM) {
                true => "which tells of whole datasets".to_owned(),
                false => unsound.get(name.as_str())?.clone(),
            };
            Some((name, why))
        });
        match (&model.noise, read) {
            (Some(_), Some((name, why))) => problems.push(problem(model, name, &why)),
            // Whatever is computed from noised figures is as private as they are.
            (Some(_), None) => {}
            (None, Some((name, why))) => {
                unsound.insert(&model.model.name, format!("which reads {name:?}, {why}"));
            }
            (None, None) if is_sound(model) => {}
            (None, None) => {
                let why = if model.table.subject.is_none() && open.project.table(&model.model.name).is_some() {
                    "which holds exact figures over many people"
                } else {
                    "in which one person's data may have a part in another's rows"
                };
                unsound.insert(&model.model.name, why.to_owned());
            }
        }
    }
    problems
}

fn is_sound(model: &CompiledModel) -> bool {
    match (&model.follows, &model.table.subject) {
        (Some(Follows::Nobody), _) => true,
        (Some(Follows::OnePerson(columns)), Some(subject)) => columns.iter().any(|c| c.name == subject.value),
        _ => false,
    }
}

fn problem(model: &CompiledModel, name: &str, why: &str) -> Problem {
    let message = format!("its table declares noise, and it reads {name:?}, {why}");
    let problem = Problem::error("LW2018", place(&model.model, None), message);
    let problem = match &model.table.noise {
        Some(noise) => problem.related(noise.epsilon.span.clone(), "noise is declared here"),
        None => problem,
    };
    problem.hint("read the channels themselves, tables with noise, or tables whose rows are made of one person's each")
}
