//! The facet `columnLineage`, made from a [`Lineage`].

use std::collections::BTreeMap;

use datafusion::common::TableReference;
use serde::{Deserialize, Serialize};

use super::event::DatasetId;
use super::facet::facet_body;
use crate::columns::{Direct, DirectKind, IndirectKind, Lineage, SourceColumn};

facet_body! {
    ColumnLineage =>
        "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet",
}

/// Where the columns of an output come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLineage {
    /// By output column.
    pub fields: BTreeMap<String, ColumnLineageField>,
    /// What decides about all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dataset: Vec<InputField>,
    /// What was not understood, so that no reader takes incomplete lineage for complete. The
    /// schema allows for further properties; this one carries our prefix.
    #[serde(default, rename = "lakewarden_unknown", skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// Where one column comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnLineageField {
    /// Its sources, direct and indirect.
    pub input_fields: Vec<InputField>,
}

/// A source column and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputField {
    /// Its dataset.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// Its name.
    pub field: String,
    /// In which ways it is used.
    pub transformations: Vec<Transformation>,
}

/// One way in which a source column is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transformation {
    /// Whether its values are part of the result.
    #[serde(rename = "type")]
    pub kind: TransformationType,
    /// In which way.
    pub subtype: TransformationSubtype,
    /// Whether its values cannot be had back.
    pub masking: bool,
}

/// Whether a source column's values are part of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransformationType {
    /// They are.
    Direct,
    /// They decide about it.
    Indirect,
}

/// In which way a source column is used: see [`DirectKind`] and [`IndirectKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "documented at the kinds they are made from")]
pub enum TransformationSubtype {
    Identity,
    Transformation,
    Aggregation,
    Filter,
    Join,
    GroupBy,
    Sort,
    Window,
    Conditional,
}

impl ColumnLineage {
    /// Writes `lineage` in OpenLineage's words; `name` says which dataset a relation of the plan
    /// is. Columns of the same name, which SQL allows in a query, share one field.
    pub fn new(lineage: &Lineage, name: impl Fn(&TableReference) -> DatasetId) -> Self {
        let field = |column: &SourceColumn, transformations| InputField {
            dataset: name(&column.relation),
            field: column.column.clone(),
            transformations,
        };
        let mut fields: BTreeMap<String, ColumnLineageField> = BTreeMap::new();
        for output in &lineage.outputs {
            let mut ways: BTreeMap<&SourceColumn, Vec<Transformation>> = BTreeMap::new();
            for (column, way) in &output.direct {
                ways.entry(column).or_default().push(direct(way));
            }
            for (column, kinds) in &output.indirect {
                let kinds = kinds.iter().copied().map(indirect);
                ways.entry(column).or_default().extend(kinds);
            }
            let inputs = ways.into_iter().map(|(column, ways)| field(column, ways));
            fields.entry(output.name.clone()).or_default().input_fields.extend(inputs);
        }
        let dataset =
            lineage.indirect.iter().map(|(column, kinds)| field(column, kinds.iter().copied().map(indirect).collect()));
        Self { fields, dataset: dataset.collect(), unknown: lineage.unknown.iter().map(|u| u.what.clone()).collect() }
    }
}

fn direct(way: &Direct) -> Transformation {
    Transformation {
        kind: TransformationType::Direct,
        subtype: match way.kind() {
            DirectKind::Identity => TransformationSubtype::Identity,
            DirectKind::Transformation => TransformationSubtype::Transformation,
            DirectKind::Aggregation => TransformationSubtype::Aggregation,
        },
        masking: way.masking(),
    }
}

fn indirect(kind: IndirectKind) -> Transformation {
    Transformation {
        kind: TransformationType::Indirect,
        subtype: match kind {
            IndirectKind::Filter => TransformationSubtype::Filter,
            IndirectKind::Join => TransformationSubtype::Join,
            IndirectKind::GroupBy => TransformationSubtype::GroupBy,
            IndirectKind::Sort => TransformationSubtype::Sort,
            IndirectKind::Window => TransformationSubtype::Window,
            IndirectKind::Conditional => TransformationSubtype::Conditional,
        },
        masking: false,
    }
}
