//! The lawful basis of a curated table: that of what it is made of.
//!
//! A table keeps the conditions under which its sources may be used. Its entry may name a stricter lawful basis, and no
//! laxer one: else a person who may be withheld in a source would be shown in the table.

use crate::customer_view::CustomerView;
use crate::graph::{Node, place};
use crate::project::OpenProject;
use crate::relations::CUSTOMERS;
use lakewarden_dictionary::{LawfulBasis, Pipeline, Problem, Table};
use lakewarden_engine::references;
use lakewarden_policy::Ruling;
use lakewarden_policy::ruling::{self, is_as_strict, strictest};
use std::collections::{BTreeMap, BTreeSet};

/// What the models of a pipeline read, by model.
#[derive(Debug, Default)]
pub(crate) struct ModelSources {
    /// `None`: its SQL does not parse.
    reads: BTreeMap<String, Option<Vec<String>>>,
}

impl ModelSources {
    /// Parses every model of a pipeline.
    pub fn parse(pipeline: &Pipeline) -> Self {
        let reads_of = |sql: &str| references(sql).ok().map(|reads| reads.into_iter().map(|r| r.name).collect());
        Self { reads: pipeline.models.iter().map(|m| (m.name.clone(), reads_of(&m.sql))).collect() }
    }

    /// The strictest lawful basis of what a model's table is made of, for a purpose. `None` if no person is in it.
    pub fn basis_of_table(
        &self,
        open: &OpenProject,
        pipeline: &Pipeline,
        table: &str,
        purpose: &str,
    ) -> Option<LawfulBasis> {
        self.basis_of_sources(open, pipeline, table, purpose, &mut BTreeSet::new())
    }

    fn basis_of_sources<'s>(
        &'s self,
        open: &OpenProject,
        pipeline: &Pipeline,
        table: &'s str,
        purpose: &str,
        seen: &mut BTreeSet<&'s str>,
    ) -> Option<LawfulBasis> {
        // Models that read each other in a circle do not compile.
        if !seen.insert(table) {
            return None;
        }
        match self.reads.get(table) {
            // What it reads is not known: the strictest there is.
            None | Some(None) => Some(LawfulBasis::Consent),
            Some(Some(reads)) => {
                let of_each = reads.iter().filter_map(|read| self.basis_of(open, pipeline, read, purpose, seen));
                strictest(of_each.collect::<Vec<_>>())
            }
        }
    }

    /// The lawful basis on which a relation may be used for a purpose. `None` if no person is in it.
    fn basis_of<'s>(
        &'s self,
        open: &OpenProject,
        pipeline: &Pipeline,
        relation: &'s str,
        purpose: &str,
        seen: &mut BTreeSet<&'s str>,
    ) -> Option<LawfulBasis> {
        let project = &open.project;
        let of_ruling = |ruling: Ruling| match ruling {
            Ruling::Gated { basis, .. } | Ruling::WithoutSubject { basis, .. } => Some(basis),
            Ruling::Open | Ruling::Limited { .. } => None,
            // Such a model does not compile.
            Ruling::Refused(_) => Some(LawfulBasis::Consent),
        };
        if relation == CUSTOMERS {
            return of_ruling(CustomerView::for_purpose(project, pipeline, purpose).ruling());
        }
        if let Some(dataset) = project.dataset(relation) {
            return of_ruling(ruling::of_dataset(&project.purposes, dataset, purpose));
        }
        let table = project.table(relation).filter(|table| project.is_bound_to_purpose(table))?;
        let sources = self.basis_of_sources(open, pipeline, relation, purpose, seen);
        strictest(table.lawful_basis.into_iter().chain(sources))
    }

    /// Tables whose entry names a laxer lawful basis than what their model reads: LW2027.
    pub fn check<'n>(
        &self,
        open: &OpenProject,
        pipeline: &Pipeline,
        nodes: impl IntoIterator<Item = &'n Node<'n>>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for node in nodes {
            let Some(table) = open.project.table(&node.model.name) else { continue };
            if let Some(declared) = table.lawful_basis.filter(|_| open.project.is_bound_to_purpose(table)) {
                problems.extend(self.check_table(open, pipeline, node, table, declared));
            }
        }
        problems
    }

    fn check_table(
        &self,
        open: &OpenProject,
        pipeline: &Pipeline,
        node: &Node<'_>,
        table: &Table,
        declared: LawfulBasis,
    ) -> Vec<Problem> {
        let laxer = node.reads.iter().filter_map(|read| {
            let purpose = &table.purpose.value;
            if is_refused(open, &read.name, purpose) {
                return None; // That is LW2014.
            }
            let source = self.basis_of(open, pipeline, &read.name, purpose, &mut BTreeSet::new())?;
            (!is_as_strict(declared, source)).then_some((read, source))
        });
        laxer
            .map(|(read, source)| {
                let message = format!(
                    "{:?} is used for {:?} on {}; the table made of it says {}",
                    read.name,
                    table.purpose.value,
                    source.name(),
                    declared.name()
                );
                Problem::error("LW2027", place(node.model, read.at), message)
                    .related(table.name.span.clone(), "`lawful_basis` of this table")
                    .hint(format!(
                        "write `lawful_basis: {}`, or remove the key: the table then has that of what it is made of",
                        source.name()
                    ))
            })
            .collect()
    }
}

/// Whether a dataset may not be used for a purpose at all.
fn is_refused(open: &OpenProject, relation: &str, purpose: &str) -> bool {
    let ruling = open.project.dataset(relation).map(|d| ruling::of_dataset(&open.project.purposes, d, purpose));
    matches!(ruling, Some(Ruling::Refused(_)))
}
