//! Stores that break a promise without saying so.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What is bad about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badness {
    /// A put where there must be nothing overwrites what is there.
    Overwrites,
    /// The same, and the answer is that there was something.
    RefusesAndOverwrites,
    /// What was just put is not found.
    ReadsThePast,
    /// What was just put is not listed.
    ListsThePast,
    /// What was just deleted is listed.
    ListsTheDeleted,
    /// Of those that put the same object at once, all win.
    Races,
    /// A put is carried out, and the answer is that there was something; while the switch is on.
    Echoes,
}

#[derive(Debug)]
pub struct BadStore {
    inner: Arc<dyn ObjectStore>,
    badness: Badness,
    on: Arc<AtomicBool>,
    deleted: Mutex<Vec<ObjectMeta>>,
}

impl BadStore {
    pub fn new(inner: Arc<dyn ObjectStore>, badness: Badness) -> Arc<Self> {
        Self::switched(inner, badness, Arc::new(AtomicBool::new(true)))
    }

    pub fn echoing(inner: Arc<dyn ObjectStore>, on: Arc<AtomicBool>) -> Arc<Self> {
        Self::switched(inner, Badness::Echoes, on)
    }

    fn switched(inner: Arc<dyn ObjectStore>, badness: Badness, on: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Self { inner, badness, on, deleted: Mutex::new(Vec::new()) })
    }

    fn already(&self, at: &Path) -> Error {
        Error::AlreadyExists { path: at.to_string(), source: "412 Precondition Failed".into() }
    }
}

impl fmt::Display for BadStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BadStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for BadStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        use object_store::ObjectStoreExt;
        let create = opts.mode == object_store::PutMode::Create;
        match self.badness {
            Badness::Overwrites if create => self.inner.put(at, payload).await,
            Badness::RefusesAndOverwrites if create => {
                let there = self.inner.head(at).await.is_ok();
                let put = self.inner.put(at, payload).await;
                if there { Err(self.already(at)) } else { put }
            }
            Badness::Races if create => {
                // Looks first and puts then, as a server without a lock does.
                let there = self.inner.head(at).await.is_ok();
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                if there { Err(self.already(at)) } else { self.inner.put(at, payload).await }
            }
            Badness::Echoes if create && self.on.load(Ordering::SeqCst) => {
                let _answer = self.inner.put_opts(at, payload, opts).await;
                Err(self.already(at))
            }
            _ => self.inner.put_opts(at, payload, opts).await,
        }
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        if self.badness == Badness::ReadsThePast && !at.as_ref().ends_with("store.json") {
            return Err(Error::NotFound { path: at.to_string(), source: "not replicated yet".into() });
        }
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.badness {
            Badness::ListsThePast => stream::empty().boxed(),
            Badness::ListsTheDeleted => {
                let before = self.deleted.lock().unwrap().clone();
                let prefix = prefix.cloned();
                let inner = Arc::clone(&self.inner);
                let listed = futures::executor::block_on(async {
                    inner.list(prefix.as_ref()).try_collect::<Vec<_>>().await.unwrap()
                });
                self.deleted.lock().unwrap().extend(listed.clone());
                stream::iter(listed.into_iter().chain(before).map(Ok)).boxed()
            }
            _ => self.inner.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
