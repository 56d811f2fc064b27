//! A jurisdiction that nobody declared.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::nearest::hint_for;

const CODE: &str = "LW1114";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an unknown jurisdiction",
        what: "`jurisdiction` of the project is not declared in `schemas/purposes.yaml`.",
        why: "It decides what the absence of consent means for everybody whose consent log names no jurisdiction.",
        mend: "Name a declared jurisdiction, or declare it.",
        example: Example::Edit { path: "lakewarden.yaml", good: "jurisdiction: CN", bad: "jurisdiction: CHN" },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let Some(named) = &context.project.settings.jurisdiction else {
        return;
    };
    let known = || context.project.purposes.jurisdictions.iter().map(|j| j.code.as_str());
    if context.is_unread(FileKind::Purposes, "purposes") || known().any(|code| code == named.value) {
        return;
    }
    problems.push(
        Problem::error(CODE, named.span.clone(), format!("unknown jurisdiction `{}`", named.value)).hint(hint_for(
            named,
            known(),
            "declare it in schemas/purposes.yaml, under `jurisdictions`",
        )),
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn jurisdictions_are_declared() {
        assert_eq!(
            after("lakewarden.yaml", "jurisdiction: CN", "jurisdiction: XX"),
            ["lakewarden.yaml:4:15 LW1114 unknown jurisdiction `XX` (known: `CN`)"]
        );
    }
}
