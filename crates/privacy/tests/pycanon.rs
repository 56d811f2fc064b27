//! The measures of anonymity against pycanon's, on tables of papers and on generated ones.
//!
//! Where pycanon's definition is another (docs/policy/anonymity.md lists it), that is tested too, so that a later
//! version that differs is noticed.
#![allow(clippy::unwrap_used)]

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use lakewarden_privacy::anonymity::{Columns, EquivalenceClasses};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

type Named = (&'static str, ArrayRef);

/// A table: quasi-identifiers, sensitive columns.
struct Table {
    quasi: Vec<Named>,
    sensitive: Vec<Named>,
}

fn texts(values: impl IntoIterator<Item = impl Into<String>>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values.into_iter().map(Into::into)))
}

impl Table {
    fn json(&self) -> Value {
        let columns = |named: &[Named]| -> Map<String, Value> {
            named.iter().map(|(name, column)| ((*name).to_owned(), cells(column))).collect()
        };
        json!({ "quasi": columns(&self.quasi), "sensitive": columns(&self.sensitive) })
    }

    fn classes(&self) -> EquivalenceClasses {
        let types = |named: &[Named]| named.iter().map(|(_, c)| c.data_type().clone()).collect();
        let columns = |named: &[Named]| named.iter().map(|(_, c)| c.clone()).collect::<Vec<_>>();
        let declared = Columns { quasi: types(&self.quasi), sensitive: types(&self.sensitive), subject: None };
        let mut classes = EquivalenceClasses::new(&declared, 1).unwrap();
        classes.observe(&columns(&self.quasi), &columns(&self.sensitive), None).unwrap();
        classes
    }
}

fn cells(column: &ArrayRef) -> Value {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().map(|v| json!(v)).collect(),
        DataType::Int64 => column.as_primitive::<Int64Type>().iter().map(|v| json!(v)).collect(),
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().map(|v| json!(v)).collect(),
        DataType::Boolean => column.as_boolean().iter().map(|v| json!(v)).collect(),
        other => panic!("no cells of {other}"),
    }
}

/// What pycanon says of tables.
fn pycanon(tables: &[Table]) -> Vec<Value> {
    let python = std::env::var("LAKEWARDEN_PYTHON").expect("LAKEWARDEN_PYTHON is a Python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pycanon/measure.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = Value::Array(tables.iter().map(Table::json).collect()).to_string();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where the two say different things; all rows are comparable (no nulls, at least two sensitive values).
fn differences(table: &Table, said: &Value) -> Vec<String> {
    let classes = table.classes();
    let near = |ours: f64, theirs: f64| (ours - theirs).abs() < 1e-9;
    // pycanon cuts off what stands after the point, of a figure that rounding may have put just below it.
    let cut = |ours: f64, theirs: f64| theirs == (ours - 1e-9).floor() || theirs == (ours + 1e-9).floor();
    let k = classes.k_anonymity(1).worst.unwrap() as f64;
    let mut figures = vec![("k".to_owned(), k, &said["k"], near as fn(f64, f64) -> bool)];
    for (at, (name, _)) in table.sensitive.iter().enumerate() {
        let of = &said["of"][*name];
        let l = classes.l_diversity(at, 1).worst.unwrap() as f64;
        figures.push((format!("l of {name}"), l, &of["l"], near));
        figures.push((format!("t of {name}"), classes.t_closeness(at, 1.0).worst.unwrap(), &of["t"], near));
        let entropy = classes.entropy_l_diversity(at, 1.0).worst.unwrap();
        figures.push((format!("entropy l of {name}"), entropy, &of["entropy"], cut));
    }
    figures
        .into_iter()
        .filter(|(_, ours, theirs, same)| !theirs.as_f64().is_some_and(|theirs| same(*ours, theirs)))
        .map(|(what, ours, theirs, _)| format!("{what}: {ours}, pycanon {theirs}"))
        .collect()
}

/// The twelve inpatients of Machanavajjhala et al. (2007), 4-anonymous (their figure 2) and 3-diverse (figure 3).
fn inpatients() -> [Table; 2] {
    let (heart, viral, cancer) = ("heart disease", "viral infection", "cancer");
    let rows = |classes: [&str; 3]| texts(classes.iter().flat_map(|c| [*c; 4]));
    let four_anonymous = Table {
        quasi: vec![("zip", rows(["130**", "1485*", "130**"])), ("age", rows(["<30", ">=40", "3*"]))],
        sensitive: vec![(
            "condition",
            texts([heart, heart, viral, viral, cancer, heart, viral, viral, cancer, cancer, cancer, cancer]),
        )],
    };
    let three_diverse = Table {
        quasi: vec![("zip", rows(["1305*", "1485*", "1306*"])), ("age", rows(["<=40", ">40", "<=40"]))],
        sensitive: vec![(
            "condition",
            texts([heart, viral, cancer, cancer, cancer, heart, viral, viral, heart, viral, cancer, cancer]),
        )],
    };
    [four_anonymous, three_diverse]
}

#[test]
fn the_inpatients_are_as_their_authors_say() {
    let [four_anonymous, three_diverse] = inpatients().map(|t| t.classes());
    assert_eq!(four_anonymous.k_anonymity(4).worst, Some(4));
    assert_eq!(four_anonymous.l_diversity(0, 2).worst, Some(1), "all in their thirties have cancer");
    assert_eq!((three_diverse.k_anonymity(4).worst, three_diverse.l_diversity(0, 3).worst), (Some(4), Some(3)));
    assert!(three_diverse.entropy_l_diversity(0, 2.8).holds(), "as the authors say: entropy 2.8-diverse");
    assert!(!three_diverse.entropy_l_diversity(0, 2.9).holds());
}

/// Tables of up to four quasi-identifiers and all kinds of sensitive columns, with at least two values in each.
fn generated(count: usize, longest: usize) -> Vec<Table> {
    let rows = prop::collection::vec((0u8..3, 0i64..3, any::<bool>(), 0i64..40, 0u8..6, 0u8..9), 2..longest);
    let mut runner = TestRunner::deterministic();
    let tables = (0..count).map(|_| {
        let mut rows = rows.new_tree(&mut runner).unwrap().current();
        (rows[0].3, rows[0].4, rows[0].5) = (41, 7, 10);
        Table {
            quasi: vec![
                ("word", texts(rows.iter().map(|r| format!("q{}", r.0)))),
                ("number", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.1)))),
                ("flag", Arc::new(BooleanArray::from_iter(rows.iter().map(|r| Some(r.2))))),
            ],
            sensitive: vec![
                ("income", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.3)))),
                ("score", Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| f64::from(r.4) / 4.0 - 0.5)))),
                ("illness", texts(rows.iter().map(|r| format!("s{}", r.5)))),
            ],
        }
    });
    tables.collect()
}

