//! `lakewarden plan`.

use crate::args::{Days, On};
use crate::commands::{as_of, now, open, window};
use crate::failure::Failure;
use crate::output::{Output, bytes, counted, local};
use crate::stored;
use chrono_tz::Tz;
use lakewarden_pipeline::{Action, Plan, Verb};
use std::path::Path;
use std::process::ExitCode;

/// Says what a run would do.
pub async fn plan(root: &Path, on: &On, days: &Days, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let at = as_of(on.as_of.as_deref(), &open)?;
    let window = window(days)?;
    let plan = lakewarden_pipeline::plan(&open, on.pipeline.as_deref(), on.lake.as_deref(), at, window, now())
        .await
        .map_err(Failure::of(&open))?;
    output.json(&plan);
    output.text(text(&plan, &command(root, on, days), open.zone()));
    Ok(ExitCode::SUCCESS)
}

/// The command that does what was planned.
fn command(root: &Path, on: &On, days: &Days) -> String {
    let mut words = vec!["lakewarden run".to_owned()];
    if root != Path::new(".") {
        words.push(format!("--project {}", quoted(&root.display().to_string())));
    }
    for (name, value) in [("pipeline", &on.pipeline), ("as-of", &on.as_of), ("lake", &on.lake)] {
        words.extend(value.as_ref().map(|value| format!("--{name} {}", quoted(value))));
    }
    for (name, day) in [("from", days.from), ("to", days.to)] {
        words.extend(day.map(|day| format!("--{name} {day}")));
    }
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=+".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn text(plan: &Plan, command: &str, zone: Tz) -> String {
    let mut lines = vec![format!("pipeline {} → {}, as of {}", plan.pipeline, plan.lake, local(plan.as_of, zone))];
    for action in &plan.actions {
        lines.push(format!("  {:<9} {:<22} {}", verb(action.verb), action.subject, action.because));
        lines.extend(details(action));
    }
    lines.extend(plan.without_subject.iter().map(|w| {
        format!("  {:<9} {:<22} about people without a resolvable data subject: {}", "note", w.dataset, w.reason)
    }));
    lines.extend(plan.declaration_changes.iter().map(|change| format!("  {}", stored::line(change))));
    for table in &plan.undeclared_tables {
        lines.push(format!("  warning[{}]: {}; help: {}", table.code, table.message, table.remedy));
    }
    let refused = plan.refused().count() as u64;
    if refused > 0 {
        lines.push(format!("a run publishes nothing until {} resolved", counted_changes(refused)));
        return lines.join("\n");
    }
    lines.push(if plan.is_empty() { "nothing to do".to_owned() } else { format!("{command} does it") });
    lines.join("\n")
}

fn counted_changes(changes: u64) -> String {
    format!("{} {}", counted(changes, "change"), if changes == 1 { "is" } else { "are" })
}

fn details(action: &Action) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut lines: Vec<String> = action.files.iter().take(SHOWN).map(|f| format!("              {f}")).collect();
    if action.files.len() > SHOWN {
        lines.push(format!("              … and {} more", action.files.len() - SHOWN));
    }
    if !action.files.is_empty() {
        lines.push(format!("              {} in all", bytes(action.bytes)));
    }
    lines.extend(action.remarks.iter().map(|remark| format!("              warning: {remark}")));
    if let Some(purpose) = &action.purpose {
        lines.push(format!("              for {purpose}, from {}", action.reads.join(", ")));
    }
    lines
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Load => "load",
        Verb::Recognise => "recognise",
        Verb::Build => "build",
        Verb::Remove => "remove",
        Verb::Keep => "keep",
    }
}
