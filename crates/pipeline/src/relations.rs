//! What the SQL of a pipeline may name, with the policy's ruling and the rows behind each name.

use crate::anomalies;
use crate::contract;
use crate::customer_view::CustomerView;
use crate::customers::Customers;
use crate::error::PipelineError;
use crate::lawful_basis::ModelSources;
use crate::project::OpenProject;
use crate::retention;
use crate::system;
use crate::tables::TableView;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Dataset, Pipeline, TokenDomain, Treatment};
use lakewarden_engine::{Content, Governance, Relation, SubjectColumns, SubjectIndex};
use lakewarden_extract::conformed_schema;
use lakewarden_identity::customers_schema;
use lakewarden_policy::{Decisions, Ruling, ruling};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The name of the relation of customers.
pub const CUSTOMERS: &str = "customers";

/// What a name in SQL stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A relation that the engine itself provides.
    System,
    /// The customers of the pipeline.
    Customers,
    /// What one of the pipeline's channels brought.
    Channel,
    /// What one of the pipeline's models makes.
    Model,
}

/// The relations of one pipeline.
pub struct Relations<'a> {
    open: &'a OpenProject,
    pipeline: &'a Pipeline,
    as_of: DateTime<Utc>,
    /// Rows by relation; one that is not here has none yet.
    views: BTreeMap<String, TableView>,
    system: Vec<Relation>,
    /// What models read; parsed once it is asked for.
    sources: OnceLock<ModelSources>,
}

impl<'a> Relations<'a> {
    /// Names and columns without rows, read as of an instant.
    pub fn declared(open: &'a OpenProject, pipeline: &'a Pipeline, as_of: DateTime<Utc>) -> Self {
        Self { open, pipeline, as_of, views: BTreeMap::new(), system: system::declared(), sources: OnceLock::new() }
    }

    /// Puts rows behind a name.
    pub fn set(&mut self, name: &str, view: TableView) {
        self.views.insert(name.to_owned(), view);
    }

    /// The rows behind a name.
    pub fn view(&self, name: &str) -> Option<&TableView> {
        self.views.get(name)
    }

