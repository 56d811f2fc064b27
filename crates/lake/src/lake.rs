//! The lake: an address, a store, and reading and writing single objects in it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use url::Url;

use crate::error::{LakeError, StoreFault};
use crate::fault::{classify, store_error};
use crate::location::{self, Location};
use crate::view::TableVersions;
use crate::zone::{TableId, check_name};

/// A lake at `file://…`, `s3://…` or, for tests, `memory:///`. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
    /// The versions that tables are read at; the newest if absent.
    versions: Option<Arc<TableVersions>>,
}

struct Inner {
    url: Url,
    /// Where the store answers, if the address alone does not say: an S3 endpoint.
    endpoint: Option<String>,
    store: Arc<dyn ObjectStore>,
}

impl Lake {
    /// Opens the lake at an address.
    ///
    /// S3 settings come from the `AWS_*` environment variables. Nothing is read, but the folder of
    /// a `file://` lake is created. Each opening of `memory:///` is a new, empty lake.
    ///
    /// # Errors
    /// `LW5001` for an address that is none of these, `LW5003` where the folder cannot be made,
    /// `LW5004` for unusable settings.
    pub fn open(url: &Url) -> Result<Self, LakeError> {
        Ok(Self::at(location::open(url)?))
    }

    /// Opens a lake on a store that the caller made. `root` is the store at the root of the
    /// address's file system, bucket or memory; the path of `url` is added to it.
    ///
    /// # Errors
    /// `LW5001`.
    pub fn with_store(url: &Url, root: Arc<dyn ObjectStore>) -> Result<Self, LakeError> {
        let (url, _, prefix) = location::split(url)?;
        Ok(Self::at(Location { url, endpoint: None, prefix, root }))
    }

    fn at(location: Location) -> Self {
        let Location { url, endpoint, prefix, root } = location;
        let store: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(root, prefix));
        Self { inner: Arc::new(Inner { url, endpoint, store }), versions: None }
    }

    pub(crate) fn at_versions(&self, versions: Arc<TableVersions>) -> Self {
        Self { inner: Arc::clone(&self.inner), versions: Some(versions) }
    }

    /// The newest version of a table that may be read here: `None` if every one may.
    pub(crate) fn newest_visible(&self, table: &TableId) -> Option<Option<u64>> {
        self.versions.as_ref().map(|versions| versions.get(table).copied())
    }

    /// Returns the store, rooted at the lake: paths are relative to the lake's address.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.inner.store
    }

    /// Returns the lake's address, with a slash at its end.
    pub fn url(&self) -> &Url {
        &self.inner.url
    }

    /// Where the store answers, if the address alone does not say.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.inner.endpoint.as_deref()
    }

    /// Asks the store one question, so that a wrong address, an unreachable endpoint or missing
    /// permissions show before any work is done.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn check_access(&self) -> Result<(), LakeError> {
        self.store()
            .list_with_delimiter(Some(&Path::from("_lakewarden")))
            .await
            .map(|_| ())
            .map_err(|error| store_error("opening the lake", self.inner.url.as_str(), &error))
    }

    /// Writes an object where there must be none yet. `path` is relative to the lake; each of its
    /// segments is ASCII letters, digits, `_`, `-` and `.` and begins with a letter or a digit
    /// (the first may be `_lakewarden`).
    ///
    /// # Errors
    /// `LW5002`, `LW5003`; `LW5005` where there is something already.
    pub async fn put_new(&self, path: &str, bytes: impl Into<Bytes>) -> Result<(), LakeError> {
        for segment in path.strip_prefix("_lakewarden/").unwrap_or(path).split('/') {
            check_name(segment)?;
        }
        self.create(&Path::from(path), bytes.into()).await
    }

    pub(crate) async fn create(&self, path: &Path, bytes: Bytes) -> Result<(), LakeError> {
        let put = self.store().put_opts(path, PutPayload::from(bytes), PutMode::Create.into()).await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if classify(&error) == StoreFault::AlreadyExists => {
                Err(LakeError::AlreadyExists { path: path.to_string() })
            }
            Err(error) => Err(store_error("writing", path, &error)),
        }
    }

    /// Writes an object that nobody else would write with these bytes. A put whose answer was lost and that was made
    /// again, by the store's client or here, finds its own bytes there: then it has succeeded.
    pub(crate) async fn create_own(&self, path: &Path, bytes: Bytes) -> Result<(), LakeError> {
        let mut put = self.create(path, bytes.clone()).await;
        if put.as_ref().is_err_and(LakeError::is_retryable) {
            put = self.create(path, bytes.clone()).await;
        }
        match put {
            Err(LakeError::AlreadyExists { .. }) if self.read(path).await?.as_ref() == Some(&bytes) => Ok(()),
            put => put,
        }
    }

    /// Reads an object. None where there is none.
    pub(crate) async fn read(&self, path: &Path) -> Result<Option<Bytes>, LakeError> {
        let failed = |error: object_store::Error| store_error("reading", path, &error);
        match self.store().get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(error) if classify(&error) == StoreFault::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Lists the objects of a folder and its sub-folders by ascending path.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<ObjectMeta>, LakeError> {
        let mut found: Vec<ObjectMeta> = self
            .store()
            .list(Some(folder))
            .try_collect()
            .await
            .map_err(|error| store_error("listing", folder, &error))?;
        found.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    /// Deletes an object. It is no error that it is gone already.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), LakeError> {
        match self.store().delete(path).await {
            Ok(()) => Ok(()),
            Err(error) if classify(&error) == StoreFault::NotFound => Ok(()),
            Err(error) => Err(store_error("deleting", path, &error)),
        }
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lake({})", self.inner.url)
    }
}
