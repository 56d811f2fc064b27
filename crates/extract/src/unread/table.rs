//! Unread records as rows of their table, which is only ever added to.
//!
//! A record has a row for each pseudonym, or one without. A row without `counts_as` says that the record at this place
//! was mended by a later run.

use super::{CountsAs, Named, RecordKey, UnreadLog, UnreadRecord};
use crate::values::UTC;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Int64Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use hashbrown::HashMap;
use lakewarden_privacy::{token_bits, token_text};
use std::sync::Arc;

/// A column of the table does not hold what was written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` of a table of unread records does not hold what was written there")]
pub struct UnreadError {
    /// The column.
    pub column: &'static str,
}

/// Rows in one batch, about.
const BATCH_ROWS: usize = 65_536;

/// How pseudonyms begin.
const PSEUDONYM: char = 'k';

fn instant() -> Arrow {
    Arrow::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// The schema of a dataset's unread records: where each stood, whom it names by pseudonym, what it counts as, from when
/// on, and a keyed hash of its key, by which a readable record takes its place. No cell of the record is in it.
pub fn unread_schema() -> SchemaRef {
    let column = |name: &str, data_type: Arrow, nullable: bool| Field::new(name, data_type, nullable);
    Arc::new(Schema::new(vec![
        column("file", Arrow::Utf8, false),
        column("row", Arrow::Int64, false),
        column("quarantined_at", instant(), false),
        column("pseudonym", Arrow::Utf8, true),
        column("domain", Arrow::Utf8, true),
        column("certain", Arrow::Boolean, true),
        column("counts_as", Arrow::Utf8, true),
        column("purpose", Arrow::Utf8, true),
        column("event_at", instant(), true),
        column("record_key", Arrow::Utf8, true),
        column("unread_key_column", Arrow::Utf8, true),
        column("mended_at", instant(), true),
        column("known_from", instant(), true),
    ]))
}

impl UnreadLog {
    /// Reads what the lake has.
    ///
    /// # Errors
    /// [`UnreadError`] if it is not what [`UnreadLog::rows`] makes.
    pub fn read(batches: &[RecordBatch]) -> Result<Self, UnreadError> {
        let mut places: HashMap<(String, i64, i64), usize> = HashMap::new();
        let mut records: Vec<UnreadRecord> = Vec::new();
        let mut mends = Vec::new();
        for batch in batches {
            let columns = Columns::of(batch)?;
            for row in 0..batch.num_rows() {
                let place = columns.place(row)?;
                let Some(counts_as) = columns.counts_as(row)? else {
                    mends.push((place, columns.mended_at(row).ok_or(UnreadError { column: "mended_at" })?));
                    continue;
                };
                let at = match places.get(&place) {
                    Some(at) => *at,
                    None => {
                        records.push(columns.record(row, &place, counts_as)?);
                        places.insert(place, records.len() - 1);
                        records.len() - 1
                    }
                };
                records[at].names.extend(columns.named(row)?);
            }
        }
        for (place, at) in mends {
            let record = places.get(&place).ok_or(UnreadError { column: "file" })?;
            let mended = &mut records[*record].mended_at;
            *mended = Some(mended.map_or(at, |before| before.min(at)));
        }
        let mut log = Self::default();
        records.into_iter().for_each(|record| log.add(record));
        log.stored = log.records.len();
        Ok(log)
    }

    /// What the lake does not have yet, as rows of [`unread_schema`]. `key_version` is that of the extraction's keys.
    ///
    /// # Errors
    /// [`UnreadError`] for a row's number that no table holds.
    pub fn rows(&self, key_version: u32) -> Result<Vec<RecordBatch>, UnreadError> {
        let (mut batches, mut rows) = (Vec::new(), Rows::default());
        for record in &self.records[self.stored..] {
            if rows.rows.len() >= BATCH_ROWS {
                batches.push(std::mem::take(&mut rows).finish()?);
            }
            if record.names.is_empty() {
                rows.add(record, None, key_version)?;
            }
            for named in &record.names {
                rows.add(record, Some(named), key_version)?;
            }
        }
        for mended in &self.mended {
            if rows.rows.len() >= BATCH_ROWS {
                batches.push(std::mem::take(&mut rows).finish()?);
            }
            rows.mend(&self.records[*mended])?;
        }
        if !rows.rows.is_empty() {
            batches.push(rows.finish()?);
        }
        Ok(batches)
    }
}

#[derive(Default)]
struct Rows {
    files: StringBuilder,
    rows: Vec<i64>,
    quarantined: Vec<i64>,
    pseudonyms: StringBuilder,
    domains: StringBuilder,
    certain: BooleanBuilder,
    counts_as: StringBuilder,
    purposes: StringBuilder,
    events: Vec<Option<i64>>,
    keys: StringBuilder,
    without: StringBuilder,
    mended: Vec<Option<i64>>,
    known: Vec<Option<i64>>,
}

impl Rows {
    fn place(&mut self, record: &UnreadRecord) -> Result<(), UnreadError> {
        self.files.append_value(&record.file);
        self.rows.push(i64::try_from(record.row).map_err(|_| UnreadError { column: "row" })?);
        self.quarantined.push(record.quarantined_at);
        self.mended.push(record.mended_at);
        Ok(())
    }

    fn add(&mut self, record: &UnreadRecord, named: Option<&Named>, version: u32) -> Result<(), UnreadError> {
        self.place(record)?;
        let token = |bits| token_text(PSEUDONYM, version, bits);
        self.pseudonyms.append_option(named.map(|n| token(n.pseudonym)));
        self.domains.append_option(named.map(|n| n.domain.as_ref()));
        self.certain.append_value(record.certain);
        self.counts_as.append_value(record.counts_as.name());
        self.purposes.append_option(record.purpose.as_deref());
        self.events.push(record.event_at);
        self.known.push(Some(record.known_from));
        self.keys.append_option(record.key.as_ref().map(|key| token(key.bits)));
        self.without.append_option(record.key.as_ref().and_then(|key| key.without.as_deref()));
        Ok(())
    }

    fn mend(&mut self, record: &UnreadRecord) -> Result<(), UnreadError> {
        self.place(record)?;
        let texts = [&mut self.pseudonyms, &mut self.domains, &mut self.counts_as, &mut self.purposes];
        for texts in texts.into_iter().chain([&mut self.keys, &mut self.without]) {
            texts.append_null();
        }
        self.certain.append_null();
        self.events.push(None);
        self.known.push(None);
        Ok(())
    }

    fn finish(mut self) -> Result<RecordBatch, UnreadError> {
        let instants = |values: Vec<Option<i64>>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone(UTC))
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.files.finish()),
            Arc::new(Int64Array::from(self.rows)),
            Arc::new(TimestampMicrosecondArray::from(self.quarantined).with_timezone(UTC)),
            Arc::new(self.pseudonyms.finish()),
            Arc::new(self.domains.finish()),
            Arc::new(self.certain.finish()),
            Arc::new(self.counts_as.finish()),
            Arc::new(self.purposes.finish()),
            instants(self.events),
            Arc::new(self.keys.finish()),
            Arc::new(self.without.finish()),
            instants(self.mended),
            instants(self.known),
        ];
        RecordBatch::try_new(unread_schema(), columns).map_err(|_| UnreadError { column: "file" })
    }
}

