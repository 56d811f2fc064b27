//! A demand of anonymity that lacks what it is to be measured over.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1141";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a demand of anonymity is incomplete",
        what: "A curated table demands k-anonymity and has no quasi-identifier; or demands `l` or `t` and names no `sensitive` column; or names sensitive columns and demands nothing of them.",
        why: "Without quasi-identifiers all rows are alike and every table seems anonymous; without sensitive columns nothing can be diverse or close.",
        mend: "Say `identifier: quasi` at the columns by which somebody could be singled out, or list them under `quasi_identifiers`; name the `sensitive` columns together with `l` or `t`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "  k: 2\n  quasi_identifiers: [spend]\n",
            bad: "  k: 2\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(demand) = &table.anonymity else { continue };
        let mut missing = |at: &Span, message: String, hint: &str| {
            problems.push(Problem::error(CODE, at.clone(), message).hint(hint));
        };
        let columns_are_broken = table.columns.iter().any(|c| context.is_broken(&c.span, &["identifier", "pseudonym"]));
        let none = demand.quasi_identifiers.is_empty() && table.quasi_identifiers().next().is_none();
        if none && !columns_are_broken && !context.is_broken(&demand.span, &["quasi_identifiers"]) {
            missing(
                &demand.k.span,
                format!("the table `{}` demands anonymity and has no quasi-identifier", table.name.value),
                "say `identifier: quasi` at the columns that single somebody out in combination, or list them under `quasi_identifiers`",
            );
        }
        if context.is_broken(&demand.span, &["l", "t", "sensitive"]) {
            continue;
        }
        let first = demand.l.as_ref().map(|l| ("l", &l.span)).or(demand.t.as_ref().map(|t| ("t", &t.span)));
        match (first, demand.sensitive.first()) {
            (Some((measure, at)), None) => missing(
                at,
                format!("`{measure}` is demanded of no column"),
                "add `sensitive:` with the columns that nobody may learn of a person",
            ),
            (None, Some(name)) => missing(
                &name.span,
                "nothing is demanded of the sensitive columns".to_owned(),
                "add `l: 2` (different values) or `t: 0.2` (distance), or remove `sensitive`",
            ),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const TABLE: &str = "schemas/curated/member_spend.yaml";

    #[test]
    fn anonymity_is_by_something() {
        assert_eq!(
            after(TABLE, "  quasi_identifiers: [spend]\n", ""),
            [
                "schemas/curated/member_spend.yaml:29:6 LW1141 the table `member_spend` demands anonymity and has no quasi-identifier (say `identifier: quasi` at the columns that single somebody out in combination, or list them under `quasi_identifiers`)"
            ]
        );
        let declared = [("  quasi_identifiers: [spend]\n", ""), ("identifier: none", "identifier: quasi")];
        assert_eq!(after_all(TABLE, &declared), [""; 0]);
        let misspelt = [("  quasi_identifiers: [spend]\n", ""), ("identifier: none", "identifier: qasi")];
        assert_eq!(after_all(TABLE, &misspelt).len(), 1, "a column that is not understood may be one");
    }

    #[test]
    fn diversity_and_closeness_are_of_something() {
        let with = |more: &str| after(TABLE, "  k: 2\n", &format!("  k: 2\n{more}"));
        for (more, place) in [("  l: 3\n", "30:6"), ("  t: 0.2\n", "30:6"), ("  t: 0\n  l: 2\n", "31:6")] {
            let found = with(more);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("{TABLE}:{place} LW1141 `")), "{found:?}");
        }
        assert!(with("  sensitive: customer_id\n")[0].contains("nothing is demanded of the sensitive columns"));
    }
}
