//! Reading records again as their dataset is declared today: what passes leaves quarantine.

use crate::declared::{StoredDeclaration, StoredDeclarations, Survey};
use crate::error::PipelineError;
use crate::history::{self, Stamp};
use crate::ledger::{self, LedgerLine, LoadedFile};
use crate::load::{KEY, Totals, refuse_rotated, totals};
use crate::project::OpenProject;
use crate::quarantine::desk::{Desk, Handling};
use crate::quarantine::rewrite::rewrite;
use crate::quarantine::select::Selection;
use crate::quarantine::{events, rewritten, told};
use crate::record::{KeyFacts, Quarantined};
use crate::references::References;
use crate::repeats::compare_repeats;
use crate::row_files::with_source;
use crate::row_rules;
use crate::unread;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, Severity};
use lakewarden_extract::{
    ExtractContext, Held, KeySet, Rereader, RowOrigin, RuleInputs, Sink, SinkError, Verdict, for_rereading,
    unique_columns, unread_schema,
};
use lakewarden_lake::{Change, Lake, Mode, TableSnapshot, TableWriter, WriterOptions, Zone};
use lakewarden_privacy::KeyRing;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Released {
    /// Its id, under which its rows were committed.
    pub id: Uuid,
    /// The instant that rules and retention were judged at.
    pub as_of: DateTime<Utc>,
    /// Whether it only says what would happen.
    pub dry_run: bool,
    /// SHA-256 of the declarative files.
    pub dictionary: String,
    /// By dataset, those that have records among the selected.
    pub datasets: Vec<ReleasedDataset>,
}

/// What became of the selected records of a dataset: `selected` is the sum of the next six.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReleasedDataset {
    /// The dataset.
    pub dataset: String,
    /// Records that were read again.
    pub selected: u64,
    /// Those written to the conformed table.
    pub written: u64,
    /// Those that equal a row that is kept.
    pub duplicates: u64,
    /// Those whose key another row with other values has.
    pub key_conflicts: u64,
    /// Those older than the retention.
    pub outside_retention: u64,
    /// Those that break a rule still, by field and rule.
    pub quarantined: Vec<Quarantined>,
    /// Those that do not open with this key: another key's, or altered. They stay.
    pub shut: u64,
    /// The first of those, by id.
    pub first_shut: Option<String>,
    /// Records that were not selected.
    pub untouched: u64,
}

impl ReleasedDataset {
    /// Records that left quarantine.
    pub fn left(&self) -> u64 {
        self.written + self.duplicates + self.key_conflicts + self.outside_retention
    }

    /// Records that break a rule still.
    pub fn stays(&self) -> u64 {
        self.quarantined.iter().map(|q| q.rows).sum()
    }
}

/// Reads records of quarantine again. What passes today's rules is written to the conformed tables and leaves
/// quarantine, in one publication; what does not stays, with the rule that it breaks now. `lake` is an opened lake.
///
/// # Errors
/// [`PipelineError::Project`] if the project does not compile, [`PipelineError::Undeclared`],
/// [`PipelineError::NoQuarantine`], [`PipelineError::NotInQuarantine`], [`PipelineError::OtherKey`], [`PipelineError::KeyRotated`],
/// [`PipelineError::Account`]; nothing has changed then. [`PipelineError::Lingering`] after it was published.
pub async fn release(
    open: &OpenProject,
    lake: Lake,
    keys: &KeyRing,
    selection: &Selection,
    as_of: Option<DateTime<Utc>>,
    dry_run: bool,
    handling: &Handling<'_>,
) -> Result<Released, PipelineError> {
    if open.problems.iter().any(|p| p.severity == Severity::Error) {
        let errors = open.problems.iter().filter(|p| p.severity == Severity::Error);
        return Err(PipelineError::Project(errors.cloned().collect()));
    }
    let mut desk = Desk::at(lake, handling).await?;
    let mut changes = Vec::new();
    let as_of = as_of.unwrap_or_else(|| desk.now());
    let releasing = Releasing { open, keys, selection, as_of, dry_run };
    let result = releasing.carry_out(&mut desk, &mut changes).await;
    desk.throw_away(changes).await;
    desk.close().await;
    result
}

struct Releasing<'a> {
    open: &'a OpenProject,
    keys: &'a KeyRing,
    selection: &'a Selection,
    as_of: DateTime<Utc>,
    dry_run: bool,
}

/// What one dataset's release needs.
struct Source<'a> {
    dataset: &'a Dataset,
    table: TableSnapshot,
    conformed: Option<TableSnapshot>,
}

