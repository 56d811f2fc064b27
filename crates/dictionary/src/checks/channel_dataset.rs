//! A channel of a dataset that does not exist.

use super::{Check, Context, goes_by};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::nearest::hint_for;

const CODE: &str = "LW1119";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a channel names no dataset",
        what: "`channels` of a pipeline names a dataset that `schemas/channels/` does not have.",
        why: "Without a dictionary entry nothing is known about the export: no field of it may enter the lake.",
        mend: "Name a declared dataset, or write its entry.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  member: exports/members/*",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    for channel in project.pipelines.iter().flat_map(|p| &p.channels) {
        let name = &channel.dataset;
        let declared = project.datasets.iter().any(|d| goes_by(&d.name, name));
        if declared || context.is_unread(FileKind::Dataset, name) {
            continue;
        }
        let known = project.datasets.iter().map(|d| d.name.as_str());
        let otherwise = format!("write schemas/channels/{}.yaml", name.value);
        problems.push(
            Problem::error(CODE, name.span.clone(), format!("the channel names no dataset: `{}`", name.value))
                .hint(hint_for(name, known, &otherwise)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn channels_are_of_datasets() {
        assert_eq!(
            after("pipelines/shop/pipeline.yaml", "  consents: exports", "  consent: exports"),
            [
                "pipelines/shop/pipeline.yaml:5:3 LW1119 the channel names no dataset: `consent` (did you mean `consents`?)",
                "schemas/channels/consents.yaml:1:10 LW1232 the consent log `consents` is a channel of no pipeline (list `consents` under `channels` of the pipeline that loads it)"
            ]
        );
    }
}
