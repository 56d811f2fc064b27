//! How many data subjects a curated table names.

use crate::customers::Customers;
use crate::record::DatasetAccount;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use hashbrown::HashSet;
use lakewarden_dictionary::Table;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Counts the different values of a table's subject column.
pub(crate) struct PeopleCount {
    column: String,
    seed: u64,
    seen: HashSet<u128>,
}

impl PeopleCount {
    /// `None` for a table that names no data subject, and for one with noise, which an exact count would take back.
    pub(crate) fn for_table(table: &Table, seed: u64) -> Option<Self> {
        match (&table.subject, &table.noise) {
            (Some(subject), None) => Some(Self { column: subject.value.clone(), seed, seen: HashSet::new() }),
            (Some(_) | None, Some(_)) | (None, None) => None,
        }
    }

    /// Adds a batch's data subjects.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        let Some(column) = batch.column_by_name(&self.column) else { return };
        // Customer ids are text; what cannot be read as text names nobody.
        let Ok(text) = cast(column, &DataType::Utf8) else { return };
        let Some(ids) = text.as_string_opt::<i32>() else { return };
        self.seen.extend(ids.iter().flatten().map(|id| xxh3_128_with_seed(id.as_bytes(), self.seed)));
    }

    /// The count.
    pub(crate) fn finish(self) -> u64 {
        self.seen.len() as u64
    }
}

/// Notes in the accounts of datasets how many customers their rows name, where it was looked up whose the rows are.
pub(crate) fn note_people(accounts: &mut [DatasetAccount], customers: &Customers) {
    for account in accounts {
        account.people = customers.rows.get(&account.dataset).map(|rows| {
            let mut named = vec![false; customers.subjects.len()];
            rows.mark_named(&mut named);
            named.into_iter().filter(|named| *named).count() as u64
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn each_data_subject_counts_once_and_nobody_not_at_all() {
        let mut count = PeopleCount { column: "customer_id".to_owned(), seed: 3, seen: HashSet::new() };
        let ids: ArrayRef = Arc::new(StringArray::from(vec![Some("c1"), None, Some("c2"), Some("c1")]));
        let batch = RecordBatch::try_from_iter([("customer_id", ids)]).unwrap();
        count.add(&batch);
        count.add(&batch);
        let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        count.add(&RecordBatch::try_from_iter([("other", other)]).unwrap());
        assert_eq!(count.finish(), 2);
    }
}
