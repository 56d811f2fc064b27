//! Models over rows about people who cannot be resolved (`subject: none`).
//!
//! The people behind such rows cannot be counted, and it is not known whether two of them are about one person. So no
//! aggregate of them is an aggregate over enough people, and joined to a customer's rows they may be about another person.

use crate::graph::{Node, place};
use crate::project::OpenProject;
use lakewarden_dictionary::Problem;
use lakewarden_engine::Relation;
use lakewarden_policy::Ruling;

/// Refuses a model that reads such relations, wherever in its SQL.
pub(crate) fn check(open: &OpenProject, node: &Node<'_>, readable: &[Relation]) -> Vec<Problem> {
    let refused = node.reads.iter().filter_map(|read| {
        match readable.iter().find(|r| r.name == read.name)?.ruling {
            Ruling::WithoutSubject { .. } => {}
            Ruling::Open | Ruling::Gated { .. } | Ruling::Limited { .. } | Ruling::Refused(_) => return None,
        }
        let message = format!(
            "rows of {:?} are about people without a data subject; how many are behind a row of a table cannot be counted",
            read.name
        );
        let mut problem = Problem::error("LW2020", place(node.model, read.at), message);
        if let Some(dataset) = open.project.dataset(&read.name) {
            problem = problem.related(dataset.name.span.clone(), "declared here with `subject: none`");
        }
        Some(problem.hint("leave it out of models, or pseudonymise the field that names the person; `lakewarden query` can read it"))
    });
    refused.collect()
}