    /// The dataset of a name.
    pub fn dataset(&self, name: &str) -> Option<&'a Dataset> {
        self.open.project.dataset(name)
    }

    /// Puts rows behind the engine's own relations.
    pub fn set_system(&mut self, relations: Vec<Relation>) {
        self.system = relations;
    }

    /// What a name stands for; `None` for one that SQL may not use.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        let pipeline = self.pipeline;
        if self.system.iter().any(|r| r.name == name) {
            Some(Kind::System)
        } else if name == CUSTOMERS && pipeline.identity.is_some() {
            Some(Kind::Customers)
        } else if pipeline.channels.iter().any(|c| c.dataset.value == name) || self.marks(name) {
            Some(Kind::Channel)
        } else {
            pipeline.models.iter().any(|m| m.name == name).then_some(Kind::Model)
        }
    }

    /// What the pipeline's models read.
    pub fn sources(&self) -> &ModelSources {
        self.sources.get_or_init(|| ModelSources::parse(self.pipeline))
    }

    /// Whether a name is that of the table of a channel's marked rows.
    fn marks(&self, name: &str) -> bool {
        anomalies::tables(&self.open.project, self.pipeline).any(|(_, table)| table.name.value == name)
    }

    /// Every name that SQL may use.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.pipeline.channels.iter().map(|c| c.dataset.value.clone()).collect();
        names.extend(anomalies::tables(&self.open.project, self.pipeline).map(|(_, table)| table.name.value.clone()));
        if self.pipeline.identity.is_some() {
            names.push(CUSTOMERS.to_owned());
        }
        names.extend(self.pipeline.models.iter().map(|m| m.name.clone()));
        names.extend(self.system.iter().map(|r| r.name.clone()));
        names
    }

    /// The relations of these names, ruled upon for a purpose. Unknown names are left out: the session
    /// then does not know them either.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if the stored customers do not have the columns that the relation has.
    pub fn of<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        purpose: &str,
        customers: &mut Option<Customers>,
    ) -> Result<Vec<Relation>, PipelineError> {
        names.filter_map(|name| self.one(name, purpose, customers).transpose()).collect()
    }

    fn one(
        &self,
        name: &str,
        purpose: &str,
        customers: &mut Option<Customers>,
    ) -> Result<Option<Relation>, PipelineError> {
        match self.kind(name) {
            None => Ok(None),
            Some(Kind::System) => Ok(self.system.iter().find(|r| r.name == name).cloned()),
            Some(Kind::Customers) => self.customers(name, purpose, customers).map(Some),
            Some(Kind::Channel) => Ok(self.channel(name, purpose, customers)),
            Some(Kind::Model) => Ok(self.model(name, purpose, customers)),
        }
    }

    /// The customers that a purpose may know of.
    fn customers(
        &self,
        name: &str,
        purpose: &str,
        customers: &mut Option<Customers>,
    ) -> Result<Relation, PipelineError> {
        let view = CustomerView::for_purpose(&self.open.project, self.pipeline, purpose);
        let visible = match customers {
            Some(customers) => view.visible(customers)?,
            None => None,
        };
        let own_rows = visible.is_none();
        let content = visible.unwrap_or_else(|| self.content(name, customers_schema));
        let subject = SubjectColumns::CustomerId;
        let mut relation = self.governed(name, content, view.ruling(), subject, purpose, customers);
        if let Some(governance) = relation.governance.as_mut().filter(|_| !own_rows) {
            governance.rows = None;
        }
        Ok(relation)
    }

    /// The conformed rows of a dataset.
    fn channel(&self, name: &str, purpose: &str, customers: &mut Option<Customers>) -> Option<Relation> {
        let project = &self.open.project;
        let dataset = project.dataset(name)?;
        let ruling = ruling::of_dataset(&project.purposes, dataset, purpose);
        let content = self.content(name, || conformed_schema(dataset));
        let subject = match ruling {
            Ruling::Open => return Some(Relation { name: name.to_owned(), content, ruling, governance: None }),
            Ruling::Gated { .. } => subject_columns(dataset, self.pipeline),
            Ruling::Refused(_) if dataset.has_subjects() => subject_columns(dataset, self.pipeline),
            Ruling::WithoutSubject { .. } | Ruling::Limited { .. } | Ruling::Refused(_) => SubjectColumns::Unresolvable,
        };
        let mut relation = self.governed(name, content, ruling, subject, purpose, customers);
        if let Some(governance) = &mut relation.governance {
            let over = retention::of_dataset(dataset, self.as_of, self.open.zone());
            let rows = self.views.get(name);
            governance.retention = over.filter(|r| rows.is_none_or(|rows| retention::may_end(r, rows)));
        }
        Some(relation)
    }

    /// The rows of a curated table.
    fn model(&self, name: &str, purpose: &str, customers: &mut Option<Customers>) -> Option<Relation> {
        let project = &self.open.project;
        let table = project.table(name)?;
        let made_of =
            table.subject.as_ref().and_then(|_| self.sources().basis_of_table(self.open, self.pipeline, name, purpose));
        let ruling = ruling::of_table(project, table, purpose, made_of);
        let content = self.content(name, || contract::schema(table));
        if table.subject.is_none() {
            return Some(Relation { name: name.to_owned(), content, ruling, governance: None });
        }
        Some(self.governed(name, content, ruling, SubjectColumns::CustomerId, purpose, customers))
    }

    fn content(&self, name: &str, schema: impl FnOnce() -> arrow::datatypes::SchemaRef) -> Content {
        match self.views.get(name) {
            Some(view) => view.content(),
            None => Content::Declared(schema()),
        }
    }

    fn governed(
        &self,
        name: &str,
        content: Content,
        ruling: Ruling,
        subject: SubjectColumns,
        purpose: &str,
        customers: &mut Option<Customers>,
    ) -> Relation {
        let customers = match subject {
            SubjectColumns::Tokens { .. } | SubjectColumns::CustomerId => customers.as_mut(),
            SubjectColumns::Unresolvable => None,
        };
        let (subjects, decisions, rows) = match customers {
            Some(c) => (c.subjects.clone(), c.decisions(purpose), c.rows.get(name).cloned()),
            None => (Arc::new(SubjectIndex::default()), Arc::new(Decisions::default()), None),
        };
        let governance = Governance { subject, subjects, decisions, rows, retention: None };
        Relation { name: name.to_owned(), content, ruling, governance: Some(governance) }
    }
}

/// The pseudonym columns of a dataset: those of the domains that the pipeline links on, strongest first, and the others,
/// which make no customers.
pub(crate) fn subject_columns(dataset: &Dataset, pipeline: &Pipeline) -> SubjectColumns {
    let link_on = pipeline.identity.as_ref().map(|rules| rules.link_on.as_slice()).unwrap_or_default();
    let strength = |treatment: &Treatment| match treatment {
        Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => link_on.iter().position(|d| d.value == *domain),
        Treatment::Pseudonymise(TokenDomain::ByField(_))
        | Treatment::Keep
        | Treatment::Drop
        | Treatment::Mask { .. }
        | Treatment::Redact
        | Treatment::Generalise(_) => None,
    };
    let (mut linking, mut other) = (Vec::new(), Vec::new());
    for field in dataset.pseudonyms() {
        match strength(&field.treatment) {
            Some(strength) => linking.push((strength, field.column.value.clone())),
            None => other.push(field.column.value.clone()),
        }
    }
    linking.sort_by_key(|(strength, _)| *strength);
    SubjectColumns::Tokens { linking: linking.into_iter().map(|(_, column)| column).collect(), other }
}
