//! A consent log or suppression list that no pipeline loads.

use super::{Check, Context, goes_by};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetRole;

const CODE: &str = "LW1232";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a consent log or suppression list is loaded by no pipeline",
        what: "A dataset with `role: consent_log` or `role: suppression_list` is a channel of no pipeline, although the project has pipelines.",
        why: "Consent belongs to the project: every run and query honours all of its logs and lists. One that is never loaded cannot be honoured, and its withdrawals would reach nobody.",
        mend: "List it under `channels` of one pipeline. The others read what that one has loaded.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  consents: exports/consents/*\n",
            bad: "  # consents: exports/consents/*\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    // A pipeline that could not be read may list it.
    if project.pipelines.is_empty() || context.has_unread_pipeline() {
        return;
    }
    for dataset in &project.datasets {
        let what = match dataset.role {
            DatasetRole::Data => continue,
            DatasetRole::ConsentLog => "consent log",
            DatasetRole::SuppressionList => "suppression list",
        };
        let mut channels = project.pipelines.iter().flat_map(|p| &p.channels);
        if channels.any(|channel| goes_by(&dataset.name, &channel.dataset.value)) {
            continue;
        }
        let name = &dataset.name;
        problems.push(
            Problem::error(CODE, name.span.clone(), format!("the {what} `{}` is a channel of no pipeline", name.value))
                .hint(format!("list `{}` under `channels` of the pipeline that loads it", name.value)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn every_log_is_loaded_by_a_pipeline() {
        assert_eq!(
            after("pipelines/shop/pipeline.yaml", "  consents: exports/consents/*\n", ""),
            [
                "schemas/channels/consents.yaml:1:10 LW1232 the consent log `consents` is a channel of no pipeline (list `consents` under `channels` of the pipeline that loads it)"
            ]
        );
    }
}
