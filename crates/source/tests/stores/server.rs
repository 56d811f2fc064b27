//! A small HTTP/1.1 server whose answers a test writes, faults included. One connection a request.

use futures::StreamExt;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpRequest};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// A header's value; names in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Where a range that is asked for begins and ends, both included.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (from, to) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((from.parse().ok()?, to.parse().unwrap_or(usize::MAX)))
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub cut: Option<usize>,
    /// Nothing comes after so many bytes of the body, for so long.
    pub silent: Option<(usize, Duration)>,
    /// The length of the body is not said.
    pub no_length: bool,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// A file, or the range of it that is asked for.
    pub fn file(asked: &Asked, bytes: &[u8], e_tag: Option<&str>) -> Self {
        let tagged = |answer: Self| e_tag.iter().fold(answer, |answer, tag| answer.with("etag", tag));
        if let (Some(wanted), Some(tag)) = (asked.header("if-match"), e_tag)
            && wanted != tag
        {
            return Self::status(412);
        }
        let Some((from, to)) = asked.range() else {
            return tagged(Self { status: 200, body: bytes.to_vec(), ..Self::default() });
        };
        let to = to.min(bytes.len() - 1);
        let part = Self { status: 206, body: bytes[from..=to].to_vec(), ..Self::default() };
        tagged(part.with("content-range", format!("bytes {from}-{to}/{}", bytes.len())))
    }
}

type Respond = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

/// A running server; its thread ends with the process.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts one; the answers are told how many requests came before.
    pub fn start(respond: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, respond): (_, Arc<Respond>) = (asked.clone(), Arc::new(respond));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (log, respond) = (log.clone(), respond.clone());
                // A client that hangs up is part of some tests.
                thread::spawn(move || drop(serve(connection.unwrap(), &log, &*respond)));
            }
        });
        Self { address, asked }
    }

    /// An S3 server over a folder of buckets, for the one who has these keys; `spoil` may change an answer.
    pub fn s3(
        folder: &Path,
        keys: (&str, &str),
        spoil: impl Fn(&Asked, usize, Answer) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
        service.set_auth(SimpleAuth::from_single(keys.0, keys.1));
        let (service, handle) = (service.build(), tokio::runtime::Handle::current());
        Self::start(move |asked, before| spoil(asked, before, handle.block_on(call(&service, asked))))
    }

    /// Its address.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut connection: TcpStream, log: &Mutex<Vec<Asked>>, respond: &Respond) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked { method, target, headers, body: Vec::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body)?;
    let before = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let answer = respond(&asked, before);
    let mut head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let own_length = answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !own_length && !answer.no_length {
        head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
    }
    connection.write_all(format!("{head}\r\n").as_bytes())?;
    if asked.method == "HEAD" {
        return Ok(());
    }
    let until = answer.cut.unwrap_or(usize::MAX).min(answer.body.len());
    if let Some((after, pause)) = answer.silent {
        connection.write_all(&answer.body[..after])?;
        thread::sleep(pause);
        return connection.write_all(&answer.body[after..until]);
    }
    connection.write_all(&answer.body[..until])
}

async fn call(service: &S3Service, asked: &Asked) -> Answer {
    let mut request = HttpRequest::new(Body::from(asked.body.clone()));
    *request.method_mut() = asked.method.parse().unwrap();
    *request.uri_mut() = asked.target.parse().unwrap();
    for (name, value) in &asked.headers {
        // Names of headers are few; the map wants them to last.
        let name: &'static str = Box::leak(name.clone().into_boxed_str());
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let Ok(response) = service.call(request).await else { return Answer::status(500) };
    let mut answer = Answer::status(response.status().as_u16());
    for (name, value) in response.headers() {
        answer = answer.with(name.as_str(), value.to_str().unwrap());
    }
    let mut body = response.into_body();
    while let Some(bytes) = body.next().await {
        // The test has ended meanwhile.
        let Ok(bytes) = bytes else { return Answer::status(500) };
        answer.body.extend_from_slice(&bytes);
    }
    answer
}
