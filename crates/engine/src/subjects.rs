//! Whose a pseudonym is: the identity tables of one pipeline, in memory.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lakewarden_privacy::token_bits;

/// A row that names nobody, or nobody known.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Pseudonyms and customer ids → customer numbers, and back to ids. About 60 bytes a pseudonym.
#[derive(Debug, Default)]
pub struct SubjectIndex {
    by_token: HashMap<u128, u32, RandomState>,
    by_id: HashMap<u128, u32, RandomState>,
    ids: Vec<u8>,
    id_ends: Vec<u32>,
}

impl SubjectIndex {
    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.id_ends.len()
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.id_ends.is_empty()
    }

    /// The customer a pseudonym belongs to.
    pub fn of_token(&self, bits: u128) -> Option<u32> {
        self.by_token.get(&bits).copied()
    }

    /// The customer of this id.
    pub fn of_id(&self, bits: u128) -> Option<u32> {
        self.by_id.get(&bits).copied()
    }

    /// A customer's id.
    #[inline]
    pub(crate) fn id(&self, subject: u32) -> &str {
        let at = subject as usize;
        let start = if at == 0 { 0 } else { self.id_ends[at - 1] as usize };
        std::str::from_utf8(&self.ids[start..self.id_ends[at] as usize]).unwrap_or_default()
    }
}

/// Fills a [`SubjectIndex`].
#[derive(Debug, Default)]
pub struct SubjectIndexBuilder {
    index: SubjectIndex,
}

impl SubjectIndexBuilder {
    /// Adds a customer by id and returns its number; the same id gives the same number. `None` if the
    /// text is no customer id or there is no room for more.
    pub fn customer(&mut self, id: &str) -> Option<u32> {
        let bits = token_bits(id)?;
        let next = u32::try_from(self.index.id_ends.len()).ok().filter(|n| *n != NOBODY)?;
        let at = *self.index.by_id.entry(bits).or_insert(next);
        if at == next {
            self.index.ids.extend_from_slice(id.as_bytes());
            self.index.id_ends.push(u32::try_from(self.index.ids.len()).ok()?);
        }
        Some(at)
    }

    /// Says that a pseudonym belongs to a customer.
    pub fn token(&mut self, bits: u128, customer: u32) {
        self.index.by_token.insert(bits, customer);
    }

    /// The finished index.
    pub fn finish(self) -> SubjectIndex {
        self.index
    }
}
