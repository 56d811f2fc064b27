//! A column in a part that it cannot play in a demand of anonymity.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Anonymity, Table};

const CODE: &str = "LW1142";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a column cannot play this part in anonymity",
        what: "Under `anonymity` of a curated table a pseudonym is a quasi-identifier or sensitive; or a quasi-identifier is sensitive; or `quasi_identifiers` leaves out a column that says `identifier: quasi`.",
        why: "A pseudonym is different for each person, and nobody outside knows it: by it no table would be anonymous, and every one diverse. What somebody may know already is not what they must not learn. And a column left out would make the table seem more anonymous than its own labels say.",
        mend: "Take the pseudonym or the quasi-identifier out of the list; add the column that was left out, or, if it singles nobody out, declare it `identifier: none`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "quasi_identifiers: [spend]",
            bad: "quasi_identifiers: [customer_id, spend]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(demand) = &table.anonymity else { continue };
        pseudonyms(table, demand, problems);
        both(table, demand, problems);
        if !context.is_broken(&demand.span, &["quasi_identifiers"]) {
            left_out(context, table, demand, problems);
        }
    }
}

fn pseudonyms(table: &Table, demand: &Anonymity, problems: &mut Vec<Problem>) {
    for name in demand.quasi_identifiers.iter().chain(&demand.sensitive) {
        let Some(column) = table.column(name).filter(|c| c.pseudonym) else { continue };
        let message = format!("the pseudonym `{}` has no part in anonymity", name.value);
        problems.push(
            Problem::error(CODE, name.span.clone(), message)
                .related(column.name.span.clone(), "declared here")
                .hint("take it out: it is different for each person, and nobody outside knows it"),
        );
    }
}

fn both(table: &Table, demand: &Anonymity, problems: &mut Vec<Problem>) {
    for name in &demand.sensitive {
        let Some(column) = table.quasi_identifiers().find(|c| c.name.value == name.value && !c.pseudonym) else {
            continue;
        };
        let listed = demand.quasi_identifiers.iter().find(|q| q.value == name.value);
        let at: &Span = listed.map_or(&column.name.span, |l| &l.span);
        let message = format!("`{}` is both sensitive and a quasi-identifier", name.value);
        problems.push(
            Problem::error(CODE, name.span.clone(), message)
                .related(at.clone(), "a quasi-identifier here")
                .hint("rows that agree in it agree in it: keep it in one of the two"),
        );
    }
}

fn left_out(context: &Context<'_>, table: &Table, demand: &Anonymity, problems: &mut Vec<Problem>) {
    let Some(first) = demand.quasi_identifiers.first() else { return };
    for column in table.columns.iter().filter(|c| table.says_quasi(c)) {
        let listed = demand.quasi_identifiers.iter().any(|name| name.value == column.name.value);
        if listed || context.is_broken(&column.span, &["identifier", "pseudonym"]) {
            continue;
        }
        let message = format!("`quasi_identifiers` leaves out `{}`", column.name.value);
        problems.push(
            Problem::error(CODE, first.span.clone(), message)
                .related(column.name.span.clone(), "says `identifier: quasi`")
                .hint(format!("add `{}`, or declare it `identifier: none`", column.name.value)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const TABLE: &str = "schemas/curated/member_spend.yaml";

    #[test]
    fn a_pseudonym_has_no_part() {
        assert_eq!(
            after(TABLE, "quasi_identifiers: [spend]", "quasi_identifiers: [spend, customer_id]"),
            [
                "schemas/curated/member_spend.yaml:30:30 LW1142 the pseudonym `customer_id` has no part in anonymity (take it out: it is different for each person, and nobody outside knows it) [schemas/curated/member_spend.yaml:10:11 declared here]"
            ]
        );
        let sensitive = after(TABLE, "  k: 2\n", "  k: 2\n  l: 2\n  sensitive: [customer_id]\n");
        assert_eq!(sensitive.len(), 1, "{sensitive:?}");
    }

    #[test]
    fn what_is_known_is_not_sensitive() {
        assert_eq!(
            after(TABLE, "  k: 2\n", "  k: 2\n  t: 0.5\n  sensitive: spend\n"),
            [
                "schemas/curated/member_spend.yaml:31:14 LW1142 `spend` is both sensitive and a quasi-identifier (rows that agree in it agree in it: keep it in one of the two) [schemas/curated/member_spend.yaml:32:23 a quasi-identifier here]"
            ]
        );
    }

    #[test]
    fn a_list_names_what_the_labels_name() {
        let column = "columns:\n  - name: city\n    label: { zh: 市, en: City }\n    meaning: City.\n    type: string\n    identifier: quasi\n    category: user.contact.address.city\n";
        let with = |list: &str| {
            let list = format!("quasi_identifiers: {list}");
            after_all(TABLE, &[("columns:\n", column), ("quasi_identifiers: [spend]", &list)])
        };
        assert_eq!(
            with("[spend]"),
            [
                "schemas/curated/member_spend.yaml:36:23 LW1142 `quasi_identifiers` leaves out `city` (add `city`, or declare it `identifier: none`) [schemas/curated/member_spend.yaml:10:11 says `identifier: quasi`]"
            ]
        );
        assert_eq!(with("[spend, city]"), [""; 0]);
        assert_eq!(after_all(TABLE, &[("columns:\n", column), ("  quasi_identifiers: [spend]\n", "")]), [""; 0]);
    }
}
