//! Zip archives: a workbook, or files of the declared containers. Nothing is unpacked to a disk.

use super::file::{Emit, Job, Learnt, Stop, begin, one};
use super::names::presentable;
use super::xlsx::Formulas;
use super::{RawBatch, directory, xlsx};
use crate::account::Warning;
use crate::error::ExtractError;
use crate::source::{Allowance, Blocks, Member, Recognised, classify};
use lakewarden_dictionary::{Container, is_left_behind};
use regex::Regex;
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{Cursor, Read, Write, copy};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Names of members that an account repeats.
const SKIPPED_NAMES: usize = 10;

/// A member that is to be read.
struct Wanted {
    at: usize,
    name: String,
    packed: u64,
}

/// Reads an archive: its sheet if it is a workbook, else its members in order of their names. Records are counted on
/// from one member to the next.
pub(crate) fn read(job: &Job<'_>, packed: &Blocks, emit: &mut Emit<'_>, learnt: &mut Learnt) -> Result<(), Stop> {
    let file = || job.file.to_owned();
    let what = if looks_like_workbook(packed) { "workbook" } else { "zip" };
    directory::check(job, packed, what)?;
    let damaged = |_| Stop::Failed(ExtractError::Damaged { file: file(), what, rows: 0 });
    let mut archive = ZipArchive::new(packed.reader(0)).map_err(damaged)?;
    let wrong = |found| ExtractError::WrongContainer { file: file(), found, declared: job.dataset.format.container };
    if is_workbook(&mut archive) {
        if !job.dataset.format.takes(Container::Xlsx) {
            return Err(wrong("an Excel workbook").into());
        }
        learnt.container(Container::Xlsx, job.dataset);
        let formulas = measure(job, &mut archive, packed.size())?;
        drop(archive);
        let undeclared = xlsx::read(job, packed, formulas, emit, learnt)?;
        learnt.undeclared.merge(&undeclared);
        return Ok(());
    }
    let wanted = wanted(job, &mut archive, learnt)?;
    let (all, mut before) = (Cell::new(0), 0u64);
    for member in wanted {
        let name = format!("{} › {}", job.file, shown(&member.name));
        let inner = Job { file: &name, ..*job };
        let content = archive.by_index(member.at).map_err(|e| refused(&inner, &e))?;
        // However many bytes the directory says it takes up, it is not more than there are.
        let size = member.packed.min(packed.size());
        let mut content = Member::new(content, Allowance::streamed(job.limits()), size, &all);
        let (found, head) = begin(&inner, &mut content)?;
        let Recognised::One(container) = found else {
            let found = "a zip archive inside a zip archive";
            let declared = job.dataset.format.container;
            return Err(ExtractError::WrongContainer { file: name.clone(), found, declared }.into());
        };
        let mut last = before;
        let mut counted = |batch: RawBatch| {
            let rows = batch.rows.after(before);
            last = rows.get(batch.len.saturating_sub(1));
            emit(RawBatch { rows, ..batch })
        };
        one(&inner, container, Cursor::new(head).chain(content), &mut counted, learnt)?;
        before = last;
    }
    Ok(())
}

/// A guess that only names what is cut, where there is no directory to know it by.
fn looks_like_workbook(packed: &Blocks) -> bool {
    let head = packed.bytes(0..packed.size().min(4096)).unwrap_or_default();
    memchr::memmem::find(&head, b"[Content_Types].xml").is_some() || memchr::memmem::find(&head, b"xl/").is_some()
}

fn is_workbook<R: Read + std::io::Seek>(archive: &mut ZipArchive<R>) -> bool {
    let names: Vec<&[u8]> = archive.file_names_raw().collect();
    names.contains(&b"[Content_Types].xml".as_slice()) && names.iter().any(|n| n.starts_with(b"xl/"))
}

