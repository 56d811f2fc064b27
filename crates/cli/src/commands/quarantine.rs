//! `lakewarden quarantine`.

use crate::args::{QuarantineCommand, Which};
use crate::commands::run::owner;
use crate::commands::{as_of, instant_of, now, open, random};
use crate::failure::Failure;
use crate::output::{Output, counted, grouped, local};
use crate::who::who;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_lake::Lake;
use lakewarden_pipeline::quarantine::{
    Discarded, Entry, Fields, Handling, Listing, Released, Reveal, Selection, Shown, discard, list, release, show,
};
use lakewarden_pipeline::record::Quarantined;
use lakewarden_pipeline::{OpenProject, PipelineError, key_ring};
use std::path::Path;
use std::process::ExitCode;

/// What stands for the record as a whole where a field is named.
const WHOLE: &str = "record";

/// Carries out what is asked of quarantine.
pub async fn quarantine(root: &Path, command: &QuarantineCommand, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    match command {
        QuarantineCommand::List { which, limit } => {
            let selection = selection(which, &open)?;
            let listing = list(&open, which.lake.as_deref(), &selection, *limit).await.map_err(Failure::of(&open))?;
            output.json(&listing);
            output.text(listed(&listing, selection.is_everything(), now()));
        }
        QuarantineCommand::Show { ids, reveal, reason, fields, lake } => {
            let records = shown(&open, ids, *reveal, reason.as_deref(), fields, lake.as_deref()).await?;
            output.json(&records);
            let at = now();
            records.iter().for_each(|record| output.text(text(record, at, open.zone())));
        }
        QuarantineCommand::Release { which, dry_run, as_of: at, take_over } => {
            let selection = selection(which, &open)?;
            let at = as_of(at.as_deref(), &open)?;
            let keys = key_ring(&open.project.settings).map_err(Failure::of(&open))?;
            let lake = lake(&open, which.lake.as_deref())?;
            let owner = owner();
            let handling = handling(&owner, *take_over)?;
            let released =
                release(&open, lake, &keys, &selection, at, *dry_run, &handling).await.map_err(Failure::of(&open))?;
            output.json(&released);
            told(&released, output);
        }
        QuarantineCommand::Discard { which, reason, all, take_over } => {
            let selection = selection(which, &open)?;
            if selection.is_everything() && !all {
                return Err(Failure::Usage {
                    message: "nothing says which records to discard".to_owned(),
                    hint: "name a dataset, ids or a filter, such as --rule phone; or all of them: --all".to_owned(),
                });
            }
            let lake = lake(&open, which.lake.as_deref())?;
            let owner = owner();
            let handling = handling(&owner, *take_over)?;
            let gone = discard(&open, lake, &selection, reason, &handling).await.map_err(Failure::of(&open))?;
            output.json(&gone);
            removed(&gone, output);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn selection(which: &Which, open: &OpenProject) -> Result<Selection, Failure> {
    Ok(Selection {
        rule: which.rule.clone(),
        field: which.field.clone(),
        file: which.file.clone(),
        run: which.run.clone(),
        since: instant_of("since", which.since.as_deref(), open)?,
        ..Selection::default()
    }
    .of(&which.of))
}

fn lake(open: &OpenProject, instead: Option<&str>) -> Result<Lake, Failure> {
    let url = open.lake_url(instead).map_err(Failure::of(open))?;
    Lake::open(&url).map_err(|error| Failure::Pipeline(PipelineError::from(error)))
}

fn handling(owner: &str, take_over: bool) -> Result<Handling<'_>, Failure> {
    Ok(Handling {
        clock: &now,
        id: uuid::Builder::from_random_bytes(random()?).into_uuid(),
        seed: u64::from_le_bytes(random()?),
        owner,
        who: who(),
        take_over,
    })
}

async fn shown(
    open: &OpenProject,
    ids: &[String],
    reveal: bool,
    why: Option<&str>,
    fields: &[String],
    lake: Option<&str>,
) -> Result<Vec<Shown>, Failure> {
    let selection = Selection::default().of(ids);
    if let Some(word) = selection.datasets.first() {
        return Err(Failure::Usage {
            message: format!("{word:?} is no record's id"),
            hint: "ids are DATASET/ and 16 digits and letters; lakewarden quarantine list names them".to_owned(),
        });
    }
    let why = why.filter(|why| reveal && !why.trim().is_empty());
    if why.is_none() {
        if reveal {
            return Err(Failure::Usage {
                message: "--reason says nothing".to_owned(),
                hint: "--reason 'ticket 4711: why does this shop's till write two dates'".to_owned(),
            });
        }
        return show(open, lake, &selection.ids, None).await.map_err(Failure::of(open));
    }
    let keys = key_ring(&open.project.settings).map_err(Failure::of(open))?;
    let fields = match fields {
        [] => Fields::Harmless,
        named if named.iter().any(|name| name == "all") => Fields::All,
        named => Fields::Named(named.iter().cloned().collect()),
    };
    let who = who();
    let reveal = Reveal { keys: &keys, fields, why: why.unwrap_or_default(), who: &who, at: now() };
    show(open, lake, &selection.ids, Some(&reveal)).await.map_err(Failure::of(open))
}

fn field(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or(WHOLE)
}

fn listed(listing: &Listing, everything: bool, now: DateTime<Utc>) -> String {
    if listing.records == 0 {
        return if everything { "nothing in quarantine" } else { "nothing of that in quarantine" }.to_owned();
    }
    let mut lines = Vec::new();
    for reason in &listing.reasons {
        lines.push(format!(
            "{:<22} {} {}: {}, oldest {}, {}",
            reason.dataset,
            field(&reason.field),
            reason.rule,
            counted(reason.records, "record"),
            age(reason.oldest, now),
            reason.file
        ));
    }
    if !listing.entries.is_empty() {
        lines.push(String::new());
    }
    lines.extend(listing.entries.iter().map(line));
    let more = listing.records - listing.entries.len() as u64;
    if more > 0 {
        lines.push(format!("… and {} more; --limit N names more", grouped(more)));
    }
    lines.push(format!("{} in quarantine, sealed", counted(listing.records, "record")));
    lines.join("\n")
}

/// One record in one line.
fn line(entry: &Entry) -> String {
    format!("{}  {} {}  row {} of {}", entry.id, field(&entry.field), entry.rule, entry.row, entry.file)
}

fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match u64::try_from((now - since).num_days()) {
        Ok(days) if days > 0 => format!("{} ago", counted(days, "day")),
        _ => "today".to_owned(),
    }
}

fn text(record: &Shown, now: DateTime<Utc>, zone: Tz) -> String {
    let entry = &record.entry;
    let mut lines = vec![
        entry.id.clone(),
        format!("  stood       row {} of {}", entry.row, entry.file),
        format!("  SHA-256     {}", record.sha256.as_deref().unwrap_or("not known")),
        format!("  broke       {} {}: {}", field(&entry.field), entry.rule, entry.reason),
        format!(
            "  quarantined {} ({}), by run {}, key version {}",
            local(entry.quarantined_at, zone),
            age(entry.quarantined_at, now),
            entry.run.as_deref().unwrap_or("not known"),
            entry.key_version
        ),
    ];
    for cell in record.content.iter().flatten() {
        let text = cell.text.as_deref().map_or_else(|| "(empty)".to_owned(), |text| format!("{text:?}"));
        lines.push(format!("  {} = {text}{}", cell.field, if cell.masked { "  (form only)" } else { "" }));
    }
    lines.join("\n")
}

fn reasons(reasons: &[Quarantined]) -> String {
    let parts: Vec<String> =
        reasons.iter().map(|q| format!("{} {} {}", field(&q.field), q.rule, grouped(q.rows))).collect();
    parts.join(", ")
}

fn told(released: &Released, output: &Output) {
    if released.datasets.is_empty() {
        output.text("nothing of that in quarantine");
        return;
    }
    for set in &released.datasets {
        let mut text = format!(
            "{:<22} read again {} = written {} + duplicates {} + key conflicts {} + outside retention {} + quarantined {}",
            set.dataset,
            grouped(set.selected),
            grouped(set.written),
            grouped(set.duplicates),
            grouped(set.key_conflicts),
            grouped(set.outside_retention),
            grouped(set.stays() + set.shut),
        );
        if !set.quarantined.is_empty() {
            text.push_str(&format!(" ({})", reasons(&set.quarantined)));
        }
        output.text(text);
        if let Some(first) = &set.first_shut {
            output.say(format!(
                "warning[LW6038]: {} of {} cannot be opened with this key and stay, the first is {first}",
                counted(set.shut, "record"),
                set.dataset
            ));
        }
    }
    let left: u64 = released.datasets.iter().map(|d| d.left()).sum();
    let left = counted(left, "record");
    output.say(match released.dry_run {
        true => format!("{left} would leave quarantine; nothing was changed"),
        false if left.starts_with("0 ") => "no record passes; nothing left quarantine".to_owned(),
        false => format!("{left} left quarantine; the next run builds its tables from them: lakewarden run"),
    });
}

fn removed(gone: &Discarded, output: &Output) {
    if gone.datasets.is_empty() {
        output.text("nothing of that in quarantine");
        return;
    }
    for set in &gone.datasets {
        output.text(format!(
            "{:<22} discarded {} ({}), {} stay",
            set.dataset,
            counted(set.records(), "record"),
            reasons(&set.discarded),
            grouped(set.stay)
        ));
    }
    output.say("their files are deleted; a bucket that keeps versions of objects keeps them until its lifecycle rules end them");
}
