//! What a table and its columns are, in words that every reader of Delta tables can show.

use std::collections::BTreeMap;

use deltalake_core::kernel::{Metadata, StructType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::zone::{TableId, Zone};

/// Begins the keys of properties and of column metadata that are Lakewarden's.
pub const PROPERTY_PREFIX: &str = "lakewarden.";
/// The key of column metadata that other programs show as the column's comment.
pub const COMMENT: &str = "comment";
/// The key of a Parquet file's metadata that has the description as JSON.
pub const PARQUET_KEY: &str = "lakewarden.description";

/// The description of a table. It is dictionary text, never data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDescription {
    /// Delta's description of the table.
    pub text: String,
    /// Entries of the table's configuration. Each key begins with [`PROPERTY_PREFIX`].
    pub properties: BTreeMap<String, String>,
    /// By column: entries of its metadata. Each key is [`COMMENT`] or begins with [`PROPERTY_PREFIX`].
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
}

fn is_own_key(key: &str) -> bool {
    key == COMMENT || key.starts_with(PROPERTY_PREFIX)
}

impl TableDescription {
    /// Reads the description that a table has.
    pub(crate) fn from_delta(metadata: &Metadata, schema: &StructType) -> Self {
        let own =
            |(key, value): (&String, &String)| key.starts_with(PROPERTY_PREFIX).then(|| (key.clone(), value.clone()));
        let mut columns = BTreeMap::new();
        for field in schema.fields() {
            let entries: BTreeMap<String, String> = field
                .metadata
                .iter()
                .filter(|(key, _)| is_own_key(key))
                .map(|(key, value)| (key.clone(), value.to_string()))
                .collect();
            if !entries.is_empty() {
                columns.insert(field.name().clone(), entries);
            }
        }
        Self {
            text: metadata.description().unwrap_or_default().to_owned(),
            properties: metadata.configuration().iter().filter_map(own).collect(),
            columns,
        }
    }

    /// The same without columns that a schema does not have, and without columns that say nothing.
    pub fn for_columns<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |name: &str| self.columns.get_key_value(name).filter(|(_, entries)| !entries.is_empty());
        let columns = names.into_iter().filter_map(known).map(|(n, entries)| (n.clone(), entries.clone())).collect();
        Self { columns, ..self.clone() }
    }

    /// Writes the properties into a table's configuration, in place of those of an earlier description.
    pub(crate) fn write_properties(&self, configuration: &mut Map<String, Value>) {
        configuration.retain(|key, _| !key.starts_with(PROPERTY_PREFIX));
        for (key, value) in self.properties.iter().filter(|(key, _)| key.starts_with(PROPERTY_PREFIX)) {
            configuration.insert(key.clone(), Value::from(value.as_str()));
        }
    }

    /// Writes the columns' entries into a Delta schema, in place of those of an earlier description.
    pub(crate) fn write_columns(&self, schema: &mut Value) {
        for_each_field(schema, |name, metadata| {
            metadata.retain(|key, _| !is_own_key(key));
            for (key, value) in self.columns.get(name).into_iter().flatten().filter(|(key, _)| is_own_key(key)) {
                metadata.insert(key.clone(), Value::from(value.as_str()));
            }
        });
    }

    /// The entry of a Parquet file's metadata; `None` if it cannot be written as JSON.
    pub(crate) fn to_parquet(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// Copies the metadata of columns that `from` has too.
pub(crate) fn keep_column_metadata(from: &Value, to: &mut Value) {
    let mut held: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for_each_field(&mut from.clone(), |name, metadata| {
        held.insert(name.to_owned(), metadata.clone());
    });
    for_each_field(to, |name, metadata| {
        if let Some(held) = held.remove(name) {
            *metadata = held;
        }
    });
}

fn for_each_field(schema: &mut Value, mut visit: impl FnMut(&str, &mut Map<String, Value>)) {
    let fields = schema.get_mut("fields").and_then(Value::as_array_mut);
    for field in fields.into_iter().flatten().filter_map(Value::as_object_mut) {
        let Some(name) = field.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
        let metadata = field.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            visit(&name, metadata);
        }
    }
}

impl Lake {
    /// Reads the description of a table at its newest version. None where there is no such table.
    ///
    /// # Errors
    /// As [`Lake::table`].
    pub async fn description(&self, zone: Zone, name: &str) -> Result<Option<TableDescription>, LakeError> {
        let id = TableId::new(zone, name)?;
        let loaded = self.load(&id).await?;
        Ok(loaded.map(|table| TableDescription::from_delta(table.delta.metadata(), &table.delta.schema())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn described(entries: &[(&str, &str)]) -> TableDescription {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        TableDescription {
            text: "Sales".to_owned(),
            properties: [("lakewarden.owner".to_owned(), "a@lakewarden.example".to_owned())].into(),
            columns: [("paid".to_owned(), entries.iter().map(own).collect())].into(),
        }
    }

    #[test]
    fn entries_of_others_stay_and_own_ones_are_replaced() {
        let mut schema = json!({ "type": "struct", "fields": [
            { "name": "paid", "metadata": { "comment": "old", "lakewarden.unit": "EUR", "other": 1 } },
            { "name": "sku", "metadata": { "comment": "gone" } },
        ] });
        described(&[("comment", "Paid"), ("lakewarden.currency", "CNY"), ("delta.typeWidening", "never")])
            .write_columns(&mut schema);
        assert_eq!(
            schema["fields"][0]["metadata"],
            json!({ "comment": "Paid", "lakewarden.currency": "CNY", "other": 1 })
        );
        assert_eq!(schema["fields"][1]["metadata"], json!({}));
        let mut configuration = json!({ "delta.appendOnly": "false", "lakewarden.purpose": "old" });
        let map = configuration.as_object_mut().unwrap();
        let mut description = described(&[]);
        description.properties.insert("delta.appendOnly".to_owned(), "true".to_owned());
        description.write_properties(map);
        let expected = json!({ "delta.appendOnly": "false", "lakewarden.owner": "a@lakewarden.example" });
        assert_eq!(configuration, expected);
    }

    #[test]
    fn a_grown_schema_keeps_what_its_columns_say() {
        let from =
            json!({ "fields": [{ "name": "a", "metadata": { "comment": "A" } }, { "name": "b", "metadata": {} }] });
        let mut to = json!({ "fields": [{ "name": "c", "metadata": {} }, { "name": "a", "metadata": {} }] });
        keep_column_metadata(&from, &mut to);
        assert_eq!(to["fields"][1]["metadata"], json!({ "comment": "A" }));
        assert_eq!(to["fields"][0]["metadata"], json!({}));
    }
}
