//! Whose a row is: made up, taken from elsewhere, or left out.

use crate::asked::{as_if_absent, gives, sessions, sings};
use crate::people::{PEOPLE, email, id, phone, refusal};
use crate::shop::{Source, ask, relations, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{Session, SessionSpec};

fn somebody_withheld() -> u32 {
    (0..PEOPLE).find(|n| refusal(*n).is_some()).unwrap()
}

/// A list of ids, brought by the asker, joined with everything: nobody withheld is found by it.
#[tokio::test(flavor = "multi_thread")]
async fn ids_from_elsewhere_find_nobody_withheld() {
    let values: Vec<String> = (0..PEOPLE).filter(|n| refusal(*n).is_some()).map(|n| format!("('{}')", id(n))).collect();
    let list = values.join(", ");
    for session in sessions().await {
        for table in ["people", "orders", "visits", "crm.cards", "\"Loyalty\""] {
            let sql = format!("SELECT count(*) FROM {table} t JOIN (VALUES {list}) AS v(i) ON t.customer_id = v.i");
            assert_eq!(ask(&session, &sql).await.unwrap().0, ["0"], "{sql}");
            let sql = format!("SELECT count(*) FROM {table} WHERE customer_id IN ({})", list.replace(['(', ')'], ""));
            assert_eq!(ask(&session, &sql).await.unwrap().0, ["0"], "{sql}");
        }
    }
}

/// The pseudonym of a withheld person, known from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_pseudonym_finds_nobody_withheld() {
    let n = somebody_withheld();
    for token in [phone(n), email(n)] {
        gives(&format!("SELECT count(*) FROM orders WHERE phone_token = '{token}' OR email_token = '{token}'"), &["0"])
            .await;
        gives(&format!("SELECT order_id FROM orders WHERE coalesce(phone_token, email_token) = '{token}'"), &[]).await;
    }
}

/// A column of one's own that is called `customer_id` governs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_called_customer_id_does_not_stand_in() {
    as_if_absent("SELECT age AS customer_id FROM people").await;
    as_if_absent("SELECT name FROM (SELECT name, 'c1_x' AS customer_id FROM people) WHERE customer_id = 'c1_x'").await;
    as_if_absent("WITH people AS (SELECT 'x' AS customer_id, name FROM people) SELECT name FROM people").await;
    as_if_absent("SELECT p.name FROM people p JOIN (SELECT NULL AS customer_id) n ON p.customer_id IS DISTINCT FROM n.customer_id").await;
}

/// Rows that name nobody pass; a withheld row does not become one by leaving the column out.
#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_subject_out_leaves_nobody_in() {
    as_if_absent("SELECT name FROM people").await;
    as_if_absent("SELECT order_id FROM orders WHERE customer_id IS NULL").await;
    as_if_absent("SELECT count(*) FROM orders WHERE phone_token IS NULL AND email_token IS NULL").await;
    as_if_absent(
        "SELECT o.order_id FROM orders o LEFT JOIN people p ON o.customer_id = p.customer_id WHERE p.name IS NULL",
    )
    .await;
}

/// What is missing on one side of an outer join is missing because nobody is there, or because it is withheld: the same.
#[tokio::test(flavor = "multi_thread")]
async fn outer_and_anti_joins_see_no_withheld_row() {
    as_if_absent("SELECT p.name, o.order_id FROM people p FULL JOIN orders o ON p.customer_id = o.customer_id").await;
    as_if_absent("SELECT v.visit_id FROM visits v LEFT ANTI JOIN people p ON v.customer_id = p.customer_id").await;
    as_if_absent("SELECT name FROM people WHERE customer_id NOT IN (SELECT customer_id FROM orders)").await;
    as_if_absent("SELECT a.name, b.name FROM people a LEFT JOIN people b ON b.age = 41").await;
}

/// One row of two people is withheld if either is, and shows neither's pseudonym.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_two_people_hides_behind_neither() {
    let rows = as_if_absent("SELECT phone_token, email_token, customer_id FROM orders").await;
    let hidden: Vec<String> =
        (0..PEOPLE).filter(|n| refusal(*n).is_some()).flat_map(|n| [phone(n), email(n)]).collect();
    assert!(rows.iter().all(|row| !sings(row) && !hidden.iter().any(|token| row.contains(token))));
}

/// A pseudonym of nobody known might be of somebody who withdrew.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_pseudonym_is_refused() {
    gives(&format!("SELECT count(*) FROM orders WHERE phone_token = '{}'", phone(99_999)), &["0"]).await;
}

/// Rows of a person who is not known may all be one person's: a k-gate lets none of them through by itself. Those that name
/// no person pass.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_unknown_people_pass_no_k_gate() {
    for basis in [LawfulBasis::Contract, LawfulBasis::LegalObligation] {
        for source in [Source::Memory, Source::Parquet, Source::Placed] {
            let (engine, all) = relations(source, basis).await;
            let session = Session::new(&engine, &SessionSpec { minimum_subjects: 5, ..spec() }, all).unwrap();
            let (rows, _) = ask(&session, "SELECT order_id, sum(amount) FROM orders GROUP BY order_id").await.unwrap();
            // Every eleventh order has no pseudonym.
            assert_eq!(rows.len(), (0..300).filter(|row| row % 11 == 0).count(), "{basis:?} {source:?}");
            let (rows, _) = ask(&session, "SELECT count(*) FROM orders WHERE customer_id IS NULL").await.unwrap();
            assert!(rows.is_empty(), "{basis:?} {source:?}: {rows:?}");
            let (rows, _) = ask(&session, "SELECT count(*) FROM orders").await.unwrap();
            assert_eq!(rows, ["300"], "{basis:?} {source:?}");
            // A row of a table without its subject is about a person who is not known.
            let (rows, _) = ask(&session, "SELECT name, count(*) FROM people GROUP BY name").await.unwrap();
            assert!(rows.is_empty(), "{basis:?} {source:?}: {rows:?}");
        }
    }
}
