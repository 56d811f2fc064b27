//! The order of models, taken from what their SQL reads.

use lakewarden_dictionary::{Model, Problem, Span};
use lakewarden_engine::{EngineError, Query, Reference};
use std::collections::{BTreeMap, BTreeSet};

/// A model and what it reads.
#[derive(Debug)]
pub struct Node<'a> {
    /// The model.
    pub model: &'a Model,
    /// The relations its SQL names.
    pub reads: Vec<Reference>,
    /// Its SQL, if it had to be parsed to know them.
    query: Option<Query>,
}

impl<'a> Node<'a> {
    /// Parses a model.
    ///
    /// # Errors
    /// Those of [`Query::parse`].
    pub fn parse(model: &'a Model) -> Result<Self, EngineError> {
        let query = Query::parse(&model.sql)?;
        Ok(Self { model, reads: query.reads().to_vec(), query: Some(query) })
    }

    /// Takes it from elsewhere what a model reads.
    pub fn reading(model: &'a Model, reads: Vec<Reference>) -> Self {
        Self { model, reads, query: None }
    }

    /// Its SQL, parsed.
    ///
    /// # Errors
    /// Those of [`Query::parse`].
    pub fn query(&self) -> Result<Query, EngineError> {
        self.query.clone().map_or_else(|| Query::parse(&self.model.sql), Ok)
    }
}

/// Models in an order in which each comes after those it reads, and the problems found on the way.
/// Models in a cycle, and models whose SQL does not parse, are left out and reported.
pub fn order<'a>(
    models: impl IntoIterator<Item = (&'a Model, Result<Node<'a>, EngineError>)>,
) -> (Vec<Node<'a>>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
    for (model, node) in models {
        match node {
            Ok(node) => {
                nodes.insert(&model.name, node);
            }
            Err(error) => problems.push(sql_problem(model, error)),
        }
    }
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut ordered = Vec::new();
    loop {
        let ready: Vec<&str> = nodes
            .iter()
            .filter(|(name, node)| {
                !done.contains(*name)
                    && node.reads.iter().all(|r| !nodes.contains_key(r.name.as_str()) || done.contains(r.name.as_str()))
            })
            .map(|(name, _)| *name)
            .collect();
        if ready.is_empty() {
            break;
        }
        for name in ready {
            done.insert(name);
            ordered.push(name);
        }
    }
    let stuck: Vec<&str> = nodes.keys().copied().filter(|n| !done.contains(n)).collect();
    if let Some(cycle) = cycle(&nodes, &stuck) {
        let first = &nodes[cycle[0]];
        let span = place(first.model, first.reads.iter().find(|r| r.name == cycle[1 % cycle.len()]).and_then(|r| r.at));
        let mut path: Vec<&str> = cycle.clone();
        path.push(cycle[0]);
        problems.push(
            Problem::error("LW2003", span, format!("models read each other in a circle: {}", path.join(" → ")))
                .hint("take one of these reads out, or move what both need into a third model"),
        );
    }
    (ordered.into_iter().filter_map(|name| nodes.remove(name)).collect(), problems)
}

/// One circle among models that could not be ordered.
fn cycle<'a>(nodes: &BTreeMap<&'a str, Node<'_>>, stuck: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut path: Vec<&str> = vec![*stuck.first()?];
    loop {
        let next = nodes[path.last()?].reads.iter().find_map(|r| stuck.iter().find(|s| **s == r.name).copied())?;
        if let Some(at) = path.iter().position(|p| *p == next) {
            return Some(path.split_off(at));
        }
        path.push(next);
    }
}

/// The problem that an engine error is, at its place in the model.
pub(crate) fn sql_problem(model: &Model, error: EngineError) -> Problem {
    match error {
        EngineError::Sql(sql) => {
            let problem = Problem::error(sql.code.unwrap_or("LW2001"), place(model, sql.at), sql.message);
            match sql.hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            }
        }
        other => Problem::error("LW2001", Span::file(&model.path), other.to_string()),
    }
}

/// The span of a word at a line and column of a model.
pub(crate) fn place(model: &Model, at: Option<(u32, u32)>) -> Span {
    let Some((line, column)) = at else { return Span::file(&model.path) };
    let mut start = 0;
    for (number, text) in model.sql.split_inclusive('\n').enumerate() {
        if number as u32 + 1 == line {
            let skip: usize = text.chars().take(column.saturating_sub(1) as usize).map(char::len_utf8).sum();
            let word = text[skip..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '.');
            let length: usize = word.map(char::len_utf8).sum();
            return Span::in_text(&model.path, &model.sql, start + skip, start + skip + length.max(1));
        }
        start += text.len();
    }
    Span::file(&model.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, sql: &str) -> Model {
        Model { name: name.into(), path: format!("models/{name}.sql").into(), sql: sql.into() }
    }

    fn order(models: &[Model]) -> (Vec<Node<'_>>, Vec<Problem>) {
        super::order(models.iter().map(|model| (model, Node::parse(model))))
    }

    #[test]
    fn models_come_after_what_they_read() {
        let models =
            [model("a", "select * from b"), model("b", "select * from c join raw on true"), model("c", "select 1")];
        let (order, problems) = order(&models);
        assert!(problems.is_empty());
        assert_eq!(order.iter().map(|n| n.model.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
    }

    #[test]
    fn a_circle_is_one_problem_that_names_it() {
        let models = [model("a", "select 1\nfrom b"), model("b", "select * from a"), model("c", "select * from a")];
        let (order, problems) = order(&models);
        assert!(order.is_empty());
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "models read each other in a circle: a → b → a");
        assert_eq!((problems[0].span.line, problems[0].span.column), (2, 6));
    }
}
