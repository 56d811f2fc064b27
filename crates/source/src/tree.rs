//! Folders of a disk or a bucket, one at a time.

use crate::disk::DiskVersion;
use crate::fault::{StoreFault, classify};
use crate::stores::Kind;
use chrono::{DateTime, Utc};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

/// A disk or a bucket.
pub(crate) enum Tree {
    /// Folders of a disk; relative paths are below this one.
    Disk(PathBuf),
    /// A bucket.
    Bucket(Arc<dyn ObjectStore>, Kind),
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Names of folders in it.
    pub(crate) folders: Vec<String>,
    /// Those of them that are links to others.
    pub(crate) links: BTreeSet<String>,
    /// Files in it.
    pub(crate) files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its own name.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: u64,
    /// When it was last written, if the storage knows.
    pub(crate) modified: Option<DateTime<Utc>>,
    /// The storage's name for these bytes.
    pub(crate) e_tag: Option<String>,
    /// Its version on a disk.
    pub(crate) version: Option<DiskVersion>,
}

/// Why a folder cannot be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeFault {
    /// The disk's word.
    Disk(ErrorKind),
    /// The storage's.
    Store(StoreFault),
}

impl From<io::Error> for TreeFault {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

impl Tree {
    /// Looks into a folder, `""` for the root. One that is not there is empty.
    pub(crate) async fn look(&self, folder: &str) -> Result<Folder, TreeFault> {
        match self {
            Self::Disk(root) => disk(root.join(folder)),
            Self::Bucket(store, kind) => {
                // Of a listing: it is the bucket itself that is not there.
                let failed = |error: object_store::Error| match classify(&error, *kind) {
                    StoreFault::NotFound => TreeFault::Store(StoreFault::NoBucket(*kind)),
                    fault => TreeFault::Store(fault),
                };
                let at = ObjectPath::parse(folder).map_err(|_| TreeFault::Store(StoreFault::OddName))?;
                let found = store.list_with_delimiter((!folder.is_empty()).then_some(&at)).await.map_err(failed)?;
                let name = |path: &ObjectPath| path.filename().map(str::to_owned);
                Ok(Folder {
                    links: BTreeSet::new(),
                    folders: found.common_prefixes.iter().filter_map(name).collect(),
                    // Some tools leave an object in a folder's own name; its path ends as the folder's does.
                    files: found.objects.iter().filter(|o| o.location != at).filter_map(entry).collect(),
                })
            }
        }
    }

    /// Finds one file.
    pub(crate) async fn file(&self, path: &str) -> Result<Option<Entry>, TreeFault> {
        match self {
            Self::Disk(root) => disk_file(&root.join(path)),
            Self::Bucket(store, kind) => {
                let at = ObjectPath::parse(path).map_err(|_| TreeFault::Store(StoreFault::OddName))?;
                // The answer to a question about one file has no body, and does not say why it is what it is. That to a
                // question about its folder has one.
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                match store.head(&at).await {
                    Ok(meta) => Ok(entry(&meta)),
                    Err(object_store::Error::NotFound { .. }) => self.look(folder).await.map(|_| None),
                    Err(error @ object_store::Error::PermissionDenied { .. }) => match self.look(folder).await {
                        Err(TreeFault::Store(fault @ (StoreFault::BadCredentials(_) | StoreFault::NoBucket(_)))) => {
                            Err(TreeFault::Store(fault))
                        }
                        _ => Err(TreeFault::Store(classify(&error, *kind))),
                    },
                    Err(error) => Err(TreeFault::Store(classify(&error, *kind))),
                }
            }
        }
    }
}

fn entry(meta: &ObjectMeta) -> Option<Entry> {
    let name = meta.location.filename()?.to_owned();
    Some(Entry { name, size: meta.size, modified: Some(meta.last_modified), e_tag: meta.e_tag.clone(), version: None })
}

fn disk(folder: PathBuf) -> Result<Folder, TreeFault> {
    let mut found = Folder::default();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        // Passed over, its rows would be missing without a word.
        let name = entry.file_name().into_string().map_err(|_| TreeFault::Store(StoreFault::OddName))?;
        // Follows links, as opening does.
        match std::fs::metadata(entry.path()) {
            Ok(meta) if meta.is_dir() => {
                if entry.file_type()?.is_symlink() {
                    found.links.insert(name.clone());
                }
                found.folders.push(name);
            }
            Ok(meta) if meta.is_file() => found.files.push(on_disk(name, &meta)),
            // A link to nowhere, or a file that went meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn disk_file(path: &std::path::Path) -> Result<Option<Entry>, TreeFault> {
    let name = || path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    match std::fs::metadata(path) {
        Ok(meta) => Ok(meta.is_file().then(|| on_disk(name(), &meta))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn on_disk(name: String, meta: &std::fs::Metadata) -> Entry {
    let modified = meta.modified().ok().map(DateTime::from);
    Entry { name, size: meta.len(), modified, e_tag: None, version: Some(DiskVersion::from_metadata(meta)) }
}
