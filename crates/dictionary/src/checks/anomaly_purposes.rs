//! Anomaly rules over fields that share no purpose.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1205";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "anomaly rules read fields that share no purpose",
        what: "The fields that the anomaly rules of a dataset read list `purposes` of their own, and no purpose is in all of these lists.",
        why: "A mark tells something of every field that it was computed from, so the table of marked rows may serve only the purposes of all of them. Here it could serve none.",
        mend: "Let the rules read fields that share a purpose, or add the purpose that marks are for to each field's `purposes`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "fields:\n  - name: 会员卡号\n    column: member_no\n",
            bad: "anomalies: [{ outlier: { amount: points, by: code } }]\nfields:\n  - { name: code, label: { zh: 码, en: Code }, meaning: A code., type: string, identifier: none, treatment: keep, purposes: [analytics] }\n  - { name: points, label: { zh: 分, en: Points }, meaning: Points., type: integer, identifier: none, treatment: keep, purposes: [marketing] }\n  - name: 会员卡号\n    column: member_no\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        if context.is_broken(&dataset.span, &["anomalies"])
            || dataset.fields.iter().any(|f| context.is_broken(&f.span, &["purposes"]))
            || dataset.anomaly_purposes().is_none_or(|shared| !shared.is_empty())
        {
            continue;
        }
        let message = format!("the fields that anomaly rules of `{}` read share no purpose", dataset.name.value);
        problems.push(
            Problem::error(CODE, dataset.name.span.clone(), message)
                .hint("read fields that share a purpose, or add one to the `purposes` of each field"),
        );
    }
}
