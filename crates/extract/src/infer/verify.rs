//! A proposal, tried on the data: the reader that will load the file reads it by the proposed entry and stores nothing.

use super::answer::Answer;
use super::propose::{KEY_IN_PART, Proposal, ProposedField};
use super::types::NEARLY_ALL;
use super::{BATCH_ROWS, InferOptions};
use crate::account::FileAccount;
use crate::convert::RuleInputs;
use crate::error::ExtractError;
use crate::keys::KeySet;
use crate::run::{Discard, ExtractContext, extract};
use crate::source::SourceFile;
use crate::spilling::KeyRoom;
use crate::unread::UnreadLog;
use lakewarden_dictionary::{Dataset, Fill, SourceFile as Entry, Spanned, load};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::sync::Arc;

/// How often a proposal that would lose records is changed and tried again.
const TRIES: usize = 3;
/// Threads that convert records.
const WORKERS: usize = 2;
/// Bytes of memory for the keys of rows; beyond, they go into a temporary file, as in a run.
const KEY_MEMORY: u64 = 256 << 20;

/// Tries a proposal, changes what would lose records, and notes what still would.
///
/// # Errors
/// [`ExtractError`], if the file cannot be read by it.
pub(super) fn verify(proposal: &mut Proposal, file: &SourceFile, options: &InferOptions) -> Result<(), ExtractError> {
    let mut account = try_on(proposal, file, options)?;
    for _ in 1..TRIES {
        if !adjust(proposal, &account) {
            break;
        }
        account = try_on(proposal, file, options)?;
    }
    report(proposal, &account);
    Ok(())
}

/// Reads the file by the proposed entry.
fn try_on(proposal: &Proposal, file: &SourceFile, options: &InferOptions) -> Result<FileAccount, ExtractError> {
    let bug = || ExtractError::Internal { file: file.name.clone(), doing: "trying the proposed entry" };
    let mut dataset = dataset(proposal).ok_or_else(bug)?;
    // Whether rows that name no person belong to the row above is a question of its own.
    let asked = proposal.fields.iter().any(|field| field.fill.is_some());
    if asked && let Some(field) = dataset.fields.iter_mut().find(|f| proposal.is_pseudonym(&f.column.value)) {
        field.values.absence.fill = Some(Spanned { value: Fill::None, span: field.span.clone() });
    }
    // Nothing is stored: no token leaves this function.
    let keys = KeyRing::new(MasterKey::from_bytes(options.key), 1);
    let rules = RuleInputs::default();
    let context = ExtractContext {
        dataset: &dataset,
        zone: chrono_tz::UTC,
        keys: &keys,
        as_of: options.now,
        now: options.now,
        seed: 0,
        batch_rows: BATCH_ROWS,
        rules: &rules,
        workers: WORKERS,
    };
    let room = KeyRoom::of(KEY_MEMORY, keys.blinding("proposed keys", 0));
    let (mut seen, mut unread) = (KeySet::within(&room, 0), UnreadLog::default());
    let accounts = extract(&context, std::slice::from_ref(file), &mut seen, &mut unread, &mut Discard, &|_| {})?;
    accounts.into_iter().next().ok_or_else(bug)
}

/// The dataset that the entry declares, with what is assumed instead of placeholders.
fn dataset(proposal: &Proposal) -> Option<Dataset> {
    let path: Arc<str> = format!("schemas/channels/{}.yaml", proposal.dataset).into();
    let loaded = load(&[Entry { path, text: proposal.to_assumed_yaml().into() }]);
    loaded.project.dataset(&proposal.dataset).cloned()
}

