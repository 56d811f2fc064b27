//! A purpose that nobody declared.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::Spanned;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::nearest::hint_for;

const CODE: &str = "LW1113";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an unknown purpose",
        what: "A dataset, a field, a table or another purpose names a purpose that `schemas/purposes.yaml` does not declare. Aliases are for consent logs only.",
        why: "A purpose is what consent is asked for and what use is judged by; one that exists in a single file only governs nothing.",
        mend: "Name a declared purpose, or declare it.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "  analytics: consent",
            bad: "  analysis: consent",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    if context.is_unread(FileKind::Purposes, "purposes") {
        return;
    }
    let project = context.project;
    let mut named: Vec<&Spanned<String>> = Vec::new();
    for dataset in &project.datasets {
        named.extend(dataset.purposes.iter().map(|p| &p.purpose));
        named.extend(dataset.fields.iter().flat_map(|f| &f.purposes));
    }
    named.extend(project.tables.iter().map(|t| &t.purpose).filter(|p| !p.value.is_empty()));
    named.extend(project.purposes.purposes.iter().filter_map(|p| p.parent.as_ref()));
    problems.extend(named.into_iter().filter_map(|name| unknown(context, name)));
}

fn unknown(context: &Context<'_>, name: &Spanned<String>) -> Option<Problem> {
    let purposes = &context.project.purposes;
    let meant = purposes.find(name);
    if meant.is_some_and(|p| p.name.value == name.value) {
        return None;
    }
    let known = purposes.purposes.iter().map(|p| p.name.as_str());
    let hint = match meant {
        Some(purpose) => format!("that is an alias, for consent logs only; write `{}`", purpose.name.value),
        None => hint_for(name, known, "declare it in schemas/purposes.yaml"),
    };
    Some(Problem::error(CODE, name.span.clone(), format!("unknown purpose `{}`", name.value)).hint(hint))
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn purposes_are_declared() {
        assert_eq!(
            after("schemas/channels/members.yaml", "  analytics: consent", "  analytic: consent"),
            ["schemas/channels/members.yaml:12:3 LW1113 unknown purpose `analytic` (did you mean `analytics`?)"]
        );
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "purpose: analytics", "purpose: 营销"),
            [
                "schemas/curated/member_spend.yaml:6:10 LW1113 unknown purpose `营销` (that is an alias, for consent logs only; write `marketing`)"
            ]
        );
        assert_eq!(
            after("schemas/purposes.yaml", "aliases: [营销]", "parent: everything"),
            ["schemas/purposes.yaml:10:13 LW1113 unknown purpose `everything` (known: `analytics`, `marketing`)"]
        );
        assert_eq!(
            after("schemas/channels/members.yaml", "    optional: true", "    purposes: [sales]"),
            ["schemas/channels/members.yaml:50:16 LW1113 unknown purpose `sales` (known: `analytics`, `marketing`)"]
        );
    }
}
