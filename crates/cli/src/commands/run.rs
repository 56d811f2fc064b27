//! `lakewarden run`.

use crate::args::{Language, On};
use crate::commands::{as_of, now, open, random};
use crate::demands;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, counted, grouped};
use crate::progress::Teller;
use crate::removals;
use crate::report;
use crate::report::failure::FailedRun;
use crate::report::model_warnings;
use crate::report_place::ReportPlace;
use crate::stored;
use chrono::{DateTime, Utc};
use lakewarden_pipeline::record::{
    ConsentWarnings, DatasetAccount, HeldFile, ModelAccount, Outcome, RetiredExports, RunRecord, UnmatchedRefusals,
};
use lakewarden_pipeline::{OpenProject, Ran, ReloadRequest, Request, Window, key_ring};
use lakewarden_policy::Knowledge;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use uuid::Uuid;

/// The code of consent events that are dated in the future.
const CONSENT_IN_FUTURE: &str = "LW6056";
/// The code of consent events for purposes that the project does not declare.
const UNKNOWN_PURPOSE: &str = "LW6057";
/// The code of refusals whose pseudonyms no row of data carries.
const UNMATCHED_REFUSALS: &str = "LW6061";

/// What is wished of a run besides what it runs on.
pub struct Wishes<'a> {
    /// The days whose files are looked at; all if absent.
    pub days: Option<Window>,
    /// Which consent counts.
    pub consent: Knowledge,
    /// Whether to take the lake from a run that was killed.
    pub take_over: bool,
    /// Whether only warnings and errors are printed.
    pub quiet: bool,
    /// Datasets whose thresholds may be crossed.
    pub accept_thresholds: &'a [String],
    /// Datasets and files to load again.
    pub reload: Option<ReloadRequest>,
}

/// Runs a pipeline and draws its report.
pub async fn run(
    root: &Path,
    on: &On,
    wishes: &Wishes<'_>,
    report: Option<&Path>,
    language: Language,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let at = as_of(on.as_of.as_deref(), &open)?;
    let lake = open.lake_url(on.lake.as_deref()).map_err(Failure::of(&open))?;
    let place = ReportPlace::check(tidy(&open.root), &lake, report)?;
    let reporting = Reporting {
        open: Arc::new(open),
        pipeline: on.pipeline.clone(),
        lake: on.lake.clone(),
        place: Arc::new(place),
        language,
    };
    if let Ok(mut signalled) = interrupt::REPORTING.lock() {
        *signalled = Some(reporting.clone());
    }
    let (open, place) = (&reporting.open, &reporting.place);
    let ran = run_project(open, on.pipeline.as_deref(), on.lake.as_deref(), at, wishes, output).await;
    let ran = match ran {
        Ok(ran) => ran,
        Err(failed) => {
            failed.failure.show(output);
            match reporting.draw(&failed).await {
                Some(Ok(report)) => output.say(format!("report: {}", report.display())),
                Some(Err(unwritten)) => output.say(format!("warning[{}]: {unwritten}", unwritten.code())),
                None => {}
            }
            return Ok(failed.failure.exit_code());
        }
    };
    let drawn = draw(&ran, open, on.lake.as_deref(), place, language).await?;
    output.json(&ran.record);
    let text = summary(&ran.record, drawn.as_deref());
    if wishes.quiet {
        text.lines().filter(|line| line.starts_with("warning")).for_each(|line| output.say(line));
    } else {
        output.say(text);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a pipeline, telling of its steps.
pub async fn run_project(
    open: &OpenProject,
    pipeline: Option<&str>,
    lake: Option<&str>,
    at: Option<DateTime<Utc>>,
    wishes: &Wishes<'_>,
    output: &Output,
) -> Result<Ran, Box<FailedRun>> {
    let started = now();
    let teller = Teller::new(output, open.zone(), wishes.quiet);
    let run = random().map(|bits| uuid::Builder::from_random_bytes(bits).into_uuid());
    let id = run.as_ref().copied().unwrap_or_default();
    let ran = match run {
        Ok(run) => start(open, pipeline, lake, at, wishes, run, &teller).await,
        Err(failure) => Err(failure),
    };
    ran.map_err(|failure| Box::new(FailedRun { run: id, started, ended: now(), record: teller.take_failed(), failure }))
}

async fn start(
    open: &OpenProject,
    pipeline: Option<&str>,
    lake: Option<&str>,
    at: Option<DateTime<Utc>>,
    wishes: &Wishes<'_>,
    run: Uuid,
    teller: &Teller,
) -> Result<Ran, Failure> {
    // Problems come before a missing key: they can be fixed without one.
    open.pipeline(pipeline).map_err(Failure::of(open))?;
    if open.problems.iter().any(|p| p.severity == lakewarden_dictionary::Severity::Error) {
        return Err(Failure::Problems { problems: open.problems.clone(), files: open.files.clone() });
    }
    let keys = key_ring(&open.project.settings).map_err(Failure::of(open))?;
    let owner = owner();
    let request = Request {
        pipeline,
        lake,
        as_of: at,
        days: wishes.days,
        consent: wishes.consent,
        clock: &now,
        run,
        seed: u64::from_le_bytes(random()?),
        owner: &owner,
        take_over: wishes.take_over,
        accept_thresholds: wishes.accept_thresholds,
        reload: wishes.reload.as_ref(),
    };
    lakewarden_pipeline::run(open, &keys, &request, teller).await.map_err(Failure::of(open))
}

/// Who holds the lake, for whoever finds it held.
pub fn owner() -> String {
    format!("lakewarden on {}, process {}", host(), std::process::id())
}

/// This machine's name, for whoever finds its run in the way.
pub fn host() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.or_else(|| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok());
    told.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned())
}

