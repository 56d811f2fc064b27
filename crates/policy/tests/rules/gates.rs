//! Gates over scans: put there once, everywhere, and kept there.

use crate::verified::{analysed, govern, plan, rulings, schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::optimizer::{Optimizer, OptimizerContext, OptimizerRule};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{GateRule, GovernScans, LiftAboveGates, PolicyGate, Refusal, Ruling, Rulings, verify};
use std::sync::Arc;

/// Gates, and scans of people that stand below one, in a plan with its subqueries.
fn count(plan: &LogicalPlan) -> (usize, usize) {
    let (mut gates, mut scans) = (0, 0);
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Extension(Extension { node }) if node.as_any().is::<PolicyGate>() => gates += 1,
            LogicalPlan::TableScan(scan) if scan.table_name.to_string() != "shops" => scans += 1,
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    (gates, scans)
}

const SHAPES: [(&str, usize); 12] = [
    ("SELECT * FROM people", 1),
    ("SELECT a.name FROM people a JOIN people b ON a.city = b.city", 2),
    ("WITH t AS (SELECT * FROM people) SELECT * FROM t JOIN t u ON t.name = u.name", 2),
    ("SELECT name FROM people UNION SELECT name FROM people", 2),
    ("SELECT city FROM shops WHERE city IN (SELECT city FROM people)", 1),
    ("SELECT city FROM shops s WHERE EXISTS (SELECT 1 FROM people p WHERE p.city = s.city)", 1),
    ("SELECT city, (SELECT max(name) FROM people WHERE name <> (SELECT min(name) FROM people)) FROM shops", 2),
    ("SELECT city FROM shops WHERE city > ALL (SELECT city FROM people)", 1),
    ("SELECT CASE WHEN city = 'x' THEN (SELECT max(name) FROM people) END FROM shops", 1),
    ("SELECT s.city FROM shops s, LATERAL (SELECT name FROM people p WHERE p.city = s.city) l", 1),
    ("SELECT city FROM shops ORDER BY (SELECT max(name) FROM people)", 1),
    ("SELECT city FROM shops", 0),
];

#[tokio::test]
async fn every_scan_gets_a_gate_and_none_gets_two() {
    let rule = GovernScans::new(Arc::new(rulings()));
    for (sql, gates) in SHAPES {
        let once = govern(plan(sql).await).unwrap();
        assert_eq!(count(&once), (gates, gates), "{sql}");
        verify(&once, &rulings()).unwrap();
        use datafusion::optimizer::AnalyzerRule;
        let twice = rule.analyze(once.clone(), &ConfigOptions::default()).unwrap();
        assert_eq!(twice, once, "{sql}");
    }
}

#[tokio::test]
async fn what_has_no_ruling_or_a_refusal_is_refused_with_its_reason() {
    for (ruling, words) in [
        (None, "has no entry in the dictionary"),
        (Some(Ruling::Refused(Refusal::ConsentLog)), "is the consent log"),
        (Some(Ruling::Refused(Refusal::SuppressionList)), "is a suppression list"),
        (
            Some(Ruling::Refused(Refusal::Purpose { allowed: vec!["a".into(), "b".into()] })),
            "may not be used for purpose \"analytics\"; it serves a, b",
        ),
        (Some(Ruling::Refused(Refusal::Purpose { allowed: vec![] })), "it serves none"),
        (Some(Ruling::Refused(Refusal::SubjectUndeclared)), "names no data subject"),
        (Some(Ruling::Refused(Refusal::ConsentWithoutSubject)), "cannot be shown without a data subject"),
    ] {
        let mut rulings = Rulings::new("analytics");
        rulings.set("shops", Ruling::Open);
        if let Some(ruling) = &ruling {
            rulings.set("people", ruling.clone());
        }
        for (sql, _) in SHAPES.iter().filter(|(_, gates)| *gates > 0) {
            use datafusion::optimizer::AnalyzerRule;
            let refused =
                GovernScans::new(Arc::new(rulings.clone())).analyze(plan(sql).await, &ConfigOptions::default());
            let text = refused.unwrap_err().to_string();
            assert!(text.contains("\"people\"") && text.contains(words), "{sql}: {text}");
        }
    }
}

#[tokio::test]
async fn a_relation_without_a_subject_column_cannot_be_gated() {
    let mut rulings = rulings();
    rulings.set("shops", rulings.get("people").unwrap().clone());
    use datafusion::optimizer::AnalyzerRule;
    let refused =
        GovernScans::new(Arc::new(rulings)).analyze(plan("SELECT * FROM shops").await, &ConfigOptions::default());
    assert!(refused.unwrap_err().to_string().contains("no column \"customer_id\""));
}

/// Gates that decide by retention alone stand wherever others do, and need no column of the subject's.
#[tokio::test]
async fn relations_without_a_subject_are_gated_by_their_own_rule() {
    use datafusion::optimizer::AnalyzerRule;
    let columns = || vec!["city".to_owned()];
    for (ruling, rule) in [
        (
            Ruling::WithoutSubject { basis: LawfulBasis::Contract, forbidden_columns: columns() },
            GateRule::WithoutSubject(LawfulBasis::Contract),
        ),
        (Ruling::Limited { forbidden_columns: columns() }, GateRule::NotPersonal),
    ] {
        assert_eq!((ruling.gate(), ruling.forbidden_columns()), (Some(rule), &columns()[..]));
        let mut rulings = Rulings::new("analytics");
        rulings.set("people", ruling.clone());
        rulings.set("shops", ruling);
        for (sql, _) in SHAPES {
            let rule = GovernScans::new(Arc::new(rulings.clone()));
            let governed = rule.analyze(plan(sql).await, &ConfigOptions::default()).unwrap();
            let (gates, _) = count(&governed);
            let mut scans = 0;
            governed
                .apply_with_subqueries(|node| {
                    scans += usize::from(matches!(node, LogicalPlan::TableScan(_)));
                    Ok(TreeNodeRecursion::Continue)
                })
                .unwrap();
            assert_eq!(gates, scans, "{sql}");
            verify(&governed, &rulings).unwrap();
            // The gates of another rule are no gates.
            assert!(verify(&governed, &self::rulings()).is_err(), "{sql}");
        }
    }
}

fn optimised(sql_plan: LogicalPlan, keep: bool) -> LogicalPlan {
    let mut optimizer = Optimizer::new();
    if keep {
        optimizer.rules.push(Arc::new(LiftAboveGates) as Arc<dyn OptimizerRule + Send + Sync>);
    }
    optimizer.optimize(sql_plan, &OptimizerContext::new(), |_, _| {}).unwrap()
}

/// Predicates without a column go through any node of DataFusion's; the rule takes them back.
#[tokio::test]
async fn what_was_pushed_below_a_gate_is_lifted_again() {
    let rulings = rulings();
    for sql in [
        "SELECT name FROM people WHERE random() < 0.5",
        "SELECT name FROM people WHERE (SELECT count(*) FROM shops) > 3",
        "SELECT name FROM people WHERE (SELECT count(*) FROM people) > 3 AND city = 'x'",
        "SELECT count(*) FROM people WHERE random() < 0.5 AND random() > 0.1",
        "SELECT place['town'] FROM people WHERE place['town'] = 'x'",
        "SELECT city FROM shops WHERE city IN (SELECT city FROM people WHERE random() < 0.5)",
    ] {
        let kept = optimised(analysed(sql).await, true);
        verify(&kept, &rulings).unwrap_or_else(|e| panic!("{sql}: {e}\n{}", kept.display_indent()));
        let bare = optimised(analysed(sql).await, false);
        let refused = verify(&bare, &rulings).map_err(|e| e.to_string());
        assert!(refused.unwrap_err().contains("no longer stands on its scan"), "{sql}: the rule has nothing to do");
    }
}

/// No predicate on columns, no limit and no order goes below; only the columns asked for, and whose the row is.
#[tokio::test]
async fn only_columns_are_pushed_below_a_gate() {
    for (sql, columns) in [
        ("SELECT name FROM people WHERE city = 'x' LIMIT 3", vec![0, 1, 2]),
        ("SELECT city FROM people ORDER BY name LIMIT 3", vec![0, 1, 2]),
        ("SELECT count(*) FROM people", vec![0]),
        ("SELECT customer_id FROM people", vec![0]),
        ("SELECT city FROM people", vec![0, 2]),
    ] {
        let plan = optimised(analysed(sql).await, true);
        verify(&plan, &rulings()).unwrap();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                assert_eq!(scan.projection.as_ref(), Some(&columns), "{sql}");
                assert!(scan.filters.is_empty() && scan.fetch.is_none(), "{sql}");
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
    }
}

#[tokio::test]
async fn a_gate_keeps_to_one_input_and_asks_for_the_subject() {
    let LogicalPlan::Projection(projection) = plan("SELECT * FROM people").await else { panic!("a projection") };
    let scan = projection.input.as_ref().clone();
    let gate =
        PolicyGate::try_new(scan.clone(), "people", "analytics", lakewarden_dictionary::LawfulBasis::Consent).unwrap();
    assert!(gate.with_exprs_and_inputs(vec![], vec![]).is_err());
    assert!(gate.with_exprs_and_inputs(vec![], vec![scan.clone(), scan.clone()]).is_err());
    assert!(gate.with_exprs_and_inputs(vec![datafusion::prelude::lit(1)], vec![scan.clone()]).is_err());
    assert_eq!(gate.with_exprs_and_inputs(vec![], vec![scan]).unwrap(), gate);
    assert_eq!(gate.necessary_children_exprs(&[2]), Some(vec![vec![0, 2]]));
    assert_eq!(gate.necessary_children_exprs(&[]), Some(vec![vec![0]]));
    assert_eq!(schema().field(0).name(), "customer_id");
    assert!(!gate.supports_limit_pushdown());
    assert_eq!(gate.prevent_predicate_push_down_columns().len(), schema().fields().len());
}
