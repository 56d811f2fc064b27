//! Writes entries of the dictionary that a command made.

use crate::failure::Failure;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Writes a new file of a project. An existing one is never overwritten.
///
/// # Errors
/// [`Failure::Usage`] if the file exists, [`Failure::File`] if it cannot be written.
pub fn write_new(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let target = root.join(path);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(Failure::file("create", folder))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(&target);
    let mut file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::file("write", &target)(error),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // A part of an entry is none.
        let _ = fs::remove_file(&target);
        Failure::file("write", &target)(error)
    })
}

/// Refuses to write a file that exists, before anything else is done.
///
/// # Errors
/// [`Failure::Usage`] if the file exists.
pub fn refuse_existing(root: &Path, path: &str) -> Result<(), Failure> {
    if root.join(path).symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}

fn exists(path: &str) -> Failure {
    Failure::Usage {
        message: format!("{path} exists and is not overwritten"),
        hint: "without --write the entry is printed; compare the two".to_owned(),
    }
}

/// Replaces a file of a project by a new text, whole or not at all.
///
/// # Errors
/// [`Failure::File`]; the file is then as it was.
pub fn replace(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let target = root.join(path);
    let beside = root.join(format!("{path}.new"));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&target)?.permissions()))
        .and_then(|()| fs::rename(&beside, &target));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::file("write", &target)(error)
    })
}
