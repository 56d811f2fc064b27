//! Fields of one identifier domain that compile together give one pseudonym for one text, however it is written.
#![allow(clippy::unwrap_used)]

mod common;
use common::{file, run};
use lakewarden_dictionary::{Dataset, SourceFile, load};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// What may be declared of an identifier, as YAML.
fn declaration() -> impl Strategy<Value = String> {
    let data_type = prop_oneof![4 => Just("string"), 1 => Just("integer")];
    let normalise = prop::sample::select(vec![
        "",
        "normalise: trim",
        "normalise: identifier",
        "normalise: integer_identifier",
        "normalise: phone",
        "normalise: phone\n    region: DE",
        "normalise: email",
        "normalise: email\n    email_rules: provider_aliases",
        "normalise: email\n    email_rules: [drop_tag, ascii_host]",
        "normalise: resident_id",
        "normalise: travel_permit",
        "normalise: wechat_id",
    ]);
    let more = prop::sample::select(vec![
        "",
        "",
        "",
        "trim_chars: '`'",
        "null_values: ['131']",
        "map: { A1: B2 }",
        "map: { a1: B2 }\n    fold: case",
        "number_format: { decimal: ',', grouping: '.' }",
        "optional: true",
        "masked: keep",
        "on_invalid: set_null",
    ]);
    (data_type, normalise, more)
        .prop_map(|(data_type, normalise, more)| format!("type: {data_type}\n    {normalise}\n    {more}"))
}

/// An identifier as one export or another writes it.
fn text() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "13187013211",
        "+86 131 8701 3211",
        "0086-13187013211",
        "017012345678",
        "A1",
        "a1",
        "Ａ１",
        "00421",
        "421.0",
        "1.234",
        "Li+shop@Example.com",
        "l.i+shop@gmail.com",
        "li@bücher.example",
        "11010519491231002X",
        "11010519491231002x",
        "110105491231002",
        "H12345678",
        "oLmNkJhGfDsAqWeRtYuIoPzXcVbN",
        "é",
        "e\u{301}",
    ]);
    let ends = prop::sample::select(vec![("", ""), (" ", ""), ("", "\u{3000}"), ("`", ""), ("\u{200b}", " ")]);
    (value, ends).prop_map(|(value, (before, after))| format!("{before}{value}{after}"))
}

fn project(declarations: [&str; 2]) -> Vec<SourceFile> {
    let dataset = |name: &str, declared: &str| {
        format!(
            "dataset: {name}\nlabel: {{ zh: a, en: a }}\nmeaning: a\nsource: a\nowner: crm@lakewarden.example\n\
             update_frequency: daily\nformat: {{ container: csv }}\npurposes: {{ analytics: legal_obligation }}\nfields:\n  \
             - name: who\n    label: {{ zh: a, en: a }}\n    meaning: a\n    identifier: direct\n    \
             category: user.unique_id\n    treatment: {{ pseudonymise: person }}\n    {declared}\n"
        )
    };
    let file = |path: &str, text: String| SourceFile { path: path.into(), text: text.into() };
    let purposes = "purposes:\n  analytics: { label: { zh: a, en: a }, meaning: a }\n";
    let pipeline = "pipeline: shop\nlabel: { zh: a, en: a }\nchannels: { first: exports/first/*, second: exports/second/* }\n\
                    identity: { link_on: [person] }\n";
    vec![
        file("lakewarden.yaml", "project: shop\nlake: ./lake\ntime_zone: UTC\n".to_owned()),
        file("schemas/purposes.yaml", purposes.to_owned()),
        file("pipelines/shop/pipeline.yaml", pipeline.to_owned()),
        file("schemas/channels/first.yaml", dataset("first", declarations[0])),
        file("schemas/channels/second.yaml", dataset("second", declarations[1])),
    ]
}

/// The pseudonym of a text; `None` if the field holds none, or its row is in quarantine.
fn token_of(dataset: &Dataset, text: &str) -> Option<String> {
    let found = run(dataset, &[file("a.csv", format!("who\n{text}\n"))]).unwrap();
    found.column("who").into_iter().find(|token| token != "-")
}

#[test]
fn what_compiles_together_gives_one_pseudonym() {
    let plain = load(&project(["type: string"; 2]));
    assert!(plain.problems.is_empty(), "{:?}", plain.problems);
    let (compared, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let pairs = prop_oneof![
        2 => (declaration(), declaration()),
        1 => declaration().prop_map(|same| (same.clone(), same)),
    ];
    let result = runner.run(&(pairs, text()), |((a, b), text)| {
        let loaded = load(&project([&a, &b]));
        if loaded.has_errors() {
            refused.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let [first, second] = &loaded.project.datasets[..] else { unreachable!("two were declared") };
        if let (Some(a), Some(b)) = (token_of(first, &text), token_of(second, &text)) {
            compared.fetch_add(1, Ordering::Relaxed);
            prop_assert_eq!(a, b, "{:?}", text);
        }
        Ok(())
    });
    result.unwrap();
    let (compared, refused) = (compared.into_inner(), refused.into_inner());
    assert!(compared > 200 && refused > 200, "{compared} pairs of pseudonyms compared, {refused} refused");
}
