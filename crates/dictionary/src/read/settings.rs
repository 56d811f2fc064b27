//! `lakewarden.yaml`.

use super::{Fields, spanned};
use crate::model::Names;
use crate::model::{DeclaredConsentLog, KeyProvider, KeySource, Settings};
use crate::spec::KEY_SOURCE;
use crate::terms::byte_size;
use crate::yaml::{Node, Value};

/// Of how many people an aggregate speaks at least, if the project does not say.
const MINIMUM_SUBJECTS: u32 = 5;

/// Reads the settings.
pub(crate) fn settings(fields: &Fields<'_>) -> Settings {
    Settings {
        project: fields.text("project"),
        lake: fields.spanned("lake"),
        key: fields.object("key", &KEY_SOURCE).and_then(|key| key_source(&key)),
        jurisdiction: fields.spanned("jurisdiction"),
        time_zone: fields.spanned("time_zone"),
        replay_purposes: fields.names("replay_purposes"),
        no_consent_log: fields.spanned_word::<DeclaredConsentLog>("consent_log").map(|declared| declared.span),
        consent_log_reason: fields.spanned("consent_log_reason"),
        keep_apart: fields.items("keep_apart").iter().map(group).collect(),
        minimum_subjects: fields.parsed("minimum_subjects").map_or(MINIMUM_SUBJECTS, |v| v.value),
        declared_minimum_subjects: fields.parsed("minimum_subjects"),
        quarantine_retention: fields.parsed("quarantine_retention"),
        history: fields.parsed("history"),
        memory_budget: fields.optional_text("memory_budget").and_then(|text| byte_size(&text).ok()),
    }
}

fn group(node: &Node) -> Names {
    match &node.value {
        Value::List(items) => items.iter().filter_map(spanned).collect(),
        _ => Vec::new(),
    }
}

fn key_source(fields: &Fields<'_>) -> Option<KeySource> {
    let command = fields.texts("command");
    let provider = if let Some(variable) = fields.optional_text("environment") {
        KeyProvider::Environment(variable)
    } else if let Some(path) = fields.optional_text("file") {
        KeyProvider::File(path)
    } else if !command.is_empty() {
        KeyProvider::Command(command)
    } else {
        return None;
    };
    let version = fields.parsed("version").map_or(1, |v| v.value);
    Some(KeySource { provider, version, span: fields.head() })
}
