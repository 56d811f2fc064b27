//! One query over what is published, under the policy.

use crate::apart;
use crate::customer_view::CustomerView;
use crate::customers::{Customers, published};
use crate::declared::Survey;
use crate::error::PipelineError;
use crate::judgement::Judgement;
use crate::load::key_facts;
use crate::people::People;
use crate::placed;
use crate::project::OpenProject;
use crate::project_consent;
use crate::record::KeyFacts;
use crate::relations::{CUSTOMERS, Relations};
use crate::statements;
use crate::stored_columns;
use crate::tables::TableView;
use crate::unread;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, Pipeline, Severity, nearest};
use lakewarden_engine::{
    Engine, EngineError, Running, Session, SessionSpec, SqlProblem, on_planning_stack, references,
};
use lakewarden_lake::{Lake, Zone};
use lakewarden_lineage::{Lineage, column_lineage};
use lakewarden_policy::Knowledge;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What is asked, what for, and of which lake.
pub struct Question<'a> {
    /// The query.
    pub sql: &'a str,
    /// The purpose.
    pub purpose: &'a str,
    /// The pipeline whose relations it names; the one that has them all if absent.
    pub pipeline: Option<&'a str>,
    /// The lake, instead of the project's.
    pub lake: Option<&'a str>,
    /// The instant of `as_of()`: it moves data, and not what people have said or how old they are.
    pub as_of: DateTime<Utc>,
    /// The clock: people are judged as of now.
    pub now: DateTime<Utc>,
    /// Whether people are to be judged by the consent known at `as_of` instead: a replay, which the project must permit
    /// for the purpose and which is written to the audit log before it is answered.
    pub consent: Knowledge,
    /// Who asks, as the audit log names a replay's author.
    pub who: &'a str,
}

/// Starts a query over the lake's published tables. The same gate as for models stands over its scans.
///
/// # Errors
/// Those of the lake and the engine; [`PipelineError::UnknownPurpose`], [`PipelineError::ReplayNotPermitted`],
/// [`PipelineError::ReplayNotAudited`], [`PipelineError::ConsentNeverLoaded`], [`PipelineError::UndeclaredLog`].
pub async fn query(open: &OpenProject, question: &Question<'_>) -> Result<Running, PipelineError> {
    let pipeline = match question.pipeline {
        Some(_) => open.pipeline(question.pipeline)?,
        None => {
            let reads = references(question.sql).map_err(PipelineError::of_model("query"))?;
            owner(open, reads.iter().map(|r| r.name.as_str()))?
        }
    };
    let Question { sql, purpose, as_of, now, consent, .. } = *question;
    let judgement = Judgement::decide(&open.project, consent, as_of, now, [purpose])?;
    let asker = Asker::new(open, pipeline, question.lake, judgement).await?;
    if judgement.is_replay() {
        asker.audit_replay(question).await?;
    }
    asker.ask(sql, purpose).await
}

/// Asks one pipeline's published tables several questions, reading customers and consent once.
pub struct Asker<'a> {
    open: &'a OpenProject,
    pipeline: &'a Pipeline,
    lake: Lake,
    engine: Engine,
    judgement: Judgement,
    customers: Mutex<Option<Option<Customers>>>,
    /// What has been asked about.
    asked: Mutex<BTreeSet<String>>,
}

impl<'a> Asker<'a> {
    /// Opens the lake for questions about people judged as of an instant.
    ///
    /// # Errors
    /// Those of the lake and the engine; [`PipelineError::Project`].
    pub async fn new(
        open: &'a OpenProject,
        pipeline: &'a Pipeline,
        lake: Option<&str>,
        judgement: Judgement,
    ) -> Result<Self, PipelineError> {
        let errors: Vec<_> = open.problems.iter().filter(|p| p.severity == Severity::Error).cloned().collect();
        if !errors.is_empty() {
            return Err(PipelineError::Project(errors));
        }
        let lake = Lake::open(&open.lake_url(lake)?)?;
        lake.check_access().await?;
        // One answer is of one run, also while another publishes.
        let lake = lake.between_publications().await?;
        let options = open.engine_options();
        let engine = Engine::new(lake.store().clone(), options).map_err(PipelineError::of_model("query"))?;
        Ok(Self { open, pipeline, lake, engine, judgement, customers: Mutex::new(None), asked: Mutex::default() })
    }

    /// Spares it reading customers and consent: they are those that a run has just published for this pipeline, judged
    /// as of the same instant.
    #[must_use]
    pub fn knowing(self, customers: Customers) -> Self {
        Self { customers: Mutex::new(Some(Some(customers))), ..self }
    }

