//! Consent logs and suppression lists: what must be readable of a record, and whom one names that is not.

use super::Typed;
use super::faults::Faults;
use super::plan::{FieldPlan, KeyPart, TokenPlan};
use crate::read::RecordFault;
use crate::run::ExtractContext;
use crate::unread::{CountsAs, Named, RecordKey, UnreadLog, UnreadRecord};
use crate::values::{UTC, as_text};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, TimeUnit, TimestampMicrosecondType};
use lakewarden_dictionary::{DatasetRole, TokenDomain, Treatment};
use lakewarden_privacy::{Tokeniser, token_bits};
use std::fmt::Write;
use std::sync::Arc;

/// The columns of a dataset that the engine reads statements from.
pub(crate) struct Statements {
    /// Whether it is a suppression list, rather than a consent log.
    listed: bool,
    /// When it was said, or listed.
    at: Option<KeyPart>,
    purpose: Option<KeyPart>,
    action: Option<KeyPart>,
    names: Vec<Name>,
    keys: Tokeniser,
}

/// A column of pseudonyms.
struct Name {
    part: KeyPart,
    domain: Domain,
    /// Whether a record that it names somebody in is for certain theirs.
    decisive: bool,
}

enum Domain {
    Fixed(Arc<str>),
    /// That which the text of this field names.
    Of(usize),
}

/// What a consent log's actions may be; [`lakewarden_dictionary::DatasetRole::ConsentLog`] lists them.
const ACTIONS: [&str; 6] = [GRANT, WITHDRAW, GPC, RESTRICT, LIFT_RESTRICTION, NO_EFFECT];
const GRANT: &str = "grant";
const WITHDRAW: &str = "withdraw";
const GPC: &str = "gpc";
const RESTRICT: &str = "restrict";
const LIFT_RESTRICTION: &str = "lift_restriction";
/// A record that changes nothing yet, such as an opt-in that waits for its confirmation.
const NO_EFFECT: &str = "no_effect";

/// The data subjects that a record which cannot be read may name.
#[derive(Default)]
struct Subjects {
    names: Vec<Named>,
    /// Whether one of them is named for certain.
    certain: bool,
    /// Fields whose identifier may be one of several of its domain, all of which are among the names.
    ambiguous: Vec<usize>,
}

/// A batch between treatment and the sink.
pub(super) struct Treated<'a> {
    pub rows: &'a RecordBatch,
    pub typed: &'a [Option<Typed>],
    pub faults: &'a Faults,
}