#[test]
#[ignore = "needs a Python with pycanon at LAKEWARDEN_PYTHON"]
fn pycanon_measures_the_same() {
    let mut tables: Vec<Table> = inpatients().into();
    tables.extend(generated(150, 120));
    tables.extend(generated(1, 5_000));
    let mut failures = Vec::new();
    for (at, (table, said)) in tables.iter().zip(pycanon(&tables)).enumerate() {
        failures.extend(differences(table, &said).into_iter().map(|d| format!("table {at}: {d}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
#[ignore = "needs a Python with pycanon at LAKEWARDEN_PYTHON"]
fn where_pycanon_measures_something_else() {
    let classes = |class: &[Option<&str>]| vec![("class", Arc::new(StringArray::from(class.to_vec())) as ArrayRef)];
    let numbers = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
    let tables = [
        // Two rows without a quasi-identifier are a class to us; pandas leaves them out of its groups.
        Table {
            quasi: classes(&[Some("a"), Some("a"), Some("a"), None, None]),
            sensitive: vec![("s", numbers(&[1, 2, 3, 4, 5]))],
        },
        // e^H of two equally frequent values is 2; in floating point 1.9999…, of which the whole part is 1.
        Table { quasi: classes(&[Some("a"), Some("a")]), sensitive: vec![("s", texts(["x", "y"]))] },
        // One number is at no distance from itself; pycanon divides by the number of values less one.
        Table { quasi: classes(&[Some("a"), Some("b")]), sensitive: vec![("s", numbers(&[1, 1]))] },
        // A null is a value to us, before all others; NumPy finds one that is equal to none.
        Table {
            quasi: classes(&[Some("a"), Some("a"), Some("b"), Some("b")]),
            sensitive: vec![("s", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.0), Some(3.0)])))],
        },
    ];
    let said = pycanon(&tables);
    let ours: Vec<EquivalenceClasses> = tables.iter().map(Table::classes).collect();
    assert_eq!((ours[0].k_anonymity(2).worst, &said[0]["k"]), (Some(2), &json!(3.0)));
    assert!(ours[1].entropy_l_diversity(0, 2.0).holds());
    assert_eq!(said[1]["of"]["s"]["entropy"], 1.0);
    assert_eq!((ours[2].t_closeness(0, 1.0).worst, &said[2]["of"]["s"]["t"]), (Some(0.0), &json!("ZeroDivisionError")));
    // Shares 1/2 of null and 1 against 1/4 each: (1/4 + 1/2 + 1/4) / 3; pycanon's null has no share.
    assert_eq!((ours[3].t_closeness(0, 1.0).worst, &said[3]["of"]["s"]["t"]), (Some(1.0 / 3.0), &json!(0.25)));
}
