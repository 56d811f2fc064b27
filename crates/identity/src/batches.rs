//! The identity tables as Arrow batches.

use crate::error::IdentityError;
use crate::resolve::Identities;
use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use lakewarden_privacy::token_text;
use std::sync::Arc;

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Columns of `customers`: customer_id, first_seen, last_seen, identifiers, domains.
pub fn customers_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, true),
        Field::new("first_seen", instant(), true),
        Field::new("last_seen", instant(), true),
        Field::new("identifiers", DataType::Int64, true),
        Field::new("domains", DataType::Int64, true),
    ]))
}

/// Columns of `customer_identity`: customer_id (null for a shared token), domain, token, shared, first_seen, last_seen.
pub fn membership_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, true),
        Field::new("domain", DataType::Utf8, true),
        Field::new("token", DataType::Utf8, true),
        Field::new("shared", DataType::Boolean, true),
        Field::new("first_seen", instant(), true),
        Field::new("last_seen", instant(), true),
    ]))
}

impl Identities {
    /// The table `customers`, in batches of at most `rows` rows.
    ///
    /// # Errors
    /// [`IdentityError::Batch`].
    pub fn customers_batches(&self, rows: usize) -> impl Iterator<Item = Result<RecordBatch, IdentityError>> + '_ {
        self.customers.chunks(rows.max(1)).map(|part| {
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter_values(part.iter().map(|c| c.id.as_str()))),
                Arc::new(part.iter().map(|c| c.first_seen).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
                Arc::new(part.iter().map(|c| c.last_seen).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
                Arc::new(part.iter().map(|c| i64::from(c.identifiers)).collect::<Int64Array>()),
                Arc::new(part.iter().map(|c| i64::from(c.domains)).collect::<Int64Array>()),
            ];
            RecordBatch::try_new(customers_schema(), columns).map_err(|_| IdentityError::Batch)
        })
    }

    /// The table `customer_identity`, in batches of at most `rows` rows.
    ///
    /// # Errors
    /// [`IdentityError::Batch`].
    pub fn membership_batches(&self, rows: usize) -> impl Iterator<Item = Result<RecordBatch, IdentityError>> + '_ {
        self.members.chunks(rows.max(1)).map(|part| {
            let mut tokens = StringBuilder::with_capacity(part.len(), part.len() * 26);
            for m in part {
                tokens.append_value(token_text('k', m.version, m.bits));
            }
            let columns: Vec<ArrayRef> = vec![
                Arc::new(
                    part.iter()
                        .map(|m| Some(self.customers[m.customer? as usize].id.as_str()))
                        .collect::<StringArray>(),
                ),
                Arc::new(StringArray::from_iter_values(part.iter().map(|m| self.domains[m.domain as usize].as_str()))),
                Arc::new(tokens.finish()),
                Arc::new(part.iter().map(|m| Some(m.shared)).collect::<BooleanArray>()),
                Arc::new(part.iter().map(|m| m.first_seen).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
                Arc::new(part.iter().map(|m| m.last_seen).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
            ];
            RecordBatch::try_new(membership_schema(), columns).map_err(|_| IdentityError::Batch)
        })
    }
}
