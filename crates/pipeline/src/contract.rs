//! A curated table's contract: its columns at compile time, its tests on every batch before publication.

use crate::error::PipelineError;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, Scalar, StringArray};
use arrow::compute::kernels::cmp::{gt, lt};
use arrow::compute::{CastOptions, cast_with_options, regexp_is_match_scalar};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use hashbrown::HashSet;
use lakewarden_dictionary::{Rule, Table};
use lakewarden_extract::arrow_type;
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The columns that a table's contract promises.
pub fn schema(table: &Table) -> SchemaRef {
    let field =
        |c: &lakewarden_dictionary::TableColumn| Field::new(c.name.value.as_str(), arrow_type(c.data_type.value), true);
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// The same as they are stored: a column that the contract requires is not nullable.
pub fn stored_schema(table: &Table) -> SchemaRef {
    let schema = schema(table);
    let fields = schema.fields().iter().zip(&table.columns);
    let field = |(field, column): (&Arc<Field>, &lakewarden_dictionary::TableColumn)| {
        let required = column.tests.iter().any(|test| test.value == Rule::Required);
        field.as_ref().clone().with_nullable(!required)
    };
    Arc::new(Schema::new(fields.map(field).collect::<Vec<_>>()))
}

/// Whether a column of type `given` may be stored as `promised` without changing what it says.
pub fn fits(given: &DataType, promised: &DataType) -> bool {
    use DataType::*;
    match (given, promised) {
        (a, b) if a == b => true,
        (Utf8 | LargeUtf8 | Utf8View, Utf8) => true,
        (Int8 | Int16 | Int32 | UInt8 | UInt16 | UInt32, Int64) => true,
        (UInt64, Int64) => true, // counts; a value that does not fit fails the run
        (Float32, Float64) => true,
        (Decimal128(_, given), Decimal128(_, promised)) => given <= promised,
        (Int8 | Int16 | Int32 | Int64, Decimal128(_, _)) => true,
        (Timestamp(_, Some(a)), Timestamp(_, Some(b))) => a == b || matches!(a.as_ref(), "+00:00" | "Z"),
        (Null, _) => true,
        _ => false,
    }
}

/// Checks batches of a model's result against its table's contract.
pub struct Contract<'a> {
    table: &'a Table,
    schema: SchemaRef,
    seed: u64,
    failed: BTreeMap<(usize, &'static str), u64>,
    unique: Vec<Unique>,
}

/// Columns that may not hold the same values twice.
struct Unique {
    columns: Vec<usize>,
    converter: RowConverter,
    seen: HashSet<u128>,
}

impl<'a> Contract<'a> {
    /// The contract of a table; `seed` is for hash sets.
    ///
    /// # Errors
    /// [`PipelineError::ContractType`] if its grain cannot be compared.
    pub fn new(table: &'a Table, seed: u64) -> Result<Self, PipelineError> {
        let schema = schema(table);
        let mut sets: Vec<Vec<usize>> = Vec::new();
        let grain: Vec<usize> = table.grain.iter().filter_map(|g| schema.index_of(&g.value).ok()).collect();
        if !grain.is_empty() {
            sets.push(grain);
        }
        for (at, column) in table.columns.iter().enumerate() {
            if column.tests.iter().any(|t| t.value == Rule::Unique) && !sets.contains(&vec![at]) {
                sets.push(vec![at]);
            }
        }
        let mut unique = Vec::new();
        for columns in sets {
            let fields = columns.iter().map(|c| SortField::new(schema.field(*c).data_type().clone())).collect();
            let converter =
                RowConverter::new(fields).map_err(|_| type_error(table, schema.field(columns[0]).name()))?;
            unique.push(Unique { columns, converter, seen: HashSet::new() });
        }
        Ok(Self { table, schema, seed, failed: BTreeMap::new(), unique })
    }

    /// Brings a batch to the contract's columns and types, and tests it.
    ///
    /// # Errors
    /// [`PipelineError::ContractType`] if a value does not fit its type.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<RecordBatch, PipelineError> {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let column = batch.column_by_name(field.name()).ok_or_else(|| type_error(self.table, field.name()))?;
            let column = cast_with_options(column, field.data_type(), &options)
                .map_err(|_| type_error(self.table, field.name()))?;
            columns.push(column);
        }
        for (at, column) in columns.iter().enumerate() {
            self.test(at, column)?;
        }
        self.compare(&columns)?;
        RecordBatch::try_new(self.schema.clone(), columns).map_err(|_| type_error(self.table, "*"))
    }

    fn test(&mut self, at: usize, column: &ArrayRef) -> Result<(), PipelineError> {
        let declared = &self.table.columns[at];
        for rule in &declared.tests {
            let wrong = || type_error(self.table, &declared.name.value);
            let failed = match &rule.value {
                Rule::Required => column.null_count() as u64,
                Rule::In(words) => {
                    let text = column.as_string_opt::<i32>().ok_or_else(wrong)?;
                    text.iter().flatten().filter(|v| !words.iter().any(|w| w == v)).count() as u64
                }
                Rule::Between { min, max } => {
                    let below = match min {
                        Some(bound) => count(
                            &lt(column, &scalar(bound, column.data_type()).ok_or_else(wrong)?).map_err(|_| wrong())?,
                        ),
                        None => 0,
                    };
                    let above = match max {
                        Some(bound) => count(
                            &gt(column, &scalar(bound, column.data_type()).ok_or_else(wrong)?).map_err(|_| wrong())?,
                        ),
                        None => 0,
                    };
                    below + above
                }
                Rule::Matches(pattern) => {
                    let text = column.as_string_opt::<i32>().ok_or_else(wrong)?;
                    let matched =
                        regexp_is_match_scalar(text, &format!("^(?:{pattern})$"), None).map_err(|_| wrong())?;
                    (text.len() - text.null_count()) as u64 - count(&matched)
                }
                Rule::Unique | Rule::NotInFuture => 0,
                // No curated column can declare it: whoever does is not passed.
                Rule::References { .. } => column.len() as u64,
            };
            if failed > 0 {
                *self.failed.entry((at, rule.value.name())).or_default() += failed;
            }
        }
        Ok(())
    }

    fn compare(&mut self, columns: &[ArrayRef]) -> Result<(), PipelineError> {
        for unique in &mut self.unique {
            let own: Vec<ArrayRef> = unique.columns.iter().map(|c| columns[*c].clone()).collect();
            let first = unique.columns[0];
            let rows = unique
                .converter
                .convert_columns(&own)
                .map_err(|_| type_error(self.table, self.schema.field(first).name()))?;
            let mut twice = 0;
            for row in rows.iter() {
                if !unique.seen.insert(xxh3_128_with_seed(row.data(), self.seed)) {
                    twice += 1;
                }
            }
            if twice > 0 {
                *self.failed.entry((first, Rule::Unique.name())).or_default() += twice;
            }
        }
        Ok(())
    }

    /// Whether all batches so far kept the contract. Those that did not are not stored.
    pub fn is_kept(&self) -> bool {
        self.failed.is_empty()
    }

    /// Says whether all batches kept the contract.
    ///
    /// # Errors
    /// [`PipelineError::Contract`] with the first test that failed.
    pub fn finish(self) -> Result<(), PipelineError> {
        match self.failed.into_iter().next() {
            None => Ok(()),
            Some(((at, rule), rows)) => Err(PipelineError::Contract {
                table: self.table.name.value.clone(),
                column: self.table.columns[at].name.value.clone(),
                rule,
                rows,
            }),
        }
    }
}

fn count(mask: &BooleanArray) -> u64 {
    mask.true_count() as u64
}

fn scalar(text: &str, data_type: &DataType) -> Option<Scalar<ArrayRef>> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
    Some(Scalar::new(cast_with_options(&array, data_type, &options).ok()?))
}

fn type_error(table: &Table, column: &str) -> PipelineError {
    PipelineError::ContractType { table: table.name.value.clone(), column: column.to_owned() }
}
