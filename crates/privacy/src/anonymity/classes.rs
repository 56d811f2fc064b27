//! Equivalence classes, counted while batches pass.

use super::AnonymityError;
use super::encode::Encoder;
use super::sensitive::Sensitive;
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use arrow::row::Rows;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The types of the columns that are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Quasi-identifiers. With none, all rows are one class.
    pub quasi: Vec<DataType>,
    /// Sensitive columns.
    pub sensitive: Vec<DataType>,
    /// The column that says whose a row is, if people are to be counted rather than rows.
    pub subject: Option<DataType>,
}

/// The equivalence classes of a table.
///
/// Memory, before the slack of hash tables: 40 bytes and 8 for each quasi-identifier a class; 16 bytes for each different
/// sensitive value of a class; with a subject column 32 bytes for each person of a class. Classes are told apart by
/// 128-bit hashes under the caller's seed, so that two would be taken for one with a probability of n² / 2¹²⁹ among n.
#[derive(Debug)]
pub struct EquivalenceClasses {
    seed: u64,
    quasi: Vec<Encoder>,
    subject: Option<Encoder>,
    pub(super) sensitive: Vec<Sensitive>,
    by_key: HashMap<u128, u32>,
    /// Rows of each class.
    pub(super) rows: Vec<u64>,
    /// Hashes of each class's quasi-identifiers, class after class.
    pub(super) parts: Vec<u64>,
    /// Who is in which class; classes and people by hash.
    pub(super) people: HashSet<(u32, u128)>,
}

impl EquivalenceClasses {
    /// Begins with no row. `seed` is for hashes.
    ///
    /// # Errors
    /// [`AnonymityError::Type`].
    pub fn new(columns: &Columns, seed: u64) -> Result<Self, AnonymityError> {
        Ok(Self {
            seed,
            quasi: columns.quasi.iter().map(Encoder::new).collect::<Result<_, _>>()?,
            subject: columns.subject.as_ref().map(Encoder::new).transpose()?,
            sensitive: columns.sensitive.iter().map(Sensitive::new).collect::<Result<_, _>>()?,
            by_key: HashMap::new(),
            rows: Vec::new(),
            parts: Vec::new(),
            people: HashSet::new(),
        })
    }

    /// Takes in a batch: its columns in the order in which their types were declared, all of one length.
    ///
    /// # Errors
    /// [`AnonymityError::Columns`], [`AnonymityError::TooMany`].
    pub fn observe(
        &mut self,
        quasi: &[ArrayRef],
        sensitive: &[ArrayRef],
        subject: Option<&ArrayRef>,
    ) -> Result<(), AnonymityError> {
        let all = || quasi.iter().chain(sensitive).chain(subject);
        let Some(length) = all().next().map(|c| c.len()) else { return Err(AnonymityError::Columns) };
        let declared = (self.quasi.len(), self.sensitive.len(), self.subject.is_some());
        if (quasi.len(), sensitive.len(), subject.is_some()) != declared || all().any(|c| c.len() != length) {
            return Err(AnonymityError::Columns);
        }
        let parts: Vec<Rows> =
            self.quasi.iter().zip(quasi).map(|(e, column)| e.encode(column)).collect::<Result<_, _>>()?;
        let classes = self.classes(&parts, length)?;
        for (sensitive, column) in self.sensitive.iter_mut().zip(sensitive) {
            sensitive.observe(&classes, column, self.seed)?;
        }
        if let (Some(encoder), Some(column)) = (&self.subject, subject) {
            let people = encoder.encode(column)?;
            for (row, class) in classes.iter().enumerate().filter(|(row, _)| column.is_valid(*row)) {
                self.people.insert((*class, xxh3_128_with_seed(people.row(row).data(), self.seed)));
            }
        }
        Ok(())
    }

    /// The class of each row.
    fn classes(&mut self, parts: &[Rows], length: usize) -> Result<Vec<u32>, AnonymityError> {
        let mut classes = Vec::with_capacity(length);
        let mut key = Vec::with_capacity(parts.len() * size_of::<u128>());
        for row in 0..length {
            key.clear();
            for part in parts {
                key.extend_from_slice(&xxh3_128_with_seed(part.row(row).data(), self.seed).to_le_bytes());
            }
            let class = match self.by_key.entry(xxh3_128_with_seed(&key, self.seed)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    let class = u32::try_from(self.rows.len()).map_err(|_| AnonymityError::TooMany)?;
                    self.rows.push(0);
                    let hashes = key.as_chunks::<{ size_of::<u128>() }>().0;
                    // Half of each hash: these only serve to say what a table without one column would be.
                    self.parts.extend(hashes.iter().map(|hash| u128::from_le_bytes(*hash) as u64));
                    *new.insert(class)
                }
            };
            self.rows[class as usize] += 1;
            classes.push(class);
        }
        Ok(classes)
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a sensitive column's distance is the ordered one.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn is_ordered(&self, sensitive: usize) -> bool {
        self.sensitive[sensitive].ordered
    }

    /// Number of quasi-identifiers.
    pub(super) fn width(&self) -> usize {
        self.quasi.len()
    }

    /// Whether people are counted rather than rows.
    pub fn counts_people(&self) -> bool {
        self.subject.is_some()
    }
}
