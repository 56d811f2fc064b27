//! What SQL text refers to, before anything is planned.

use crate::error::{EngineError, SqlProblem};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{
    Query, SetExpr, Spanned, Statement as SqlStatement, TableFactor, Visit, Visitor,
};
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

/// The relations a single query reads, in order of name; names of its own CTEs are left out.
///
/// # Errors
/// [`EngineError::Sql`] if the text does not parse, holds more than one statement, or is no query.
pub fn references(sql: &str) -> Result<Vec<Reference>, EngineError> {
    let statement = single_query(sql)?;
    let (tables, _) = resolve_table_references(&statement, true).map_err(|e| EngineError::planning(&e))?;
    let mut places = Places::default();
    if let Statement::Statement(statement) = &statement {
        let _ = statement.visit(&mut places);
    }
    Ok(tables
        .into_iter()
        .map(|t| {
            let name = t.to_string();
            let at = places.0.get(&name).copied();
            Reference { name, at }
        })
        .collect())
}

/// Parses text that must be exactly one query.
pub(crate) fn single_query(sql: &str) -> Result<Statement, EngineError> {
    let mut statements = DFParser::parse_sql(sql).map_err(|e| EngineError::planning(&e))?;
    let refuse = |message: &str| {
        EngineError::Sql(SqlProblem {
            message: message.to_owned(),
            at: None,
            hint: Some("write one SELECT, with CTEs if need be".to_owned()),
        })
    };
    let Some(statement) = statements.pop_front() else { return Err(refuse("there is no SQL")) };
    if !statements.is_empty() {
        return Err(refuse("more than one statement"));
    }
    match &statement {
        Statement::Statement(inner) => match inner.as_ref() {
            SqlStatement::Query(query) if reads_only(query) => Ok(statement),
            _ => Err(refuse("only a query may be run: statements that define, write, set or explain are refused")),
        },
        _ => Err(refuse("only a query may be run: statements that define, write, set or explain are refused")),
    }
}

fn reads_only(query: &Query) -> bool {
    !matches!(query.body.as_ref(), SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_))
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

    #[test]
    fn only_one_query_is_taken() {
        for sql in [
            "",
            "SELECT 1; SELECT 2",
            "COPY t TO 'x.csv'",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc'",
            "SET datafusion.execution.batch_size = 1",
            "EXPLAIN ANALYZE SELECT 1",
            "INSERT INTO t VALUES (1)",
            "DROP TABLE t",
            "SHOW TABLES",
        ] {
            assert!(matches!(references(sql), Err(EngineError::Sql(_))), "{sql}");
        }
    }
}
