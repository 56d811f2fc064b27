//! Where the key file is stored, whatever way its path is written: never inside the project or the lake.

use crate::error::PipelineError;
use crate::keys::key_path;
use lakewarden_dictionary::{KeyProvider, Problem, Settings};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

const CODE: &str = "LW1300";

/// Finds a key file inside the project or its lake. A relative path is LW1127's.
pub(crate) fn check(root: &Path, settings: &Settings) -> Option<Problem> {
    let key = settings.key.as_ref()?;
    let KeyProvider::File(declared) = &key.provider else { return None };
    let path = key_path(declared).ok().filter(|path| path.is_absolute())?;
    let lake = settings.lake.as_ref().map(|lake| lake.value.as_str()).and_then(|lake| lake_folder(root, lake));
    let place = containing(&path, root, lake.as_deref())?;
    Some(
        Problem::error(CODE, key.span.clone(), format!("the key file `{declared}` is inside {place}"))
            .hint("name a file outside the project and the lake: `~/.config/lakewarden/<project>.key`"),
    )
}

/// Refuses a key file inside the lake that a command was given instead of the project's.
///
/// # Errors
/// [`PipelineError::Key`].
pub(crate) fn refuse_inside_lake(root: &Path, settings: &Settings, lake: Option<&str>) -> Result<(), PipelineError> {
    let Some(KeyProvider::File(declared)) = settings.key.as_ref().map(|key| &key.provider) else { return Ok(()) };
    // Unlike the project's own lake, one of the command line is relative to where the command is run.
    let Some(lake) = lake.and_then(|lake| lake_folder(Path::new(""), lake)) else { return Ok(()) };
    match containing(&key_path(declared)?, root, Some(&lake)) {
        None => Ok(()),
        Some(place) => Err(PipelineError::Key {
            why: format!("the key file {declared} is inside {place}"),
            hint: "move it outside the project and the lake, and name it in lakewarden.yaml".to_owned(),
        }),
    }
}

/// Whether a key file of this path is outside a project folder, wherever that is: absolute or in the home folder.
pub fn is_key_outside(declared: &str, root: &Path) -> bool {
    key_path(declared).is_ok_and(|path| path.is_absolute() && containing(&path, root, None).is_none())
}

/// Which of the two folders the file is in, links resolved.
pub(crate) fn containing(file: &Path, root: &Path, lake: Option<&Path>) -> Option<&'static str> {
    // The file itself may be a link: neither it nor what it leads to may be there.
    let parent = file.parent().map(|parent| resolve(parent).join(file.file_name().unwrap_or_default()));
    let inside = |folder: &Path| {
        let folder = resolve(folder);
        resolve(file).starts_with(&folder) || parent.as_ref().is_some_and(|link| link.starts_with(&folder))
    };
    if lake.is_some_and(inside) {
        return Some("the lake");
    }
    inside(root).then_some("the project")
}

/// The folder of a lake on this machine.
pub(crate) fn lake_folder(root: &Path, lake: &str) -> Option<PathBuf> {
    if lake.contains("://") {
        return url::Url::parse(lake).ok()?.to_file_path().ok();
    }
    Some(root.join(lake))
}

/// A path without links and `..`, as far as it exists; the rest of it is taken as written.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut rest: Vec<OsString> = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        if let Ok(real) = existing.canonicalize() {
            return rest.iter().rev().fold(real, |path, part| match part.to_str() {
                Some("..") => path.parent().map_or_else(|| path.clone(), Path::to_path_buf),
                Some(_) | None => path.join(part),
            });
        }
        let (Some(parent), Some(last)) = (existing.parent(), existing.components().next_back()) else {
            return absolute;
        };
        if !matches!(last, Component::CurDir) {
            rest.push(last.as_os_str().to_owned());
        }
        existing = parent;
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_key_inside_is_found_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        let (root, lake, keys) = (base.join("project"), base.join("lake"), base.join("keys"));
        for made in [&root, &lake, &keys] {
            fs::create_dir(made).unwrap();
        }
        fs::write(keys.join("own.key"), "k").unwrap();
        fs::write(root.join("inner.key"), "k").unwrap();
        symlink(&root, base.join("link")).unwrap();
        symlink(root.join("inner.key"), keys.join("leads-in.key")).unwrap();
        symlink(keys.join("own.key"), root.join("leads-out.key")).unwrap();
        let found = |path: &Path| containing(path, &root, Some(&lake));
        assert_eq!(found(&keys.join("own.key")), None);
        assert_eq!(found(&base.join("keys/none-yet.key")), None);
        for inside in ["project/a.key", "link/a.key", "link/new/a.key", "keys/../project/a.key", "keys/leads-in.key"] {
            assert_eq!(found(&base.join(inside)), Some("the project"), "{inside}");
        }
        assert_eq!(found(&root.join("leads-out.key")), Some("the project"));
        assert_eq!(found(&base.join("none/../project/a.key")), Some("the project"));
        assert_eq!(found(&lake.join("a.key")), Some("the lake"));
        assert_eq!(lake_folder(&root, "s3://bucket/lake"), None);
        assert_eq!(lake_folder(&root, "./lake").unwrap(), root.join("./lake"));
    }
}
