//! What a run would do, and why, without doing it.

use crate::arrivals::{explained, listed, refuse_no_days};
use crate::compile::compile;
use crate::customers::table_names;
use crate::database;
use crate::declared::{Decision, DeclarationChange, Survey};
use crate::drift;
use crate::error::{PipelineError, counted};
use crate::judgement::Judgement;
use crate::keys::key_at_hand;
use crate::load::new_files;
use crate::people::People;
use crate::project::OpenProject;
use crate::project_consent;
use crate::record::{ConsentKnown, Outcome, RunRecord, WithoutSubject};
use crate::removal::DueRemoval;
use crate::run::{describe_retirement, may_be_empty};
use crate::undeclared_tables::{UndeclaredTable, find_undeclared_tables};
use crate::vacuum;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::Severity;
use lakewarden_lake::{Lake, Zone};
use lakewarden_source::{Listing, Window};
use serde::Serialize;
use std::collections::BTreeMap;
use tokio::task::block_in_place;

/// The plan of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The pipeline.
    pub pipeline: String,
    /// Where the lake is.
    pub lake: String,
    /// The instant that the run would be as of.
    pub as_of: DateTime<Utc>,
    /// What would happen, in order.
    pub actions: Vec<Action>,
    /// The pipeline's datasets about people whose data subjects cannot be resolved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_subject: Vec<WithoutSubject>,
    /// What changed in the declarations of the pipeline's datasets since their rows were stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declaration_changes: Vec<DeclarationChange>,
    /// Tables of the lake that the project no longer declares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undeclared_tables: Vec<UndeclaredTable>,
}

/// One thing that would happen, or would not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    /// What.
    pub verb: Verb,
    /// To which dataset or table.
    pub subject: String,
    /// Why.
    pub because: String,
    /// Files that would be loaded.
    pub files: Vec<String>,
    /// Their bytes.
    pub bytes: u64,
    /// The purpose, of a table.
    pub purpose: Option<String>,
    /// What it reads, of a table.
    pub reads: Vec<String>,
    /// What a person should know of files that are not there, or not whole yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// What would happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Files would be loaded.
    Load,
    /// Customers would be recognised anew.
    Recognise,
    /// A table would be built.
    Build,
    /// Rows past their retention, columns that are no longer stored, or old versions of tables would be removed.
    Remove,
    /// It would stay as it is.
    Keep,
}

