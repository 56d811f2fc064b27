//! One file a command.

mod check;
mod demo;
mod describe;
mod dictionary;
mod doctor;
mod drift;
mod entry;
mod init;
mod keys;
mod ledger;
mod model;
mod plan;
mod quarantine;
mod query;
pub(crate) mod run;
mod sample;
mod similar_files;
mod status;
mod template;
mod vacuum;

use crate::args::{Args, Command, Days, DictionaryCommand, DriftCommand, Format, KeysCommand, ModelCommand, instant};
use crate::failure::Failure;
use crate::output::Output;
use chrono::{DateTime, Utc};
use lakewarden_pipeline::{OpenProject, ReloadRequest, Window};
use lakewarden_sample::Options;
use std::path::Path;
use std::process::ExitCode;

/// Carries out what was asked.
pub async fn carry_out(args: &Args, output: &Output) -> Result<ExitCode, Failure> {
    if args.format == Format::Csv && !matches!(args.command, Command::Query { .. }) {
        return Err(Failure::Usage {
            message: "only query prints CSV".to_owned(),
            hint: "--format json, or lakewarden query --format csv".to_owned(),
        });
    }
    match &args.command {
        Command::Demo { dir, customers } => demo::demo(dir, *customers, output).await,
        Command::Init { dir, new } => init::init(dir, new, output),
        Command::Check { no_cache } => check::check(&args.project, !no_cache, output).await,
        Command::Plan { on, days } => plan::plan(&args.project, on, days, output).await,
        Command::Run {
            on,
            days,
            consent,
            report,
            language,
            take_over,
            quiet,
            accept_thresholds,
            reload,
            reload_all,
        } => {
            let (days, consent) = (window(days)?, (*consent).into());
            let asked = *reload_all || !reload.is_empty();
            let reload = asked.then(|| ReloadRequest::parse(*reload_all, reload));
            let wishes = run::Wishes { days, consent, take_over: *take_over, quiet: *quiet, accept_thresholds, reload };
            run::run(&args.project, on, &wishes, report.as_deref(), *language, output).await
        }
        Command::Status { last, head, lake } => {
            status::status(&args.project, last.get(), head.as_ref(), lake.as_deref(), output).await
        }
        Command::Tables { lake } => describe::tables(&args.project, lake.as_deref(), output).await,
        Command::Describe { table, lake } => describe::describe(&args.project, table, lake.as_deref(), output).await,
        Command::Ledger { dataset, lake } => {
            ledger::ledger(&args.project, dataset.as_deref(), lake.as_deref(), output).await
        }
        Command::Doctor { fix, accept_audit, grace, lake } => {
            doctor::doctor(&args.project, lake.as_deref(), *fix, accept_audit.as_deref(), *grace, output).await
        }
        Command::Vacuum { all_history, dry_run, lake, take_over } => {
            let (lake, all_history) = (lake.as_deref(), *all_history);
            let wishes = vacuum::Wishes { lake, all_history, dry_run: *dry_run, take_over: *take_over };
            vacuum::vacuum(&args.project, &wishes, output).await
        }
        Command::Query { sql, file, purpose, limit, consent, on } => {
            let sql = query::read_sql(sql.as_deref(), file.as_deref())?;
            query::query(&args.project, &sql, purpose, *limit, (*consent).into(), on, output).await
        }
        Command::Sample { out, customers, seed, end, clean } => {
            sample::sample(out, &Options { dirt: !clean, ..Options::new(*customers, *seed, *end) }, output)
        }
        Command::Quarantine { command } => quarantine::quarantine(&args.project, command, output).await,
        Command::Drift { command: DriftCommand::Show { dataset } } => drift::show(&args.project, dataset, output).await,
        Command::Dictionary { command: DictionaryCommand::Infer { file, dataset, rows, write, add_to } } => {
            let place = (*write || add_to.is_some()).then_some(dictionary::Place { add_to: add_to.as_deref() });
            dictionary::infer(&args.project, file, dataset.as_deref(), *rows, place, output).await
        }
        Command::Model { command: ModelCommand::Contract { name, write } } => {
            model::contract(&args.project, name, *write, output).await
        }
        Command::Keys { command: KeysCommand::Init { file, print } } => {
            keys::init(&args.project, file.as_deref(), *print, output)
        }
    }
}

/// Opens the project, whatever its problems.
fn open(root: &Path) -> Result<OpenProject, Failure> {
    OpenProject::open(root).map_err(Failure::Pipeline)
}

/// The clock. The one place that reads it.
#[allow(clippy::disallowed_methods, reason = "the clock comes from here")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The instant that `--as-of` says.
fn as_of(text: Option<&str>, open: &OpenProject) -> Result<Option<DateTime<Utc>>, Failure> {
    instant_of("as-of", text, open)
}

/// The instant that an option says.
fn instant_of(option: &str, text: Option<&str>, open: &OpenProject) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match instant(text, open.zone()) {
        Some(instant) => Ok(Some(instant)),
        None => Err(Failure::Usage {
            message: format!("--{option} {text:?} is not an instant"),
            hint: format!("--{option} 2026-09-30, --{option} '2026-09-30 08:00:00' or --{option} 2026-09-30T00:00:00Z"),
        }),
    }
}

/// The days that `--from` and `--to` say.
fn window(days: &Days) -> Result<Option<Window>, Failure> {
    match (days.from, days.to) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from > to => Err(Failure::Usage {
            message: format!("--from {from} is later than --to {to}"),
            hint: format!("--from {to} --to {from}"),
        }),
        (from, to) => Ok(Some(Window { from, to })),
    }
}

/// Random bits for ids and seeds. The one place that asks the system for them.
fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Failure::Randomness)?;
    Ok(bytes)
}
