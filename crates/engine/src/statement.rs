//! What SQL text may be: one query over tables that have a name.

use crate::complexity::{check_complexity, with_stack_for};
use crate::dialect::rewrite_dialect;
use crate::error::{EngineError, SqlProblem};
use crate::frames::write_frames;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{ObjectName, Select, Spanned, Statement as Sql, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::tokenizer::Span;
use std::ops::ControlFlow;

/// What is asked for instead of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// No statement, or several.
    NotOne(&'static str),
    /// It defines, writes or deletes.
    Writes,
    /// It changes, shows or prepares something of the session.
    Session,
    /// It explains a plan or a table.
    Explains,
    /// It reads a file, a function or the catalogue.
    NoTable(Option<(u32, u32)>),
    /// It reads a sample, which the planner would silently replace by the whole table.
    Sample(Option<(u32, u32)>),
}

impl Refusal {
    /// At the start of a span, where the parser knows it.
    fn no_table(span: Span) -> Self {
        Refusal::NoTable(start_of(span))
    }

    fn error(self) -> EngineError {
        let (code, message, at, hint) = match self {
            Refusal::NotOne(message) => ("LW3101", message, None, "write one SELECT, with CTEs if need be"),
            Refusal::Writes => (
                "LW3102",
                "only a query may be run: statements that define or write are refused",
                None,
                "write one SELECT; tables are made by models in pipelines/",
            ),
            Refusal::Session => (
                "LW3103",
                "only a query may be run: statements that set, show or prepare are refused",
                None,
                "write one SELECT; purpose and instant are given with --purpose and --as-of",
            ),
            Refusal::Explains => (
                "LW3104",
                "only a query may be run: statements that explain or describe are refused",
                None,
                "write the SELECT alone; columns are described in schemas/",
            ),
            Refusal::NoTable(at) => (
                "LW3105",
                "only tables of the pipeline may be read: files, functions and the catalogue are refused",
                at,
                "name a table of the pipeline; for a series of numbers: SELECT unnest(generate_series(1, 3))",
            ),
            Refusal::Sample(at) => (
                "LW3106",
                "TABLESAMPLE is not supported: the whole table would be read",
                at,
                "filter by a part of a key instead, such as WHERE right(order_no, 1) = '7' for about a tenth",
            ),
        };
        EngineError::Sql(SqlProblem { code: Some(code), message: message.to_owned(), at, hint: Some(hint.to_owned()) })
    }
}

/// Parses text that must be exactly one query, and looks into every part of it.
///
/// # Errors
/// [`EngineError::Sql`] if it does not parse, is too deep or too large to be planned, or with `LW3101` to `LW3106`,
/// `LW3121`, `LW3122`.
pub(crate) fn single_query(sql: &str) -> Result<Statement, EngineError> {
    with_stack_for(sql, || parse_single_query(sql))
}

fn parse_single_query(sql: &str) -> Result<Statement, EngineError> {
    let mut statements = DFParser::parse_sql(sql).map_err(|e| EngineError::planning(&e))?;
    let Some(mut statement) = statements.pop_front() else { return Err(Refusal::NotOne("there is no SQL").error()) };
    if !statements.is_empty() {
        return Err(Refusal::NotOne("more than one statement").error());
    }
    if let Statement::Statement(inner) = &statement {
        check_complexity(inner).map_err(EngineError::Sql)?;
    }
    let refused = match &statement {
        Statement::Statement(inner) => match inner.visit(&mut QueryOnly) {
            ControlFlow::Break(refusal) => Some(refusal),
            ControlFlow::Continue(()) => None,
        },
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) => Some(Refusal::Writes),
        Statement::Explain(_) => Some(Refusal::Explains),
        Statement::Reset(_) => Some(Refusal::Session),
    };
    match refused {
        Some(refusal) => Err(refusal.error()),
        None => {
            if let Statement::Statement(inner) = &mut statement {
                rewrite_dialect(inner.as_mut())?;
                check_complexity(inner).map_err(EngineError::Sql)?;
                write_frames(inner.as_mut());
            }
            Ok(statement)
        }
    }
}

/// Stops at the first thing that is no query over named tables, wherever it stands.
struct QueryOnly;

impl Visitor for QueryOnly {
    type Break = Refusal;

    fn pre_visit_statement(&mut self, statement: &Sql) -> ControlFlow<Refusal> {
        match statement {
            Sql::Query(_) => ControlFlow::Continue(()),
            Sql::Explain { .. } | Sql::ExplainTable { .. } | Sql::Analyze(_) | Sql::ShowColumns { .. } => {
                ControlFlow::Break(Refusal::Explains)
            }
            Sql::Set(_)
            | Sql::Reset(_)
            | Sql::Use(_)
            | Sql::Prepare { .. }
            | Sql::Execute { .. }
            | Sql::Deallocate { .. }
            | Sql::StartTransaction { .. }
            | Sql::Commit { .. }
            | Sql::Rollback { .. }
            | Sql::ShowFunctions { .. }
            | Sql::ShowVariable { .. }
            | Sql::ShowVariables { .. }
            | Sql::ShowStatus { .. }
            | Sql::ShowCreate { .. }
            | Sql::ShowTables { .. }
            | Sql::ShowSchemas { .. }
            | Sql::ShowDatabases { .. }
            | Sql::ShowCatalogs { .. }
            | Sql::Pragma { .. } => ControlFlow::Break(Refusal::Session),
            _ => ControlFlow::Break(Refusal::Writes),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() { ControlFlow::Break(Refusal::Writes) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        match factor {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                ControlFlow::Break(Refusal::Sample(start_of(factor.span())))
            }
            TableFactor::Table { name, args: None, .. } if is_table(name) => ControlFlow::Continue(()),
            TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. } => ControlFlow::Continue(()),
            TableFactor::Table { name, .. } => ControlFlow::Break(Refusal::no_table(name.span())),
            other => ControlFlow::Break(Refusal::no_table(other.span())),
        }
    }
}

