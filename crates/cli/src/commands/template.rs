//! The projects that come with the binary.

use crate::failure::Failure;
use include_dir::{Dir, include_dir};
use std::path::{Path, PathBuf};

/// The retailer's schemas.
pub static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../schemas");
/// The retailer's pipeline.
pub static RETAIL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../pipelines/retail");
/// A first project.
pub static FIRST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/template");

/// Writes the files of `from` that `wanted` names (paths relative to `from`, `/` between parts) below `to`.
pub fn unpack(from: &Dir<'_>, to: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    for file in from.files() {
        let path = to.join(file.path());
        if !wanted(&file.path().to_string_lossy().replace('\\', "/")) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Failure::file("make", folder))?;
        }
        std::fs::write(&path, file.contents()).map_err(Failure::file("write", &path))?;
    }
    for folder in from.dirs() {
        unpack(folder, to, wanted)?;
    }
    Ok(())
}

/// The paths of all files of `from`, relative to it.
pub fn paths(from: &Dir<'_>) -> Vec<PathBuf> {
    let own = from.files().map(|file| file.path().to_path_buf());
    own.chain(from.dirs().flat_map(paths)).collect()
}
