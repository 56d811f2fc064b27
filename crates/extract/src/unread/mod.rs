//! Records of consent logs and suppression lists that could not be read: whom they name, what they count as, and
//! whether a readable one has taken their place.
//!
//! They are in quarantine like any other record that breaks a rule. What is kept here, in clear, is pseudonyms,
//! places and instants, and no cell: not even a readable one, since a shifted record has its cells in wrong columns.

mod table;

pub use table::{UnreadError, unread_schema};

use hashbrown::HashMap;
use std::sync::Arc;

/// What a record that cannot be read counts as: by the dataset's role, and by the action if that can be read and asks
/// for more than a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountsAs {
    /// A withdrawal from every purpose.
    Withdrawal,
    /// The same, and the demand that data is only stored.
    Restriction,
    /// The same, sent by a device: it reaches the profiles linked to it.
    OptOutSignal,
    /// A line of a suppression list.
    Listed,
}

impl CountsAs {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Withdrawal, Self::Restriction, Self::OptOutSignal, Self::Listed];

    /// Its name in the table of unread records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Withdrawal => "withdrawal",
            Self::Restriction => "restriction",
            Self::OptOutSignal => "opt_out_signal",
            Self::Listed => "listed",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|counts_as| counts_as.name() == name)
    }
}

/// One of the people that a record may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The bits of the pseudonym.
    pub pseudonym: u128,
    /// Its identifier domain.
    pub domain: Arc<str>,
}

/// A keyed hash of what could be read of a record's key: of all parts, or of all but one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordKey {
    /// The hash.
    pub bits: u128,
    /// The key column that could not be read, if one could not.
    pub without: Option<Arc<str>>,
}

/// A record that could not be read. Instants are µs UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRecord {
    /// The file it stood in.
    pub file: Arc<str>,
    /// Its number there, from 1.
    pub row: u64,
    /// When the run that read the file began, by the clock: the date of the record in quarantine.
    pub quarantined_at: i64,
    /// From when on decisions count it: the instant of that run, or the clock if that is earlier.
    pub known_from: i64,
    /// Whom it names, as far as that can be read.
    pub names: Vec<Named>,
    /// Whether that is for certain; if not, it may be somebody else's.
    pub certain: bool,
    /// What it counts as.
    pub counts_as: CountsAs,
    /// The one purpose that it is about, if all of it was read but its action and which of some people it names. Only
    /// names of the project's purposes are stored.
    pub purpose: Option<Arc<str>>,
    /// When it was said, if that can be read and has come.
    pub event_at: Option<i64>,
    /// Its key; `None` if more than one part cannot be read, or the record as a whole does not parse.
    pub key: Option<RecordKey>,
    /// The instant of the run that read a record with its key.
    pub mended_at: Option<i64>,
}

impl UnreadRecord {
    /// From when on it stands: when it was said, else from when on it is known.
    pub fn stands_from(&self) -> i64 {
        self.event_at.unwrap_or(self.known_from)
    }
}

/// Records of a log by where they stood: file, row, and instant of their run.
pub(crate) type Places = HashMap<(Arc<str>, u64, i64), Vec<usize>>;

/// The unread records of a dataset: those that the lake has, and those of an extraction. About 200 bytes a record.
#[derive(Debug, Clone, Default)]
pub struct UnreadLog {
    records: Vec<UnreadRecord>,
    /// How many of them the lake has.
    stored: usize,
    /// Which of those this extraction has mended.
    mended: Vec<usize>,
    /// Those that could be mended, by pseudonym.
    open: HashMap<u128, Vec<usize>>,
}

impl UnreadLog {
    /// All records, the lake's first.
    pub fn records(&self) -> &[UnreadRecord] {
        &self.records
    }

    /// Whether a readable record could take the place of one of them.
    pub(crate) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether one of them that could be mended names this pseudonym.
    pub(crate) fn is_open(&self, pseudonym: u128) -> bool {
        self.open.contains_key(&pseudonym)
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, record: UnreadRecord) {
        if record.key.is_some() && record.mended_at.is_none() {
            for named in &record.names {
                self.open.entry(named.pseudonym).or_default().push(self.records.len());
            }
        }
        self.records.push(record);
    }

