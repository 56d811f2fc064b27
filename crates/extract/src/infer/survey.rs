//! One pass over all records of a file: what is counted of each column, and which columns name a record.

use super::BATCH_ROWS;
use super::census::{Census, MAX_DISTINCT};
use super::keys::{FoundKey, KeyRole, KeySearch, hash_value};
use super::profile::Profile;
use super::propose::{Proposal, key_role, propose};
use super::sniff::Layout;
use super::types::Column;
use crate::error::ExtractError;
use crate::read::{FieldNames, RawBatch, RawData, Stop, parse_lines, read_file};
use crate::source::SourceFile;
use crate::values::as_text;
use arrow::array::{ArrayRef, StringArray};
use crossbeam_channel::bounded;
use lakewarden_dictionary::{Dataset, Encoding};
use lakewarden_privacy::normalise;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Batches at the beginning that are looked at closely, and one of so many after them.
const CLOSE_BATCHES: u64 = 2;
const ONE_OF: u64 = 16;
/// Batches looked at closely, at most.
const MOST_CLOSE: u64 = 12;
/// Batches read ahead.
const AHEAD: usize = 3;
/// Different values remembered in all columns together.
const DISTINCT: usize = 1 << 22;

/// What a survey found.
pub(super) struct Survey {
    columns: Vec<(Census, Profile)>,
    keys: Vec<FoundKey>,
    rows: u64,
    /// Whether all records were read.
    pub whole: bool,
}

impl Survey {
    /// Proposes an entry.
    pub fn propose(&self, dataset: &str, layout: Layout, names: &[String]) -> Proposal {
        let simplified = layout.format.encoding != Encoding::Big5;
        let columns = describe(names, &self.columns, simplified);
        propose(dataset, layout, &columns, &self.keys, self.rows, self.whole)
    }
}

fn describe<'a>(names: &'a [String], counted: &'a [(Census, Profile)], simplified: bool) -> Vec<Column<'a>> {
    (names.iter().zip(counted)).map(|(name, (census, profile))| Column { name, census, profile, simplified }).collect()
}

/// Reads all records, or the first `rows`.
///
/// # Errors
/// [`ExtractError`], if the file cannot be read.
pub(super) fn survey(described: &Dataset, file: &SourceFile, rows: Option<u64>) -> Result<Survey, ExtractError> {
    let names: Vec<String> = described.fields.iter().map(|field| field.name.value.clone()).collect();
    let mut counter = Counter::new(&names, described.format.encoding != Encoding::Big5);
    let (batches_in, batches) = bounded::<(Vec<Option<StringArray>>, usize)>(AHEAD);
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let (mut read, meter) = (0u64, Arc::new(AtomicU64::new(0)));
            read_file(described, file, BATCH_ROWS, &meter, &mut |batch| {
                let len = batch.len;
                let texts = texts(described, &file.name, batch)?;
                batches_in.send((texts, len)).map_err(|_| Stop::Cancelled)?;
                read += len as u64;
                if rows.is_some_and(|most| read >= most) { Err(Stop::Cancelled) } else { Ok(()) }
            })
        });
        for (texts, len) in batches {
            counter.observe(&texts, len);
        }
        reader.join()
    });
    let bug = || ExtractError::Internal { file: file.name.clone(), doing: "looking at values" };
    match read.map_err(|_| bug())? {
        Ok(_) => Ok(counter.finish(true)),
        Err(Stop::Cancelled) => Ok(counter.finish(false)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Counts batch by batch.
struct Counter<'n> {
    names: &'n [String],
    columns: Vec<(Census, Profile)>,
    keys: Option<KeySearch>,
    rows: u64,
    batches: u64,
    close: u64,
    simplified: bool,
}

impl<'n> Counter<'n> {
    fn new(names: &'n [String], simplified: bool) -> Self {
        let most = (DISTINCT / names.len().max(1)).clamp(1 << 10, MAX_DISTINCT);
        let columns = names.iter().map(|_| (Census::new(most), Profile::default())).collect();
        Self { names, columns, keys: None, rows: 0, batches: 0, close: 0, simplified }
    }

    fn observe(&mut self, texts: &[Option<StringArray>], len: usize) {
        let closely = self.batches < CLOSE_BATCHES || self.batches.is_multiple_of(ONE_OF) && self.close < MOST_CLOSE;
        let mut hashes = Vec::with_capacity(texts.len());
        for (text, (census, profile)) in texts.iter().zip(&mut self.columns) {
            let Some(text) = text else {
                (0..len).for_each(|_| census.observe_null());
                hashes.push(vec![super::keys::EMPTY; len]);
                continue;
            };
            let folded = (!text.value_data().is_ascii()).then(|| normalise::fold_width(text).values);
            let values = folded.as_ref().unwrap_or(text);
            let mut own = Vec::with_capacity(len);
            for value in values {
                let value = value.unwrap_or_default().trim();
                let hash = hash_value(value);
                own.push(hash);
                census.observe(value, hash);
            }
            hashes.push(own);
            if closely {
                profile.observe(text);
            }
        }
        self.rows += len as u64;
        self.batches += 1;
        self.close += u64::from(closely);
        let (names, columns, simplified) = (self.names, &self.columns, self.simplified);
        let keys = self.keys.get_or_insert_with(|| {
            let roles: Vec<KeyRole> = describe(names, columns, simplified).iter().map(key_role).collect();
            KeySearch::new(&roles, &hashes)
        });
        keys.observe(&hashes);
    }

    fn finish(self, whole: bool) -> Survey {
        let keys = self.keys.map(|keys| keys.found()).unwrap_or_default();
        Survey { columns: self.columns, keys, rows: self.rows, whole }
    }
}

/// The columns of a batch as text; `None` where the file lacks one.
fn texts(dataset: &Dataset, file: &str, batch: RawBatch) -> Result<Vec<Option<StringArray>>, Stop> {
    let bug = || Stop::Failed(ExtractError::Internal { file: file.to_owned(), doing: "looking at values" });
    let plain = |array: ArrayRef| as_text(&array).ok_or_else(bug);
    match batch.data {
        RawData::Arrow(columns) => columns.into_iter().map(|c| c.map(plain).transpose()).collect(),
        RawData::Text(columns) => {
            columns.into_iter().map(|c| c.map(|c| c.finish().ok_or_else(bug)).transpose()).collect()
        }
        RawData::Json { text, spans } => {
            let names = FieldNames::new(dataset);
            let parsed = parse_lines(&names, dataset.fields.len(), &dataset.format.limits, &text, &spans);
            parsed.columns.into_iter().map(|c| c.finish().map(Some).ok_or_else(bug)).collect()
        }
    }
}
