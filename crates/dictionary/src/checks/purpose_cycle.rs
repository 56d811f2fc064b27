//! Purposes that are part of themselves.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::quoted;
use std::collections::BTreeSet;

const CODE: &str = "LW1128";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "purposes in a cycle",
        what: "A purpose is, over its parents, part of itself.",
        why: "A withdrawal at a parent holds for its children. In a cycle nobody can say which is which.",
        mend: "Remove one `parent` of the cycle.",
        example: Example::Edit {
            path: "schemas/purposes.yaml",
            good: "    aliases: [营销]\n",
            bad: "    parent: marketing\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let purposes = &context.project.purposes;
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for purpose in &purposes.purposes {
        let Some(parent) = &purpose.parent else {
            continue;
        };
        // In a cycle a purpose is among its parent's ancestors.
        let way = purposes.ancestry(parent);
        let name = purpose.name.as_str();
        let Some(end) = way.iter().position(|step| *step == name) else {
            continue;
        };
        if told.contains(name) {
            continue;
        }
        told.extend(&way[..=end]);
        let steps = std::iter::once(name).chain(way[..=end].iter().copied());
        let message = format!("the purpose `{name}` is part of itself: {}", quoted(steps).replace(", ", " → "));
        problems.push(Problem::error(CODE, parent.span.clone(), message).hint("remove one `parent` of the cycle"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn cycles_are_told_once() {
        assert_eq!(
            after("schemas/purposes.yaml", "    aliases: [营销]\n", "    parent: marketing\n"),
            [
                "schemas/purposes.yaml:10:13 LW1128 the purpose `marketing` is part of itself: `marketing` → `marketing` (remove one `parent` of the cycle)"
            ]
        );
        let more =
            "    parent: sms\n  sms: { label: { zh: 短信, en: SMS }, meaning: Text messages., parent: marketing }\n";
        assert_eq!(
            after("schemas/purposes.yaml", "    aliases: [营销]\n", more),
            [
                "schemas/purposes.yaml:10:13 LW1128 the purpose `marketing` is part of itself: `marketing` → `sms` → `marketing` (remove one `parent` of the cycle)"
            ]
        );
    }
}
