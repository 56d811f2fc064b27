//! What becomes of a case's project: it is checked, run if it has exports, and asked.

use crate::complete::Files;
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, TimeZone, Utc};
use lakewarden_dictionary::{Problem, Severity, Span};
use lakewarden_engine::EngineError;
use lakewarden_pipeline::record::ScanAccount;
use lakewarden_pipeline::{
    CheckCache, OpenProject, PipelineError, Question, Request, Silent, check, check_again, query, run,
};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// A question of a case.
pub struct Asked<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// As of when, if not as of the run.
    pub as_of: Option<DateTime<Utc>>,
    pub now: Option<DateTime<Utc>>,
    pub replay: bool,
}

/// What became of a project or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was refused, with these problems.
    Refused(String),
    /// It was not.
    Permitted {
        /// Its warnings.
        warnings: String,
        /// Its result, if it is a query.
        rows: Option<String>,
        /// The accounts of its governed scans, if it ran.
        accounts: Option<String>,
    },
}

/// The instant of runs and questions that are not about instants.
fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 10, 1, 0, 0, 0).unwrap()
}

/// Checks the project, runs it if it has exports, and asks; the first answer is the project's own. Nothing is asked
/// of a project that is refused.
pub fn carry_out(files: &Files, questions: &[Asked<'_>]) -> Vec<Found> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut found = vec![project(folder.path(), files).await];
        if !matches!(found[0], Found::Refused(_)) {
            let open = OpenProject::open(folder.path()).unwrap();
            for question in questions {
                found.push(ask(&open, question).await.unwrap_or_else(|error| Found::Refused(failure(&error))));
            }
        }
        found
    })
}

fn write(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

async fn project(folder: &Path, files: &Files) -> Found {
    let open = OpenProject::open(folder).unwrap();
    let problems = match check(&open).await {
        Ok(problems) => problems,
        Err(error) => return Found::Refused(failure(&error)),
    };
    for _ in 0..2 {
        let mut cache = CheckCache::open(folder, "the policy's tests");
        let again = check_again(&open, &mut cache).await;
        assert_eq!(again.ok().as_ref(), Some(&problems), "another verdict of a check that knows sound models");
        cache.save().unwrap();
    }
    let text = problems.iter().map(problem).collect::<Vec<_>>().join("\n");
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Found::Refused(text);
    }
    let mut accounts = None;
    if files.keys().any(|path| path.starts_with("exports/")) {
        headers_only(&open);
        match run_once(&open).await {
            Ok(found) => accounts = Some(found),
            Err(error) => return Found::Refused(failure(&error)),
        }
    }
    Found::Permitted { warnings: text, rows: None, accounts }
}

/// A channel of which the case says nothing has delivered a file without rows.
fn headers_only(open: &OpenProject) {
    for dataset in &open.project.datasets {
        let folder = open.root.join("exports").join(&dataset.name.value);
        if !folder.exists() {
            let names: Vec<&str> = dataset.fields.iter().map(|f| f.name.value.as_str()).collect();
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("empty.csv"), names.join(",") + "\n").unwrap();
        }
    }
}

async fn run_once(open: &OpenProject) -> Result<String, PipelineError> {
    let keys = KeyRing::new(MasterKey::from_bytes([42; 32]), 1);
    let request = Request {
        pipeline: None,
        lake: None,
        as_of: Some(as_of()),
        days: None,
        clock: &as_of,
        run: Uuid::from_u128(1),
        seed: 11,
        owner: "a policy test",
        take_over: false,
        accept_thresholds: &[],
        reload: None,
        consent: lakewarden_policy::Knowledge::default(),
    };
    let record = run(open, &keys, &request, &Silent).await?;
    let lines =
        record.record.models.iter().flat_map(|m| m.scans.iter().map(|s| format!("{}: {}", m.table, account(s))));
    Ok(sorted(lines.collect()))
}

