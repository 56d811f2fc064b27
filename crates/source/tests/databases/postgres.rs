//! PostgreSQL.

use crate::support::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio_postgres::{Client, NoTls};

async fn client() -> Client {
    let (client, connection) = tokio_postgres::connect(&postgres_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A table of accounts with 100 each, large enough to be divided by blocks.
async fn accounts(client: &Client, name: &str, count: i64) {
    let sql = format!(
        "CREATE TABLE {name} (id bigint PRIMARY KEY, balance bigint NOT NULL, remark text);
         INSERT INTO {name} SELECT n, 100, repeat('x', 200) FROM generate_series(1, {count}) n"
    );
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn all_connections_see_one_state() {
    const COUNT: i64 = 40_000;
    let (client, name) = (client().await, fresh("accounts"));
    accounts(&client, &name, COUNT).await;
    for divided in ["parallel: 4", "parallel: 3, partition_on: id", "parallel: 1"] {
        let channel =
            Channel::new(&postgres_url(), &["id integer", "balance integer"], &format!("table: {name}, {divided}"));
        let read = channel.open().await.unwrap();
        // From here on, money moves from the first rows to the last ones and back, a commit each.
        let (stop, commits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let movers: Vec<_> = (0..2)
            .map(|mover| {
                let (stop, commits, name) = (stop.clone(), commits.clone(), name.clone());
                tokio::spawn(async move {
                    let client = self::client().await;
                    let mut number = 0i64;
                    while !stop.load(Ordering::Relaxed) {
                        number += 1;
                        let (from, to) =
                            (1 + (number * 7919 + mover) % (COUNT / 2), COUNT - (number * 104_729) % 9_000);
                        let sql = format!(
                            "BEGIN; UPDATE {name} SET balance = balance - 7 WHERE id = {from};
                             UPDATE {name} SET balance = balance + 7 WHERE id = {to}; COMMIT"
                        );
                        // Two movers may wait for each other; one is then refused and goes on.
                        if client.batch_execute(&sql).await.is_err() {
                            client.batch_execute("ROLLBACK").await.unwrap();
                        }
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while commits.load(Ordering::Relaxed) < 200 {
            tokio::task::yield_now().await;
        }
        let lines = drain(&read).await.unwrap();
        stop.store(true, Ordering::Relaxed);
        for mover in movers {
            mover.await.unwrap();
        }
        let rows: Vec<(i64, i64)> = lines
            .iter()
            .map(|l| l.split_once(',').unwrap())
            .map(|(id, balance)| (id.parse().unwrap(), balance.parse().unwrap()))
            .collect();
        assert_eq!(rows.iter().map(|r| r.0).collect::<BTreeSet<_>>().len() as i64, COUNT, "{divided}");
        assert_eq!((rows.len() as i64, rows.iter().map(|r| r.1).sum::<i64>()), (COUNT, COUNT * 100), "{divided}");
        let moved: i64 =
            client.query_one(&format!("SELECT count(*) FROM {name} WHERE balance <> 100"), &[]).await.unwrap().get(0);
        assert!(moved > 0, "nobody moved anything while it was read");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn the_same_snapshot_gives_the_same_bytes() {
    let (client, name) = (client().await, fresh("same"));
    accounts(&client, &name, 30_000).await;
    let channel = Channel::new(&postgres_url(), &["id integer"], &format!("table: public.{name}, parallel: 4"));
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let read = channel.open().await.unwrap();
        assert!(read.warnings().is_empty());
        seen.insert(drain_text(&read).await.unwrap());
    }
    assert_eq!(seen.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn values_are_written_in_one_way_whatever_the_settings() {
    let (client, name) = (client().await, fresh("values"));
    let sql = format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, \"文\" text, paid numeric(12, 2), ok boolean, at timestamptz,
           wall timestamp, day date, bytes bytea, secret text, \"Pass\"\"word\" text);
         INSERT INTO {name} VALUES (1, E'a,\"b\"\\nc', 10.50, true, '2026-09-30 10:00:00.5+08', '2026-09-30 10:00',
           '2026-09-30', '\\x00ff', 'x', 'y'), (2, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
         ALTER ROLE CURRENT_USER SET datestyle = 'German'; ALTER ROLE CURRENT_USER SET timezone = 'Asia/Tokyo'"
    );
    client.batch_execute(&sql).await.unwrap();
    let fields = [
        "id integer",
        "文 string",
        "paid decimal(12, 2)",
        "ok boolean",
        "at timestamp",
        "wall timestamp",
        "day date",
        "bytes string",
        "gone string?",
    ];
    let channel = Channel::new(&postgres_url(), &fields, &format!("table: {name}"));
    let read = channel.open().await.unwrap();
    assert_eq!(
        drain_text(&read).await.unwrap(),
        "\"id\",\"文\",\"paid\",\"ok\",\"at\",\"wall\",\"day\",\"bytes\"\n\
         1,\"a,\"\"b\"\"\nc\",10.50,true,2026-09-30 02:00:00.5+00,2026-09-30 10:00:00,2026-09-30,\\x00ff\n\
         2,\"\",,,,,,\n"
    );
    assert_eq!(read.undeclared(), ["secret", "Pass\"word"]);
    assert!(!read.name().contains("lakewarden:") && read.name().ends_with(&format!("/postgres/{name}")));
    client
        .batch_execute("ALTER ROLE CURRENT_USER RESET datestyle; ALTER ROLE CURRENT_USER RESET timezone")
        .await
        .unwrap();

    // A row of one null is a row.
    client.batch_execute(&format!("UPDATE {name} SET secret = CASE id WHEN 1 THEN '\\.' END")).await.unwrap();
    let channel = Channel::new(&postgres_url(), &["secret string"], &format!("table: {name}"));
    assert_eq!(drain_text(&channel.open().await.unwrap()).await.unwrap(), "\"secret\"\n\"\\.\"\n\"\"\n");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn the_next_read_begins_where_the_last_one_ended() {
    let (client, name) = (client().await, fresh("changes"));
    let run = async |sql: &str| client.batch_execute(&sql.replace("TABLE_", &name)).await.unwrap();
    run("CREATE TABLE TABLE_ (id int PRIMARY KEY, at timestamptz, note text)").await;
    let mut channel = Channel::new(
        &postgres_url(),
        &["id integer", "at timestamp"],
        &format!("table: {name}, incremental: at, overlap: PT10M, parallel: 2"),
    );
    let first = channel.open().await.unwrap();
    assert!(first.has_news() && !first.reads_everything(), "an empty table that was never read makes an empty table");
    assert_eq!(channel.ids().await, [0i64; 0]);
    assert!(!channel.open().await.unwrap().has_news());

    run("INSERT INTO TABLE_ SELECT n, timestamptz '2026-09-30 00:00Z' + n * interval '1 minute' FROM generate_series(1, 60) n").await;
    assert_eq!(channel.ids().await, (1..=60).collect::<Vec<_>>());
    assert!(!channel.open().await.unwrap().has_news(), "read twice is loaded once");
    assert!(channel.open().await.unwrap().name().ends_with("?after=2026-09-30 01:00:00+00"));
    // Committed late, with an earlier time: within the overlap, and alone.
    run("INSERT INTO TABLE_ VALUES (61, '2026-09-30 00:55Z')").await;
    assert_eq!(channel.ids().await, [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61]);
    assert!(!channel.open().await.unwrap().has_news());
    // An update, and the same instant as the greatest.
    run("UPDATE TABLE_ SET at = '2026-09-30 01:05Z' WHERE id = 3; INSERT INTO TABLE_ VALUES (62, '2026-09-30 01:00Z')")
        .await;
    assert_eq!(channel.ids().await, [3, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62]);
    // The greatest is deleted: what lies behind it was read, and stays so.
    run("DELETE FROM TABLE_ WHERE id = 3").await;
    channel.ids().await;
    assert!(channel.open().await.unwrap().name().ends_with("?after=2026-09-30 01:05:00+00"));
    assert!(!channel.open().await.unwrap().has_news());
    // What was read but not committed is read again.
    run("INSERT INTO TABLE_ VALUES (70, '2026-09-30 02:00Z')").await;
    let killed = drain(&channel.open().await.unwrap()).await.unwrap();
    assert!(killed.iter().any(|line| line.starts_with("70,")));
    assert!(channel.ids().await.contains(&70));

    run("INSERT INTO TABLE_ VALUES (80, NULL)").await;
    assert_eq!(channel.open().await.err().unwrap().code(), "LW7019");
    run("UPDATE TABLE_ SET at = 'infinity' WHERE id = 80").await;
    assert_eq!(channel.open().await.err().unwrap().code(), "LW7020");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn without_overlap_rows_of_the_last_instant_are_not_lost() {
    let (client, name) = (client().await, fresh("instants"));
    let run = async |sql: &str| client.batch_execute(&sql.replace("TABLE_", &name)).await.unwrap();
    run("CREATE TABLE TABLE_ (id int PRIMARY KEY, day date); INSERT INTO TABLE_ VALUES (1, '2026-09-29'), (2, '2026-09-30')").await;
    let mut by_day =
        Channel::new(&postgres_url(), &["id integer", "day date"], &format!("table: {name}, incremental: day"));
    let query = format!("query: 'SELECT id, day FROM {name} -- all of it', incremental: id");
    let mut by_key = Channel::new(&postgres_url(), &["id integer", "day date"], &query);
    assert_eq!((by_day.ids().await, by_key.ids().await), (vec![1, 2], vec![1, 2]));
    assert!(!by_day.open().await.unwrap().has_news() && !by_key.open().await.unwrap().has_news());
    run("INSERT INTO TABLE_ VALUES (3, '2026-09-30')").await;
    assert_eq!((by_day.ids().await, by_key.ids().await), (vec![2, 3], vec![3]));
    assert!(!by_day.open().await.unwrap().has_news() && !by_key.open().await.unwrap().has_news());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn ranges_hold_every_row_whatever_its_number() {
    let (client, name) = (client().await, fresh("ranges"));
    let sql = format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, part numeric);
         INSERT INTO {name} SELECT n, CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN n * 1e6 WHEN 2 THEN -n + 0.5 WHEN 3 THEN 7 ELSE n END
         FROM generate_series(1, 999) n"
    );
    client.batch_execute(&sql).await.unwrap();
    let of = |what: &str| Channel::new(&postgres_url(), &["id integer"], what);
    let parted = format!("table: {name}, partition_on: part, parallel: 5");
    assert_eq!(of(&parted).ids().await, (1..=999).collect::<Vec<_>>());
    client.batch_execute(&format!("UPDATE {name} SET part = 'NaN' WHERE id = 4")).await.unwrap();
    assert_eq!(of(&parted).ids().await, (1..=999).collect::<Vec<_>>());
    let wrong = of(&format!("table: {name}, partition_on: partt, parallel: 5")).open().await.err().unwrap();
    assert_eq!(wrong.code(), "LW7018");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn what_is_wrong_is_said_without_a_value() {
    let (client, name) = (client().await, fresh("faults"));
    let sql = format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, phone text); INSERT INTO {name} VALUES (1, '13812345678');
         CREATE ROLE {name}_reader LOGIN PASSWORD 'pw'; CREATE TABLE {name}_open (id int PRIMARY KEY, phone text);
         GRANT SELECT (id) ON {name}_open TO {name}_reader; CREATE SEQUENCE {name}_seq"
    );
    client.batch_execute(&sql).await.unwrap();
    let url = postgres_url();
    let reader = with(&url, |u| {
        u.set_username(&format!("{name}_reader")).unwrap();
        u.set_password(Some("pw")).unwrap();
    });
    let wrong = with(&url, |u| u.set_password(Some("hunter2")).unwrap());
    let nobody = with(&url, |u| u.set_port(Some(1)).unwrap());
    let id: &[&str] = &["id integer"];
    let cases: [(&str, &[&str], String, &str); 13] = [
        (&wrong, id, format!("table: {name}"), "LW7012"),
        (&nobody, id, format!("table: {name}"), "LW7011"),
        (&with(&url, |u| u.set_path("/nowhere")), id, format!("table: {name}"), "LW7012"),
        (&url, id, format!("table: {}", &name[1..]), "LW7015"),
        (&url, &["id integer", "phon string"], format!("table: {name}"), "LW7016"),
        (&reader, id, format!("table: {name}"), "LW7014"),
        (&url, id, format!("query: 'SELECT id FROM {name}; DELETE FROM {name}'"), "LW7017"),
        (&url, id, format!("query: 'SELECT 1 AS id) a; DELETE FROM {name}; SELECT 1 FROM (SELECT 1'"), "LW7017"),
        (&url, id, "query: 'SELECT nonsense'".to_owned(), "LW7017"),
        (&url, id, format!("query: 'SELECT phone::int AS id FROM {name}_x'"), "LW7017"),
        (&url, id, format!("query: \"SELECT (phone || 'x')::int AS id FROM {name}\""), "LW7023"),
        (&url, id, format!("query: \"SELECT nextval('{name}_seq')::int AS id\""), "LW7024"),
        (&url, id, format!("query: 'SELECT id FROM {name}, pg_sleep(30)', timeout: PT1S"), "LW7022"),
    ];
    for (url, fields, database, code) in cases {
        let channel = Channel::new(url, fields, &database);
        let error = match channel.open().await {
            Err(error) => error,
            Ok(read) => drain_text(&read).await.expect_err(&database),
        };
        let said = said(&error);
        assert_eq!(error.code(), code, "{database}: {said}");
        for secret in ["13812345678", "hunter2", "test-only", "pw@", "lakewarden:"] {
            assert!(!said.contains(secret), "{said}");
        }
        match code {
            "LW7015" => assert!(said.contains(&format!("public.{name}")), "{said}"),
            "LW7016" => assert!(said.contains("`phon` (the nearest it has is `phone`)"), "{said}"),
            _ => {}
        }
    }
    let count: i64 = client.query_one(&format!("SELECT count(*) FROM {name}"), &[]).await.unwrap().get(0);
    assert_eq!(count, 1);
    // A user who may read some columns reads those.
    let mut some = Channel::new(&reader, id, &format!("table: {name}_open"));
    assert_eq!(some.ids().await, [0i64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn a_server_that_goes_away_ends_the_stream() {
    let (client, name) = (client().await, fresh("gone"));
    accounts(&client, &name, 60_000).await;
    let fields = ["id integer", "remark string"];
    let port = cut_after(&host_of(&postgres_url()), 2_000_000);
    let cut = with(&postgres_url(), |u| u.set_port(Some(port)).unwrap());
    for parallel in [1, 3] {
        let channel = Channel::new(&cut, &fields, &format!("table: {name}, parallel: {parallel}"));
        let error = drain_text(&channel.open().await.unwrap()).await.unwrap_err();
        assert_eq!(error.code(), "LW7021", "{}", said(&error));
        assert!(error.is_retryable());
    }
    // Ended by an administrator while the rows flow.
    let channel = Channel::new(&postgres_url(), &fields, &format!("table: {name}, parallel: 2"));
    let read = channel.open().await.unwrap();
    let file = read.file();
    let handle = tokio::runtime::Handle::current();
    let result = tokio::task::spawn_blocking(move || {
        let mut stream = (file.open)().unwrap();
        let mut some = vec![0; 100_000];
        std::io::Read::read_exact(&mut stream, &mut some).unwrap();
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'lakewarden' AND query LIKE '%' || $1 || '%'";
        let ended: i64 = handle.block_on(client.query_one(end, &[&name])).unwrap().get(0);
        assert!(ended > 0);
        std::io::copy(&mut stream, &mut std::io::sink())
    });
    assert!(result.await.unwrap().is_err());
    assert_eq!(read.failure().unwrap().code(), "LW7021");
}
