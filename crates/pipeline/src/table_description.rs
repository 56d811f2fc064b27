//! What the dictionary says of a table, as its Delta table and Parquet files say it to other programs.

use crate::currencies::is_currency;
use crate::record::ColumnLabel;
use lakewarden_dictionary::{
    Dataset, Field, Generalisation, IdentifierClass, Label, Project, Table, TableColumn, TokenDomain, Treatment,
    UNIDENTIFIED_COLUMN,
};
use lakewarden_lake::{COMMENT, PROPERTY_PREFIX, TableDescription, Zone};
use std::collections::BTreeMap;

/// The description of a table of the lake; `None` for tables that no dictionary entry describes.
pub(crate) fn describe_stored(project: &Project, zone: Zone, name: &str) -> Option<TableDescription> {
    match zone {
        // A dataset's history has its columns.
        Zone::Conformed => {
            let dataset = name.strip_suffix(".history").unwrap_or(name);
            let marks = || project.datasets.iter().filter_map(Dataset::anomaly_table).find(|d| d.name.value == dataset);
            match project.dataset(dataset) {
                Some(dataset) => Some(describe_dataset(dataset)),
                None => marks().as_ref().map(describe_dataset),
            }
        }
        Zone::Curated => project.table(name).map(|table| describe_table(table, &[])),
        Zone::Quarantine | Zone::Identity => None,
    }
}

/// The description of a dataset's conformed table.
pub(crate) fn describe_dataset(dataset: &Dataset) -> TableDescription {
    let mut entries = Entries::new(&dataset.label, &dataset.meaning);
    entries.add("owner", Some(&dataset.owner));
    entries.add("source", Some(&dataset.source));
    entries.add("update_frequency", Some(&dataset.update_frequency));
    let purposes: Vec<String> =
        dataset.purposes.iter().map(|p| format!("{} ({})", p.purpose.value, p.lawful_basis.name())).collect();
    entries.add("purposes", Some(&purposes.join(", ")));
    entries.add("retention", dataset.retention.as_ref().map(|period| period.value.to_string()).as_ref());
    let mut columns: BTreeMap<String, BTreeMap<String, String>> =
        dataset.stored().map(|field| (field.column.value.clone(), describe_field(field))).collect();
    if dataset.marks_unidentified() {
        let label = Label { zh: "缺少标识符".to_owned(), en: "Without an identifier".to_owned() };
        let meaning = "True where an identifier of the row was a placeholder, masked or invalid, and was left out.";
        columns.insert(UNIDENTIFIED_COLUMN.to_owned(), Entries::new(&label, meaning).into_column(None));
    }
    TableDescription { text: comment(&dataset.label, &dataset.meaning, None), properties: entries.0, columns }
}

/// The description of a curated table. `labels` are those that its columns got from what they are made of.
pub(crate) fn describe_table(table: &Table, labels: &[ColumnLabel]) -> TableDescription {
    let mut entries = Entries::new(&table.label, &table.meaning);
    entries.add("owner", Some(&table.owner));
    entries.add("update_frequency", Some(&table.update_frequency));
    entries.add("purposes", Some(&table.purpose.value));
    entries.add("lawful_basis", table.lawful_basis.map(|basis| basis.name().to_owned()).as_ref());
    let grain: Vec<&str> = table.grain.iter().map(|column| column.value.as_str()).collect();
    entries.add("grain", Some(&grain.join(", ")));
    entries.add("retention", table.retention.as_ref().map(|period| period.value.to_string()).as_ref());
    let label_of = |column: &TableColumn| labels.iter().find(|label| label.column == column.name.value);
    let columns =
        table.columns.iter().map(|column| (column.name.value.clone(), describe_column(column, label_of(column))));
    TableDescription {
        text: comment(&table.label, &table.meaning, None),
        columns: columns.collect(),
        properties: entries.0,
    }
}

fn describe_field(field: &Field) -> BTreeMap<String, String> {
    let mut entries = Entries::new(&field.label, &field.meaning);
    let declared = field.values.number_format.as_ref().and_then(|number| number.value.currency.as_deref());
    entries.add_unit(field.unit.as_deref(), declared);
    entries.add("identifiability", Some(&identifier_name(field.identifier).to_owned()));
    entries.add("category", field.category.as_ref().map(|category| &category.value));
    entries.add("treatment", Some(&treatment_name(&field.treatment)));
    let purposes: Vec<&str> = field.purposes.iter().map(|purpose| purpose.value.as_str()).collect();
    entries.add("purposes", Some(&purposes.join(", ")));
    entries.add("statistical_period", field.statistical_period.as_ref());
    entries.into_column(field.unit.as_deref())
}

fn describe_column(column: &TableColumn, label: Option<&ColumnLabel>) -> BTreeMap<String, String> {
    let mut entries = Entries::new(&column.label, &column.meaning);
    entries.add_unit(column.unit.as_deref(), None);
    let identifiability =
        label.map_or_else(|| identifier_name(column.identifier).to_owned(), |label| label.identifiability.clone());
    entries.add("identifiability", Some(&identifiability));
    entries.add("category", column.category.as_ref().map(|category| &category.value));
    entries.add("purposes", label.and_then(|l| l.purposes.as_ref()).map(|purposes| purposes.join(", ")).as_ref());
    entries.add("retention", label.and_then(|label| label.retention.as_ref()));
    entries.add("source", column.source.as_ref());
    entries.add("statistical_period", column.statistical_period.as_ref());
    entries.into_column(column.unit.as_deref())
}

