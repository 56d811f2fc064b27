//! `schemas/channels/<dataset>.yaml`.

use super::{Fields, demands, repeats, rules, scalar, spanned_key, values};
use crate::diagnostic::Spanned;
use crate::model::*;
use crate::spec::{FIELD, FORMAT, JSON_TYPE, LIMITS, NO_QUOTE, SPACES, Words};
use crate::terms::byte_size;
use crate::yaml::{Node, Value};

/// Reads a dataset; `path_name` is its file's stem.
pub(crate) fn dataset(fields: &Fields<'_>, path_name: &str) -> Dataset {
    Dataset {
        name: fields.name_or("dataset", path_name),
        label: fields.label(),
        meaning: fields.text("meaning"),
        source: fields.text("source"),
        owner: fields.text("owner"),
        update_frequency: fields.text("update_frequency"),
        format: format(fields.object("format", &FORMAT).as_ref()),
        time_zone: fields.spanned("time_zone"),
        key: fields.names("key"),
        repeats: repeats::repeats(fields),
        snapshot: fields.spanned_word("snapshot"),
        event_time: fields.spanned("event_time"),
        retention: fields.parsed("retention"),
        quarantine_retention: fields.parsed("quarantine_retention"),
        purposes: purposes(fields),
        subject: fields.word("subject").unwrap_or_default(),
        subject_reason: fields.spanned("subject_reason"),
        fields: fields.items("fields").iter().filter_map(field).collect(),
        coordinates: values::coordinates(fields),
        role: fields.word("role").unwrap_or_default(),
        unreadable_subject: fields.word("unreadable_subject").unwrap_or_default(),
        demands: demands::demands(fields),
        drift: drift(fields),
        terms: ProjectTerms::default(),
        renamed_from: fields.spanned("renamed_from"),
        span: fields.head(),
    }
}

fn drift(fields: &Fields<'_>) -> Drift {
    Drift {
        undeclared: fields.word("undeclared_fields").unwrap_or_default(),
        ignored: fields.names("ignored_fields"),
        proposed: fields.boolean("proposed").then(|| fields.spanned("proposed")).flatten().map(|said| said.span),
    }
}

fn format(fields: Option<&Fields<'_>>) -> Format {
    let Some(f) = fields else { return Format::new(Container::Csv) };
    let usual = Format::new(f.word("container").unwrap_or(Container::Csv));
    let runs = f.optional_text("delimiter").as_deref() == Some(SPACES);
    let sign = |key| f.optional_text(key).and_then(|text| text.bytes().next());
    Format {
        accept: f.items("accept").iter().filter_map(scalar).filter_map(Container::of).collect(),
        encoding: f.word("encoding").unwrap_or_default(),
        delimiter: if runs { b' ' } else { sign("delimiter").unwrap_or(usual.delimiter) },
        delimiter_runs: runs,
        quote: match f.optional_text("quote").as_deref() {
            Some(NO_QUOTE) => None,
            Some(text) => text.bytes().next(),
            None => usual.quote,
        },
        escape: f.word("escape").unwrap_or_default(),
        header: f.word("header").unwrap_or_default(),
        skip_rows: f.parsed("skip_rows").map_or(0, |n| n.value),
        comment: f.spanned("comment"),
        footer: f.spanned("footer"),
        sheet: f.spanned("sheet"),
        header_row: f.parsed("header_row").map(|n| n.value),
        records: f.parsed("records").map(|p| p.value).unwrap_or_default(),
        members: f.spanned("members"),
        limits: f.object("limits", &LIMITS).map_or_else(Limits::default, |l| limits(&l)),
        span: f.span(),
        ..usual
    }
}

fn limits(f: &Fields<'_>) -> Limits {
    let usual = Limits::default();
    let number = |key, otherwise| f.parsed(key).map_or(otherwise, |n| n.value);
    let bytes = |key, otherwise| f.optional_text(key).and_then(|t| byte_size(&t).ok()).unwrap_or(otherwise);
    Limits {
        expansion: number("expansion", usual.expansion),
        size: bytes("size", usual.size),
        held: bytes("held", usual.held),
        record: bytes("record", usual.record),
        field: bytes("field", usual.field),
        columns: number("columns", usual.columns),
        nesting: number("nesting", usual.nesting),
        members: number("members", usual.members),
        footer: number("footer", usual.footer),
    }
}

fn purposes(fields: &Fields<'_>) -> Vec<DatasetPurpose> {
    let basis = |node: &Node| scalar(node).and_then(LawfulBasis::of).unwrap_or(LawfulBasis::Consent);
    let entries = fields.entries("purposes").iter();
    entries.map(|e| DatasetPurpose { purpose: spanned_key(e), lawful_basis: basis(&e.value) }).collect()
}

