//! The name in a file differs from the file's own.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::Spanned;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::Place;

const CODE: &str = "LW1101";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a name differs from its file's",
        what: "A dataset, table or pipeline is called otherwise inside its file than the file (or, for a pipeline, the folder) is.",
        why: "One name leads to one file, for people and for the engine. With two names, nobody finds what a query or a message speaks of.",
        mend: "Rename one of the two.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "dataset: members",
            bad: "dataset: member",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let names = (project.datasets.iter().map(|d| ("dataset", &d.name)))
        .chain(project.tables.iter().map(|t| ("table", &t.name)))
        .chain(project.pipelines.iter().map(|p| ("pipeline", &p.name)));
    problems.extend(names.filter_map(|(what, name)| differs(what, name)));
}

fn differs(what: &str, name: &Spanned<String>) -> Option<Problem> {
    let Place::Entry(_, of_path) = Place::of(&name.span.path) else {
        return None;
    };
    (of_path != name.value).then(|| {
        let message = format!("the {what} is called `{}`, but its path says `{of_path}`", name.value);
        Problem::error(CODE, name.span.clone(), message).hint(format!("write `{what}: {of_path}`, or rename the path"))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn names_follow_paths() {
        assert_eq!(
            after("pipelines/shop/pipeline.yaml", "pipeline: shop", "pipeline: store"),
            [
                "pipelines/shop/pipeline.yaml:1:11 LW1101 the pipeline is called `store`, but its path says `shop` (write `pipeline: shop`, or rename the path)"
            ]
        );
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "table: member_spend", "table: spend"),
            [
                "schemas/curated/member_spend.yaml:1:8 LW1101 the table is called `spend`, but its path says `member_spend` (write `table: member_spend`, or rename the path)"
            ]
        );
    }
}
