//! Whether what a table with noise reads is sound: the rows of each person follow from that person's data.
//!
//! A model that reads another's table sees one relation. That a rank over everybody is in it, or a total of everybody,
//! shows only when its own SQL is looked at.

use crate::compile::CompiledModel;
use crate::graph::place;
use crate::project::OpenProject;
use lakewarden_dictionary::{Model, Problem, Table};
use lakewarden_policy::noise::Follows;
use std::collections::BTreeMap;

/// Relations that the engine makes of whole datasets.
const SYSTEM: &str = "lakewarden.";

/// A model as far as those that read its table are concerned.
pub(crate) struct Made<'a> {
    pub(crate) model: &'a Model,
    pub(crate) table: &'a Table,
    /// The relations it reads.
    pub(crate) reads: Vec<&'a str>,
    /// Whether each person's rows are made of that person's data only, as far as its own SQL says.
    pub(crate) of_each_one: bool,
}

impl<'a> Made<'a> {
    pub(crate) fn of(compiled: &'a CompiledModel) -> Self {
        let reads = compiled.reads.iter().map(String::as_str).collect();
        Self { model: &compiled.model, table: &compiled.table, reads, of_each_one: of_each_one(compiled) }
    }
}

/// Looks at models in the order in which they run: what one makes, another may read.
pub(crate) fn check<'a>(open: &OpenProject, models: impl Iterator<Item = Made<'a>>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let models: Vec<Made<'a>> = models.collect();
    if models.iter().all(|m| m.table.noise.is_none()) {
        return problems;
    }
    // The reason why one is not sound.
    let mut unsound: BTreeMap<&str, String> = BTreeMap::new();
    for made in &models {
        let name = &made.model.name;
        let read = made.reads.iter().find_map(|name| {
            let why = match name.starts_with(SYSTEM) {
                true => "which tells of whole datasets".to_owned(),
                false => unsound.get(name)?.clone(),
            };
            Some((*name, why))
        });
        match (&made.table.noise, read) {
            (Some(_), Some((name, why))) => problems.push(problem(made, name, &why)),
            // Whatever is computed from noised figures is as private as they are.
            (Some(_), None) => {}
            (None, Some((read, why))) => {
                unsound.insert(name, format!("which reads {read:?}, {why}"));
            }
            (None, None) if made.of_each_one => {}
            (None, None) => {
                let why = if made.table.subject.is_none() && open.project.table(name).is_some() {
                    "which holds exact figures over many people"
                } else {
                    "in which one person's data may have a part in another's rows"
                };
                unsound.insert(name, why.to_owned());
            }
        }
    }
    problems
}

/// Whether each person's rows are made of that person's data only, as far as a model's own SQL says.
pub(crate) fn of_each_one(model: &CompiledModel) -> bool {
    match (&model.follows, &model.table.subject) {
        (Some(Follows::Nobody), _) => true,
        (Some(Follows::OnePerson(columns)), Some(subject)) => columns.iter().any(|c| c.name == subject.value),
        _ => false,
    }
}

fn problem(made: &Made<'_>, name: &str, why: &str) -> Problem {
    let message = format!("its table declares noise, and it reads {name:?}, {why}");
    let problem = Problem::error("LW2018", place(made.model, None), message);
    let problem = match &made.table.noise {
        Some(noise) => problem.related(noise.epsilon.span.clone(), "noise is declared here"),
        None => problem,
    };
    problem.hint("read the channels themselves, tables with noise, or tables whose rows are made of one person's each")
}
