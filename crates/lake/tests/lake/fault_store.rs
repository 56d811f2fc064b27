//! A store that fails at a chosen call, once or from then on.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies before it: neither this call nor any later one reaches the store.
    DiesBefore,
    /// The process dies after it: the call is carried out, its answer is lost, no later one comes.
    DiesAfter,
    /// The call fails without effect; later ones work.
    FailsOnce,
    /// The call is carried out and its answer is lost; later ones work.
    AnswerLost,
}

#[derive(Debug)]
pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    calls: AtomicUsize,
    at: usize,
    fault: Fault,
}

enum Turn {
    Works,
    Fails,
    WorksAndFails,
}

impl FaultStore {
    /// Fails at call `at`, counted from 1.
    pub fn new(inner: Arc<dyn ObjectStore>, at: usize, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, calls: AtomicUsize::new(0), at, fault })
    }

    /// Says whether the chosen call was reached.
    pub fn struck(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.at
    }

    fn turn(&self) -> Turn {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match (call.cmp(&self.at), self.fault) {
            (std::cmp::Ordering::Less, _) => Turn::Works,
            (std::cmp::Ordering::Equal, Fault::DiesAfter | Fault::AnswerLost) => Turn::WorksAndFails,
            (std::cmp::Ordering::Equal, _) => Turn::Fails,
            (std::cmp::Ordering::Greater, Fault::DiesBefore | Fault::DiesAfter) => Turn::Fails,
            (std::cmp::Ordering::Greater, _) => Turn::Works,
        }
    }
}

fn broken() -> Error {
    Error::Generic { store: "FaultStore", source: "scripted fault".into() }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({})", self.inner)
    }
}

macro_rules! scripted {
    ($self:ident, $call:expr) => {
        match $self.turn() {
            Turn::Works => $call.await,
            Turn::Fails => Err(broken()),
            Turn::WorksAndFails => {
                let _answer = $call.await;
                Err(broken())
            }
        }
    };
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        scripted!(self, self.inner.put_opts(at, payload, opts))
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        scripted!(self, self.inner.put_multipart_opts(at, opts))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        scripted!(self, self.inner.get_opts(at, options))
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        scripted!(self, self.inner.get_ranges(at, ranges))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.turn() {
            Turn::Works => self.inner.delete_stream(locations),
            Turn::Fails => stream::once(async { Err(broken()) }).boxed(),
            Turn::WorksAndFails => {
                let inner = Arc::clone(&self.inner);
                stream::once(async move {
                    let _answer: Vec<_> = inner.delete_stream(locations).collect().await;
                    Err(broken())
                })
                .boxed()
            }
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.turn() {
            Turn::Works => self.inner.list(prefix),
            // An answer that breaks off after its first entry.
            Turn::Fails | Turn::WorksAndFails => {
                let first = self.inner.list(prefix).take(1);
                first.chain(stream::once(async { Err(broken()) })).boxed()
            }
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        scripted!(self, self.inner.list_with_delimiter(prefix))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        scripted!(self, self.inner.copy_opts(from, to, options))
    }
}

/// Every object of a store with its bytes.
pub async fn contents(store: &dyn ObjectStore) -> Vec<(String, Bytes)> {
    use object_store::ObjectStoreExt;
    let mut objects: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
    objects.sort_by(|a, b| a.location.cmp(&b.location));
    let mut found = Vec::new();
    for object in objects {
        let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        found.push((object.location.to_string(), bytes));
    }
    found
}
