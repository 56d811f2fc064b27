//! Which columns are read: the declared ones, and no other.

use super::error::Fault;
use lakewarden_dictionary::{Container, Dataset, Format, nearest};

/// A column as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    /// The server's name for its type.
    pub type_name: String,
    /// Whether its values are days or instants, which arrive as ISO 8601.
    pub temporal: bool,
    /// Whether it is known never to be null.
    pub never_null: bool,
}

/// What of a relation is read.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    /// The columns that are declared, in the dataset's order.
    pub columns: Vec<Column>,
    /// The names of those that are not.
    pub undeclared: Vec<String>,
}

impl Projection {
    /// Finds the declared fields among the columns, by name.
    pub(super) fn of(dataset: &Dataset, found: &[Column]) -> Result<Self, Fault> {
        let declared = |name: &str| dataset.fields.iter().any(|f| f.name.value == name);
        let undeclared: Vec<String> = found.iter().filter(|c| !declared(&c.name)).map(|c| c.name.clone()).collect();
        let (mut columns, mut missing) = (Vec::new(), Vec::new());
        for field in &dataset.fields {
            let name = &field.name.value;
            match found.iter().find(|c| c.name == *name) {
                Some(column) => columns.push(column.clone()),
                None if field.optional => {}
                None => {
                    let near = nearest(name, undeclared.iter().map(String::as_str)).map(str::to_owned);
                    missing.push((name.clone(), near));
                }
            }
        }
        if !missing.is_empty() || columns.is_empty() {
            return Err(Fault::MissingColumns { columns: missing });
        }
        Ok(Self { columns, undeclared })
    }

    /// The dataset as these columns arrive: CSV in UTF-8, days and instants in ISO 8601, numbers with a point, whatever its files are like.
    pub(super) fn as_read(&self, dataset: &Dataset) -> Dataset {
        let mut read = dataset.clone();
        read.format = Format::new(Container::Csv);
        for field in &mut read.fields {
            let Some(column) = self.columns.iter().find(|c| c.name == field.name.value) else { continue };
            if column.temporal {
                field.time_formats.clear();
            }
            if column.type_name.starts_with("bool") {
                field.values.boolean_words = None;
            }
            if is_number(&column.type_name) {
                field.values.number_format = None;
            }
        }
        read
    }

    /// The first line of the CSV.
    pub(super) fn header(&self) -> Vec<u8> {
        let names: Vec<String> = self.columns.iter().map(|c| format!("\"{}\"", c.name.replace('"', "\"\""))).collect();
        format!("{}\n", names.join(",")).into_bytes()
    }
}

/// Whether values of a type are numbers, which a server writes in digits with a point.
fn is_number(type_name: &str) -> bool {
    let kinds =
        ["int", "tinyint", "smallint", "mediumint", "bigint", "float", "double", "real", "numeric", "decimal", "money"];
    kinds.iter().any(|kind| type_name.to_ascii_lowercase().starts_with(kind)) && !type_name.starts_with("interval")
}
