//! What a dataset declares of the rows that it stores, as it is noted beside them.

use super::attributes::{Attribute, accepted_codes, attributes};
use crate::record::KeyFacts;
use chrono_tz::Tz;
use lakewarden_dictionary::{Dataset, DatasetRole, DatasetSubject, Field, Period, Survivor};
use lakewarden_privacy::KeyRing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Everything in a dataset's entry that decides what its stored rows mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredDeclaration {
    /// The stored columns.
    pub columns: BTreeMap<String, StoredColumn>,
    /// What is declared of the rows; `None` for rows of versions that noted treatments only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<RowTerms>,
    /// The key that pseudonyms were made with; `None` if there are none, or if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym_key: Option<KeyFacts>,
    /// The retention under which a run removed rows that were stored under it: the shortest of several, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_under: Option<String>,
}

/// What is declared of rows as wholes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowTerms {
    /// What the engine uses the dataset for.
    pub role: String,
    /// Whether rows name their data subjects.
    pub subject: String,
    /// The columns that name a row, sorted.
    pub row_key: Vec<String>,
    /// Which row of a key is kept, and what a later one does.
    pub survivor: String,
    /// The column with the time of a row.
    pub event_time: Option<String>,
    /// How long rows are kept, ISO 8601.
    pub retention: Option<String>,
}

/// What is declared of a stored column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredColumn {
    /// Its type as stored.
    #[serde(rename = "type")]
    pub stored_type: String,
    /// What was done to its values; `None` if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Value>,
    /// How its values were read; `None` if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<ColumnReading>,
}

/// How a column's values are read from an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnReading {
    /// The field of the export.
    pub field: String,
    /// What decides which value a text becomes. What is not here is as by default.
    pub attributes: BTreeMap<Attribute, Value>,
    /// The only values that a rule let in, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// The first day whose rows have it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

impl StoredDeclaration {
    /// What a dataset declares today. `zone` is the project's; without `keys` it is not said with which key.
    pub fn from_dataset(dataset: &Dataset, zone: Tz, keys: Option<&KeyRing>) -> Self {
        let columns = dataset.stored().map(|f| (f.column.value.clone(), StoredColumn::from_field(dataset, f, zone)));
        let has_pseudonyms = dataset.pseudonyms().next().is_some();
        Self {
            columns: columns.collect(),
            terms: Some(RowTerms::from_dataset(dataset)),
            pseudonym_key: keys.filter(|_| has_pseudonyms).map(KeyFacts::of),
            removed_under: None,
        }
    }

    /// Notes that a run removed rows under a retention.
    pub fn note_removal(&mut self, retention: Period) {
        let known = self.removed_under.as_ref().and_then(|text| text.parse::<Period>().ok());
        if known.is_none_or(|known| known.is_longer_than(&retention)) {
            self.removed_under = Some(retention.to_string());
        }
    }

    /// Names it: equal declarations have equal ids. 32 hexadecimal digits of a SHA-256.
    pub fn id(&self) -> String {
        // Maps with text keys can always be written as JSON.
        let text = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether rows are stored with a pseudonym.
    pub fn pseudonyms(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|(_, column)| column.is_pseudonym()).map(|(name, _)| name.as_str())
    }
}

impl RowTerms {
    fn from_dataset(dataset: &Dataset) -> Self {
        let mut row_key: Vec<String> = dataset.key.iter().map(|part| part.value.clone()).collect();
        row_key.sort_unstable();
        let survivor = match &dataset.repeats.survivor {
            Survivor::First => "first".to_owned(),
            Survivor::Last => "last".to_owned(),
            Survivor::Latest(column) => format!("latest {}", column.value),
        };
        Self {
            role: match dataset.role {
                DatasetRole::Data => "data",
                DatasetRole::ConsentLog => "consent_log",
                DatasetRole::SuppressionList => "suppression_list",
            }
            .to_owned(),
            subject: match dataset.subject {
                DatasetSubject::Pseudonym => "pseudonym",
                DatasetSubject::None => "none",
            }
            .to_owned(),
            row_key,
            survivor,
            event_time: dataset.event_time.as_ref().map(|event| event.value.clone()),
            retention: dataset.retention.as_ref().map(|period| period.value.to_string()),
        }
    }
}

impl StoredColumn {
    fn from_field(dataset: &Dataset, field: &Field, zone: Tz) -> Self {
        Self {
            stored_type: field.stored_type().to_string(),
            treatment: Some(json!(field.treatment)),
            reading: Some(ColumnReading {
                field: field.name.value.clone(),
                attributes: attributes(dataset, field, zone),
                codes: accepted_codes(field),
                since: field.since.as_ref().map(|since| since.value.to_string()),
            }),
        }
    }

    /// Whether it holds pseudonyms.
    pub fn is_pseudonym(&self) -> bool {
        // The treatments without anything to say are words; `pseudonymise` says its domain.
        self.treatment.as_ref().and_then(Value::as_object).is_some_and(|t| t.contains_key("pseudonymise"))
    }
}
