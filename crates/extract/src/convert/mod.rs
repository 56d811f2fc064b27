//! One batch of records → typed, treated columns, and the verdict on each row.

mod clean;
mod demands;
mod faults;
mod forms;
mod places;
mod plan;
mod rules;
mod sift;
mod since;
mod statements;
mod tokens;
mod treat;
mod widened;

use demands::Hashed;
pub use demands::{RowRule, RowRuleFailed, RuleInputs};
pub(crate) use faults::{Broken, Faults, RuleRef};
pub(crate) use plan::Plan;
use plan::TokenPlan;
use statements::Treated;
pub(crate) use widened::Widened;

use crate::account::QuarantineReason;
use crate::error::{ExtractError, StoppedBy};
use crate::keys::RowHasher;
use crate::quarantine;
use crate::read::{
    Beyond, Cells, FILL_RULE, FieldNames, NameCounts, Order, ParsedLines, RawBatch, RawData, RecordFault, Rejected,
    RowNumbers, Watch, parse_lines,
};
use crate::repeats::{content_hashes, declared_columns};
use crate::source::MALFORMED;
use crate::spilling::SpillError;
use crate::standings::Ranked;
use crate::unread::UnreadRecord;
use crate::values::{Forms, as_text, direct, lost_digits, parse};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StringArray, new_null_array,
};
use arrow::compute::kernels::cmp::lt;
use arrow::compute::{is_not_null, nullif};
use arrow::datatypes::{DataType as Arrow, Date32Type, TimestampMicrosecondType};
use forms::Region;
use lakewarden_dictionary::{DataType, Normaliser, OnFailure};
use lakewarden_privacy::normalise;
use memchr::memmem;
use plan::{FieldPlan, Horizon};
use sift::without;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// What a worker makes of a batch.
pub(crate) struct Converted {
    /// All rows of the batch, also those that will not be written.
    pub rows: RecordBatch,
    /// Rows that are in quarantine, if any: true where one is.
    pub faulty: Option<Vec<bool>>,
    /// Rows older than the retention, if any: true where one is.
    pub outside: Option<Vec<bool>>,
    /// Hash of each row's key, where a key is declared.
    pub keys: Option<Vec<u128>>,
    /// Hashes of all stored columns, where rows have keys and the first row of a key is kept.
    pub contents: Option<Vec<u64>>,
    /// How each row compares with others of its key, where a later one may survive.
    pub ranked: Option<Ranked>,
    /// Hash of each record by its values, where no key is declared.
    pub records: Option<Vec<u128>>,
    /// The sealed rows.
    pub quarantine: Option<RecordBatch>,
    /// Of statements: the sealed rows, by place, ascending, and whom each names.
    pub unread: Vec<(usize, UnreadRecord)>,
    /// How many rows failed why.
    pub reasons: BTreeMap<QuarantineReason, u64>,
    /// Rules that keep a row, with the rows that broke them.
    pub warned: Broken,
    /// Values of the columns that must be unique, a column a rule.
    pub unique: Vec<Hashed>,
    /// The records as they came, where rows may have to be sealed later.
    pub late: Option<Late>,
    /// Placeholders put into free text.
    pub redactions: BTreeMap<&'static str, u64>,
    /// Values that were rounded to the scale of their type, by field.
    pub rounded: BTreeMap<usize, u64>,
    /// Values of no declared type that would be of a wider one.
    pub widened: Widened,
    /// JSON: undeclared names.
    pub undeclared: NameCounts,
    /// Whether each declared field occurs: JSON: in a record of the batch; else: as a column of the file.
    pub occurs: Vec<bool>,
}

/// The records of a batch as they came.
pub(crate) struct Late {
    /// A column a declared field; empty unless rows may be sealed.
    pub raw: Vec<Option<ArrayRef>>,
    /// JSON: the texts, and where each stands.
    pub json: Option<(Vec<u8>, Vec<Range<usize>>)>,
    /// Their numbers in the file.
    pub numbers: RowNumbers,
}

/// A field's values between typing and treatment.
struct Typed {
    /// The clean text, where it was made.
    text: Option<StringArray>,
    /// The typed values.
    values: ArrayRef,
}

