//! A sign of completeness for files that are not loaded.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1156";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`complete_when` names no channel",
        what: "`complete_when` of a pipeline names a dataset that is not among its `channels`.",
        why: "The files that were meant would be read half-written, and nobody would know.",
        mend: "Name a dataset of `channels`.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "identity:\n",
            bad: "complete_when:\n  member: { marker: _SUCCESS }\nidentity:\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for pipeline in &context.project.pipelines {
        for sign in &pipeline.complete_when {
            let known = || pipeline.channels.iter().map(|c| c.dataset.as_str());
            if known().any(|name| name == sign.dataset.value) {
                continue;
            }
            let message = format!("`complete_when` names no channel: `{}`", sign.dataset.value);
            problems.push(Problem::error(CODE, sign.dataset.span.clone(), message).hint(hint_for(
                &sign.dataset,
                known(),
                "name a dataset of `channels`",
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn signs_are_of_channels() {
        let with = |name: &str| {
            let text = format!("complete_when:\n  {name}: {{ marker: _SUCCESS }}\nidentity:\n");
            after("pipelines/shop/pipeline.yaml", "identity:\n", &text)
        };
        assert_eq!(with("members"), [""; 0]);
        assert_eq!(
            with("member"),
            [
                "pipelines/shop/pipeline.yaml:8:3 LW1156 `complete_when` names no channel: `member` (did you mean `members`?)"
            ]
        );
    }
}
