//! Half-written files of a lake on a disk.
//!
//! The local store writes a file under its name with `#` and a number behind it and then renames it. A process that is
//! killed in between leaves that file, and the store's own listing does not show it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::error::{LakeError, StoreFault};
use crate::lake::Lake;
use crate::orphans::Orphan;
use crate::zone::Zone;

impl Lake {
    /// The folder of a lake on a disk; none for one in a bucket or in memory.
    fn folder(&self) -> Option<PathBuf> {
        (self.url().scheme() == "file").then(|| self.url().to_file_path().ok()).flatten()
    }

    /// Lists half-written files below the zones and among the lake's own records, put before `before`.
    pub(crate) fn half_written(&self, before: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        let Some(root) = self.folder() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let mut folders: Vec<PathBuf> = Zone::ALL.iter().map(|zone| root.join(zone.folder())).collect();
        folders.push(root.join("_lakewarden"));
        while let Some(folder) = folders.pop() {
            visit(&root, &folder, before, &mut folders, &mut found)
                .map_err(|error| failed("listing", &folder, &error))?;
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Deletes one of [`Lake::half_written`]; true if it was one. It is no error that it is gone already.
    pub(crate) fn delete_half_written(&self, path: &str) -> Result<bool, LakeError> {
        let Some(file) = self.folder().filter(|_| is_half_written(path)).map(|root| root.join(path)) else {
            return Ok(false);
        };
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("deleting", &file, &error)),
            _ => Ok(true),
        }
    }
}

fn visit(
    root: &Path,
    folder: &Path,
    before: DateTime<Utc>,
    folders: &mut Vec<PathBuf>,
    found: &mut Vec<Orphan>,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            folders.push(path);
            continue;
        }
        let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str).filter(|n| is_half_written(n)) else {
            continue;
        };
        let meta = match entry.metadata() {
            // Its writer has just renamed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let written = DateTime::<Utc>::from(meta.modified()?);
        if written < before {
            found.push(Orphan { path: name.replace('\\', "/"), size: meta.len(), written });
        }
    }
    Ok(())
}

/// Whether this is the name of a file that the local store was still writing.
fn is_half_written(path: &str) -> bool {
    path.rsplit_once('#')
        .is_some_and(|(name, n)| !name.is_empty() && !n.is_empty() && n.bytes().all(|digit| digit.is_ascii_digit()))
}

fn failed(doing: &'static str, path: &Path, error: &io::Error) -> LakeError {
    let fault = match error.kind() {
        io::ErrorKind::PermissionDenied => StoreFault::Denied,
        io::ErrorKind::NotFound => StoreFault::NotFound,
        _ => StoreFault::Unreachable,
    };
    LakeError::Store { doing, path: path.display().to_string(), fault, detail: error.kind().to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeDelta;

    #[tokio::test]
    async fn half_written_files_on_a_disk_are_orphans() {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(&url::Url::from_directory_path(folder.path()).unwrap()).unwrap();
        let files = [
            "curated/sales/part-0.parquet#2",
            "conformed/orders/_delta_log/0.json#1",
            "curated/sales/x.parquet",
            "_lakewarden/audit/00000003.json#1",
        ];
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, [1, 2, 3]).unwrap();
        }
        let now = DateTime::<Utc>::from(fs::metadata(folder.path().join(files[0])).unwrap().modified().unwrap());
        assert_eq!(lake.half_written(now - TimeDelta::minutes(1)).unwrap(), []);
        let later = now + TimeDelta::minutes(2);
        let found = lake.remove_orphans(TimeDelta::minutes(1), later).await.unwrap();
        let found: Vec<_> = found.iter().map(|o| (o.path.as_str(), o.size)).collect();
        assert_eq!(found, [(files[2], 3), (files[3], 3), (files[1], 3), (files[0], 3)]);
        assert!(lake.remove_orphans(TimeDelta::minutes(1), later).await.unwrap().is_empty());
        assert!(files.iter().all(|file| !folder.path().join(file).exists()));
    }

    #[test]
    fn names_of_half_written_files_are_told_from_others() {
        assert!(is_half_written("curated/sales/part-0.parquet#1"));
        for name in ["curated/sales/part-0.parquet", "curated/sales/part#x", "part#", "#1"] {
            assert!(!is_half_written(name), "{name}");
        }
    }
}
