//! Which columns together name a record: candidates from the first records, counted over all of them.

use super::sketch::DistinctSample;
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Keys counted at a time.
const MOST_CANDIDATES: usize = 8;
/// Of them those that no smaller one is part of.
const MOST_SMALLEST: usize = 4;
/// Columns that combinations are made of.
const MOST_COLUMNS: usize = 10;
/// Hashes remembered a candidate; beyond, a part of the records is counted.
const REMEMBERED: usize = 1 << 21;
/// In fewer records, that nothing repeats says little.
pub(super) const ENOUGH: u64 = 50;
/// Records with a key that others have, of which more than this share ends a candidate.
const TOO_MANY: f64 = 0.001;

/// The hash of an empty value.
pub(super) const EMPTY: u64 = 0;

/// What a column may be in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyRole {
    /// The number of a thing.
    Thing,
    /// An identifier of a person or device.
    Person,
    /// The number of a line.
    Line,
    /// When something happened.
    Time,
    /// One of a few words, or another short text or whole number.
    Other,
    /// An amount, a name, a text: no part of a key.
    Never,
}

/// A combination of columns and what was counted of it.
#[derive(Debug, Clone)]
struct Candidate {
    columns: Vec<usize>,
    /// Whether it is made of people, in a file of what happened: another key tells more.
    of_people: bool,
    /// By hash of the key, the hash of the whole record.
    seen: DistinctSample<u64>,
    conflicts: u64,
    ended: bool,
}

/// Counts keys over the records of a file.
#[derive(Debug)]
pub(super) struct KeySearch {
    candidates: Vec<Candidate>,
    rows: u64,
}

/// What was found of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundKey {
    /// Places of its columns.
    pub columns: Vec<usize>,
    /// Records that have the key of an earlier record with other values.
    pub conflicts: u64,
    /// One of so many keys was looked at.
    pub one_in: u64,
}

impl KeySearch {
    /// Chooses candidates by the first records. `hashes` has a list of hashes a column, [`EMPTY`] for an empty value.
    pub fn new(roles: &[KeyRole], hashes: &[Vec<u64>]) -> Self {
        let rows = hashes.first().map_or(0, Vec::len);
        let whole = |column: &usize| !hashes[*column].contains(&EMPTY);
        let mut columns: Vec<usize> =
            (0..roles.len()).filter(|column| roles[*column] != KeyRole::Never).filter(whole).collect();
        columns.sort_by_key(|column| (roles[*column], *column));
        columns.truncate(MOST_COLUMNS);
        let records = record_hashes(hashes, rows);
        let names = |columns: &[usize]| is_key(columns, hashes, &records);
        let timed = columns.iter().any(|column| roles[*column] == KeyRole::Time);
        let mut found: Vec<Vec<usize>> = Vec::new();
        let is_new = |set: &[usize], found: &[Vec<usize>]| !found.iter().any(|key| key.iter().all(|c| set.contains(c)));
        for size in 1..=3usize {
            for set in combinations(&columns, size) {
                // A key of times and words alone holds by accident, and what a person does happens more than once.
                let has = |role: KeyRole| set.iter().any(|column| roles[*column] == role);
                let of_person = has(KeyRole::Person) && (size == 1 || !timed || has(KeyRole::Time));
                let named = has(KeyRole::Thing) || of_person || size == 1 && roles[set[0]] == KeyRole::Other;
                if found.len() < MOST_SMALLEST && named && is_new(&set, &found) && names(&set) {
                    found.push(set);
                }
            }
        }
        // What names the first records may not name all: the same with one column more.
        let smallest = found.clone();
        let lines = columns.iter().filter(|column| roles[**column] == KeyRole::Line);
        let others = columns.iter().filter(|column| roles[**column] != KeyRole::Line);
        for more in lines.chain(others) {
            for key in smallest.iter().filter(|key| key.len() < 3 && !key.contains(more)) {
                let mut set = key.clone();
                set.push(*more);
                set.sort_by_key(|column| (roles[*column], *column));
                let loose = timed && !set.iter().any(|column| matches!(roles[*column], KeyRole::Thing | KeyRole::Time));
                if found.len() < MOST_CANDIDATES && !loose && !found.contains(&set) {
                    found.push(set);
                }
            }
        }
        let candidate = |columns: Vec<usize>| Candidate {
            of_people: timed && !columns.iter().any(|column| roles[*column] == KeyRole::Thing),
            columns,
            seen: DistinctSample::new(REMEMBERED / 4),
            conflicts: 0,
            ended: false,
        };
        Self { candidates: found.into_iter().map(candidate).collect(), rows: 0 }
    }

    /// Counts the keys of more records.
    pub fn observe(&mut self, hashes: &[Vec<u64>]) {
        let rows = hashes.first().map_or(0, Vec::len);
        self.rows += rows as u64;
        if self.candidates.iter().all(|c| c.ended) {
            return;
        }
        let records = record_hashes(hashes, rows);
        for candidate in self.candidates.iter_mut().filter(|c| !c.ended) {
            for (row, record) in records.iter().enumerate() {
                let key = candidate.columns.iter().map(|column| hashes[*column][row]);
                if key.clone().any(|hash| hash == EMPTY) {
                    candidate.conflicts += 1;
                    continue;
                }
                if let Some((first, new)) = candidate.seen.entry(combine(key), || *record) {
                    candidate.conflicts += u64::from(!new && *first != *record);
                }
            }
            if candidate.conflicts > 3 && candidate.conflicts as f64 > TOO_MANY * self.rows as f64 {
                candidate.ended = true;
                candidate.seen = DistinctSample::new(1);
            }
        }
    }

