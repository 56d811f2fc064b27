//! MySQL and MariaDB.

use crate::support::*;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

async fn conn() -> Conn {
    Conn::from_url(mysql_url()).await.unwrap()
}

/// Moves money from the first half of the accounts to the last ones, a commit each, until told to stop.
async fn move_money(table: String, count: i64, mover: i64, stop: Arc<AtomicBool>, commits: Arc<AtomicU64>) {
    let mut conn = conn().await;
    let mut number = mover;
    while !stop.load(Ordering::Relaxed) {
        number += 4;
        let (from, to) = (1 + number * 7919 % (count / 2), count - number * 104_729 % (count / 3));
        let sql = format!(
            "BEGIN; UPDATE {table} SET balance = balance - 7 WHERE id = {from}; \
             UPDATE {table} SET balance = balance + 7 WHERE id = {to}; COMMIT"
        );
        // Movers may wait for each other; one is then refused and goes on.
        if conn.query_drop(sql).await.is_err() {
            conn.query_drop("ROLLBACK").await.unwrap();
        }
        commits.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn all_connections_see_one_state_of_mysql() {
    const COUNT: i64 = 3_000;
    let (mut conn, name) = (conn().await, fresh("accounts"));
    conn.query_drop(format!("CREATE TABLE {name} (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)")).await.unwrap();
    conn.query_drop(format!("INSERT INTO {name} SELECT seq, 100 FROM seq_1_to_{COUNT}")).await.unwrap();
    // Money moves while the snapshots begin and while they are read; often, for they begin within a millisecond.
    let (stop, commits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let movers: Vec<_> =
        (0..4).map(|n| tokio::spawn(move_money(name.clone(), COUNT, n, stop.clone(), commits.clone()))).collect();
    let moved = async |least: u64| {
        while commits.load(Ordering::Relaxed) < least {
            tokio::task::yield_now().await;
        }
    };
    moved(20).await;
    for round in 0..25 {
        let divided = if round == 0 { "parallel: 1" } else { "partition_on: id, parallel: 6" };
        let fields = ["id integer", "balance integer"];
        let channel = Channel::new(&mysql_url(), &fields, &format!("table: {name}, {divided}"));
        let read = channel.open().await.unwrap();
        assert!(read.warnings().is_empty());
        moved(commits.load(Ordering::Relaxed) + 10).await;
        let rows: Vec<(i64, i64)> = drain(&read)
            .await
            .unwrap()
            .iter()
            .map(|l| l.split_once(',').unwrap())
            .map(|(id, balance)| (id.parse().unwrap(), balance.parse().unwrap()))
            .collect();
        assert_eq!(rows.iter().map(|r| r.0).collect::<BTreeSet<_>>().len() as i64, COUNT, "{round}");
        assert_eq!(rows.iter().map(|r| r.1).sum::<i64>(), COUNT * 100, "{round}");
    }
    stop.store(true, Ordering::Relaxed);
    for mover in movers {
        mover.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn who_may_not_lock_reads_by_one_connection_and_says_so() {
    let (mut conn, name) = (conn().await, fresh("locked"));
    for sql in [
        format!("CREATE TABLE {name} (id BIGINT PRIMARY KEY)"),
        format!("INSERT INTO {name} SELECT seq FROM seq_1_to_500"),
        format!("CREATE TABLE {name}_m (id BIGINT PRIMARY KEY) ENGINE=MyISAM"),
        format!("CREATE USER {name}@'127.0.0.%' IDENTIFIED BY 'pw'"),
        format!("GRANT SELECT ON {name} TO {name}@'127.0.0.%'"),
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    let reader = with(&mysql_url(), |u| {
        u.set_username(&name).unwrap();
        u.set_password(Some("pw")).unwrap();
    });
    for (url, table, why) in
        [(&reader, name.clone(), "may not lock"), (&mysql_url(), format!("{name}_m"), "MyISAM has no snapshots")]
    {
        let database = format!("table: {table}, partition_on: id, parallel: 3");
        let channel = Channel::new(url, &["id integer"], &database);
        let read = channel.open().await.unwrap();
        assert!(read.warnings().len() == 1 && read.warnings()[0].to_string().contains(why), "{:?}", read.warnings());
        assert_eq!(drain(&read).await.unwrap().len(), if table == name { 500 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn values_of_mysql_are_written_in_one_way() {
    let (mut conn, name) = (conn().await, fresh("vals"));
    for sql in [
        "SET NAMES utf8mb4, time_zone = '+08:00'".to_owned(),
        format!(
            "CREATE TABLE {name} (id INT PRIMARY KEY, `文` TEXT CHARACTER SET gbk, paid DECIMAL(12, 2), ok TINYINT(1), \
             at TIMESTAMP NULL, wall DATETIME(3), day DATE, bits BIT(4), bytes BLOB, big BIGINT UNSIGNED, secret TEXT)"
        ),
        format!(
            "INSERT INTO {name} VALUES (1, 'a,\"上\"\\nc', 10.5, 1, '2026-09-30 10:00:00', '2026-09-30 10:00:00.5', \
             '2026-09-30', b'101', x'00ff', 18446744073709551615, 'x'), \
             (2, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    let fields = [
        "id integer",
        "文 string",
        "paid decimal(12, 2)",
        "ok boolean",
        "at timestamp",
        "wall timestamp",
        "day date",
        "bits integer",
        "bytes string",
        "big decimal(20, 0)",
    ];
    let expected = "\"id\",\"文\",\"paid\",\"ok\",\"at\",\"wall\",\"day\",\"bits\",\"bytes\",\"big\"\n\
         1,\"a,\"\"上\"\"\nc\",10.50,1,2026-09-30 02:00:00+00:00,2026-09-30 10:00:00.500,2026-09-30,5,00FF,18446744073709551615\n\
         2,\"\",,,,,,,,\n";
    for what in [format!("table: shop.{name}"), format!("query: 'SELECT * FROM {name}; '")] {
        let channel = Channel::new(&mysql_url(), &fields, &what);
        let read = channel.open().await.unwrap();
        assert_eq!(drain_text(&read).await.unwrap(), expected, "{what}");
        assert_eq!(read.undeclared(), ["secret"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn the_next_read_of_mysql_begins_where_the_last_one_ended() {
    let (mut conn, name) = (conn().await, fresh("changes"));
    conn.query_drop("SET time_zone = '+00:00'").await.unwrap();
    conn.query_drop(format!("CREATE TABLE {name} (id INT UNSIGNED PRIMARY KEY, at TIMESTAMP NULL)")).await.unwrap();
    let mut by_time = Channel::new(
        &mysql_url(),
        &["id integer", "at timestamp"],
        &format!("table: {name}, incremental: at, overlap: PT10M, partition_on: id, parallel: 2"),
    );
    let mut by_key = Channel::new(
        &mysql_url(),
        &["id integer"],
        &format!("query: SELECT id FROM {name}, incremental: id, overlap: 5"),
    );
    assert_eq!((by_time.ids().await, by_key.ids().await), (vec![], vec![]));
    let insert = format!("INSERT INTO {name} SELECT seq, '2026-09-30 00:00:00' + INTERVAL seq MINUTE FROM seq_1_to_60");
    conn.query_drop(insert).await.unwrap();
    assert_eq!((by_time.ids().await, by_key.ids().await), ((1..=60).collect(), (1..=60).collect()));
    assert!(!by_time.open().await.unwrap().has_news() && !by_key.open().await.unwrap().has_news());
    conn.query_drop(format!("INSERT INTO {name} VALUES (61, '2026-09-30 00:55:00')")).await.unwrap();
    assert_eq!(by_time.ids().await, [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61]);
    assert_eq!(by_key.ids().await, [55, 56, 57, 58, 59, 60, 61]);
    conn.query_drop(format!("DELETE FROM {name}")).await.unwrap();
    by_time.ids().await;
    assert!(!by_time.open().await.unwrap().has_news());
    assert!(by_time.open().await.unwrap().name().ends_with("?after=2026-09-30 01:00:00"));
    conn.query_drop(format!("INSERT INTO {name} VALUES (70, NULL)")).await.unwrap();
    assert_eq!(by_time.open().await.err().unwrap().code(), "LW7019");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn what_is_wrong_with_mysql_is_said_without_a_value() {
    let (mut conn, name) = (conn().await, fresh("faults"));
    conn.query_drop(format!("CREATE TABLE {name} (id INT PRIMARY KEY, phone TEXT)")).await.unwrap();
    conn.query_drop(format!("INSERT INTO {name} VALUES (1, '13812345678')")).await.unwrap();
    let url = mysql_url();
    let wrong = with(&url, |u| u.set_password(Some("hunter2")).unwrap());
    let nobody = with(&url, |u| u.set_port(Some(1)).unwrap());
    let id: &[&str] = &["id integer"];
    let cases: [(&str, &[&str], String, &str); 8] = [
        (&wrong, id, format!("table: {name}"), "LW7012"),
        (&nobody, id, format!("table: {name}"), "LW7011"),
        (&url, id, format!("table: {}x", name), "LW7015"),
        (&url, &["id integer", "phon string"], format!("table: {name}"), "LW7016"),
        (&url, id, format!("query: 'SELECT id FROM {name}; DELETE FROM {name}'"), "LW7017"),
        (&url, id, format!("query: 'SELECT 1 AS id) a; DELETE FROM {name}; SELECT 1 FROM (SELECT 1'"), "LW7017"),
        (&url, id, "query: 'SELECT nonsense'".to_owned(), "LW7017"),
        (&url, id, format!("query: 'SELECT id FROM {name} WHERE SLEEP(30) = 0', timeout: PT1S"), "LW7022"),
    ];
    for (url, fields, database, code) in cases {
        let channel = Channel::new(url, fields, &database);
        let error = match channel.open().await {
            Err(error) => error,
            Ok(read) => drain_text(&read).await.expect_err(&database),
        };
        let said = said(&error);
        assert_eq!(error.code(), code, "{database}: {said}");
        for secret in ["13812345678", "hunter2", "test-only", "lakewarden:"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    let count: Option<u64> = conn.query_first(format!("SELECT COUNT(*) FROM {name}")).await.unwrap();
    assert_eq!(count, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL"]
async fn a_mysql_that_goes_away_ends_the_stream() {
    let (mut conn, name) = (conn().await, fresh("gone"));
    conn.query_drop(format!("CREATE TABLE {name} (id INT PRIMARY KEY, remark TEXT)")).await.unwrap();
    conn.query_drop(format!("INSERT INTO {name} SELECT seq, REPEAT('x', 200) FROM seq_1_to_40000")).await.unwrap();
    let port = cut_after(&host_of(&mysql_url()), 1_500_000);
    let cut = with(&mysql_url(), |u| u.set_port(Some(port)).unwrap());
    for parallel in ["parallel: 1", "parallel: 2, partition_on: id"] {
        let channel = Channel::new(&cut, &["id integer", "remark string"], &format!("table: {name}, {parallel}"));
        let error = drain_text(&channel.open().await.unwrap()).await.unwrap_err();
        assert_eq!(error.code(), "LW7021", "{}", said(&error));
    }
}
