//! One column of a draft: what the plan gives, and what the dictionary says of what it is made of.

use arrow::datatypes::{DataType as Arrow, Field};
use lakewarden_dictionary::{
    DataType, Dataset, IdentifierClass, Label as Name, Project, Table, fideslang, is_category_of_people,
};
use lakewarden_lineage::columns::{AppliedKind, Direct, DirectKind, OutputColumn, SourceColumn};
use lakewarden_policy::labels::{Identifiability, Label, Rows, of_output, of_source};
use serde::Serialize;
use std::collections::BTreeSet;

/// Sources named of a column.
const SOURCES: usize = 6;

/// A column as it is drafted. What is absent is a placeholder in the entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DraftColumn {
    /// Its name.
    pub name: String,
    /// Its type; `None` where the dictionary has no such type.
    #[serde(rename = "type", serialize_with = "as_text")]
    pub data_type: Option<DataType>,
    /// The plan's own name of the type, where the dictionary has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_type: Option<String>,
    /// Whether the plan shows that it is never null.
    pub required: bool,
    /// What people call it, where it is taken as it is from a column that has a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Name>,
    /// What it means, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Its unit, where all that it is made of has the same and nothing on the way changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How near it brings a reader to a person.
    pub identifier: IdentifierClass,
    /// Whether it holds a pseudonym.
    pub pseudonym: bool,
    /// What it says of people, if that is one category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The columns that it is made of.
    pub sources: Vec<String>,
    /// Whether it needs a statistical period.
    pub needs_period: bool,
    /// That of the column it is taken from as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistical_period: Option<String>,
    /// What a reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

fn as_text<S: serde::Serializer>(data_type: &Option<DataType>, serializer: S) -> Result<S::Ok, S::Error> {
    data_type.map(|data_type| data_type.to_string()).serialize(serializer)
}

/// What columns are described from.
pub(super) struct ColumnSources<'a> {
    pub project: &'a Project,
    pub rows: Rows,
    pub grain: &'a [String],
}

/// A declared column that a value comes from.
struct Declared<'a> {
    label: &'a Name,
    meaning: &'a str,
    unit: Option<&'a str>,
    statistical_period: Option<&'a str>,
}

impl ColumnSources<'_> {
    /// Describes an output; with its label, if it is made of anything.
    pub fn describe(&self, output: &OutputColumn, field: &Field) -> (DraftColumn, Option<Label>) {
        let mut notes = Vec::new();
        let label_of = |source: &SourceColumn| {
            let unknown = || Label::of(Identifiability::Direct, None);
            of_source(self.project, &source.relation.to_string(), &source.column).unwrap_or_else(unknown)
        };
        let label = match of_output(output, self.rows, &self.project.purposes, label_of) {
            Ok(found) => found.map(|(_, label)| label),
            Err(undeclared) => {
                notes.push(format!("`{}` does not compile: use another function", undeclared.function));
                Some(Label::of(Identifiability::Direct, None))
            }
        };
        let data_type = type_of(field.data_type());
        let same = self.taken_as_it_is(output);
        let unit = self.unit(output);
        let numeric = data_type.is_some_and(DataType::is_numeric);
        let in_grain = self.grain.contains(&output.name);
        let identifiability = label.as_ref().map(|label| &label.identifiability);
        if identifiability == Some(&Identifiability::Direct) {
            notes.push("it names a person: leave it out of the SELECT".to_owned());
        }
        let many = matches!(self.rows, Rows::OfMany { .. });
        if many && identifiability == Some(&Identifiability::Attribute) {
            notes.push("it is one person's value: aggregate it, or group by it".to_owned());
        }
        let column = DraftColumn {
            name: output.name.clone(),
            plan_type: data_type.is_none().then(|| field.data_type().to_string()),
            data_type,
            required: !field.is_nullable(),
            label: same.as_ref().map(|same| same.label.clone()),
            meaning: same.as_ref().map(|same| same.meaning.to_owned()),
            needs_period: numeric && (unit.is_some() || !in_grain),
            unit,
            identifier: match identifiability {
                Some(Identifiability::Pseudonym(_) | Identifiability::Quasi | Identifiability::Direct) => {
                    IdentifierClass::Quasi
                }
                Some(Identifiability::None | Identifiability::Aggregate | Identifiability::Attribute) | None => {
                    IdentifierClass::None
                }
            },
            pseudonym: matches!(identifiability, Some(Identifiability::Pseudonym(_))),
            category: label.as_ref().filter(|_| !many).and_then(category),
            sources: output.direct.keys().take(SOURCES).map(ToString::to_string).collect(),
            statistical_period: same.and_then(|same| same.statistical_period.map(str::to_owned)),
            notes,
        };
        (column, label)
    }

    /// The declared column that an output is, renamed or not.
    fn taken_as_it_is(&self, output: &OutputColumn) -> Option<Declared<'_>> {
        let mut sources = output.direct.iter();
        match (sources.next(), sources.next()) {
            (Some((source, direct)), None) if direct.kind() == DirectKind::Identity && direct.ways().len() == 1 => {
                self.declared(source)
            }
            _ => None,
        }
    }

    /// The unit that all sources have, if nothing on the way changes it.
    fn unit(&self, output: &OutputColumn) -> Option<String> {
        let units: BTreeSet<Option<&str>> = output
            .direct
            .iter()
            .map(|(source, direct)| self.declared(source)?.unit.filter(|_| keeps_unit(direct)))
            .collect();
        match units.into_iter().collect::<Vec<_>>().as_slice() {
            [Some(unit)] => Some((*unit).to_owned()),
            _ => None,
        }
    }

    fn declared(&self, source: &SourceColumn) -> Option<Declared<'_>> {
        let relation = source.relation.to_string();
        let of_dataset = |dataset: &'_ Dataset| -> Option<usize> {
            dataset.fields.iter().position(|field| field.column.value == source.column)
        };
        if let Some(dataset) = self.project.dataset(&relation) {
            let field = &dataset.fields[of_dataset(dataset)?];
            return Some(Declared {
                label: &field.label,
                meaning: &field.meaning,
                unit: field.unit.as_deref(),
                statistical_period: field.statistical_period.as_deref(),
            });
        }
        let table: &Table = self.project.table(&relation)?;
        let column = table.column(&source.column)?;
        Some(Declared {
            label: &column.label,
            meaning: &column.meaning,
            unit: column.unit.as_deref(),
            statistical_period: column.statistical_period.as_deref(),
        })
    }
}

