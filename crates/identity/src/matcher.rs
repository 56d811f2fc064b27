//! What records say about which pseudonyms belong together.

use crate::error::IdentityError;
use arrow::array::{Array, ArrayAccessor, TimestampMicrosecondArray};
use foldhash::fast::RandomState;
use hashbrown::{HashSet, HashTable};
use lakewarden_privacy::token_bits;

/// An identifier domain (`phone`, `unionid`, …) of one [`Matcher`], in the order they were declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainId(pub(crate) u16);

/// No time was given for a token.
pub(crate) const NEVER: i64 = i64::MAX;

pub(crate) struct Token {
    pub bits: u128,
    pub version: u32,
    pub domain: DomainId,
    /// Earliest and latest instant it was seen at, µs since 1970 UTC; `NEVER` and `i64::MIN` if unknown.
    pub first: i64,
    pub last: i64,
    /// Rows that it was counted in; see [`Matcher::counting`].
    pub rows: u32,
}

impl Token {
    /// A pseudonym is uniformly random already.
    fn hash(bits: u128) -> u64 {
        bits as u64
    }
}

/// Collects pseudonyms and the pairs of them that share a record. Memory grows with the number of
/// distinct pseudonyms and pairs, not with the number of records.
pub struct Matcher {
    pub(crate) domains: Vec<String>,
    pub(crate) links: Vec<bool>,
    pub(crate) tokens: Vec<Token>,
    /// Positions in `tokens`, by their bits.
    index: HashTable<u32>,
    pub(crate) pairs: HashSet<u64, RandomState>,
    /// The positions of a batch's tokens, column by column; kept for their room.
    resolved: Vec<Vec<u32>>,
    /// The bits of one column's tokens; kept for its room.
    bits: Vec<u128>,
    /// Whether rows are counted by token.
    counting: bool,
}

/// When a pseudonym is shared by several people: it then joins no records and belongs to no customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareLimits {
    /// The most pseudonyms of one other domain that it may stand with.
    pub links: u32,
    /// The most rows that may hold it.
    pub rows: Option<u32>,
    /// The most of the rows with a pseudonym of its domain that may hold it, in millionths, once there are
    /// [`ShareLimits::ENOUGH`] such rows.
    pub millionths: Option<u32>,
}

impl ShareLimits {
    /// Of fewer rows no share is judged.
    pub const ENOUGH: u64 = 100;

    /// Only pairs are judged.
    pub fn of_links(links: u32) -> Self {
        Self { links, rows: None, millionths: None }
    }

    /// Whether rows have to be counted.
    pub fn counts_rows(&self) -> bool {
        self.rows.is_some() || self.millionths.is_some()
    }

    /// Whether so many of a domain's rows are too many.
    pub(crate) fn exceeded(&self, rows: u32, of_domain: u64) -> bool {
        let share = |most: u32| {
            of_domain >= Self::ENOUGH && u128::from(rows) * 1_000_000 > u128::from(of_domain) * u128::from(most)
        };
        self.rows.is_some_and(|most| rows > most) || self.millionths.is_some_and(share)
    }
}

/// Marks a row without a pseudonym in a column.
pub const NONE: u32 = u32::MAX;
/// Marks a row whose pseudonym has not been found yet.
const PRESENT: u32 = u32::MAX - 1;

impl Matcher {
    /// Starts with nothing seen; `link_on` are the domains whose tokens join records, strongest first.
    pub fn new(link_on: &[String]) -> Self {
        Self {
            domains: link_on.to_vec(),
            links: vec![true; link_on.len()],
            tokens: Vec::new(),
            index: HashTable::new(),
            pairs: HashSet::default(),
            resolved: Vec::new(),
            bits: Vec::new(),
            counting: false,
        }
    }

    /// Has it count, from now on, in how many rows each pseudonym stands, or not.
    pub fn counting(&mut self, counting: bool) {
        self.counting = counting;
    }

    /// The domain of this name; one that is not in `link_on` joins no records, and its pseudonyms
    /// belong to no customer.
    pub fn domain(&mut self, name: &str) -> DomainId {
        if let Some(at) = self.domains.iter().position(|d| d == name) {
            return DomainId(at as u16);
        }
        self.domains.push(name.to_owned());
        self.links.push(false);
        DomainId((self.domains.len() - 1) as u16)
    }

