//! Good logical plans with their gates dropped, moved, doubled and changed: each is refused.

use crate::verified::{analysed, rulings};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::logical_expr::{
    CreateMemoryTable, CreateView, DdlStatement, Distinct, EmptyRelation, Extension, Filter, LogicalPlan,
    LogicalPlanBuilder, Prepare, Statement, Subquery, exists, in_subquery, scalar_subquery,
};
use datafusion::prelude::{col, lit};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{GateRule, PolicyGate, narrow, verify};
use std::sync::Arc;

const QUERIES: &[&str] = &[
    "SELECT * FROM people",
    "SELECT count(*) FROM people",
    "SELECT name FROM people WHERE city = 'x' ORDER BY name LIMIT 3",
    "SELECT a.name FROM people a JOIN people b ON a.city = b.city",
    "WITH t AS (SELECT * FROM people) SELECT * FROM t JOIN t u ON t.name = u.name",
    "SELECT name FROM people UNION ALL SELECT city FROM shops UNION ALL SELECT city FROM people",
    "SELECT name FROM people EXCEPT SELECT city FROM people",
    "SELECT city FROM shops WHERE city IN (SELECT city FROM people)",
    "SELECT city FROM shops s WHERE EXISTS (SELECT 1 FROM people p WHERE p.city = s.city)",
    "SELECT city, (SELECT max(name) FROM people WHERE name <> (SELECT min(name) FROM people)) FROM shops",
    "SELECT city FROM shops WHERE city > ALL (SELECT city FROM people)",
    "SELECT CASE WHEN city = 'x' THEN (SELECT max(name) FROM people) END FROM shops",
    "SELECT city FROM shops ORDER BY (SELECT max(name) FROM people)",
    "SELECT s.city FROM shops s JOIN people p ON s.city = p.city AND p.name > (SELECT max(name) FROM people)",
    "SELECT city, count(*) OVER (PARTITION BY name) FROM people GROUP BY city, name HAVING count(*) > 1",
    "SELECT city FROM shops LIMIT 3",
];

fn plan_of(gate: PolicyGate) -> Option<LogicalPlan> {
    Some(LogicalPlan::Extension(Extension { node: Arc::new(gate) }))
}

fn gate(input: LogicalPlan, relation: &str, purpose: &str, rule: GateRule) -> Option<LogicalPlan> {
    plan_of(PolicyGate::with_rule(input, relation, purpose, rule).ok()?)
}

/// The same gate over what `change` makes of its scan.
fn over(own: &PolicyGate, change: impl FnOnce(LogicalPlanBuilder) -> Option<LogicalPlan>) -> Option<LogicalPlan> {
    let input = change(LogicalPlanBuilder::from(own.input.clone()))?;
    gate(input, &own.relation, &own.purpose, own.rule())
}