/// Draws the report of a run that did something.
pub async fn draw(
    ran: &Ran,
    open: &OpenProject,
    lake: Option<&str>,
    place: &ReportPlace,
    language: Language,
) -> Result<Option<PathBuf>, Failure> {
    if ran.record.outcome == Outcome::Unchanged && place.has_report() {
        return Ok(None);
    }
    let data = report::of_run(&ran.record, open, lake, ran.customers.clone()).await.map_err(Failure::of(open))?;
    place.write(&ran.record.run, &lakewarden_report::render(&data, language_of(language))).map(Some)
}

/// What is needed to report a run that fails or is stopped.
#[derive(Clone)]
pub struct Reporting {
    open: Arc<OpenProject>,
    pipeline: Option<String>,
    lake: Option<String>,
    place: Arc<ReportPlace>,
    language: Language,
}

impl Reporting {
    /// Draws the report of a run that failed. `None` where there was none: the pipeline does not exist, or another run
    /// has the lake.
    async fn draw(&self, failed: &FailedRun) -> Option<Result<PathBuf, Failure>> {
        let pipeline = self.open.pipeline(self.pipeline.as_deref()).ok()?;
        if let Failure::Busy { .. } = &failed.failure {
            return None;
        }
        let data = report::of_failure(failed, &self.open, pipeline, self.lake.as_deref()).await;
        Some(self.place.write(&failed.run, &lakewarden_report::render(&data, language_of(self.language))))
    }

    /// Draws the report of a run that a signal stopped, and returns where it can be opened.
    pub async fn interrupted(&self, record: RunRecord) -> Result<PathBuf, Failure> {
        let failed = FailedRun::interrupted(record, now());
        self.draw(&failed).await.unwrap_or(Err(failed.failure))
    }
}

fn language_of(language: Language) -> lakewarden_report::Language {
    match language {
        Language::Zh => lakewarden_report::Language::Chinese,
        Language::En => lakewarden_report::Language::English,
    }
}

