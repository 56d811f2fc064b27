//! Refusals by pseudonyms that no row of data carries: withdrawals, restrictions and lines of suppression lists that
//! change nothing, because the person is unknown or because the log spells an identifier otherwise than the data.

use crate::error::PipelineError;
use crate::people::{People, Rows, domain_column};
use crate::record::UnmatchedRefusals;
use arrow::array::Array;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, DatasetRole, Field, Pipeline, Project, TokenDomain, Treatment};
use lakewarden_identity::{Matcher, NONE};
use lakewarden_lake::{Lake, Zone};
use lakewarden_policy::Action;
use lakewarden_privacy::token_bits;
use std::collections::{BTreeMap, HashMap, HashSet};

type Pseudonyms = HashSet<u128>;

/// Whom refusals name, and which pseudonyms stand in rows of data.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// By log or list and identifier domain.
    named: BTreeMap<(String, String), Pseudonyms>,
    /// One bit a pseudonym, by its number in the matcher.
    in_data: Vec<u64>,
}

impl Refusals {
    /// Marks the pseudonyms of the records that a matcher added last as those of data.
    pub(crate) fn mark_data(&mut self, matcher: &Matcher) {
        for number in matcher.added_last().iter().flatten().filter(|number| **number != NONE) {
            let (word, bit) = (*number as usize / 64, *number % 64);
            if self.in_data.len() <= word {
                self.in_data.resize(word + 1, 0);
            }
            self.in_data[word] |= 1 << bit;
        }
    }

    /// Notes whom the refusals of a log or list name.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if a column is not what the dictionary says.
    pub(crate) fn note(&mut self, rows: &Rows<'_>) -> Result<(), PipelineError> {
        match rows.dataset.role {
            DatasetRole::Data => Ok(()),
            DatasetRole::SuppressionList => {
                rows.dataset.pseudonyms().try_for_each(|field| self.note_field(rows, field, |_| Ok(true)))
            }
            DatasetRole::ConsentLog => {
                let actions = rows.text("action")?;
                let refuses = |row: usize| {
                    if actions.is_null(row) {
                        return Ok(false);
                    }
                    let action = Action::parse(actions.value(row)).ok_or_else(|| rows.damaged("action"))?;
                    Ok(match action {
                        Action::Withdraw | Action::Restrict => true,
                        // A signal is sent by every browser, also by those of which nothing else is known.
                        Action::OptOutSignal | Action::Grant | Action::LiftRestriction | Action::NoEffect => false,
                    })
                };
                let mut named = rows.dataset.pseudonyms().filter(|field| field.column.value == "id_token");
                named.try_for_each(|field| self.note_field(rows, field, refuses))
            }
        }
    }

    fn note_field(
        &mut self,
        rows: &Rows<'_>,
        field: &Field,
        refuses: impl Fn(usize) -> Result<bool, PipelineError>,
    ) -> Result<(), PipelineError> {
        let column = field.column.value.as_str();
        let tokens = rows.text(column)?;
        let (fixed, words) = match &field.treatment {
            Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => (domain.as_str(), None),
            other => {
                let by = domain_column(rows.dataset, other).ok_or_else(|| rows.damaged(column))?;
                ("", Some(rows.text(by)?))
            }
        };
        let mut found: HashMap<&str, Pseudonyms> = HashMap::new();
        for row in 0..tokens.len() {
            if tokens.is_null(row) || !refuses(row)? {
                continue;
            }
            let domain = words.as_ref().map_or(fixed, |words| if words.is_valid(row) { words.value(row) } else { "" });
            let bits = token_bits(tokens.value(row)).ok_or_else(|| rows.damaged(column))?;
            found.entry(domain).or_default().insert(bits);
        }
        for (domain, pseudonyms) in found {
            let log = (rows.dataset.name.value.clone(), domain.to_owned());
            self.named.entry(log).or_default().extend(pseudonyms);
        }
        Ok(())
    }

    fn is_in_data(&self, number: u32) -> bool {
        self.in_data.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// Counts the pseudonyms of refusals that stand in no row of data: neither of the pipeline's datasets, all rows of which
/// were observed, nor of those that other pipelines have published.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub(crate) async fn count(
    people: &People,
    project: &Project,
    pipeline: &Pipeline,
    lake: &Lake,
) -> Result<Vec<UnmatchedRefusals>, PipelineError> {
    let refusals = &people.refusals;
    let is_known = |bits: &u128| people.matcher.position(*bits).is_some_and(|number| refusals.is_in_data(number));
    let mut unknown: BTreeMap<&(String, String), Pseudonyms> = BTreeMap::new();
    for (log, named) in &refusals.named {
        let left: Pseudonyms = named.iter().filter(|bits| !is_known(bits)).copied().collect();
        if !left.is_empty() {
            unknown.insert(log, left);
        }
    }
    let own = |dataset: &Dataset| pipeline.channels.iter().any(|c| c.dataset.value == dataset.name.value);
    let is_data = |d: &&Dataset| d.role == DatasetRole::Data && d.has_subjects() && d.demands.marks_rows_of.is_none();
    for dataset in project.datasets.iter().filter(is_data).filter(|dataset| !own(dataset)) {
        if unknown.is_empty() {
            break;
        }
        let Some(table) = lake.table(Zone::Conformed, &dataset.name.value).await? else { continue };
        let mut columns: Vec<&str> = dataset.pseudonyms().map(|field| field.column.value.as_str()).collect();
        columns.retain(|column| table.schema.field_with_name(column).is_ok());
        let mut batches = lake.read_table_batches(&table, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            let rows = Rows { dataset, batch: &batch };
            for column in &columns {
                for token in rows.text(column)?.iter().flatten() {
                    let bits = token_bits(token).ok_or_else(|| rows.damaged(column))?;
                    unknown.values_mut().for_each(|left| {
                        left.remove(&bits);
                    });
                }
            }
        }
        unknown.retain(|_, left| !left.is_empty());
    }
    let counted = |((log, id_type), left): (&(String, String), Pseudonyms)| UnmatchedRefusals {
        log: log.clone(),
        id_type: id_type.clone(),
        pseudonyms: left.len() as u64,
    };
    Ok(unknown.into_iter().map(counted).collect())
}