/// Unpacks every part of a workbook into nothing, so that what is then held has been measured: sizes in the directory
/// are what whoever made it says. Says what is to be seen of its formulas on the way.
fn measure<R: Read + std::io::Seek>(job: &Job<'_>, archive: &mut ZipArchive<R>, most: u64) -> Result<Formulas, Stop> {
    let all = Cell::new(0);
    let mut formulas = Formulas::default();
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|e| refused(job, &e))?;
        let packed = part.compressed_size().min(most);
        let mut part = Member::new(part, Allowance::held(job.limits()), packed, &all);
        let mut watch = FormulaWatch { found: &mut formulas, before: Vec::new() };
        copy(&mut part, &mut watch).map_err(|e| match classify(&e, job.file, 0) {
            ExtractError::Damaged { file, rows, .. } => ExtractError::Damaged { file, what: "workbook", rows },
            ExtractError::CutShort { file, rows, .. } => ExtractError::Damaged { file, what: "workbook", rows },
            other => other,
        })?;
    }
    Ok(formulas)
}

/// Takes the bytes of a workbook's parts and looks in them for formulas. What it takes for one may be something else:
/// that costs time, and nothing more.
struct FormulaWatch<'a> {
    found: &'a mut Formulas,
    /// The last bytes before those that come: a mark may be cut in two.
    before: Vec<u8>,
}

impl Write for FormulaWatch<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        const FORMULAS: [&[u8]; 6] = [b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/"];
        const UNCOMPUTED: [&[u8]; 2] = [b"fullCalcOnLoad=\"1\"", b"fullCalcOnLoad=\"true\""];
        self.before.extend_from_slice(bytes);
        let has = |marks: &[&[u8]]| marks.iter().any(|mark| memchr::memmem::find(&self.before, mark).is_some());
        self.found.any = self.found.any || has(&FORMULAS);
        self.found.uncomputed = self.found.uncomputed || has(&UNCOMPUTED);
        let longest = UNCOMPUTED.iter().map(|mark| mark.len()).max().unwrap_or_default();
        self.before.drain(..self.before.len().saturating_sub(longest));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The members that are to be read, in order of their names. One bad name refuses the archive.
fn wanted<R: Read + std::io::Seek>(
    job: &Job<'_>,
    archive: &mut ZipArchive<R>,
    learnt: &mut Learnt,
) -> Result<Vec<Wanted>, Stop> {
    let unsafe_member = |name: &str, problem| {
        Stop::Failed(ExtractError::UnsafeMember { file: job.file.to_owned(), member: shown(name), problem })
    };
    if archive.has_duplicate_names() {
        return Err(unsafe_member("", "has the name of another"));
    }
    let pattern = job.dataset.format.members.as_ref().map(|m| Names::of(&m.value, job.file)).transpose()?;
    let mut wanted = Vec::new();
    let mut left = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_data(at).map_err(|e| refused(job, &e))?;
        let name = entry.name().map(Cow::into_owned).map_err(|_| unsafe_member("", "has a name that is no text"))?;
        if let Some(problem) = trick(&name) {
            return Err(unsafe_member(&name, problem));
        }
        if entry.is_symlink() {
            return Err(unsafe_member(&name, "is a link to another file"));
        }
        let chosen = pattern.as_ref().is_none_or(|pattern| pattern.matches(&name));
        if entry.is_dir() || !chosen {
            continue;
        }
        if left_behind(&name) {
            left.push(shown(&name));
            continue;
        }
        let file = format!("{} › {}", job.file, shown(&name));
        if entry.encrypted() {
            return Err(ExtractError::Locked { file }.into());
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(ExtractError::UnknownPacking { file }.into());
        }
        wanted.push(Wanted { at, packed: entry.compressed_size(), name });
    }
    if !left.is_empty() {
        left.sort_unstable();
        let members = left.len() as u64;
        left.truncate(SKIPPED_NAMES);
        learnt.warn(Warning::MembersSkipped { members, names: left });
    }
    if wanted.is_empty() {
        return Err(ExtractError::NoMember { file: job.file.to_owned() }.into());
    }
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(wanted)
}

