//! Exports that are loaded: deleted, or moved into an archive, once their bytes are those that the lake knows.

use crate::disk::DiskFile;
use crate::stream::{Remote, Trouble};
use crate::tree::Entry;
use lakewarden_extract::{ReadAt, SourceFile, checksum};
use object_store::ObjectStoreExt;
use object_store::path::Path as ObjectPath;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::task::block_in_place;

/// What becomes of an export that is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// It is deleted.
    Delete,
    /// It is moved below this folder: a path, absolute or below the project's root; of a bucket a path in it.
    Archive(String),
}

/// Why an export stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RetireFault {
    /// Its bytes are others than those that were loaded.
    #[error("its bytes are not those that were loaded")]
    Changed,
    /// Nothing can be deleted there.
    #[error("files of a web server cannot be deleted")]
    Web,
    /// The archive has another file of the name, or is the folder that the file is in.
    #[error("the archive has another file of this name, or is the folder that the file is in")]
    Taken,
    /// The file system's or the storage's word.
    #[error("{0}")]
    Io(ErrorKind),
}

impl From<io::Error> for RetireFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// Where a listed file is.
pub(crate) enum FilePosition {
    /// On a disk: its path, and the part of it below the pattern's own folder.
    Disk { path: PathBuf, below: String, listed: Entry },
    /// In a bucket.
    Bucket { remote: Arc<Remote>, below: String },
    /// On a web server.
    Web,
}

impl FilePosition {
    /// Deletes or archives a file whose bytes, in the version that was listed, have this checksum. Returns where it is now;
    /// `None` if it is deleted.
    ///
    /// # Errors
    /// [`RetireFault`]; the file is then where it was, or in both places if it could not be removed after it was archived.
    pub(crate) async fn retire(
        &self,
        sha256: &str,
        root: &Path,
        retirement: &Retirement,
    ) -> Result<Option<String>, RetireFault> {
        match self {
            Self::Disk { path, below, listed } => {
                block_in_place(|| on_disk(path, below, listed, sha256, root, retirement))
            }
            Self::Bucket { remote, below } => in_bucket(remote, below, sha256, retirement).await,
            Self::Web => Err(RetireFault::Web),
        }
    }
}

fn on_disk(
    path: &Path,
    below: &str,
    listed: &Entry,
    sha256: &str,
    root: &Path,
    retirement: &Retirement,
) -> Result<Option<String>, RetireFault> {
    let open = || DiskFile::open(path, listed.version, &Trouble::default()).map_err(|_| RetireFault::Changed);
    let archived = match retirement {
        Retirement::Delete => None,
        Retirement::Archive(folder) => Some(archive(path, &open()?, sha256, &root.join(folder).join(below))?),
    };
    // A link that the archive has made changes the time of change, and nothing else.
    open()?;
    fs::remove_file(path)?;
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(archived.map(|target| target.display().to_string()))
}

/// Puts a file into the archive without taking the place of another one: where its name is taken by other bytes, the
/// beginning of its checksum is added. Returns where it is.
fn archive(path: &Path, file: &DiskFile, sha256: &str, target: &Path) -> Result<PathBuf, RetireFault> {
    let (parent, name) = target.parent().zip(target.file_name()).ok_or(RetireFault::Io(ErrorKind::InvalidInput))?;
    fs::create_dir_all(parent)?;
    let parent = parent.canonicalize()?;
    let mut other = name.to_os_string();
    other.push(format!(".{}", &sha256[..16]));
    for target in [parent.join(name), parent.join(other)] {
        // An archive in the folder that is read, by a detour.
        if target == path.canonicalize()? {
            return Err(RetireFault::Taken);
        }
        if put(path, file, sha256, &target, &parent)? {
            sync_folder(&parent)?;
            return Ok(target);
        }
    }
    Err(RetireFault::Taken)
}

/// Puts a file under a name. False if the name is taken by other bytes.
fn put(path: &Path, file: &DiskFile, sha256: &str, target: &Path, parent: &Path) -> Result<bool, RetireFault> {
    let same_bytes = || {
        let known = target.to_path_buf();
        let there = SourceFile::new("", 0, move || Ok(Box::new(File::open(&known)?) as Box<dyn Read + Send>));
        // A run that was stopped before it removed the file has put it there.
        checksum(&there).map(|sum| sum == sha256)
    };
    match fs::hard_link(path, target) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(same_bytes()?),
        // Another file system, or one without links.
        Err(_) => {}
    }
    let mut copy = tempfile::NamedTempFile::new_in(parent)?;
    io::copy(&mut file.stream()?, copy.as_file_mut())?;
    copy.as_file().sync_all()?;
    match copy.persist_noclobber(target) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(same_bytes()?),
        Err(error) => Err(error.error.into()),
    }
}

/// Makes names in a folder durable, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

async fn in_bucket(
    remote: &Remote,
    below: &str,
    sha256: &str,
    retirement: &Retirement,
) -> Result<Option<String>, RetireFault> {
    let failed = |error: object_store::Error| match error {
        object_store::Error::NotFound { .. } => RetireFault::Changed,
        object_store::Error::PermissionDenied { .. } => RetireFault::Io(ErrorKind::PermissionDenied),
        _ => RetireFault::Io(ErrorKind::Other),
    };
    let archived = match retirement {
        Retirement::Delete => None,
        Retirement::Archive(folder) => {
            // The checksum is in the name: a store may not be able to refuse a name that is taken.
            let target = ObjectPath::parse(format!("{}/{below}.{}", folder.trim_matches('/'), &sha256[..16]));
            let target = target.map_err(|_| RetireFault::Io(ErrorKind::InvalidInput))?;
            remote.store.copy(&remote.path, &target).await.map_err(failed)?;
            let there = remote.store.head(&target).await.map_err(failed)?;
            if there.size != remote.size {
                return Err(RetireFault::Changed);
            }
            Some(target.to_string())
        }
    };
    let now = remote.store.head(&remote.path).await.map_err(failed)?;
    if now.size != remote.size || now.e_tag.as_ref() != remote.e_tag.get() {
        return Err(RetireFault::Changed);
    }
    remote.store.delete(&remote.path).await.map_err(failed)?;
    Ok(archived)
}