/// What is noted of a batch while its values are typed.
struct Noted<'a> {
    faults: &'a mut Faults,
    widened: &'a mut Widened,
    /// Values of the field that were rounded.
    rounded: &'a Cell<u64>,
}

impl Plan<'_> {
    /// Converts a batch of `file`.
    pub(crate) fn convert(&self, file: &str, batch: RawBatch) -> Result<Converted, ExtractError> {
        let RawBatch { rows: numbers, len, data, rejected: unparsed } = batch;
        let mut faults = Faults::new(len).remembering_all(self.statements.is_some() || self.judges_unstored);
        let mut undeclared = NameCounts::default();
        let mut occurs = Vec::new();
        let mut json = None;
        let raw: Vec<Option<ArrayRef>> = match data {
            RawData::Arrow(columns) => columns,
            RawData::Text(columns) => columns
                .into_iter()
                .map(|c| c.map(|c| self.text_array(file, c)).transpose())
                .collect::<Result<_, _>>()?,
            RawData::Json { text, spans } => {
                let names = FieldNames::new(self.dataset);
                let limits = &self.dataset.format.limits;
                let ParsedLines { columns, rejected, nested, occurs: seen, undeclared: extra, beyond } =
                    parse_lines(&names, self.fields.len(), limits, &text, &spans);
                if let Some(Beyond { place, field, nested }) = beyond {
                    let (file, row) = (file.to_owned(), numbers.get(place));
                    return Err(if nested {
                        ExtractError::NestedTooDeep { file, row, limit: limits.nesting }
                    } else {
                        let column = Some(self.fields[field].field.name.value.clone());
                        ExtractError::FieldTooLarge { file, row, column, limit: limits.field }
                    });
                }
                rejected.into_iter().for_each(|rejected| faults.reject(rejected));
                let judged = |field: usize| self.fields[field].stored && !self.fields[field].field.json;
                nested.into_iter().filter(|n| judged(n.1)).for_each(|(row, field)| faults.nest(row, field));
                (undeclared, occurs) = (extra, seen);
                json = Some((text, spans));
                columns.into_iter().map(|c| self.text_array(file, c).map(Some)).collect::<Result<_, _>>()?
            }
        };
        if json.is_none() {
            occurs = raw.iter().map(Option::is_some).collect();
        }
        unparsed.into_iter().for_each(|rejected| self.reject(rejected, &mut faults));
        let damaged: BTreeSet<usize> = raw.iter().flatten().flat_map(damaged_places).collect();
        damaged.into_iter().for_each(|place| faults.reject(Rejected::at(place, RecordFault::Bytes)));
        if let (Some(watch), Some(_)) = (&self.watch, &json) {
            self.watch_records(watch, file, &raw, len, &mut faults)?;
        }

        let mut widened = Widened::new();
        let (rounded, mut rounded_by) = (Cell::new(0), BTreeMap::new());
        let mut typed: Vec<Option<Typed>> = Vec::with_capacity(self.fields.len());
        for (index, field) in self.fields.iter().enumerate() {
            typed.push(if field.active {
                let mut noted = Noted { faults: &mut faults, widened: &mut widened, rounded: &rounded };
                let typed = self.type_field(file, index, &raw, len, &mut noted)?;
                if rounded.get() > 0 {
                    rounded_by.insert(index, rounded.take());
                }
                Some(typed)
            } else {
                None
            });
        }
        for field in &self.since {
            let occurs = json.is_some() || occurs[field.field()];
            let demanded = field.demand(&typed, occurs, &mut faults);
            demanded.ok_or_else(|| self.internal(file, "looking for fields that are there from a day on"))?;
        }
        self.locate(file, &mut typed, &mut faults)?;
        let mut redactions = BTreeMap::new();
        let mut stored = Vec::with_capacity(self.schema.fields().len());
        for index in 0..self.fields.len() {
            if self.fields[index].stored {
                stored.push(self.treat(file, index, &typed, &mut faults, &mut redactions)?);
            }
        }
        for key in &self.key {
            faults.null_key(key.field, &stored[key.column]);
        }
        if let Some(latest) = &self.latest {
            faults.null_key(latest.field, &stored[latest.column]);
        }
        if let Some(statements) = &self.statements {
            statements.demand(&stored, &mut faults);
        }
        let referred = self.demands.refer(&mut stored, &mut faults).map_err(|error| self.spilt(file, error))?;
        referred.ok_or_else(|| self.internal(file, "hashing references"))?;
        let unique = self.demands.unique_values(&stored).ok_or_else(|| self.internal(file, "hashing unique values"))?;
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        if self.marks_unidentified {
            stored.push(self.unidentified(&faults, len));
        }
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), stored, &options)
            .map_err(|_| self.internal(file, "assembling rows"))?;
        self.demands.judge_rows(&rows, &mut faults).map_err(|(rule, _)| ExtractError::RowRule {
            file: file.to_owned(),
            rule: self.reason(None, rule.kind, rule.name).rule.into_owned(),
        })?;
        if let Some((rule, broken)) = faults.stopped() {
            let first = broken.first().map_or(0, |row| numbers.get(*row as usize));
            return Err(self.stopped(file, rule, first, broken.len() as u64));
        }

        let keys = (!self.key.is_empty()).then(|| {
            let columns = self.key.iter().map(|k| rows.column(k.column).clone());
            RowHasher::new(columns, self.seed).map(|h| h.hashes(len))
        });
        let keys = keys.transpose().map_err(|_| self.internal(file, "hashing keys"))?;
        let ranked = self.competes.then(|| Ranked::of(&rows, self.latest.as_ref().map(|l| l.column), self.seed));
        let ranked = ranked.transpose().map_err(|_| self.internal(file, "ranking rows"))?;
        let contents =
            (keys.is_some() && !self.competes).then(|| content_hashes(declared_columns(&rows), len, self.seed));
        let contents = contents.transpose().map_err(|_| self.internal(file, "hashing rows"))?;
        let records = if self.key.is_empty() { Some(self.hash_records(file, &typed, &raw, len)?) } else { None };
        let outside = self.outside(file, &typed, &rows)?;

        let unread = match &self.statements {
            Some(statements) if faults.any() => {
                let treated = Treated { rows: &rows, typed: &typed, faults: &faults };
                let unread = statements.unread(self, file, &treated, |row| numbers.get(row));
                unread.ok_or_else(|| self.internal(file, "telling whom records name"))?
            }
            _ => Vec::new(),
        };
        let reasons = faults.count(self);
        let quarantine = if faults.any() {
            let json = json.as_ref().map(|(text, spans)| (text.as_slice(), spans.as_slice()));
            Some(quarantine::seal(self, file, &raw, json, &numbers, &faults)?)
        } else {
            None
        };
        let (faulty, warned) = faults.into_flags();
        let late = (!unique.is_empty()).then(|| match self.demands.seals_late() {
            true => Late { raw, json, numbers },
            false => Late { raw: Vec::new(), json: None, numbers },
        });
        Ok(Converted {
            rows,
            faulty,
            outside,
            keys,
            contents,
            ranked,
            records,
            quarantine,
            unread,
            reasons,
            warned,
            unique,
            late,
            redactions,
            rounded: rounded_by,
            widened,
            undeclared,
            occurs,
        })
    }

    /// Says that a record is rejected. One that names no person though its order does is blamed on the field that should,
    /// for its values are sound otherwise.
    fn reject(&self, rejected: Rejected, faults: &mut Faults) {
        match (rejected.fault, &self.watch) {
            (RecordFault::NamesNoOne, Some(watch)) => faults.set(rejected.place, watch.blamed(), FILL_RULE),
            (RecordFault::NamesNoOne, None)
            | (
                RecordFault::Columns(_)
                | RecordFault::Json
                | RecordFault::Cell { .. }
                | RecordFault::Quote
                | RecordFault::Escape
                | RecordFault::Multiline
                | RecordFault::Bytes,
                _,
            ) => faults.reject(rejected),
        }
    }

    /// Finds the records of a batch of JSON that name no person though another of their order does.
    fn watch_records(
        &self,
        watch: &Watch,
        file: &str,
        raw: &[Option<ArrayRef>],
        len: usize,
        faults: &mut Faults,
    ) -> Result<(), ExtractError> {
        let bug = || self.internal(file, "looking at the lines of orders");
        let keys = Cells::of_arrays(raw, &watch.key).ok_or_else(bug)?;
        let names = Cells::of_arrays(raw, &watch.names).ok_or_else(bug)?;
        let (mut order, mut found) = (Order::default(), Vec::new());
        order.read(watch, &(keys, names), len, 0, |row| faults.is_unparsed(row), &mut found);
        order.close(&mut found);
        found.iter().for_each(|row| faults.set(*row as usize, watch.blamed(), FILL_RULE));
        Ok(())
    }

    /// Marks the rows of which an identifier was left out: true, or null.
    fn unidentified(&self, faults: &Faults, len: usize) -> ArrayRef {
        let is_pseudonym = |field: usize| self.fields[field].token.is_some();
        let mut left_out = faults.left_out(is_pseudonym).into_iter().peekable();
        if left_out.peek().is_none() {
            return new_null_array(&Arrow::Boolean, len);
        }
        let marks = (0..len).map(|row| left_out.next_if_eq(&(row as u32)).map(|_| true));
        Arc::new(marks.collect::<BooleanArray>())
    }

    /// That a rule stops the file or the run.
    pub(crate) fn stopped(&self, file: &str, rule: RuleRef, row: u64, rows: u64) -> ExtractError {
        let QuarantineReason { field, rule: name } = self.reason(rule.field, rule.kind, rule.name);
        let what = StoppedBy { file: file.to_owned(), field, rule: name.into_owned(), row, rows };
        match rule.on_failure {
            OnFailure::StopRun => ExtractError::RunStopped(what),
            _ => ExtractError::FileStopped(what),
        }
    }

    pub(crate) fn internal(&self, file: &str, doing: &'static str) -> ExtractError {
        ExtractError::Internal { file: file.to_owned(), doing }
    }

    pub(crate) fn spilt(&self, file: &str, source: SpillError) -> ExtractError {
        ExtractError::Spill { file: file.to_owned(), source }
    }

    fn text_array(&self, file: &str, column: crate::read::TextColumn) -> Result<ArrayRef, ExtractError> {
        column.finish().map(|a| Arc::new(a) as ArrayRef).ok_or_else(|| self.internal(file, "splitting text"))
    }

    /// Nulls, spellings, type and rules of one field.
    fn type_field(
        &self,
        file: &str,
        index: usize,
        all: &[Option<ArrayRef>],
        len: usize,
        noted: &mut Noted<'_>,
    ) -> Result<Typed, ExtractError> {
        let field = &self.fields[index];
        let wanted = field.field.data_type.value;
        let typed = match &all[index] {
            None => {
                let values = new_null_array(&crate::schema::arrow_type(wanted), len);
                Typed { text: Some(StringArray::new_null(len)), values }
            }
            Some(raw) => {
                let mut refused = Vec::new();
                let typed = match self.straight(field, raw, &mut refused) {
                    Some(values) => Typed { text: None, values },
                    None => {
                        let regions = self.regions(file, field, all, len)?;
                        self.through_text(file, index, raw, regions.as_ref(), noted, &mut refused)?
                    }
                };
                refused.iter().for_each(|(place, rule)| field.refuse(*place, index, rule, noted.faults));
                if !refused.is_empty() {
                    self.count_widened(index, raw, &refused, noted.widened);
                }
                typed
            }
        };
        let left_out = rules::judge(field, typed.text.as_ref(), &typed.values, noted.faults);
        if left_out.is_empty() {
            return Ok(typed);
        }
        let bug = || self.internal(file, "leaving values out");
        let text = match typed.text {
            Some(text) => {
                let left = without(&(Arc::new(text) as ArrayRef), &left_out).ok_or_else(bug)?;
                Some(left.as_string_opt::<i32>().ok_or_else(bug)?.clone())
            }
            None => None,
        };
        Ok(Typed { text, values: without(&typed.values, &left_out).ok_or_else(bug)? })
    }

    /// Values that arrive typed and that nothing but the type concerns.
    fn straight(&self, field: &FieldPlan<'_>, raw: &ArrayRef, refused: &mut Vec<Refused>) -> Option<ArrayRef> {
        if field.needs_text || raw.as_string_opt::<i32>().is_some() {
            return None;
        }
        direct(raw, field.field.data_type.value, &field.times, &mut |place, rule| refused.push((place, rule)))
    }

    /// The countries of the rows, if a field's telephone numbers are of those.
    fn regions(
        &self,
        file: &str,
        field: &FieldPlan<'_>,
        all: &[Option<ArrayRef>],
        len: usize,
    ) -> Result<Option<StringArray>, ExtractError> {
        let Region::ByField(index) = field.forms.region else { return Ok(None) };
        Ok(Some(match &all[index] {
            None => StringArray::new_null(len),
            Some(raw) => {
                let text = self.text_of(file, index, raw)?;
                let field = &self.fields[index];
                let codes = clean::clean(field.field, &field.forms, &text, None, &mut |_, _| {});
                normalise::fold_width(&codes).values
            }
        }))
    }

    fn text_of(&self, file: &str, index: usize, raw: &ArrayRef) -> Result<StringArray, ExtractError> {
        as_text(raw).ok_or_else(|| ExtractError::ColumnType {
            file: file.to_owned(),
            column: self.fields[index].field.name.value.clone(),
            found: "values without a text form",
        })
    }

    fn through_text(
        &self,
        file: &str,
        index: usize,
        raw: &ArrayRef,
        regions: Option<&StringArray>,
        noted: &mut Noted<'_>,
        refused: &mut Vec<Refused>,
    ) -> Result<Typed, ExtractError> {
        let field = &self.fields[index];
        let faults = &mut *noted.faults;
        let text = self.text_of(file, index, raw)?;
        if text.null_count() > raw.null_count() {
            let lost = (0..text.len()).filter(|i| text.is_null(*i) && raw.is_valid(*i));
            lost.for_each(|i| field.refuse(i, index, "type", faults));
        }
        let text = self.without_lost_digits(file, index, raw, text, faults)?;
        let text = match &field.sieve {
            Some(sieve) => sieve.sift(index, &clean::with_bare_ends(field.field, &text), |place| place, faults),
            None => text,
        };
        let text = match &field.token {
            // Its domain, which each row says, is what says how it is spelled.
            Some(TokenPlan::ByField { .. }) => text,
            Some(TokenPlan::Fixed(_)) | None => {
                let mut refuse = |place, rule| field.refuse(place, index, rule, faults);
                clean::clean(field.field, &field.forms, &text, regions, &mut refuse)
            }
        };
        let wanted = field.field.data_type.value;
        if wanted == DataType::String {
            return Ok(Typed { values: Arc::new(text.clone()), text: Some(text) });
        }
        // Numbers that arrive as numbers are not written in anybody's format.
        let numbers = field.forms.numbers.as_ref().filter(|_| raw.as_string_opt::<i32>().is_some());
        let round = field.field.values.round;
        let booleans = &field.forms.booleans;
        let forms = Forms { times: &field.times, numbers, booleans, round, rounded: noted.rounded };
        let values = parse(&text, wanted, &forms, &mut |place, rule| refused.push((place, rule)));
        Ok(Typed { text: Some(text), values })
    }

    /// Text of numbers without those that have lost digits, where digits count: `1e17` is not the identifier that was typed.
    fn without_lost_digits(
        &self,
        file: &str,
        index: usize,
        raw: &ArrayRef,
        text: StringArray,
        faults: &mut Faults,
    ) -> Result<StringArray, ExtractError> {
        let field = &self.fields[index];
        match field.field.data_type.value {
            DataType::Double | DataType::Boolean => return Ok(text),
            DataType::String | DataType::Integer | DataType::Decimal { .. } | DataType::Date | DataType::Timestamp => {}
        }
        let lost = lost_digits(raw);
        if lost.is_empty() {
            return Ok(text);
        }
        lost.iter().for_each(|place| field.refuse(*place, index, LOST_DIGITS, faults));
        let bug = || self.internal(file, "leaving values out");
        let text = without(&(Arc::new(text) as ArrayRef), &lost).ok_or_else(bug)?;
        text.as_string_opt::<i32>().cloned().ok_or_else(bug)
    }

    /// The hashes of the records by their values, over all declared fields; equal in all runs under one key. Values count as
    /// their types have them, so that a file that was saved again (`3.00` as `3`, `2026-10-01` as `01.10.2026`) has the same
    /// records; what is no value of its type counts as it is written.
    fn hash_records(
        &self,
        file: &str,
        typed: &[Option<Typed>],
        raw: &[Option<ArrayRef>],
        len: usize,
    ) -> Result<Vec<u128>, ExtractError> {
        let bug = || self.internal(file, "hashing records");
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(2 * raw.len());
        for (typed, raw) in typed.iter().zip(raw) {
            let text = match raw {
                Some(array) => normalise::trim(&as_text(array).ok_or_else(bug)?).values,
                None => StringArray::new_null(len),
            };
            let text: ArrayRef = Arc::new(text);
            match typed {
                None => columns.push(text),
                Some(typed) => {
                    let read = is_not_null(&typed.values).map_err(|_| bug())?;
                    columns.push(typed.values.clone());
                    columns.push(nullif(&text, &read).map_err(|_| bug())?);
                }
            }
        }
        let hasher = RowHasher::new(columns, self.record_seed).map_err(|_| bug())?;
        Ok(hasher.hashes(len))
    }

    /// Which rows are older than the retention, and end with it.
    fn outside(
        &self,
        file: &str,
        typed: &[Option<Typed>],
        rows: &RecordBatch,
    ) -> Result<Option<Vec<bool>>, ExtractError> {
        let Some(horizon) = &self.horizon else {
            return Ok(None);
        };
        let Some(Some(event)) = typed.get(horizon.field()) else {
            return Err(self.internal(file, "checking retention"));
        };
        let older = match horizon {
            Horizon::Instant { before, .. } => {
                let scalar = arrow::array::TimestampMicrosecondArray::new_scalar(*before);
                let plain =
                    event.values.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<Arc<str>>);
                lt(&plain, &scalar)
            }
            Horizon::Day { before, .. } => {
                let scalar = arrow::array::Date32Array::new_scalar(*before);
                lt(event.values.as_primitive::<Date32Type>(), &scalar)
            }
        };
        let older = older.map_err(|_| self.internal(file, "checking retention"))?;
        let mut flags: Vec<bool> = older.iter().map(|o| o == Some(true)).collect();
        if let Some(statements) = &self.statements {
            statements.keep_refusals(rows, &mut flags).ok_or_else(|| self.internal(file, "checking retention"))?;
        }
        Ok(flags.contains(&true).then_some(flags))
    }
}

