//! A field that is both declared and ignored.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1187";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a declared field is ignored",
        what: "A name stands both in `ignored_fields` and among the dataset's `fields`.",
        why: "A declared field is loaded. Whoever reads that it is ignored believes that it is not.",
        mend: "Remove the name from `ignored_fields`; or remove the field, or declare it `treatment: drop`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "format: { container: csv }\n",
            bad: "format: { container: csv }\nignored_fields: [姓名]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for ignored in &dataset.drift.ignored {
            let Some(field) = dataset.fields.iter().find(|f| f.name.value == ignored.value) else { continue };
            let message = format!("`{}` is ignored, and declared as well", ignored.value);
            problems.push(
                Problem::error(CODE, ignored.span.clone(), message)
                    .related(field.name.span.clone(), "declared here")
                    .hint("remove it from `ignored_fields`, or declare it `treatment: drop`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn a_name_is_declared_or_ignored() {
        let members = "schemas/channels/members.yaml";
        let format = "format: { container: csv }\n";
        let found = after(members, format, &format!("{format}ignored_fields: [姓名]\n"));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("LW1187 `姓名` is ignored, and declared as well"), "{found:?}");
        assert_eq!(after(members, format, &format!("{format}ignored_fields: [clipboard, 7]\n")).len(), 0);
    }
}