/// Changes what lost records; `false` if nothing more can be.
fn adjust(proposal: &mut Proposal, account: &FileAccount) -> bool {
    let mut changed = false;
    if account.key_conflicts > 0 && !proposal.key.is_empty() {
        let key = proposal.key.join(", ");
        proposal.notes.push(format!(
            "no key: {} records have the same [{key}] as another, once their values are normalised",
            account.key_conflicts
        ));
        proposal.key.clear();
        changed = true;
    }
    for (reason, records) in &account.quarantined {
        let Some(name) = &reason.field else { continue };
        let key = proposal.key.clone();
        let Some(field) = proposal.fields.iter_mut().find(|field| field.name == *name) else { continue };
        changed |= match reason.rule.as_ref() {
            "fill" => ask_for_fill(proposal, name, *records),
            "required" if field.required => {
                field.required = false;
                true
            }
            "multiline" if !field.multiline => {
                field.multiline = true;
                true
            }
            "phone" | "email" | "identifier" | "integer_identifier" | "domain"
                if field.is_pseudonym() && !field.on_invalid_null && !key.contains(&field.column) =>
            {
                field.on_invalid_null = true;
                field.required = false;
                field.notes.push(format!(
                    "{records} values are not of its form: they become null and are counted, and their records stay"
                ));
                true
            }
            "type" | "number_format" => widen(field, *records, account.read),
            _ => false,
        };
    }
    changed
}

/// Where an empty identifier comes from cannot be seen from the data.
fn ask_for_fill(proposal: &mut Proposal, name: &str, records: u64) -> bool {
    let within = proposal.key.iter().take(proposal.key.len().saturating_sub(1).max(1)).cloned().collect::<Vec<_>>();
    let Some(field) = proposal.fields.iter_mut().find(|field| field.name == name) else { return false };
    if field.fill.is_some() {
        return false;
    }
    let down = match within.as_slice() {
        [] => "down within the number of the order".to_owned(),
        key => format!("down within {}", key.join(", ")),
    };
    let question =
        format!("{down} if only the first line of an order names the person; none if each line stands alone");
    field.fill = Some(Answer { assumed: String::new(), ..Answer::open("none", &question) });
    field.notes.push(format!("{records} records name no person, though another record of the same order does"));
    true
}

/// A type that too many values do not have is too narrow.
fn widen(field: &mut ProposedField, records: u64, of: u64) -> bool {
    // Of a handful of values one may be spoiled.
    if field.data_type == "string" || records <= 1 || records as f64 <= (1.0 - NEARLY_ALL) * of as f64 {
        return false;
    }
    field.notes.push(format!("values that are not {}: {records}", field.data_type));
    field.data_type = "string".to_owned();
    (field.time_format, field.number_format, field.unit) = (None, None, None);
    if field.treatment == "keep" {
        // It may be anything: it is left out until somebody knows.
        field.treatment = "drop".to_owned();
        field.identifier = lakewarden_dictionary::IdentifierClass::Quasi;
    }
    true
}

/// Says what a load by the entry would bring.
fn report(proposal: &mut Proposal, account: &FileAccount) {
    // The reader has compared all keys.
    proposal.notes.retain(|note| !note.starts_with(KEY_IN_PART));
    let counts = [
        (account.quarantined_total(), "would go to quarantine"),
        (account.duplicates, "are there twice"),
        (account.key_conflicts, "have the key of another"),
    ];
    let lost: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let lost = if lost.is_empty() { "none is lost".to_owned() } else { lost.join(", ") };
    proposal.notes.insert(
        0,
        format!("tried on the file: of {} records {} would be loaded, {lost}", account.read, account.written),
    );
    for (reason, records) in &account.quarantined {
        let rule = &reason.rule;
        match reason.field.as_ref().and_then(|name| proposal.fields.iter_mut().find(|field| field.name == *name)) {
            Some(field) => field.notes.push(format!("{records} records would go to quarantine (rule `{rule}`)")),
            None => proposal
                .notes
                .push(format!("{records} records do not parse (rule `{rule}`) and would go to quarantine")),
        }
    }
}

impl Proposal {
    fn is_pseudonym(&self, column: &str) -> bool {
        self.fields.iter().any(|field| field.column == column && field.is_pseudonym())
    }
}