impl Statements {
    /// `None` for a dataset that says nothing that decisions depend on.
    pub(super) fn compile(context: &ExtractContext<'_>, fields: &[FieldPlan<'_>]) -> Option<Self> {
        let dataset = context.dataset;
        let listed = match dataset.role {
            DatasetRole::Data => return None,
            DatasetRole::ConsentLog => false,
            DatasetRole::SuppressionList => true,
        };
        let part = |name: &str| {
            let field = fields.iter().position(|f| f.stored && f.field.column.value == name)?;
            Some(KeyPart { field, column: fields[..field].iter().filter(|f| f.stored).count() })
        };
        let names = fields.iter().filter_map(|field| {
            let column = field.field.column.value.as_str();
            let domain = match (&field.field.treatment, &field.token) {
                (Treatment::Pseudonymise(TokenDomain::Fixed(domain)), _) => Domain::Fixed(domain.as_str().into()),
                (Treatment::Pseudonymise(TokenDomain::ByField(_)), Some(TokenPlan::ByField { domain, .. })) => {
                    Domain::Of(*domain)
                }
                (Treatment::Pseudonymise(TokenDomain::ByField(_)), Some(TokenPlan::Fixed(_)) | None)
                | (
                    Treatment::Keep
                    | Treatment::Drop
                    | Treatment::Mask { .. }
                    | Treatment::Generalise(_)
                    | Treatment::Redact,
                    _,
                ) => return None,
            };
            Some(Name { part: part(column)?, domain, decisive: listed || column == "id_token" })
        });
        Some(Self {
            listed,
            at: if listed { part(&dataset.event_time.as_ref()?.value) } else { part("at") },
            purpose: part("purpose").filter(|_| !listed),
            action: part("action").filter(|_| !listed),
            names: names.collect(),
            keys: context.keys.tokeniser(&format!("record/{}", dataset.name.value)),
        })
    }

    /// What cannot be read breaks a rule, whether or not the dictionary declares it: a record that is stored and says
    /// nothing would be a withdrawal that nobody hears.
    pub(super) fn demand(&self, stored: &[ArrayRef], faults: &mut Faults) {
        let Some(first) = self.names.first() else { return };
        if self.listed {
            let names: Vec<&ArrayRef> = self.names.iter().map(|name| &stored[name.part.column]).collect();
            (0..names[0].len())
                .filter(|row| names.iter().all(|name| name.is_null(*row)))
                .for_each(|row| faults.set(row, first.part.field, "required"));
            return;
        }
        let decisive = self.names.iter().filter(|name| name.decisive).map(|name| &name.part);
        for part in decisive.chain(&self.at).chain(&self.action) {
            faults.null_key(part.field, &stored[part.column]);
        }
        let Some((part, actions)) = self.action.as_ref().and_then(|p| Some((p, text(&stored[p.column])?))) else {
            return;
        };
        let purposes = self.purpose.as_ref().map(|p| (p.field, &stored[p.column]));
        for (row, action) in actions.iter().enumerate() {
            let Some(action) = action else { continue };
            if !ACTIONS.contains(&action) {
                faults.set(row, part.field, "in");
            }
            if let Some((field, purposes)) = purposes
                && matches!(action, GRANT | WITHDRAW)
                && purposes.is_null(row)
            {
                faults.set(row, field, "required");
            }
        }
    }

    /// The faulty rows of a batch, each with whom it names. `None` if a column is not what the plan says.
    pub(super) fn unread(
        &self,
        plan: &super::Plan<'_>,
        file: &str,
        batch: &Treated<'_>,
        number: impl Fn(usize) -> u64,
    ) -> Option<Vec<(usize, UnreadRecord)>> {
        let file: Arc<str> = file.into();
        let instant = Arrow::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
        let times = match &self.at {
            Some(at) => Some((at.field, cast(batch.rows.column(at.column), &instant).ok()?)),
            None => None,
        };
        let mut unread = Vec::new();
        for (row, fault) in batch.faults.iter() {
            // Bytes of no encoding may be part of an identifier; a line end leaves every value in its column.
            let whole = fault.rejected.is_none_or(|rejected| rejected.fault == RecordFault::Multiline);
            let readable = |field: usize| whole && !batch.faults.broke(row, field);
            let said_at = times.as_ref().filter(|(field, times)| readable(*field) && times.is_valid(row));
            let Subjects { names, certain, ambiguous } = self.find_subjects(plan, batch, row)?;
            // Whether all is known but for the action and for which of some people it names.
            let of_action = |field: usize| self.action.as_ref().is_some_and(|action| action.field == field);
            let broken = |field: &usize| batch.faults.broke(row, *field);
            let mut others = (0..plan.fields.len()).filter(broken).filter(|field| !of_action(*field));
            let rest_is_read = whole && fault.field.is_some() && others.all(|field| ambiguous.contains(&field));
            let action = self.action.as_ref().filter(|action| readable(action.field));
            let word = action.and_then(|part| word_at(batch.rows, part, row));
            if rest_is_read && matches!(word, Some(GRANT | LIFT_RESTRICTION | NO_EFFECT)) {
                // It permits nothing, as it is not certain whom it names; it takes nothing away either.
                continue;
            }
            let purpose = self.purpose.as_ref().filter(|_| rest_is_read).and_then(|p| word_at(batch.rows, p, row));
            // A cell may hold anything: only the name of a purpose is stored.
            let purpose = purpose.map(str::trim).filter(|name| plan.dataset.terms.purposes.contains(*name));
            unread.push((
                row,
                UnreadRecord {
                    file: file.clone(),
                    row: number(row),
                    quarantined_at: plan.now,
                    // Of a replay and of a run ahead of the clock the earlier instant: no decision must miss the record.
                    known_from: plan.as_of.min(plan.now),
                    names,
                    certain: whole && certain,
                    counts_as: self.counts_as(batch.rows, row),
                    purpose: purpose.map(Arc::from),
                    // What has not come yet is not when it was said.
                    event_at: said_at
                        .map(|(_, times)| times.as_primitive::<TimestampMicrosecondType>().value(row))
                        .filter(|at| *at <= plan.as_of),
                    key: if whole { self.key(plan, batch, row) } else { None },
                    mended_at: None,
                },
            ));
        }
        Some(unread)
    }

    /// Every pseudonym that can be made of a row. `None` if a column is not what the plan says.
    fn find_subjects(&self, plan: &super::Plan<'_>, batch: &Treated<'_>, row: usize) -> Option<Subjects> {
        let mut found = Subjects::default();
        for Name { part, domain, decisive } in &self.names {
            let tokens = text(batch.rows.column(part.column))?;
            let token = tokens.is_valid(row).then(|| tokens.value(row));
            let word = |field: usize| {
                let texts = batch.typed[field].as_ref()?.text.as_ref()?;
                texts.is_valid(row).then(|| texts.value(row))
            };
            match (domain, token) {
                (_, Some(token)) => {
                    let domain = match domain {
                        Domain::Fixed(domain) => domain.clone(),
                        Domain::Of(field) => word(*field)?.into(),
                    };
                    found.names.push(Named { pseudonym: token_bits(token)?, domain });
                    found.certain |= *decisive && !batch.faults.broke(row, part.field);
                }
                (Domain::Of(field), None) => {
                    let identifier = batch.typed[part.field].as_ref()?.text.as_ref()?;
                    let (true, Some(domains)) = (identifier.is_valid(row), plan.domains(part.field)) else { continue };
                    let identifier = identifier.value(row);
                    let word = word(*field).unwrap_or_default();
                    let of_word = domains.candidates(word, identifier);
                    if of_word.len() > 1 {
                        // One of these for certain, and all of them are named.
                        for token in &of_word {
                            found.names.push(Named { pseudonym: token_bits(token)?, domain: word.into() });
                        }
                        found.certain |= *decisive;
                        found.ambiguous.push(part.field);
                        continue;
                    }
                    // Of an unknown domain: it may be of any that it could be spelled as.
                    for (domain, token) in domains.candidates_of_any(identifier) {
                        found.names.push(Named { pseudonym: token_bits(&token)?, domain: domain.into() });
                    }
                }
                (Domain::Fixed(_), None) => {}
            }
        }
        Some(found)
    }

    /// Unmarks the refusals among the rows whose retention has ended: it may end a grant, and never a refusal. `None` if a
    /// column is not what the plan says.
    pub(super) fn keep_refusals(&self, rows: &RecordBatch, ended: &mut [bool]) -> Option<()> {
        if self.listed {
            ended.fill(false);
            return Some(());
        }
        let Some(action) = &self.action else {
            ended.fill(false);
            return Some(());
        };
        let actions = text(rows.column(action.column))?;
        for (row, ended) in ended.iter_mut().enumerate() {
            *ended &= actions.is_valid(row) && matches!(actions.value(row), GRANT | NO_EFFECT);
        }
        Some(())
    }

    fn counts_as(&self, rows: &RecordBatch, row: usize) -> CountsAs {
        let actions = self.action.as_ref().and_then(|part| text(rows.column(part.column)));
        match actions.filter(|actions| actions.is_valid(row)).map(|actions| actions.value(row)) {
            _ if self.listed => CountsAs::Listed,
            Some(RESTRICT) => CountsAs::Restriction,
            Some(GPC) => CountsAs::OptOutSignal,
            _ => CountsAs::Withdrawal,
        }
    }

    /// The key of a row of which at most one part cannot be read.
    fn key(&self, plan: &super::Plan<'_>, batch: &Treated<'_>, row: usize) -> Option<RecordKey> {
        let unreadable =
            |part: &&KeyPart| batch.faults.broke(row, part.field) || batch.rows.column(part.column).is_null(row);
        let mut without = plan.key.iter().filter(unreadable).map(|part| plan.fields[part.field].field);
        let (first, None) = (without.next(), without.next()) else { return None };
        let without = first.map(|field| field.column.value.as_str());
        let bits = self.hash(plan, batch.rows, row, without)?;
        Some(RecordKey { bits, without: without.map(Arc::from) })
    }

    /// Hashes the key of a row, all of it or without a column, so that nobody can guess what it hashes.
    fn hash(&self, plan: &super::Plan<'_>, rows: &RecordBatch, row: usize, without: Option<&str>) -> Option<u128> {
        let mut key = String::new();
        for part in &plan.key {
            if Some(plan.fields[part.field].field.column.value.as_str()) == without {
                key.push('-');
                continue;
            }
            let value = as_text(&rows.column(part.column).slice(row, 1))?;
            let value = value.is_valid(0).then(|| value.value(0))?;
            write!(key, "{}:{value}", value.len()).ok()?;
        }
        if plan.key.is_empty() { None } else { token_bits(&self.keys.token_of(&key)) }
    }

    /// Lets a readable row take the place of what could not be read. `None` if a column is not what the plan says.
    pub(crate) fn mend(
        &self,
        plan: &super::Plan<'_>,
        rows: &RecordBatch,
        row: usize,
        log: &mut UnreadLog,
    ) -> Option<()> {
        for name in &self.names {
            let tokens = text(rows.column(name.part.column))?;
            if tokens.is_valid(row) {
                let pseudonym = token_bits(tokens.value(row))?;
                if log.is_open(pseudonym) {
                    log.mend(pseudonym, plan.as_of, |without| self.hash(plan, rows, row, without));
                }
            }
        }
        Some(())
    }
}

fn text(column: &ArrayRef) -> Option<&StringArray> {
    column.as_string_opt::<i32>()
}

fn word_at<'r>(rows: &'r RecordBatch, part: &KeyPart, row: usize) -> Option<&'r str> {
    text(rows.column(part.column)).filter(|words| words.is_valid(row)).map(|words| words.value(row))
}
