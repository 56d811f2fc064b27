//! Records of consent logs and suppression lists that cannot be read: whom they name, and what mends them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{CountsAs, KeySet, UnreadLog, UnreadRecord};
use lakewarden_privacy::token_bits;

const HEADER: &str = "id_type,id_value,purpose,action,at\n";

/// A consent log as the reference project declares it.
fn consents() -> Dataset {
    let text = |name: &str| field(name, DataType::String).required();
    let listed = |words: &[&str]| Rule::In(words.iter().map(|w| (*w).to_owned()).collect());
    let mut id = text("id_value").column("id_token");
    id.treatment = Treatment::Pseudonymise(TokenDomain::ByField("id_type".into()));
    id.normalise = Normaliser::Identifier;
    let mut log = dataset(
        "consents",
        Container::Csv,
        Encoding::Utf8,
        vec![
            text("id_type").rule(listed(&["phone", "member_no"])),
            id,
            text("purpose").rule(listed(&["analytics", "marketing"])),
            text("action").rule(listed(&["grant", "withdraw", "gpc", "restrict", "lift_restriction"])),
            field("at", DataType::Timestamp).required(),
        ],
    );
    log.role = DatasetRole::ConsentLog;
    log.key = ["id_type", "id_token", "purpose", "action", "at"].map(|c| here(c.into())).into();
    log
}

fn phone(number: &str) -> u128 {
    token_bits(&ring().tokeniser("phone").token_of(number)).unwrap()
}

fn micros(text: &str) -> i64 {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros()
}

/// Loads files, one after another, and tells what could not be read.
fn unread(dataset: &Dataset, files: &[&str]) -> (Outcome, UnreadLog) {
    let mut log = UnreadLog::default();
    let outcome = load(dataset, files, &mut log, "2024-12-31T00:00:00Z");
    (outcome, log)
}

fn load(dataset: &Dataset, files: &[&str], log: &mut UnreadLog, as_of: &str) -> Outcome {
    let files: Vec<_> = files.iter().enumerate().map(|(n, text)| file(&format!("{n}.csv"), *text)).collect();
    run_logged(dataset, &files, 3, 2, &mut KeySet::new(SEED), log, as_of.parse().unwrap()).unwrap()
}

/// A file of these records.
fn log_of(records: &[&str]) -> String {
    HEADER.to_owned() + &records.join("\n") + "\n"
}

fn pseudonyms(record: &UnreadRecord) -> Vec<u128> {
    record.names.iter().map(|n| n.pseudonym).collect()
}

#[test]
fn a_record_that_breaks_a_rule_still_names_whom_it_names() {
    let text = log_of(&[
        "phone,131 0000 0001,analytics,withdraw,2024-05-01T00:00:00Z",
        "phone,131 0000 0001,astrology,withdraw,2024-05-01T00:00:00Z",
        "phone,+8613100000002,analytics,withdraw,昨天",
        "phone,13100000003,analytics,perhaps,2024-05-01T00:00:00Z",
        "phone,13100000004,analytics,restrict,yesterday",
        "phone,13100000004,,gpc,2024-05-01T00:00:00Z",
        "phone,13100000005,,perhaps,2025-05-01T00:00:00Z",
    ]);
    let (outcome, log) = unread(&consents(), &[&text]);
    assert_eq!((outcome.accounts[0].unread, outcome.accounts[0].unread_nobody), (6, 0));
    assert_eq!(outcome.quarantine.num_rows(), 6, "they are sealed like any other record");
    let found: Vec<_> = log
        .records()
        .iter()
        .map(|r| {
            assert_eq!((r.file.as_ref(), r.certain, r.mended_at), ("0.csv", true, None));
            assert_eq!(r.quarantined_at, micros("2024-12-31T00:00:00Z"));
            assert_eq!(r.names[0].domain.as_ref(), "phone");
            let without = r.key.as_ref().map(|k| k.without.as_deref());
            (r.row, pseudonyms(r)[0], r.counts_as, r.event_at, without)
        })
        .collect();
    let said = Some(micros("2024-05-01T00:00:00Z"));
    assert_eq!(
        found,
        [
            (2, phone("+8613100000001"), CountsAs::Withdrawal, said, Some(Some("purpose"))),
            (3, phone("+8613100000002"), CountsAs::Withdrawal, None, Some(Some("at"))),
            (4, phone("+8613100000003"), CountsAs::Withdrawal, said, Some(Some("action"))),
            (5, phone("+8613100000004"), CountsAs::Restriction, None, Some(Some("at"))),
            (6, phone("+8613100000004"), CountsAs::OptOutSignal, said, Some(Some("purpose"))),
            // Two parts of its key are missing, and its time has not come yet.
            (7, phone("+8613100000005"), CountsAs::Withdrawal, None, None),
        ]
    );
}

