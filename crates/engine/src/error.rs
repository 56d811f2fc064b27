//! What can go wrong between SQL text and result.

use crate::places::called_at;
use datafusion::common::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::parser::ParserError;
use lakewarden_policy::noise::NotNoised;
use lakewarden_policy::witness::NotThreaded;
use thiserror::Error;

/// A problem of SQL text, found without reading data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlProblem {
    /// Stable code, where there is one for just this.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// Line and column in the SQL, from 1, where known.
    pub at: Option<(u32, u32)>,
    /// What would mend it.
    pub hint: Option<String>,
}

/// A column that the dictionary keeps from a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenColumn {
    /// The relation.
    pub relation: String,
    /// Its column.
    pub column: String,
    /// Line and column in the SQL, from 1, where it is named first; none if it is not (`SELECT *`).
    pub at: Option<(u32, u32)>,
}

/// The engine's errors. Messages of running queries never carry the engine's own text, which may quote a value.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The SQL does not compile, or the policy refuses it.
    #[error("{}", .0.message)]
    Sql(SqlProblem),
    /// The SQL reads columns that may not serve the session's purpose.
    #[error("{}", forbidden(.purpose, .columns))]
    Forbidden {
        /// The purpose.
        purpose: String,
        /// The columns; at least one.
        columns: Vec<ForbiddenColumn>,
    },
    /// The query failed while it ran.
    #[error("the query failed while it ran: {what}")]
    Run {
        /// The kind of failure, without any value.
        what: &'static str,
    },
    /// The lake's storage did not answer while the query ran.
    #[error("the query failed while it ran: the lake's storage could not be read")]
    Storage,
    /// The query needed more memory than its budget.
    #[error("the query needs more memory than its budget of {budget} bytes")]
    Memory {
        /// The budget in bytes.
        budget: u64,
    },
    /// A file of the lake could not be read.
    #[error("a file of table {table:?} could not be read")]
    File {
        /// The table.
        table: String,
    },
    /// A scan of personal data came out of the planner without its gate.
    #[error("the plan was refused: a scan of {relation:?} has no policy gate")]
    Ungoverned {
        /// The relation.
        relation: String,
    },
    /// The plan that was about to run does not keep a gate as it was planned.
    #[error("the plan was refused: of the policy gate of {relation:?} it cannot be shown that it holds: {why}")]
    Unproven {
        /// The relation.
        relation: String,
        /// What cannot be shown.
        why: &'static str,
    },
    /// The plan that was about to run has an operator, or a reader, that nobody has vouched for.
    #[error("the plan was refused: it holds {operator}, of which it is not known what it reads")]
    UnknownOperator {
        /// Its name.
        operator: String,
    },
    /// The account of a governed scan does not close.
    #[error("the account of {relation:?} does not close: {read} rows read, {used} used, {withheld} withheld")]
    Account {
        /// The relation.
        relation: String,
        /// Rows read.
        read: u64,
        /// Rows used.
        used: u64,
        /// Rows withheld.
        withheld: u64,
    },
    /// The engine could not be started.
    #[error("the engine could not be started: {what}")]
    Start {
        /// What failed.
        what: &'static str,
    },
}

fn forbidden(purpose: &str, columns: &[ForbiddenColumn]) -> String {
    let named: Vec<String> = columns.iter().map(|c| format!("column {:?} of {:?}", c.column, c.relation)).collect();
    format!("{} may not be used for purpose {purpose:?}", named.join(", "))
}

