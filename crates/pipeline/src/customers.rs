//! Pseudonyms → customers: the identity step and what sessions need of it.

use crate::error::PipelineError;
use crate::load::Loading;
use crate::people::People;
use crate::placed;
use crate::record::{ConsentWarnings, Counts, IdentityAccount};
use crate::relations::Relations;
use crate::tables::TableView;
use crate::unmatched;
use arrow::array::{Array, AsArray, RecordBatch};
use futures::TryStreamExt;
use lakewarden_dictionary::Pipeline;
use lakewarden_engine::{RowSubjects, SubjectIndex, SubjectIndexBuilder};
use lakewarden_identity::{Identities, Known, customers_schema, membership_schema};
use lakewarden_lake::{Change, Lake, Mode, TableWriter, WriterOptions, Zone};
use lakewarden_policy::{ConsentBook, Decision, Decisions};
use lakewarden_privacy::token_bits;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// The customers of one pipeline, and what they agreed to.
#[derive(Clone)]
pub struct Customers {
    /// Whose a pseudonym is.
    pub subjects: Arc<SubjectIndex>,
    /// What was consented to.
    pub consent: Arc<ConsentBook>,
    /// The table `customers`.
    pub table: TableView,
    /// Whose the rows of datasets are, for those where it has been looked up.
    pub rows: BTreeMap<String, Arc<RowSubjects>>,
    decided: BTreeMap<String, Arc<Decisions>>,
}

impl Customers {
    /// The decision for each customer, for a purpose; made once a purpose.
    pub fn decisions(&mut self, purpose: &str) -> Arc<Decisions> {
        if let Some(made) = self.decided.get(purpose) {
            return made.clone();
        }
        let subjects = self.subjects.clone();
        let numbers = subjects.len() + subjects.apart();
        let made = self.consent.decide(purpose, numbers, |bits| subjects.number_of(bits));
        let made = Arc::new(made.with_customers(subjects.len()));
        self.decided.insert(purpose.to_owned(), made.clone());
        made
    }

    /// Customers by decision, for every purpose asked for so far.
    pub fn decision_counts(&self) -> BTreeMap<String, Counts> {
        self.decided
            .iter()
            .map(|(purpose, decisions)| {
                let counts = Decision::ALL
                    .iter()
                    .map(|d| (d.name().to_owned(), decisions.count(*d)))
                    .filter(|(_, customers)| *customers > 0)
                    .collect();
                (purpose.clone(), counts)
            })
            .collect()
    }
}

/// Names of a pipeline's identity tables in the lake: customers, and their pseudonyms.
pub fn table_names(pipeline: &str) -> (String, String) {
    (format!("{pipeline}_customers"), format!("{pipeline}_customer_identity"))
}

impl Loading<'_> {
    /// Joins pseudonyms into customers, and stages both tables.
    ///
    /// # Errors
    /// Those of the lake and of matching.
    pub async fn recognise(
        &self,
        pipeline: &Pipeline,
        mut people: People,
        relations: &Relations<'_>,
    ) -> Result<(Customers, IdentityAccount, Vec<Change>), PipelineError> {
        let (customers_name, members_name) = table_names(&pipeline.name.value);
        let known = known(self.lake, &members_name).await?;
        people.spread_signals();
        let consent_warnings = ConsentWarnings::from(people.consent.unusual_events());
        let consent_doubted = people.consent.doubted();
        let unmatched_refusals = unmatched::count(&people, &self.open.project, pipeline, self.lake).await?;
        let ids = self.keys.customer_ids();
        let found = block_in_place(|| people.matcher.resolve(&people.limits, &known, &ids))?;
        let account = IdentityAccount {
            tokens: found.summary.tokens.clone(),
            customers: found.summary.customers,
            merged: found.summary.merged,
            shared: found.summary.shared,
            histogram: found.summary.histogram.clone(),
            consent: BTreeMap::new(),
            consent_warnings,
            consent_doubted,
            unmatched_refusals,
        };
        let handle = Handle::current();
        let options = || WriterOptions::new(self.run, handle.clone()).within(self.writing);
        let customers = || {
            let writer = self.lake.writer(Zone::Identity, &customers_name, customers_schema(), options())?;
            stage(writer, found.customers_batches(65_536))
        };
        let members = || {
            let writer = self.lake.writer(Zone::Identity, &members_name, membership_schema(), options())?;
            stage(writer, found.membership_batches(65_536))
        };
        let (customers, members, subjects) = block_in_place(|| {
            std::thread::scope(|scope| {
                let (customers, members) = (scope.spawn(customers), scope.spawn(members));
                let subjects = index(&found, &people.consent, &members_name);
                (customers.join(), members.join(), subjects)
            })
        });
        let dead = |_| PipelineError::Worker;
        let info: Map<_, _> = [("lakewarden.run".to_owned(), json!(self.run.to_string()))].into_iter().collect();
        let change = |staged| Change { staged, mode: Mode::Replace, transactions: Vec::new(), info: info.clone() };
        let customers = customers.map_err(dead)??;
        let table = TableView::replaced_by(&customers);
        let mut changes = vec![change(customers)];
        changes.push(change(members.map_err(dead)??));
        let subjects = subjects?;
        let rows = placed::as_seen(people.trails, &found, &subjects, &table, pipeline, relations)?;
        let customers = Customers {
            subjects: Arc::new(subjects),
            rows,
            consent: Arc::new(people.consent),
            table,
            decided: BTreeMap::new(),
        };
        Ok((customers, account, changes))
    }
}

