//! The measures against examples worked by hand, and against the definitions written down as plainly as can be.
#![allow(clippy::unwrap_used)]

use super::{AnonymityError, Columns, EquivalenceClasses, Measured};
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::DataType;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn numbers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn measured(quasi: &[ArrayRef], sensitive: &[ArrayRef], subject: Option<&ArrayRef>) -> EquivalenceClasses {
    let types = |columns: &[ArrayRef]| columns.iter().map(|c| c.data_type().clone()).collect();
    let columns =
        Columns { quasi: types(quasi), sensitive: types(sensitive), subject: subject.map(|s| s.data_type().clone()) };
    let mut classes = EquivalenceClasses::new(&columns, 7).unwrap();
    classes.observe(quasi, sensitive, subject).unwrap();
    classes
}

fn near(found: Option<f64>, expected: f64) {
    assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
}

/// Nine patients, three to a class: the salaries and diseases of Li et al. (2007), table 3, and its distances.
fn patients() -> EquivalenceClasses {
    let code = texts(&["476", "476", "476", "479", "479", "479", "476*", "476*", "476*"]);
    let salary = numbers(&[3, 4, 5, 6, 11, 8, 7, 9, 10]);
    let disease = texts(&[
        "gastric ulcer",
        "gastritis",
        "stomach cancer",
        "gastritis",
        "flu",
        "bronchitis",
        "bronchitis",
        "pneumonia",
        "stomach cancer",
    ]);
    measured(&[code], &[salary, disease], None)
}

#[test]
fn the_paper_s_salaries_are_as_far_as_the_paper_says() {
    let patients = patients();
    assert_eq!(patients.k_anonymity(3), Measured { worst: Some(3), classes: 0, rows: 0 });
    assert_eq!(patients.l_diversity(0, 3).worst, Some(3));
    // Li et al. work out 0.375 for {3k, 4k, 5k} and 0.167 for {6k, 8k, 11k}.
    let within = patients.t_closeness(0, 0.375);
    near(within.worst, 0.375);
    assert!(within.holds());
    // {7k, 9k, 10k}, which the paper leaves out: (1 + 2 + 3 + 4 + 2 + 3 + 1 + 1) / 72 = 0.236.
    let beyond = |t| {
        let measured = patients.t_closeness(0, t);
        (measured.classes, measured.rows)
    };
    assert_eq!([beyond(0.3), beyond(0.2), beyond(0.16)], [(1, 3), (2, 6), (3, 9)]);
}

#[test]
fn the_equal_distance_is_half_of_what_differs() {
    // Shares in the table: ulcer 1/9, gastritis 2/9, cancer 2/9, flu 1/9, bronchitis 2/9, pneumonia 1/9. In the first
    // class 1/3 each of ulcer, gastritis, cancer: (2/9 + 1/9 + 1/9) above, as much below.
    near(patients().t_closeness(1, 1.0).worst, 4.0 / 9.0);
    let first = measured(&[texts(&["a", "a", "b", "b"])], &[texts(&["x", "x", "x", "y"])], None);
    near(first.t_closeness(0, 1.0).worst, 0.25);
}

#[test]
fn diversity_by_number_and_by_entropy() {
    let class = texts(&["a"; 8]);
    let values = texts(&["x", "x", "x", "x", "x", "x", "y", "z"]);
    let measured = measured(&[class], &[values], None);
    assert_eq!(measured.l_diversity(0, 4), Measured { worst: Some(3), classes: 1, rows: 8 });
    // H = -(6/8 ln 6/8 + 2 · 1/8 ln 1/8) = 0.73556 nats.
    let entropy = -(0.75f64 * 0.75f64.ln() + 0.25 * 0.125f64.ln());
    near(measured.entropy_l_diversity(0, 1.0).worst, entropy.exp());
    assert!(measured.entropy_l_diversity(0, 2.0).holds());
    assert!(!measured.entropy_l_diversity(0, 2.1).holds());
}

#[test]
fn equal_shares_of_l_values_are_entropy_l_diverse_whatever_rounding_does() {
    for l in 1..=40i64 {
        let rows: Vec<i64> = (0..3 * l).map(|n| n % l).collect();
        let measured = measured(&[numbers(&vec![1; rows.len()])], &[numbers(&rows)], None);
        assert!(measured.entropy_l_diversity(0, l as f64).holds(), "{l}");
        assert!(!measured.entropy_l_diversity(0, l as f64 + 0.001).holds(), "{l}");
    }
}

#[test]
fn people_are_counted_once() {
    let class = [texts(&["a", "a", "a", "b", "b"])];
    let people: ArrayRef = Arc::new(StringArray::from(vec![Some("p"), Some("p"), Some("q"), None, None]));
    let of_people = measured(&class, &[], Some(&people));
    assert_eq!(of_people.k_anonymity(2), Measured { worst: Some(1), classes: 1, rows: 2 });
    assert_eq!(measured(&class, &[], None).k_anonymity(2), Measured { worst: Some(2), classes: 0, rows: 0 });
    // Without the column both classes are one, of p and q and some whom nobody knows.
    assert_eq!(of_people.k_without(0), 2);
}