impl EngineError {
    /// Stable code, where there is one for just this error.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Sql(problem) => problem.code,
            Self::Forbidden { .. } => Some("LW3111"),
            Self::Ungoverned { .. } | Self::Unproven { .. } | Self::UnknownOperator { .. } => Some("LW3190"),
            Self::Run { .. } | Self::Memory { .. } | Self::File { .. } | Self::Account { .. } | Self::Start { .. } => {
                None
            }
            Self::Storage => None,
        }
    }

    /// Reads an error of planning, whose text can only speak of the SQL and the dictionary.
    pub(crate) fn planning(error: &DataFusionError) -> Self {
        let diagnostic = error.diagnostic();
        let at = diagnostic
            .and_then(|d| d.span)
            .map(|s| (s.start.line as u32, s.start.column as u32))
            .filter(|at| *at != (0, 0));
        let root = error.find_root();
        let text = match root {
            DataFusionError::SQL(parser, _) => match parser.as_ref() {
                ParserError::ParserError(text) | ParserError::TokenizerError(text) => text.clone(),
                ParserError::RecursionLimitExceeded => "the query is nested too deeply".to_owned(),
            },
            DataFusionError::Plan(text) | DataFusionError::NotImplemented(text) => text.clone(),
            DataFusionError::SchemaError(schema, _) => schema.to_string(),
            DataFusionError::Diagnostic(diagnostic, _) => diagnostic.message.clone(),
            other => strip(&other.strip_backtrace()),
        };
        if let Some(problem) = call_problem(&text, at) {
            return EngineError::Sql(problem);
        }
        let (message, in_text) = split_position(&text);
        let hint = diagnostic.and_then(|d| d.helps.first()).map(|h| h.message.clone());
        EngineError::Sql(SqlProblem { code: None, message: strip(&message), at: at.or(in_text), hint })
    }

    /// The same, with the place of the call that it speaks of, if it is the only one of that function.
    pub(crate) fn planning_of(error: &DataFusionError, statement: &Statement) -> Self {
        let mut read = Self::planning(error);
        if let Self::Sql(problem) = &mut read
            && problem.at.is_none()
            && let Some(function) = problem.message.strip_prefix(FUNCTION).and_then(|m| m.split(' ').next())
        {
            problem.at = called_at(statement, function);
        }
        read
    }

    /// Says why it cannot be told who stands behind the rows of a query.
    pub(crate) fn not_threaded(error: NotThreaded) -> Self {
        match error {
            NotThreaded::Plan(error) => Self::planning(&error),
            other => Self::Sql(SqlProblem {
                code: Some(other.code()),
                message: other.to_string(),
                at: None,
                hint: other.hint(),
            }),
        }
    }

    /// Says why a query cannot have the noise that its table declares.
    pub(crate) fn not_noised(error: NotNoised) -> Self {
        match error {
            NotNoised::Plan(error) => Self::planning(&error),
            other => Self::Sql(SqlProblem {
                code: Some("LW2017"),
                message: other.to_string(),
                at: None,
                hint: Some(other.hint().to_owned()),
            }),
        }
    }

    /// Reads an error of a running query, dropping its text.
    pub(crate) fn running(error: &DataFusionError, budget: u64) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => EngineError::Memory { budget },
            DataFusionError::ArrowError(e, _) => EngineError::Run {
                what: match e.as_ref() {
                    datafusion::arrow::error::ArrowError::DivideByZero => "division by zero",
                    datafusion::arrow::error::ArrowError::CastError(_) => "a value does not fit the type it is cast to",
                    datafusion::arrow::error::ArrowError::ArithmeticOverflow(_) => "arithmetic overflow",
                    _ => "a computation on columns failed",
                },
            },
            // A reader of Parquet passes on what the store told it.
            DataFusionError::ParquetError(error) if is_of_store(error.as_ref()) => EngineError::Storage,
            // Of a footer it passes on the text only.
            DataFusionError::ParquetError(error) if told_of_store(error) => EngineError::Storage,
            DataFusionError::ParquetError(_) => EngineError::Run { what: "a Parquet file is damaged" },
            DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => EngineError::Storage,
            _ => EngineError::Run { what: "an operator failed" },
        }
    }
}

