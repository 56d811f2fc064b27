//! OpenLineage 2-0-2 run events, typed, with the facets that a batch data platform fills in.
//!
//! A run gives one [`EventType::Start`] and then one of [`EventType::Complete`],
//! [`EventType::Fail`] and [`EventType::Abort`]. Times and run ids are passed in; nothing here
//! reads a clock or makes an id. [`RunEvent::to_line`] writes a line of an NDJSON file or the body
//! of a `POST` to an OpenLineage endpoint.
//!
//! No facet here has a place for a value of a data cell: of the quality metrics of a column only
//! the counts are typed, not its least, greatest and sum.

mod column_lineage;
mod dataset_facets;
mod event;
mod facet;
mod job_facets;
mod row_account;
mod run_facets;

pub use column_lineage::{
    ColumnLineage, ColumnLineageField, InputField, Transformation, TransformationSubtype, TransformationType,
};
pub use dataset_facets::{
    ColumnMetrics, DataQualityMetrics, DataSource, DatasetDocumentation, DatasetFacets, DatasetOwnership,
    DatasetVersion, InputFacets, InputStatistics, OutputFacets, OutputStatistics, Owner, Schema, SchemaField,
};
pub use event::{DatasetId, EventType, InputDataset, Job, OutputDataset, Run, RunEvent};
pub use facet::{Facet, FacetBody, Producer};
pub use job_facets::{JobDocumentation, JobFacets, JobOwnership, JobType, ProcessingType, Sql};
pub use row_account::{Quarantined, RowAccount, Withheld};
pub use run_facets::{ErrorMessage, JobId, NominalTime, ParentRun, ProcessingEngine, RootRun, RunFacets, RunId};
