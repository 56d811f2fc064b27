//! What only shows when entries are held against each other: one file a check.

mod absence_keys;
mod after_load;
mod ambiguous_region;
mod anomaly_column;
mod anomaly_purposes;
mod anomaly_table;
mod anonymity_column;
mod anonymity_incomplete;
mod anonymity_role;
mod by_field;
mod by_field_spelling;
mod category_missing;
mod category_unknown;
mod channel_dataset;
mod complete_when;
mod complete_when_dataset;
mod consent_log;
mod consent_without_subject;
mod coordinates;
mod corrections_of_first;
mod database_address;
mod database_incremental;
mod database_key;
mod database_password;
mod database_split;
mod direct_kept;
mod direct_published;
mod domain_spelling;
mod duplicate_column;
mod duplicate_name;
mod event_time;
mod event_time_type;
mod few_subjects;
mod file_pattern;
mod fill;
mod format_keys;
mod format_limits;
mod format_signs;
mod grain;
mod history_columns;
mod ignored_field;
mod json_treatment;
mod jurisdiction;
mod keep_apart;
mod kept_identifier_form;
mod key_column;
mod key_file;
mod link_on;
mod log_key;
mod log_map;
mod log_without_pipeline;
mod model_without_table;
mod name_and_file;
mod no_consent_log;
mod noise_bound;
mod noise_budget;
mod noise_column;
mod noise_with;
mod number_format;
mod phone_region;
mod proposed;
mod pseudonym_without_subject;
mod purpose;
mod purpose_cycle;
mod purposes_missing;
mod quarantine_retention;
mod reference;
mod reference_circle;
mod renamed_log;
mod replay_purpose;
mod retention_event_time;
mod rule_name;
mod rule_on_statements;
mod rule_type;
mod rule_unique;
mod set_null;
mod since;
mod since_required;
mod snapshot_with_key;
mod statement_repeats;
mod statistical_period;
mod subject;
mod subject_linked;
mod subject_missing;
mod subject_reason;
mod subject_unlinked;
mod suppression_list;
mod survivor_column;
mod survivor_without_key;
mod swapped_days;
mod table_without_model;
mod threshold_column;
mod time_zone;
mod treatment_type;
mod unfit_name;
mod unreadable_subject;
mod value_keys;
mod value_words;

use crate::diagnostic::{Problem, Span, Spanned};
use crate::docs::DiagnosticDoc;
use crate::files::{FileKind, Place};
use crate::load::Unread;
use crate::model::Project;
use crate::spec::Findings;