#[test]
fn nulls_are_a_value_and_zeros_are_one() {
    let class: ArrayRef = Arc::new(StringArray::from(vec![None, None, Some("")]));
    let number: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN]));
    let measured = measured(&[class], &[number], None);
    assert_eq!(measured.len(), 2);
    assert_eq!(measured.k_anonymity(2), Measured { worst: Some(1), classes: 1, rows: 1 });
    assert_eq!(measured.l_diversity(0, 2), Measured { worst: Some(1), classes: 2, rows: 3 });
}

#[test]
fn what_a_column_costs_is_known() {
    let (sex, city) = (texts(&["f", "f", "m", "m"]), texts(&["u", "v", "u", "v"]));
    let measured = measured(&[sex, city], &[], None);
    assert_eq!(measured.k_anonymity(2).worst, Some(1));
    assert_eq!((measured.k_without(0), measured.k_without(1)), (2, 2));
}

#[test]
fn no_row_and_no_quasi_identifier() {
    let columns = Columns { quasi: vec![DataType::Utf8], sensitive: vec![DataType::Int64], subject: None };
    let none = EquivalenceClasses::new(&columns, 7).unwrap();
    assert_eq!(none.k_anonymity(2), Measured { worst: None, classes: 0, rows: 0 });
    assert!(none.t_closeness(0, 0.0).holds() && none.l_diversity(0, 2).holds() && none.is_empty());
    assert_eq!(none.k_without(0), 0);
    let all = measured(&[], &[numbers(&[1, 2, 3])], None);
    assert_eq!((all.k_anonymity(2).worst, all.l_diversity(0, 2).worst), (Some(3), Some(3)));
    near(all.t_closeness(0, 0.0).worst, 0.0);
}

#[test]
fn other_columns_than_declared_are_refused() {
    let columns = Columns { quasi: vec![DataType::Utf8], sensitive: vec![DataType::Int64], subject: None };
    let mut classes = EquivalenceClasses::new(&columns, 7).unwrap();
    let (text, number) = ([texts(&["a"])], [numbers(&[1])]);
    let refused = |result| assert_eq!(result, Err(AnonymityError::Columns));
    refused(classes.observe(&number, &number, None));
    refused(classes.observe(&text, &[], None));
    refused(classes.observe(&text, &[numbers(&[1, 2])], None));
    refused(classes.observe(&text, &number, Some(&text[0])));
    classes.observe(&text, &number, None).unwrap();
    assert_eq!(classes.rows(), 1);
}

/// A row: two quasi-identifiers, whose it is, a number and a word.
type Row = (Option<u8>, bool, Option<u8>, Option<i8>, u8);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.9, 0u8..4),
        any::<bool>(),
        prop::option::weighted(0.9, 0u8..12),
        prop::option::weighted(0.9, -5i8..5),
        0u8..4,
    );
    prop::collection::vec(row, 1..120)
}

/// The columns of rows, each of another Arrow type.
fn columns(rows: &[Row]) -> (Vec<ArrayRef>, Vec<ArrayRef>, ArrayRef) {
    let days: ArrayRef = Arc::new(Date32Array::from_iter(rows.iter().map(|r| r.0.map(i32::from))));
    let flags: ArrayRef = Arc::new(BooleanArray::from_iter(rows.iter().map(|r| Some(r.1))));
    let people: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|r| r.2.map(|p| format!("p{p}")))));
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter(rows.iter().map(|r| r.3.map(f64::from))));
    let words: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|r| Some(format!("w{}", r.4)))));
    (vec![days, flags], vec![numbers, words], people)
}

fn by_class(rows: &[Row]) -> Vec<Vec<&Row>> {
    let mut classes: BTreeMap<(Option<u8>, bool), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        classes.entry((row.0, row.1)).or_default().push(row);
    }
    classes.into_values().collect()
}

/// Shares of the values of a column among rows, by value.
fn shares<V: Ord>(rows: &[&Row], value: impl Fn(&Row) -> V) -> BTreeMap<V, f64> {
    let mut shares = BTreeMap::new();
    for row in rows {
        *shares.entry(value(row)).or_insert(0.0) += 1.0 / rows.len() as f64;
    }
    shares
}

fn ordered_distance(class: &[&Row], all: &[&Row]) -> f64 {
    let (q, p) = (shares(class, |r| r.3), shares(all, |r| r.3));
    let (mut sum, mut so_far) = (0.0, 0.0f64);
    for (value, share) in &p {
        so_far += q.get(value).unwrap_or(&0.0) - share;
        sum += so_far.abs();
    }
    if p.len() < 2 { 0.0 } else { sum / (p.len() - 1) as f64 }
}