    /// Starts a query.
    ///
    /// # Errors
    /// Those of the lake and the engine; [`PipelineError::UnknownPurpose`].
    pub async fn ask(&self, sql: &str, purpose: &str) -> Result<Running, PipelineError> {
        let session = self.session(sql, purpose).await?;
        if !self.open.project.settings.keep_apart.is_empty() {
            self.keep_apart(&session, sql).await?;
        }
        session.narrowing().run(sql).await.map_err(PipelineError::of_model("query"))
    }

    /// Opens a session that can read what a query names, as it is published.
    ///
    /// # Errors
    /// As [`Asker::ask`].
    pub async fn session(&self, sql: &str, purpose: &str) -> Result<Session, PipelineError> {
        let Some(purpose) = self.open.project.purposes.find(purpose) else {
            return Err(PipelineError::UnknownPurpose {
                name: purpose.to_owned(),
                known: self.open.project.purposes.purposes.iter().map(|p| p.name.value.clone()).collect(),
            });
        };
        let purpose = purpose.name.value.clone();
        let reads = references(sql).map_err(PipelineError::of_model("query"))?;
        let mut relations = Relations::declared(self.open, self.pipeline, self.judgement.at);
        let known = relations.names();
        if let Some(unknown) = reads.iter().find(|r| !known.contains(&r.name)) {
            return Err(PipelineError::of_model("query")(EngineError::Sql(SqlProblem {
                code: None,
                message: format!("pipeline {} has no table {:?}", self.pipeline.name.value, unknown.name),
                at: unknown.at,
                hint: Some(match nearest(&unknown.name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("tables: {}", known.join(", ")),
                }),
            })));
        }
        let survey = Survey { lake: &self.lake, zone: self.open.zone(), keys: None };
        let mut personal = false;
        for name in reads.iter().map(|r| r.name.as_str()) {
            let view = if name == CUSTOMERS {
                personal = true;
                None // comes with the customers
            } else if let Some(table) = self.open.project.table(name) {
                personal |= table.subject.is_some();
                let view = TableView::published(&self.lake, Zone::Curated, name).await?;
                view.map(|view| stored_columns::of_table(table, view)).transpose()?
            } else if let Some(dataset) = self.open.project.dataset(name) {
                personal |= dataset.has_subjects();
                let published = self.lake.table(Zone::Conformed, name).await?;
                match published {
                    Some(published) => Some(stored_columns::of_dataset(&survey, dataset, published).await?),
                    None => None,
                }
            } else {
                None
            };
            if let Some(view) = view {
                relations.set(name, view);
            }
        }
        let mut kept = self.customers.lock().await;
        if personal && kept.is_none() {
            project_consent::refuse_undeclared_logs(&self.open.project, self.pipeline, &self.lake).await?;
            *kept = Some(known_customers(self.open, self.pipeline, &self.lake, &self.judgement).await?);
        }
        if let Some(Some(customers)) = kept.as_mut() {
            if reads.iter().any(|r| r.name == CUSTOMERS) {
                // Which customers a purpose may know of is said by the rows of the datasets that serve it.
                let view = CustomerView::for_purpose(&self.open.project, self.pipeline, &purpose);
                for dataset in view.looked_up() {
                    self.resolve_subjects(customers, &dataset.name.value).await?;
                }
            }
            // Of a relation that is read once, the reading itself looks them up.
            for read in &reads {
                if !self.asked.lock().await.insert(read.name.clone()) {
                    self.resolve_subjects(customers, &read.name).await?;
                }
            }
        }
        let mut nobody = None;
        let customers = kept.as_mut().unwrap_or(&mut nobody);
        if let Some(customers) = customers {
            relations.set(CUSTOMERS, customers.table.clone());
        }
        let readable = relations.of(reads.iter().map(|r| r.name.as_str()), &purpose, customers)?;
        let spec = SessionSpec { purpose, as_of: self.judgement.as_of, zone: self.open.zone(), minimum_subjects: 1 };
        Session::new(&self.engine, &spec, readable).map_err(PipelineError::of_model("query"))
    }
}

