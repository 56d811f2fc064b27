//! Records out of quarantine, read again under another dictionary: what passes leaves, what does not says why, and
//! nothing that was not sealed is guessed.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow::compute::concat_batches;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{
    ExtractContext, HeldRecords, KeySet, Opener, Rereader, RuleInputs, SealedError, UnreadLog, Verdict,
    conformed_schema, for_rereading,
};
use parquet::arrow::ArrowWriter;
use std::sync::Arc;

/// What a second reading gives.
struct Again {
    verdicts: Vec<Verdict>,
    rows: RecordBatch,
    written: u64,
    duplicates: u64,
    outside: u64,
}

impl Again {
    /// The verdicts: `-` for one that leaves, else field and rule.
    fn said(&self) -> Vec<String> {
        let say = |verdict: &Verdict| match verdict {
            Verdict::Leaves => "-".to_owned(),
            Verdict::Stays { field, rule, reason } => {
                assert!(!reason.is_empty());
                format!("{} {rule}", field.as_deref().unwrap_or("record"))
            }
            other => format!("{other:?}"),
        };
        self.verdicts.iter().map(say).collect()
    }
}

fn again(dataset: &Dataset, quarantine: &RecordBatch, seen: &mut KeySet, unread: &mut UnreadLog) -> Again {
    let keys = ring();
    let readable = for_rereading(dataset);
    let context = ExtractContext {
        dataset: &readable,
        zone: chrono_tz::Asia::Shanghai,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: SEED,
        batch_rows: 1000,
        workers: 1,
        rules: &RuleInputs::default(),
    };
    let mut rereader = Rereader::new(&context, dataset).unwrap();
    let held = HeldRecords::of(quarantine).unwrap();
    let mut sink = Collected::default();
    let chosen = vec![true; held.len()];
    let verdicts = rereader.read(&held, &chosen, seen, unread, &mut sink).unwrap();
    let account = rereader.account();
    let leaving = verdicts.iter().filter(|v| **v == Verdict::Leaves).count() as u64;
    assert_eq!(account.read, leaving);
    assert!(account.closes() && sink.quarantine.is_empty(), "nothing is sealed anew");
    Again {
        rows: concat_batches(&conformed_schema(dataset), &sink.rows).unwrap(),
        written: account.written,
        duplicates: account.duplicates,
        outside: account.outside_retention,
        verdicts,
    }
}

fn simply(dataset: &Dataset, quarantine: &RecordBatch) -> Again {
    again(dataset, quarantine, &mut KeySet::new(SEED), &mut UnreadLog::default())
}

fn csv(fields: Vec<Field>) -> Dataset {
    dataset("test", Container::Csv, Encoding::Utf8, fields)
}

#[test]
fn a_mended_rule_gives_the_rows_that_a_second_export_would_have_given() {
    let sales = pos_sales(Encoding::Gb18030);
    let mut text = SALES_HEADER.to_owned();
    for receipt in 0..300 {
        let row = sale(receipt, 1);
        text += &if receipt % 3 == 0 { row.replace("微信", "刷卡 ").replace("销售", "卖出") } else { row };
    }
    text += &sale(301, 1).replace(",1,", ",一,").replace("销售", "卖出");
    let bytes = gb18030(&text);
    let mut strict = sales.clone();
    let kind = strict.fields.iter_mut().find(|f| f.name.value == "类型").unwrap();
    kind.map = vec![("销售".into(), "sale".into()), ("退货".into(), "return".into())];
    let first = run(&strict, &[file("a.csv", bytes.clone())]).unwrap();
    let quarantined = first.quarantine.num_rows();
    assert!(quarantined > 80, "{quarantined}");

    let mut mended = strict.clone();
    let kind = mended.fields.iter_mut().find(|f| f.name.value == "类型").unwrap();
    kind.map.push(("卖出".into(), "sale".into()));
    let whole = run(&mended, &[file("a.csv", bytes)]).unwrap();
    let released = simply(&mended, &first.quarantine);
    assert_eq!(released.written as usize, quarantined - 1);
    assert_eq!(released.said().last().unwrap(), "行号 type", "another rule that it breaks as well");
    // First reading and release together are the whole export under the mended dictionary, row by row.
    let lines = |batches: &[&RecordBatch]| -> Vec<String> {
        let mut lines: Vec<String> = batches
            .iter()
            .flat_map(|batch| {
                let columns: Vec<Vec<String>> =
                    batch.schema().fields().iter().map(|f| texts(batch, f.name())).collect();
                (0..batch.num_rows())
                    .map(|row| columns.iter().map(|c| c[row].as_str()).collect::<Vec<_>>().join("|"))
                    .collect::<Vec<_>>()
            })
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&[&first.rows, &released.rows]), lines(&[&whole.rows]));
    assert_eq!(simply(&strict, &first.quarantine).written, 0, "unmended, nothing leaves");
}