fn equal_distance(class: &[&Row], all: &[&Row]) -> f64 {
    let (q, p) = (shares(class, |r| r.4), shares(all, |r| r.4));
    p.iter().map(|(value, share)| (q.get(value).unwrap_or(&0.0) - share).abs()).sum::<f64>() / 2.0
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::MIN, f64::max)
}

proptest! {
    /// However rows are cut into batches, the figures are those of the definitions.
    #[test]
    fn figures_are_those_of_the_definitions(rows in rows(), cut in 1usize..40, k in 1u64..6, l in 1u64..4) {
        let (quasi, sensitive, people) = columns(&rows);
        let types = |columns: &[ArrayRef]| columns.iter().map(|c| c.data_type().clone()).collect::<Vec<_>>();
        let declared = Columns { quasi: types(&quasi), sensitive: types(&sensitive), subject: None };
        let with_people = Columns { subject: Some(people.data_type().clone()), ..declared.clone() };
        let mut found = EquivalenceClasses::new(&declared, 3).unwrap();
        let mut of_people = EquivalenceClasses::new(&with_people, 5).unwrap();
        for from in (0..rows.len()).step_by(cut) {
            let slice = |columns: &[ArrayRef]| -> Vec<ArrayRef> {
                columns.iter().map(|c| c.slice(from, cut.min(rows.len() - from))).collect()
            };
            found.observe(&slice(&quasi), &slice(&sensitive), None).unwrap();
            of_people.observe(&slice(&quasi), &slice(&sensitive), Some(&slice(std::slice::from_ref(&people))[0])).unwrap();
        }
        let classes = by_class(&rows);
        let all: Vec<&Row> = rows.iter().collect();

        let few: Vec<_> = classes.iter().filter(|c| (c.len() as u64) < k).collect();
        prop_assert_eq!(found.k_anonymity(k), Measured {
            worst: classes.iter().map(|c| c.len() as u64).min(),
            classes: few.len() as u64,
            rows: few.iter().map(|c| c.len() as u64).sum(),
        });
        let persons = |class: &Vec<&Row>| class.iter().filter_map(|r| r.2).collect::<BTreeSet<_>>().len().max(1) as u64;
        prop_assert_eq!(of_people.k_anonymity(k).worst, classes.iter().map(persons).min());
        prop_assert_eq!(of_people.k_anonymity(k).classes, classes.iter().filter(|c| persons(c) < k).count() as u64);

        let distinct = |class: &Vec<&Row>| class.iter().map(|r| r.3).collect::<BTreeSet<_>>().len() as u64;
        let poor: Vec<_> = classes.iter().filter(|c| distinct(c) < l).collect();
        prop_assert_eq!(found.l_diversity(0, l), Measured {
            worst: classes.iter().map(distinct).min(),
            classes: poor.len() as u64,
            rows: poor.iter().map(|c| c.len() as u64).sum(),
        });
        let entropy = |class: &Vec<&Row>| -shares(class, |r| r.4).values().map(|q| q * q.ln()).sum::<f64>();
        let least = -largest(classes.iter().map(|c| -entropy(c).exp()));
        prop_assert!((found.entropy_l_diversity(1, 1.0).worst.unwrap() - least).abs() < 1e-9);

        let furthest = largest(classes.iter().map(|c| ordered_distance(c, &all)));
        prop_assert!((found.t_closeness(0, 1.0).worst.unwrap() - furthest).abs() < 1e-9);
        let furthest = largest(classes.iter().map(|c| equal_distance(c, &all)));
        prop_assert!((found.t_closeness(1, 1.0).worst.unwrap() - furthest).abs() < 1e-9);

        let dropped = |key: &dyn Fn(&Row) -> (Option<u8>, bool)| {
            let mut sizes: BTreeMap<_, u64> = BTreeMap::new();
            rows.iter().for_each(|r| *sizes.entry(key(r)).or_default() += 1);
            sizes.into_values().min().unwrap()
        };
        prop_assert_eq!(found.k_without(0), dropped(&|r| (None, r.1)));
        prop_assert_eq!(found.k_without(1), dropped(&|r| (r.0, false)));
    }

    /// The order in which rows come shows in no digit.
    #[test]
    fn figures_do_not_depend_on_order(rows in rows()) {
        let figures = |rows: &[Row]| {
            let (quasi, sensitive, _) = columns(rows);
            let found = measured(&quasi, &sensitive, None);
            (0..2).map(|n| (found.entropy_l_diversity(n, 2.0), found.t_closeness(n, 0.2))).collect::<Vec<_>>()
        };
        let turned: Vec<Row> = rows.iter().rev().copied().collect();
        prop_assert_eq!(figures(&rows), figures(&turned));
    }

    /// Leaving a quasi-identifier out never makes a class smaller.
    #[test]
    fn fewer_quasi_identifiers_hide_more(rows in rows()) {
        let (quasi, _, people) = columns(&rows);
        let found = measured(&quasi, &[], Some(&people));
        let k = found.k_anonymity(1).worst.unwrap();
        prop_assert!(found.k_without(0) >= k && found.k_without(1) >= k);
    }
}
