//! What the parts of a dataset's `format` mean that concern one kind of file, and the limits that guard its reader.

use super::{Container, CsvHeader, Encoding, Escape, Format};
use crate::diagnostic::Span;

/// The CSV quotation mark where none is declared.
pub const QUOTE: u8 = b'"';

impl Format {
    /// Makes the format of files that are of this container and in every other respect as is usual.
    pub fn new(container: Container) -> Self {
        Self {
            container,
            accept: Vec::new(),
            encoding: Encoding::default(),
            delimiter: b',',
            delimiter_runs: false,
            quote: Some(QUOTE),
            escape: Escape::default(),
            header: CsvHeader::default(),
            skip_rows: 0,
            comment: None,
            footer: None,
            sheet: None,
            header_row: None,
            records: RecordsPath::default(),
            members: None,
            limits: Limits::default(),
            span: Span::file(&"".into()),
        }
    }

    /// Whether files of this container are read.
    pub fn takes(&self, container: Container) -> bool {
        self.container == container || self.accept.contains(&container)
    }
}

/// Where in a JSON document the array of records is: the names on the way there; none if the document is the array.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordsPath(pub Vec<String>);

/// Whether a file or folder of this name is left behind by a program or a desktop, and holds no export: hidden files, Office's
/// lock files (`~$a.xlsx`), `__MACOSX`, `Thumbs.db`, `desktop.ini`; files that programs of data lakes write beside exports
/// (`_SUCCESS`); unfinished downloads, backups and check sums ([`left_behind_extension`]).
pub fn is_left_behind(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with("~$")
        || ["__MACOSX", "_SUCCESS", "_metadata", "_common_metadata"].contains(&name)
        || ["_started_", "_committed_"].iter().any(|start| name.starts_with(start))
        || ["thumbs.db", "desktop.ini"].iter().any(|known| name.eq_ignore_ascii_case(known))
        || left_behind_extension(name).is_some()
}

/// The end of a name that says that the file is no export: an unfinished download or transfer, an editor's backup, a check
/// sum. As it is written in the name.
pub fn left_behind_extension(name: &str) -> Option<&str> {
    const EXTENSIONS: [&str; 18] = [
        ".crdownload",
        ".part",
        ".partial",
        ".download",
        ".opdownload",
        ".filepart",
        ".tmp",
        ".temp",
        ".swp",
        ".bak",
        "~",
        ".crc",
        ".md5",
        ".sha1",
        ".sha256",
        ".sha512",
        ".asc",
        ".sig",
    ];
    let end = |extension: &&str| {
        let at = name.len().checked_sub(extension.len())?;
        name.get(at..).filter(|end| at > 0 && end.eq_ignore_ascii_case(extension))
    };
    EXTENSIONS.iter().find_map(end)
}

/// How much of the machine one file may take. What goes beyond is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that come out of a compressed file, for each that goes in. The first [`Limits::FREE`] bytes are free.
    pub expansion: u32,
    /// Bytes that come out of one compressed file.
    pub size: u64,
    /// Bytes of a file that are held at once, because its directory is at its end: Parquet, workbooks, zip archives. Of
    /// one that is read by ranges this is a page, the footer or the directory, of another the whole file.
    pub held: u64,
    /// Bytes of a record.
    pub record: u64,
    /// Bytes of a field.
    pub field: u64,
    /// Columns.
    pub columns: u32,
    /// How deep arrays and objects stand in each other, the record being the first.
    pub nesting: u32,
    /// Members of a zip archive.
    pub members: u32,
    /// Lines after the first that `footer` matches, that one included.
    pub footer: u32,
}

impl Limits {
    /// Bytes that may come out of any compressed file, whatever went in.
    pub const FREE: u64 = 64 << 20;
    /// The most that `record` may be: batches of text are counted in 31 bits.
    pub const MOST_RECORD: u64 = 1 << 30;

    /// Lowers what is held in memory to what a budget has room for. Up to four datasets are loaded at a time, within the
    /// half of the budget that is not for their keys; a record is there several times while it is read and converted.
    /// However small the budget, records of 64 KiB are read.
    pub(crate) fn keep_within(&mut self, budget: u64) {
        self.held = self.held.min((budget / 8).max(1 << 20));
        self.record = self.record.min((budget / 64).max(64 << 10));
        self.field = self.field.min(self.record);
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            expansion: 200,
            size: 64 << 30,
            held: 2 << 30,
            record: 64 << 20,
            field: 16 << 20,
            columns: 16_384,
            nesting: 128,
            members: 1000,
            footer: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_lowers_what_is_held_and_nothing_else() {
        let mut limits = Limits::default();
        limits.keep_within(256 << 20);
        let expected = Limits { held: 32 << 20, record: 4 << 20, field: 4 << 20, ..Limits::default() };
        assert_eq!(limits, expected);
    }

    #[test]
    fn a_limit_that_is_lower_than_the_budget_asks_for_stays() {
        let own = Limits { held: 1 << 20, record: 1 << 10, field: 512, ..Limits::default() };
        let mut limits = own;
        limits.keep_within(64 << 30);
        assert_eq!(limits, own);
    }

    #[test]
    fn what_programs_leave_behind_is_known_by_its_name() {
        for name in [".DS_Store", "._a.csv", "~$a.xlsx", "__MACOSX", "Thumbs.db", "DESKTOP.INI", ".~lock.a.csv#"] {
            assert!(is_left_behind(name), "{name}");
        }
        for name in ["a.csv", "~a.csv", "$a.csv", "a.~$b", "macosx"] {
            assert!(!is_left_behind(name), "{name}");
        }
    }

    #[test]
    fn usual_records_are_read_however_small_the_budget() {
        let mut limits = Limits::default();
        limits.keep_within(0);
        assert_eq!((limits.held, limits.record, limits.field), (1 << 20, 64 << 10, 64 << 10));
    }
}
