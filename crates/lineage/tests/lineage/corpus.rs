//! The corpus, against the plan in each of its stages.

use std::collections::BTreeSet;

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use lakewarden_lineage::columns::SourceColumn;
use lakewarden_lineage::{Lineage, column_lineage};

use crate::cases::{Case, corpus, written};
use crate::tables::session;

async fn planned(session: &SessionContext, case: &Case) -> Result<LogicalPlan, String> {
    let plan = session.state().create_logical_plan(&case.sql).await;
    plan.map_err(|error| format!("{}: not planned: {error}", case.name))
}

fn analysed(session: &SessionContext, plan: LogicalPlan) -> LogicalPlan {
    let state = session.state();
    let options = state.config_options();
    state.analyzer().execute_and_check(plan, options, |_, _| {}).unwrap()
}

fn difference(stage: &str, case: &Case, plan: &LogicalPlan, expected: &str) -> Option<String> {
    let found = match column_lineage(plan) {
        Ok(lineage) => written(&lineage),
        Err(error) => format!("error: {error}"),
    };
    (found != expected).then(|| {
        let name = &case.name;
        format!("## {name} ({stage})\n{}\nexpected\n{expected}\nfound\n{found}\n", case.sql)
    })
}

#[tokio::test]
async fn every_case() {
    let session = session(None).await;
    let cases = corpus();
    let mut failures = Vec::new();
    for case in &cases {
        let plan = match planned(&session, case).await {
            Ok(plan) => plan,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        failures.extend(difference("planned", case, &plan, &case.planned));
        let plan = analysed(&session, plan);
        failures.extend(difference("analysed", case, &plan, &case.analysed));
    }
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} differ\n\n{}", failures.len(), 2 * cases.len(), failures.join("\n"));
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
        let outputs = |lineage: &Lineage| -> Vec<BTreeSet<SourceColumn>> {
            let outputs = lineage.outputs.iter();
            outputs.map(|output| output.direct.keys().cloned().collect()).collect()
        };
        let (ours, theirs) = (outputs(&before), outputs(&after));
        // What decided about one output may decide about all of them where a subquery has become
        // a join, so only the whole is compared there.
        let no_more = ours.len() == theirs.len()
            && theirs.iter().zip(&ours).all(|(after, before)| after.is_subset(before))
            && after.sources().is_subset(&before.sources());
        if !no_more || !after.is_complete() {
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
