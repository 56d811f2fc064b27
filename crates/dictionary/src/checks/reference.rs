//! A reference to what no dataset stores, or to what cannot be equal.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::model::{Field, FieldRule, Rule, Treatment};
use crate::nearest::hint_for;

const CODE: &str = "LW1168";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a reference leads nowhere",
        what: "`references` names a dataset or a column that is not there or not stored; or the two columns cannot hold equal values: their stored types differ, one of them is coarser than what was read, or they are pseudonyms of different domains.",
        why: "Values are compared as they are stored. Where they can never be equal, every row would go to quarantine.",
        mend: "Name a stored column (`column`, not the name in the export) of another dataset, with the same type and the same treatment.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "{ between: { min: 0, max: 1000000 } }",
            bad: "{ references: stores.code }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for field in &dataset.fields {
            if context.is_broken(&field.span, &["type", "treatment", "rules"]) {
                continue;
            }
            problems.extend(field.rules.iter().filter_map(|rule| of_rule(context, field, rule)));
        }
    }
}

fn of_rule(context: &Context<'_>, field: &Field, rule: &FieldRule) -> Option<Problem> {
    let Rule::References { dataset, column } = &rule.rule.value else { return None };
    let own = &field.column.value;
    let problem = |message: String| Problem::error(CODE, rule.rule.span.clone(), message);
    let Some(target) = context.project.dataset(dataset) else {
        if context.is_unread(FileKind::Dataset, dataset) {
            return None;
        }
        let known = context.project.datasets.iter().map(|d| d.name.as_str());
        let hint = hint_for(dataset, known, "describe it in schemas/channels");
        return Some(problem(format!("`{own}` refers to a dataset that is not there: `{dataset}`")).hint(hint));
    };
    let Some(found) = target.stored().find(|f| f.column.value == *column) else {
        if target.column(column).is_some_and(|f| context.is_broken(&f.span, &["treatment"])) {
            return None;
        }
        let hint = hint_for(column, target.stored().map(|f| f.column.as_str()), "name a stored column");
        return Some(
            problem(format!("`{own}` refers to a column that `{dataset}` does not store: `{column}`")).hint(hint),
        );
    };
    if context.is_broken(&found.span, &["type", "treatment"]) {
        return None;
    }
    let (why, hint) = unlike(field, found)?;
    let message = format!("`{own}` can never be equal to `{dataset}.{column}`: {why}");
    Some(problem(message).related(found.column.span.clone(), "declared here").hint(hint))
}

/// Why values of the two columns cannot be equal, and what to do.
fn unlike(own: &Field, other: &Field) -> Option<(String, &'static str)> {
    match (&own.treatment, &other.treatment) {
        (Treatment::Keep, Treatment::Keep) => {
            let (own, other) = (own.stored_type(), other.stored_type());
            (own != other).then(|| (format!("it is stored as {own}, the other as {other}"), "give both the same type"))
        }
        (Treatment::Pseudonymise(own), Treatment::Pseudonymise(other)) if own == other => None,
        (Treatment::Pseudonymise(_), Treatment::Pseudonymise(_)) => {
            Some(("their pseudonyms are of different domains".to_owned(), "give both the same identifier domain"))
        }
        (Treatment::Keep | Treatment::Pseudonymise(_), Treatment::Keep | Treatment::Pseudonymise(_)) => {
            Some(("one of them is a pseudonym".to_owned(), "treat both alike"))
        }
        _ => Some((
            "one of them is not stored as it was read".to_owned(),
            "refer between columns that are kept or pseudonymised",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    fn references(place: &str) -> Vec<String> {
        after(MEMBERS, "{ between: { min: 0, max: 1000000 } }", &format!("{{ references: {place} }}"))
    }

    #[test]
    fn references_lead_to_stored_columns_of_the_same_kind() {
        assert_eq!(
            references("stors.store_code"),
            [
                "schemas/channels/members.yaml:69:15 LW1168 `points` refers to a dataset that is not there: `stors` (did you mean `stores`?)"
            ]
        );
        assert_eq!(
            references("stores.code"),
            [
                "schemas/channels/members.yaml:69:15 LW1168 `points` refers to a column that `stores` does not store: `code` (known: `store_code`)"
            ]
        );
        assert_eq!(
            references("stores.store_code"),
            [
                "schemas/channels/members.yaml:69:15 LW1168 `points` can never be equal to `stores.store_code`: it is stored as integer, the other as string (give both the same type) [schemas/channels/stores.yaml:10:11 declared here]"
            ]
        );
        assert!(references("consents.id_token")[0].contains("one of them is a pseudonym"));
    }

    #[test]
    fn like_refers_to_like() {
        let edits =
            |treatment: &str| after_all(MEMBERS, &[("treatment: drop", treatment), ("type: integer", "type: integer")]);
        let kept = "treatment: keep\n    rules: [{ references: stores.store_code }]";
        assert!(edits(kept).iter().all(|p| !p.contains("LW1168")), "{:?}", edits(kept));
        let masked = "treatment: { mask: { keep_last: 1 } }\n    rules: [{ references: stores.store_code }]";
        assert!(edits(masked).iter().any(|p| p.contains("LW1168") && p.contains("not stored as it was read")));
    }
}
