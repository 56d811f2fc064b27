//! What one person adds is bounded: shown on random tables, against a reference and against each one's absence.

use crate::sales::*;
use datafusion::arrow::array::RecordBatch;
use lakewarden_dictionary::Noise;
use lakewarden_policy::noise::Figure;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::future::Future;

const SQL: &str = "SELECT city, count(DISTINCT customer_id) AS buyers, count(*) AS orders, count(pieces) AS counted, \
                   sum(pieces) AS pieces, sum(paid) AS paid, sum(pieces) FILTER (WHERE paid > 1.00) AS dear \
                   FROM sales GROUP BY city";

/// By column: the bounds, in units.
const BOUNDS: [(i128, i128); 5] = [(0, 3), (1, 2), (-4, 5), (-100, 250), (-1, 1)];

fn declared(rows_per_person: u32) -> Noise {
    noise(
        rows_per_person,
        &[
            ("buyers", lakewarden_dictionary::NoiseBound::People),
            ("orders", between("0", "3")),
            ("counted", between("1", "2")),
            ("pieces", between("-4", "5")),
            ("paid", between("-1.00", "2.50")),
            ("dear", between("-1", "1")),
        ],
    )
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn a_sale() -> impl Strategy<Value = Sale> {
    let person = prop::option::weighted(0.9, 0u8..8);
    let city = prop::option::weighted(0.9, 0u8..6);
    let pieces = prop::option::weighted(0.9, prop_oneof![-9i64..9, Just(i64::MAX / 64), Just(i64::MIN / 64)]);
    let cents = prop::option::weighted(0.9, prop_oneof![-400i64..400, Just(9_999_999_999), Just(-9_999_999_999)]);
    (person, city, pieces, cents).prop_map(|(person, city, pieces, cents)| Sale { person, city, pieces, cents })
}

/// By city: people, and then sums.
type Figures = BTreeMap<String, Vec<i128>>;

fn found(sales: &[Sale], rows_per_person: u32) -> Figures {
    let rows = wait(below_the_gate(&context(sales), SQL, &declared(rows_per_person)));
    let figures = |row: Vec<String>| (row[0].clone(), row[1..].iter().map(|n| n.parse().unwrap()).collect());
    rows.into_iter().map(figures).collect()
}

/// The same, written out.
fn expected(sales: &[Sale], rows_per_person: u32) -> Figures {
    let mut by: BTreeMap<(u8, Option<u8>), Vec<&Sale>> = BTreeMap::new();
    for sale in sales {
        if let Some(person) = sale.person {
            by.entry((person, sale.city)).or_default().push(sale);
        }
    }
    let mut figures = Figures::new();
    for person in 0..8 {
        let mut own: Vec<_> = by.iter().filter(|((p, _), _)| *p == person).collect();
        own.sort_by_key(|((p, city), _)| place_of(&format!("p{p}"), city.map(|c| format!("c{c}")).as_deref()));
        for ((_, city), sales) in own.into_iter().take(rows_per_person as usize) {
            let pieces = |of: &dyn Fn(&&&Sale) -> bool| -> i128 {
                sales.iter().filter(of).filter_map(|s| s.pieces).map(i128::from).sum()
            };
            let amounts = [
                sales.len() as i128,
                sales.iter().filter(|s| s.pieces.is_some()).count() as i128,
                pieces(&|_| true),
                sales.iter().filter_map(|s| s.cents).map(i128::from).sum(),
                pieces(&|s| s.cents.is_some_and(|c| c > 100)),
            ];
            let name = city.map_or_else(|| "∅".to_owned(), |c| format!("c{c}"));
            let row = figures.entry(name).or_insert_with(|| vec![0; 6]);
            row[0] += 1;
            for ((sum, amount), (low, high)) in row[1..].iter_mut().zip(amounts).zip(BOUNDS) {
                *sum += amount.clamp(low, high);
            }
        }
    }
    figures
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn figures_below_the_gate_are_those_of_bounded_people(
        sales in prop::collection::vec(a_sale(), 0..60),
        rows_per_person in 1u32..5,
    ) {
        prop_assert_eq!(found(&sales, rows_per_person), expected(&sales, rows_per_person));
    }

    /// The sensitivity that the noise is made for: one person less changes R rows at most, by one bound each.
    #[test]
    fn a_person_changes_few_rows_by_little(
        sales in prop::collection::vec(a_sale(), 1..60),
        rows_per_person in 1u32..5,
        who in 0u8..8,
    ) {
        let with = found(&sales, rows_per_person);
        let others: Vec<Sale> = sales.into_iter().filter(|s| s.person != Some(who)).collect();
        let without = found(&others, rows_per_person);
        let nothing = vec![0; 6];
        let cities: std::collections::BTreeSet<&String> = with.keys().chain(without.keys()).collect();
        let mut changed = 0;
        for city in cities {
            let (with, without) = (with.get(city).unwrap_or(&nothing), without.get(city).unwrap_or(&nothing));
            changed += u32::from(with != without);
            prop_assert!(with[0] - without[0] == 0 || with[0] - without[0] == 1);
            for ((with, without), (low, high)) in with[1..].iter().zip(&without[1..]).zip(BOUNDS) {
                prop_assert!((with - without).abs() <= low.abs().max(high.abs()));
            }
        }
        prop_assert!(changed <= rows_per_person, "{changed} rows");
    }
}

/// The scales that go with that: R·B over the share of ε.
#[test]
fn scales_are_of_the_bounds() {
    let noised = wait(planned(&context(&[]), SQL, &declared(4))).unwrap();
    // Six figures share ε = 1.
    let scale = |figure: &Figure| figure.scale.0 as f64 / figure.scale.1 as f64;
    assert_eq!(scale(&noised.mechanism.people), 4.0 * 6.0);
    let sums: Vec<f64> = noised.mechanism.sums.iter().map(scale).collect();
    assert_eq!(sums, [3.0, 2.0, 5.0, 250.0, 1.0].map(|bound| 4.0 * 6.0 * bound));
    assert_eq!(noised.mechanism.threshold, lakewarden_policy::noise::threshold(4, 1.0 / 6.0, 1e-6));
}

/// The gate: rows below the threshold do not pass, figures get their noise, and what a type cannot hold is cut.
#[test]
fn the_gate_adds_noise_and_holds_rows_back() {
    let mut sales = Vec::new();
    for person in 0..8u8 {
        for city in 0..2u8 {
            if city == 0 || person < 3 {
                sales.push(Sale { person: Some(person), city: Some(city), pieces: Some(2), cents: Some(100) });
            }
        }
    }
    let context = context(&sales);
    let noised = wait(planned(&context, SQL, &declared(2))).unwrap();
    let mut gate = gate(&noised.plan).clone();
    gate.mechanism.threshold = 13;
    let below = wait(wait(context.execute_logical_plan(gate.input.clone())).unwrap().collect()).unwrap();
    let schema =
        std::sync::Arc::new(datafusion::logical_expr::UserDefinedLogicalNodeCore::schema(&gate).as_arrow().clone());
    let publish = |draw: &dyn Fn(&Figure) -> i128| {
        let rows: Vec<RecordBatch> = below
            .iter()
            .map(|batch| {
                gate.publish(&schema, batch, &|figure, key, _| {
                    assert!(!key.is_empty());
                    Ok(draw(figure))
                })
                .unwrap()
            })
            .collect();
        let mut rows: Vec<Vec<String>> = rows.iter().flat_map(cells).collect();
        rows.sort();
        rows
    };
    let five = |_: &Figure| 5;
    assert_eq!(publish(&five), [["c0", "13", "13", "13", "21", "8.05", "5"]], "8 + 5 people pass, 3 + 5 do not");
    assert_eq!(publish(&|_| 3), [[""; 0]; 0]);
    let huge = publish(&|_| i128::MAX / 2);
    assert_eq!(huge.len(), 2);
    assert_eq!(huge[0][1], i64::MAX.to_string());
    assert!(
        publish(&|f| if f.column.as_deref() == Some("buyers") { 9 } else { i128::MIN / 2 })[0][2]
            == i64::MIN.to_string()
    );
}

/// Without groups there is one row, and with nobody it has nothing.
#[test]
fn a_grand_total_is_bounded_as_well() {
    let sql = "SELECT count(*) AS orders FROM sales";
    let declared = noise(1, &[("orders", between("0", "3"))]);
    let sale = |person| Sale { person, city: None, pieces: None, cents: None };
    let sales: Vec<Sale> = [Some(1), Some(1), Some(1), Some(1), Some(2), None, None].map(sale).to_vec();
    assert_eq!(wait(below_the_gate(&context(&sales), sql, &declared)), [["2", "4"]]);
    assert_eq!(wait(below_the_gate(&context(&[]), sql, &declared)), [["0", "∅"]]);
}
