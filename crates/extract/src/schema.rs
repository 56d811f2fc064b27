//! The shapes of what is stored.

use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef, TimeUnit};
use lakewarden_dictionary::{DataType, Dataset, UNIDENTIFIED_COLUMN};
use std::sync::Arc;

/// The Arrow type of a logical type. Instants are microseconds in UTC; decimals take 128 bits.
pub fn arrow_type(data_type: DataType) -> Arrow {
    match data_type {
        DataType::String => Arrow::Utf8,
        DataType::Integer => Arrow::Int64,
        DataType::Double => Arrow::Float64,
        DataType::Decimal { precision, scale } => Arrow::Decimal128(precision, scale),
        DataType::Boolean => Arrow::Boolean,
        DataType::Date => Arrow::Date32,
        DataType::Timestamp => Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// The schema of a dataset's conformed table: its stored fields, in declared order, under their column
/// names, with the types they have after treatment; and last, in a dataset about people, the mark of rows of which an
/// identifier was left out ([`UNIDENTIFIED_COLUMN`]): true, or null. All nullable.
pub fn conformed_schema(dataset: &Dataset) -> SchemaRef {
    let stored = dataset.stored().map(|f| Field::new(f.column.value.as_str(), arrow_type(f.stored_type()), true));
    let mark = dataset.marks_unidentified().then(|| Field::new(UNIDENTIFIED_COLUMN, Arrow::Boolean, true));
    let fields: Vec<Field> = stored.chain(mark).collect();
    Arc::new(Schema::new(fields))
}

/// The schema of quarantine: where a record stood, which field failed which rule, and the record itself,
/// sealed. See [`crate::quarantine_aad`] for what it is bound to.
pub fn quarantine_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("dataset", Arrow::Utf8, false),
        Field::new("file", Arrow::Utf8, false),
        // Number of the record in its file, from 1, the header not counted; for NDJSON the line.
        Field::new("row", Arrow::Int64, false),
        // Name of the field in the export; null if the record as a whole does not parse.
        Field::new("field", Arrow::Utf8, true),
        Field::new("rule", Arrow::Utf8, false),
        // A fixed sentence a rule, never a value.
        Field::new("reason", Arrow::Utf8, false),
        Field::new("quarantined_at", Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        Field::new("key_version", Arrow::Int32, false),
        Field::new("nonce", Arrow::Binary, false),
        Field::new("sealed", Arrow::Binary, false),
    ]))
}