    /// The open records by where they stood: file, row, and instant of their run. Of one record there may be several,
    /// if more was learnt of whom it names.
    pub(crate) fn places(&self) -> Places {
        let mut places = Places::new();
        for (at, record) in self.records.iter().enumerate().filter(|(_, record)| record.mended_at.is_none()) {
            places.entry((record.file.clone(), record.row, record.quarantined_at)).or_default().push(at);
        }
        places
    }

    /// Takes in that the record at this place of the log can now be read.
    pub(crate) fn mend_at(&mut self, place: usize, at: i64) {
        let record = &mut self.records[place];
        if record.mended_at.is_none() {
            record.mended_at = Some(at);
            if place < self.stored {
                self.mended.push(place);
            }
        }
    }

    /// Takes in whom the record at these places of the log names besides those it is known to name. It stands as before.
    pub(crate) fn learn(&mut self, places: &[usize], names: Vec<Named>) {
        let known = |named: &Named| places.iter().any(|place| self.records[*place].names.contains(named));
        let new: Vec<Named> = names.into_iter().filter(|named| !known(named)).collect();
        let open = places.iter().map(|place| &self.records[*place]).find(|record| record.mended_at.is_none());
        if let (false, Some(record)) = (new.is_empty(), open) {
            let more = UnreadRecord { names: new, ..record.clone() };
            self.add(more);
        }
    }

    /// Takes in that a readable record names a pseudonym: those of the same key are mended. `key` hashes the record's
    /// key, all of it or without a column.
    pub(crate) fn mend(&mut self, pseudonym: u128, at: i64, key: impl Fn(Option<&str>) -> Option<u128>) {
        let Some(open) = self.open.get_mut(&pseudonym) else { return };
        open.retain(|&place| {
            let record = &mut self.records[place];
            // Another of its pseudonyms may have mended it.
            if record.mended_at.is_some() {
                return false;
            }
            let same = record.key.as_ref().is_some_and(|own| key(own.without.as_deref()) == Some(own.bits));
            if same {
                record.mended_at = Some(at);
                if place < self.stored {
                    self.mended.push(place);
                }
            }
            !same
        });
        if open.is_empty() {
            self.open.remove(&pseudonym);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pseudonyms: &[u128], key: Option<(u128, Option<&str>)>) -> UnreadRecord {
        UnreadRecord {
            file: "a.csv".into(),
            row: 1,
            quarantined_at: 10,
            known_from: 10,
            names: pseudonyms.iter().map(|p| Named { pseudonym: *p, domain: "phone".into() }).collect(),
            certain: true,
            counts_as: CountsAs::Withdrawal,
            purpose: None,
            event_at: None,
            key: key.map(|(bits, without)| RecordKey { bits, without: without.map(Arc::from) }),
            mended_at: None,
        }
    }

    #[test]
    fn a_readable_record_takes_the_place_of_the_one_with_its_key() {
        let mut log = UnreadLog::default();
        log.add(record(&[1, 2], Some((70, None))));
        log.add(record(&[1], Some((80, Some("at")))));
        log.add(record(&[1], None));
        let own = |without: Option<&str>| Some(if without.is_none() { 70 } else { 0 });
        log.mend(3, 20, own);
        assert!(log.records().iter().all(|r| r.mended_at.is_none()), "it names somebody else");
        log.mend(2, 20, own);
        let mended: Vec<_> = log.records().iter().map(|r| r.mended_at).collect();
        assert_eq!(mended, [Some(20), None, None], "for all whom it names");
        log.mend(1, 30, own);
        assert_eq!(log.records()[0].mended_at, Some(20));
        assert!(log.is_open(1) && !log.is_open(2));
        log.mend(1, 30, |without| (without == Some("at")).then_some(80));
        assert_eq!(log.records()[1].mended_at, Some(30));
        assert!(!log.has_open(), "what has no key is never mended");
    }

    #[test]
    fn it_stands_from_when_it_was_said_or_else_seen() {
        let mut unread = record(&[1], None);
        assert_eq!(unread.stands_from(), 10);
        unread.event_at = Some(4);
        assert_eq!(unread.stands_from(), 4);
    }

    #[test]
    fn names_are_read_back() {
        for counts_as in CountsAs::ALL {
            assert_eq!(CountsAs::parse(counts_as.name()), Some(counts_as));
        }
        assert_eq!(CountsAs::parse("grant"), None);
    }
}
