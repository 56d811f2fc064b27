//! What SQL text refers to, before anything is planned.

use crate::error::EngineError;
use crate::statement::single_query;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{Spanned, TableFactor, Visit, Visitor};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A relation that SQL reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `name` or `schema.name`, as the planner will look it up.
    pub name: String,
    /// Line and column of its first mention, from 1.
    pub at: Option<(u32, u32)>,
}

/// One query, parsed: what it reads is known before anything is planned, and it is not parsed again to be planned.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) statement: Statement,
    reads: Vec<Reference>,
}

impl Query {
    /// Parses a single query.
    ///
    /// # Errors
    /// [`EngineError::Sql`] if the text does not parse, holds more than one statement, or is no query.
    pub fn parse(sql: &str) -> Result<Self, EngineError> {
        let statement = single_query(sql)?;
        let (tables, _) = resolve_table_references(&statement, true).map_err(|e| EngineError::planning(&e))?;
        let mut places = Places::default();
        if let Statement::Statement(statement) = &statement {
            let _ = statement.visit(&mut places);
        }
        let reference = |name: String| Reference { at: places.0.get(&name).copied(), name };
        let reads = tables.into_iter().map(|t| reference(t.to_string())).collect();
        Ok(Self { statement, reads })
    }

    /// The relations it reads, in order of name; names of its own CTEs are left out.
    pub fn reads(&self) -> &[Reference] {
        &self.reads
    }
}

/// The relations that [`Query::reads`] tells of a single query.
///
/// # Errors
/// As [`Query::parse`].
pub fn references(sql: &str) -> Result<Vec<Reference>, EngineError> {
    Ok(Query::parse(sql)?.reads)
}

/// First place of each table's name.
#[derive(Default)]
struct Places(BTreeMap<String, (u32, u32)>);

impl Visitor for Places {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, .. } = factor {
            let start = name.span().start;
            let text: Vec<String> = name.to_string().split('.').map(|p| p.trim_matches('"').to_lowercase()).collect();
            self.0.entry(text.join(".")).or_insert((start.line as u32, start.column as u32));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ctes_are_not_relations_and_places_are_known() {
        let found =
            references("WITH a AS (SELECT * FROM b)\nSELECT * FROM a\nJOIN lakewarden.columns c ON true").unwrap();
        let names: Vec<_> = found.iter().map(|r| (r.name.as_str(), r.at)).collect();
        assert_eq!(names, [("b", Some((1, 26))), ("lakewarden.columns", Some((3, 6)))]);
    }
}
