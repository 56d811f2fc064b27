//! The threads of an extraction, and what is decided in order.

use crate::account::{FileAccount, Progress, Warning};
use crate::convert::{Converted, Plan, RuleInputs, Widened};
use crate::drift::new_fields;
use crate::error::{ExtractError, MissingColumn, NearestField, SinkError};
use crate::keys::KeySet;
use crate::read::{FileSummary, NameCounts, OrderLines, RawBatch, Stop, nearest, read_file};
use crate::source::SourceFile;
use crate::spilling::Spilling;
use crate::unique::Repeats;
use crate::unread::UnreadLog;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use chrono::{DateTime, Utc};
use crossbeam_channel::{Receiver, Sender, bounded};
use lakewarden_dictionary::{Dataset, OnFailure, UndeclaredFields};
use lakewarden_privacy::KeyRing;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an extraction depends on besides its files.
#[derive(Clone, Copy)]
pub struct ExtractContext<'a> {
    /// The dataset that the files are of.
    pub dataset: &'a Dataset,
    /// Zone of times that do not say theirs, unless the dataset has one.
    pub zone: chrono_tz::Tz,
    /// Makes tokens and seals quarantine.
    pub keys: &'a KeyRing,
    /// The run's instant: nothing is later, and retention counts back from it.
    pub as_of: DateTime<Utc>,
    /// The clock when the run began: quarantined records are dated with it, whatever the run's instant is.
    pub now: DateTime<Utc>,
    /// Seeds key hashes and nonces: random, and another for each run.
    pub seed: u64,
    /// Rows a batch; 8,192 to 65,536 is sensible.
    pub batch_rows: usize,
    /// What rules need besides the files.
    pub rules: &'a RuleInputs,
    /// Threads that convert batches, at least one. The reader has a thread of its own.
    pub workers: usize,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrigin<'a> {
    /// One of the files being read, by its index.
    File(usize),
    /// Records that leave quarantine.
    Quarantine {
        /// The file that they were read from.
        file: &'a str,
        /// The run that read it, if their table says so.
        run: Option<&'a str>,
    },
}

/// Where rows go. Called in order, from the thread that called [`extract`]. If it fails, or [`extract`]
/// does, everything it was given must be thrown away.
pub trait Sink: Send {
    /// Says where the rows and records that follow come from. Sinks that do not care need not listen.
    fn begin(&mut self, origin: RowOrigin<'_>) {
        let _ = origin;
    }

    /// Takes rows in the shape of [`crate::conformed_schema`].
    ///
    /// # Errors
    /// Whatever keeps them from being stored.
    fn rows(&mut self, rows: RecordBatch) -> Result<(), SinkError>;

    /// Takes sealed records in the shape of [`crate::quarantine_schema`].
    ///
    /// # Errors
    /// Whatever keeps them from being stored.
    fn quarantine(&mut self, records: RecordBatch) -> Result<(), SinkError>;
}

/// Takes rows and keeps none: for who only wants the accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Sink for Discard {
    fn rows(&mut self, _: RecordBatch) -> Result<(), SinkError> {
        Ok(())
    }

    fn quarantine(&mut self, _: RecordBatch) -> Result<(), SinkError> {
        Ok(())
    }
}

/// What reaches the caller's thread, in the order of the files.
enum Event {
    Batch(Receiver<Result<Converted, ExtractError>>),
    End(Box<FileSummary>),
    Failed(ExtractError),
}

struct Work {
    file: usize,
    batch: RawBatch,
    reply: Sender<Result<Converted, ExtractError>>,
}

/// JSON has no header; so many records without a required field are enough to say that a file lacks it.
const ENOUGH_RECORDS: u64 = 20;
/// How alike an undeclared name must be to be taken for a renamed field.
const RENAMED: f64 = 0.75;

