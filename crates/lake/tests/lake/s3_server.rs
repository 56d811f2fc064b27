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
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use s3s::auth::SimpleAuth;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, GetObjectInput, GetObjectOutput,
    HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3, S3Request, S3Response, S3Result};
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
        let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
        let mut builder = match manner {
            Manner::Overwrites => S3ServiceBuilder::new(Overwriting(files)),
            _ => S3ServiceBuilder::new(files),
        };
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
                    async move { Ok::<_, Infallible>(if busy { slow_down() } else { answer(&service, request).await }) }
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
        Arc::new(
            self.client(SECRET_KEY)
                .with_retry(RetryConfig {
                    backoff: BackoffConfig { init_backoff: moment, max_backoff: moment, base: 2.0 },
                    ..RetryConfig::default()
                })
                .build()
                .unwrap(),
        )
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

async fn answer(service: &S3Service, request: Request<hyper::body::Incoming>) -> Response<Body> {
    match service.call(request.map(Body::from)).await {
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

/// A server that takes `If-None-Match: *` and overwrites all the same.
struct Overwriting(s3s_fs::FileSystem);

#[async_trait::async_trait]
impl S3 for Overwriting {
    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        request.input.if_none_match = None;
        self.0.put_object(request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.0.get_object(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.0.head_object(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0.delete_object(request).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.0.delete_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.0.list_objects_v2(request).await
    }
}
