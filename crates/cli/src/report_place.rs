//! Where the report of a run is written, checked before the run.
//!
//! Each run's report is kept as `reports/<run>.html` of the project, and the newest also as `report.html`, or wherever
//! `--report` says. A file there that is not the report of the same lake is not overwritten.

use crate::failure::Failure;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use url::Url;
use uuid::Uuid;

/// Begins the comment at the end of a report that names its lake; a hash, for addresses may be internal.
const MARK: &str = "<!-- lakewarden report of lake ";
/// Bytes at the end of a file in which the mark is looked for.
const TAIL: u64 = 256;

/// Where reports are written.
#[derive(Debug)]
pub struct ReportPlace {
    /// The folder of every run's report.
    kept: PathBuf,
    /// The newest report; absent where another file has its default name.
    newest: Option<PathBuf>,
    mark: String,
}

impl ReportPlace {
    /// Checks that reports of a lake can be written, before anything is done that they would report.
    ///
    /// # Errors
    /// LW7042 for a path that another file has, or that cannot be written.
    pub fn check(root: &Path, lake: &Url, explicit: Option<&Path>) -> Result<Self, Failure> {
        let sum: String = Sha256::digest(lake.as_str()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mark = format!("{MARK}{sum} -->\n");
        let path = explicit.map_or_else(|| root.join("report.html"), Path::to_path_buf);
        let own = is_own(&path, &mark)?;
        if !own && explicit.is_some() {
            return Err(Failure::Report {
                path: path.display().to_string(),
                what: "is not a report of this lake, and is not overwritten",
            });
        }
        let kept = root.join("reports");
        fs::create_dir_all(&kept).map_err(|_| unwritable(&kept))?;
        check_writable(&kept)?;
        let newest = own.then_some(path);
        if let Some(folder) = newest.as_deref().map(folder_of) {
            check_writable(folder)?;
        }
        Ok(Self { kept, newest, mark })
    }

    /// Whether a report exists already.
    pub fn has_report(&self) -> bool {
        self.newest.as_ref().is_some_and(|newest| newest.exists())
    }

    /// Writes the report of a run, and returns where it can be opened.
    pub fn write(&self, run: &Uuid, html: &str) -> Result<PathBuf, Failure> {
        let text = format!("{}\n{}", html.trim_end(), self.mark);
        let own = self.kept.join(format!("{run}.html"));
        fs::write(&own, &text).map_err(Failure::file("write", &own))?;
        let Some(newest) = &self.newest else { return Ok(own) };
        // Whoever opens it meanwhile sees the old one or the new one.
        let temporary = folder_of(newest).join(format!(".{run}.html.tmp"));
        fs::write(&temporary, &text).map_err(Failure::file("write", &temporary))?;
        fs::rename(&temporary, newest).map_err(Failure::file("write", newest))?;
        Ok(newest.clone())
    }
}

/// Whether a path is free, or has a report of the same lake.
fn is_own(path: &Path, mark: &str) -> Result<bool, Failure> {
    use std::io::{Seek, SeekFrom};
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(_) => return Err(unwritable(path)),
    };
    if !meta.is_file() {
        return Ok(false);
    }
    let mut file = File::open(path).map_err(Failure::file("read", path))?;
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(meta.len().saturating_sub(TAIL))).map_err(Failure::file("read", path))?;
    file.take(TAIL).read_to_end(&mut tail).map_err(Failure::file("read", path))?;
    Ok(tail.ends_with(mark.as_bytes()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a file into a folder and removes it again.
fn check_writable(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join(format!(".lakewarden-{}.tmp", std::process::id()));
    OpenOptions::new().write(true).create(true).truncate(true).open(&probe).map_err(|_| unwritable(folder))?;
    fs::remove_file(&probe).map_err(|_| unwritable(folder))
}

fn unwritable(path: &Path) -> Failure {
    Failure::Report { path: path.display().to_string(), what: "cannot be written" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_reports_of_the_same_lake_are_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (one, two) = (Url::parse("s3://a/one").unwrap(), Url::parse("s3://a/two").unwrap());
        let first = ReportPlace::check(root, &one, None).unwrap();
        assert!(!first.has_report());
        let written = first.write(&Uuid::from_u128(1), "<html>one</html>").unwrap();
        assert_eq!(written, root.join("report.html"));
        ReportPlace::check(root, &one, None).unwrap().write(&Uuid::from_u128(2), "<html>more</html>").unwrap();
        assert!(fs::read_to_string(&written).unwrap().starts_with("<html>more"));

        let other = ReportPlace::check(root, &two, None).unwrap();
        let kept = other.write(&Uuid::from_u128(3), "<html>two</html>").unwrap();
        assert_eq!(kept, root.join("reports").join(format!("{}.html", Uuid::from_u128(3))));
        assert!(fs::read_to_string(&written).unwrap().starts_with("<html>more"), "another lake's is left as it is");
        assert!(ReportPlace::check(root, &two, Some(&written)).is_err());
        fs::write(root.join("mine.txt"), "mine").unwrap();
        assert!(ReportPlace::check(root, &one, Some(&root.join("mine.txt"))).is_err());
        assert!(ReportPlace::check(root, &one, Some(&root.join("none/report.html"))).is_err());
        assert_eq!(fs::read_dir(root.join("reports")).unwrap().count(), 3);
    }
}
