//! A connection to MySQL or MariaDB that writes every value in one way, and nothing else.

use super::fault::fault;
use crate::database::error::{Doing, Fault};
use crate::database::read::Asked;
use crate::database::tls;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use std::io;
use std::time::Duration;

/// How long a server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may be silent before it is asked whether it still is one: a server that vanished says nothing.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Times in UTC, text in UTF-8, repeatable reads; and a server that waits while its rows are worked on.
const SESSION: &str = "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = '', \
    net_write_timeout = 3600, wait_timeout = 28800, lock_wait_timeout = 10";

pub(super) async fn connect(asked: &Asked<'_>) -> Result<Conn, Fault> {
    let connecting = |e: mysql_async::Error| fault(&e, Doing::Connecting);
    let opts = Opts::from_url(asked.address.secret()).map_err(|e| connecting(e.into()))?;
    let mut builder =
        OptsBuilder::from_opts(opts).prefer_socket(false).tcp_keepalive(Some(KEEPALIVE)).stmt_cache_size(0);
    if asked.tls {
        // The driver's TLS takes the process' provider, and panics where several are linked and none was chosen.
        // Somebody else's choice stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let roots = tls::roots(asked.ca_file.as_deref())?;
        let roots = roots.into_iter().map(|root| root.to_vec().into()).collect();
        builder = builder.ssl_opts(SslOpts::default().with_root_certs(roots).with_disable_built_in_roots(true));
    } else {
        builder = builder.ssl_opts(None::<SslOpts>);
    }
    let connected = tokio::time::timeout(PATIENCE, Conn::new(builder)).await;
    let connected = connected.map_err(|_| Fault::Connect { kind: io::ErrorKind::TimedOut })?;
    let mut conn = connected.map_err(connecting)?;
    conn.query_drop(SESSION).await.map_err(connecting)?;
    conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(connecting)?;
    let version: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(connecting)?;
    let seconds = asked.timeout.min(4_000_000);
    let timeout = match version.is_some_and(|version| version.contains("MariaDB")) {
        true => format!("SET SESSION max_statement_time = {seconds}"),
        false => format!("SET SESSION max_execution_time = {}", seconds * 1000),
    };
    conn.query_drop(timeout).await.map_err(connecting)?;
    Ok(conn)
}
