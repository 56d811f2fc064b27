//! Why a command could not be carried out, and with which code it ends.

use crate::output::{Output, local};
use crate::problems;
use lakewarden_dictionary::{Problem, SourceFile};
use lakewarden_engine::EngineError;
use lakewarden_lake::LakeError;
use lakewarden_pipeline::{OpenProject, PipelineError};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use thiserror::Error;

/// The exit code for "try again later" (`EX_TEMPFAIL` of sysexits.h).
const TRY_LATER: u8 = 75;

/// A command's failure.
#[derive(Debug, Error)]
pub enum Failure {
    /// The project has problems.
    #[error("the project does not compile")]
    Problems {
        /// The problems.
        problems: Vec<Problem>,
        /// The files they are in.
        files: Vec<SourceFile>,
    },
    /// See [`PipelineError`].
    #[error("{0}")]
    Pipeline(PipelineError),
    /// Another run has the lake.
    #[error("the lake is being written by {owner}, until {expires} at the latest")]
    Busy {
        /// Who, in their own words.
        owner: String,
        /// When its lease ends if it is not renewed, in the project's time zone.
        expires: String,
        /// The same without a zone.
        error: Box<PipelineError>,
    },
    /// Files could not be written or read.
    #[error("cannot {doing} {path}: {why}")]
    File {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: String,
        /// The system's word for it.
        why: std::io::ErrorKind,
    },
    /// The command line asks for something impossible.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: String,
    },
    /// The report could not be written where it was wanted.
    #[error("the report: {path} {what}")]
    Report {
        /// The path.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A signal stopped the run.
    #[error("{0}")]
    Interrupted(String),
    /// Randomness is not to be had.
    #[error("the system gives no randomness")]
    Randomness,
    /// Sample exports could not be written.
    #[error("{0}")]
    Sample(#[from] lakewarden_sample::SampleError),
}

impl Failure {
    /// A pipeline's error, problems of the project with the files they are in.
    pub fn of(open: &OpenProject) -> impl FnOnce(PipelineError) -> Self + '_ {
        |error| match error {
            PipelineError::Project(problems) => Self::Problems { problems, files: open.files.clone() },
            PipelineError::Lake(LakeError::LeaseHeld { owner, expires }) => Self::Busy {
                owner: owner.clone(),
                expires: local(expires, open.zone()),
                error: Box::new(PipelineError::Lake(LakeError::LeaseHeld { owner, expires })),
            },
            other => Self::Pipeline(other),
        }
    }

    /// A file's error.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::File { doing, path, why: error.kind() }
    }

    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Problems { .. } => "LW6001",
            Self::Pipeline(error) => error.code(),
            Self::Busy { error, .. } => error.code(),
            Self::File { .. } => "LW9001",
            Self::Usage { .. } => "LW9002",
            Self::Interrupted(_) => "LW7040",
            Self::Report { .. } => "LW7042",
            Self::Sample(_) => "LW9003",
            Self::Randomness => "LW9005",
        }
    }

    /// What fixes it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Pipeline(error) => error.hint(),
            Self::Busy { error, .. } => error.hint(),
            Self::Problems { .. } => Some("lakewarden check".to_owned()),
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Interrupted(_) => Some("lakewarden run".to_owned()),
            Self::Report { .. } => Some("name another file: lakewarden run --report FILE; nothing was run".to_owned()),
            Self::Sample(_) => Some("name a folder where you may write: lakewarden sample DIR".to_owned()),
            Self::File { why, .. } => file_hint(*why).map(str::to_owned),
            _ => None,
        }
    }

    /// 1 if the project, its data or a query was refused; 2 if the command could not run; 75 if another run has the
    /// lake.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Problems { .. } => ExitCode::from(1),
            Self::Pipeline(error) if error.is_refusal() => ExitCode::from(1),
            // The check of the evidence failed; that of the storage could be carried out.
            Self::Pipeline(PipelineError::Lake(
                LakeError::AuditBroken { .. } | LakeError::AuditHeadMissing | LakeError::AuditUnknownObject { .. },
            )) => ExitCode::from(1),
            Self::Busy { .. } | Self::Pipeline(PipelineError::Lake(LakeError::LeaseHeld { .. })) => {
                ExitCode::from(TRY_LATER)
            }
            _ => ExitCode::from(2),
        }
    }

    /// Shows it: to people on stderr, to programs as JSON on stdout.
    pub fn show(&self, output: &Output) {
        match self {
            Self::Problems { problems, files } => {
                problems::show(output, problems, files);
                output.say("lakewarden check shows every problem of the project");
                output.json(&json!({
                    "error": { "code": self.code(), "message": self.to_string(), "hint": self.hint(), "at": null },
                    "problems": problems,
                }));
                return;
            }
            _ => {
                let place = self.at().map(|(line, column)| format!(" (line {line}, column {column})"));
                output.say(format!("error[{}]: {self}{}", self.code(), place.unwrap_or_default()));
            }
        }
        if let Some(hint) = self.hint() {
            output.say(format!(" hint: {hint}"));
        }
        output.json(&json!({
            "error": {
                "code": self.code(),
                "message": self.to_string(),
                "hint": self.hint(),
                "at": self.at().map(|(line, column)| json!({ "line": line, "column": column })),
            }
        }));
    }

    /// The place in the SQL of a model of the project that it is about: file, line and column.
    pub fn at_in_model(&self, open: &OpenProject) -> Option<String> {
        let Self::Pipeline(PipelineError::Engine { model, .. }) = self else { return None };
        let path = open.project.pipelines.iter().flat_map(|p| &p.models).find(|m| m.name == *model)?.path.clone();
        Some(match self.at() {
            Some((line, column)) => format!("{path}:{line}:{column}"),
            None => path.to_string(),
        })
    }

    /// Line and column in the SQL of a query, from 1.
    fn at(&self) -> Option<(u32, u32)> {
        match self {
            Self::Pipeline(PipelineError::Engine { error: EngineError::Sql(problem), .. }) => problem.at,
            Self::Pipeline(PipelineError::Engine { error: EngineError::Forbidden { columns, .. }, .. }) => {
                columns.iter().filter_map(|c| c.at).min()
            }
            _ => None,
        }
    }
}

fn file_hint(why: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind;
    Some(match why {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "name a place where you may write",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space",
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => "something else has this name: name another",
        _ => return None,
    })
}
