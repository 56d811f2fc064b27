//! What the failure of each rule does, in each format; and that accounts close whatever fails.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use common::*;
use lakewarden_dictionary::{
    Container, DataType, Dataset, Encoding, FieldRule, OnFailure, RowRule as DeclaredRowRule, Rule, TokenDomain,
    Treatment,
};
use lakewarden_extract::{
    ExtractContext, ExtractError, FileAccount, KeyRoom, KeySet, QuarantineReason, RowRule, RowRuleFailed, RuleInputs,
    SourceFile, UnreadLog, conformed_schema, extract, quarantine_schema,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const COLUMNS: [&str; 4] = ["id", "amount", "word", "at"];
const FORMATS: [Container; 5] =
    [Container::Csv, Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx];

/// A rule, the column it is on, and a value that breaks it.
fn rules() -> Vec<(Option<&'static str>, Rule, &'static str)> {
    let between = Rule::Between { min: Some("0".into()), max: Some("100".into()) };
    let references = Rule::References { dataset: "words".into(), column: "word".into() };
    vec![
        (Some("word"), Rule::Required, ""),
        (Some("id"), Rule::Unique, "R1"),
        (Some("amount"), between, "98765"),
        (Some("word"), Rule::In(vec!["good".into()]), "zebra"),
        (Some("word"), Rule::Matches("g.*d".into()), "zebra"),
        (Some("at"), Rule::NotInFuture, "2030-01-01T00:00:00Z"),
        (Some("word"), references, "zebra"),
        // The rule on rows of `Small`.
        (None, Rule::Required, "98765"),
    ]
}

/// No amount is more than 100.
struct Small;

impl RowRule for Small {
    fn failures(&self, rows: &RecordBatch) -> Result<BooleanArray, RowRuleFailed> {
        let amounts = rows.column_by_name("amount").ok_or(RowRuleFailed)?.as_primitive::<Int64Type>();
        Ok(amounts.iter().map(|amount| amount.map(|amount| amount > 100)).collect())
    }
}

fn inputs() -> RuleInputs {
    let words = StringArray::from(vec![Some("good"), Some("better"), None]);
    let batch = RecordBatch::try_from_iter(vec![("word", Arc::new(words) as ArrayRef)]).unwrap();
    let mut values = KeySet::new(SEED);
    values.observe_values(&batch, "word").unwrap();
    assert_eq!(values.len(), 2, "a null is no value");
    RuleInputs {
        rows: BTreeMap::from([("small".to_owned(), Arc::new(Small) as Arc<dyn RowRule>)]),
        references: BTreeMap::from([(("words".to_owned(), "word".to_owned()), Arc::new(values))]),
    }
}

fn sales(format: Container) -> Dataset {
    let fields = vec![
        field("id", DataType::String),
        field("amount", DataType::Integer),
        field("word", DataType::String),
        field("at", DataType::Timestamp),
    ];
    let mut sales = dataset("sales", format, Encoding::Utf8, fields);
    sales.key = vec![here("id".into())];
    sales
}

/// Six good rows, the third of which has another value in one column.
fn rows(column: &str, bad: &str) -> Vec<[String; 4]> {
    (1..=6)
        .map(|n| {
            let mut row = [format!("R{n}"), n.to_string(), "good".to_owned(), format!("2024-01-0{n}T08:00:00Z")];
            if n == 3 {
                row[COLUMNS.iter().position(|c| *c == column).unwrap()] = bad.to_owned();
            }
            row
        })
        .collect()
}

fn written(format: Container, rows: &[[String; 4]]) -> Vec<u8> {
    let object = |row: &[String; 4]| {
        let cells = COLUMNS.iter().zip(row).map(|(c, v)| ((*c).to_owned(), serde_json::Value::from(v.as_str())));
        serde_json::Value::Object(cells.collect()).to_string()
    };
    match format {
        Container::Csv => {
            let lines: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
            format!("{}\n{}\n", COLUMNS.join(","), lines.join("\n")).into_bytes()
        }
        Container::Ndjson => rows.iter().map(|row| object(row) + "\n").collect::<String>().into_bytes(),
        Container::Json => format!("[{}]", rows.iter().map(object).collect::<Vec<_>>().join(",")).into_bytes(),
        Container::Parquet => {
            let column = |at: usize| -> ArrayRef {
                let cells = rows.iter().map(|row| Some(row[at].as_str()).filter(|v| !v.is_empty()));
                Arc::new(cells.collect::<StringArray>())
            };
            let batch = RecordBatch::try_from_iter(COLUMNS.iter().enumerate().map(|(at, c)| (*c, column(at)))).unwrap();
            let mut bytes = Vec::new();
            let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            bytes
        }
        Container::Xlsx => {
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            for (at, name) in COLUMNS.iter().enumerate() {
                sheet.write(0, at as u16, *name).unwrap();
                for (row, cells) in rows.iter().enumerate() {
                    sheet.write(row as u32 + 1, at as u16, &cells[at]).unwrap();
                }
            }
            book.save_to_buffer().unwrap()
        }
        Container::Xls => unreachable!("nothing here writes old workbooks"),
    }
}

fn read(
    dataset: &Dataset,
    files: &[SourceFile],
    batch_rows: usize,
    workers: usize,
    seen: &mut KeySet,
) -> Result<Outcome, ExtractError> {
    let (keys, rules) = (ring(), inputs());
    let zone = chrono_tz::UTC;
    let context = ExtractContext {
        dataset,
        zone,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: SEED,
        batch_rows,
        rules: &rules,
        workers,
    };
    let mut sink = Collected::default();
    let accounts = extract(&context, files, seen, &mut UnreadLog::default(), &mut sink, &|_| {})?;
    let concat = |schema, batches: &[RecordBatch]| arrow::compute::concat_batches(&schema, batches).unwrap();
    Ok(Outcome {
        accounts,
        rows: concat(conformed_schema(dataset), &sink.rows),
        quarantine: concat(quarantine_schema(), &sink.quarantine),
    })
}

fn demand(sales: &mut Dataset, column: Option<&str>, rule: &Rule, on_failure: OnFailure, name: Option<&str>) {
    match column {
        Some(column) => {
            let field = sales.fields.iter_mut().find(|f| f.name.value == column).unwrap();
            field.rules.push(FieldRule { rule: here(rule.clone()), on_failure, name: name.map(|n| here(n.into())) });
        }
        None => sales.demands.rows.push(DeclaredRowRule {
            name: here("small".into()),
            sql: here("amount <= 100".into()),
            on_failure,
        }),
    }
}

#[test]
fn every_rule_does_what_it_says_in_every_format() {
    let mut cases = 0;
    for format in FORMATS {
        for (column, rule, bad) in rules() {
            let rows = rows(column.unwrap_or("amount"), bad);
            for name in [None, Some("own_name")] {
                for on_failure in [OnFailure::Quarantine, OnFailure::Warn, OnFailure::StopFile, OnFailure::StopRun] {
                    let mut sales = sales(format);
                    demand(&mut sales, column, &rule, on_failure, name);
                    // A key would sort out the repeated value before the rule sees it.
                    sales.key = vec![here("at".into())];
                    let found = read(&sales, &[file("f", written(format, &rows))], 4, 2, &mut KeySet::new(SEED));
                    let told = name.filter(|_| column.is_some()).unwrap_or(match column {
                        Some(_) => rule.name(),
                        None => "small",
                    });
                    let reason = QuarantineReason { field: column.map(str::to_owned), rule: told.to_owned().into() };
                    let case = format!("{format:?} {column:?} {told} {on_failure:?}");
                    judge(&case, on_failure, found, reason, bad);
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 5 * 8 * 2 * 4);
}

fn judge(case: &str, on_failure: OnFailure, found: Result<Outcome, ExtractError>, reason: QuarantineReason, bad: &str) {
    let once = BTreeMap::from([(reason.clone(), 1)]);
    match (on_failure, found) {
        (OnFailure::Quarantine, Ok(found)) => {
            let account = &found.accounts[0];
            assert!(account.closes(), "{case}: {account:?}");
            assert_eq!((account.read, account.written, &account.quarantined), (6, 5, &once), "{case}");
            assert_eq!(found.column("at").len(), 5, "{case}");
            let field = reason.field.clone().unwrap_or("-".to_owned());
            assert_eq!(found.refused(), [("3".to_owned(), field, reason.rule.to_string())], "{case}");
            let sealed = found.open(0);
            let cell = &sealed[reason.field.as_deref().unwrap_or("amount")];
            assert_eq!(cell.as_str().unwrap_or_default(), bad, "{case}: what was refused can be read again");
            let declared = sealed.as_object().unwrap().keys().filter(|name| !name.starts_with('_'));
            assert_eq!(declared.count(), 4, "{case}: nothing undeclared is kept");
        }
        (OnFailure::Warn, Ok(found)) => {
            let account = &found.accounts[0];
            assert!(account.closes(), "{case}: {account:?}");
            assert_eq!((account.read, account.written, &account.warned), (6, 6, &once), "{case}");
            assert!(account.quarantined.is_empty(), "{case}");
        }
        (OnFailure::StopFile | OnFailure::StopRun, Err(error)) => {
            let code = if on_failure == OnFailure::StopRun { "LW4052" } else { "LW4051" };
            assert_eq!((error.code(), error.file()), (code, Some("f")), "{case}");
            let told = error.to_string();
            assert!(told.starts_with(&format!("f: record 3 breaks rule `{}`", reason.rule)), "{case}: {told}");
            assert!(bad.is_empty() || bad == "R1" || !told.contains(bad), "{case}: {told}");
        }
        (_, other) => panic!("{case}: {:?}", other.map(|o| o.accounts)),
    }
}

#[test]
fn a_value_stands_once_in_the_lake_and_in_all_files() {
    let mut sales = sales(Container::Csv);
    sales.key = vec![];
    demand(&mut sales, Some("id"), &Rule::Unique, OnFailure::Quarantine, None);
    let mut seen = KeySet::new(SEED);
    let lake = RecordBatch::try_from_iter(vec![("id", Arc::new(StringArray::from(vec!["L1", "L2"])) as ArrayRef)]);
    seen.observe_unique(&lake.unwrap(), &["id"]).unwrap();
    let body = |ids: &[&str]| {
        let lines: String = ids.iter().map(|id| format!("{id},1,good,2024-01-01T00:00:00Z\n")).collect();
        format!("id,amount,word,at\n{lines}")
    };
    let files = [file("a", body(&["A", "L1", "B", ""])), file("b", body(&["B", "C", "", "A"]))];
    let found = read(&sales, &files, 2, 2, &mut seen).unwrap();
    assert_eq!(found.column("id"), ["A", "B", "-", "C", "-"], "nulls are no values");
    let refused: Vec<u64> = found.accounts.iter().map(FileAccount::quarantined_total).collect();
    assert_eq!(refused, [1, 2]);
}

#[test]
fn a_mended_row_may_come_after_the_one_that_was_refused() {
    let mut sales = sales(Container::Csv);
    demand(&mut sales, Some("word"), &Rule::Unique, OnFailure::Quarantine, None);
    let body = "id,amount,word,at\nR1,1,good,2024-01-01T00:00:00Z\nR2,2,good,2024-01-01T00:00:00Z\nR2,2,better,2024-01-01T00:00:00Z\n";
    let found = read(&sales, &[file("f", body)], 10, 1, &mut KeySet::new(SEED)).unwrap();
    assert_eq!(found.column("word"), ["good", "better"]);
    assert_eq!((found.accounts[0].duplicates, found.accounts[0].quarantined_total()), (0, 1));
}

#[test]
fn pseudonyms_are_compared_as_such() {
    let mut sales = sales(Container::Csv);
    sales.fields[2].treatment = Treatment::Pseudonymise(TokenDomain::Fixed("word".into()));
    let rule = Rule::References { dataset: "words".into(), column: "word".into() };
    demand(&mut sales, Some("word"), &rule, OnFailure::Quarantine, None);
    let tokens = StringArray::from(vec![ring().tokeniser("word").token_of("good")]);
    let batch = RecordBatch::try_from_iter(vec![("word", Arc::new(tokens) as ArrayRef)]).unwrap();
    let mut values = KeySet::new(SEED);
    values.observe_values(&batch, "word").unwrap();
    let mut rules = inputs();
    rules.references.insert(("words".into(), "word".into()), Arc::new(values));
    let keys = ring();
    let context = ExtractContext {
        dataset: &sales,
        zone: chrono_tz::UTC,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: SEED,
        batch_rows: 10,
        rules: &rules,
        workers: 1,
    };
    let mut sink = Collected::default();
    let files = [file("f", written(Container::Csv, &rows("word", "zebra")))];
    let accounts =
        extract(&context, &files, &mut KeySet::new(SEED), &mut UnreadLog::default(), &mut sink, &|_| {}).unwrap();
    assert_eq!((accounts[0].written, accounts[0].quarantined_total()), (5, 1));
}

#[test]
fn a_rule_without_what_it_needs_is_refused_before_a_byte_is_read() {
    let mut sales = sales(Container::Csv);
    let rule = Rule::References { dataset: "nobody".into(), column: "word".into() };
    demand(&mut sales, Some("word"), &rule, OnFailure::Warn, None);
    let error = read(&sales, &[file("f", "")], 10, 1, &mut KeySet::new(SEED)).unwrap_err();
    assert_eq!(error.code(), "LW4050");
    assert_eq!(error.to_string(), "sales: rule `references` cannot be applied without what nobody.word holds");
}

#[test]
fn a_rule_that_cannot_be_computed_stops_everything() {
    struct Broken;
    impl RowRule for Broken {
        fn failures(&self, _: &RecordBatch) -> Result<BooleanArray, RowRuleFailed> {
            Err(RowRuleFailed)
        }
    }
    struct Short;
    impl RowRule for Short {
        fn failures(&self, _: &RecordBatch) -> Result<BooleanArray, RowRuleFailed> {
            Ok(BooleanArray::from(vec![false]))
        }
    }
    let mut sales = sales(Container::Csv);
    demand(&mut sales, None, &Rule::Required, OnFailure::Warn, None);
    for rule in [Arc::new(Broken) as Arc<dyn RowRule>, Arc::new(Short)] {
        let rules = RuleInputs { rows: BTreeMap::from([("small".to_owned(), rule)]), ..inputs() };
        let keys = ring();
        let context = ExtractContext {
            dataset: &sales,
            zone: chrono_tz::UTC,
            keys: &keys,
            as_of: as_of(),
            now: as_of(),
            seed: SEED,
            batch_rows: 10,
            rules: &rules,
            workers: 1,
        };
        let files = [file("f", written(Container::Csv, &rows("word", "zebra")))];
        let (mut seen, mut unread, mut sink) = (KeySet::new(SEED), UnreadLog::default(), Collected::default());
        let error = extract(&context, &files, &mut seen, &mut unread, &mut sink, &|_| {}).unwrap_err();
        assert_eq!(error.code(), "LW4053");
        assert!(sink.rows.is_empty());
    }
}

#[test]
fn a_row_that_does_not_parse_is_not_held_against_rules_on_rows() {
    let mut sales = sales(Container::Csv);
    demand(&mut sales, None, &Rule::Required, OnFailure::StopRun, None);
    let body = "id,amount,word,at\nR1,98765,good,yesterday\nR2,1,good,2024-01-01T00:00:00Z\n";
    let found = read(&sales, &[file("f", body)], 10, 1, &mut KeySet::new(SEED)).unwrap();
    assert_eq!(found.refused(), [("1".to_owned(), "at".to_owned(), "type".to_owned())]);
}

#[test]
fn a_domain_that_a_warning_keeps_is_not_one_of_those_listed() {
    // With a warning the list closes nothing: the usual domains are known as without one.
    let mut log = dataset(
        "log",
        Container::Csv,
        Encoding::Utf8,
        vec![field("kind", DataType::String), field("who", DataType::String)],
    );
    log.fields[1].treatment = Treatment::Pseudonymise(TokenDomain::ByField("kind".into()));
    let listed = Rule::In(vec!["phone".into()]);
    let body = "kind,who\nmember_no,M1\n";
    let written = |on_failure| {
        let mut log = log.clone();
        log.fields[0].rules.push(FieldRule { rule: here(listed.clone()), on_failure, name: None });
        read(&log, &[file("f", body)], 10, 1, &mut KeySet::new(SEED)).unwrap().accounts[0].written
    };
    assert_eq!((written(OnFailure::Quarantine), written(OnFailure::Warn)), (0, 1));
}

/// A row: its key, a value that must be unique, an amount.
type Drawn = (u8, Option<u8>, i64);

/// What must become of rows, by the book: written, quarantined for the value and for the amount, duplicates, warned.
fn by_the_book(files: &[Vec<Drawn>]) -> (Vec<Drawn>, [u64; 4]) {
    let (mut keys, mut values, mut written) = (Vec::new(), Vec::new(), Vec::new());
    let [mut repeated, mut too_much, mut duplicates, mut odd] = [0; 4];
    for row in files.iter().flatten() {
        let (key, value, amount) = *row;
        if amount > 100 {
            too_much += 1;
        } else if keys.contains(&key) {
            duplicates += 1;
        } else if value.is_some_and(|v| values.contains(&v)) {
            repeated += 1;
        } else {
            keys.push(key);
            values.extend(value);
            odd += u64::from(amount < 10);
            written.push(*row);
        }
    }
    (written, [repeated, too_much, duplicates, odd])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn accounts_close_whatever_fails(
        files in prop::collection::vec(
            prop::collection::vec((0u8..40, prop::option::of(0u8..30), 0i64..130), 0..60), 1..4),
        batch_rows in 1usize..30,
        workers in 1usize..4,
    ) {
        let mut sales = sales(Container::Csv);
        sales.fields.truncate(3);
        demand(&mut sales, Some("word"), &Rule::Unique, OnFailure::Quarantine, None);
        let least = Rule::Between { min: Some("10".into()), max: None };
        demand(&mut sales, Some("amount"), &least, OnFailure::Warn, Some("odd"));
        demand(&mut sales, None, &Rule::Required, OnFailure::Quarantine, None);
        let sources: Vec<SourceFile> = files.iter().enumerate().map(|(n, rows)| {
            let lines: String = rows.iter()
                .map(|(key, value, amount)| {
                    let value = value.map(|v| v.to_string()).unwrap_or_default();
                    format!("{key},{amount},{value}\n")
                })
                .collect();
            file(&format!("f{n}"), format!("id,amount,word\n{lines}"))
        }).collect();
        // With and without room in memory.
        let room = if batch_rows % 2 == 0 { room(0) } else { KeyRoom::default() };
        let found = read(&sales, &sources, batch_rows, workers, &mut KeySet::within(&room, SEED)).unwrap();
        let (expected, [repeated, too_much, duplicates, odd]) = by_the_book(&files);
        prop_assert!(found.accounts.iter().all(FileAccount::closes));
        let sum = |pick: &dyn Fn(&FileAccount) -> u64| found.accounts.iter().map(pick).sum::<u64>();
        let refused = |rule: &str| {
            sum(&|a| a.quarantined.iter().filter(|(r, _)| r.rule == rule).map(|(_, rows)| rows).sum())
        };
        prop_assert_eq!((refused("unique"), refused("small")), (repeated, too_much));
        prop_assert_eq!((sum(&|a| a.duplicates + a.key_conflicts), sum(&|a| a.warned.values().sum())), (duplicates, odd));
        let amounts = found.rows.column_by_name("amount").unwrap().as_primitive::<Int64Type>().clone();
        let expected: Int64Array = expected.iter().map(|row| Some(row.2)).collect();
        prop_assert_eq!(amounts.len(), expected.len());
        prop_assert_eq!(amounts, expected);
    }
}
