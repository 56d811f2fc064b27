//! Why a run failed, as its report says it.

use super::run::local;
use crate::failure::Failure;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::Severity;
use lakewarden_pipeline::OpenProject;
use lakewarden_pipeline::record::RunRecord;
use lakewarden_report::data;
use uuid::Uuid;

/// A run that failed, whether or not it had begun.
pub struct FailedRun {
    /// The run.
    pub run: Uuid,
    /// When it was asked for.
    pub started: DateTime<Utc>,
    /// When it had failed.
    pub ended: DateTime<Utc>,
    /// Its record, if it had begun.
    pub record: Option<RunRecord>,
    /// Why.
    pub failure: Failure,
}

impl FailedRun {
    /// A run that a signal stopped, as it was recorded.
    pub fn interrupted(record: RunRecord, ended: DateTime<Utc>) -> Self {
        let message = record.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        Self {
            run: record.run,
            started: record.started,
            ended,
            record: Some(record),
            failure: Failure::Interrupted(message),
        }
    }
}

/// What is known of a run that had not begun.
pub(super) fn attempted(failed: &FailedRun, open: &OpenProject, pipeline: &str) -> data::Run {
    let declared = open.project.pipeline(pipeline);
    data::Run {
        project: open.project.settings.project.clone(),
        pipeline: pipeline.to_owned(),
        label: declared.map(|p| super::names::label(&p.label)).unwrap_or_default(),
        id: failed.run.to_string(),
        started: Some(local(failed.started, open)),
        ended: Some(local(failed.ended, open)),
        dictionary_fingerprint: open.fingerprint.clone(),
        engine: format!("Lakewarden {}, DataFusion", env!("CARGO_PKG_VERSION")),
        outcome: data::Outcome::Failed,
        ..data::Run::default()
    }
}

/// Why, where, and what fixes it.
pub(super) fn describe(failure: &Failure, open: &OpenProject) -> data::Failure {
    let problems = match failure {
        Failure::Problems { problems, files: _ } => problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| data::FailureProblem {
                code: problem.code.to_owned(),
                message: problem.message.clone(),
                at: format!("{}:{}:{}", problem.span.path, problem.span.line, problem.span.column),
                help: problem.hint.clone().unwrap_or_default(),
            })
            .collect(),
        other => other.at_in_model(open).into_iter().map(|at| position(other, at)).collect(),
    };
    data::Failure {
        code: failure.code().to_owned(),
        message: failure.to_string(),
        help: failure.hint().unwrap_or_default(),
        problems,
    }
}

/// The place in a model's SQL that a message is about.
fn position(failure: &Failure, at: String) -> data::FailureProblem {
    data::FailureProblem { code: failure.code().to_owned(), at, ..data::FailureProblem::default() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::reference_project;
    use super::*;
    use lakewarden_dictionary::{Problem, Span};

    #[test]
    fn problems_are_told_with_file_line_and_column() {
        let span = Span { path: "schemas/curated/sales.yaml".into(), start: 22, end: 23, line: 2, column: 10 };
        let problem = Problem::error("LW1007", span.clone(), "columns is not a list").hint("- name: sale_id");
        let warning = Problem::warning("LW1008", span, "only a warning");
        let failure = Failure::Problems { problems: vec![problem, warning], files: Vec::new() };
        let own = describe(&failure, &reference_project());
        assert_eq!((own.code.as_str(), own.help.as_str()), ("LW6001", "lakewarden check"));
        let [only] = own.problems.as_slice() else { panic!("{:?}", own.problems) };
        assert_eq!(only.at, "schemas/curated/sales.yaml:2:10");
        assert_eq!((only.code.as_str(), only.help.as_str()), ("LW1007", "- name: sale_id"));
    }
}