async fn ask(open: &OpenProject, asked: &Asked<'_>) -> Result<Found, PipelineError> {
    let now = asked.now.unwrap_or_else(as_of);
    let question = Question {
        sql: asked.sql,
        purpose: asked.purpose,
        pipeline: Some("shop"),
        lake: None,
        as_of: asked.as_of.unwrap_or(now),
        now,
        consent: if asked.replay { Knowledge::Then } else { Knowledge::Now },
        who: "a policy test",
    };
    let mut running = query(open, &question).await?;
    let failed = |error| PipelineError::Engine { model: "query".to_owned(), error };
    let header: Vec<String> = running.schema.fields().iter().map(|f| f.name().clone()).collect();
    let mut rows = Vec::new();
    while let Some(batch) = running.next().await.map_err(failed)? {
        rows.extend(cells(&batch));
    }
    let scans = running.accounts().map_err(failed)?;
    let lines = scans.into_iter().map(|s| {
        account(&ScanAccount {
            relation: s.relation,
            basis: serde_json::to_value(s.basis).unwrap().as_str().unwrap_or("no lawful basis").to_owned(),
            read: s.read,
            used: s.used,
            without_subject: s.without_subject,
            withheld: s.withheld.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect(),
        })
    });
    let accounts = Some(sorted(lines.collect()));
    Ok(Found::Permitted { warnings: String::new(), rows: Some(aligned(header, rows)), accounts })
}

/// An account as the sum that it is.
fn account(scan: &ScanAccount) -> String {
    let mut text = format!("{} on {}: read {} = used {}", scan.relation, scan.basis, scan.read, scan.used);
    for (reason, rows) in &scan.withheld {
        write!(text, " + {reason} {rows}").unwrap();
    }
    if scan.without_subject > 0 {
        write!(text, "; of those used, {} without a known subject", scan.without_subject).unwrap();
    }
    text
}

/// Rows as text; pseudonyms, which nobody can read anyway, without their 22 characters.
fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default();
    let columns: Vec<_> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    let cell = |text: String| match text.split_once("1_") {
        Some((kind @ ("k" | "c"), rest)) if rest.len() == 22 => format!("{kind}1_…"),
        _ => text,
    };
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| cell(c.value(row).to_string())).collect()).collect()
}

/// A small table; rows sorted, for a query need not say in which order they come.
fn aligned(header: Vec<String>, mut rows: Vec<Vec<String>>) -> String {
    rows.sort();
    rows.insert(0, header);
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join(" | ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn sorted(mut lines: Vec<String>) -> String {
    lines.sort();
    lines.join("\n")
}

/// A problem as `lakewarden check` says it, without the drawing.
fn problem(problem: &Problem) -> String {
    let level = if problem.severity == Severity::Error { "error" } else { "warning" };
    let place = |s: &Span| format!("{}:{}:{}", s.path, s.line, s.column);
    let mut text = format!("{level}[{}] {}: {}", problem.code, place(&problem.span), indented(&problem.message));
    if let Some((span, label)) = &problem.related {
        write!(text, "\n  {}: {label}", place(span)).unwrap();
    }
    if let Some(hint) = &problem.hint {
        write!(text, "\n  help: {}", indented(hint)).unwrap();
    }
    text
}

/// An error of a run or a query as the command says it.
fn failure(error: &PipelineError) -> String {
    if let PipelineError::Project(problems) = error {
        return problems.iter().map(problem).collect::<Vec<_>>().join("\n");
    }
    let mut text = match error {
        PipelineError::Engine { model, error: EngineError::Sql(sql) } => {
            let at = sql.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
            format!("error[{}] {model}{at}: {}", error.code(), indented(&sql.message))
        }
        _ => format!("error[{}] {}", error.code(), indented(&error.to_string())),
    };
    if let Some(hint) = error.hint() {
        write!(text, "\n  help: {}", indented(&hint)).unwrap();
    }
    text
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}