/// Reads the files of a dataset in order and gives the sink what may be stored; `seen` holds the keys
/// that the lake already has, and gains those of the rows written. `unread` holds what the lake has of records that
/// bear statements and could not be read; it gains those of these files, and learns which were mended.
///
/// # Errors
/// [`ExtractError`]; what the sink was given before must then not be published, for a file is refused
/// whole. `seen` and `unread` are then of no further use.
pub fn extract(
    context: &ExtractContext<'_>,
    files: &[SourceFile],
    seen: &mut KeySet,
    unread: &mut UnreadLog,
    sink: &mut dyn Sink,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Vec<FileAccount>, ExtractError> {
    let plan = Plan::compile(context)?;
    let meter = Arc::new(AtomicU64::new(0));
    let workers = context.workers.max(1);
    let in_flight = workers + 2;
    let (work_in, work_out) = bounded::<Work>(in_flight);
    let (events_in, events) = bounded::<Event>(in_flight);
    let (plan, batch_rows) = (&plan, context.batch_rows);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let work_out = work_out.clone();
            scope.spawn(move || {
                for work in work_out {
                    // Nobody waits for the reply if the run has been given up.
                    let _ = work.reply.send(plan.convert(&files[work.file].name, work.batch));
                }
            });
        }
        drop(work_out);
        let reader_meter = meter.clone();
        scope.spawn(move || read_all(plan.dataset, files, batch_rows, &reader_meter, &work_in, &events_in));
        let mut order = InOrder { plan, files, seen, unread, sink, progress, meter: &meter, rows_before: 0 };
        // `events` goes with the closure: a reader that still runs then finds nobody listening and stops.
        order.run(events)
    })
}

fn read_all(
    dataset: &Dataset,
    files: &[SourceFile],
    batch_rows: usize,
    meter: &Arc<AtomicU64>,
    work: &Sender<Work>,
    events: &Sender<Event>,
) {
    let mut lines = OrderLines::of(dataset);
    for (index, file) in files.iter().enumerate() {
        let send = |batch: RawBatch| {
            let (reply, converted) = bounded(1);
            events.send(Event::Batch(converted)).map_err(|_| Stop::Cancelled)?;
            work.send(Work { file: index, batch, reply }).map_err(|_| Stop::Cancelled)
        };
        let mut emit = |batch: RawBatch| {
            let bug = || ExtractError::Internal { file: file.name.clone(), doing: "filling lines of orders" };
            lines.take(batch).ok_or_else(bug)?.into_iter().try_for_each(send)
        };
        let read = read_file(dataset, file, batch_rows, meter, &mut emit);
        let read = read.and_then(|summary| lines.finish().into_iter().try_for_each(send).map(|()| summary));
        let event = match read {
            Ok(summary) => Event::End(Box::new(summary)),
            Err(Stop::Failed(error)) => Event::Failed(error),
            Err(Stop::Cancelled) => return,
        };
        let failed = matches!(event, Event::Failed(_));
        if events.send(event).is_err() || failed {
            return;
        }
    }
}

/// Takes in rows that stand in no file being read, such as records out of quarantine; gives their account.
pub(crate) fn take_loose(
    plan: &Plan<'_>,
    file: &str,
    run: Option<&str>,
    rows: Converted,
    seen: &mut KeySet,
    unread: &mut UnreadLog,
    sink: &mut dyn Sink,
) -> Result<FileAccount, ExtractError> {
    let meter = AtomicU64::new(0);
    let mut order = InOrder { plan, files: &[], seen, unread, sink, progress: &|_| {}, meter: &meter, rows_before: 0 };
    let mut current = Current::default();
    current.account.file.push_str(file);
    order.seen.begin_loose();
    order.sink.begin(RowOrigin::Quarantine { file, run });
    order.take(&mut current, rows)?;
    Ok(current.account)
}

struct InOrder<'a, 'p> {
    plan: &'a Plan<'p>,
    files: &'a [SourceFile],
    seen: &'a mut KeySet,
    unread: &'a mut UnreadLog,
    sink: &'a mut dyn Sink,
    progress: &'a dyn Fn(Progress<'_>),
    meter: &'a AtomicU64,
    rows_before: u64,
}

