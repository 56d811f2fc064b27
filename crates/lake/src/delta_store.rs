//! The store that Delta's kernel is given: it sorts listings, which the kernel takes for granted,
//! and remembers the store's last error, which the kernel wraps until nobody can tell it from a
//! damaged log.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use crate::error::StoreFault;
use crate::fault::{classify, one_line};

/// The last error of a store, as far as it means that the store failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<(StoreFault, String)>>>);

impl Trouble {
    /// Returns the error and forgets it.
    pub(crate) fn take(&self) -> Option<(StoreFault, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            let fault = classify(error);
            // These two are answers, and the kernel asks for them.
            if !matches!(fault, StoreFault::NotFound | StoreFault::AlreadyExists) {
                let detail = one_line(&error.to_string());
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, detail));
            }
        }
        result
    }
}

/// Another store, made fit for Delta's kernel.
#[derive(Debug)]
pub(crate) struct DeltaStore {
    inner: Arc<dyn ObjectStore>,
    trouble: Trouble,
}

impl DeltaStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, trouble: Trouble) -> Self {
        Self { inner, trouble }
    }

    fn sorted(&self, listing: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let trouble = self.trouble.clone();
        stream::once(async move {
            let mut objects: Vec<ObjectMeta> = trouble.note(listing.try_collect().await)?;
            objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, object_store::Error>(stream::iter(objects.into_iter().map(Ok)))
        })
        .try_flatten()
        .boxed()
    }
}

impl fmt::Display for DeltaStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeltaStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for DeltaStore {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.sorted(self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.sorted(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.trouble.note(self.inner.list_with_delimiter(prefix).await)
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.trouble.note(self.inner.put_opts(location, payload, opts).await)
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.trouble.note(self.inner.put_multipart_opts(location, opts).await)
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.trouble.note(self.inner.get_opts(location, options).await)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.trouble.note(self.inner.get_ranges(location, ranges).await)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.trouble.note(self.inner.copy_opts(from, to, options).await)
    }
}