#[test]
fn duplicates_and_old_rows_leave_without_being_written() {
    let sales = pos_sales(Encoding::Utf8);
    let good = sale(1, 1);
    let bad = |row: &str| row.replace("销售", "?").replace("退货", "?");
    let old = bad(&sale(2, 1)).replace("2024-", "2004-");
    let text = format!("{SALES_HEADER}{good}{}{}{}{old}", bad(&good), bad(&sale(3, 1)), bad(&sale(3, 1)));
    let mut seen = KeySet::new(SEED);
    let first = run_with(&sales, &[file("a.csv", text)], 10, 1, &mut seen).unwrap();
    assert_eq!((first.rows.num_rows(), first.quarantine.num_rows()), (1, 4));
    let mut mended = sales.clone();
    let kind = mended.fields.iter_mut().find(|f| f.name.value == "类型").unwrap();
    kind.map.push(("?".into(), "sale".into()));
    let released = again(&mended, &first.quarantine, &mut seen, &mut UnreadLog::default());
    assert_eq!((released.written, released.duplicates, released.outside), (1, 2, 1), "{:?}", released.said());
}

#[test]
fn what_does_not_parse_stays_whatever_the_rules_say() {
    let set = csv(vec![field("a", DataType::String), field("b", DataType::Integer)]);
    let first = run(&set, &[file("a.csv", "a,b\nx,1,2\ny\nz,3\n")]).unwrap();
    assert_eq!(first.refused().len(), 2);
    assert_eq!(simply(&set, &first.quarantine).said(), ["record columns", "record columns"]);
    // The sealed record says so itself: the column that anybody can write is not what is believed.
    let mut columns = first.quarantine.columns().to_vec();
    let at = first.quarantine.schema().index_of("rule").unwrap();
    columns[at] = Arc::new(StringArray::from(vec!["type"; 2])) as ArrayRef;
    let forged = RecordBatch::try_new(first.quarantine.schema(), columns).unwrap();
    assert_eq!(simply(&set, &forged).said(), ["record columns", "record columns"]);

    let set = dataset("test", Container::Ndjson, Encoding::Utf8, vec![field("a", DataType::String)]);
    let first = run(&set, &[file("a.ndjson", "{\"a\":\"x\"}\n[1,2]\n{\"a\":\n")]).unwrap();
    assert_eq!(simply(&set, &first.quarantine).said(), ["record json", "record json"]);
}