impl Action {
    fn new(verb: Verb, subject: &str, because: String) -> Self {
        Self {
            verb,
            subject: subject.to_owned(),
            because,
            files: Vec::new(),
            bytes: 0,
            purpose: None,
            reads: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

impl Plan {
    /// The changes that a run would refuse.
    pub fn refused(&self) -> impl Iterator<Item = &DeclarationChange> {
        self.declaration_changes.iter().filter(|change| match change.decision {
            Decision::Refused => true,
            Decision::Note | Decision::Warning => false,
        })
    }

    /// Whether a run would change nothing.
    pub fn is_empty(&self) -> bool {
        self.actions.iter().all(|a| a.verb == Verb::Keep)
    }
}

/// Plans a run over the files of some days, or of all. Reads the files' checksums and the lake's logs, and writes nothing.
///
/// # Errors
/// As [`crate::run`], save those of running.
pub async fn plan(
    open: &OpenProject,
    pipeline: Option<&str>,
    lake: Option<&str>,
    as_of: Option<DateTime<Utc>>,
    window: Option<Window>,
    now: DateTime<Utc>,
) -> Result<Plan, PipelineError> {
    let pipeline = open.pipeline(pipeline)?;
    let errors: Vec<_> = open.problems.iter().filter(|p| p.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(PipelineError::Project(errors));
    }
    let (models, problems) = compile(open, pipeline).await?;
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(PipelineError::Project(problems));
    }
    refuse_no_days(pipeline, window)?;
    let url = open.lake_url(lake)?;
    let lake = Lake::open(&url)?;
    lake.check_access().await?;
    let as_of = as_of.unwrap_or(now);
    // Plans are made where no key is, too.
    let keys = key_at_hand(&open.project.settings);
    let survey = Survey { lake: &lake, zone: open.zone(), keys: keys.as_ref() };
    let mut declaration_changes = Vec::new();
    let mut actions = Vec::new();
    let mut inputs = BTreeMap::new();
    let mut removals = Vec::new();
    for channel in &pipeline.channels {
        let name = &channel.dataset.value;
        if let Some(dataset) = open.project.dataset(name) {
            let published = lake.table(Zone::Conformed, name).await?;
            let due = DueRemoval::find(&lake, dataset, published.as_ref(), (as_of, now), open.zone()).await?;
            removals.extend((!due.is_empty()).then(|| Action::new(Verb::Remove, name, due.describe())));
        }
        if let (Some(database), Some(dataset)) = (&channel.database, open.project.dataset(name)) {
            let published = lake.table(Zone::Conformed, name).await?;
            declaration_changes.extend(survey.changes(dataset, published.as_ref()).await?);
            let read = database::look(dataset, database, &open.root, published.as_ref(), None).await?;
            actions.push(Action {
                verb: if read.has_news() { Verb::Load } else { Verb::Keep },
                subject: name.clone(),
                because: database::because(&read, published.is_some()).to_owned(),
                files: if read.has_news() { vec![read.name().to_owned()] } else { Vec::new() },
                bytes: 0,
                purpose: None,
                reads: Vec::new(),
                remarks: Vec::new(),
            });
            continue;
        }
        let may_be_empty = may_be_empty(&lake, pipeline, channel).await?;
        let Listing { files, origins } = listed(open, pipeline, channel, window, may_be_empty, now).await?;
        let published = lake.table(Zone::Conformed, name).await?;
        if let Some(dataset) = open.project.dataset(name) {
            declaration_changes.extend(survey.changes(dataset, published.as_ref()).await?);
        }
        inputs.extend(published.as_ref().map(|table| (name.clone(), table.version)));
        let known = block_in_place(|| new_files(files, published.as_ref()));
        let (new, known) = known.map_err(|error| explained(&origins, error))?;
        let (new, held) = match open.project.dataset(name) {
            Some(dataset) => {
                block_in_place(|| drift::hold_counted(dataset, new)).map_err(|error| explained(&origins, error))?
            }
            None => (new, Vec::new()),
        };
        let verb = if new.is_empty() { Verb::Keep } else { Verb::Load };
        let mut because = match (new.len() as u64, known.len()) {
            (0, known) => format!("{} already loaded", counted(known as u64, "file")),
            (new, 0) => format!("{} not loaded yet", counted(new, "file")),
            (new, known) => format!("{} not loaded yet, {known} already", counted(new, "file")),
        };
        if let Some(action) = pipeline.after_load(name) {
            because.push_str(&format!("; {}", describe_retirement(action)));
        }
        for (file, fields) in held {
            because.push_str(&format!("; {file} is held for review: {}", counted(fields as u64, "undeclared field")));
        }
        actions.push(Action {
            verb,
            subject: name.clone(),
            because,
            bytes: new.iter().map(|f| f.size).sum(),
            files: new.into_iter().map(|f| f.name).collect(),
            purpose: None,
            reads: Vec::new(),
            remarks: origins.remarks.iter().map(|r| format!("{}: {}", r.about, r.what)).collect(),
        });
    }
    actions.extend(removals);
    project_consent::refuse_undeclared_logs(&open.project, pipeline, &lake).await?;
    if let Some(rules) = &pipeline.identity {
        let people = People::new(&open.project, rules, &Judgement::current(as_of, now));
        for dataset in project_consent::of_other_pipelines(&open.project, pipeline, &people) {
            let table = project_consent::published(&open.project, pipeline, dataset, &lake).await?;
            declaration_changes.extend(survey.changes(dataset, table.as_ref()).await?);
            inputs.extend(table.map(|table| (dataset.name.value.clone(), table.version)));
        }
    }
    let reason = reason(open, &lake, &pipeline.name.value, &actions, &inputs, (as_of, now)).await?;
    let (verb, because) = match &reason {
        Some(reason) => (Verb::Build, reason.clone()),
        None => (Verb::Keep, "nothing changed since the last run".to_owned()),
    };
    if pipeline.identity.is_some() {
        actions.push(Action {
            verb: if reason.is_some() { Verb::Recognise } else { Verb::Keep },
            subject: table_names(&pipeline.name.value).0,
            because: because.clone(),
            files: Vec::new(),
            bytes: 0,
            purpose: None,
            reads: Vec::new(),
            remarks: Vec::new(),
        });
    }
    actions.extend(models.into_iter().map(|model| Action {
        verb,
        subject: model.model.name,
        because: because.clone(),
        files: Vec::new(),
        bytes: 0,
        purpose: Some(model.table.purpose.value),
        reads: model.reads,
        remarks: Vec::new(),
    }));
    let kept = vacuum::kept_versions(&open.project.settings, false, now);
    let old = vacuum::removed_versions(&lake.find_old_versions(&kept).await?, &kept);
    if !old.tables.is_empty() {
        let tables = counted(old.tables.len() as u64, "table");
        let because = format!("{tables} with versions that ended before {}", old.kept_since.format("%F %T UTC"));
        actions.push(Action { bytes: old.bytes(), ..Action::new(Verb::Remove, "old versions", because) });
    }
    let without_subject = WithoutSubject::of_pipeline(&open.project, pipeline);
    let undeclared_tables = find_undeclared_tables(open, &lake).await?;
    let pipeline = pipeline.name.value.clone();
    let lake = url.to_string();
    Ok(Plan { pipeline, lake, as_of, actions, without_subject, declaration_changes, undeclared_tables })
}

/// Why tables would be built anew, if they would.
async fn reason(
    open: &OpenProject,
    lake: &Lake,
    pipeline: &str,
    loads: &[Action],
    inputs: &BTreeMap<String, i64>,
    (as_of, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<String>, PipelineError> {
    let of = |verb: Verb| loads.iter().filter(|a| a.verb == verb).map(|a| a.subject.as_str()).collect::<Vec<_>>();
    let (new, removed) = (of(Verb::Load), of(Verb::Remove));
    if !new.is_empty() {
        return Ok(Some(format!("new files in {}", new.join(", "))));
    }
    if !removed.is_empty() {
        return Ok(Some(format!("rows or columns are removed from {}", removed.join(", "))));
    }
    let last = lake
        .runs(200)
        .await?
        .into_iter()
        .filter_map(|r| serde_json::from_value::<RunRecord>(r.record).ok())
        .filter(|r| r.pipeline == pipeline && r.outcome == Outcome::Published)
        .max_by_key(|r| r.started);
    Ok(match last {
        None => Some("never built".to_owned()),
        Some(last) if last.dictionary != open.fingerprint => Some("the project's files changed".to_owned()),
        Some(last) if last.version != env!("CARGO_PKG_VERSION") => Some("Lakewarden itself changed".to_owned()),
        Some(last) if last.consent != ConsentKnown::Now => Some("the last run was a replay".to_owned()),
        Some(last) if last.as_of != as_of => Some(instead(as_of, last.as_of)),
        Some(last) if !Judgement::is_same_day(&last, now, open.zone()) => {
            Some("people are judged as of a new day".to_owned())
        }
        Some(last) if last.inputs != *inputs => {
            let changed: Vec<&str> =
                inputs.iter().filter(|(name, v)| last.inputs.get(*name) != Some(v)).map(|(n, _)| n.as_str()).collect();
            Some(format!("{} changed: records left its quarantine, or another pipeline loaded it", changed.join(", ")))
        }
        Some(_) => None,
    })
}

/// Two instants that differ, down to what they differ in.
fn instead(as_of: DateTime<Utc>, last: DateTime<Utc>) -> String {
    let format = if as_of.timestamp() == last.timestamp() { "%F %T%.6f" } else { "%F %T" };
    format!("as of {} instead of {}", as_of.format(format), last.format(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_one_second_are_told_apart() {
        let at = |micros: i64| DateTime::from_timestamp_micros(1_700_000_000_000_000 + micros).expect("an instant");
        assert_eq!(instead(at(2_000_000), at(0)), "as of 2023-11-14 22:13:22 instead of 2023-11-14 22:13:20");
        assert_eq!(instead(at(2), at(0)), "as of 2023-11-14 22:13:20.000002 instead of 2023-11-14 22:13:20.000000");
    }
}
