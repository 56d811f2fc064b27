//! The deepest queries that are permitted are planned and run on the stack of an ordinary thread.

use crate::shop::{Source, ask, session};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::EngineError;

/// What tokio and the standard library give a thread, unless they are asked for another size.
const STACK: usize = 2 << 20;

/// Levels below the most that are permitted, which the rest of each query has.
const LEVELS: usize = 380;

fn on_ordinary_stack(sql: &str) -> Result<Vec<String>, EngineError> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let governed = session(Source::Memory, LawfulBasis::Consent).await;
            governed.compile(sql).await?;
            Ok(ask(&governed, sql).await?.0)
        })
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap();
        thread.join().unwrap()
    })
}

#[test]
fn chains_as_deep_as_permitted_are_answered() {
    let chain = |part: &str, joined: &str| vec![part; LEVELS].join(joined);
    for (sql, expected) in [
        (format!("SELECT count(*) FROM visits WHERE {}", chain("seconds > -1", " AND ")), None),
        (format!("SELECT count(*) FROM visits WHERE {}", chain("seconds = 1", " OR ")), None),
        (format!("SELECT max({}) - max(seconds) * {LEVELS} FROM visits", chain("seconds", " + ")), Some("0")),
        (format!("SELECT length({}) FROM (VALUES ('a')) t(x)", chain("x", " || ")), Some("380")),
        (format!("SELECT count(*) FROM ({}) t", chain("SELECT page FROM visits", " UNION ALL ")), None),
    ] {
        let found = on_ordinary_stack(&sql).unwrap_or_else(|error| panic!("{}: {error}", &sql[..60]));
        assert_eq!(found.len(), 1, "{}", &sql[..60]);
        assert!(expected.is_none_or(|expected| found[0] == expected), "{}: {found:?}", &sql[..60]);
    }
}

#[test]
fn one_level_more_than_permitted_is_an_error_of_the_sql() {
    let sql = format!("SELECT count(*) FROM visits WHERE {}", vec!["seconds > 1"; 20_000].join(" AND "));
    let error = on_ordinary_stack(&sql).unwrap_err();
    assert!(matches!(&error, EngineError::Sql(problem) if problem.hint.is_some()), "{error}");
    assert!(error.to_string().contains("nested too deeply"), "{error}");
}
