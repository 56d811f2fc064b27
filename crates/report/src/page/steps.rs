//! Section: the steps of the run.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{Loss, Report, Step, StepKind, StepState};
use crate::format::{integer, span};
use crate::language::Language;
use crate::small_cells::{self, ShownCount};
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    if report.steps.is_empty() {
        return parts::none(language, words::STEPS_NONE);
    }
    let heads = [
        (words::STEP, Column::Text),
        (words::STATE, Column::Text),
        (words::TIME, Column::Drawing),
        (words::KEY_TOOK, Column::Number),
        (words::ROWS_IN, Column::Number),
        (words::ROWS_TO, Column::Number),
        (words::LOSSES, Column::Prose),
    ];
    let times = times(&report.steps);
    let whole = times.iter().map(|t| t.1).max().unwrap_or(0);
    let row = |(step, (from, to)): (&Step, &(u64, u64))| {
        let (state, class) = state(step.state);
        vec![
            named(report, step, language),
            html! { span class=(class) { (state.say(language)) } },
            chart::timeline(*from, *to, whole, if step.state == StepState::Failed { "loss-bar" } else { "band" }),
            html! { (span(step.duration_ms)) },
            parts::known(step.rows_in.map(integer)),
            parts::known(step.rows_out.map(integer)),
            losses(step, report.minimum_subjects, language),
        ]
    };
    let rows: Vec<Vec<Markup>> = report.steps.iter().zip(&times).map(row).collect();
    html! {
        (parts::lead(words::STEPS_LEAD.say(language)))
        (parts::lone_table(language, words::STEPS_TITLE, &heads, &rows, None))
    }
}

/// Says what a step is called, and its kind where that is not the same.
fn named(report: &Report, step: &Step, language: Language) -> Markup {
    let kind = kind(step.kind).say(language);
    match step.kind {
        StepKind::Publish => html! { (kind) },
        _ => html! { (report.label(language, &step.name)) " " span.code { (kind) } },
    }
}

/// Gives each step's start and end, milliseconds after the run's start.
fn times(steps: &[Step]) -> Vec<(u64, u64)> {
    let mut end = 0u64;
    steps
        .iter()
        .map(|step| {
            let start = step.offset_ms.unwrap_or(end);
            end = start.saturating_add(step.duration_ms);
            (start, end)
        })
        .collect()
}

fn kind(kind: StepKind) -> words::Phrase {
    match kind {
        StepKind::Extract => words::KIND_EXTRACT,
        StepKind::Identity => words::KIND_IDENTITY,
        StepKind::Model => words::KIND_MODEL,
        StepKind::Publish => words::KIND_PUBLISH,
    }
}

fn state(state: StepState) -> (words::Phrase, &'static str) {
    match state {
        StepState::Done => (words::STATE_DONE, "ok"),
        StepState::Unchanged => (words::STATE_UNCHANGED, "soft"),
        StepState::Failed => (words::STATE_FAILED, "bad"),
        StepState::Skipped => (words::STATE_SKIPPED, "soft"),
    }
}

/// What a step let go. A model lets go the rows of people who refused: too few are not counted out.
fn losses(step: &Step, least: u64, language: Language) -> Markup {
    let losses: Vec<&Loss> = step.losses.iter().filter(|l| l.rows > 0).collect();
    let counts: Vec<u64> = losses.iter().map(|l| l.rows).collect();
    let shown: Vec<ShownCount> = match step.kind {
        StepKind::Model => small_cells::parts(&counts, least),
        StepKind::Extract | StepKind::Identity | StepKind::Publish => {
            counts.into_iter().map(ShownCount::Exact).collect()
        }
    };
    html! {
        @for (loss, shown) in losses.iter().zip(&shown) {
            span.reason { (words::code(language, &loss.name)) " " span.soft { (shown.text(language)) } }
        }
    }
}
