//! The rules on rows of datasets, compiled against what is stored of them.

use crate::project::OpenProject;
use arrow::array::{BooleanArray, RecordBatch};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{Dataset, Problem, RowRule as Declared};
use lakewarden_engine::{EngineError, RowExpression};
use lakewarden_extract::{RowRule, RowRuleFailed, conformed_schema};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where and why a rule does not compile.
const CODE: &str = "LW6022";

/// A rule on rows that extraction can apply.
struct Compiled(RowExpression);

impl RowRule for Compiled {
    fn failures(&self, rows: &RecordBatch) -> Result<BooleanArray, RowRuleFailed> {
        // The engine's own text could quote a value.
        self.0.is_false(rows).map_err(|_| RowRuleFailed)
    }
}

/// A dataset's rules on rows, by name.
pub(crate) type RowRules = BTreeMap<String, Arc<dyn RowRule>>;

/// Compiles the rules on rows of a dataset.
///
/// # Errors
/// A problem a rule that does not compile.
pub(crate) fn compile(dataset: &Dataset, as_of: DateTime<Utc>, zone: Tz) -> Result<RowRules, Vec<Problem>> {
    let (mut rules, mut problems) = (RowRules::new(), Vec::new());
    let schema = conformed_schema(dataset);
    for rule in &dataset.demands.rows {
        match RowExpression::compile(&schema, &rule.sql.value, as_of, zone) {
            Ok(expression) => {
                rules.insert(rule.name.value.clone(), Arc::new(Compiled(expression)));
            }
            Err(error) => problems.push(problem(dataset, rule, error)),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// What is wrong with the rules on rows of these datasets.
pub(crate) fn check<'d>(open: &OpenProject, datasets: impl Iterator<Item = &'d Dataset>) -> Vec<Problem> {
    datasets.filter_map(|d| compile(d, DateTime::UNIX_EPOCH, open.zone()).err()).flatten().collect()
}

fn problem(dataset: &Dataset, rule: &Declared, error: EngineError) -> Problem {
    let (message, at, hint) = match error {
        EngineError::Sql(problem) => (problem.message, problem.at, problem.hint),
        other => (other.to_string(), None, None),
    };
    let place = match at {
        Some((1, column)) => format!(", at character {column} of it"),
        Some((line, column)) => format!(", at line {line}, character {column} of it"),
        None => String::new(),
    };
    let columns: Vec<&str> = dataset.stored().map(|f| f.column.value.as_str()).collect();
    let hint = hint.unwrap_or_else(|| format!("its columns are {}", columns.join(", ")));
    // The planner lists the columns below its own hint; here they are the hint.
    let message = message.lines().next().unwrap_or_default();
    let text = format!("the SQL of rule `{}` does not compile{place}: {message}", rule.name.value);
    Problem::error(CODE, rule.sql.span.clone(), text).hint(hint)
}
