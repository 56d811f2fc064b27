//! What can be said on the command line.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use lakewarden_lake::AuditHead;
use std::num::NonZeroUsize;
use std::path::PathBuf;

const EVERYWHERE: &str = "Options of every command";

/// A privacy-governed data lake: exports in, a consent-filtered, reconciled, pseudonymised lake out.
#[derive(Debug, Parser)]
#[command(name = "lakewarden", version, max_term_width = 100)]
pub struct Args {
    /// The project's folder, the one with lakewarden.yaml
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", default_value = ".", env = "LAKEWARDEN_PROJECT")]
    pub project: PathBuf,
    /// What stdout holds: text (for queries a table) for people, JSON of a documented shape (docs/reference/json.md), or
    /// of a query the rows as CSV
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Forms of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[value(alias = "table")]
    Text,
    /// For programs.
    Json,
    /// The rows of a query, with a header, in UTF-8.
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write sample exports, run the retail pipeline over them and draw the report
    Demo {
        /// Where to write it; made if it is not there
        #[arg(default_value = "demo")]
        dir: PathBuf,
        /// How many people the sample has
        #[arg(long, value_name = "N", default_value_t = 2000)]
        customers: u32,
    },
    /// Scaffold a project that runs
    Init {
        /// Its folder; made if it is not there
        dir: PathBuf,
        #[command(flatten)]
        new: NewProject,
    },
    /// Compile dictionary, pipelines and models without reading data, and show every problem
    Check {
        /// Compile every model, whatever earlier checks found, and keep nothing for the next
        #[arg(long)]
        no_cache: bool,
    },
    /// Say what a run would do, and why
    Plan {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        days: Days,
    },
    /// Load what is new, build all tables, and publish them if every row is accounted for
    Run {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        days: Days,
        /// What people said that counts: what is known now; or what was known at the instant of --as-of, which
        /// `replay_purposes` in lakewarden.yaml must permit
        #[arg(long, value_enum, default_value_t = Consent::KnownNow)]
        consent: Consent,
        /// Where to write the report; report.html beside the project's file if absent. A copy of each run's is kept in
        /// the folder reports
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Language the report opens in
        #[arg(long, value_enum, default_value_t = Language::Zh)]
        language: Language,
        /// Take the lake from a run that was killed, instead of waiting until its lease ends
        #[arg(long)]
        take_over: bool,
        /// Print no steps and no summary, only warnings and errors
        #[arg(long, short)]
        quiet: bool,
        /// Go on although this dataset crosses its thresholds; may be given several times, and is audited
        #[arg(long, value_name = "DATASET", value_parser = NonEmptyStringValueParser::new())]
        accept_thresholds: Vec<String>,
        /// Load a dataset's files again, or one file, as they are declared now: their rows replace those that the lake
        /// has of them, in one audited commit. May be given several times
        #[arg(long, value_name = "DATASET[/FILE]", value_parser = NonEmptyStringValueParser::new())]
        reload: Vec<String>,
        /// Load the files of all datasets of the pipeline again, such as under a new key
        #[arg(long)]
        reload_all: bool,
    },
    /// Show the last runs with their row accounts, and check the audit log against the lake
    Status {
        /// How many runs
        #[arg(long, value_name = "N", default_value = "5")]
        last: NonZeroUsize,
        /// A head of the audit log that was kept elsewhere, as an earlier status printed it: checks that the log as it
        /// was then is still the beginning of the log
        #[arg(long, value_name = "N:SHA256")]
        head: Option<AuditHead>,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// List the tables of the project: what a row is, how many there are, which run wrote them
    Tables {
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// Describe a table: its columns with label, meaning, type and unit, its purposes, its grain, its last run
    Describe {
        /// A dataset or a curated table
        table: String,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// List the files that were loaded: checksum, rows, encoding, dictionary, key, run
    Ledger {
        /// The dataset; all if absent
        dataset: Option<String>,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// Examine the lake and its project: the store, the key, the audit log, tables, and what killed runs left
    Doctor {
        /// Complete what was decided and remove what no version names, as the lake's only writer
        #[arg(long)]
        fix: bool,
        /// Why evidence that cannot be restored from a backup is accepted; appends a record that lists what is wrong,
        /// after which runs go on
        #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
        accept_audit: Option<String>,
        /// How old a file has to be that no version names, to be left over rather than just being written
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        grace: u32,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// Remove versions of tables that are no longer current and older than `history` in lakewarden.yaml, for good: their
    /// data files, and the log entries with their statistics. Every run does so after it has published
    Vacuum {
        /// Leave only the current version of each table, whatever `history` says; queries that read meanwhile may fail
        #[arg(long)]
        all_history: bool,
        /// Show what would be removed, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
        /// Take the lake from a run that was killed, instead of waiting until its lease ends
        #[arg(long)]
        take_over: bool,
    },
    /// Ask curated or conformed tables under the policy
    Query {
        /// One SELECT; `-` reads it from stdin
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        sql: Option<String>,
        /// Read the SELECT from this file
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// What the answer is for; decides what may be seen
        #[arg(long)]
        purpose: String,
        /// Rows printed at most
        #[arg(long, value_name = "N", default_value_t = 1000)]
        limit: usize,
        /// What people said that counts: what is known now; or what was known at the instant of --as-of, which
        /// `replay_purposes` in lakewarden.yaml must permit
        #[arg(long, value_enum, default_value_t = Consent::KnownNow)]
        consent: Consent,
        #[command(flatten)]
        on: On,
    },
    /// Write synthetic exports with planted dirt, and their truth
    Sample {
        /// Where to: OUT/exports and OUT/truth
        out: PathBuf,
        /// How many people
        #[arg(long, value_name = "N", default_value_t = 2000)]
        customers: u32,
        /// The same seed gives the same bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Last day of data
        #[arg(long, value_name = "DATE", default_value = "2026-09-30")]
        end: NaiveDate,
        /// Plant no dirt
        #[arg(long)]
        clean: bool,
    },
    /// Work on the data dictionary
    Dictionary {
        #[command(subcommand)]
        command: DictionaryCommand,
    },
    /// Work on models
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
    /// See which fields of the exports are not declared
    Drift {
        #[command(subcommand)]
        command: DriftCommand,
    },
    /// See, release or discard records that broke a rule
    Quarantine {
        #[command(subcommand)]
        command: QuarantineCommand,
    },
    /// Make the key that pseudonyms are made with
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

/// What a new project is.
#[derive(Debug, clap::Args)]
pub struct NewProject {
    /// Its name: letters, digits, `-` and `_`; that of its folder if absent
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where its master key will be; a file of its own below ~/.config/lakewarden if absent
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    pub key_file: Option<String>,
    /// Whose law decides about consent where a person's own is not known
    #[arg(long, value_enum)]
    pub jurisdiction: Option<Jurisdiction>,
    /// The IANA time zone of its days; the usual one of the jurisdiction if absent
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<Tz>,
    /// What to start from: two exports and one model, or the whole retail reference project
    #[arg(long, value_enum, default_value_t = Template::Shop)]
    pub template: Template,
}

/// Jurisdictions that templates come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Jurisdiction {
    /// Mainland China (PIPL)
    #[value(name = "CN")]
    Cn,
    /// European Union (GDPR)
    #[value(name = "EU")]
    Eu,
    /// United Kingdom (UK GDPR)
    #[value(name = "GB")]
    Gb,
    /// California, United States (CCPA)
    #[value(name = "US-CA")]
    UsCa,
}

/// Projects to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// Two exports and one model
    Shop,
    /// Twelve channels of a retailer, five curated tables; without exports
    Retail,
}

/// What to do with the dictionary.
#[derive(Debug, Subcommand)]
pub enum DictionaryCommand {
    /// Propose an entry for an export that nobody described yet
    Infer {
        /// The export: a path, or an address such as s3://bucket/exports/orders.csv
        file: String,
        /// What the dataset will be called; from the file's name if absent
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
        /// Look at the first N records only; the proposal is then not tried on the data
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        rows: Option<u64>,
        /// Write the entry to schemas/channels/NAME.yaml of the project, which must not exist, instead of printing it
        #[arg(long)]
        write: bool,
        /// Write the entry, and add the dataset to the channels of this pipeline; similarly named files of the folder as
        /// well
        #[arg(long, value_name = "PIPELINE")]
        add_to: Option<String>,
    },
}

/// What to do with models.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Write the entry of a model's table from its plan: columns, types, what the dictionary says of their sources
    Contract {
        /// The model: the name of its file without `.sql`
        name: String,
        /// Write it to schemas/curated/NAME.yaml, which must not exist, instead of printing it
        #[arg(long)]
        write: bool,
    },
}

/// What to see of undeclared fields.
#[derive(Debug, Subcommand)]
pub enum DriftCommand {
    /// Read the files of a dataset and name their undeclared fields, beside the labels that records and reports have for
    /// them; the names are not stored
    Show {
        /// The dataset
        dataset: String,
    },
}

/// What to do with rejected records.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// Count what lies there by file, field and rule, and name single records; shows no content
    List {
        #[command(flatten)]
        which: Which,
        /// Single records named at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
    /// Show where records stood and which rule they broke; with --reveal, what is in them
    Show {
        /// Records, as `list` names them
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Open them with the key; who asks, for what and why is written to the audit log first
        #[arg(long, requires = "reason")]
        reveal: bool,
        /// Why they are opened
        #[arg(long, value_name = "TEXT", requires = "reveal", value_parser = NonEmptyStringValueParser::new())]
        reason: Option<String>,
        /// Identifying fields that are shown as well, by their names in the export, comma between; `all` for all.
        /// Of the others the form is shown
        #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "reveal")]
        fields: Vec<String>,
        /// The lake, instead of the project's: a path, file://… or s3://…
        #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
        lake: Option<String>,
    },
    /// Read records again under today's dictionary; those that pass are written and leave quarantine
    Release {
        #[command(flatten)]
        which: Which,
        /// Say what would happen, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The instant that rules and retention are judged at: a day, or RFC 3339; now if absent
        #[arg(long, value_name = "T")]
        as_of: Option<String>,
        /// Take the lake from a run that was killed, instead of waiting until its lease ends
        #[arg(long)]
        take_over: bool,
    },
    /// Remove records for good, and the files that hold them
    Discard {
        #[command(flatten)]
        which: Which,
        /// Why they are removed; written to the audit log
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
        /// All records there are, where neither a dataset, an id nor a filter is given
        #[arg(long)]
        all: bool,
        /// Take the lake from a run that was killed, instead of waiting until its lease ends
        #[arg(long)]
        take_over: bool,
    },
}

/// Which rejected records.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Datasets, or records as `list` names them; all if absent
    #[arg(value_name = "DATASET|ID")]
    pub of: Vec<String>,
    /// Those that broke this rule
    #[arg(long)]
    pub rule: Option<String>,
    /// Those of this field, by its name in the export; `record` for records that do not parse
    #[arg(long)]
    pub field: Option<String>,
    /// Those of this file: its name, or the end of it from a `/` on
    #[arg(long)]
    pub file: Option<String>,
    /// Those that this run read: its id, or how that begins
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Those quarantined at this instant or later: a day, or RFC 3339
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// The lake, instead of the project's: a path, file://… or s3://…
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub lake: Option<String>,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a master key
    Init {
        /// Where to write it (mode 0600); the file that the project declares if absent
        #[arg(long, value_name = "FILE", conflicts_with = "print")]
        file: Option<PathBuf>,
        /// Print it instead, for a secret store
        #[arg(long)]
        print: bool,
    },
}

/// What a command works on.
#[derive(Debug, clap::Args)]
pub struct On {
    /// The pipeline; may be left out if there is one
    #[arg(long, short)]
    pub pipeline: Option<String>,
    /// The instant it is as of: a day, or RFC 3339; now if absent (then a run builds all tables anew)
    #[arg(long, value_name = "T")]
    pub as_of: Option<String>,
    /// The lake, instead of the project's: a path, file://… or s3://…
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub lake: Option<String>,
}

/// The days whose files are looked at, the first and the last included.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Days {
    /// The first day whose files are looked at; channels without a date in their pattern are read whole
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// The last day whose files are looked at, itself included
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
}

/// Which consent events count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Consent {
    /// What was in effect and written down at the instant of --as-of: a replay, recorded in the audit log
    KnownThen,
    /// Everything known by now: people are judged as of now, whatever --as-of says
    KnownNow,
}

impl From<Consent> for lakewarden_policy::Knowledge {
    fn from(consent: Consent) -> Self {
        match consent {
            Consent::KnownThen => Self::Then,
            Consent::KnownNow => Self::Now,
        }
    }
}

/// Languages of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

/// Reads an instant: RFC 3339, or a day or wall-clock time in a zone (a day means its midnight).
pub fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc));
    }
    let local = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|d| d.and_time(NaiveTime::MIN))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .ok()?;
    zone.from_local_datetime(&local).earliest().map(|t| t.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_is_its_midnight_in_the_project_s_zone() {
        let at = |text| instant(text, chrono_tz::Asia::Shanghai).map(|t| t.to_rfc3339());
        assert_eq!(at("2026-10-01").unwrap(), "2026-09-30T16:00:00+00:00");
        assert_eq!(at("2026-10-01 08:00:00").unwrap(), "2026-10-01T00:00:00+00:00");
        assert_eq!(at("2026-10-01T00:00:00Z").unwrap(), "2026-10-01T00:00:00+00:00");
        assert_eq!(at("yesterday"), None);
    }
}
