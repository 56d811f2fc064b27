//! A field that is demanded from a day on, in rows that do not say which day they are from.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1241";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`required` and `since` without an event time",
        what: "A field is `required` and declares `since`, and its dataset has no `event_time`.",
        why: "`required` applies to rows from that day on. Without an event time no row says which day it is from: either older rows could not be kept, or newer ones could lack the field.",
        mend: "Declare the dataset's `event_time`, or remove `since` or the rule.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "    rules: [required]\n",
            bad: "    rules: [required]\n  - name: district\n    label: { zh: 区, en: District }\n    meaning: District that the store is in.\n    type: string\n    identifier: none\n    treatment: keep\n    rules: [required]\n    since: 2026-03-01\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.event_time.is_none()) {
        let is_sound = |field: &&crate::model::Field| !context.is_broken(&field.span, &["rules", "since"]);
        // A part of the key has no `since` at all.
        let in_key = |column: &str| dataset.key.iter().any(|part| part.value == column);
        let required = dataset.fields.iter().filter(|f| f.is_required() && !in_key(&f.column.value));
        for field in required.filter(is_sound) {
            let Some(since) = &field.since else { continue };
            let message = format!(
                "`{}` is required from {} on, and `{}` has no `event_time` that says which rows those are",
                field.column.value, since.value, dataset.name.value
            );
            let hint = "declare the dataset's `event_time`, or remove `since` or the rule `required`";
            problems.push(Problem::error(CODE, since.span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const STORES: &str = "schemas/channels/stores.yaml";
    const RULES: &str = "    rules: [required]\n";
    const DISTRICT: &str = "  - name: district\n    label: { zh: 区, en: District }\n    meaning: Where.\n    type: string\n    identifier: none\n    treatment: keep\n    since: 2026-03-01\n";

    #[test]
    fn rows_from_a_day_on_have_a_day() {
        let found = after(STORES, RULES, &format!("{RULES}{DISTRICT}{RULES}"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("LW1241 `district` is required from 2026-03-01 on, and `stores` has no"),
            "{found:?}"
        );
        assert_eq!(after(STORES, RULES, &format!("{RULES}{DISTRICT}")), [""; 0], "nothing is demanded of it");
        let opened =
            DISTRICT.replace("district", "opened").replace("string", "date").replace("    since: 2026-03-01\n", "");
        let timed = [
            (RULES, format!("{RULES}{opened}{DISTRICT}{RULES}")),
            ("key: store_code\n", "key: store_code\nevent_time: opened\n".to_owned()),
        ];
        let timed: Vec<(&str, &str)> = timed.iter().map(|(good, bad)| (*good, bad.as_str())).collect();
        assert_eq!(after_all(STORES, &timed), [""; 0]);
    }
}
