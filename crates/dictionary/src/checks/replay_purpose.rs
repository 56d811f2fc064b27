//! A purpose that may be replayed and does not exist.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::nearest::hint_for;

const CODE: &str = "LW1234";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`replay_purposes` names no purpose",
        what: "`replay_purposes` of `lakewarden.yaml` lists a purpose that `schemas/purposes.yaml` does not have.",
        why: "A replay shows people as they had consented at an earlier instant, also those who have withdrawn since. It is permitted for the purposes listed, so each must be known.",
        mend: "Name a declared purpose, or take the entry away.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "jurisdiction: CN\n",
            bad: "jurisdiction: CN\nreplay_purposes: [analytic]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    if context.is_unread(FileKind::Purposes, "purposes") {
        return;
    }
    for name in &project.settings.replay_purposes {
        if project.purposes.find(&name.value).is_some() {
            continue;
        }
        let known = project.purposes.purposes.iter().map(|p| p.name.value.as_str());
        problems.push(
            Problem::error(CODE, name.span.clone(), format!("`replay_purposes` names no purpose: `{}`", name.value))
                .hint(hint_for(name, known, "declare it in schemas/purposes.yaml")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn purposes_of_replays_are_known() {
        let with = |list: &str| {
            after("lakewarden.yaml", "jurisdiction: CN\n", &format!("jurisdiction: CN\nreplay_purposes: {list}\n"))
        };
        assert_eq!(with("[analytics]"), [""; 0]);
        assert_eq!(
            with("[analytic]"),
            ["lakewarden.yaml:5:19 LW1234 `replay_purposes` names no purpose: `analytic` (did you mean `analytics`?)"]
        );
    }
}
