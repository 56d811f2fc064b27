//! Reading a project's declarative files: regular files inside the project, of a bounded size.
//!
//! `check` guards what others propose to change, so a file must not be able to hang it, to fill its memory, or to
//! have another file of the machine quoted in a diagnostic.

use crate::error::PipelineError;
use lakewarden_dictionary::{Problem, SourceFile, Span};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that a declarative file may have.
const MOST_BYTES: u64 = 1 << 20;
/// Folders below `schemas` or `pipelines`.
const MOST_DEPTH: usize = 16;
/// Declarative files of a project.
const MOST_FILES: usize = 20_000;

/// The declarative files of a project that could be read, and why others could not.
#[derive(Debug, Default)]
pub(crate) struct DeclarativeFiles {
    /// `lakewarden.yaml`, then schemas, pipelines and models, each sorted by path.
    pub files: Vec<SourceFile>,
    /// Files that were not read.
    pub problems: Vec<Problem>,
}

/// Reads the declarative files of the project in `root`.
///
/// # Errors
/// [`PipelineError::Read`] if `lakewarden.yaml` does not exist, or a file or folder cannot be read.
pub(crate) fn read_all(root: &Path) -> Result<DeclarativeFiles, PipelineError> {
    let inside = root.canonicalize().map_err(|error| unreadable(&root.join("lakewarden.yaml"), &error))?;
    let mut reader = Reader { root, inside, found: DeclarativeFiles::default() };
    reader.read("lakewarden.yaml")?;
    for (folder, ending) in [("schemas", "yaml"), ("pipelines", "yaml"), ("pipelines", "sql")] {
        let mut paths = Vec::new();
        reader.walk(&root.join(folder), folder, ending, MOST_DEPTH, &mut paths)?;
        paths.sort();
        for path in paths {
            reader.read(&path)?;
        }
    }
    Ok(reader.found)
}

struct Reader<'a> {
    root: &'a Path,
    /// The root without links.
    inside: PathBuf,
    found: DeclarativeFiles,
}

impl Reader<'_> {
    fn read(&mut self, path: &str) -> Result<(), PipelineError> {
        let full = self.root.join(path);
        match fs::metadata(&full) {
            Ok(meta) if !meta.is_file() => {
                self.refuse("LW1011", path, "not a regular file", "replace it by a regular file");
                return Ok(());
            }
            Ok(_) => {}
            // A link that leads nowhere or in circles.
            Err(_) if fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_symlink()) => {
                self.refuse("LW1011", path, "a link that leads to no file", "replace it by a regular file");
                return Ok(());
            }
            Err(error) => return Err(unreadable(&full, &error)),
        }
        if !full.canonicalize().map_err(|error| unreadable(&full, &error))?.starts_with(&self.inside) {
            self.refuse("LW1011", path, "a link out of the project", "copy the file into the project");
            return Ok(());
        }
        let mut bytes = Vec::new();
        let file = File::open(&full).map_err(|error| unreadable(&full, &error))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&full, &error))?;
        if bytes.len() as u64 > MOST_BYTES {
            let what = "larger than 1 MiB, the most that a declarative file may have";
            self.refuse("LW1012", path, what, "move data out of it, or split it");
            return Ok(());
        }
        // A file in another encoding is refused rather than changed on the way in.
        match String::from_utf8(bytes) {
            Ok(text) => self.found.files.push(SourceFile { path: Arc::from(path), text: Arc::from(text) }),
            Err(_) => self.refuse("LW1013", path, "not UTF-8 text", "save it as UTF-8"),
        }
        Ok(())
    }

    fn walk(
        &mut self,
        folder: &Path,
        prefix: &str,
        ending: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), PipelineError> {
        let failed = |error: std::io::Error| unreadable(folder, &error);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}/{name}");
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && depth == 0 {
                self.refuse("LW1011", &path, "nested too deeply to be read", "move it up");
            } else if kind.is_dir() {
                self.walk(&entry.path(), &path, ending, depth - 1, found)?;
            } else if kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
                let what = "a link to a folder, which is not read";
                self.refuse("LW1011", &path, what, "move the folder into the project");
            } else if Path::new(&name).extension().is_some_and(|e| e == ending) {
                if found.len() == MOST_FILES {
                    self.refuse("LW1012", prefix, "too many files for one project", "split the project");
                    return Ok(());
                }
                found.push(path);
            }
        }
        Ok(())
    }

    /// Reports a file once, and quotes nothing of it.
    fn refuse(&mut self, code: &'static str, path: &str, what: &str, hint: &str) {
        let problem = Problem::error(code, Span::file(&Arc::from(path)), format!("the file is {what}")).hint(hint);
        let known = |known: &Problem| known.code == code && known.span.path == problem.span.path;
        if !self.found.problems.iter().any(known) {
            self.found.problems.push(problem);
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> PipelineError {
    PipelineError::Read { path: path.display().to_string(), why: error.kind() }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    fn codes(root: &Path) -> Vec<(String, &'static str)> {
        let found = read_all(root).unwrap();
        assert!(found.files.iter().all(|file| !file.text.contains("secret")), "nothing from outside is read");
        found.problems.into_iter().map(|problem| (problem.span.path.to_string(), problem.code)).collect()
    }

    #[test]
    fn only_regular_files_inside_the_project_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        fs::create_dir_all(root.join("schemas/channels")).unwrap();
        fs::write(root.join("lakewarden.yaml"), "project: shop\n").unwrap();
        fs::write(root.join("schemas/channels/good.yaml"), "dataset: good\n").unwrap();
        symlink("good.yaml", root.join("schemas/channels/alias.yaml")).unwrap();
        assert_eq!(codes(&root), []);
        assert_eq!(read_all(&root).unwrap().files.len(), 3);

        fs::write(folder.path().join("outside.yaml"), "secret\n").unwrap();
        symlink(folder.path().join("outside.yaml"), root.join("schemas/channels/a.yaml")).unwrap();
        symlink("/dev/zero", root.join("schemas/channels/b.yaml")).unwrap();
        symlink("nowhere.yaml", root.join("schemas/channels/c.yaml")).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(root.join("schemas/channels/d.yaml")).status().unwrap();
        assert!(fifo.success());
        let _socket = std::os::unix::net::UnixListener::bind(root.join("schemas/channels/e.yaml")).unwrap();
        symlink(folder.path(), root.join("schemas/f")).unwrap();
        fs::create_dir(root.join("schemas/channels/g.yaml")).unwrap();
        fs::write(root.join("schemas/channels/h.yaml"), vec![b'x'; (1 << 20) + 1]).unwrap();
        fs::write(root.join("schemas/channels/i.yaml"), [0xff, 0xfe, 0]).unwrap();
        let refused = |name: &str, code| (format!("schemas/{name}"), code);
        let mut found = codes(&root);
        found.sort();
        assert_eq!(
            found,
            [
                refused("channels/a.yaml", "LW1011"),
                refused("channels/b.yaml", "LW1011"),
                refused("channels/c.yaml", "LW1011"),
                refused("channels/d.yaml", "LW1011"),
                refused("channels/e.yaml", "LW1011"),
                refused("channels/h.yaml", "LW1012"),
                refused("channels/i.yaml", "LW1013"),
                refused("f", "LW1011"),
            ]
        );
    }
}
