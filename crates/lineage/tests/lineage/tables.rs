//! The tables that the corpus is about, with rows, of which one column can be exchanged.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

/// The columns of the tables. Each is filled by [`column`].
pub(crate) const COLUMNS: [(&str, &[&str]); 4] = [
    ("customers", &["id", "name", "email", "city", "born", "tags"]),
    ("orders", &["order_id", "customer_id", "sku", "qty", "price", "state", "at"]),
    ("products", &["sku", "category", "cost", "dims"]),
    ("staff", &["id", "boss", "name"]),
];

const ROWS: i64 = 12;

/// A session with the tables and the view. `exchanged` names a column whose values are others.
pub(crate) async fn session(exchanged: Option<(&str, &str)>) -> SessionContext {
    // One partition: rows come in one order, so that results can be compared.
    let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    for (table, columns) in COLUMNS {
        let columns = columns.iter().map(|name| {
            let shift = i64::from(exchanged == Some((table, name)));
            (*name, column(table, name, shift), true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let table_of = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
        session.register_table(table, Arc::new(table_of)).unwrap();
    }
    let view = "CREATE VIEW open_orders AS
                SELECT order_id, customer_id, price FROM orders WHERE state = 'open'";
    session.sql(view).await.unwrap().collect().await.unwrap();
    session
}

/// A column's values; another `shift` gives others of the same kind, of which some still meet
/// those of the columns it is joined to.
fn column(table: &str, name: &str, shift: i64) -> ArrayRef {
    let texts = |words: &[&str]| -> ArrayRef {
        let text = |row: i64| {
            let at = usize::try_from(row * (1 + shift) + 2 * shift).unwrap();
            (at % 7 != 6).then(|| words[at % words.len()].to_owned())
        };
        Arc::new((0..ROWS).map(text).collect::<StringArray>())
    };
    let integers = |modulus: i64| -> ArrayRef {
        let integer = |row: i64| (row * 5 + 3 * shift) % modulus;
        Arc::new((0..ROWS).map(integer).map(Some).collect::<Int64Array>())
    };
    let floats = |scale: i32| -> ArrayRef {
        let float = |row: i64| f64::from(i32::try_from(row * 7 + 11 * shift).unwrap() % scale);
        Arc::new((0..ROWS).map(float).map(Some).collect::<Float64Array>())
    };
    match (table, name) {
        ("customers", "id") => integers(12),
        ("customers" | "staff", "name") => texts(&["Ada", "Bo", "Cy", "ADA", "Wuhan"]),
        ("customers", "email") => texts(&["a@example.com", "b@example.com", "c@example.com"]),
        ("customers", "city") => texts(&["Wuhan", "Xian", "Ada", "Dalian"]),
        ("customers", "born") => {
            Arc::new((0..ROWS).map(|row| Some(i32::try_from(row * 400 + shift * 77).unwrap())).collect::<Date32Array>())
        }
        ("customers", "tags") => tags(shift),
        ("orders", "order_id") => integers(997),
        ("orders", "customer_id") => integers(7),
        ("orders" | "products", "sku") => texts(&["s1", "s2", "s3", "s4", "open"]),
        ("orders", "qty") => integers(4),
        ("orders", "price") => floats(150),
        ("orders", "state") => texts(&["open", "done", "back"]),
        ("orders", "at") => Arc::new(
            (0..ROWS)
                .map(|row| Some((row * 31 + shift * 17) % 40 * 86_400_000_000))
                .collect::<TimestampMicrosecondArray>(),
        ),
        ("products", "category") => texts(&["coat", "shoe"]),
        ("products", "cost") => floats(90),
        ("products", "dims") => dims(shift),
        ("staff", "id") => Arc::new((0..ROWS).map(|row| Some(row + shift)).collect::<Int64Array>()),
        // Always less than the row's number: a tree, so that recursion ends.
        ("staff", "boss") => {
            Arc::new((0..ROWS).map(|row| (row > 0).then(|| (row - 1) / (2 + shift))).collect::<Int64Array>())
        }
        other => panic!("no values for {other:?}"),
    }
}

fn tags(shift: i64) -> ArrayRef {
    let lengths = (0..ROWS).map(|row| usize::try_from((row + shift) % 3).unwrap());
    let offsets = OffsetBuffer::from_lengths(lengths);
    let values = (0..*offsets.last().unwrap()).map(|at| Some(format!("t{}", at % 4)));
    let values: StringArray = values.collect();
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    Arc::new(ListArray::new(item, offsets, Arc::new(values), None))
}

fn dims(shift: i64) -> ArrayRef {
    let side = |factor: i64| -> ArrayRef {
        let sides = (0..ROWS).map(|row| Some(row * factor + shift));
        Arc::new(sides.collect::<Int64Array>())
    };
    let field = |name| Arc::new(Field::new(name, DataType::Int64, true));
    Arc::new(StructArray::from(vec![(field("w"), side(2)), (field("h"), side(3))]))
}