/// The last line of a run.
pub fn summary(record: &RunRecord, report: Option<&Path>) -> String {
    let read: u64 = record.datasets.iter().map(|d| d.read).sum();
    let written: u64 = record.datasets.iter().map(|d| d.written).sum();
    let seconds = record.millis as f64 / 1000.0;
    let mut text = match record.outcome {
        Outcome::Unchanged => format!("nothing to do: files, project and instant are as before ({seconds:.1} s)"),
        Outcome::Failed => format!("failed ({seconds:.1} s)"),
        Outcome::Interrupted => format!("interrupted ({seconds:.1} s)"),
        Outcome::Published => {
            let withheld: u64 = record.models.iter().flat_map(|m| &m.scans).flat_map(|s| s.withheld.values()).sum();
            let curated = record.publication.iter().filter(|t| t.zone == "curated").count() as u64;
            let mut text = format!("published {} in {seconds:.1} s", counted(curated, "curated table"));
            if read > 0 {
                let lost = read.saturating_sub(written);
                let lines: u64 = record.datasets.iter().map(|d| d.lines).sum();
                let lines = if lines > 0 { format!(" ({})", counted(lines, "line")) } else { String::new() };
                text.push_str(&format!("; {} read{lines}, {} written", counted(read, "row"), grouped(written)));
                if lost > 0 {
                    text.push_str(&format!(", {} accounted for by reason", grouped(lost)));
                }
            }
            if withheld > 0 {
                text.push_str(&format!("; {} withheld by policy", counted(withheld, "row")));
            }
            record.models.iter().for_each(|model| text.push_str(&model_warnings::lines(model)));
            record.models.iter().for_each(|model| text.push_str(&noise(model)));
            text.push_str(&unreadable(record));
            text.push_str(&consent_warnings(record));
            text.push_str(&unmatched_refusals(record));
            record.datasets.iter().for_each(|dataset| text.push_str(&demands::told(dataset)));
            text.push_str(&quarantine(record));
            text
        }
    };
    record.declaration_changes.iter().for_each(|change| {
        text.push('\n');
        text.push_str(&stored::line(change));
    });
    record.datasets.iter().for_each(|dataset| {
        text.push_str(&held(dataset));
        text.push_str(&arrivals(dataset));
    });
    record.after_load.iter().for_each(|retired| text.push_str(&retired_exports(retired)));
    text.push_str(&removals::summarize(record));
    if let Some(report) = report {
        text.push_str(&format!("\nreport: {}", report.display()));
    }
    text
}

/// What a person must know of files that are not there, or not whole yet.
fn arrivals(set: &DatasetAccount) -> String {
    set.arrivals.iter().map(|told| format!("\nwarning: {}, {}: {}", set.dataset, told.file, told.warning)).collect()
}

/// What a person must know of a table with noise: why it may have fewer rows, or none, and what it has cost.
fn noise(model: &ModelAccount) -> String {
    let Some(noise) = &model.noise else { return String::new() };
    let (table, spent) = (&model.table, noise.epsilon_spent);
    let publications = counted(noise.publications, "publication");
    if noise.kept {
        return format!(
            "\nnoise: {table} stays as it is until its next {}; ε {spent} spent in {publications}",
            noise.every
        );
    }
    format!(
        "\nnoise: {table} shows rows of {} people or more, counted with noise; ε {}, {spent} spent in {publications}",
        grouped(noise.threshold),
        noise.epsilon
    )
}

/// What a person must know of consent that could not be read.
fn unreadable(record: &RunRecord) -> String {
    let records: u64 = record.datasets.iter().map(|d| d.consent_unreadable).sum();
    let nobody: u64 = record.datasets.iter().map(|d| d.consent_unreadable_nobody).sum();
    let mut text = String::new();
    let doubted = record.identity.as_ref().map_or(0, |identity| identity.consent_doubted);
    let in_doubt = doubted > 0;
    let doubted = counted(doubted, "pseudonym");
    if records > 0 {
        text.push_str(&format!(
            "\nconsent: {} cannot be read; with those of earlier runs they count against {doubted}, until they are mended",
            counted(records, "record")
        ));
    } else if in_doubt {
        text.push_str(&format!(
            "\nconsent: records of earlier runs that cannot be read count against {doubted}, until they are mended"
        ));
    }
    if nobody > 0 {
        text.push_str(&format!(
            "\nwarning[LW6021]: {} of those {} not say for certain whom: somebody may have withdrawn who is still used",
            grouped(nobody),
            if nobody == 1 { "does" } else { "do" }
        ));
    }
    text
}

/// What a person must know of consent events that were read the stricter way, or that have no effect yet.
fn consent_warnings(record: &RunRecord) -> String {
    let Some(identity) = &record.identity else { return String::new() };
    let ConsentWarnings {
        future_refusals,
        future_grants,
        unknown_purpose_refusals,
        unknown_purpose_grants,
        without_effect,
    } = identity.consent_warnings;
    let mut text = String::new();
    if future_refusals > 0 {
        text.push_str(&format!(
            "\nwarning[{CONSENT_IN_FUTURE}]: {} dated later than the run's instant; they count. Check the time zone of the log: `time_zone` in its entry",
            counted(future_refusals, "refusal"),
        ));
    }
    if future_grants > 0 {
        text.push_str(&format!(
            "\nwarning[{CONSENT_IN_FUTURE}]: {} dated in the future; they do not count yet. Check the time zone of the log: `time_zone` in its entry",
            counted(future_grants, "grant"),
        ));
    }
    if unknown_purpose_refusals + unknown_purpose_grants > 0 {
        text.push_str(&format!(
            "\nwarning[{UNKNOWN_PURPOSE}]: consent events for a purpose that the project does not know: {} for every purpose, {} for none. Declare it in schemas/purposes.yaml, as a purpose or under `aliases`",
            counted(unknown_purpose_refusals, "refusal"),
            counted(unknown_purpose_grants, "grant"),
        ));
    }
    if without_effect > 0 {
        text.push_str(&format!(
            "\nconsent: {} without effect (`no_effect`), such as an opt-in that waits for its confirmation",
            counted(without_effect, "event")
        ));
    }
    text
}

