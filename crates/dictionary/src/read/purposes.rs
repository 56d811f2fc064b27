//! `schemas/purposes.yaml`.

use super::{Fields, spanned_key};
use crate::model::{ConsentDefault, Jurisdiction, Purpose, Purposes};
use crate::spec::{JURISDICTION, PURPOSE};

/// Reads the purposes, parents before children.
pub(crate) fn purposes(fields: &Fields<'_>) -> Purposes {
    let purposes = fields
        .entries("purposes")
        .iter()
        .map(|entry| {
            let purpose = Fields::new(&PURPOSE, &entry.value);
            Purpose {
                name: spanned_key(entry),
                label: purpose.label(),
                meaning: purpose.text("meaning"),
                parent: purpose.spanned("parent"),
                data_use: purpose.optional_text("data_use"),
                aliases: purpose.texts("aliases"),
                span: purpose.span(),
            }
        })
        .collect();
    let jurisdictions = fields
        .entries("jurisdictions")
        .iter()
        .map(|entry| {
            let jurisdiction = Fields::new(&JURISDICTION, &entry.value);
            Jurisdiction {
                code: spanned_key(entry),
                label: jurisdiction.label(),
                regulation: jurisdiction.text("regulation"),
                default: jurisdiction.word("default").unwrap_or(ConsentDefault::OptIn),
            }
        })
        .collect();
    Purposes { purposes: parents_first(purposes), jurisdictions }
}

/// Puts every purpose after the one it is part of, else as declared. Those in a cycle come last.
fn parents_first(mut waiting: Vec<Purpose>) -> Vec<Purpose> {
    let mut placed: Vec<Purpose> = Vec::with_capacity(waiting.len());
    loop {
        let known = |name: &str| waiting.iter().any(|p| p.name.value == name);
        let ready = waiting.iter().position(|p| p.parent.as_ref().is_none_or(|parent| !known(&parent.value)));
        match ready {
            Some(index) => placed.push(waiting.remove(index)),
            None => break,
        }
    }
    placed.extend(waiting);
    placed
}

#[cfg(test)]
mod tests {
    use crate::testing::load_with;

    #[test]
    fn parents_come_before_children() {
        let loaded = load_with(
            "schemas/purposes.yaml",
            "purposes:\n",
            "purposes:\n  sms: { label: { zh: 短信, en: SMS }, meaning: Text messages., parent: marketing }\n",
        );
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        let names: Vec<&str> = loaded.project.purposes.purposes.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["analytics", "marketing", "sms"]);
        assert_eq!(loaded.project.purposes.ancestry("sms"), ["sms", "marketing"]);
    }
}
