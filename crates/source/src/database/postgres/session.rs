//! A connection to PostgreSQL that writes every value in one way, and nothing else.

use super::fault::fault;
use crate::database::error::{Doing, Fault};
use crate::database::read::Asked;
use crate::database::tls;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may be silent before it is asked whether it still is one.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How values are written does not depend on the server's, the database's or the user's settings. Scans begin at a
/// table's beginning, so that rows come in the same order each time.
const SESSION: &str = "SET default_transaction_read_only = on; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; \
    SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; SET extra_float_digits = 1; \
    SET standard_conforming_strings = on; SET synchronize_seqscans = off; SET lock_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = 0";

pub(super) async fn connect(asked: &Asked<'_>) -> Result<Client, Fault> {
    let mut config: Config = asked.address.secret().parse().map_err(|_| Fault::Address {
        why: "PostgreSQL's driver does not understand it".to_owned(),
        hint: "write postgres://user:password@host:5432/database, without other parameters".to_owned(),
    })?;
    config.connect_timeout(PATIENCE).application_name("lakewarden");
    // A server that vanished says nothing.
    config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE).keepalives_retries(4);
    let connecting = |e: tokio_postgres::Error| fault(&e, Doing::Connecting);
    // A connection's own error comes up in the client's next call.
    let client = if asked.tls {
        config.ssl_mode(SslMode::Require);
        let connector = MakeRustlsConnect::new(tls::client(tls::roots(asked.ca_file.as_deref())?)?);
        let (client, connection) = config.connect(connector).await.map_err(connecting)?;
        tokio::spawn(async move { drop(connection.await) });
        client
    } else {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await.map_err(connecting)?;
        tokio::spawn(async move { drop(connection.await) });
        client
    };
    let timeout = asked.timeout.saturating_mul(1000).min(i32::MAX as u64);
    let session = format!("{SESSION}; SET statement_timeout = {timeout}");
    client.batch_execute(&session).await.map_err(connecting)?;
    Ok(client)
}