/// Refusals that reach no data: an unknown person, or another spelling of a known one.
fn unmatched_refusals(record: &RunRecord) -> String {
    let unmatched = record.identity.iter().flat_map(|identity| &identity.unmatched_refusals);
    let line = |of: &UnmatchedRefusals| {
        let (log, id_type) = (&of.log, &of.id_type);
        format!(
            "\nwarning[{UNMATCHED_REFUSALS}]: {log}: {} of `{id_type}` with a refusal match no row of any dataset; they count once such rows arrive\n  help: compare how {log} and the datasets write `{id_type}`, such as zeros in front and case: declare the same `normalise`, or have the log exported again",
            counted(of.pseudonyms, "pseudonym")
        )
    };
    unmatched.map(line).collect()
}

/// What lies in quarantine, and what has ended there.
fn quarantine(record: &RunRecord) -> String {
    let records: u64 = record.datasets.iter().map(|d| d.in_quarantine).sum();
    let expired: u64 = record.datasets.iter().map(|d| d.quarantine_expired).sum();
    let mut text = String::new();
    if records > 0 {
        text.push_str(&format!("\nquarantine: {}; lakewarden quarantine list", counted(records, "record")));
    }
    if expired > 0 {
        text.push_str(&format!(
            "\nquarantine: {} removed for good, after the time that `quarantine_retention` gives them",
            counted(expired, "record")
        ));
    }
    text
}

/// The code of an export that could not be deleted or archived.
const EXPORT_STAYS: &str = "LW6067";

/// What became of exports that the lake has.
fn retired_exports(retired: &RetiredExports) -> String {
    let RetiredExports { dataset, action, files, kept } = retired;
    let mut text = String::new();
    if !files.is_empty() {
        let done = if action == "archive" { "archived" } else { "deleted" };
        text.push_str(&format!("\nafter load: {dataset}: {} {done}", counted(files.len() as u64, "export")));
    }
    for kept in kept {
        text.push_str(&format!(
            "\nwarning[{EXPORT_STAYS}]: {dataset}: {} stays where it is: {}",
            kept.file, kept.message
        ));
    }
    text
}

/// What a person must know of files that wait for a decision.
fn held(dataset: &DatasetAccount) -> String {
    let name = &dataset.dataset;
    let one = |held: &HeldFile| {
        format!(
            "\nheld: {} was not loaded; declare in schemas/channels/{name}.yaml what it holds, or name it under `ignored_fields`: {}",
            held.file,
            held.fields.join(", ")
        )
    };
    dataset.held.iter().map(one).collect()
}

