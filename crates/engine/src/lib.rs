//! The governed session: the only place where tables are registered.
//!
//! A [`Session`] serves one purpose as of one instant. Its relations come in as [`Relation`]s, each with
//! the policy's ruling; personal ones are scanned through a sealed operator that refuses to run until
//! the policy's gate has been planned over it. Models, `query` and whatever is served later pass here.

mod account;
mod aggregates;
mod checker;
mod claims;
mod complexity;
mod dependencies;
mod determinism;
mod dialect;
mod engine;
mod error;
mod frames;
mod functions;
mod gate;
mod governed;
mod growth;
mod kgate;
mod machine;
#[cfg(test)]
mod mutations;
mod noise;
mod places;
mod proof;
mod reader;
mod relation;
mod retention;
mod row_expression;
mod rows;
mod scan;
mod sealed;
mod session;
mod sql;
mod statement;
mod stored;
mod subjects;
mod unclaimed;
#[cfg(test)]
mod ungated;
mod whose;

pub use account::{ScanAccount, ScanFigures};
pub use claims::physical_rules;
pub use complexity::on_planning_stack;
pub use dependencies::logical_rules;
pub use dialect::{SqlMacro, sql_macros};
pub use engine::{Engine, EngineOptions};
pub use error::{EngineError, ForbiddenColumn, SqlProblem};
pub use noise::TableNoise;
pub use places::written_at;
pub use relation::{Content, DataFile, Governance, Relation, SubjectColumns};
pub use retention::Retention;
pub use row_expression::RowExpression;
pub use rows::{RowName, RowSubjects, RowSubjectsBuilder};
pub use session::{Compiled, Running, Session, SessionSpec, Standing};
pub use sql::{Query, Reference, references};
pub use subjects::{SubjectIndex, SubjectIndexBuilder};