/// The places of a text column that hold what the decoder puts where bytes are not of the encoding.
fn damaged_places(column: &ArrayRef) -> Vec<usize> {
    let Some(text) = column.as_string_opt::<i32>() else { return Vec::new() };
    let offsets = text.value_offsets();
    let (first, last) = (offsets[0] as usize, offsets[text.len()] as usize);
    let values = &text.value_data()[first..last];
    memmem::find_iter(values, MALFORMED.as_bytes())
        .map(|at| offsets.partition_point(|offset| *offset as usize <= first + at) - 1)
        .collect()
}

/// The rule of numbers that have more digits than were kept of them.
const LOST_DIGITS: &str = "lost_digits";

/// A place whose value is none of the type, and the rule that says so.
type Refused = (usize, &'static str);

/// The rule that says a value is not what its normaliser makes.
fn normaliser_rule(normaliser: Normaliser) -> &'static str {
    match normaliser {
        Normaliser::None => "none",
        Normaliser::Trim => "trim",
        Normaliser::Phone => "phone",
        Normaliser::Email => "email",
        Normaliser::Identifier => "identifier",
        Normaliser::IntegerIdentifier => "integer_identifier",
        Normaliser::ResidentId => "resident_id",
        Normaliser::TravelPermit => "travel_permit",
        Normaliser::WechatId => "wechat_id",
    }
}