impl Releasing<'_> {
    /// `changes` are what is staged and not published, whether it fails or not.
    async fn carry_out(&self, desk: &mut Desk<'_>, changes: &mut Vec<Change>) -> Result<Released, PipelineError> {
        let mut released = Released {
            id: desk.handling.id,
            as_of: self.as_of,
            dry_run: self.dry_run,
            dictionary: self.open.fingerprint.clone(),
            datasets: Vec::new(),
        };
        let mut found = BTreeSet::new();
        for table in desk.tables(self.selection, self.open).await? {
            let dataset = self.open.project.dataset(&table.name);
            let dataset = dataset.ok_or_else(|| PipelineError::Undeclared { dataset: table.name.clone() })?;
            let conformed = desk.lake.table(Zone::Conformed, &table.name).await?;
            if let Some(conformed) = &conformed {
                // Rows of two keys in one table would be of people who are never the same.
                refuse_rotated(&KeyFacts::of(self.keys), conformed)?;
            }
            // Its rows go beside those that are stored.
            let survey = Survey { lake: &desk.lake, zone: self.open.zone(), keys: Some(self.keys) };
            survey.refuse_changed(dataset, conformed.as_ref()).await?;
            desk.alive().await?;
            let source = Source { dataset, table, conformed };
            let account = self.dataset(desk, &source, &mut found, changes).await?;
            if account.selected > 0 {
                released.datasets.push(account);
            }
        }
        self.selection.all_found(&found)?;
        if !self.dry_run && !changes.is_empty() {
            let record = json!({ "release": released, "selection": self.selection, "key": KeyFacts::of(self.keys) });
            let lineage = events::of_release(&released, self.open, &desk.lake, desk.now())?;
            desk.publish("release", &record, &lineage, changes).await?;
        }
        Ok(released)
    }

    /// Reads one dataset's records again and stages what comes of it.
    async fn dataset(
        &self,
        desk: &Desk<'_>,
        source: &Source<'_>,
        found: &mut BTreeSet<String>,
        changes: &mut Vec<Change>,
    ) -> Result<ReleasedDataset, PipelineError> {
        let (dataset, handling) = (source.dataset, desk.handling);
        let name = &dataset.name.value;
        let seen = self.seen(desk, source).await?;
        let unread = unread::read(&desk.lake, dataset).await?;
        let before = totals(source.conformed.as_ref())?;
        let sources = sources(&desk.lake, source).await?;
        let zone = dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(self.open.zone());
        let readable = for_rereading(dataset);
        let rules = RuleInputs {
            rows: row_rules::compile(dataset, self.as_of, self.open.zone()).map_err(PipelineError::Project)?,
            references: References::of_lake(
                &desk.lake,
                dataset,
                handling.seed,
                &self.open.key_room(self.keys, handling.seed),
            )
            .await?,
        };
        let context = ExtractContext {
            dataset: &readable,
            zone,
            keys: self.keys,
            as_of: self.as_of,
            now: desk.now(),
            seed: handling.seed,
            batch_rows: 8192,
            workers: 1,
            rules: &rules,
        };
        let stamp = Stamp::of(dataset, source.conformed.as_ref(), self.as_of);
        let writing = self.open.writer_memory(1);
        let options = || WriterOptions::new(handling.id, Handle::current()).within(writing);
        block_in_place(|| {
            let mut rereader = Rereader::new(&context, dataset)?;
            let writer = match self.dry_run {
                true => None,
                false => {
                    let schema = history::stored_schema(dataset, stamp.is_some());
                    Some(desk.lake.writer(Zone::Conformed, name, schema, options())?)
                }
            };
            let (mut sink, mut seen, mut unread) =
                (Passed { writer, stamp, rows: 0, sources, source: None }, seen, unread);
            let mut account = ReleasedDataset { dataset: name.clone(), ..ReleasedDataset::default() };
            let (mut reasons, mut renamed) = (BTreeMap::new(), 0u64);
            let mut judge = |held: &lakewarden_extract::HeldRecords, batch: &mut RecordBatch| {
                let chosen: Vec<bool> =
                    (0..held.len()).map(|at| self.selection.chooses(&held.get(at), found)).collect();
                let verdicts = rereader.read(held, &chosen, &mut seen, &mut unread, &mut sink)?;
                renamed += relabel(batch, held, &verdicts)?;
                Ok(verdicts
                    .iter()
                    .enumerate()
                    .map(|(at, v)| tally(&mut account, &mut reasons, v, &held.get(at)))
                    .collect())
            };
            let kept = match self.dry_run {
                true => None,
                false => Some(rewrite(&desk.lake, name, &source.table, handling.id, &mut judge)?),
            };
            if self.dry_run {
                look_through(&desk.lake, name, &source.table, &mut judge)?;
            }
            if let Some(conformed) = &source.conformed {
                let compared = compare_repeats(&desk.lake, dataset, conformed, &mut seen);
                Handle::current().block_on(compared)?;
                rereader.settle_conflicts(&seen);
            }
            let passed = rereader.account();
            account.written = passed.written;
            account.duplicates = passed.duplicates;
            account.key_conflicts = passed.key_conflicts;
            account.outside_retention = passed.outside_retention;
            account.quarantined =
                reasons.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
            // Everything that is staged is thrown away if this is not published, also when an account does not close.
            let rows = sink.writer.map(TableWriter::finish).transpose()?;
            let stays = kept.as_ref().map(|kept| kept.rows);
            let closed = closes(&account, source.table.rows(), passed.read, sink.rows, stays);
            let (Some(rows), Some(kept)) = (rows, kept) else { return closed.map(|()| account) };
            let worth_it = account.left() > 0 || renamed > 0;
            let after = before.released(&account);
            let key = json!(KeyFacts::of(self.keys));
            let today = StoredDeclaration::from_dataset(dataset, self.open.zone(), Some(self.keys));
            let declarations = StoredDeclarations::of_published(source.conformed.as_ref())?.with(today).to_info();
            let first = changes.len();
            match &source.conformed {
                Some(conformed) => {
                    let mut change = told(conformed, handling.id, Some((rows, key)), &after);
                    change.info.extend([declarations]);
                    changes.push(change);
                }
                None => changes.push(Change {
                    staged: rows,
                    mode: Mode::Append,
                    transactions: Vec::new(),
                    info: [(KEY.to_owned(), key), declarations].into_iter().collect(),
                }),
            }
            changes.push(rewritten(kept, handling.id));
            closed?;
            let mut whom =
                desk.lake.writer(Zone::Conformed, &unread::table_name(dataset), unread_schema(), options())?;
            for records in unread.rows(self.keys.version()).map_err(unread::damaged(dataset))? {
                whom.write(records)?;
            }
            let whom = whom.finish()?;
            let heard = whom.rows > 0;
            if heard {
                let info = [(crate::load::RUN.to_owned(), json!(handling.id.to_string()))].into_iter().collect();
                changes.push(Change { staged: whom, mode: Mode::Append, transactions: Vec::new(), info });
            }
            if !worth_it && !heard {
                Handle::current().block_on(desk.throw_away(changes.split_off(first)));
            }
            Ok(account)
        })
    }

    /// The keys that the lake holds, and the values that must not be there twice.
    async fn seen(&self, desk: &Desk<'_>, source: &Source<'_>) -> Result<KeySet, PipelineError> {
        let mut seen = KeySet::within(&self.open.key_room(self.keys, desk.handling.seed), desk.handling.seed);
        let Some(conformed) = &source.conformed else { return Ok(seen) };
        let keys: Vec<&str> = source.dataset.key.iter().map(|k| k.value.as_str()).collect();
        let mut unique = unique_columns(source.dataset);
        unique.retain(|column| conformed.schema.field_with_name(column).is_ok());
        let mut columns = [keys.as_slice(), &unique].concat();
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() {
            return Ok(seen);
        }
        let mut batches = desk.lake.read_table_batches(conformed, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            if !keys.is_empty() {
                seen.observe(&batch, &keys).map_err(PipelineError::of_keys(&source.table.name, &keys))?;
            }
            seen.observe_unique(&batch, &unique).map_err(PipelineError::of_keys(&source.table.name, &unique))?;
        }
        Ok(seen)
    }
}

