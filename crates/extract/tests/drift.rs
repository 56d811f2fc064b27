//! Exports that are not quite as declared: new fields, missing optional ones, types that widen.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{UndeclaredField, Warning, undeclared_fields, undeclared_names};

const CANARY: &str = "13187013211";

fn orders(container: Container, undeclared: UndeclaredFields) -> Dataset {
    let fields = vec![
        field("order_no", DataType::String).required(),
        field("pieces", DataType::Integer),
        field("paid", DataType::Decimal { precision: 8, scale: 2 }),
        field("gift", DataType::Boolean).optional(),
        field("note", DataType::String).optional(),
    ];
    let mut orders = dataset("orders", container, Encoding::Utf8, fields);
    orders.drift.undeclared = undeclared;
    orders
}

/// What accounts of `orders` call an undeclared field: a keyed hash.
fn label(name: &str) -> String {
    let token = ring().tokeniser("lakewarden/undeclared-field").token_of(&format!("orders/{name}"));
    format!("field-{}", &token[token.len() - 12..])
}

const CSV: &str = "order_no,pieces,paid,clipboard,imei\nA,1,2.50,13187013211,\nB,2,3,,\n";
const NDJSON: &str =
    "{\"order_no\":\"A\",\"pieces\":1,\"paid\":2.50,\"clipboard\":\"13187013211\"}\n{\"order_no\":\"B\"}\n";

#[test]
fn a_dataset_may_refuse_what_nobody_declared() {
    for (container, text) in [(Container::Csv, CSV), (Container::Ndjson, NDJSON)] {
        let error = run(&orders(container, UndeclaredFields::Refuse), &[file("f", text)]).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            ("LW4065", format!("f: holds undeclared fields: {}", label("clipboard")).as_str())
        );
        assert!(error.hint().contains("schemas/channels/orders.yaml") && error.hint().contains("ignored_fields"));
        let mut knows = orders(container, UndeclaredFields::Refuse);
        knows.drift.ignored = vec![here("clipboard".into())];
        let outcome = run(&knows, &[file("f", text)]).unwrap();
        assert_eq!(outcome.accounts[0].over_collected["clipboard"], 1, "still counted");
        assert_eq!(outcome.accounts[0].written, 2);
    }
}

#[test]
fn what_a_review_would_ask_is_told_without_loading() {
    for (container, text) in [(Container::Csv, CSV), (Container::Ndjson, NDJSON)] {
        let mut orders = orders(container, UndeclaredFields::Review);
        assert_eq!(undeclared_fields(&orders, &file("f", text), &ring()).unwrap(), [label("clipboard")]);
        let named = undeclared_names(&orders, &file("f", text), &ring()).unwrap();
        assert_eq!(named, [UndeclaredField { label: label("clipboard"), name: "clipboard".into(), records: 1 }]);
        orders.drift.ignored = vec![here("clipboard".into())];
        assert_eq!(undeclared_fields(&orders, &file("f", text), &ring()).unwrap(), Vec::<String>::new());
    }
    // A name may be a person's number.
    let odd = format!("order_no,pieces,paid,{CANARY}\nA,1,2.50,x\n");
    let orders = orders(Container::Csv, UndeclaredFields::Review);
    assert_eq!(undeclared_fields(&orders, &file("f", odd), &ring()).unwrap(), [label(CANARY)]);
    assert_eq!(undeclared_fields(&orders, &file("f", ""), &ring()).unwrap_err().code(), "LW4002");
}

#[test]
fn a_missing_optional_field_is_null_and_said() {
    for (container, text) in [
        (Container::Csv, "order_no,pieces,paid,note\nA,1,2.50,x\n"),
        (Container::Ndjson, "{\"order_no\":\"A\",\"pieces\":1,\"paid\":2.50,\"note\":\"x\"}\n"),
    ] {
        let outcome = run(&orders(container, UndeclaredFields::Ignore), &[file("f", text)]).unwrap();
        assert_eq!(outcome.accounts[0].warnings, [Warning::OptionalAbsent { fields: vec!["gift".into()] }]);
        assert_eq!(outcome.column("gift"), ["-"]);
        assert_eq!(outcome.accounts[0].written, 1);
    }
    let whole = "order_no,pieces,paid,gift,note\nA,1,2.50,true,\n";
    let outcome = run(&orders(Container::Csv, UndeclaredFields::Ignore), &[file("f", whole)]).unwrap();
    assert_eq!(outcome.accounts[0].warnings, []);
}

#[test]
fn a_type_that_widened_is_reported_with_its_count() {
    let text = "order_no,pieces,paid,gift,note\nA,1.5,2.505,2,\nB,2.5,99999999.00,yes,\nC,两件,N/A,,\nD,4,5,true,\n";
    let outcome = run(&orders(Container::Csv, UndeclaredFields::Ignore), &[file("f", text)]).unwrap();
    let account = &outcome.accounts[0];
    assert_eq!((account.read, account.written, account.quarantined_total()), (4, 1, 3));
    let widened = |field: &str, found, values| Warning::TypeWidened {
        field: field.into(),
        found: std::borrow::Cow::Borrowed(found),
        values,
    };
    assert_eq!(
        account.warnings,
        [
            widened("pieces", "decimal with a fraction", 2),
            widened("paid", "decimal of a finer scale", 1),
            widened("paid", "decimal of more digits", 1),
            widened("gift", "integer", 1),
        ]
    );
    let said: String = account.warnings.iter().map(|w| format!("{w}\n")).collect();
    assert!(
        said.contains("`pieces` seems to have become decimal with a fraction: values of that type in quarantine: 2")
    );
    assert!(!said.contains("2.505"), "no cell in a message");
}

#[test]
fn a_typed_column_widens_too() {
    use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use std::sync::Arc;
    let batch = RecordBatch::try_from_iter(vec![
        ("order_no", Arc::new(StringArray::from(vec!["A", "B"])) as ArrayRef),
        ("pieces", Arc::new(Float64Array::from(vec![1.0, 2.5]))),
        ("paid", Arc::new(Float64Array::from(vec![1.0, 2.5]))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let outcome = run(&orders(Container::Parquet, UndeclaredFields::Ignore), &[file("f", bytes)]).unwrap();
    let widened = Warning::TypeWidened { field: "pieces".into(), found: "decimal with a fraction".into(), values: 1 };
    assert!(outcome.accounts[0].warnings.contains(&widened), "{:?}", outcome.accounts[0].warnings);
}