/// A check and its page.
pub(crate) struct Check {
    /// Its page.
    pub doc: DiagnosticDoc,
    /// Adds what it finds.
    pub run: fn(&Context<'_>, &mut Vec<Problem>),
}

/// All checks, by code.
const CHECKS: &[Check] = &[
    name_and_file::CHECK,
    duplicate_name::CHECK,
    duplicate_column::CHECK,
    unfit_name::CHECK,
    key_column::CHECK,
    event_time::CHECK,
    time_zone::CHECK,
    purpose::CHECK,
    jurisdiction::CHECK,
    by_field::CHECK,
    grain::CHECK,
    subject::CHECK,
    link_on::CHECK,
    channel_dataset::CHECK,
    direct_kept::CHECK,
    direct_published::CHECK,
    category_unknown::CHECK,
    category_missing::CHECK,
    purposes_missing::CHECK,
    treatment_type::CHECK,
    json_treatment::CHECK,
    swapped_days::CHECK,
    rule_type::CHECK,
    key_file::CHECK,
    purpose_cycle::CHECK,
    statistical_period::CHECK,
    table_without_model::CHECK,
    model_without_table::CHECK,
    consent_log::CHECK,
    event_time_type::CHECK,
    retention_event_time::CHECK,
    suppression_list::CHECK,
    unreadable_subject::CHECK,
    anonymity_column::CHECK,
    anonymity_incomplete::CHECK,
    anonymity_role::CHECK,
    keep_apart::CHECK,
    noise_column::CHECK,
    noise_bound::CHECK,
    noise_with::CHECK,
    format_keys::CHECK,
    format_signs::CHECK,
    format_limits::CHECK,
    file_pattern::CHECK,
    complete_when_dataset::CHECK,
    complete_when::CHECK,
    database_password::CHECK,
    database_address::CHECK,
    database_key::CHECK,
    database_incremental::CHECK,
    database_split::CHECK,
    number_format::CHECK,
    phone_region::CHECK,
    value_words::CHECK,
    coordinates::CHECK,
    value_keys::CHECK,
    reference::CHECK,
    reference_circle::CHECK,
    rule_unique::CHECK,
    rule_on_statements::CHECK,
    rule_name::CHECK,
    threshold_column::CHECK,
    anomaly_column::CHECK,
    anomaly_table::CHECK,
    survivor_without_key::CHECK,
    survivor_column::CHECK,
    corrections_of_first::CHECK,
    statement_repeats::CHECK,
    history_columns::CHECK,
    quarantine_retention::CHECK,
    proposed::CHECK,
    ignored_field::CHECK,
    subject_missing::CHECK,
    subject_reason::CHECK,
    subject_linked::CHECK,
    consent_without_subject::CHECK,
    subject_unlinked::CHECK,
    anomaly_purposes::CHECK,
    snapshot_with_key::CHECK,
    after_load::CHECK,
    set_null::CHECK,
    absence_keys::CHECK,
    fill::CHECK,
    few_subjects::CHECK,
    pseudonym_without_subject::CHECK,
    domain_spelling::CHECK,
    by_field_spelling::CHECK,
    log_without_pipeline::CHECK,
    ambiguous_region::CHECK,
    replay_purpose::CHECK,
    since::CHECK,
    since_required::CHECK,
    renamed_log::CHECK,
    log_key::CHECK,
    log_map::CHECK,
    noise_budget::CHECK,
    no_consent_log::CHECK,
    kept_identifier_form::CHECK,
];

/// What checks look at.
pub(crate) struct Context<'a> {
    /// The project as far as it was understood.
    pub project: &'a Project,
    /// What is there but could not be read.
    pub unread: &'a Unread,
    found: &'a Findings,
}

impl<'a> Context<'a> {
    /// `found` is what the files showed by themselves.
    pub fn new(project: &'a Project, unread: &'a Unread, found: &'a Findings) -> Self {
        Self { project, unread, found }
    }

    /// Whether one of the keys in the object at `span` could not be understood, so that what was made of it is
    /// a guess, and nothing should be said about it.
    pub fn is_broken(&self, span: &Span, keys: &[&'static str]) -> bool {
        keys.iter().any(|key| self.found.is_broken(span, key))
    }

    /// Whether the entry of a pipeline is there but could not be read.
    pub fn has_unread_pipeline(&self) -> bool {
        self.unread.entries.iter().any(|(kind, _)| *kind == FileKind::Pipeline)
    }

    /// Whether an entry is there but could not be read.
    pub fn is_unread(&self, kind: FileKind, name: &str) -> bool {
        self.unread.entries.contains(&(kind, name.to_owned()))
    }
}

/// Whether an entry goes by `name`: by what it says, or by what its path says. Where the two differ, that is
/// [`name_and_file`]'s to tell, and no other check should tell it again.
fn goes_by(entry: &Spanned<String>, name: &str) -> bool {
    let path = &entry.span.path;
    // Every model is held against every table: taking each path apart would take long.
    entry.value == name || path.contains(name) && matches!(Place::of(path), Place::Entry(_, of_path) if of_path == name)
}

/// Runs all checks.
pub(crate) fn run(context: &Context<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for check in CHECKS {
        (check.run)(context, &mut problems);
    }
    problems
}

/// The pages of all checks.
pub(crate) fn docs() -> impl Iterator<Item = DiagnosticDoc> {
    CHECKS.iter().map(|check| check.doc)
}