/// How a treatment is called in a description, as the dictionary writes it.
fn treatment_name(treatment: &Treatment) -> String {
    match treatment {
        Treatment::Keep => "keep".to_owned(),
        Treatment::Drop => "drop".to_owned(),
        Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => format!("pseudonymise: {domain}"),
        Treatment::Pseudonymise(TokenDomain::ByField(field)) => format!("pseudonymise: by {field}"),
        Treatment::Mask { keep_first, keep_last } => format!("mask: first {keep_first} and last {keep_last} kept"),
        Treatment::Generalise(to) => format!("generalise: {}", generalisation_name(*to)),
        Treatment::Redact => "redact".to_owned(),
    }
}

fn generalisation_name(to: Generalisation) -> String {
    match to {
        Generalisation::Decade => "decade".to_owned(),
        Generalisation::Year => "year".to_owned(),
        Generalisation::Month => "month".to_owned(),
        Generalisation::City => "city".to_owned(),
        Generalisation::Grid { millidegrees } => format!("grid of {} degrees", f64::from(millidegrees) / 1000.0),
    }
}

fn identifier_name(identifier: IdentifierClass) -> &'static str {
    match identifier {
        IdentifierClass::None => "none",
        IdentifierClass::Quasi => "quasi",
        IdentifierClass::Direct => "direct",
    }
}

/// Both labels, the meaning and the unit in one line: what catalogues and BI tools show.
fn comment(label: &Label, meaning: &str, unit: Option<&str>) -> String {
    let both: Vec<&str> = [label.en.trim(), label.zh.trim()].into_iter().filter(|label| !label.is_empty()).collect();
    let mut text = both.join(" / ");
    if !meaning.trim().is_empty() {
        text = if text.is_empty() { meaning.trim().to_owned() } else { format!("{text}: {}", meaning.trim()) };
    }
    match unit.filter(|unit| !unit.trim().is_empty()) {
        Some(unit) => format!("{text} [{unit}]"),
        None => text,
    }
}

/// Entries under Lakewarden's own keys. What is empty is left out.
struct Entries(BTreeMap<String, String>);

impl Entries {
    fn new(label: &Label, meaning: &str) -> Self {
        let mut entries = Self(BTreeMap::new());
        entries.add("label.zh", Some(&label.zh));
        entries.add("label.en", Some(&label.en));
        entries.add("meaning", Some(&meaning.to_owned()));
        entries
    }

    fn add(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value.map(|value| value.trim()).filter(|value| !value.is_empty()) {
            self.0.insert(format!("{PROPERTY_PREFIX}{key}"), value.to_owned());
        }
    }

    /// The unit, and the currency if it is one or the number format declares one.
    fn add_unit(&mut self, unit: Option<&str>, declared: Option<&str>) {
        self.add("unit", unit.map(str::to_owned).as_ref());
        let currency = declared.or(unit.filter(|unit| is_currency(unit)));
        self.add("currency", currency.map(str::to_owned).as_ref());
    }

    /// A column's entries, with the comment that other programs show.
    fn into_column(self, unit: Option<&str>) -> BTreeMap<String, String> {
        let of = |key: &str| self.0.get(&format!("{PROPERTY_PREFIX}{key}")).cloned().unwrap_or_default();
        let label = Label { zh: of("label.zh"), en: of("label.en") };
        let text = comment(&label, &of("meaning"), unit);
        self.0.into_iter().chain([(COMMENT.to_owned(), text)]).filter(|(_, value)| !value.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_has_both_labels_the_meaning_and_the_unit() {
        let label = Label { zh: "实付金额".to_owned(), en: "Amount paid".to_owned() };
        let text = comment(&label, "What the customer paid.", Some("CNY"));
        assert_eq!(text, "Amount paid / 实付金额: What the customer paid. [CNY]");
        assert_eq!(comment(&Label::default(), "Only this.", None), "Only this.");
        assert_eq!(comment(&Label { zh: String::new(), en: "One".to_owned() }, " ", Some("")), "One");
    }

    #[test]
    fn a_unit_that_is_a_currency_is_one() {
        let of = |unit: Option<&str>, declared: Option<&str>| {
            let mut entries = Entries(BTreeMap::new());
            entries.add_unit(unit, declared);
            (entries.0.get("lakewarden.unit").cloned(), entries.0.get("lakewarden.currency").cloned())
        };
        let own = |unit: Option<&str>, currency: Option<&str>| (unit.map(str::to_owned), currency.map(str::to_owned));
        assert_eq!(of(Some("CNY"), None), own(Some("CNY"), Some("CNY")));
        assert_eq!(of(Some("cm"), None), own(Some("cm"), None));
        assert_eq!(of(Some("MIN"), None), own(Some("MIN"), None), "three letters are not always a currency");
        assert_eq!(of(None, Some("EUR")), own(None, Some("EUR")));
    }
}