/// Line and column of a span, from 1, where the parser knows it.
fn start_of(span: Span) -> Option<(u32, u32)> {
    Some((span.start.line as u32, span.start.column as u32)).filter(|at| *at != (0, 0))
}

/// A name of letters, not a path, an address or a table of the catalogue.
fn is_table(name: &ObjectName) -> bool {
    let mut parts = name.0.iter().map(|part| part.as_ident());
    let first = name.0.first().and_then(|part| part.as_ident()).map(|i| i.value.to_lowercase());
    let catalogue = matches!(first.as_deref(), Some("information_schema" | "pg_catalog")) && name.0.len() > 1;
    !catalogue
        && parts
            .all(|ident| ident.is_some_and(|i| i.quote_style != Some('\'') && !i.value.contains(['/', '\\', ':', '*'])))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn code(sql: &str) -> Option<&'static str> {
        match single_query(sql) {
            Ok(_) => None,
            Err(EngineError::Sql(problem)) => problem.code,
            Err(other) => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn each_kind_has_its_code() {
        for (expected, statements) in [
            ("LW3101", &["", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t"][..]),
            (
                "LW3102",
                &[
                    "COPY t TO 'x.csv'",
                    "COPY (SELECT 1) TO 'x.parquet'",
                    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc'",
                    "CREATE TABLE t AS SELECT 1",
                    "CREATE TABLE t (a INT)",
                    "CREATE VIEW v AS SELECT 1",
                    "CREATE FUNCTION f(INT) RETURNS INT RETURN $1",
                    "CREATE SCHEMA s",
                    "CREATE DATABASE d",
                    "CREATE INDEX i ON t (a)",
                    "INSERT INTO t VALUES (1)",
                    "UPDATE t SET a = 1",
                    "DELETE FROM t",
                    "TRUNCATE TABLE t",
                    "DROP TABLE t",
                    "DROP FUNCTION f",
                    "ALTER TABLE t ADD COLUMN a INT",
                    "GRANT SELECT ON t TO u",
                    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
                    "SELECT * INTO t FROM u",
                    "WITH t AS (INSERT INTO u VALUES (1) RETURNING *) SELECT * FROM t",
                    "SELECT 1 UNION ALL (SELECT a INTO t FROM u)",
                ],
            ),
            (
                "LW3103",
                &[
                    "SET datafusion.execution.batch_size = 1",
                    "RESET datafusion.execution.batch_size",
                    "SHOW TABLES",
                    "SHOW ALL",
                    "SHOW FUNCTIONS",
                    "SHOW CREATE TABLE t",
                    "PREPARE p AS SELECT * FROM t",
                    "EXECUTE p",
                    "DEALLOCATE p",
                    "BEGIN",
                    "COMMIT",
                    "ROLLBACK",
                    "USE d",
                ],
            ),
            (
                "LW3104",
                &[
                    "EXPLAIN SELECT 1",
                    "EXPLAIN ANALYZE SELECT 1",
                    "EXPLAIN ANALYZE VERBOSE SELECT 1",
                    "EXPLAIN FORMAT TREE SELECT 1",
                    "DESCRIBE t",
                    "DESC t",
                    "SHOW COLUMNS FROM t",
                ],
            ),
            (
                "LW3105",
                &[
                    "SELECT * FROM '/etc/passwd'",
                    "SELECT * FROM 'people.csv'",
                    "SELECT * FROM \"conformed/people/part-0.parquet\"",
                    "SELECT * FROM \"s3://bucket/x\"",
                    "SELECT * FROM \"C:\\\\x.csv\"",
                    "SELECT * FROM \"*.parquet\"",
                    "SELECT * FROM information_schema.tables",
                    "SELECT * FROM INFORMATION_SCHEMA.columns",
                    "SELECT * FROM pg_catalog.pg_class",
                    "SELECT * FROM read_parquet('x')",
                    "SELECT * FROM generate_series(1, 3)",
                    "SELECT * FROM TABLE(f(1))",
                    "SELECT 1 WHERE EXISTS (SELECT 1 FROM read_csv('x'))",
                    "WITH t AS (SELECT * FROM 'x.csv') SELECT * FROM t",
                    "SELECT * FROM t, LATERAL f(t.a) AS l",
                    "SELECT 1 UNION SELECT a FROM 'x.json'",
                ],
            ),
        ] {
            for sql in statements {
                assert_eq!(code(sql), Some(expected), "{sql}");
            }
        }
    }

    #[test]
    fn a_file_is_pointed_at() {
        let Err(EngineError::Sql(problem)) = single_query("SELECT *\nFROM \"exports/x.csv\"") else { panic!("passed") };
        assert_eq!(problem.at, Some((2, 6)));
    }

    #[test]
    fn queries_pass() {
        for sql in [
            "SELECT 1",
            "SELECT * FROM t JOIN s.u ON true",
            "VALUES (1)",
            "WITH t AS (SELECT 1) (SELECT * FROM t) UNION SELECT * FROM (VALUES (2)) AS v",
            "SELECT * FROM \"Tier of\", UNNEST(ARRAY[1]) AS u",
            "SELECT (SELECT max(a) FROM t) FROM (t JOIN u ON true)",
        ] {
            assert!(single_query(sql).is_ok(), "{sql}: {:?}", single_query(sql).err());
        }
    }
}
