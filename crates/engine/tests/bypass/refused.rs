//! Relations that the purpose may not use, and relations whose ruling does not fit them.

use crate::asked::refused;
use crate::shop::{Source, ask, relations, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session};
use lakewarden_policy::{Refusal, Ruling};

#[tokio::test]
async fn a_refused_relation_is_refused_by_every_way() {
    for (refusal, words) in [
        (Refusal::ConsentLog, "consent log"),
        (
            Refusal::Purpose { allowed: vec!["service".into()] },
            "may not be used for purpose \"analytics\"; it serves service",
        ),
        (Refusal::Purpose { allowed: vec![] }, "it serves none"),
    ] {
        let (engine, mut all) = relations(Source::Memory, LawfulBasis::Consent).await;
        all[0].ruling = Ruling::Refused(refusal);
        let session = Session::new(&engine, &spec(), all).unwrap();
        for sql in [
            "SELECT * FROM people",
            "SELECT 1 FROM people",
            "SELECT count(*) FROM people",
            "SELECT * FROM people WHERE false",
            "SELECT * FROM people LIMIT 0",
            "WITH t AS (SELECT * FROM people) SELECT 1 FROM t",
            "WITH t AS (SELECT * FROM people) SELECT p.n FROM (SELECT name AS n FROM t) p",
            "SELECT city FROM shops WHERE EXISTS (SELECT 1 FROM people)",
            "SELECT city FROM shops WHERE city IN (SELECT name FROM people)",
            "SELECT city FROM shops WHERE city > ALL (SELECT name FROM people)",
            "SELECT (SELECT max(name) FROM people)",
            "SELECT city FROM shops ORDER BY (SELECT max(name) FROM people)",
            "SELECT max(city) OVER (ORDER BY (SELECT max(name) FROM people)) FROM shops",
            "SELECT city FROM shops GROUP BY city HAVING count(*) > (SELECT count(*) FROM people)",
            "SELECT city FROM shops JOIN visits ON seconds > (SELECT count(*) FROM people)",
            "SELECT city FROM shops UNION SELECT name FROM people",
            "SELECT s.city FROM shops s, LATERAL (SELECT name FROM people p WHERE p.city = s.city) l",
            "SELECT CASE WHEN city = 'x' THEN (SELECT min(name) FROM people) END FROM shops",
            "SELECT city FROM shops LIMIT (SELECT count(*) FROM people)",
            "VALUES ((SELECT max(name) FROM people))",
        ] {
            let (_, message) = refused(&session, sql).await;
            // A few of these DataFusion cannot plan at all.
            assert!(message.contains(words) || message.to_lowercase().contains("not support"), "{sql}: {message}");
        }
        assert!(ask(&session, "SELECT * FROM shops").await.is_ok());
    }
}

#[tokio::test]
async fn a_session_does_not_take_a_relation_whose_ruling_and_subjects_disagree() {
    for source in [Source::Memory, Source::Parquet] {
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all[0].ruling = Ruling::Open;
        let Err(error) = Session::new(&engine, &spec(), all).map(|_| ()) else { panic!("taken") };
        assert!(matches!(&error, EngineError::Ungoverned { relation } if relation == "people"), "{error:?}");
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all[1].governance = None;
        let Err(error) = Session::new(&engine, &spec(), all).map(|_| ()) else { panic!("taken") };
        assert!(matches!(&error, EngineError::Ungoverned { relation } if relation == "orders"), "{error:?}");
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all.push(all[0].clone());
        assert!(matches!(Session::new(&engine, &spec(), all), Err(EngineError::Start { .. })));
    }
}