    /// The keys that held, the best first, and those that hold for all but a few records.
    pub fn found(&self) -> Vec<FoundKey> {
        let found =
            |c: &Candidate| FoundKey { columns: c.columns.clone(), conflicts: c.conflicts, one_in: c.seen.one_in() };
        let mut alive: Vec<&Candidate> = self.candidates.iter().filter(|c| !c.ended).collect();
        alive.sort_by_key(|c| (c.conflicts > 0, c.of_people, c.columns.len()));
        alive.into_iter().map(found).collect()
    }
}

/// Whether no two records have these values, unless they are equal as a whole.
fn is_key(columns: &[usize], hashes: &[Vec<u64>], records: &[u64]) -> bool {
    let mut seen: HashMap<u64, u64> = HashMap::with_capacity(records.len());
    records.iter().enumerate().all(|(row, record)| {
        let key = combine(columns.iter().map(|column| hashes[*column][row]));
        *seen.entry(key).or_insert(*record) == *record
    })
}

/// The hash of a value of a record; [`EMPTY`] is of none.
pub(super) fn hash_value(value: &str) -> u64 {
    if value.is_empty() { EMPTY } else { xxh3_64(value.as_bytes()).max(1) }
}

fn record_hashes(hashes: &[Vec<u64>], rows: usize) -> Vec<u64> {
    (0..rows).map(|row| combine(hashes.iter().map(|column| column[row]))).collect()
}

/// One hash of several, in their order.
fn combine(hashes: impl Iterator<Item = u64>) -> u64 {
    let mixed = hashes
        .fold(0x9e37_79b9_7f4a_7c15u64, |all, hash| (all ^ hash).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31));
    // The last bits decide what is remembered.
    (mixed ^ (mixed >> 29)).wrapping_mul(0xc4ce_b9fe_1a85_ec53) ^ (mixed >> 32)
}

/// All sets of so many of the columns, those of the first columns first.
fn combinations(columns: &[usize], size: usize) -> Vec<Vec<usize>> {
    match (size, columns) {
        (0, _) => vec![Vec::new()],
        (_, []) => Vec::new(),
        (_, [first, rest @ ..]) => {
            let with = combinations(rest, size - 1).into_iter().map(|mut set| {
                set.insert(0, *first);
                set
            });
            with.chain(combinations(rest, size)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyRole::*;

    fn hashes(columns: &[Vec<String>]) -> Vec<Vec<u64>> {
        columns.iter().map(|column| column.iter().map(|value| hash_value(value)).collect()).collect()
    }

    fn column(rows: usize, value: impl Fn(usize) -> usize) -> Vec<String> {
        (0..rows).map(|row| value(row).to_string()).collect()
    }

    fn search(roles: &[KeyRole], columns: &[Vec<String>]) -> Vec<FoundKey> {
        let all = hashes(columns);
        let first: Vec<Vec<u64>> = all.iter().map(|c| c[..c.len().min(100)].to_vec()).collect();
        let mut search = KeySearch::new(roles, &first);
        search.observe(&all);
        search.found()
    }

    #[test]
    fn the_smallest_key_of_the_most_telling_columns_is_found() {
        let rows = 3000;
        let columns = [column(rows, |r| r / 3), column(rows, |r| r % 3), column(rows, |r| r * 7 % 11)];
        let found = search(&[Thing, Line, Never], &columns);
        assert_eq!(found[0], FoundKey { columns: vec![0, 1], conflicts: 0, one_in: 1 });

        let single = [column(rows, |r| r % 5), column(rows, |r| r)];
        assert_eq!(search(&[Other, Thing], &single)[0].columns, [1]);
    }

    #[test]
    fn what_holds_for_the_first_records_only_is_no_key() {
        let columns = [column(3000, |r| r % 1500), column(3000, |r| r)];
        assert!(search(&[Thing, Never], &columns).is_empty());
        // Equal records are duplicates, and no conflict.
        let columns = [column(3000, |r| r % 1500), column(3000, |r| r % 1500)];
        assert_eq!(search(&[Thing, Never], &columns)[0].conflicts, 0);
        // A few conflicts are told.
        let columns = [column(9000, |r| if r == 8999 { 5 } else { r }), column(9000, |r| r)];
        assert_eq!(search(&[Thing, Never], &columns)[0].conflicts, 1);
    }

    #[test]
    fn the_number_of_a_thing_goes_before_a_person() {
        let columns = [column(3000, |r| r), column(3000, |r| r / 3), column(3000, |r| r % 3), column(3000, |r| r % 28)];
        assert_eq!(search(&[Person, Thing, Line, Time], &columns)[0].columns, [1, 2]);
        // In a list of people it is the key.
        assert_eq!(search(&[Person, Other, Line, Never], &columns)[0].columns, [0]);
    }

    #[test]
    fn times_and_words_alone_are_no_key() {
        let columns = [column(200, |r| r), column(200, |r| r % 2)];
        assert!(search(&[Time, Never], &columns).is_empty());
    }
}