/// A folder without the `./` that the default of `--project` would put before every path.
fn tidy(root: &Path) -> &Path {
    root.strip_prefix(".").unwrap_or(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::record;
    use lakewarden_pipeline::record::{NoiseAccount, NoiseMechanism};
    use serde_json::json;

    #[test]
    fn consent_that_could_not_be_read_is_told_of_in_every_run() {
        let mut ran = record(json!({}));
        assert!(summary(&ran, None).ends_with(
            "\nconsent: records of earlier runs that cannot be read count against 3 pseudonyms, until they are mended"
        ));
        ran.datasets[0].consent_unreadable = 5;
        ran.datasets[0].consent_unreadable_nobody = 2;
        let text = summary(&ran, None);
        assert!(text.contains("\nconsent: 5 records cannot be read; "), "{text}");
        assert!(text.contains("\nwarning[LW6021]: 2 of those do not say for certain whom: "), "{text}");
        ran.datasets[0] = Default::default();
        ran.identity = None;
        assert!(!summary(&ran, None).contains("consent"));
    }

    #[test]
    fn consent_events_that_were_read_the_stricter_way_are_counted() {
        let mut ran = record(json!({}));
        assert!(!summary(&ran, None).contains("LW605"));
        let warnings = ConsentWarnings {
            future_refusals: 1,
            future_grants: 2,
            unknown_purpose_refusals: 3,
            unknown_purpose_grants: 4,
            without_effect: 5,
        };
        let Some(identity) = &mut ran.identity else { panic!("the record has customers") };
        identity.consent_warnings = warnings;
        let text = summary(&ran, None);
        for line in [
            "warning[LW6056]: 1 refusal dated later than the run's instant; they count. ",
            "warning[LW6056]: 2 grants dated in the future; they do not count yet. ",
            "warning[LW6057]: consent events for a purpose that the project does not know: 3 refusals for every purpose, 4 grants for none. ",
            "consent: 5 events without effect (`no_effect`)",
        ] {
            assert!(text.contains(&format!("\n{line}")), "{text}");
        }
    }

    #[test]
    fn refusals_that_match_no_row_are_reported_by_log_and_domain() {
        let mut ran = record(json!({}));
        assert!(!summary(&ran, None).contains("LW6061"));
        let Some(identity) = &mut ran.identity else { panic!("the record has customers") };
        let of = |log: &str, pseudonyms| UnmatchedRefusals { log: log.into(), id_type: "email".into(), pseudonyms };
        identity.unmatched_refusals = vec![of("consents", 1_200), of("blocked", 1)];
        let text = summary(&ran, None);
        for line in [
            "warning[LW6061]: consents: 1,200 pseudonyms of `email` with a refusal match no row of any dataset; ",
            "warning[LW6061]: blocked: 1 pseudonym of `email` with a refusal match no row of any dataset; ",
        ] {
            assert!(text.contains(&format!("\n{line}")), "{text}");
        }
    }

    #[test]
    fn what_lies_in_quarantine_is_told_of_and_what_has_ended_there() {
        let mut ran = record(json!({}));
        assert!(!summary(&ran, None).contains("quarantine"));
        ran.datasets[0].in_quarantine = 1_200;
        ran.datasets[1].in_quarantine = 34;
        ran.datasets[1].quarantine_expired = 1;
        let text = summary(&ran, None);
        assert!(text.contains("\nquarantine: 1,234 records; lakewarden quarantine list\n"), "{text}");
        assert!(text.contains("\nquarantine: 1 record removed for good, "), "{text}");
    }

    #[test]
    fn a_file_that_waits_says_for_what() {
        let mut ran = record(json!({}));
        assert!(!summary(&ran, None).contains("\nheld: "));
        let fields = vec!["clipboard".to_owned(), "imei".to_owned()];
        ran.datasets[0].held = vec![HeldFile { file: "exports/a/1.csv".to_owned(), fields }];
        ran.outcome = Outcome::Unchanged;
        let text = summary(&ran, None);
        assert!(text.contains("\nheld: exports/a/1.csv was not loaded; declare in schemas/channels/"), "{text}");
        assert!(text.ends_with("under `ignored_fields`: clipboard, imei"), "{text}");
    }

    #[test]
    fn a_table_with_noise_says_from_how_many_people_on_it_shows_rows() {
        let mut ran = record(json!({}));
        assert!(!summary(&ran, None).contains("noise"));
        let noise = NoiseAccount {
            mechanism: NoiseMechanism::DiscreteLaplace,
            epsilon: 0.5,
            delta: 0.000_001,
            rows_per_person: 3,
            threshold: 1_013,
            figures: Vec::new(),
            every: "P1M".to_owned(),
            kept: false,
            publications: 2,
            epsilon_spent: 1.5,
            delta_spent: 0.000_002,
        };
        ran.models[0].noise = Some(noise.clone());
        let table = ran.models[0].table.clone();
        let shown = "shows rows of 1,013 people or more, counted with noise; ε 0.5, 1.5 spent in 2 publications";
        assert!(summary(&ran, None).contains(&format!("\nnoise: {table} {shown}")));
        ran.models[0].noise = Some(NoiseAccount { kept: true, ..noise });
        let kept = format!("\nnoise: {table} stays as it is until its next P1M; ε 1.5 spent in 2 publications");
        assert!(summary(&ran, None).contains(&kept));
    }
}