/// What is gathered of the file being read.
#[derive(Default)]
struct Current {
    account: FileAccount,
    /// Hashes of its records, if they are counted that occur once more.
    records: Option<Spilling<u128>>,
    undeclared: NameCounts,
    /// Which declared fields occurred; `None` before the first batch.
    occurs: Option<Vec<bool>>,
    widened: Widened,
}

impl InOrder<'_, '_> {
    fn run(&mut self, events: Receiver<Event>) -> Result<Vec<FileAccount>, ExtractError> {
        let mut accounts = Vec::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            let mut current = Current::default();
            current.account.file.clone_from(&file.name);
            self.seen.next_file();
            self.sink.begin(RowOrigin::File(index));
            loop {
                // The reader tells of every file's end; a hung-up channel means that it panicked.
                match events.recv().map_err(|_| self.plan.internal(&file.name, "reading"))? {
                    Event::Batch(converted) => {
                        let converted =
                            converted.recv().map_err(|_| self.plan.internal(&file.name, "converting"))??;
                        self.take(&mut current, converted)?;
                    }
                    Event::End(summary) => {
                        accounts.push(self.finish(current, *summary)?);
                        break;
                    }
                    Event::Failed(error) => return Err(error),
                }
                let rows = self.rows_before + current.account.read;
                (self.progress)(Progress {
                    file: &file.name,
                    file_index: index,
                    bytes: self.meter.load(Ordering::Relaxed),
                    rows,
                });
            }
            self.rows_before += accounts.last().map_or(0, |a: &FileAccount| a.read);
        }
        for (account, rows) in
            accounts.iter_mut().zip(self.seen.standings().map(|s| s.superseded()).unwrap_or_default())
        {
            account.supersede(*rows);
        }
        Ok(accounts)
    }

    fn take(&mut self, current: &mut Current, mut batch: Converted) -> Result<(), ExtractError> {
        let account = &mut current.account;
        self.hear(account, &mut batch)?;
        let len = batch.rows.num_rows();
        account.read += len as u64;
        for (reason, count) in std::mem::take(&mut batch.reasons) {
            *account.quarantined.entry(reason).or_default() += count;
        }
        for (kind, count) in std::mem::take(&mut batch.redactions) {
            *account.redactions.entry(kind).or_default() += count;
        }
        for (field, count) in std::mem::take(&mut batch.rounded) {
            let name = self.plan.dataset.fields[field].name.value.clone();
            *account.rounded.entry(name).or_default() += count;
        }
        current.undeclared.merge(&batch.undeclared);
        if let Some(hashes) = &batch.records {
            let records = current.records.get_or_insert_with(|| Spilling::new(self.seen.room().clone()));
            records.ready(hashes).map_err(|error| self.plan.spilt(&account.file, error))?;
            if let Some(known) = &mut self.seen.known_files {
                hashes.iter().for_each(|hash| known.add_record(*hash));
            }
            account.exact_duplicates += hashes.iter().filter(|hash| records.put(**hash).is_some()).count() as u64;
        }
        for (value, count) in std::mem::take(&mut batch.widened) {
            *current.widened.entry(value).or_default() += count;
        }
        let occurs = std::mem::take(&mut batch.occurs);
        let first = current.occurs.is_none();
        let all = current.occurs.get_or_insert_with(|| vec![false; occurs.len()]);
        all.iter_mut().zip(&occurs).for_each(|(all, here)| *all |= here);
        if first {
            self.renamed_fields(current)?;
        }
        let account = &mut current.account;

        let mut keep: Option<Vec<bool>> = None;
        let mut leave_out = |row: usize| keep.get_or_insert_with(|| vec![true; len])[row] = false;
        let is = |flags: &Option<Vec<bool>>, row: usize| flags.as_ref().is_some_and(|f| f[row]);
        let mut repeats = Repeats::default();
        if batch.keys.is_some() || batch.faulty.is_some() || batch.outside.is_some() || !batch.unique.is_empty() {
            self.seen.ready(self.plan, &batch).map_err(|error| self.plan.spilt(&account.file, error))?;
            if let (Some(_), Some(standings)) = (&batch.ranked, self.seen.standings()) {
                standings.widen(&batch.rows);
            }
            let keyed = batch.keys.as_ref().zip(batch.contents.as_ref()).filter(|_| batch.ranked.is_none());
            let first = |row: usize| keyed.map(|(keys, contents)| (keys[row], contents[row]));
            for row in 0..len {
                if is(&batch.faulty, row) {
                    leave_out(row);
                } else if is(&batch.outside, row) {
                    // It takes no key: a later row of it may be kept.
                    account.outside_retention += 1;
                    leave_out(row);
                } else if let Some(repeated) = first(row).and_then(|(key, content)| self.seen.insert(key, content)) {
                    account.count_repeated(repeated);
                    leave_out(row);
                } else if !batch.unique.is_empty()
                    && !repeats.admit(self.plan, &account.file, &batch, row, &mut self.seen.unique)?
                {
                    if let Some(keys) = &batch.keys {
                        // Its key names no row that is written: a mended one may still come.
                        self.seen.remove(keys[row]);
                    }
                    leave_out(row);
                } else if let (Some(keys), Some(ranked)) = (&batch.keys, &batch.ranked)
                    && let Some(standings) = self.seen.standings()
                    && let Some(earlier) = standings.contest(keys[row], ranked.ranks[row], ranked.contents[row])
                {
                    account.count_duplicate(earlier);
                    leave_out(row);
                }
            }
        }
        for (rule, rows) in batch.warned.iter().chain(&repeats.warned) {
            let kept = |row: &&u32| keep.as_ref().is_none_or(|keep| keep[**row as usize]);
            let kept = rows.iter().filter(kept).count() as u64;
            if kept > 0 {
                let counts = match rule.on_failure {
                    OnFailure::SetNull => &mut account.set_null,
                    OnFailure::Quarantine | OnFailure::Warn | OnFailure::StopFile | OnFailure::StopRun => {
                        &mut account.warned
                    }
                };
                *counts.entry(self.plan.reason(rule.field, rule.kind, rule.name)).or_default() += kept;
            }
        }
        let repeated = repeats.seal(self.plan, len, batch.late.as_ref(), account)?;
        let rows = match keep {
            Some(keep) => filter_record_batch(&batch.rows, &BooleanArray::from(keep))
                .map_err(|_| self.plan.internal(&account.file, "leaving out rows"))?,
            None => batch.rows,
        };
        account.written += rows.num_rows() as u64;
        let stored = |source| ExtractError::Sink { file: account.file.clone(), source };
        if rows.num_rows() > 0 {
            self.sink.rows(rows).map_err(stored)?;
        }
        for records in batch.quarantine.into_iter().chain(repeated) {
            self.sink.quarantine(records).map_err(stored)?;
        }
        Ok(())
    }

    /// Takes in, in the order of the rows, which records that bear statements cannot be read, and which that were read
    /// take the place of an earlier one.
    fn hear(&mut self, account: &mut FileAccount, batch: &mut Converted) -> Result<(), ExtractError> {
        let Some(statements) = &self.plan.statements else { return Ok(()) };
        let mut unread = std::mem::take(&mut batch.unread).into_iter().peekable();
        for row in 0..batch.rows.num_rows() {
            if let Some((_, record)) = unread.next_if(|(place, _)| *place == row) {
                account.unread += 1;
                if !record.certain {
                    account.unread_nobody += 1;
                    account.nobody_at.get_or_insert(record.row);
                }
                self.unread.add(record);
            } else if batch.faulty.as_ref().is_some_and(|faulty| faulty[row]) {
                // It goes to quarantine and says nothing: it takes no other record's place either.
            } else if self.unread.has_open() {
                statements
                    .mend(self.plan, &batch.rows, row, self.unread)
                    .ok_or_else(|| self.plan.internal(&account.file, "mending records"))?;
            } else if unread.peek().is_none() {
                break;
            }
        }
        Ok(())
    }

    /// JSON: stops a file whose records, after the first batch, all lack a required field, if there are
    /// many or if they hold a field of nearly that name.
    fn renamed_fields(&self, current: &Current) -> Result<(), ExtractError> {
        let Some(occurs) = &current.occurs else {
            return Ok(());
        };
        if !occurs.contains(&true) && current.undeclared.names().next().is_none() {
            return Ok(());
        }
        let columns: Vec<MissingColumn> = self
            .absent(occurs)
            .filter(|f| f.is_required())
            .map(|f| (&f.name.value, nearest_to(&f.name.value, &current.undeclared)))
            .filter(|(_, nearest)| *nearest || current.account.read >= ENOUGH_RECORDS)
            .map(|(name, nearest)| MissingColumn {
                name: name.clone(),
                nearest: nearest.then_some(NearestField::Member),
            })
            .collect();
        if columns.is_empty() {
            Ok(())
        } else {
            Err(ExtractError::MissingColumns { file: current.account.file.clone(), columns })
        }
    }

    /// The fields that ought to be in a file and occur in none of its records so far.
    fn absent<'o>(&'o self, occurs: &'o [bool]) -> impl Iterator<Item = &'o lakewarden_dictionary::Field> {
        let dataset = self.plan.dataset;
        dataset.fields.iter().zip(occurs).filter(|(f, occurs)| !dataset.may_lack(f) && !**occurs).map(|(f, _)| f)
    }

    /// Refuses a file with fields that the dataset's contract does not take.
    fn refuse_undeclared(&self, file: &str, undeclared: &NameCounts) -> Result<(), ExtractError> {
        let drift = &self.plan.dataset.drift;
        if drift.undeclared != UndeclaredFields::Refuse {
            return Ok(());
        }
        let fields = new_fields(drift, undeclared, &self.plan.labels);
        if fields.is_empty() {
            return Ok(());
        }
        Err(ExtractError::UndeclaredFields {
            file: file.to_owned(),
            dataset: self.plan.dataset.name.value.clone(),
            fields,
        })
    }

    fn finish(&mut self, current: Current, summary: FileSummary) -> Result<FileAccount, ExtractError> {
        let Current { mut account, mut undeclared, occurs, widened, .. } = current;
        undeclared.merge(&summary.undeclared);
        account.sha256 = summary.sha256;
        account.bytes = summary.bytes;
        account.encoding = summary.encoding;
        account.lines = summary.lines;
        account.skipped = summary.skipped;
        account.warnings = summary.warnings;
        if account.unread_nobody > 0 {
            account.warnings.push(Warning::NobodyNamed { records: account.unread_nobody });
        }
        for field in occurs.iter().flat_map(|o| self.absent(o)) {
            let nearest = nearest_to(&field.name.value, &undeclared);
            account.warnings.push(Warning::FieldNeverOccurs { field: field.name.value.clone(), nearest });
        }
        self.refuse_undeclared(&account.file, &undeclared)?;
        let absent: Vec<String> = (occurs.iter().flat_map(|occurs| self.plan.dataset.fields.iter().zip(occurs)))
            .filter(|(field, occurs)| self.plan.dataset.may_lack(field) && !**occurs)
            .map(|(field, _)| field.name.value.clone())
            .collect();
        if !absent.is_empty() {
            account.warnings.push(Warning::OptionalAbsent { fields: absent });
        }
        for ((field, found), values) in widened {
            let field = self.plan.dataset.fields[field].name.value.clone();
            account.warnings.push(Warning::TypeWidened { field, found: found.into(), values });
        }
        if undeclared.overflowed() {
            account.warnings.push(Warning::TooManyUndeclaredNames { remembered: crate::read::MAX_UNDECLARED });
        }
        account.over_collected = undeclared.labelled(&self.plan.labels);
        if let Some(known) = &mut self.seen.known_files {
            let (sketch, overlaps) = known.end_file(&account.file);
            (account.sketch, account.overlaps) = (Some(sketch), overlaps);
        }
        if account.closes() { Ok(account) } else { Err(self.plan.internal(&account.file, "closing the account")) }
    }
}

/// Whether an undeclared name is spelled much like this one.
fn nearest_to(name: &str, undeclared: &NameCounts) -> bool {
    nearest(name, undeclared.names().map(|other| ((), other)), RENAMED).is_some()
}
