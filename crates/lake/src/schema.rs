//! Arrow schemas, Delta schemas, and how a table's schema may grow.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};

use crate::error::LakeError;
use crate::zone::TableId;

/// Returns the schema in which a table stores rows of `schema`: every type one that Delta has.
///
/// | Arrow | stored as |
/// |---|---|
/// | Utf8, LargeUtf8, Utf8View, dictionaries of them | Utf8 (`string`) |
/// | Binary, LargeBinary, BinaryView | Binary (`binary`) |
/// | Int64, Int32, Int16, Int8 | the same (`long`, `integer`, `short`, `byte`) |
/// | UInt32, UInt16, UInt8 | the next larger signed one |
/// | Float64, Float32, Boolean, Date32 | the same |
/// | Decimal128 | the same |
/// | Timestamp with time zone UTC, second to microsecond | Timestamp(µs, UTC) |
///
/// # Errors
/// `LW5020` for any other type, `LW5025` for two columns of one name.
pub(crate) fn stored(table: &TableId, schema: &Schema) -> Result<SchemaRef, LakeError> {
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        if !names.insert(field.name().to_lowercase()) {
            return Err(LakeError::DuplicateColumn { table: table.to_string(), column: field.name().clone() });
        }
        let stored = stored_type(field.data_type()).ok_or_else(|| LakeError::UnsupportedType {
            table: table.to_string(),
            column: field.name().clone(),
            data_type: field.data_type().to_string(),
        })?;
        fields.push(Field::new(field.name(), stored, field.is_nullable()));
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn stored_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) if stored_type(values)? == DataType::Utf8 => DataType::Utf8,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Boolean
        | DataType::Date32 => data_type.clone(),
        DataType::Decimal128(_, scale) if *scale >= 0 => data_type.clone(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => return None,
        DataType::Timestamp(_, Some(zone)) if is_utc(zone) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        _ => return None,
    })
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "utc" | "Z" | "+00:00" | "Etc/UTC")
}

/// Whether Delta may keep smallest and largest values of such a column in its log. Never those of
/// text or bytes: the log must not hold a value that names somebody.
pub(crate) fn has_bounds(data_type: &DataType) -> bool {
    data_type.is_numeric() || matches!(data_type, DataType::Date32 | DataType::Timestamp(_, _))
}

/// Converts a stored schema to Delta's.
pub(crate) fn to_delta(table: &TableId, schema: &Schema) -> Result<StructType, LakeError> {
    schema.try_into_kernel().map_err(|_| LakeError::UnsupportedType {
        table: table.to_string(),
        column: String::new(),
        data_type: "a struct".to_owned(),
    })
}

/// Converts Delta's schema to Arrow's.
///
/// # Errors
/// `LW5020` where a column has a type that Lakewarden does not write (structs, lists, local times).
pub(crate) fn from_delta(table: &TableId, schema: &StructType) -> Result<SchemaRef, LakeError> {
    let damaged =
        |_| LakeError::DamagedTable { table: table.to_string(), what: "its schema cannot be read".to_owned() };
    let schema: Schema = schema.try_into_arrow().map_err(damaged)?;
    stored(table, &schema)
}

/// Returns the schema of a table after rows of `added` were appended to it: the table's columns in
/// their order, then the new ones.
///
/// # Errors
/// `LW5021` for a missing column, `LW5022` for another type, `LW5023` for a new column that is not
/// nullable.
pub(crate) fn merged(table: &TableId, held: &Schema, added: &Schema) -> Result<SchemaRef, LakeError> {
    let mut fields = Vec::with_capacity(added.fields().len());
    for field in held.fields() {
        let Ok(new) = added.field_with_name(field.name()) else {
            return Err(LakeError::RemovedColumn { table: table.to_string(), column: field.name().clone() });
        };
        if new.data_type() != field.data_type() {
            return Err(LakeError::ChangedType {
                table: table.to_string(),
                column: field.name().clone(),
                stored: field.data_type().to_string(),
                found: new.data_type().to_string(),
            });
        }
        let nullable = field.is_nullable() || new.is_nullable();
        fields.push(field.as_ref().clone().with_nullable(nullable));
    }
    for field in added.fields() {
        if held.field_with_name(field.name()).is_ok() {
            continue;
        }
        if !field.is_nullable() {
            return Err(LakeError::RequiredColumn { table: table.to_string(), column: field.name().clone() });
        }
        fields.push(field.as_ref().clone());
    }
    stored(table, &Schema::new(fields))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::zone::Zone;

    fn table() -> TableId {
        TableId::new(Zone::Curated, "t").unwrap()
    }

    fn schema(fields: &[(&str, DataType, bool)]) -> Schema {
        Schema::new(fields.iter().map(|(n, t, null)| Field::new(*n, t.clone(), *null)).collect::<Vec<_>>())
    }

    #[test]
    fn every_stored_type_survives_delta_and_back() {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
        let all = schema(&[
            ("a", DataType::Utf8View, true),
            ("b", DataType::LargeUtf8, true),
            ("c", DataType::Int64, false),
            ("d", DataType::Int32, true),
            ("e", DataType::Float64, true),
            ("f", DataType::Decimal128(18, 4), true),
            ("g", DataType::Date32, true),
            ("h", utc, true),
            ("i", DataType::Boolean, true),
            ("j", DataType::BinaryView, true),
            ("k", DataType::UInt32, true),
        ]);
        let stored = stored(&table(), &all).unwrap();
        let delta = to_delta(&table(), &stored).unwrap();
        assert_eq!(from_delta(&table(), &delta).unwrap(), stored);
    }

    #[test]
    fn what_delta_cannot_hold_is_refused() {
        for bad in [
            DataType::UInt64,
            DataType::Null,
            DataType::Timestamp(TimeUnit::Microsecond, None),
            DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            DataType::Timestamp(TimeUnit::Microsecond, Some("Asia/Shanghai".into())),
            DataType::Time64(TimeUnit::Microsecond),
        ] {
            let error = stored(&table(), &schema(&[("x", bad, true)])).unwrap_err();
            assert_eq!(error.code(), "LW5020");
        }
    }

    #[test]
    fn a_table_grows_by_nullable_columns_only() {
        let held = schema(&[("a", DataType::Int64, false), ("b", DataType::Utf8, true)]);
        let code = |fields: &[_]| merged(&table(), &held, &schema(fields)).unwrap_err().code();
        assert_eq!(code(&[("a", DataType::Int64, false)]), "LW5021");
        assert_eq!(code(&[("a", DataType::Utf8, false), ("b", DataType::Utf8, true)]), "LW5022");
        let b = ("b", DataType::Utf8, true);
        assert_eq!(code(&[("a", DataType::Int64, false), b.clone(), ("c", DataType::Date32, false)]), "LW5023");
        let grown = schema(&[("c", DataType::Date32, true), b, ("a", DataType::Int64, true)]);
        let names = |s: &Schema| s.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
        let after = merged(&table(), &held, &grown).unwrap();
        assert_eq!(names(&after), ["a", "b", "c"]);
        assert!(after.field(0).is_nullable());
    }

    #[test]
    fn names_differ_in_more_than_case() {
        let twice = schema(&[("Sku", DataType::Utf8, true), ("sku", DataType::Utf8, true)]);
        assert_eq!(stored(&table(), &twice).unwrap_err().code(), "LW5025");
    }
}
