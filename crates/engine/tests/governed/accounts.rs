//! What is withheld is counted, by reason; what passes on another ground is counted too.

use crate::people::{Reason, refusal};
use crate::shop::{Source, ask, engine, relations, session, spec, tables};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{Content, Session, SubjectColumns};
use object_store::memory::InMemory;
use std::sync::Arc;

/// The expectation itself holds rows of every kind, or the tests below would show nothing.
#[test]
fn the_tables_hold_every_kind_of_row() {
    let orders = tables().into_iter().find(|t| t.name == "orders").unwrap().figures(LawfulBasis::Consent);
    assert_eq!(orders.withheld.len(), 2);
    assert!(orders.without_subject > 10 && orders.used > orders.without_subject);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_scans_close_and_name_their_reasons() {
    for source in [Source::Memory, Source::Parquet, Source::Placed] {
        let session = session(source, LawfulBasis::Consent).await;
        for table in tables().into_iter().filter(|t| t.subject.is_some()) {
            let name = match table.name {
                "Loyalty" => "\"Loyalty\"",
                name => name,
            };
            for sql in [format!("SELECT * FROM {name}"), format!("SELECT count(*) FROM {name}")] {
                let (_, figures) = ask(&session, &sql).await.unwrap();
                assert_eq!(figures, [table.figures(LawfulBasis::Consent)], "{sql}");
                figures[0].close().unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scan_has_its_own_account_and_each_run_its_own_accounts() {
    let session = session(Source::Memory, LawfulBasis::Consent).await;
    let (_, figures) = ask(&session, "SELECT count(*) FROM people a JOIN people b ON a.city = b.city").await.unwrap();
    assert_eq!(figures.len(), 2);
    assert!(figures.iter().all(|f| f.relation == "people"));
    // Two runs at once, the first read after the second was planned.
    let mut first = session.run("SELECT * FROM people").await.unwrap();
    let mut second = session.run("SELECT * FROM visits").await.unwrap();
    while second.next().await.unwrap().is_some() {}
    while first.next().await.unwrap().is_some() {}
    let names = |f: Vec<lakewarden_engine::ScanFigures>| f.into_iter().map(|f| f.relation).collect::<Vec<_>>();
    assert_eq!(names(first.accounts().unwrap()), ["people"]);
    assert_eq!(names(second.accounts().unwrap()), ["visits"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_relations_have_no_account() {
    let session = session(Source::Parquet, LawfulBasis::Consent).await;
    let (rows, figures) = ask(&session, "SELECT * FROM shops").await.unwrap();
    assert_eq!((rows.len(), figures.len()), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ground_than_consent_lets_all_rows_through_and_says_so() {
    for basis in [LawfulBasis::Contract, LawfulBasis::LegalObligation] {
        for source in [Source::Parquet, Source::Placed] {
            let session = session(source, basis).await;
            for table in tables().into_iter().filter(|t| ["people", "orders", "visits"].contains(&t.name)) {
                let (rows, figures) = ask(&session, &format!("SELECT count(*) FROM {}", table.name)).await.unwrap();
                let all = table.rows.num_rows() as u64;
                let [figures] = figures.as_slice() else { panic!("one scan") };
                let nobody = table.whose.iter().filter(|n| n.is_none()).count() as u64;
                // Whom a row of a table is about that lacks its subject may have demanded a restriction.
                let is_table = table.subject == Some(SubjectColumns::CustomerId);
                let out = if is_table && basis == LawfulBasis::Contract { nobody } else { 0 };
                assert_eq!(rows, [(all - out).to_string()]);
                assert_eq!((figures.basis, figures.read, figures.used), (Some(basis), all, all - out));
                assert_eq!(figures.without_subject, nobody - out);
                assert_eq!(figures.withheld.values().sum::<u64>(), out);
            }
        }
    }
}

/// Rows of two pseudonyms, in both orders of every pair of kinds: the strictest decides and names the reason.
#[tokio::test(flavor = "multi_thread")]
async fn the_strictest_pseudonym_of_a_row_decides() {
    use crate::people::{email, phone};
    let person = |wanted: Option<Reason>| (0..40).find(|n| refusal(*n) == wanted).unwrap();
    let kinds = [
        Some(person(None)),
        Some(person(Some(Reason::Withdrawn))),
        Some(person(Some(Reason::NotGranted))),
        Some(999),
        None,
    ];
    let reason = |n: Option<u32>| match n {
        None => None,
        Some(999) => Some(Reason::NotGranted),
        Some(n) => refusal(n),
    };
    for first in kinds {
        for second in kinds {
            let (engine, mut all) = relations(Source::Memory, LawfulBasis::Consent).await;
            let mut relation = all.remove(1);
            let column = |n: Option<String>| Arc::new(StringArray::from(vec![n])) as ArrayRef;
            let columns = [("phone_token", column(first.map(phone))), ("email_token", column(second.map(email)))];
            let row = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap();
            relation.content = Content::Memory { schema: row.schema(), batches: vec![row] };
            assert!(matches!(relation.governance.as_ref().unwrap().subject, SubjectColumns::Tokens { .. }));
            let session = Session::new(&engine, &spec(), vec![relation]).unwrap();
            let (rows, figures) = ask(&session, "SELECT customer_id FROM orders").await.unwrap();
            let expected = [reason(first), reason(second)].into_iter().flatten().min();
            let found: Vec<&str> = figures[0].withheld.keys().copied().collect();
            assert_eq!(found, expected.iter().map(|r| r.name()).collect::<Vec<_>>(), "{first:?} {second:?}");
            let whose = first.or(second).map_or("∅".to_owned(), crate::people::id);
            assert_eq!(rows, if expected.is_some() { vec![] } else { vec![whose] }, "{first:?} {second:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_without_rows_closes() {
    let (_, mut all) = relations(Source::Memory, LawfulBasis::Consent).await;
    let mut relation = all.remove(1);
    let Content::Memory { schema, .. } = relation.content.clone() else { panic!("in memory") };
    for content in [Content::Declared(schema.clone()), Content::Files { schema: schema.clone(), files: vec![] }] {
        relation.content = content;
        let session = Session::new(&engine(Arc::new(InMemory::new())), &spec(), vec![relation.clone()]).unwrap();
        let (rows, figures) = ask(&session, "SELECT count(*), max(amount) FROM orders").await.unwrap();
        assert_eq!(rows, ["0 | ∅"]);
        assert_eq!((figures[0].read, figures[0].used), (0, 0));
    }
}