#[test]
fn of_some_records_it_is_not_certain_whom_they_name() {
    let text = log_of(&[
        "phone,,analytics,withdraw,2024-05-01T00:00:00Z",
        "phone,nobody,analytics,withdraw,2024-05-01T00:00:00Z",
        "fone,13100000001,analytics,withdraw,2024-05-01T00:00:00Z",
        "phone,13100000002,analytics,withdraw",
        "phone,13100000003,analytics,withdraw,2024-05-01T00:00:00Z",
    ]);
    let (outcome, log) = unread(&consents(), &[&text]);
    let account = &outcome.accounts[0];
    assert_eq!((account.written, account.unread, account.unread_nobody, account.nobody_at), (1, 4, 4, Some(1)));
    assert!(account.warnings.iter().any(|w| w.to_string().ends_with("whom they name: 4")));
    assert!(log.records().iter().all(|r| !r.certain && (r.key.is_none() || r.row != 4)));
    let named: Vec<_> = log.records().iter().map(pseudonyms).collect();
    assert_eq!(named[0], [0u128; 0]);
    assert!(!named[1].contains(&phone("nobody")));
    assert!(named[2].contains(&phone("+8613100000001")), "of an unknown kind, it may be a telephone number");
    assert_eq!(named[3], [phone("+8613100000002")], "what stands there is heard all the same");
}

#[test]
fn what_the_engine_reads_is_demanded_even_if_the_dictionary_does_not() {
    let mut log = consents();
    log.fields.iter_mut().for_each(|f| f.rules.clear());
    log.key.clear();
    let text = log_of(&[
        "phone,13100000001,,withdraw,2024-05-01T00:00:00Z",
        "phone,13100000001,,restrict,2024-05-01T00:00:00Z",
        "phone,13100000001,analytics,,2024-05-01T00:00:00Z",
        "phone,13100000001,analytics,perhaps,2024-05-01T00:00:00Z",
        "phone,13100000001,analytics,grant,",
        "phone,,analytics,grant,2024-05-01T00:00:00Z",
        "phone,13100000001,horoscopes,withdraw,2024-05-01T00:00:00Z",
    ]);
    let (outcome, read) = unread(&log, &[&text]);
    let refused: Vec<_> =
        outcome.refused().into_iter().map(|(row, field, rule)| format!("{row} {field} {rule}")).collect();
    assert_eq!(
        refused,
        ["1 purpose required", "3 action required", "4 action in", "5 at required", "6 id_value required"]
    );
    assert_eq!(read.records().len(), 5);
    assert!(read.records().iter().all(|r| r.key.is_none()), "without a key nothing is mended");
    log.role = DatasetRole::Data;
    let (outcome, read) = unread(&log, &[&text]);
    assert_eq!((outcome.rows.num_rows(), read.records().len()), (7, 0), "other datasets say nothing");
}

#[test]
fn a_suppression_list_names_people_by_any_of_its_identifiers() {
    let mut list = dataset(
        "blocked",
        Container::Csv,
        Encoding::Utf8,
        vec![
            field("phone", DataType::String).token("phone", Normaliser::Phone),
            field("email", DataType::String).token("email", Normaliser::Email),
            field("since", DataType::Timestamp),
        ],
    );
    list.role = DatasetRole::SuppressionList;
    list.event_time = Some(here("since".into()));
    let text = "phone,email,since\n13100000001,nonsense,2024-05-01T00:00:00Z\n,ada@example.com,soon\n,,soon\n,,\n";
    let (outcome, log) = unread(&list, &[text]);
    assert_eq!((outcome.accounts[0].unread, outcome.accounts[0].unread_nobody), (3, 1));
    let found: Vec<_> =
        log.records().iter().map(|r| (r.counts_as, r.certain, r.names.len(), r.event_at.is_some())).collect();
    let listed = CountsAs::Listed;
    assert_eq!(found, [(listed, true, 1, true), (listed, true, 1, false), (listed, false, 0, false)]);
    assert_eq!(log.records()[0].names[0].pseudonym, phone("+8613100000001"));
}

