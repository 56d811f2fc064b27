//! TLS: which servers are believed.

use crate::support::*;

/// What a read over TLS says: its rows, or the code of its error.
async fn over_tls(url: &str, fields: &[&str], query: &str, ca: &str) -> Result<Vec<String>, String> {
    let database = format!("query: \"{query}\", tls: {{ ca_file: '{}' }}", certificate(ca));
    let mut channel = Channel::new(url, fields, &database);
    channel.read().await.map_err(|error| {
        let said = said(&error);
        assert!(!said.contains("test-only"), "{said}");
        format!("{}: {}", error.code(), error.fault)
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL, with its certificates in LAKEWARDEN_DATABASE_CERTS"]
async fn postgres_is_believed_for_its_certificate() {
    let url = postgres_url();
    let query = "SELECT 1 AS id, ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let fields = ["id integer", "ssl boolean", "version string"];
    assert_eq!(over_tls(&url, &fields, query, "ca.pem").await.unwrap(), ["1,true,TLSv1.3"]);
    let wrong = over_tls(&url, &fields, query, "other.pem").await.unwrap_err();
    assert!(wrong.starts_with("LW7013: ") && wrong.contains("an authority that is not trusted"), "{wrong}");
    let other_name = with(&url, |u| u.set_host(Some("127.0.0.2")).unwrap());
    let wrong = over_tls(&other_name, &fields, query, "ca.pem").await.unwrap_err();
    assert!(wrong.starts_with("LW7013: ") && wrong.contains("another name"), "{wrong}");
    // Without `tls`, a server on this machine is not asked for it; where the address demands it, it is.
    let mut plain = Channel::new(&url, &fields, &format!("query: \"{query}\""));
    assert_eq!(plain.read().await.unwrap(), ["1,false,"]);
    let mut demanded =
        Channel::new(&with(&url, |u| u.set_query(Some("sslmode=require"))), &fields, &format!("query: \"{query}\""));
    assert_eq!(demanded.read().await.unwrap_err().code(), "LW7013", "the system knows no such authority");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a MySQL at LAKEWARDEN_MYSQL_URL, with its certificates in LAKEWARDEN_DATABASE_CERTS"]
async fn mysql_is_believed_for_its_certificate() {
    let url = mysql_url();
    let query = "SELECT 1 AS id, VARIABLE_VALUE AS version FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_version'";
    let fields = ["id integer", "version string"];
    assert_eq!(over_tls(&url, &fields, query, "ca.pem").await.unwrap(), ["1,TLSv1.3"]);
    let wrong = over_tls(&url, &fields, query, "other.pem").await.unwrap_err();
    assert!(wrong.starts_with("LW7013: ") && wrong.contains("an authority that is not trusted"), "{wrong}");
    let mut plain = Channel::new(&url, &fields, &format!("query: \"{query}\""));
    assert_eq!(plain.read().await.unwrap(), ["1,\"\""]);
    let mut demanded =
        Channel::new(&with(&url, |u| u.set_query(Some("ssl-mode=required"))), &fields, &format!("query: \"{query}\""));
    assert_eq!(demanded.read().await.unwrap_err().code(), "LW7013", "the system knows no such authority");
}
