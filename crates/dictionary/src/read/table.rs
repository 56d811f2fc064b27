//! `schemas/curated/<table>.yaml`.

use super::{Fields, rules, scalar, spanned_key};
use crate::diagnostic::Spanned;
use crate::model::*;
use crate::spec::{ANONYMITY, COLUMN, Counted, NOISE, NOISED_COLUMN};
use crate::yaml::{Node, Value};

/// Reads a curated table; `path_name` is its file's stem.
pub(crate) fn table(fields: &Fields<'_>, path_name: &str) -> Table {
    Table {
        name: fields.name_or("table", path_name),
        label: fields.label(),
        meaning: fields.text("meaning"),
        owner: fields.text("owner"),
        update_frequency: fields.text("update_frequency"),
        purpose: fields.name_or("purpose", ""),
        lawful_basis: fields.word("lawful_basis"),
        grain: fields.names("grain"),
        subject: fields.spanned("subject"),
        minimum_subjects: fields.parsed("minimum_subjects"),
        anonymity: fields.object("anonymity", &ANONYMITY).map(|demand| anonymity(&demand)),
        retention: fields.parsed("retention"),
        noise: fields.object("noise", &NOISE).map(|noise| self::noise(&noise)),
        columns: fields.items("columns").iter().filter_map(column).collect(),
        span: fields.head(),
    }
}

/// Reads a demand of anonymity. A k that is not understood is one that no table reaches.
fn anonymity(fields: &Fields<'_>) -> Anonymity {
    Anonymity {
        k: fields.parsed("k").unwrap_or_else(|| Spanned { value: u32::MAX, span: fields.head() }),
        quasi_identifiers: fields.names("quasi_identifiers"),
        l: fields.parsed("l"),
        diversity: fields.word("diversity").unwrap_or_default(),
        t: fields.parsed("t"),
        sensitive: fields.names("sensitive"),
        span: fields.span(),
    }
}

/// Reads a declaration of noise. What is not understood becomes the least ε, δ and number of rows there are.
fn noise(fields: &Fields<'_>) -> Noise {
    Noise {
        epsilon: fields.parsed("epsilon").unwrap_or(Spanned { value: LEAST_EPSILON, span: fields.head() }),
        delta: fields.parsed("delta").unwrap_or(Spanned { value: LEAST_DELTA, span: fields.head() }),
        rows_per_person: fields.parsed("rows_per_person").unwrap_or(Spanned { value: 1, span: fields.head() }),
        every: fields.parsed("every").unwrap_or(Spanned { value: LONGEST, span: fields.head() }),
        columns: fields
            .entries("columns")
            .iter()
            .map(|entry| NoisedColumn {
                name: spanned_key(entry),
                bound: noise_bound(&Fields::new(&NOISED_COLUMN, &entry.value)),
            })
            .collect(),
        span: fields.span(),
    }
}

const LEAST_EPSILON: ExactNumber = ExactNumber { units: 1, scale: 3 };
const LEAST_DELTA: f64 = 1e-30;
const LONGEST: Period = Period { months: 1200, days: 0 };

fn noise_bound(fields: &Fields<'_>) -> NoiseBound {
    if let Some(Counted::People) = fields.word("count") {
        return NoiseBound::People;
    }
    let numbers: Vec<ExactNumber> =
        fields.items("between").iter().filter_map(|node| scalar(node)?.parse().ok()).collect();
    match numbers[..] {
        [low, high] => NoiseBound::Between { low, high },
        _ => NoiseBound::Unclear,
    }
}