/// Whether an error of the object store or of the system lies below this one.
fn is_of_store(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<object_store::Error>() || error.is::<std::io::Error>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether a reader's text is what it was told by the object store. The text goes no further.
fn told_of_store(error: &ParquetError) -> bool {
    let ParquetError::General(text) = error else { return false };
    text.starts_with("Failed to fetch metadata")
        && ["Object Store error: ", "External: "].iter().any(|t| text.contains(t))
}

/// What a message about a call starts with.
const FUNCTION: &str = "the function ";

/// Reads what the planner says of a call with arguments that no form of the function takes. In front of it stand its
/// trials of each form, some of them as errors of its own.
fn call_problem(text: &str, at: Option<(u32, u32)>) -> Option<SqlProblem> {
    let (_, call) = text.split_once("No function matches the given name and argument types '")?;
    let (call, rest) = call.split_once("'. ")?;
    let (function, arguments) = call.split_once('(')?;
    let arguments = arguments.strip_suffix(')')?;
    let forms = rest.split_once("Candidate functions:\n").map(|(_, forms)| forms).unwrap_or_default();
    let forms: Vec<&str> = forms.lines().map(str::trim).filter(|form| !form.is_empty()).collect();
    let hint = if forms.is_empty() {
        "cast the arguments to what it takes".to_owned()
    } else {
        format!("cast the arguments to what it takes: {}", forms.join(", or "))
    };
    let message = format!("{FUNCTION}{function} does not take arguments of the types ({arguments})");
    Some(SqlProblem { code: Some("LW3112"), message, at, hint: Some(hint) })
}

/// Takes `at Line: 3, Column: 7` off the end of the parser's text.
fn split_position(text: &str) -> (String, Option<(u32, u32)>) {
    let Some((message, rest)) = text.rsplit_once(" at Line: ") else { return (text.to_owned(), None) };
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit()).filter(|s| !s.is_empty()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(line)), Some(Ok(column))) => (message.to_owned(), Some((line, column))),
        _ => (message.to_owned(), None),
    }
}

/// Drops the names of error kinds that the planner puts in front.
fn strip(text: &str) -> String {
    let mut text = text.trim();
    for prefix in ["Error during planning: ", "Schema error: ", "sql parser error: ", "SQL error: "] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_without_the_planners_trials() {
        let text = "Internal error: Function 'sum' failed. This issue was likely caused by a bug. No function matches \
                    the given name and argument types 'sum(Utf8)'. You might need to add explicit type casts.\n\
                    \tCandidate functions:\n\tsum(Decimal)\n\tsum(Int64)";
        let problem = call_problem(text, None).expect("it is a call's");
        assert_eq!(problem.message, "the function sum does not take arguments of the types (Utf8)");
        assert_eq!(problem.hint.as_deref(), Some("cast the arguments to what it takes: sum(Decimal), or sum(Int64)"));
        assert_eq!(call_problem("No field named x", None), None);
    }

    #[test]
    fn a_store_that_does_not_answer_is_no_damaged_file() {
        let running = |error: ParquetError| EngineError::running(&DataFusionError::ParquetError(Box::new(error)), 0);
        let store = || object_store::Error::Generic { store: "S3", source: "503 Slow Down".into() };
        let passed_on = ParquetError::External(Box::new(store()));
        assert!(matches!(running(passed_on), EngineError::Storage));
        let told = format!("Failed to fetch metadata for file x: {}", DataFusionError::from(store()));
        assert!(matches!(running(ParquetError::General(told)), EngineError::Storage));
        let damaged =
            ParquetError::General("Failed to fetch metadata for file x: Parquet error: Corrupt footer".into());
        assert!(matches!(running(damaged), EngineError::Run { what: "a Parquet file is damaged" }));
    }

    #[test]
    fn positions_are_taken_off_the_text() {
        let (message, at) = split_position("Expected: an expression, found: FROM at Line: 2, Column: 9");
        assert_eq!((message.as_str(), at), ("Expected: an expression, found: FROM", Some((2, 9))));
    }
}
