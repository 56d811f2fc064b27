//! One sensitive column: how often which of its values is in which class.

use super::AnonymityError;
use super::encode::{Encoder, is_ordered};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// How often a value is in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count {
    /// The class.
    pub class: u32,
    /// The value's number; where order counts, numbers are in the order of the values.
    pub value: u32,
    /// Rows.
    pub rows: u64,
}

/// A sensitive column.
#[derive(Debug)]
pub(super) struct Sensitive {
    encoder: Encoder,
    /// Whether the order of its values counts.
    pub ordered: bool,
    numbers: HashMap<u128, u32>,
    /// The values by number, where order counts.
    encoded: Vec<Box<[u8]>>,
    counts: HashMap<(u32, u32), u64>,
}

impl Sensitive {
    pub(super) fn new(data_type: &DataType) -> Result<Self, AnonymityError> {
        Ok(Self {
            encoder: Encoder::new(data_type)?,
            ordered: is_ordered(data_type),
            numbers: HashMap::new(),
            encoded: Vec::new(),
            counts: HashMap::new(),
        })
    }

    /// Takes in a batch whose rows are of these classes.
    pub(super) fn observe(&mut self, classes: &[u32], column: &ArrayRef, seed: u64) -> Result<(), AnonymityError> {
        let rows = self.encoder.encode(column)?;
        for (row, class) in rows.iter().zip(classes) {
            let next = self.numbers.len();
            let number = match self.numbers.entry(xxh3_128_with_seed(row.data(), seed)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    if self.ordered {
                        self.encoded.push(row.data().into());
                    }
                    *new.insert(u32::try_from(next).map_err(|_| AnonymityError::TooMany)?)
                }
            };
            *self.counts.entry((*class, number)).or_default() += 1;
        }
        Ok(())
    }

    /// How many different values there are.
    pub(super) fn values(&self) -> usize {
        self.numbers.len()
    }

    /// The counts, by class, then by value.
    pub(super) fn counts(&self) -> Vec<Count> {
        let ranks = self.ranks();
        let rank = |number: u32| ranks.get(number as usize).copied().unwrap_or(number);
        let mut counts: Vec<Count> = self
            .counts
            .iter()
            .map(|((class, number), rows)| Count { class: *class, value: rank(*number), rows: *rows })
            .collect();
        counts.sort_unstable();
        counts
    }

    /// The place of each number among the values in order; empty where order does not count.
    fn ranks(&self) -> Vec<u32> {
        let mut in_order: Vec<u32> = (0..self.encoded.len() as u32).collect();
        in_order.sort_unstable_by(|a, b| self.encoded[*a as usize].cmp(&self.encoded[*b as usize]));
        let mut ranks = vec![0; in_order.len()];
        for (rank, number) in in_order.iter().enumerate() {
            ranks[*number as usize] = rank as u32;
        }
        ranks
    }
}