/// What is wrong with a name, were it a place on a disk. Nothing is written there; but whoever makes such a name means harm.
fn trick(name: &str) -> Option<&'static str> {
    let mut parts = name.split(['/', '\\']);
    if parts.clone().any(|part| part == "..") {
        return Some("leads out of the archive");
    }
    let drive = parts.next().is_some_and(|first| first.len() == 2 && first.ends_with(':'));
    if name.starts_with(['/', '\\']) || drive {
        return Some("has an absolute path");
    }
    (name.is_empty() || name.chars().any(char::is_control)).then_some("has a name with signs that cannot be shown")
}

/// A name as it may be shown.
fn shown(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    presentable(&plain).to_owned()
}

/// Whether programs and desktops leave such a file behind: see [`is_left_behind`].
fn left_behind(name: &str) -> bool {
    name.split('/').any(is_left_behind)
}

fn refused(job: &Job<'_>, error: &ZipError) -> ExtractError {
    let file = job.file.to_owned();
    match error {
        ZipError::UnsupportedArchive(why) if *why == ZipError::PASSWORD_REQUIRED => ExtractError::Locked { file },
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            ExtractError::UnknownPacking { file }
        }
        _ => ExtractError::Damaged { file, what: "zip", rows: 0 },
    }
}

/// Names that a pattern stands for.
struct Names {
    pattern: Regex,
    whole: bool,
}

impl Names {
    fn of(pattern: &str, file: &str) -> Result<Self, ExtractError> {
        let mut regex = String::from("^(?s:");
        let mut rest = pattern;
        while let Some(sign) = rest.chars().next() {
            let (length, stands_for) = match sign {
                '*' if rest.starts_with("**/") => (3, "(.*/)?".to_owned()),
                '*' if rest.starts_with("**") => (2, ".*".to_owned()),
                '*' => (1, "[^/]*".to_owned()),
                '?' => (1, "[^/]".to_owned()),
                other => (other.len_utf8(), regex::escape(&rest[..other.len_utf8()])),
            };
            regex.push_str(&stands_for);
            rest = &rest[length..];
        }
        regex.push_str(")$");
        let pattern_of = |_| ExtractError::Internal { file: file.to_owned(), doing: "compiling `members`" };
        Ok(Self { pattern: Regex::new(&regex).map_err(pattern_of)?, whole: pattern.contains('/') })
    }

    fn matches(&self, name: &str) -> bool {
        let held = if self.whole { name } else { name.rsplit('/').next().unwrap_or(name) };
        self.pattern.is_match(held)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tricks_are_known_by_their_names() {
        for name in
            ["../x.csv", "a/../../x", "..", "/etc/x.csv", "\\x.csv", "a\\..\\x", "C:/x.csv", "c:\\x", "", "a\0b"]
        {
            assert!(trick(name).is_some(), "{name:?}");
        }
        for name in ["a.csv", "a/b.csv", "a..b/c...csv", "订单 2026.csv", "a:b.csv"] {
            assert!(trick(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn patterns_stop_at_slashes() {
        let of = |pattern: &str, name: &str| Names::of(pattern, "f").unwrap().matches(name);
        assert!(of("*.csv", "a.csv") && of("*.csv", "deep/er/a.csv") && !of("*.csv", "a.csv.txt"));
        assert!(of("orders/*.csv", "orders/a.csv") && !of("orders/*.csv", "orders/x/a.csv"));
        assert!(of("orders/**/*.csv", "orders/a.csv") && of("orders/**/*.csv", "orders/x/y/a.csv"));
        assert!(of("a?.(1).csv", "ab.(1).csv") && !of("a?.csv", "a.csv"));
    }

    #[test]
    fn shown_names_hold_nobody_s_number() {
        assert_eq!(shown("a\x1b[2J.csv"), "a[2J.csv");
        assert!(!shown("13100000001.csv").contains("13100000001"));
    }
}
