//! The directory of a zip archive, looked through before it is read into memory.

use super::file::{Job, Stop};
use crate::error::ExtractError;
use crate::source::Blocks;
use std::io;

/// How the directory's entries begin, and what one takes at least.
const ENTRY: &[u8] = b"PK\x01\x02";
const SHORTEST: u64 = 46;
/// How the directory ends: this and a comment of up to 64 KiB.
const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
/// In an archive with larger numbers: its own end, and right before [`END`] where that is.
const LARGE_END: &[u8] = b"PK\x06\x06";
const LARGE_END_SIZE: u64 = 56;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_SIZE: u64 = 20;
/// In this many bytes before the end of the file the end of the directory is looked for.
const TAIL: u64 = 4 + END_SIZE as u64 + 65_536;
/// Entries are counted in this many bytes at a time.
const WINDOW: u64 = 1 << 20;

/// What the end says of the directory.
struct Directory {
    entries: u64,
    /// Where it begins in the file.
    start: u64,
}

/// Refuses an archive whose directory is larger than it may be, or is not where its end says. Each entry takes memory of
/// its own once the archive is opened. And where the end is wrong, the library looks for the directory in the whole file,
/// and for other ends, and keeps each place that looks like one: so it is given only those that are right.
pub(super) fn check(job: &Job<'_>, archive: &Blocks, what: &'static str) -> Result<(), Stop> {
    let file = || job.file.to_owned();
    let damaged = || Stop::Failed(ExtractError::Damaged { file: file(), what, rows: 0 });
    let begin = archive.size().saturating_sub(TAIL);
    let tail = archive.bytes(begin..archive.size()).map_err(|_| damaged())?;
    if memchr::memmem::rfind(&tail, END).is_none() {
        return Err(ExtractError::CutShort { file: file(), what, rows: 0 }.into());
    }
    // What looks like an end but has a comment that goes beyond the file is passed over by the library as well.
    let at = memchr::memmem::rfind_iter(&tail, END)
        .find(|at| number(&tail, at + 20, 2).is_some_and(|comment| at + END_SIZE + comment as usize <= tail.len()));
    let at = at.ok_or_else(damaged)?;
    let directory = directory(archive, begin + at as u64, &tail[at..]).ok().flatten().ok_or_else(damaged)?;

    let limits = job.limits();
    let too_many = || Stop::Failed(ExtractError::TooManyMembers { file: file(), limit: limits.members });
    if directory.entries > u64::from(limits.members) {
        return Err(too_many());
    }
    if archive.size() - directory.start > limits.held {
        return Err(ExtractError::FileTooLarge { file: file(), key: "held", limit: limits.held }.into());
    }
    let begins = |at: u64| archive.bytes(at..at + 4).is_ok_and(|bytes| bytes == ENTRY);
    if directory.entries > 0 && !begins(directory.start) {
        return Err(damaged());
    }
    // The end may say fewer than there are.
    if entries(archive, directory.start, u64::from(limits.members)).map_err(|_| damaged())? > u64::from(limits.members)
    {
        return Err(too_many());
    }
    Ok(())
}

/// Where the directory is by an end at `at`; `None` if the end contradicts itself or the file.
fn directory(archive: &Blocks, at: u64, end: &[u8]) -> io::Result<Option<Directory>> {
    let field = |place: usize, size: usize| number(end, place, size).unwrap_or_default();
    let (entries, size, offset) = (field(10, 2), field(12, 4), field(16, 4));
    let large = entries == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff;
    if let (true, Some(place)) = (large, at.checked_sub(LOCATOR_SIZE)) {
        let locator = archive.bytes(place..at)?;
        if locator.starts_with(LOCATOR) {
            return large_directory(archive, place, &locator);
        }
    }
    let of_one_file = field(4, 2) == 0 && field(6, 2) == 0 && field(8, 2) == entries;
    if entries == 0 {
        return Ok((of_one_file && offset <= at).then_some(Directory { entries, start: at }));
    }
    let start = at.checked_sub(size).filter(|start| offset <= *start);
    let start = start.filter(|_| of_one_file && entries * SHORTEST <= size);
    Ok(start.map(|start| Directory { entries, start }))
}

/// The same by the end of an archive with larger numbers, which `locator`, at `place`, says the place of.
fn large_directory(archive: &Blocks, place: u64, locator: &[u8]) -> io::Result<Option<Directory>> {
    let said = |place: usize, size: usize| number(locator, place, size).unwrap_or_default();
    let (disk, at, disks) = (said(4, 4), said(8, 8), said(16, 4));
    if at.checked_add(LARGE_END_SIZE).is_none_or(|end| end > place) {
        return Ok(None);
    }
    let end = archive.bytes(at..at + LARGE_END_SIZE)?;
    let field = |place: usize, size: usize| number(&end, place, size).unwrap_or_default();
    let (entries, size, start) = (field(32, 8), field(40, 8), field(48, 8));
    let whole = end.starts_with(LARGE_END) && field(4, 8).checked_add(12) == Some(place - at);
    let of_one_file = disk == 0 && disks <= 1 && field(16, 4) == 0 && field(20, 4) == 0 && field(24, 8) == entries;
    let fits = start.checked_add(size) == Some(at) && entries.checked_mul(SHORTEST).is_some_and(|least| least <= size);
    Ok((whole && of_one_file && fits).then_some(Directory { entries, start }))
}

/// How many entries begin from a place on; it stops at one more than `enough`.
fn entries(archive: &Blocks, start: u64, enough: u64) -> io::Result<u64> {
    let (mut at, mut found) = (start, 0);
    while at < archive.size() && found <= enough {
        // One that begins in this window may end in the next.
        let end = archive.size().min(at + WINDOW + ENTRY.len() as u64 - 1);
        found += memchr::memmem::find_iter(&archive.bytes(at..end)?, ENTRY).count() as u64;
        at += WINDOW;
    }
    Ok(found)
}

/// A number of so many bytes, the least first.
fn number(bytes: &[u8], place: usize, size: usize) -> Option<u64> {
    let bytes = bytes.get(place..place + size)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