const BAD_DATE: &str = "phone,13100000001,analytics,withdraw,昨天";
const MENDED: &str = "phone,13100000001,analytics,withdraw,2024-05-01T00:00:00Z";

#[test]
fn a_readable_record_with_the_same_key_that_comes_later_mends() {
    let mended = |records: &[&str]| {
        let (_, log) = unread(&consents(), &[&log_of(records)]);
        log.records().iter().map(|r| r.mended_at.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(mended(&[BAD_DATE, MENDED]), [true]);
    assert_eq!(mended(&[MENDED, BAD_DATE]), [false], "what came before it is another");
    assert_eq!(mended(&[MENDED, BAD_DATE, MENDED]), [true], "a duplicate is not stored, and heard all the same");
    assert_eq!(mended(&[BAD_DATE, MENDED, BAD_DATE]), [true, false]);
    assert_eq!(mended(&[BAD_DATE, "phone,13100000001,marketing,withdraw,2024-05-01T00:00:00Z"]), [false]);
    assert_eq!(mended(&[BAD_DATE, "phone,13100000001,analytics,grant,2024-05-01T00:00:00Z"]), [false]);
    assert_eq!(mended(&[BAD_DATE, "phone,13100000002,analytics,withdraw,2024-05-01T00:00:00Z"]), [false]);
    let two = "phone,13100000001,analytics,perhaps,昨天";
    assert_eq!(mended(&[two, MENDED]), [false], "too little of its key is left");
}

#[test]
fn a_later_run_mends_what_an_earlier_one_could_not_read() {
    let mut log = UnreadLog::default();
    load(&consents(), &[&log_of(&[BAD_DATE])], &mut log, "2024-12-31T00:00:00Z");
    let first = log.rows(1).unwrap().remove(0);
    let mut log = UnreadLog::read(std::slice::from_ref(&first)).unwrap();
    load(&consents(), &[&log_of(&[MENDED])], &mut log, "2025-01-31T00:00:00Z");
    let second = log.rows(1).unwrap().remove(0);
    assert_eq!((first.num_rows(), second.num_rows()), (1, 1));
    let read = UnreadLog::read(&[first, second]).unwrap();
    let [record] = read.records() else { panic!("{read:?}") };
    assert_eq!(record.quarantined_at, micros("2024-12-31T00:00:00Z"));
    assert_eq!(record.mended_at, Some(micros("2025-01-31T00:00:00Z")));
}

#[test]
fn no_cell_of_a_record_is_kept() {
    let text = log_of(&["phone,13100000001,13100000002,13100000003,13100000004", "13100000005,13100000006,a,b,c"]);
    let (_, log) = unread(&consents(), &[&text]);
    let rows = log.rows(1).unwrap().remove(0);
    let cells: String = rows.schema().fields().iter().map(|f| texts(&rows, f.name()).join(" ") + "\n").collect();
    assert!(rows.num_rows() >= 2 && cells.contains("k1_"), "{cells}");
    assert!(!cells.contains("131"), "{cells}");
}

#[test]
fn threads_and_batches_make_no_difference() {
    let records: Vec<String> = (0..200)
        .map(|n| {
            // Whoever comes again, 40 records later, has a date.
            let at = if n % 3 == 0 { "soon" } else { "2024-05-01T00:00:00Z" };
            format!("phone,131{:08},analytics,withdraw,{at}", 20_260_000 + n % 40)
        })
        .collect();
    let text = log_of(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let run = |batch_rows, workers| {
        let mut log = UnreadLog::default();
        let files = [file("a.csv", text.as_str())];
        run_logged(&consents(), &files, batch_rows, workers, &mut KeySet::new(SEED), &mut log, as_of()).unwrap();
        log.records().to_vec()
    };
    let one = run(1_000, 1);
    assert_eq!(one.iter().filter(|r| r.mended_at.is_some()).count(), 54);
    for (batch_rows, workers) in [(1, 4), (7, 3), (64, 2)] {
        assert_eq!(run(batch_rows, workers), one);
    }
}