#[test]
fn what_was_dropped_is_not_invented() {
    let secret = field("secret", DataType::String).treated(Treatment::Drop).rule(Rule::In(vec!["ok".into()]));
    let number = field("number", DataType::Integer);
    let set = csv(vec![number.clone(), secret.clone()]);
    let first = run(&set, &[file("a.csv", "number,secret\none,ok\ntwo,no\n3,no\n")]).unwrap();
    assert_eq!(first.refused().len(), 3);
    assert!(!first.open(0).to_string().contains("ok") && !first.open(2).to_string().contains("no\""));
    let mut mended = set.clone();
    mended.fields[0].map = vec![("one".into(), "1".into()), ("two".into(), "2".into())];
    assert_eq!(simply(&mended, &first.quarantine).said(), ["-", "secret in", "secret in"]);
    // The rule is withdrawn: nobody asks any more what stood there.
    mended.fields[1].rules.clear();
    assert_eq!(simply(&mended, &first.quarantine).said(), ["-", "-", "-"]);
    // It is stored from now on, and these records have none of it.
    mended.fields[1] = field("secret", DataType::String);
    assert_eq!(simply(&mended, &first.quarantine).said(), ["secret required"; 3]);
    mended.fields[1].optional = true;
    assert_eq!(simply(&mended, &first.quarantine).said(), ["-", "secret required", "secret required"]);
}

