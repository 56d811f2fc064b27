//! Exports that were moved into an archive once they were loaded: found again by name and checksum.

use crate::disk::DiskVersion;
use crate::error::SourceError;
use crate::fault::classify;
use crate::files::{below_folder, in_bucket, on_disk};
use crate::stores::{self, Kind, Surroundings};
use crate::stream::{Remote, Trouble};
use crate::tree::Entry;
use lakewarden_dictionary::{FilePattern, FilePlace};
use lakewarden_extract::{SourceFile, checksum};
use object_store::ObjectStoreExt;
use object_store::path::Path as ObjectPath;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::task::block_in_place;

/// Where a channel's files go once they are loaded.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    /// The project's folder, which relative paths begin at.
    pub root: &'a Path,
    /// The dataset.
    pub dataset: &'a str,
    /// Where its files were, as declared.
    pub pattern: &'a str,
    /// Where they go: a path, absolute or below the project's root; of a bucket a path in it.
    pub folder: &'a str,
}

impl Archive<'_> {
    /// Finds a file that was listed under `name` and has this checksum and size. It keeps its name.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn find(
        &self,
        name: &str,
        sha256: &str,
        bytes: u64,
        around: &Surroundings,
    ) -> Result<Option<SourceFile>, SourceError> {
        let (Ok(patterns), Some(sum)) = (FilePattern::parse(self.pattern), sha256.get(..16)) else { return Ok(None) };
        let fault =
            |place: &str, fault| SourceError::Store { dataset: self.dataset.to_owned(), at: place.to_owned(), fault };
        for pattern in &patterns {
            let found = match &pattern.place {
                FilePlace::Folder { absolute } => {
                    // Files inside the project are named from its folder on, however the pattern is written.
                    let full = self.root.join(name);
                    let path = if *absolute { full.to_str().unwrap_or(name) } else { name };
                    let below = below_folder(pattern, path);
                    let target = self.root.join(self.folder).join(below);
                    block_in_place(|| on_this_disk(name, &target, sum, sha256, bytes))
                }
                FilePlace::Bucket { kind, address } => {
                    let Some(path) = name.strip_prefix(address.as_str()).and_then(|rest| rest.strip_prefix('/')) else {
                        continue;
                    };
                    let below = below_folder(pattern, path);
                    let kind = Kind::from(*kind);
                    let target = format!("{}/{below}.{sum}", self.folder.trim_matches('/'));
                    let Ok(target) = ObjectPath::parse(target) else { continue };
                    let store = stores::bucket(address, kind, around).map_err(|found| fault(address, found))?;
                    match store.head(&target).await {
                        Ok(meta) if meta.size == bytes => {
                            let e_tag = meta.e_tag.map_or_else(OnceLock::new, OnceLock::from);
                            let (modified, patience) = (Some(meta.last_modified), around.patience);
                            let (path, size) = (target, meta.size);
                            let remote = Remote { store, kind, path, size, e_tag, modified, patience };
                            let file = in_bucket(name.to_owned(), Arc::new(remote), &Trouble::default());
                            block_in_place(|| checksum(&file)).is_ok_and(|found| found == sha256).then_some(file)
                        }
                        Ok(_) | Err(object_store::Error::NotFound { .. }) => None,
                        Err(error) => return Err(fault(&format!("{address}/{target}"), classify(&error, kind))),
                    }
                }
                FilePlace::Web { .. } => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The archived file at a path, or beside it with the beginning of its checksum added to its name.
fn on_this_disk(name: &str, target: &Path, sum: &str, sha256: &str, bytes: u64) -> Option<SourceFile> {
    let mut other = target.as_os_str().to_os_string();
    other.push(format!(".{sum}"));
    for path in [target.to_path_buf(), other.into()] {
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if !meta.is_file() || meta.len() != bytes {
            continue;
        }
        let version = Some(DiskVersion::from_metadata(&meta));
        let entry = Entry { name: name.to_owned(), size: bytes, modified: None, e_tag: None, version };
        let file = on_disk(name.to_owned(), &entry, path, &Trouble::default());
        if checksum(&file).is_ok_and(|found| found == sha256) {
            return Some(file);
        }
    }
    None
}