    /// Adds the records of a batch: `columns` are its pseudonym columns, each of one domain or, with
    /// [`ColumnDomain::ByRow`], of a domain a row; `times` is when each record happened.
    ///
    /// # Errors
    /// [`IdentityError::NotAToken`], [`IdentityError::TooManyTokens`].
    pub fn add<'a, S>(
        &mut self,
        columns: &[(ColumnDomain<'_>, S)],
        times: Option<&TimestampMicrosecondArray>,
    ) -> Result<(), IdentityError>
    where
        S: ArrayAccessor<Item = &'a str> + Copy,
    {
        let mut resolved = std::mem::take(&mut self.resolved);
        resolved.resize_with(columns.len(), Vec::new);
        for ((domain, column), into) in columns.iter().zip(&mut resolved) {
            self.resolve_column(*domain, *column, into)?;
            if let Some(times) = times {
                self.note_times(into, times);
            }
            if self.counting {
                into.iter().filter(|at| **at != NONE).for_each(|at| {
                    let rows = &mut self.tokens[*at as usize].rows;
                    *rows = rows.saturating_add(1);
                });
            }
        }
        if columns.len() > 1 {
            self.pair_up(&resolved);
        }
        self.resolved = resolved;
        Ok(())
    }

    /// For the records added last, column by column and row by row: which of all pseudonyms seen it is, numbered from 0
    /// in the order they were first seen; [`NONE`] where the row has none. See [`Identities::customer_of`].
    ///
    /// [`Identities::customer_of`]: crate::Identities::customer_of
    pub fn added_last(&self) -> &[Vec<u32>] {
        &self.resolved
    }

    /// What stood in one record with one of these pseudonyms, both of domains that link: pairs of such a pseudonym and
    /// the other, also of those that are shared by too many to join records.
    pub fn seen_with(&self, pseudonyms: impl Iterator<Item = u128>) -> Vec<(u128, u128)> {
        let asked: HashSet<u32, RandomState> = pseudonyms.filter_map(|p| self.position(p)).collect();
        if asked.is_empty() {
            return Vec::new();
        }
        let bits = |token: u32| self.tokens[token as usize].bits;
        let both = self.pairs.iter().map(|pair| ((pair >> 32) as u32, *pair as u32));
        let ways = both.flat_map(|(a, b)| [(a, b), (b, a)]);
        ways.filter(|(from, _)| asked.contains(from)).map(|(from, to)| (bits(from), bits(to))).collect()
    }

    /// The number of a pseudonym that was seen, as [`Matcher::added_last`] gives it.
    pub fn position(&self, bits: u128) -> Option<u32> {
        self.index.find(Token::hash(bits), |t| self.tokens[*t as usize].bits == bits).copied()
    }

    /// Finds the tokens of a column, and adds those that are new. Looking one up waits for memory; the loop that does
    /// nothing else lets the processor wait for several at a time.
    fn resolve_column<'a, S>(
        &mut self,
        domain: ColumnDomain<'_>,
        column: S,
        into: &mut Vec<u32>,
    ) -> Result<(), IdentityError>
    where
        S: ArrayAccessor<Item = &'a str>,
    {
        let rows = column.len();
        self.bits.clear();
        into.clear();
        for row in 0..rows {
            match domain.at(row).filter(|_| column.is_valid(row)) {
                Some(domain) => {
                    let not = || IdentityError::NotAToken { domain: self.domains[domain.0 as usize].clone(), row };
                    self.bits.push(token_bits(column.value(row)).ok_or_else(not)?);
                    into.push(PRESENT);
                }
                None => {
                    self.bits.push(0);
                    into.push(NONE);
                }
            }
        }
        let Self { index, tokens, bits, .. } = self;
        for (bits, at) in bits.iter().zip(into.iter_mut()).filter(|(_, at)| **at == PRESENT) {
            if let Some(found) = index.find(Token::hash(*bits), |t| tokens[*t as usize].bits == *bits) {
                *at = *found;
            }
        }
        for (row, at) in into.iter_mut().enumerate().filter(|(_, at)| **at == PRESENT) {
            if let Some(domain) = domain.at(row) {
                *at = self.insert(self.bits[row], domain, column.value(row))?;
            }
        }
        Ok(())
    }

    /// Adds a token, unless it came earlier in the same column.
    fn insert(&mut self, bits: u128, domain: DomainId, text: &str) -> Result<u32, IdentityError> {
        let Self { index, tokens, .. } = self;
        let next = u32::try_from(tokens.len()).ok().filter(|n| *n < PRESENT).ok_or(IdentityError::TooManyTokens)?;
        let same = |t: &u32| tokens[*t as usize].bits == bits;
        let entry = index.entry(Token::hash(bits), same, |t| Token::hash(tokens[*t as usize].bits));
        let at = *entry.or_insert(next).get();
        if at == next {
            let version = text.get(1..).and_then(|t| t.split_once('_')).and_then(|(v, _)| v.parse().ok()).unwrap_or(0);
            tokens.push(Token { bits, version, domain, first: NEVER, last: i64::MIN, rows: 0 });
        }
        Ok(at)
    }

    fn note_times(&mut self, tokens: &[u32], times: &TimestampMicrosecondArray) {
        for (row, at) in tokens.iter().enumerate().filter(|(row, at)| **at != NONE && times.is_valid(*row)) {
            let (token, time) = (&mut self.tokens[*at as usize], times.value(row));
            token.first = token.first.min(time);
            token.last = token.last.max(time);
        }
    }

    /// Notes each pair of linking tokens that stand in one row; a pair seen in the row above is skipped.
    fn pair_up(&mut self, resolved: &[Vec<u32>]) {
        for (at, first) in resolved.iter().enumerate() {
            for second in &resolved[at + 1..] {
                let mut previous = (NONE, NONE);
                for pair in first.iter().copied().zip(second.iter().copied()) {
                    if pair.0 == NONE || pair.1 == NONE || pair == previous || pair.0 == pair.1 {
                        continue;
                    }
                    previous = pair;
                    let links = |t: u32| self.links[self.tokens[t as usize].domain.0 as usize];
                    if links(pair.0) && links(pair.1) {
                        let (low, high) = (pair.0.min(pair.1), pair.0.max(pair.1));
                        self.pairs.insert((u64::from(low) << 32) | u64::from(high));
                    }
                }
            }
        }
    }
}

/// Whose domain a column's pseudonyms have.
#[derive(Debug, Clone, Copy)]
pub enum ColumnDomain<'a> {
    /// All one.
    Fixed(DomainId),
    /// Each row its own; `None` where the row has none.
    ByRow(&'a [Option<DomainId>]),
}

impl ColumnDomain<'_> {
    fn at(&self, row: usize) -> Option<DomainId> {
        match self {
            ColumnDomain::Fixed(domain) => Some(*domain),
            ColumnDomain::ByRow(domains) => domains[row],
        }
    }
}
