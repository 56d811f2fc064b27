//! What a session can be asked about.

use crate::retention::Retention;
use crate::rows::RowSubjects;
use crate::subjects::SubjectIndex;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lakewarden_dictionary::UNIDENTIFIED_COLUMN;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::{Decisions, Ruling};
use std::sync::Arc;

/// A Parquet file of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Relative to the lake's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// Where a relation's rows are.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nowhere yet: it has columns and no rows.
    Declared(SchemaRef),
    /// In Parquet files of the lake.
    Files {
        /// Their columns.
        schema: SchemaRef,
        /// The files.
        files: Vec<DataFile>,
    },
    /// In memory (small tables that the engine itself makes).
    Memory {
        /// Their columns.
        schema: SchemaRef,
        /// The rows.
        batches: Vec<RecordBatch>,
    },
}

impl Content {
    pub(crate) fn schema(&self) -> &SchemaRef {
        match self {
            Content::Declared(schema) | Content::Files { schema, .. } | Content::Memory { schema, .. } => schema,
        }
    }
}

/// How rows name their data subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectColumns {
    /// Not at all: the gate decides by retention alone.
    Unresolvable,
    /// By pseudonyms, at least one; the relation gains a column `customer_id`. A row with pseudonyms of which none belongs
    /// to a customer is about a person who is not known.
    Tokens {
        /// Columns of the identifier domains that make customers, strongest first.
        linking: Vec<String>,
        /// Columns of other domains, and of domains that differ by row. They make no customers; what a person refused by
        /// one of these pseudonyms holds for the rows that carry it.
        other: Vec<String>,
    },
    /// By its own column `customer_id`.
    CustomerId,
}

impl SubjectColumns {
    /// Pseudonyms that all make customers.
    pub fn linking<const N: usize>(columns: [&str; N]) -> Self {
        Self::Tokens { linking: columns.map(str::to_owned).to_vec(), other: Vec::new() }
    }
}

/// What governs a relation whose ruling asks for a gate.
#[derive(Debug, Clone)]
pub struct Governance {
    /// How rows say whose they are.
    pub subject: SubjectColumns,
    /// The customers.
    pub subjects: Arc<SubjectIndex>,
    /// The decision for each of them, for the session's purpose.
    pub decisions: Arc<Decisions>,
    /// Whose the rows of its files are, where somebody has looked their pseudonyms up already.
    pub rows: Option<Arc<RowSubjects>>,
    /// How long its rows are kept; `None`: for ever, as far as scans are concerned.
    pub retention: Option<Retention>,
}

/// A table as a session sees it.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its name in SQL: `name` or `schema.name`.
    pub name: String,
    /// Its rows.
    pub content: Content,
    /// What the policy says of it for the session's purpose.
    pub ruling: Ruling,
    /// Present exactly for relations whose ruling asks for a gate, or refuses.
    pub governance: Option<Governance>,
}

impl Relation {
    /// Whether its governance is the one that its ruling asks for.
    pub(crate) fn is_governed_as_ruled(&self) -> bool {
        match (&self.ruling, self.governance.as_ref().map(|governance| &governance.subject)) {
            (Ruling::Open, None) | (Ruling::Refused(_), _) => true,
            (Ruling::Gated { .. }, Some(SubjectColumns::Tokens { linking, other })) => {
                !linking.is_empty() || !other.is_empty()
            }
            (Ruling::Gated { .. }, Some(SubjectColumns::CustomerId))
            | (Ruling::WithoutSubject { .. } | Ruling::Limited { .. }, Some(SubjectColumns::Unresolvable)) => true,
            (Ruling::Open, Some(_))
            | (Ruling::Gated { .. }, Some(SubjectColumns::Unresolvable) | None)
            | (
                Ruling::WithoutSubject { .. } | Ruling::Limited { .. },
                Some(SubjectColumns::Tokens { .. } | SubjectColumns::CustomerId) | None,
            ) => false,
        }
    }

    /// The columns SQL sees: text as it is stored, without the engine's own column, and `customer_id` last where pseudonyms
    /// identify the data subject of a row.
    pub fn visible_schema(&self) -> SchemaRef {
        let seen = self.content.schema().fields().iter().filter(|f| f.name() != UNIDENTIFIED_COLUMN);
        let mut fields: Vec<Field> = seen.map(|f| as_read(f)).collect();
        match self.governance.as_ref().map(|governance| &governance.subject) {
            Some(SubjectColumns::Tokens { .. }) => fields.push(Field::new(SUBJECT_COLUMN, DataType::Utf8, true)),
            Some(SubjectColumns::CustomerId | SubjectColumns::Unresolvable) | None => {}
        }
        Arc::new(Schema::new(fields))
    }
}

/// Text is read as it is stored. Views would share buffers, and sorts and windows then count the same buffer
/// once a batch: at five million rows that exhausts a budget of which a tenth is used.
pub(crate) fn as_read(field: &Field) -> Field {
    match field.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => field.clone().with_data_type(DataType::Utf8),
        DataType::BinaryView | DataType::LargeBinary => field.clone().with_data_type(DataType::Binary),
        _ => field.clone(),
    }
}