impl Asker<'_> {
    /// Refuses a query that brings pseudonyms together which the project keeps apart.
    async fn keep_apart(&self, session: &Session, sql: &str) -> Result<(), PipelineError> {
        let plan = session.plan(sql).await.map_err(PipelineError::of_model("query"))?;
        let lineage = on_planning_stack(|| column_lineage(&plan).and_then(Lineage::complete))?;
        let reads = references(sql).map_err(PipelineError::of_model("query"))?;
        apart::check_query(self.open, self.pipeline, reads.iter().map(|read| read.name.as_str()), &lineage).await
    }

    /// Writes down who replays what. The SQL itself may name people, and is written as its SHA-256.
    async fn audit_replay(&self, question: &Question<'_>) -> Result<(), PipelineError> {
        let sql: String = Sha256::digest(question.sql.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let event = json!({
            "event": "query_replayed",
            "who": question.who,
            "pipeline": self.pipeline.name.value,
            "purpose": question.purpose,
            "as_of": question.as_of,
            "sql_sha256": sql,
        });
        let written = self.lake.audit().append(event, question.now).await;
        written.map(drop).map_err(|source| PipelineError::ReplayNotAudited { source: Box::new(source) })
    }

    /// Resolves the data subjects of a published table's rows, unless that is done.
    async fn resolve_subjects(&self, customers: &mut Customers, name: &str) -> Result<(), PipelineError> {
        if !customers.rows.contains_key(name) {
            let rows = placed::as_published(&self.lake, &self.open.project, self.pipeline, name, customers).await?;
            customers.rows.extend(rows.map(|rows| (name.to_owned(), Arc::new(rows))));
        }
        Ok(())
    }
}

/// The pipeline that has the relations named.
fn owner<'a, 'n>(open: &'a OpenProject, names: impl Iterator<Item = &'n str>) -> Result<&'a Pipeline, PipelineError> {
    let names: Vec<&str> = names.collect();
    let mut fitting = open.project.pipelines.iter().filter(|p| {
        let own = Relations::declared(open, p, DateTime::UNIX_EPOCH).names();
        names.iter().all(|n| own.iter().any(|o| o == n))
    });
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        _ => open.pipeline(None),
    }
}

/// The published customers of a pipeline, judged by every consent log and suppression list of the project.
async fn known_customers(
    open: &OpenProject,
    pipeline: &Pipeline,
    lake: &Lake,
    judgement: &Judgement,
) -> Result<Option<Customers>, PipelineError> {
    let Some(rules) = &pipeline.identity else { return Ok(None) };
    let mut people = People::new(&open.project, rules, judgement);
    let others = project_consent::of_other_pipelines(&open.project, pipeline, &people);
    let datasets: Vec<&Dataset> =
        pipeline.channels.iter().filter_map(|c| open.project.dataset(&c.dataset.value)).collect();
    let today = key_of(lake, &datasets).await?;
    project_consent::note(&mut people, open, pipeline, &others, lake, today.as_ref()).await?;
    let (bearing, other): (Vec<&Dataset>, Vec<&Dataset>) =
        datasets.into_iter().filter(|d| d.has_subjects()).partition(|d| statements::bear_on(&people.consent, d));
    for dataset in bearing {
        project_consent::published(&open.project, pipeline, dataset, lake).await?;
        observe_published(&mut people, open, dataset, lake).await?;
        unread::note(&mut people.consent, &unread::read(lake, dataset).await?);
    }
    // Only who stood in one record with a device tells whom its signal reaches, and the lake does not keep that.
    if people.consent.signals().next().is_some() {
        for dataset in other {
            observe_published(&mut people, open, dataset, lake).await?;
        }
        people.spread_signals();
    }
    published(lake, &pipeline.name.value, people.consent).await
}

/// The key that the pseudonyms of a pipeline's datasets were made with: a run allows only one.
async fn key_of(lake: &Lake, datasets: &[&Dataset]) -> Result<Option<KeyFacts>, PipelineError> {
    for dataset in datasets.iter().filter(|dataset| dataset.has_subjects()) {
        if let Some(table) = lake.table(Zone::Conformed, &dataset.name.value).await?
            && let Some(facts) = key_facts(&table)?
        {
            return Ok(Some(facts));
        }
    }
    Ok(None)
}

/// Shows the published rows of a dataset to those who gather people.
async fn observe_published(
    people: &mut People,
    open: &OpenProject,
    dataset: &Dataset,
    lake: &Lake,
) -> Result<(), PipelineError> {
    let Some(table) = lake.table(Zone::Conformed, &dataset.name.value).await? else { return Ok(()) };
    Survey { lake, zone: open.zone(), keys: None }.refuse_changed(dataset, Some(&table)).await?;
    let mut columns = People::columns(dataset);
    columns.retain(|column| table.schema.field_with_name(column).is_ok());
    let mut batches = lake.read_table_batches(&table, Some(&columns))?;
    while let Some(batch) = batches.try_next().await? {
        people.observe(dataset, &batch)?;
    }
    Ok(())
}
