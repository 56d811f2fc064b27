//! The corpus, against the plan in each of its stages.

use std::collections::BTreeSet;

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use lakewarden_lineage::columns::SourceColumn;
use lakewarden_lineage::{Lineage, column_lineage};

use crate::cases::{Case, corpus, without_casts, written};
use crate::held::updating;
use crate::tables::session;
use crate::update::{self, Found};

async fn planned(session: &SessionContext, case: &Case) -> Result<LogicalPlan, String> {
    let plan = session.state().create_logical_plan(&case.sql).await;
    plan.map_err(|error| format!("{}: not planned: {error}", case.name))
}

pub(crate) fn analysed(session: &SessionContext, plan: LogicalPlan) -> LogicalPlan {
    let state = session.state();
    let options = state.config_options();
    state.analyzer().execute_and_check(plan, options, |_, _| {}).unwrap()
}

fn found(plan: &LogicalPlan) -> String {
    match column_lineage(plan) {
        Ok(lineage) => written(&lineage),
        Err(error) => format!("error: {error}"),
    }
}

fn difference(stage: &str, case: &Case, expected: &str, found: &str) -> String {
    let name = &case.name;
    format!("## {name} ({stage})\n{}\nexpected\n{expected}\nfound\n{found}\n", case.sql)
}

#[tokio::test]
async fn every_case() {
    let session = session(None).await;
    let cases = corpus();
    let (mut unplanned, mut failures, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for case in &cases {
        let plan = match planned(&session, case).await {
            Ok(plan) => plan,
            Err(error) => {
                unplanned.push(error);
                continue;
            }
        };
        let planned = found(&plan);
        let analysed = found(&analysed(&session, plan));
        // Casts of type coercion are no reason to write a lineage twice.
        if without_casts(&planned) != without_casts(&case.planned) {
            failures.push(difference("planned", case, &case.planned, &planned));
        }
        if analysed != case.analysed {
            failures.push(difference("analysed", case, &case.analysed, &analysed));
        }
        all.push(Found { file: case.file.clone(), heading: case.heading.clone(), planned, analysed });
    }
    if updating() {
        update::write(&all);
        failures.clear();
    }
    assert!(unplanned.is_empty(), "{}", unplanned.join("\n"));
    assert!(cases.len() >= 130, "only {} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} differ\n\n{}", failures.len(), 2 * cases.len(), failures.join("\n"));
}

/// True where the lineage of an optimised plan has no source that the query's own has not, and is complete.
pub(crate) fn not_more(before: &Lineage, after: &Lineage) -> bool {
    let outputs = |lineage: &Lineage| -> Vec<BTreeSet<SourceColumn>> {
        let outputs = lineage.outputs.iter();
        outputs.map(|output| output.direct.keys().cloned().collect()).collect()
    };
    let (ours, theirs) = (outputs(before), outputs(after));
    // What decided about one output may decide about all of them where a subquery has become
    // a join, so only the whole is compared there.
    ours.len() == theirs.len()
        && theirs.iter().zip(&ours).all(|(after, before)| after.is_subset(before))
        && after.sources().is_subset(&before.sources())
        && after.is_complete()
}

/// The optimiser writes a query anew, and may find that it needs less; it must not seem to need
/// more, and nothing in what it writes may be unknown.
#[tokio::test]
async fn the_optimiser_adds_no_source() {
    let session = session(None).await;
    let mut failures = Vec::new();
    for case in corpus() {
        let plan = planned(&session, &case).await.unwrap();
        let optimised = session.state().optimize(&plan);
        let optimised = optimised.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let before = column_lineage(&plan).unwrap();
        let after = match column_lineage(&optimised) {
            Ok(after) => after,
            Err(error) => {
                // Of a LATERAL that it cannot write as a join, the optimiser takes away the columns
                // it needs, and nobody can run what is left.
                if session.state().create_physical_plan(&plan).await.is_ok() {
                    failures.push(format!("{}: {error}\n{optimised}\n", case.name));
                }
                continue;
            }
        };
        if !not_more(&before, &after) {
            failures.push(format!(
                "{}\nbefore\n{}\nafter\n{}\n{optimised}\n",
                case.name,
                written(&before),
                written(&after)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
