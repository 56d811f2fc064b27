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
                valid_for: purpose.parsed("valid_for"),
                min_notice: purpose.parsed("min_notice"),
                opt_out_signal: purpose.boolean("opt_out_signal"),
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
                guardian_below: jurisdiction.parsed("guardian_below").map(|age| age.value),
                opt_in_below: jurisdiction.parsed("opt_in_below").map(|age| age.value),
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
    #![allow(clippy::unwrap_used)]
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

    #[test]
    fn what_consent_must_be_is_read() {
        let loaded = load_with(
            "schemas/purposes.yaml",
            "    aliases: [营销]\n",
            "    valid_for: P24M\n    min_notice: v2.1\n    opt_out_signal: true\n",
        );
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        let marketing = loaded.project.purposes.find("marketing").unwrap();
        assert_eq!(marketing.valid_for.as_ref().unwrap().value.months, 24);
        assert_eq!(marketing.min_notice.as_ref().unwrap().value.0, [2, 1, 0, 0]);
        assert!(marketing.opt_out_signal);
        assert!(!loaded.project.purposes.find("analytics").unwrap().opt_out_signal);
    }

    #[test]
    fn ages_are_read() {
        let ages = "    default: opt_in\n    guardian_below: 14\n    opt_in_below: 16\n";
        let loaded = load_with("schemas/purposes.yaml", "    default: opt_in\n", ages);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        let law = &loaded.project.purposes.jurisdictions[0];
        assert_eq!((law.guardian_below, law.opt_in_below), (Some(14), Some(16)));
        let broken =
            load_with("schemas/purposes.yaml", "    default: opt_in\n", "    default: opt_in\n    guardian_below: 0\n");
        assert!(broken.has_errors());
    }
}