/// Whether a value has the unit of what it is made of, whatever happens to it on the way.
fn keeps_unit(direct: &Direct) -> bool {
    const KEEPING: [&str; 22] = [
        "CAST",
        "TRY_CAST",
        "+",
        "-",
        "sum",
        "avg",
        "mean",
        "min",
        "max",
        "median",
        "first_value",
        "last_value",
        "abs",
        "round",
        "least",
        "greatest",
        "lag",
        "lead",
        "coalesce",
        "nullif",
        "percentile_cont",
        "approx_percentile_cont",
    ];
    direct.ways().iter().all(|way| {
        way.through().iter().all(|applied| {
            let known = KEEPING.contains(&&*applied.name);
            match applied.kind {
                AppliedKind::Operator
                | AppliedKind::Scalar
                | AppliedKind::Aggregate
                | AppliedKind::WindowAggregate
                | AppliedKind::Window => known,
            }
        })
    })
}

/// The category of a column: that of what it is made of, or the narrowest that has all of them.
fn category(label: &Label) -> Option<String> {
    if let Identifiability::Pseudonym(_) = label.identifiability {
        return Some("user.unique_id.pseudonymous".to_owned());
    }
    let common =
        label.categories.iter().filter(|category| is_category_of_people(category)).cloned().reduce(|one, two| {
            let parts = one.split('.').zip(two.split('.')).take_while(|(a, b)| a == b).map(|(part, _)| part);
            parts.collect::<Vec<_>>().join(".")
        })?;
    // `user` alone says that it is about people, and nothing of what it says.
    (common.contains('.') && fideslang::is_data_category(&common)).then_some(common)
}

/// The dictionary's type of a column of a plan.
fn type_of(arrow: &Arrow) -> Option<DataType> {
    Some(match arrow {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::String,
        Arrow::Int8
        | Arrow::Int16
        | Arrow::Int32
        | Arrow::Int64
        | Arrow::UInt8
        | Arrow::UInt16
        | Arrow::UInt32
        | Arrow::UInt64 => DataType::Integer,
        Arrow::Float32 | Arrow::Float64 => DataType::Double,
        Arrow::Decimal128(precision, scale) => DataType::Decimal { precision: *precision, scale: *scale },
        Arrow::Boolean => DataType::Boolean,
        Arrow::Date32 => DataType::Date,
        Arrow::Timestamp(_, Some(_)) => DataType::Timestamp,
        _ => return None,
    })
}