/// The columns of a batch, whatever a reader made of their types.
struct Columns {
    texts: [StringArray; 7],
    rows: Int64Array,
    certain: BooleanArray,
    instants: [TimestampMicrosecondArray; 4],
}

const TEXTS: [&str; 7] = ["file", "pseudonym", "domain", "counts_as", "record_key", "unread_key_column", "purpose"];
const INSTANTS: [&str; 4] = ["quarantined_at", "event_at", "mended_at", "known_from"];

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self, UnreadError> {
        let column = |column: &'static str, data_type: &Arrow| -> Result<ArrayRef, UnreadError> {
            let found = batch.column_by_name(column).ok_or(UnreadError { column })?;
            cast(found, data_type).map_err(|_| UnreadError { column })
        };
        let text = |name| column(name, &Arrow::Utf8).map(|c| c.as_string::<i32>().clone());
        let time = |name| column(name, &instant()).map(|c| c.as_primitive::<TimestampMicrosecondType>().clone());
        let [file, pseudonym, domain, counts_as, key, without, purpose] = TEXTS;
        let [quarantined, event, mended, known] = INSTANTS;
        Ok(Self {
            texts: [
                text(file)?,
                text(pseudonym)?,
                text(domain)?,
                text(counts_as)?,
                text(key)?,
                text(without)?,
                text(purpose)?,
            ],
            rows: column("row", &Arrow::Int64)?.as_primitive::<Int64Type>().clone(),
            certain: column("certain", &Arrow::Boolean)?.as_boolean().clone(),
            instants: [time(quarantined)?, time(event)?, time(mended)?, time(known)?],
        })
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        let texts = &self.texts[column];
        texts.is_valid(row).then(|| texts.value(row))
    }

    fn instant(&self, column: usize, row: usize) -> Option<i64> {
        let instants = &self.instants[column];
        instants.is_valid(row).then(|| instants.value(row))
    }

    fn place(&self, row: usize) -> Result<(String, i64, i64), UnreadError> {
        let file = self.text(0, row).ok_or(UnreadError { column: "file" })?;
        let quarantined = self.instant(0, row).ok_or(UnreadError { column: "quarantined_at" })?;
        Ok((file.to_owned(), self.rows.value(row), quarantined))
    }

    fn counts_as(&self, row: usize) -> Result<Option<CountsAs>, UnreadError> {
        let known = |name| CountsAs::parse(name).ok_or(UnreadError { column: "counts_as" });
        self.text(3, row).map(known).transpose()
    }

    fn mended_at(&self, row: usize) -> Option<i64> {
        self.instant(2, row)
    }

    fn named(&self, row: usize) -> Result<Option<Named>, UnreadError> {
        let Some(token) = self.text(1, row) else { return Ok(None) };
        let pseudonym = token_bits(token).ok_or(UnreadError { column: "pseudonym" })?;
        let domain = self.text(2, row).ok_or(UnreadError { column: "domain" })?.into();
        Ok(Some(Named { pseudonym, domain }))
    }

    fn record(&self, row: usize, place: &(String, i64, i64), counts_as: CountsAs) -> Result<UnreadRecord, UnreadError> {
        let key = self.text(4, row).map(|token| token_bits(token).ok_or(UnreadError { column: "record_key" }));
        Ok(UnreadRecord {
            file: place.0.as_str().into(),
            row: u64::try_from(place.1).map_err(|_| UnreadError { column: "row" })?,
            quarantined_at: place.2,
            known_from: self.instant(3, row).ok_or(UnreadError { column: "known_from" })?,
            names: Vec::new(),
            certain: self.certain.is_valid(row) && self.certain.value(row),
            counts_as,
            purpose: self.text(6, row).map(Arc::from),
            event_at: self.instant(1, row),
            key: key.transpose()?.map(|bits| RecordKey { bits, without: self.text(5, row).map(Arc::from) }),
            mended_at: self.mended_at(row),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn records() -> Vec<UnreadRecord> {
        let first = UnreadRecord {
            file: "a.csv".into(),
            row: 7,
            quarantined_at: 1_000,
            known_from: 900,
            names: vec![
                Named { pseudonym: 1, domain: "phone".into() },
                Named { pseudonym: u128::MAX, domain: "email".into() },
            ],
            certain: true,
            counts_as: CountsAs::Restriction,
            purpose: None,
            event_at: Some(900),
            key: Some(RecordKey { bits: 5, without: Some("purpose".into()) }),
            mended_at: None,
        };
        let nobody = UnreadRecord { row: 8, names: Vec::new(), certain: false, key: None, ..first.clone() };
        let mended = UnreadRecord { row: 9, mended_at: Some(1_000), purpose: Some("sms".into()), ..first.clone() };
        vec![first, nobody, mended]
    }

    fn one(log: &UnreadLog) -> RecordBatch {
        let [rows] = log.rows(1).unwrap().try_into().unwrap();
        rows
    }

    #[test]
    fn many_records_are_read_back_as_well() {
        let mut log = UnreadLog::default();
        for row in 0..BATCH_ROWS as u64 {
            log.add(UnreadRecord { row, ..records().remove(0) });
        }
        let batches = log.rows(1).unwrap();
        assert_eq!(batches.len(), 2);
        assert_eq!(UnreadLog::read(&batches).unwrap().records(), log.records());
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let mut log = UnreadLog::default();
        records().into_iter().for_each(|record| log.add(record));
        let rows = one(&log);
        assert_eq!(rows.num_rows(), 5);
        let read = UnreadLog::read(&[rows.slice(0, 2), rows.slice(2, 3)]).unwrap();
        assert_eq!(read.records(), records());
        assert_eq!(read.rows(1).unwrap(), [], "nothing is stored twice");
    }

    #[test]
    fn a_mend_of_a_later_run_is_a_row_of_its_own() {
        let mut log = UnreadLog::default();
        records().into_iter().for_each(|record| log.add(record));
        let before = one(&log);
        let mut log = UnreadLog::read(std::slice::from_ref(&before)).unwrap();
        log.mend(1, 2_000, |without| (without == Some("purpose")).then_some(5));
        let more = one(&log);
        assert_eq!(more.num_rows(), 1);
        let read = UnreadLog::read(&[more.clone(), before]).unwrap();
        let mended: Vec<_> = read.records().iter().map(|r| r.mended_at).collect();
        assert_eq!(mended, [Some(2_000), None, Some(1_000)]);
        assert_eq!(UnreadLog::read(&[more]).unwrap_err(), UnreadError { column: "file" });
    }

    #[test]
    fn what_was_not_written_so_is_refused() {
        let mut log = UnreadLog::default();
        records().into_iter().for_each(|record| log.add(record));
        let rows = one(&log);
        for (column, text) in [("pseudonym", "13100000001"), ("counts_as", "grant"), ("record_key", "k1_")] {
            let mut columns = rows.columns().to_vec();
            let at = rows.schema().index_of(column).unwrap();
            columns[at] = Arc::new(StringArray::from(vec![text; rows.num_rows()]));
            let wrong = RecordBatch::try_new(rows.schema(), columns).unwrap();
            assert_eq!(UnreadLog::read(&[wrong]).unwrap_err(), UnreadError { column });
        }
        let lacking = rows.project(&[0, 1, 2]).unwrap();
        assert!(UnreadLog::read(&[lacking]).is_err());
    }
}
