//! One query over what is published, under the policy.

use crate::customers::{Customers, published};
use crate::error::PipelineError;
use crate::people::People;
use crate::project::OpenProject;
use crate::relations::{CUSTOMERS, Relations};
use crate::tables::TableView;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use lakewarden_dictionary::{DatasetRole, Pipeline, Severity};
use lakewarden_engine::{Engine, EngineOptions, Running, Session, SessionSpec, references};
use lakewarden_lake::{Lake, Zone};
use lakewarden_policy::ConsentBook;

/// What is asked, what for, and of which lake.
pub struct Question<'a> {
    /// The query.
    pub sql: &'a str,
    /// The purpose.
    pub purpose: &'a str,
    /// The pipeline whose relations it names; the only one there is if absent.
    pub pipeline: Option<&'a str>,
    /// The lake, instead of the project's.
    pub lake: Option<&'a str>,
    /// The instant of `as_of()` and of consent.
    pub as_of: DateTime<Utc>,
}

/// Starts a query over the lake's published tables. The same gate as for models stands over its scans.
///
/// # Errors
/// Those of the lake and the engine; [`PipelineError::UnknownPurpose`].
pub async fn query(open: &OpenProject, question: &Question<'_>) -> Result<Running, PipelineError> {
    let errors: Vec<_> = open.problems.iter().filter(|p| p.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(PipelineError::Project(errors));
    }
    let Some(purpose) = open.project.purposes.find(question.purpose) else {
        return Err(PipelineError::UnknownPurpose {
            name: question.purpose.to_owned(),
            known: open.project.purposes.purposes.iter().map(|p| p.name.value.clone()).collect(),
        });
    };
    let purpose = purpose.name.value.clone();
    let reads = references(question.sql).map_err(PipelineError::of_model("query"))?;
    let pipeline = match question.pipeline {
        Some(_) => open.pipeline(question.pipeline)?,
        None => owner(open, reads.iter().map(|r| r.name.as_str()))?,
    };
    let lake = Lake::open(&open.lake_url(question.lake)?)?;
    lake.check_access().await?;
    let mut relations = Relations::declared(open, pipeline);
    for reference in &reads {
        let name = reference.name.as_str();
        let view = if name == CUSTOMERS {
            None // comes with the customers
        } else if open.project.table(name).is_some() {
            TableView::published(&lake, Zone::Curated, name).await?
        } else if open.project.dataset(name).is_some() {
            TableView::published(&lake, Zone::Conformed, name).await?
        } else {
            None
        };
        if let Some(view) = view {
            relations.set(name, view);
        }
    }
    let mut customers = known_customers(open, pipeline, &lake, question.as_of).await?;
    if let Some(customers) = &customers {
        relations.set(CUSTOMERS, customers.table.clone());
    }
    let readable = relations.of(reads.iter().map(|r| r.name.as_str()), &purpose, &mut customers);
    let mut options = EngineOptions::default();
    if let Some(budget) = open.project.settings.memory_budget {
        options.memory = budget;
    }
    let engine = Engine::new(lake.store().clone(), options).map_err(PipelineError::of_model("query"))?;
    let spec = SessionSpec { purpose, as_of: question.as_of, zone: open.zone() };
    let session = Session::new(&engine, &spec, readable).map_err(PipelineError::of_model("query"))?;
    session.run(question.sql).await.map_err(PipelineError::of_model("query"))
}

/// The pipeline that has the relations named.
fn owner<'a, 'n>(open: &'a OpenProject, names: impl Iterator<Item = &'n str>) -> Result<&'a Pipeline, PipelineError> {
    let names: Vec<&str> = names.collect();
    let mut fitting = open.project.pipelines.iter().filter(|p| {
        let own = Relations::declared(open, p).names();
        names.iter().all(|n| own.iter().any(|o| o == n))
    });
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        _ => open.pipeline(None),
    }
}

/// The published customers of a pipeline with the consent known as of an instant.
async fn known_customers(
    open: &OpenProject,
    pipeline: &Pipeline,
    lake: &Lake,
    as_of: DateTime<Utc>,
) -> Result<Option<Customers>, PipelineError> {
    let Some(rules) = &pipeline.identity else { return Ok(None) };
    let mut people = People::new(&open.project, rules, as_of);
    for channel in &pipeline.channels {
        let Some(dataset) = open.project.dataset(&channel.dataset.value) else { continue };
        if dataset.role != DatasetRole::ConsentLog {
            continue;
        }
        let Some(table) = lake.table(Zone::Conformed, &dataset.name.value).await? else { continue };
        let mut batches = lake.read_table_batches(&table, Some(&People::columns(dataset)))?;
        while let Some(batch) = batches.try_next().await? {
            people.observe(dataset, &batch)?;
        }
    }
    let consent: ConsentBook = people.consent;
    published(lake, &pipeline.name.value, consent).await
}
