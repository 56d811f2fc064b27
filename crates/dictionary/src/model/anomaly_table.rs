//! The table of a dataset's marked rows, as a dataset of its own: labelled and governed as the rows it marks.

use super::{
    DataType, Dataset, DatasetPurpose, Demands, Field, IdentifierClass, Label, Names, Normaliser, TokenDomain,
    Treatment, ValueForms,
};
use crate::diagnostic::Spanned;

/// The name of the column that says which rule marked a row.
pub const ANOMALY_RULE: &str = "anomaly";
/// The name of the column that says how far a row is from the ordinary.
pub const ANOMALY_SCORE: &str = "anomaly_score";

impl Dataset {
    /// The name of the table of its marked rows.
    pub fn anomaly_table_name(&self) -> String {
        format!("{}_anomalies", self.name.value)
    }

    /// The columns that a marked row is known by, in the table's order: the key, whose it is, and its event time.
    pub fn anomaly_columns(&self) -> Vec<&Field> {
        let needed = |field: &&Field| {
            let column = &field.column;
            let domain = self.fields.iter().any(|f| {
                matches!(&f.treatment, Treatment::Pseudonymise(TokenDomain::ByField(by))
                    if *by == column.value || *by == field.name.value)
            });
            self.key.iter().any(|k| k.value == column.value)
                || self.event_time.as_ref().is_some_and(|e| e.value == column.value)
                || field.treatment.is_pseudonym()
                || domain
        };
        self.stored().filter(needed).collect()
    }

    /// The fields that anomaly rules read.
    fn anomaly_fields(&self) -> Vec<&Field> {
        let kinds = self.demands.anomalies.iter().flat_map(|a| a.kind.columns());
        kinds.filter_map(|column| self.column(&column.value)).collect()
    }

    /// The purposes that all fields share which anomaly rules read and which restrict theirs; `None` if none does. An
    /// empty list does not compile (`LW1205`).
    pub fn anomaly_purposes(&self) -> Option<Names> {
        let read = self.anomaly_fields();
        let mut restricted = read.iter().map(|f| &f.purposes).filter(|purposes| !purposes.is_empty());
        let first = restricted.next()?.clone();
        Some(restricted.fold(first, |mut shared, own| {
            shared.retain(|p| own.iter().any(|o| o.value == p.value));
            shared
        }))
    }

    /// The table of its marked rows; `None` if no rule marks any.
    ///
    /// It is governed as its source is: it serves the same purposes on the same grounds, its rows are the same
    /// people's, and they are kept for as long.
    pub fn anomaly_table(&self) -> Option<Self> {
        if self.demands.anomalies.is_empty() {
            return None;
        }
        let span = self.span.clone();
        // A mark and its score tell of the fields that they were made of: they serve what all of those may serve, and
        // identify as the most identifying of them does.
        let read = self.anomaly_fields();
        let serves = |purpose: &DatasetPurpose| {
            let named = |field: &&Field| field.purposes.iter().any(|p| p.value == purpose.purpose.value);
            read.iter().all(|field| field.purposes.is_empty() || named(field))
        };
        let purposes: Vec<DatasetPurpose> = self.purposes.iter().filter(|p| serves(p)).cloned().collect();
        let identifying = read.iter().find(|field| match field.identifier {
            IdentifierClass::Direct | IdentifierClass::Quasi => true,
            IdentifierClass::None => false,
        });
        let identifier = if identifying.is_some() { IdentifierClass::Quasi } else { IdentifierClass::None };
        let about_people = || read.iter().find(|field| field.is_about_people());
        let category = identifying.or_else(about_people).and_then(|f| f.category.clone());
        let serve = self.anomaly_purposes();
        let own = |column: &str, zh: &str, en: &str, meaning: &str, data_type| Field {
            name: Spanned { value: column.to_owned(), span: span.clone() },
            column: Spanned { value: column.to_owned(), span: span.clone() },
            label: Label { zh: zh.to_owned(), en: en.to_owned() },
            meaning: meaning.to_owned(),
            data_type: Spanned { value: data_type, span: span.clone() },
            unit: None,
            identifier,
            category: category.clone(),
            treatment: Treatment::Keep,
            normalise: Normaliser::Trim,
            purposes: serve.clone().unwrap_or_default(),
            time_formats: Vec::new(),
            map: Vec::new(),
            null_values: Vec::new(),
            optional: false,
            multiline: false,
            json: false,
            trim_chars: String::new(),
            since: None,
            rules: Vec::new(),
            statistical_period: None,
            values: ValueForms::default(),
            span: span.clone(),
        };
        let mut fields: Vec<Field> = self.anomaly_columns().into_iter().cloned().collect();
        fields.iter_mut().for_each(|field| field.rules.clear());
        fields.push(own(
            ANOMALY_RULE,
            "规则",
            "Rule",
            "Name of the anomaly rule that marked the row.",
            DataType::String,
        ));
        let score = "How far the row is from the ordinary: orders of the burst, or the robust z-score.";
        fields.push(own(ANOMALY_SCORE, "分数", "Score", score, DataType::Double));
        let name = Spanned { value: self.anomaly_table_name(), span: self.name.span.clone() };
        Some(Self {
            name,
            label: Label { zh: format!("{}：异常", self.label.zh), en: format!("{}: anomalies", self.label.en) },
            meaning: format!("One row of `{}` that an anomaly rule marked.", self.name.value),
            key: Vec::new(),
            purposes,
            fields,
            demands: Demands { marks_rows_of: Some(self.name.value.clone()), ..Demands::default() },
            ..self.clone()
        })
    }
}