/// Gates of a plan, those in subqueries too.
fn gates(plan: &LogicalPlan) -> usize {
    let mut found = 0;
    plan.apply_with_subqueries(|node| {
        found += usize::from(PolicyGate::of(node).is_some());
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found
}

/// The plan with gate number `at` replaced; `None` if what it was replaced with does not fit.
fn replaced(plan: &LogicalPlan, at: usize, change: fn(&PolicyGate) -> Option<LogicalPlan>) -> Option<LogicalPlan> {
    let (mut seen, mut done) = (0, false);
    let mutant = plan.clone().transform_down_with_subqueries(|node| {
        let Some(own) = PolicyGate::of(&node) else { return Ok(Transformed::no(node)) };
        seen += 1;
        let new = (seen == at + 1).then(|| change(own)).flatten();
        done |= new.is_some();
        Ok(Transformed::new(new.unwrap_or(node), true, TreeNodeRecursion::Jump))
    });
    let mutant = mutant.ok()?.data;
    done.then_some(mutant)
}

type Mutation = (&'static str, fn(&PolicyGate) -> Option<LogicalPlan>);

const MUTATIONS: &[Mutation] = &[
    ("dropped", |g| Some(g.input.clone())),
    ("doubled", |g| over(g, |_| plan_of(g.clone()))),
    ("beside a branch without it", |g| {
        LogicalPlanBuilder::from(plan_of(g.clone())?).union(g.input.clone()).ok()?.build().ok()
    }),
    ("with the other branch alone gated", |g| {
        LogicalPlanBuilder::from(g.input.clone()).union(plan_of(g.clone())?).ok()?.build().ok()
    }),
    ("over a limit", |g| over(g, |b| b.limit(0, Some(1)).ok()?.build().ok())),
    ("over an offset", |g| over(g, |b| b.limit(1, None).ok()?.build().ok())),
    ("over a filter", |g| over(g, |b| b.filter(col("city").eq(lit("x"))).ok()?.build().ok())),
    ("over a filter that nobody can observe", |g| {
        over(g, |b| b.filter(col("customer_id").is_not_null()).ok()?.build().ok())
    }),
    ("over a projection", |g| {
        over(g, |b| {
            let columns: Vec<_> = b.schema().columns().into_iter().map(datafusion::prelude::Expr::Column).collect();
            b.project(columns).ok()?.build().ok()
        })
    }),
    ("over an aggregate", |g| {
        over(g, |b| {
            let columns: Vec<_> = b.schema().columns().into_iter().map(datafusion::prelude::Expr::Column).collect();
            b.aggregate(columns, Vec::<datafusion::prelude::Expr>::new()).ok()?.build().ok()
        })
    }),
    ("over a sort", |g| over(g, |b| b.sort(vec![col("customer_id").sort(true, true)]).ok()?.build().ok())),
    ("over a distinct", |g| over(g, |b| Some(LogicalPlan::Distinct(Distinct::All(Arc::new(b.build().ok()?)))))),
    ("over an alias", |g| over(g, |b| b.alias("p").ok()?.build().ok())),
    ("over a union", |g| over(g, |b| b.union(g.input.clone()).ok()?.build().ok())),
    ("over nothing", |g| {
        over(g, |_| {
            let schema = g.input.schema().clone();
            Some(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }))
        })
    }),
    ("over a limited scan", |g| {
        let LogicalPlan::TableScan(mut scan) = g.input.clone() else { return None };
        scan.fetch = Some(1);
        over(g, |_| Some(LogicalPlan::TableScan(scan)))
    }),
    ("over a filtered scan", |g| {
        let LogicalPlan::TableScan(mut scan) = g.input.clone() else { return None };
        scan.filters = vec![col("city").eq(lit("x"))];
        over(g, |_| Some(LogicalPlan::TableScan(scan)))
    }),
    ("of a scan by another name", |g| {
        let LogicalPlan::TableScan(mut scan) = g.input.clone() else { return None };
        scan.table_name = "shops".into();
        over(g, |_| Some(LogicalPlan::TableScan(scan)))
    }),
    ("and its scan named after an open table", |g| {
        let LogicalPlan::TableScan(mut scan) = g.input.clone() else { return None };
        scan.table_name = "public.people".into();
        Some(LogicalPlan::TableScan(scan))
    }),
    ("of another relation", |g| gate(g.input.clone(), "shops", &g.purpose, g.rule())),
    ("of no relation", |g| gate(g.input.clone(), "", &g.purpose, g.rule())),
    ("of another purpose", |g| gate(g.input.clone(), &g.relation, "marketing", g.rule())),
    ("of another lawful basis", |g| {
        gate(g.input.clone(), &g.relation, &g.purpose, GateRule::Subject(LawfulBasis::Contract))
    }),
    ("that decides by no subject", |g| {
        gate(g.input.clone(), &g.relation, &g.purpose, GateRule::WithoutSubject(LawfulBasis::Consent))
    }),
    ("for data that is not personal", |g| gate(g.input.clone(), &g.relation, &g.purpose, GateRule::NotPersonal)),
    ("below a predicate that only it has", |g| plan_of(g.clone().narrowed_by(vec![col("name").eq(lit("nobody"))]))),
    ("below a predicate that fails", |g| plan_of(g.clone().narrowed_by(vec![(lit(1i64) / col("name")).eq(lit(1i64))]))),
];

#[tokio::test]
async fn every_change_to_a_gate_is_refused() {
    let rulings = rulings();
    let mut tried = 0;
    for sql in QUERIES {
        let plan = analysed(sql).await;
        verify(&plan, &rulings).unwrap_or_else(|e| panic!("{sql}: {e}"));
        for (name, change) in MUTATIONS {
            for at in 0..gates(&plan) {
                let Some(mutant) = replaced(&plan, at, *change) else { continue };
                let refused = verify(&mutant, &rulings);
                assert!(refused.is_err(), "{name}, gate {at}: {sql}\n{}", mutant.display_indent());
                tried += 1;
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

/// An ungated scan added to a good plan, in every kind of expression that can hold a query.
#[tokio::test]
async fn a_scan_hidden_in_an_expression_is_refused() {
    let rulings = rulings();
    let bare = crate::verified::plan("SELECT name FROM people").await;
    let good = analysed("SELECT name, city FROM people").await;
    let build = || LogicalPlanBuilder::from(good.clone());
    let bare = || Arc::new(bare.clone());
    let one = || scalar_subquery(bare());
    let hidden = [
        build().filter(exists(bare())).unwrap().build(),
        build().filter(in_subquery(col("name"), bare())).unwrap().build(),
        build().filter(col("name").eq(one())).unwrap().build(),
        build().filter(lit(true).or(col("name").eq(one()).and(lit(false)))).unwrap().build(),
        build().project(vec![one()]).unwrap().build(),
        build()
            .project(vec![datafusion::prelude::when(lit(false), one()).otherwise(lit("x")).unwrap()])
            .unwrap()
            .build(),
        build().sort(vec![one().sort(true, true)]).unwrap().build(),
        build().aggregate(vec![one()], vec![datafusion::functions_aggregate::expr_fn::count(lit(1))]).unwrap().build(),
        build()
            .aggregate(vec![col("city")], vec![datafusion::functions_aggregate::expr_fn::max(one())])
            .unwrap()
            .build(),
        build().limit_by_expr(None, Some(one())).unwrap().build(),
        LogicalPlanBuilder::values(vec![vec![one()]]).unwrap().build(),
        build()
            .join_on(
                analysed("SELECT city AS c FROM shops").await,
                datafusion::prelude::JoinType::Inner,
                [exists(bare())],
            )
            .unwrap()
            .build(),
    ];
    for plan in hidden {
        let plan = plan.unwrap();
        let text = verify(&plan, &rulings).map_err(|e| e.to_string());
        assert!(
            text.as_ref().is_err_and(|t| t.contains("without its policy gate")),
            "{text:?}\n{}",
            plan.display_indent()
        );
    }
}

/// What is more than a query is refused whatever it does: prepared, explained, defined, written, recurring.
#[tokio::test]
async fn a_plan_that_does_more_than_read_is_refused() {
    let rulings = rulings();
    let good = Arc::new(analysed("SELECT name FROM people").await);
    let empty = || LogicalPlanBuilder::empty(false).build().unwrap();
    let prepared = Statement::Prepare(Prepare { name: "p".into(), fields: Vec::new(), input: good.clone() });
    let view =
        CreateView { name: "v".into(), input: good.clone(), or_replace: false, definition: None, temporary: false };
    let table = CreateMemoryTable {
        name: "t".into(),
        constraints: Default::default(),
        input: good.clone(),
        if_not_exists: false,
        or_replace: false,
        column_defaults: Vec::new(),
        temporary: false,
    };
    let recursive = LogicalPlanBuilder::from(good.as_ref().clone())
        .to_recursive_query("r".to_owned(), good.as_ref().clone(), false)
        .unwrap()
        .build()
        .unwrap();
    let explained = LogicalPlanBuilder::from(good.as_ref().clone()).explain(false, false).unwrap().build().unwrap();
    let analysed = LogicalPlanBuilder::from(good.as_ref().clone()).explain(true, true).unwrap().build().unwrap();
    let plans = [
        LogicalPlan::Statement(prepared),
        LogicalPlan::Ddl(DdlStatement::CreateView(view)),
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)),
        recursive,
        explained,
        analysed,
    ];
    for plan in plans {
        for whole in [
            plan.clone(),
            below(plan.clone(), &good),
            LogicalPlanBuilder::from(empty()).union(plan).map_or_else(|_| empty(), |b| b.build().unwrap()),
        ] {
            if whole == empty() {
                continue;
            }
            let text = verify(&whole, &rulings).unwrap_err().to_string();
            assert!(text.contains("does more than read"), "{text}");
        }
    }
}

/// The plan inside a subquery of a good one.
fn below(plan: LogicalPlan, good: &Arc<LogicalPlan>) -> LogicalPlan {
    let subquery = Subquery { subquery: Arc::new(plan), outer_ref_columns: Vec::new(), spans: Default::default() };
    let asks = datafusion::prelude::Expr::Exists(datafusion::logical_expr::expr::Exists { subquery, negated: false });
    LogicalPlan::Filter(Filter::try_new(asks, good.clone()).unwrap())
}

fn narrowed(plan: &LogicalPlan) -> Vec<String> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let Some(gate) = PolicyGate::of(node) {
            found.extend(gate.narrowed().iter().map(ToString::to_string));
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found
}

async fn optimised(sql: &str) -> LogicalPlan {
    use datafusion::optimizer::{Optimizer, OptimizerContext};
    let mut optimizer = Optimizer::new();
    optimizer.rules.push(Arc::new(lakewarden_policy::LiftAboveGates));
    optimizer.optimize(analysed(sql).await, &OptimizerContext::new(), |_, _| {}).unwrap()
}

#[tokio::test]
async fn only_what_nobody_can_observe_goes_below_and_it_stays_above_too() {
    for (sql, below) in [
        (
            "SELECT name FROM people WHERE city = 'x' AND name LIKE 'a%'",
            vec!["city = Utf8(\"x\")", "name LIKE Utf8(\"a%\")"],
        ),
        ("SELECT name FROM people WHERE city = 'x' AND CAST(name AS INT) > 3", vec!["city = Utf8(\"x\")"]),
        ("SELECT name FROM people WHERE city = 'x' OR CAST(name AS INT) > 3", vec![]),
        ("SELECT name FROM people WHERE customer_id = 'x'", vec![]),
        ("SELECT name FROM people WHERE 10 / length(name) > 3", vec![]),
        ("SELECT name FROM people WHERE random() < 0.5", vec![]),
        ("SELECT name FROM people WHERE upper(name) = 'X'", vec![]),
        ("SELECT name FROM people WHERE place['town'] = 'x'", vec![]),
        ("SELECT name FROM people LIMIT 3", vec![]),
        ("SELECT count(*) FROM people GROUP BY city HAVING city > 'x'", vec!["city > Utf8(\"x\")"]),
        ("SELECT s.city FROM shops s JOIN people p ON s.city = p.city WHERE p.name = 'x'", vec!["name = Utf8(\"x\")"]),
        ("SELECT city FROM shops WHERE city IN (SELECT city FROM people WHERE name IS NULL)", vec!["name IS NULL"]),
        (
            "SELECT name FROM people WHERE name > (SELECT max(city) FROM people WHERE city < 'm')",
            vec!["city < Utf8(\"m\")"],
        ),
    ] {
        let plan = optimised(sql).await;
        assert!(narrowed(&plan).is_empty());
        let narrow_plan = narrow(plan).unwrap();
        let found = narrowed(&narrow_plan);
        // The optimiser adds IS NOT NULL on the columns of a join.
        let added = |p: &String| p == "city IS NOT NULL";
        let found: Vec<&String> = found.iter().filter(|p| !added(p)).collect();
        assert_eq!(found, below, "{sql}\n{}", narrow_plan.display_indent());
        verify(&narrow_plan, &rulings()).unwrap();
        assert_eq!(narrow(narrow_plan.clone()).unwrap(), narrow_plan, "twice: {sql}");
        // With another filter above, or none, the same predicates are refused.
        for other in [Some(col("city").not_eq(lit("y"))), None] {
            let changed = narrow_plan.clone().transform_up_with_subqueries(|node| match (&node, &other) {
                (LogicalPlan::Filter(f), Some(other)) if below_is_gate(f) => {
                    Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(other.clone(), f.input.clone())?)))
                }
                (LogicalPlan::Filter(f), None) if below_is_gate(f) => Ok(Transformed::yes(f.input.as_ref().clone())),
                _ => Ok(Transformed::no(node)),
            });
            // A filter that fits no column of the plan makes no plan.
            let Ok(changed) = changed else { continue };
            let refused = verify(&changed.data, &rulings()).map_err(|e| e.to_string());
            let told = refused.as_ref().is_err_and(|t| t.contains("may not be there"));
            assert_eq!(told, !below.is_empty(), "{sql}: {refused:?}\n{}", changed.data.display_indent());
        }
    }
}

/// Whether the filter stands over a narrowed gate, with projections between at most.
fn below_is_gate(filter: &Filter) -> bool {
    let mut input = filter.input.as_ref();
    while let LogicalPlan::Projection(projection) = input {
        input = projection.input.as_ref();
    }
    PolicyGate::of(input).is_some_and(|gate| !gate.narrowed().is_empty())
}
