//! The top: what happened, in one sentence, the lake and the run in a few numbers, and the facts of the run.

use super::{lake, parts};
use crate::data::{Failure, FailureProblem, Outcome, Report, total};
use crate::format::{day, instant, integer, percent_of, signed, span};
use crate::language::Language;
use crate::small_cells;
use crate::words::{self, Phrase};
use maud::{Markup, html};

/// Says what the run is called.
pub(super) fn name(report: &Report, language: Language) -> String {
    let pipeline = report.run.label.say(language, &report.run.pipeline);
    let parts: Vec<&str> = [report.run.project.as_str(), pipeline].into_iter().filter(|p| !p.is_empty()).collect();
    if parts.is_empty() { words::UNTITLED.say(language).to_owned() } else { parts.join(" / ") }
}

/// Says what the document is called.
pub(super) fn title(report: &Report, language: Language) -> String {
    format!("{} · {}", name(report, language), words::BRAND.say(language))
}

/// Renders the top of the page.
pub(super) fn masthead(report: &Report, language: Language) -> Markup {
    let run = &report.run;
    let (class, outcome) = match run.outcome {
        Outcome::Published => ("stamp", words::PUBLISHED),
        Outcome::NothingChanged => ("stamp quiet", words::NOTHING_CHANGED),
        Outcome::Failed => ("stamp bad", words::FAILED),
    };
    let lake = lake::figures(report, language);
    let figures = figures(report, language);
    html! {
        div.masthead {
            p.name {
                span class=(class) { (outcome.say(language)) }
                span { (name(report, language)) }
                @if let Some(started) = run.started { span.soft { (day(started.date_naive(), language)) } }
            }
            h1 { (headline(report, language)) }
            @if let Some(failure) = &run.failure { (failed(failure, language)) }
            @if report.lake.is_some() {
                p.over { (words::LAKE_NOW.say(language)) }
                (lake)
            }
            @if !figures.is_empty() {
                p.over { (words::THIS_RUN.say(language)) }
                dl.figures.run {
                    @for (label, value, note) in &figures {
                        div { dt { (label.say(language)) } dd { (value) @if !note.is_empty() { span.under { (note) } } } }
                    }
                }
            }
            (facts(report, language))
        }
    }
}

/// Why the run failed, where, and what fixes it. Lakewarden's messages are in English.
fn failed(failure: &Failure, language: Language) -> Markup {
    html! {
        div.failure {
            p.why { strong { (words::FAILURE.say(language)) } @if !failure.code.is_empty() { " " span.code { (failure.code) } } }
            @if !failure.message.is_empty() { p lang="en" { (failure.message) } }
            @if !failure.problems.is_empty() {
                ul { @for problem in &failure.problems { (self::problem(problem, language)) } }
            }
            (help(&failure.help, language))
            p.soft { (words::NOTHING_PUBLISHED.say(language)) }
        }
    }
}

fn problem(problem: &FailureProblem, language: Language) -> Markup {
    html! {
        li {
            @if !problem.at.is_empty() { span.at { span.code { (problem.at) } } " " }
            span.code { (problem.code) } " "
            span lang="en" { (problem.message) }
            (help(&problem.help, language))
        }
    }
}

fn help(text: &str, language: Language) -> Markup {
    html! {
        @if !text.is_empty() { p.help { strong { (words::HELP.say(language)) } " " span lang="en" { (text) } } }
    }
}

fn headline(report: &Report, language: Language) -> String {
    let totals = report.totals();
    let mut sentences = Vec::new();
    match report.run.outcome {
        Outcome::Failed => sentences.push(words::HEAD_FAILED.say(language).to_owned()),
        Outcome::NothingChanged => sentences.push(words::HEAD_NOTHING.say(language).to_owned()),
        Outcome::Published => {}
    }
    if totals.read > 0 {
        let datasets = report.datasets.iter().filter(|d| d.read > 0).count() as u64;
        let rows = |count| words::ROWS.say(language, count);
        let datasets = words::DATASETS.say(language, datasets);
        let written = match report.run.outcome {
            Outcome::Published | Outcome::NothingChanged => words::HEAD_ROWS,
            // What was staged is not in the lake.
            Outcome::Failed => words::HEAD_ROWS_FAILED,
        };
        sentences.push(written.with(language, &[&datasets, &rows(totals.read), &integer(totals.written)]));
        if totals.unaccounted != 0 {
            sentences.push(words::HEAD_OPEN.with(language, &[&signed(totals.unaccounted)]));
        } else if totals.lost() == 0 {
            sentences.push(words::HEAD_LOST_NONE.say(language).to_owned());
        } else {
            sentences.push(words::HEAD_LOST.with(language, &[&rows(totals.lost())]));
        }
    }
    let tables = report.publication.as_ref().map_or(0, |p| p.tables.len() as u64);
    if report.run.outcome == Outcome::Published {
        let tables = words::TABLES.say(language, tables);
        match &report.identity {
            Some(identity) => {
                let customers = match small_cells::single(identity.customers, report.minimum_subjects) {
                    small_cells::ShownCount::Exact(customers) => words::CUSTOMERS.say(language, customers),
                    few => words::CUSTOMERS_FEW.with(language, &[&few.text(language)]),
                };
                sentences.push(words::HEAD_CUSTOMERS.with(language, &[&customers, &tables]));
            }
            None => sentences.push(words::HEAD_TABLES.with(language, &[&tables])),
        }
    }
    sentences.join(match language {
        Language::Chinese => "",
        Language::English => " ",
    })
}