/// The numbers of the files of a dataset, by name and the run that read them.
async fn sources(lake: &Lake, source: &Source<'_>) -> Result<BTreeMap<(String, String), i64>, PipelineError> {
    if source.conformed.is_none() {
        return Ok(BTreeMap::new());
    }
    let lines = ledger::lines(lake, &source.table.name).await?;
    let number = |line: LedgerLine| {
        let LoadedFile { file, source, facts, .. } = line.file;
        Some(((file, facts?.run.to_string()), source?))
    };
    Ok(lines.into_iter().filter_map(number).collect())
}

/// Reads all records and writes none.
fn look_through(
    lake: &Lake,
    dataset: &str,
    table: &TableSnapshot,
    judge: &mut crate::quarantine::rewrite::Judge<'_>,
) -> Result<(), PipelineError> {
    let handle = Handle::current();
    let mut batches = lake.read_table_batches(table, None)?;
    while let Some(batch) = handle.block_on(batches.try_next())? {
        let mut batch = crate::quarantine::of_run(&batch, None)?;
        let held = lakewarden_extract::HeldRecords::of(&batch).map_err(crate::quarantine::damaged(dataset))?;
        judge(&held, &mut batch)?;
    }
    Ok(())
}

/// Counts a verdict; says whether the record stays.
fn tally(
    account: &mut ReleasedDataset,
    reasons: &mut BTreeMap<(Option<String>, String), u64>,
    verdict: &Verdict,
    held: &Held<'_>,
) -> bool {
    account.selected += u64::from(*verdict != Verdict::Untouched);
    match verdict {
        Verdict::Untouched => account.untouched += 1,
        Verdict::Leaves => return false,
        Verdict::Stays { field, rule, .. } => *reasons.entry((field.clone(), rule.clone())).or_default() += 1,
        Verdict::Shut(_) => {
            account.shut += 1;
            account.first_shut.get_or_insert_with(|| held.id());
        }
    }
    true
}