#[test]
fn typed_columns_are_read_as_they_arrived() {
    let times = TimestampMillisecondArray::from(vec![1_700_000_000_123, 1_700_000_000_456]).with_timezone("UTC");
    let money = Decimal128Array::from(vec![1_210, -7]).with_precision_and_scale(9, 2).unwrap();
    let batch = RecordBatch::try_from_iter([
        ("at", Arc::new(times) as ArrayRef),
        ("day", Arc::new(Int64Array::from(vec![1_700_000_000, 1_700_000_001]))),
        ("paid", Arc::new(money)),
        ("lat", Arc::new(Float64Array::from(vec![31.230416, 1e-7]))),
        ("kind", Arc::new(BinaryArray::from_iter_values([b"a", b"b"]))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let set = |kinds: &[&str]| {
        let kinds = kinds.iter().map(|k| (*k).to_owned()).collect();
        let fields = vec![
            // Formats that the text of a typed value does not have.
            field("at", DataType::Timestamp).times(&["%d/%m/%Y"]),
            field("day", DataType::Timestamp).times(&["epoch_s"]),
            field("paid", DataType::Decimal { precision: 12, scale: 2 }),
            field("lat", DataType::Double),
            field("kind", DataType::String).rule(Rule::In(kinds)),
        ];
        dataset("test", Container::Parquet, Encoding::Utf8, fields)
    };
    let first = run(&set(&["c"]), &[file("a.parquet", bytes.clone())]).unwrap();
    assert_eq!(first.quarantine.num_rows(), 2);
    let whole = run(&set(&["a", "b"]), &[file("a.parquet", bytes)]).unwrap();
    assert_eq!(whole.rows.num_rows(), 2);
    let released = simply(&set(&["a", "b"]), &first.quarantine);
    assert_eq!(released.rows, whole.rows, "{:?}", released.said());
}

#[test]
fn what_was_altered_or_moved_does_not_open_and_stays() {
    let set = csv(vec![field("a", DataType::Integer)]);
    let first = run(&set, &[file("a.csv", "a\nx\ny\nz\n")]).unwrap();
    let with = |column: &str, array: ArrayRef| {
        let mut columns = first.quarantine.columns().to_vec();
        columns[first.quarantine.schema().index_of(column).unwrap()] = array;
        RecordBatch::try_new(first.quarantine.schema(), columns).unwrap()
    };
    let mut mended = set.clone();
    mended.fields[0].data_type = here(DataType::String);
    assert_eq!(simply(&mended, &first.quarantine).written, 3);
    let shut = Verdict::Shut(SealedError::Refused);
    let moved = with("row", Arc::new(Int64Array::from(vec![2, 1, 3])));
    assert_eq!(simply(&mended, &moved).verdicts, [shut.clone(), shut.clone(), Verdict::Leaves]);
    let other_file = with("file", Arc::new(StringArray::from(vec!["b.csv", "a.csv", "a.csv"])));
    assert_eq!(simply(&mended, &other_file).verdicts[0], shut);
    let later = with("key_version", Arc::new(arrow::array::Int32Array::from(vec![1, 2, 1])));
    assert_eq!(simply(&mended, &later).verdicts[1], shut);

    let held = HeldRecords::of(&first.quarantine).unwrap();
    let other = lakewarden_privacy::KeyRing::new(lakewarden_privacy::MasterKey::from_bytes([8; 32]), 1);
    assert_eq!(Opener::new(&other).open(&held.get(0)), Err(SealedError::Refused));
    // A later version of the same master key opens what an earlier one sealed.
    let raised = lakewarden_privacy::KeyRing::new(lakewarden_privacy::MasterKey::from_bytes([7; 32]), 5);
    let opened = Opener::new(&raised).open(&held.get(0)).unwrap();
    assert_eq!(opened.fields["a"].as_deref(), Some("x"));
}

#[test]
fn ids_are_of_the_record_and_stay() {
    let set = csv(vec![field("a", DataType::Integer)]);
    let ids = |batch: &RecordBatch| -> Vec<String> {
        let held = HeldRecords::of(batch).unwrap();
        (0..held.len()).map(|at| held.get(at).id()).collect()
    };
    let first = run(&set, &[file("a.csv", "a\nx\ny\n"), file("b.csv", "a\nx\n")]).unwrap();
    let mut found = ids(&first.quarantine);
    assert!(found.iter().all(|id| id.len() == "test/".len() + 16 && id.starts_with("test/")), "{found:?}");
    assert_eq!(ids(&first.quarantine.slice(1, 2)), found[1..]);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 3);
}

#[test]
fn a_statement_that_can_be_read_at_last_takes_its_own_place() {
    let token = Treatment::Pseudonymise(TokenDomain::ByField("id_type".into()));
    let id_type = field("id_type", DataType::String).rule(Rule::In(vec!["phone".into()]));
    let mut id = field("id_value", DataType::String).column("id_token").treated(token);
    id.identifier = IdentifierClass::Direct;
    let purpose = field("purpose", DataType::String).rule(Rule::In(vec!["analytics".into()]));
    let at = field("at", DataType::Timestamp);
    let mut log = csv(vec![id_type, id, purpose, field("action", DataType::String), at]);
    log.role = DatasetRole::ConsentLog;
    // No key, two unreadable cells, and one that names nobody yet.
    let text = "id_type,id_value,purpose,action,at\nphone,13100000001,offers,withdraw,1 June\nmail,a@example.com,offers,withdraw,2024-06-01T00:00:00Z\n";
    let mut unread = UnreadLog::default();
    let read = run_logged(&log, &[file("log.csv", text)], 10, 1, &mut KeySet::new(SEED), &mut unread, as_of());
    let first = read.unwrap();
    let open = |unread: &UnreadLog| unread.records().iter().filter(|r| r.mended_at.is_none()).count();
    assert_eq!((first.quarantine.num_rows(), open(&unread)), (2, 2));
    let named = |unread: &UnreadLog| unread.records().iter().map(|r| r.names.len()).sum::<usize>();
    let before = named(&unread);

    let mut half = log.clone();
    half.fields[0].map = vec![("mail".into(), "email".into())];
    half.fields[0].rules = vec![here(Rule::In(vec!["phone".into(), "email".into()])).into()];
    let stays = again(&half, &first.quarantine, &mut KeySet::new(SEED), &mut unread);
    assert_eq!(stays.written, 0, "{:?}", stays.said());
    assert_eq!(open(&unread), unread.records().len(), "what cannot be read stands");
    assert!(named(&unread) > before, "and counts for whom it is now known to name");
    let known = named(&unread);
    again(&half, &first.quarantine, &mut KeySet::new(SEED), &mut unread);
    assert_eq!(named(&unread), known, "once");

    let mut mended = half;
    mended.fields[2].rules.clear();
    mended.fields[4].map = vec![("1 June".into(), "2024-06-01T00:00:00Z".into())];
    let released = again(&mended, &first.quarantine, &mut KeySet::new(SEED), &mut unread);
    assert_eq!((released.written, open(&unread)), (2, 0), "{:?}", released.said());
}