/// Reads a column; `None` if it has no name.
fn column(node: &Node) -> Option<TableColumn> {
    if !matches!(node.value, Value::Map(_)) {
        return None;
    }
    let fields = Fields::new(&COLUMN, node);
    Some(TableColumn {
        name: fields.spanned("name")?,
        label: fields.label(),
        meaning: fields.text("meaning"),
        data_type: fields.data_type(),
        unit: fields.optional_text("unit"),
        identifier: fields.word("identifier").unwrap_or(IdentifierClass::Direct),
        pseudonym: fields.boolean("pseudonym"),
        category: fields.spanned("category"),
        source: fields.optional_text("source"),
        statistical_period: fields.optional_text("statistical_period"),
        tests: rules::column_tests(fields.items("tests")),
        span: fields.span(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::load_with;

    #[test]
    fn every_key_of_a_table_is_read() {
        let loaded = load_with(
            "schemas/curated/member_spend.yaml",
            "grain: customer_id\n",
            "grain: [customer_id]\nlawful_basis: contract\nminimum_subjects: 12\nretention: P18M\n",
        );
        let table = loaded.project.table("member_spend").unwrap();
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        assert_eq!(table.purpose.value, "analytics");
        assert_eq!(table.lawful_basis, Some(LawfulBasis::Contract));
        assert_eq!(table.grain[0].value, "customer_id");
        assert_eq!(table.subject.as_ref().unwrap().value, "customer_id");
        assert_eq!(table.minimum_subjects.as_ref().unwrap().value, 12);
        assert_eq!(table.retention.as_ref().unwrap().value, Period { months: 18, days: 0 });
        let demand = table.anonymity.as_ref().unwrap();
        assert_eq!((demand.k.value, demand.diversity), (2, DiversityKind::Distinct));
        assert_eq!(table.quasi_identifiers().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["spend"]);
        let subject = table.column("customer_id").unwrap();
        assert!(subject.pseudonym);
        assert_eq!(subject.tests.iter().map(|t| t.value.name()).collect::<Vec<_>>(), ["required", "unique"]);
        let spend = table.column("spend").unwrap();
        assert_eq!(spend.data_type.value, DataType::Decimal { precision: 14, scale: 2 });
        assert_eq!(spend.unit.as_deref(), Some("CNY"));
        assert_eq!(spend.statistical_period.as_deref(), Some("lifetime"));
        assert_eq!(spend.source.as_deref(), Some("members.points"));
        assert_eq!(spend.tests[0].value, Rule::Between { min: Some("0".into()), max: None });
    }

    #[test]
    fn every_key_of_a_noise_is_read() {
        let loaded = load_with(
            "schemas/curated/member_spend.yaml",
            "anonymity:\n",
            "noise:\n  epsilon: 0.50\n  delta: 1e-6\n  rows_per_person: 3\n  every: P1M\n  columns:\n    people: { count: people }\n    spend: { between: [-5, 5000.00] }\nanonymity:\n",
        );
        let noise = loaded.project.table("member_spend").unwrap().noise.as_ref().unwrap();
        assert_eq!(
            (noise.epsilon.value, noise.epsilon.value.to_string()),
            (ExactNumber { units: 50, scale: 2 }, "0.50".into())
        );
        assert_eq!((noise.delta.value, noise.rows_per_person.value, noise.every.value.months), (1e-6, 3, 1));
        assert_eq!((noise.epsilon.span.line, noise.columns[0].name.span.line), (29, 34));
        assert_eq!(noise.bound("people"), Some(&NoiseBound::People));
        let (low, high) = (ExactNumber { units: -5, scale: 0 }, ExactNumber { units: 500_000, scale: 2 });
        assert_eq!(noise.bound("spend"), Some(&NoiseBound::Between { low, high }));
        assert_eq!(
            (low.at_scale(2), high.at_scale(0), ExactNumber { units: 5, scale: 1 }.at_scale(0)),
            (Some(-500), Some(5000), None)
        );
    }

    #[test]
    fn every_key_of_a_demand_is_read() {
        let loaded = load_with(
            "schemas/curated/member_spend.yaml",
            "  k: 2\n",
            "  k: 5\n  l: 3\n  diversity: entropy\n  t: 0.25\n  sensitive: [tier, city]\n",
        );
        let demand = loaded.project.table("member_spend").unwrap().anonymity.as_ref().unwrap();
        assert_eq!((demand.k.value, demand.k.span.line), (5, 29));
        assert_eq!(demand.l.as_ref().unwrap().value, 3);
        assert_eq!(demand.diversity, DiversityKind::Entropy);
        assert_eq!(demand.t.as_ref().unwrap().value, 0.25);
        assert_eq!(demand.sensitive.iter().map(|s| s.as_str()).collect::<Vec<_>>(), ["tier", "city"]);
    }
}