/// Gives records that stay the rule that they break now; counts those that broke another.
fn relabel(
    batch: &mut RecordBatch,
    held: &lakewarden_extract::HeldRecords,
    verdicts: &[Verdict],
) -> Result<u64, PipelineError> {
    let damaged = |column: &str| PipelineError::Damaged { table: "quarantine".to_owned(), column: column.to_owned() };
    let differs = |(at, verdict): &(usize, &Verdict)| match verdict {
        Verdict::Stays { field, rule, .. } => {
            let known = held.get(*at);
            known.field != field.as_deref() || known.rule != rule
        }
        _ => false,
    };
    let changed = verdicts.iter().enumerate().filter(differs).count() as u64;
    if changed == 0 {
        return Ok(0);
    }
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    for name in ["field", "rule", "reason"] {
        let place = schema.index_of(name).map_err(|_| damaged(name))?;
        let known: &StringArray = columns[place].as_string_opt::<i32>().ok_or_else(|| damaged(name))?;
        let now = verdicts.iter().enumerate().map(|(at, verdict)| match (verdict, name) {
            (Verdict::Stays { field, .. }, "field") => field.as_deref(),
            (Verdict::Stays { rule, .. }, "rule") => Some(rule.as_str()),
            (Verdict::Stays { reason, .. }, "reason") => Some(reason.as_str()),
            _ => known.is_valid(at).then(|| known.value(at)),
        });
        let now: ArrayRef = Arc::new(now.collect::<StringArray>());
        columns[place] = now;
    }
    *batch = RecordBatch::try_new(schema, columns).map_err(|_| damaged("rule"))?;
    Ok(changed)
}

/// Whether every record is accounted for: those selected, those that left, and the table as a whole.
fn closes(
    account: &ReleasedDataset,
    before: u64,
    passed: u64,
    written: u64,
    stays: Option<u64>,
) -> Result<(), PipelineError> {
    let accounted = account.left() + account.stays() + account.shut;
    let whole = account.selected + account.untouched == before;
    let left = passed == account.left() && written == account.written;
    let rest = stays.is_none_or(|stays| stays + account.left() == before);
    if account.selected == accounted && whole && left && rest {
        return Ok(());
    }
    Err(PipelineError::Account {
        dataset: account.dataset.clone(),
        file: "quarantine".to_owned(),
        read: account.selected,
        accounted,
    })
}

impl Totals {
    /// After a release. A table that another program has committed to has lost its totals, and counts from there.
    fn released(self, account: &ReleasedDataset) -> Self {
        Self {
            written: self.written + account.written,
            duplicates: self.duplicates + account.duplicates,
            key_conflicts: self.key_conflicts + account.key_conflicts,
            outside_retention: self.outside_retention + account.outside_retention,
            quarantined: self.quarantined.saturating_sub(account.left()),
            ..self
        }
    }
}

/// Where rows that pass go; nowhere, if it is only said what would happen.
struct Passed<'a> {
    writer: Option<TableWriter>,
    stamp: Option<Stamp<'a>>,
    rows: u64,
    /// The number of each file, by its name and the run that read it.
    sources: BTreeMap<(String, String), i64>,
    /// The number of the file whose records come.
    source: Option<i64>,
}

impl Sink for Passed<'_> {
    fn begin(&mut self, origin: RowOrigin<'_>) {
        self.source = match origin {
            RowOrigin::Quarantine { file, run: Some(run) } => {
                self.sources.get(&(file.to_owned(), run.to_owned())).copied()
            }
            RowOrigin::Quarantine { run: None, .. } | RowOrigin::File(_) => None,
        };
    }

    fn rows(&mut self, rows: RecordBatch) -> Result<(), SinkError> {
        self.rows += rows.num_rows() as u64;
        let rows = with_source(&rows, self.source).map_err(SinkError::new)?;
        let rows = match &self.stamp {
            Some(stamp) => stamp.current(&rows).map_err(SinkError::new)?,
            None => rows,
        };
        self.writer.as_mut().map_or(Ok(()), |writer| writer.write(rows).map_err(SinkError::new))
    }

    fn quarantine(&mut self, _: RecordBatch) -> Result<(), SinkError> {
        // Records that stay are kept as they are sealed; nothing seals them anew.
        Err(SinkError::new(PipelineError::Worker))
    }
}
