//! Whose a pseudonym is: the identity tables of one pipeline, in memory.

use datafusion::arrow::array::{Array, ArrayRef, StringArray, StringBuilder, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::error::ArrowError;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lakewarden_privacy::token_bits;

/// A row that names nobody, or nobody known.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Pseudonyms and customer ids → customer numbers, and back to ids. About 60 bytes a pseudonym. Pseudonyms that belong to
/// no customer, but are named by a statement or shared by several people, have numbers after the customers'.
#[derive(Debug)]
pub struct SubjectIndex {
    by_token: HashMap<u128, u32, RandomState>,
    by_id: HashMap<u128, u32, RandomState>,
    apart: HashMap<u128, u32, RandomState>,
    ids: StringArray,
}

impl Default for SubjectIndex {
    fn default() -> Self {
        SubjectIndexBuilder::default().finish()
    }
}

impl SubjectIndex {
    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The customer a pseudonym belongs to.
    pub fn of_token(&self, bits: u128) -> Option<u32> {
        self.by_token.get(&bits).copied()
    }

    /// How many pseudonyms that belong to no customer have a number.
    pub fn apart(&self) -> usize {
        self.apart.len()
    }

    /// The number of a pseudonym that belongs to no customer: from [`SubjectIndex::len`] on.
    pub fn of_apart(&self, bits: u128) -> Option<u32> {
        if self.apart.is_empty() {
            return None;
        }
        self.apart.get(&bits).map(|number| self.ids.len() as u32 + number)
    }

    /// The number of a pseudonym, that of its customer or its own.
    pub fn number_of(&self, bits: u128) -> Option<u32> {
        self.of_token(bits).or_else(|| self.of_apart(bits))
    }

    /// The customer of this id.
    pub fn of_id(&self, bits: u128) -> Option<u32> {
        self.by_id.get(&bits).copied()
    }

    /// The id of a customer.
    pub fn id(&self, customer: usize) -> Option<&str> {
        (customer < self.ids.len()).then(|| self.ids.value(customer))
    }

    /// The ids of customers.
    pub(crate) fn ids_of(&self, subjects: &UInt32Array) -> Result<ArrayRef, ArrowError> {
        take(&self.ids, subjects, None)
    }
}

/// Fills a [`SubjectIndex`].
#[derive(Debug, Default)]
pub struct SubjectIndexBuilder {
    by_token: HashMap<u128, u32, RandomState>,
    by_id: HashMap<u128, u32, RandomState>,
    apart: HashMap<u128, u32, RandomState>,
    ids: StringBuilder,
}

impl SubjectIndexBuilder {
    /// Adds a customer by id and returns its number; the same id gives the same number. `None` if the
    /// text is no customer id or there is no room for more.
    pub fn customer(&mut self, id: &str) -> Option<u32> {
        let bits = token_bits(id)?;
        let next = u32::try_from(self.by_id.len()).ok().filter(|n| *n < NOBODY - 1)?;
        let at = *self.by_id.entry(bits).or_insert(next);
        if at == next {
            i32::try_from(self.ids.values_slice().len() + id.len()).ok()?;
            self.ids.append_value(id);
        }
        Some(at)
    }

    /// Says that a pseudonym belongs to a customer.
    pub fn token(&mut self, bits: u128, customer: u32) {
        self.by_token.insert(bits, customer);
    }

    /// Gives a pseudonym a number of its own, unless it belongs to a customer. Call it after all of
    /// [`SubjectIndexBuilder::token`]. `None` if there is no room for more.
    pub fn apart(&mut self, bits: u128) -> Option<()> {
        if !self.by_token.contains_key(&bits) {
            let next = u32::try_from(self.apart.len()).ok()?;
            (self.by_id.len() as u64 + u64::from(next) < u64::from(NOBODY / 2)).then_some(())?;
            self.apart.entry(bits).or_insert(next);
        }
        Some(())
    }

    /// The finished index.
    pub fn finish(mut self) -> SubjectIndex {
        SubjectIndex { by_token: self.by_token, by_id: self.by_id, apart: self.apart, ids: self.ids.finish() }
    }
}
