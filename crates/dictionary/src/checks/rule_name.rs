//! Names of rules that tell nothing apart.

use super::{Check, Context};
use crate::diagnostic::{Problem, Spanned};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Dataset;

const CODE: &str = "LW1172";

/// Words that accounts and quarantine use for rules without a name of their own.
const TAKEN: [&str; 15] = [
    "required",
    "unique",
    "not_in_future",
    "in",
    "between",
    "matches",
    "references",
    "type",
    "phone",
    "email",
    "identifier",
    "integer_identifier",
    "domain",
    "columns",
    "json",
];

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "two rules have one name",
        what: "Two rules of a dataset have the same `name`, or a rule has a name that stands for the rules that have none, such as `required` or `type`. Anomaly rules without a name go by their kind.",
        why: "Accounts, quarantine and reports tell rules apart by their names.",
        mend: "Give each rule a name of its own.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "retention: P5Y\n",
            bad: "retention: P5Y\nrules:\n  - { name: sound, sql: points >= 0 }\n  - { name: sound, sql: points < 1000000 }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let mut seen: Vec<&Spanned<String>> = Vec::new();
        for name in names(dataset) {
            if TAKEN.contains(&name.as_str()) {
                let message = format!("`{}` stands for the rules that have no name of their own", name.value);
                problems.push(Problem::error(CODE, name.span.clone(), message).hint("give it another name"));
            } else if let Some(first) = seen.iter().find(|s| s.value == name.value) {
                let message = format!("two rules of `{}` are called `{}`", dataset.name.value, name.value);
                problems.push(
                    Problem::error(CODE, name.span.clone(), message)
                        .related(first.span.clone(), "the first one")
                        .hint("give each a name of its own"),
                );
            } else {
                seen.push(name);
            }
        }
    }
}

fn names(dataset: &Dataset) -> impl Iterator<Item = &Spanned<String>> {
    let fields = dataset.fields.iter().flat_map(|f| &f.rules).filter_map(|r| r.name.as_ref());
    let rows = dataset.demands.rows.iter().map(|r| &r.name);
    fields.chain(rows).chain(dataset.demands.anomalies.iter().map(|a| &a.name))
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn names_tell_rules_apart() {
        let named = |first: &str, second: &str| {
            let rules = format!("rules: [{{ name: {first}, sql: points > 0 }}, {{ name: {second}, sql: points < 9 }}]");
            after(MEMBERS, "fields:\n", &format!("{rules}\nfields:\n"))
        };
        assert_eq!(named("a", "b").len(), 0);
        assert_eq!(
            named("a", "a"),
            [
                "schemas/channels/members.yaml:13:47 LW1172 two rules of `members` are called `a` (give each a name of its own) [schemas/channels/members.yaml:13:17 the first one]"
            ]
        );
        assert!(named("type", "b")[0].contains("`type` stands for the rules that have no name"));
    }
}
