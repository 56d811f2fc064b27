//! A dataset, a database and the rows that a read of it gives.

use lakewarden_dictionary::{SourceFile, load};
use lakewarden_privacy::{KeyRing, MasterKey};
use lakewarden_source::database::{DatabaseError, DatabaseRead, DatabaseRequest};
use std::collections::BTreeSet;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

pub fn postgres_url() -> String {
    std::env::var("LAKEWARDEN_POSTGRES_URL").expect("LAKEWARDEN_POSTGRES_URL")
}

pub fn mysql_url() -> String {
    std::env::var("LAKEWARDEN_MYSQL_URL").expect("LAKEWARDEN_MYSQL_URL")
}

/// A certificate of the folder that the servers' certificates are in.
pub fn certificate(name: &str) -> String {
    let folder = std::env::var("LAKEWARDEN_DATABASE_CERTS").expect("LAKEWARDEN_DATABASE_CERTS");
    PathBuf::from(folder).join(name).display().to_string()
}

/// A name that no other test has, nor an earlier run of this one.
#[allow(clippy::disallowed_methods)]
pub fn fresh(prefix: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() % 1_000_000_000_000;
    format!("{prefix}_{now}_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A channel: fields as `name type` (a `?` behind makes one optional), and `database:`, where `URL` stands for the file
/// with the address.
pub struct Channel {
    folder: TempDir,
    fields: Vec<String>,
    database: String,
    /// The transactions that earlier reads left in the lake.
    pub kept: Vec<(String, i64)>,
}

impl Channel {
    pub fn new(url: &str, fields: &[&str], database: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, url).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let database = format!("url: 'file:{}', {database}", path.display());
        let fields = fields.iter().map(|f| (*f).to_owned()).collect();
        Self { folder, fields, database, kept: Vec::new() }
    }

    /// Opens a read; the first field is the key.
    pub async fn open(&self) -> Result<DatabaseRead, DatabaseError> {
        self.open_for(true).await
    }

    pub async fn open_for(&self, reading: bool) -> Result<DatabaseRead, DatabaseError> {
        let label = "label: { zh: a, en: a }\n";
        let mut dataset = format!(
            "dataset: rows\n{label}meaning: a\nsource: a\nowner: a\nupdate_frequency: daily\n\
             format: {{ container: csv, encoding: gb18030, delimiter: ';' }}\nkey: c0\nfields:\n"
        );
        for (place, field) in self.fields.iter().enumerate() {
            let (name, data_type) = field.split_once(' ').unwrap();
            let (data_type, optional) = data_type.strip_suffix('?').map_or((data_type, false), |t| (t, true));
            dataset += &format!(
                "  - name: {name}\n    column: c{place}\n    {label}    meaning: a\n    type: {data_type}\n    identifier: none\n    \
                 treatment: keep\n    optional: {optional}\n"
            );
        }
        let pipeline = format!("pipeline: shop\n{label}channels:\n  rows: {{ database: {{ {} }} }}\n", self.database);
        let file = |path: &str, text: String| SourceFile { path: path.into(), text: text.into() };
        let loaded = load(&[
            file("lakewarden.yaml", "project: a\ntime_zone: Asia/Shanghai\n".into()),
            file("schemas/purposes.yaml", "purposes: {}\n".into()),
            file("schemas/channels/rows.yaml", dataset),
            file("pipelines/shop/pipeline.yaml", pipeline),
        ]);
        let errors: Vec<_> = loaded.problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let channel = &loaded.project.pipeline("shop").unwrap().channels[0];
        let transactions: Vec<&str> = self.kept.iter().map(|(name, _)| name.as_str()).collect();
        let request = DatabaseRequest {
            dataset: loaded.project.dataset("rows").unwrap(),
            database: channel.database.as_ref().unwrap(),
            root: self.folder.path(),
            transactions: &transactions,
            reading: reading.then(|| KeyRing::new(MasterKey::from_bytes([7; 32]), 1).blinding("tests", 0)),
        };
        DatabaseRead::open(&request).await
    }

    /// Reads all there is, and remembers how far it came.
    pub async fn read(&mut self) -> Result<Vec<String>, DatabaseError> {
        let read = self.open().await?;
        if !read.has_news() {
            return Ok(Vec::new());
        }
        let lines = drain(&read).await?;
        self.kept.extend(read.finish(lines.len() as u64).unwrap());
        Ok(lines)
    }

    /// The first column of what is read, in order of value.
    pub async fn ids(&mut self) -> Vec<i64> {
        let lines = self.read().await.unwrap();
        let ids: BTreeSet<i64> =
            lines.iter().map(|l| l.split(',').next().unwrap().trim_matches('"').parse().unwrap()).collect();
        assert_eq!(ids.len(), lines.len(), "a row came twice");
        ids.into_iter().collect()
    }
}

/// All lines behind the header. Lines are split at line ends, so values must have none.
pub async fn drain(read: &DatabaseRead) -> Result<Vec<String>, DatabaseError> {
    let text = drain_text(read).await?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

/// The whole stream.
pub async fn drain_text(read: &DatabaseRead) -> Result<String, DatabaseError> {
    let file = read.file();
    let result = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        (file.open)()?.read_to_string(&mut text).map(|_| text)
    });
    result.await.unwrap().map_err(|_| read.failure().expect("a stream that breaks off says why"))
}

/// What an error says to a user, all of it.
pub fn said(error: &DatabaseError) -> String {
    format!("{} {error} ({}) {error:?}", error.code(), error.hint())
}

/// A way to a server that is cut after so many bytes of the server's have gone through one connection.
pub fn cut_after(server: &str, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = server.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = Arc::new(client.unwrap());
            let upstream = Arc::new(TcpStream::connect(&server).unwrap());
            let (from, to) = (client.clone(), upstream.clone());
            std::thread::spawn(move || std::io::copy(&mut &*from, &mut &*to));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut (&*upstream).take(bytes as u64), &mut &*client);
                let _ = client.shutdown(std::net::Shutdown::Both);
                let _ = upstream.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    port
}

/// `host:port` of a URL.
pub fn host_of(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// A URL with other parts.
pub fn with(url: &str, change: impl FnOnce(&mut url::Url)) -> String {
    let mut url = url::Url::parse(url).unwrap();
    change(&mut url);
    url.to_string()
}