fn stage(
    mut writer: TableWriter,
    batches: impl Iterator<Item = Result<RecordBatch, lakewarden_identity::IdentityError>>,
) -> Result<lakewarden_lake::StagedTable, PipelineError> {
    for batch in batches {
        writer.write(batch?)?;
    }
    Ok(writer.finish()?)
}

/// Gives numbers to pseudonyms that belong to no customer: those that a statement names, for refusals by them hold for the
/// rows that carry them.
fn number_apart(index: &mut SubjectIndexBuilder, consent: &ConsentBook) -> Option<()> {
    consent.named().try_for_each(|bits| index.apart(bits))
}

fn index(found: &Identities, consent: &ConsentBook, table: &str) -> Result<SubjectIndex, PipelineError> {
    let damaged = || PipelineError::Damaged { table: table.to_owned(), column: "customer_id".to_owned() };
    let mut index = SubjectIndexBuilder::default();
    for customer in &found.customers {
        index.customer(&customer.id).ok_or_else(damaged)?;
    }
    for member in &found.members {
        if let Some(customer) = member.customer {
            index.token(member.bits, customer);
        }
    }
    found.members.iter().filter(|m| m.customer.is_none()).try_for_each(|m| index.apart(m.bits)).ok_or_else(damaged)?;
    number_apart(&mut index, consent).ok_or_else(damaged)?;
    Ok(index.finish())
}

/// What the last run decided.
async fn known(lake: &Lake, members: &str) -> Result<Known, PipelineError> {
    let mut known = Known::default();
    visit_members(lake, members, |token, id| {
        if let Some((_, id_bits)) = id {
            known.insert(token, id_bits);
        }
        Some(())
    })
    .await?;
    Ok(known)
}

/// The customers that are published, without building anything.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub async fn published(lake: &Lake, pipeline: &str, consent: ConsentBook) -> Result<Option<Customers>, PipelineError> {
    let (customers_name, members_name) = table_names(pipeline);
    let Some(table) = TableView::published(lake, Zone::Identity, &customers_name).await? else { return Ok(None) };
    let mut index = SubjectIndexBuilder::default();
    let mut shared = Vec::new();
    visit_members(lake, &members_name, |token, id| {
        match id {
            Some((id, _)) => {
                let customer = index.customer(id)?;
                index.token(token, customer);
            }
            None => shared.push(token),
        }
        Some(())
    })
    .await?;
    let damaged = || PipelineError::Damaged { table: members_name.clone(), column: "token".to_owned() };
    shared.into_iter().try_for_each(|bits| index.apart(bits)).ok_or_else(damaged)?;
    number_apart(&mut index, &consent).ok_or_else(damaged)?;
    let subjects = Arc::new(index.finish());
    let (rows, decided) = (BTreeMap::new(), BTreeMap::new());
    Ok(Some(Customers { subjects, consent: Arc::new(consent), table, rows, decided }))
}

async fn visit_members(
    lake: &Lake,
    name: &str,
    mut visit: impl FnMut(u128, Option<(&str, u128)>) -> Option<()>,
) -> Result<(), PipelineError> {
    let damaged = || PipelineError::Damaged { table: name.to_owned(), column: "token".to_owned() };
    let Some(table) = lake.table(Zone::Identity, name).await? else { return Ok(()) };
    let mut batches = lake.read_table_batches(&table, Some(&["token", "customer_id"]))?;
    while let Some(batch) = batches.try_next().await? {
        let text = |at: usize| {
            let array = arrow::compute::cast(batch.column(at), &arrow::datatypes::DataType::Utf8).ok()?;
            array.as_string_opt::<i32>().cloned()
        };
        let (Some(tokens), Some(ids)) = (text(0), text(1)) else { return Err(damaged()) };
        for row in 0..tokens.len() {
            let token = token_bits(tokens.value(row)).ok_or_else(damaged)?;
            // A pseudonym that several people share belongs to no customer.
            let id = match ids.is_valid(row) {
                true => Some((ids.value(row), token_bits(ids.value(row)).ok_or_else(damaged)?)),
                false => None,
            };
            visit(token, id).ok_or_else(damaged)?;
        }
    }
    Ok(())
}
