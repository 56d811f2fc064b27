//! Warnings of a table's build, in words.

use crate::output::{counted, grouped};
use lakewarden_pipeline::record::{Counts, ModelAccount, ModelWarning};
use lakewarden_report::Label;

/// The lines of a table after a run; empty if there is nothing to say.
pub(crate) fn lines(model: &ModelAccount) -> String {
    let table = &model.table;
    model.warnings.iter().map(|w| format!("\nwarning[{}]: {table}: {}", w.code(), describe(w).en)).collect()
}

/// The same for the report.
pub(super) fn notes(model: &ModelAccount) -> Vec<Label> {
    model.warnings.iter().map(describe).collect()
}

fn describe(warning: &ModelWarning) -> Label {
    match warning {
        ModelWarning::EveryRowWithheld { relation, basis, rows, withheld } => Label::new(
            format!("{relation} 的全部 {} 行均未通过政策（法律依据 {basis}；{}）", grouped(*rows), reasons(withheld)),
            format!(
                "all {} of {relation} were withheld on {basis} ({}); check its lawful basis and the consent log",
                counted(*rows, "row"),
                reasons(withheld)
            ),
        ),
        ModelWarning::EveryRowSuppressed { rows, minimum_subjects } => Label::new(
            format!("全部 {} 行的人数均少于 {minimum_subjects}，未予发布", grouped(*rows)),
            format!(
                "all {} are about fewer than {minimum_subjects} data subjects, so the table is empty; group more coarsely",
                counted(*rows, "row")
            ),
        ),
    }
}

fn reasons(withheld: &Counts) -> String {
    let each = withheld.iter().map(|(reason, rows)| format!("{reason} {}", grouped(*rows)));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_lost_everything_says_what_and_why() {
        let withheld: Counts = [("consent_not_granted".to_owned(), 1_200)].into_iter().collect();
        let found = describe(&ModelWarning::EveryRowWithheld {
            relation: "first_buy".to_owned(),
            basis: "consent".to_owned(),
            rows: 1_200,
            withheld,
        });
        assert_eq!(
            found.en,
            "all 1,200 rows of first_buy were withheld on consent (consent_not_granted 1,200); check its lawful basis and \
             the consent log"
        );
        let found = describe(&ModelWarning::EveryRowSuppressed { rows: 3, minimum_subjects: 5 });
        assert_eq!(
            found.en,
            "all 3 rows are about fewer than 5 data subjects, so the table is empty; group more coarsely"
        );
        assert!(!found.zh.is_empty() && found.zh != found.en);
    }
}
