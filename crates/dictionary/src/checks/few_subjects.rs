//! A minimum of people for the whole project that is below the least of all.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::LEAST_SUBJECTS;

const CODE: &str = "LW1220";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the project's minimum of data subjects is below 3",
        what: "`minimum_subjects` in `lakewarden.yaml` is 1 or 2.",
        why: "It holds for every table that does not say its own. A row about one person is that person's data, and of two people each can subtract their own part. Tables with fewer than 3 people behind a row are built, and stay bound to their purpose and retention: no setting opens them.",
        mend: "Write 3 or more, or remove the key: without it the minimum is 5. A table that needs every row, such as the books, says `minimum_subjects: 1` in its own entry.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "jurisdiction: CN\n",
            bad: "jurisdiction: CN\nminimum_subjects: 1\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let Some(minimum) = &context.project.settings.declared_minimum_subjects else { return };
    if minimum.value < LEAST_SUBJECTS {
        let message = format!(
            "`minimum_subjects: {}` holds for the whole project: tables without a `subject` may show rows of {} data \
             subject{}",
            minimum.value,
            minimum.value,
            if minimum.value == 1 { "" } else { "s" }
        );
        problems.push(Problem::warning(CODE, minimum.span.clone(), message).hint(format!(
            "write {LEAST_SUBJECTS} or more; a table that needs every row says `minimum_subjects: 1` in its own entry"
        )));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn a_small_minimum_for_all_is_visible() {
        let with = |minimum: u32| {
            let bad = format!("jurisdiction: CN\nminimum_subjects: {minimum}\n");
            after("lakewarden.yaml", "jurisdiction: CN\n", &bad)
        };
        for minimum in [1, 2] {
            let found = with(minimum);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("lakewarden.yaml:5:"), "{found:?}");
            assert!(found[0].contains("LW1220"), "{found:?}");
        }
        assert_eq!(with(3), Vec::<String>::new());
    }
}