/// Reads a field; `None` if it has neither a name nor a column.
fn field(node: &Node) -> Option<Field> {
    if !matches!(node.value, Value::Map(_)) {
        return None;
    }
    let fields = Fields::new(&FIELD, node);
    let (name, column) = (fields.spanned("name"), fields.spanned("column"));
    let either = name.clone().or_else(|| column.clone())?;
    let map = fields.entries("map").iter();
    let json = fields.optional_text("type").as_deref() == Some(JSON_TYPE);
    let text_type = |written: Spanned<String>| Spanned { value: DataType::String, span: written.span };
    Some(Field {
        name: name.unwrap_or_else(|| either.clone()),
        column: column.unwrap_or(either),
        label: fields.label(),
        meaning: fields.text("meaning"),
        data_type: if json { fields.spanned("type").map(text_type) } else { None }
            .unwrap_or_else(|| fields.data_type()),
        unit: fields.optional_text("unit"),
        identifier: fields.word("identifier").unwrap_or(IdentifierClass::Direct),
        category: fields.spanned("category"),
        treatment: fields.get("treatment").and_then(rules::treatment).unwrap_or(Treatment::Drop),
        normalise: fields.word("normalise").unwrap_or(Normaliser::Trim),
        purposes: fields.names("purposes"),
        time_formats: fields.texts("time_format"),
        values: values::forms(&fields),
        map: map.filter_map(|e| Some((e.key.clone(), scalar(&e.value)?.to_owned()))).collect(),
        null_values: fields.texts("null_values"),
        trim_chars: fields.text("trim_chars"),
        optional: fields.boolean("optional"),
        since: fields.parsed("since"),
        multiline: fields.boolean("multiline"),
        json,
        rules: rules::field_rules(fields.items("rules")),
        statistical_period: fields.optional_text("statistical_period"),
        span: fields.span(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::load_with;

    /// The one field of the sample's members that `column` names, after a replacement in its file.
    fn field_with(column: &str, good: &str, bad: &str) -> Field {
        let loaded = load_with("schemas/channels/members.yaml", good, bad);
        loaded.project.dataset("members").unwrap().column(column).unwrap().clone()
    }

    #[test]
    fn every_key_of_a_field_is_read() {
        let all = "    unit: CNY\n    normalise: identifier\n    purposes: [analytics]\n    time_format: ['%Y-%m-%d', epoch_s]\n    map: { 甲: a, 1: b, yes: 2 }\n    null_values: [N/A, 0]\n    trim_chars: \"`'\"\n    multiline: true\n    optional: true\n    since: 2026-03-01\n    statistical_period: as_of\n    rules:\n      - required\n      - not_in_future\n      - { in: [a, 1, 2.50, true] }\n      - { between: { min: 0.10, max: '9' } }\n      - matches: '[0-9]+'\n";
        let field = field_with("name", "    treatment: drop\n", &format!("    treatment: drop\n{all}"));
        assert_eq!(field.name.value, "姓名");
        assert_eq!(field.label, Label { zh: "姓名".into(), en: "Name".into() });
        assert_eq!(field.meaning, "Full name.");
        assert_eq!(field.data_type.value, DataType::String);
        assert_eq!(field.unit.as_deref(), Some("CNY"));
        assert_eq!(field.identifier, IdentifierClass::Direct);
        assert_eq!(field.category.unwrap().value, "user.name");
        assert_eq!(field.normalise, Normaliser::Identifier);
        assert_eq!(field.purposes[0].value, "analytics");
        assert_eq!(field.time_formats, ["%Y-%m-%d", "epoch_s"]);
        let map: Vec<_> = field.map.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(map, [("甲", "a"), ("1", "b"), ("yes", "2")]);
        assert_eq!(field.null_values, ["N/A", "0"]);
        assert_eq!((field.trim_chars.as_str(), field.multiline, field.json), ("`'", true, false));
        assert!(field.optional);
        assert_eq!(field.since.unwrap().value.to_string(), "2026-03-01");
        assert_eq!(field.statistical_period.as_deref(), Some("as_of"));
        let rules: Vec<Rule> = field.rules.into_iter().map(|r| r.rule.value).collect();
        assert_eq!(
            rules,
            [
                Rule::Required,
                Rule::NotInFuture,
                Rule::In(["a", "1", "2.50", "true"].map(str::to_owned).to_vec()),
                Rule::Between { min: Some("0.10".into()), max: Some("9".into()) },
                Rule::Matches("[0-9]+".into()),
            ]
        );
    }

    #[test]
    fn every_treatment_is_read() {
        for (text, treatment) in [
            ("keep", Treatment::Keep),
            ("redact", Treatment::Redact),
            ("{ pseudonymise: phone }", Treatment::Pseudonymise(TokenDomain::Fixed("phone".into()))),
            ("{ pseudonymise: { by_field: kind } }", Treatment::Pseudonymise(TokenDomain::ByField("kind".into()))),
            ("{ mask: { keep_first: 3, keep_last: 4 } }", Treatment::Mask { keep_first: 3, keep_last: 4 }),
            ("{ mask: { keep_last: 4 } }", Treatment::Mask { keep_first: 0, keep_last: 4 }),
            ("{ generalise: decade }", Treatment::Generalise(Generalisation::Decade)),
            ("{ generalise: year }", Treatment::Generalise(Generalisation::Year)),
            ("{ generalise: month }", Treatment::Generalise(Generalisation::Month)),
            ("{ generalise: city }", Treatment::Generalise(Generalisation::City)),
            ("{ generalise: { grid: 10 } }", Treatment::Generalise(Generalisation::Grid { millidegrees: 10 })),
        ] {
            let field = field_with("name", "treatment: drop", &format!("treatment: {text}"));
            assert_eq!(field.treatment, treatment, "{text}");
        }
    }

    #[test]
    fn what_is_broken_becomes_the_strictest() {
        let field = field_with(
            "name",
            "identifier: direct\n    category: user.name\n    treatment: drop",
            "identifier: maybe\n    category: user.name\n    treatment: leave",
        );
        assert_eq!((field.identifier, field.treatment), (IdentifierClass::Direct, Treatment::Drop));
        let loaded = load_with("schemas/channels/members.yaml", "analytics: consent", "analytics: yes");
        assert_eq!(loaded.project.dataset("members").unwrap().purposes[0].lawful_basis, LawfulBasis::Consent);
    }

    #[test]
    fn every_key_of_a_format_is_read() {
        let all = "format: { container: csv, accept: [xls, json], quote: \"'\", escape: backslash, header: none, skip_rows: 3, comment: '//', footer: 'Total.*', sheet: 明细, header_row: 2, records: $.data.items, members: '*.csv', limits: { expansion: 9, size: 1GiB, held: 2MB, record: 64KiB, field: 7, columns: 8, nesting: 5, members: 4, footer: 3 } }";
        let loaded = load_with("schemas/channels/members.yaml", "format: { container: csv }", all);
        assert_eq!(crate::testing::rendered(&loaded.problems), [""; 0]);
        let format = &loaded.project.dataset("members").unwrap().format;
        assert_eq!((format.quote, format.skip_rows, format.header_row), (Some(b'\''), 3, Some(2)));
        assert_eq!((format.escape, format.header), (Escape::Backslash, CsvHeader::None));
        let text = |of: &Option<crate::Spanned<String>>| of.as_ref().map(|t| t.value.clone()).unwrap();
        assert_eq!([text(&format.comment), text(&format.footer)], ["//", "Total.*"]);
        assert_eq!([text(&format.sheet), text(&format.members)], ["明细", "*.csv"]);
        assert_eq!(format.records.0, ["data", "items"]);
        let expected = Limits {
            expansion: 9,
            size: 1 << 30,
            held: 2_000_000,
            record: 65_536,
            field: 7,
            columns: 8,
            nesting: 5,
            members: 4,
            footer: 3,
        };
        assert_eq!(format.limits, expected);
        let runs =
            load_with("schemas/channels/members.yaml", "container: csv }", "container: csv, delimiter: spaces }");
        let format = &runs.project.dataset("members").unwrap().format;
        assert_eq!((format.delimiter, format.delimiter_runs), (b' ', true));
        let none = load_with("schemas/channels/members.yaml", "container: csv }", "container: csv, quote: none }");
        assert_eq!(none.project.dataset("members").unwrap().format.quote, None);
    }

    #[test]
    fn the_format_is_read() {
        let loaded = load_with(
            "schemas/channels/members.yaml",
            "format: { container: csv }",
            "format: { container: csv, accept: [xlsx, parquet], encoding: gb18030, delimiter: \"\\t\" }",
        );
        let expected = Format {
            container: Container::Csv,
            accept: vec![Container::Xlsx, Container::Parquet],
            encoding: Encoding::Gb18030,
            delimiter: b'\t',
            span: loaded.project.dataset("members").unwrap().format.span.clone(),
            ..Format::new(Container::Csv)
        };
        assert_eq!(loaded.project.dataset("members").unwrap().format, expected);
        assert!(!loaded.has_errors());
    }
}