/// The few numbers of the run that a reader looks for first.
fn figures(report: &Report, language: Language) -> Vec<(Phrase, String, String)> {
    let totals = report.totals();
    let mut figures: Vec<(Phrase, String, String)> = Vec::new();
    if totals.read > 0 {
        let files = words::FILES.say(language, total(report.datasets.iter().map(|d| d.files)));
        figures.push((words::KEY_READ, integer(totals.read), files));
        figures.push((words::KEY_WRITTEN, integer(totals.written), percent_of(totals.written, totals.read)));
        figures.push((words::KEY_LOST, integer(totals.lost()), percent_of(totals.lost(), totals.read)));
    }
    let scanned = total(report.models.iter().map(|m| m.read()));
    if scanned > 0 {
        let withheld = total(report.models.iter().map(|m| m.withheld()));
        let shown = small_cells::single(withheld, report.minimum_subjects);
        let note = shown.exact().map(|withheld| percent_of(withheld, scanned));
        figures.push((words::KEY_WITHHELD, shown.text(language), note.unwrap_or_default()));
    }
    if report.lake.as_ref().and_then(|lake| lake.people).is_none()
        && let Some(identity) = &report.identity
    {
        let customers = small_cells::single(identity.customers, report.minimum_subjects).text(language);
        figures.push((words::KEY_CUSTOMERS, customers, String::new()));
    }
    if let (Some(started), Some(ended)) = (report.run.started, report.run.ended) {
        let ms = u64::try_from((ended - started).num_milliseconds()).unwrap_or(0);
        figures.push((words::KEY_TOOK, span(ms), String::new()));
    }
    figures
}

/// What identifies the run: who, when, under which dictionary and key.
fn facts(report: &Report, language: Language) -> Markup {
    let run = &report.run;
    let text = |s: &str| html! { (s) };
    let mut facts: Vec<(Phrase, Markup)> = Vec::new();
    let mut push = |phrase, value: Option<Markup>| facts.extend(value.map(|value| (phrase, value)));
    let filled = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    push(words::FACT_RUN, filled(&run.id).map(|id| html! { span.hash { (id) } }));
    push(words::FACT_PROJECT, filled(&run.project).map(|p| text(&p)));
    push(words::FACT_PIPELINE, filled(&run.pipeline).map(|p| parts::named(run.label.say(language, &p), &p)));
    push(words::FACT_STARTED, run.started.map(|at| text(&instant(at, language))));
    push(words::FACT_ENDED, run.ended.map(|at| text(&instant(at, language))));
    push(words::FACT_AS_OF, run.as_of.map(|at| text(&instant(at, language))));
    push(words::FACT_DICTIONARY, filled(&run.dictionary_fingerprint).map(|f| parts::hash(&f)));
    let key = run.key.as_ref().map(|k| words::FACT_KEY_VALUE.with(language, &[&k.version.to_string(), &k.fingerprint]));
    push(words::FACT_KEY, key.map(|k| html! { span.hash { (k) } }));
    push(words::FACT_ENGINE, filled(&run.engine).map(|e| text(&e)));
    let audit = report.publication.as_ref().and_then(|p| p.audit.as_ref());
    push(words::FACT_AUDIT, audit.map(|a| html! { (integer(a.number)) " · " (parts::hash(&a.hash)) }));
    html! {
        @if !facts.is_empty() {
            dl.facts { @for (label, value) in &facts { div { dt { (label.say(language)) } dd { (value) } } } }
        }
    }
}
