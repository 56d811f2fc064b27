//! A suppression list that names nobody.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetRole;

const CODE: &str = "LW1136";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a suppression list names nobody",
        what: "A dataset with `role: suppression_list` stores no pseudonym.",
        why: "Whose data is kept back is told by the pseudonyms of the list's rows. Without any, the list would be loaded and nobody be suppressed.",
        mend: "Give the field that says who is meant the treatment `pseudonymise`, or remove `role: suppression_list`.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\nrole: suppression_list\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let lists = context.project.datasets.iter().filter(|d| d.role == DatasetRole::SuppressionList);
    for dataset in lists.filter(|d| !d.has_subjects()) {
        if dataset.fields.iter().any(|f| context.is_broken(&f.span, &["treatment"])) {
            continue;
        }
        let message = format!("the suppression list `{}` holds no pseudonym, so it names nobody", dataset.name.value);
        problems.push(
            Problem::error(CODE, dataset.name.span.clone(), message)
                .hint("write `treatment: { pseudonymise: … }` at the field that says who is meant"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn suppression_lists_name_people() {
        let stores = "schemas/channels/stores.yaml";
        assert_eq!(
            after(stores, "key: store_code\n", "key: store_code\nrole: suppression_list\n"),
            [
                "schemas/channels/stores.yaml:1:10 LW1136 the suppression list `stores` holds no pseudonym, so it names nobody (write `treatment: { pseudonymise: … }` at the field that says who is meant)",
                "schemas/channels/stores.yaml:1:10 LW1232 the suppression list `stores` is a channel of no pipeline (list `stores` under `channels` of the pipeline that loads it)"
            ]
        );
        let members = "schemas/channels/members.yaml";
        assert_eq!(after(members, "key: [member_no]\n", "role: suppression_list\n").len(), 0);
    }
}
