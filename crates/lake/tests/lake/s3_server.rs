//! An S3 server in this process, over a folder: s3s-fs, with authentication; and what a worse one does.
//!
//! Its conditional put looks first and puts then, so of two that race both may win: no race is run over it.
#![allow(dead_code)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const BUCKET: &str = "lakewarden";
pub const ACCESS_KEY: &str = "AKIDLAKEWARDENTEST";
pub const SECRET_KEY: &str = "a-secret-that-only-this-process-knows";

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// Takes `If-None-Match: *` and overwrites all the same.
    Overwrites,
    /// Of every so many requests, answers this many with 503 Slow Down.
    Throttles { every: usize, busy: usize },
}

/// A running server; it ends with the runtime that it was started on.
pub struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl S3Server {
    /// Starts it with one empty bucket.
    pub async fn start(manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let server = Self { folder, address, requests: Arc::clone(&requests), refused: Arc::clone(&refused) };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (service, requests, refused) = (service.clone(), Arc::clone(&requests), Arc::clone(&refused));
                let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let (service, number) = (service.clone(), requests.fetch_add(1, Ordering::SeqCst));
                    let busy = matches!(manner, Manner::Throttles { every, busy } if number % every < busy);
                    refused.fetch_add(usize::from(busy), Ordering::SeqCst);
                    async move {
                        Ok::<_, Infallible>(if busy { slow_down() } else { answer(&service, manner, request).await })
                    }
                });
                // A connection that its client broke off is no fault of the server's.
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answer));
            }
        });
        server
    }

    /// Where it answers.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder that holds the bucket's objects, as the server keeps them.
    pub fn bucket(&self) -> std::path::PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Requests that were answered with 503.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// A client of the bucket that tries again at once.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        let moment = std::time::Duration::from_millis(1);
        Arc::new(self.client(SECRET_KEY).with_retry(RetryConfig {
            backoff: BackoffConfig { init_backoff: moment, max_backoff: moment, base: 2.0 },
            ..RetryConfig::default()
        }).build().unwrap())
    }

    /// A client with this secret.
    pub fn client(&self, secret: &str) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_endpoint(self.endpoint())
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(secret)
    }
}

async fn answer(service: &S3Service, manner: Manner, request: Request<hyper::body::Incoming>) -> Response<Body> {
    let mut request = request.map(Body::from);
    if manner == Manner::Overwrites && request.method() == Method::PUT {
        request.headers_mut().remove("if-none-match");
    }
    match service.call(request).await {
        Ok(response) => response,
        Err(_) => status(500, "InternalError"),
    }
}

fn slow_down() -> Response<Body> {
    status(503, "SlowDown")
}

fn status(code: u16, name: &str) -> Response<Body> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{name}</Code></Error>");
    let response = Response::builder().status(code).header("content-type", "application/xml");
    response.body(Body::from(text)).unwrap()
}

/// Whether a folder holds any file.
pub fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}
