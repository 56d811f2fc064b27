//! The file that is kept between checks: a line that says what it is, with a checksum, and JSON.

use super::cache::Kept;
use super::fingerprint::of_text;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// The folder of what can be made again, in the project's.
const FOLDER: &str = ".lakewarden";
const NAME: &str = "check.cache";
/// The first line up to its checksum. Another number is another form.
const HEAD: &str = "lakewarden check cache 2 ";
/// More than any project needs.
const MOST_BYTES: u64 = 64 << 20;

/// What was kept, if all of it is as it was written.
pub(super) fn read(root: &Path) -> Option<Kept> {
    let folder = root.join(FOLDER);
    let path = folder.join(NAME);
    // A link or a pipe is not what was written here.
    let file = fs::symlink_metadata(&path).ok()?;
    if !is_folder(&folder) || !file.is_file() || file.len() > MOST_BYTES {
        return None;
    }
    parse(&fs::read_to_string(path).ok()?)
}

/// Puts it there whole or not at all: a reader sees the file before or the file after.
pub(super) fn write(root: &Path, kept: &Kept) -> io::Result<()> {
    let folder = root.join(FOLDER);
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ if !is_folder(&folder) => return Err(ErrorKind::NotADirectory.into()),
        _ => {}
    }
    match OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore")) {
        Ok(mut ignore) => ignore.write_all(b"*\n")?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let mut file = NamedTempFile::new_in(&folder)?;
    file.write_all(print(kept)?.as_bytes())?;
    file.persist(folder.join(NAME))?;
    Ok(())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn print(kept: &Kept) -> io::Result<String> {
    let body = serde_json::to_string(kept)?;
    Ok(format!("{HEAD}{}\n{body}", of_text(&body)))
}

fn parse(text: &str) -> Option<Kept> {
    let (checksum, body) = text.strip_prefix(HEAD)?.split_once('\n')?;
    if checksum != of_text(body) {
        return None;
    }
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::cache::Found;

    fn kept() -> Kept {
        Kept {
            build: "a build".to_owned(),
            reads: [("00".to_owned(), vec![("orders".to_owned(), Some((1, 15))), ("销售".to_owned(), None)])].into(),
            sound: [("11".to_owned(), Found::default())].into(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), None);
        write(folder.path(), &kept()).unwrap();
        assert_eq!(read(folder.path()), Some(kept()));
    }

    #[test]
    fn no_byte_can_change_and_none_be_missing() {
        let text = print(&kept()).unwrap();
        assert_eq!(parse(&text), Some(kept()));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = bytes[at].wrapping_add(1);
            let changed = String::from_utf8(bytes).ok().and_then(|text| parse(&text));
            assert_eq!(changed, None, "byte {at}");
            assert_eq!(text.get(..at).and_then(parse), None, "cut at {at}");
        }
        assert_eq!(parse(&(text + " ")), None);
    }

    #[test]
    fn another_form_is_not_understood() {
        let file = |body: &str| format!("{HEAD}{}\n{body}", of_text(body));
        assert_eq!(parse(&file(r#"{"build":"b","reads":{},"sound":{}}"#)).unwrap().build, "b");
        for body in [r#"{"build":"b","reads":{}}"#, r#"{"build":"b","reads":{},"sound":{},"more":1}"#, "[]", ""] {
            assert_eq!(parse(&file(body)), None, "{body}");
        }
        let other = print(&kept()).unwrap().replacen("cache 2", "cache 3", 1);
        assert_eq!(parse(&other), None);
    }
}
