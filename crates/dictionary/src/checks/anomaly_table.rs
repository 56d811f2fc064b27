//! Anomaly rules whose table of marked rows cannot be made.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{ANOMALY_RULE, ANOMALY_SCORE};

const CODE: &str = "LW1175";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the table of marked rows cannot be made",
        what: "A dataset has anomaly rules and no `key`; or its table of marked rows, `<dataset>_anomalies`, would have the name of another dataset or table; or it stores a column named `anomaly` or `anomaly_score`.",
        why: "Marked rows are named by their key, in a table of their own, so that models can leave them out.",
        mend: "Declare a `key`, or rename the dataset, the table or the column.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "anomalies: [{ outlier: { amount: points, by: birth_decade } }]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    for dataset in project.datasets.iter().filter(|d| !d.demands.anomalies.is_empty()) {
        let span = &dataset.demands.anomalies[0].name.span;
        let mut say = |message: String, hint: &str| {
            problems.push(Problem::error(CODE, span.clone(), message).hint(hint));
        };
        let own = &dataset.name.value;
        if dataset.key.is_empty() && !context.is_broken(&dataset.span, &["key"]) {
            say(format!("`{own}` has anomaly rules and no key that marked rows could be named by"), "declare a `key`");
        }
        let table = dataset.anomaly_table_name();
        let models = || project.pipelines.iter().flat_map(|p| &p.models);
        if project.dataset(&table).is_some() || project.table(&table).is_some() || models().any(|m| m.name == table) {
            say(
                format!("the marked rows of `{own}` would be the table `{table}`, which there is"),
                "rename one of the two",
            );
        }
        for column in [ANOMALY_RULE, ANOMALY_SCORE] {
            if dataset.stored().any(|f| f.column.value == column) {
                say(
                    format!("`{own}` stores a column `{column}`, which is a column of its marked rows"),
                    "rename the column",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::testing::{after, after_all, edited, rendered};

    const MEMBERS: &str = "schemas/channels/members.yaml";
    const RULE: &str = "anomalies: [{ outlier: { amount: points, by: birth_decade } }]\nfields:\n";

    #[test]
    fn marked_rows_have_a_key_and_a_table_of_their_own() {
        assert_eq!(after(MEMBERS, "fields:\n", RULE).len(), 0);
        let keyless = after_all(MEMBERS, &[("key: [member_no]\n", ""), ("fields:\n", RULE)]);
        assert_eq!(
            keyless,
            [
                "schemas/channels/members.yaml:12:15 LW1175 `members` has anomaly rules and no key that marked rows could be named by (declare a `key`)"
            ]
        );
        let taken = after_all(
            MEMBERS,
            &[("column: points", "column: anomaly"), ("fields:\n", &RULE.replace("points", "anomaly"))],
        );
        assert_eq!(taken.len(), 1, "{taken:?}");
    }

    #[test]
    fn the_table_is_a_dataset_of_the_project() {
        let loaded = crate::load(&edited(MEMBERS, &[("fields:\n", RULE)]));
        assert!(rendered(&loaded.problems).is_empty());
        let marked = loaded.project.dataset("members_anomalies").unwrap();
        let columns: Vec<&str> = marked.fields.iter().map(|f| f.column.as_str()).collect();
        assert_eq!(columns, ["member_no", "phone", "registered_at", "anomaly", "anomaly_score"]);
        assert_eq!(marked.demands.marks_rows_of.as_deref(), Some("members"));
        assert!(marked.has_subjects() && marked.retention.is_some() && !marked.purposes.is_empty());
    }
}
