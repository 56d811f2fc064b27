//! Large files whose directory stands at their end: read by ranges they are what they are when held, in little memory,
//! and a storage that fails or a file that lies is told as such.
#![allow(clippy::unwrap_used)]

#[path = "common/archives.rs"]
mod archives;
mod common;
use archives::{Packed, book_parts, zip};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{ExtractError, ReadAt, SourceFile};
use sha2::{Digest, Sha256};
use std::io::{self, Cursor, ErrorKind, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const MIB: u64 = 1 << 20;

fn table(container: Container) -> Dataset {
    let mut fields = vec![field("a", DataType::String), field("n", DataType::Integer)];
    fields.iter_mut().for_each(|field| field.optional = true);
    dataset("table", container, Encoding::Utf8, fields)
}

/// What was asked of a file.
#[derive(Default)]
struct Asked {
    ranges: AtomicUsize,
    largest: AtomicU64,
    /// Bytes that were given and are still in use, and the most that ever were.
    in_use: AtomicU64,
    most: AtomicU64,
    /// Which request fails, counted from 1.
    fails: AtomicUsize,
}

/// Bytes that say when nobody uses them any longer.
struct Given(Vec<u8>, Arc<Asked>);

impl AsRef<[u8]> for Given {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.1.in_use.fetch_sub(self.0.len() as u64, Ordering::SeqCst);
    }
}

/// A file that has nothing but zeros before its last bytes, and its first ones.
#[derive(Clone)]
struct File {
    head: Bytes,
    zeros: u64,
    tail: Bytes,
    asked: Arc<Asked>,
}

impl ReadAt for File {
    fn size(&self) -> u64 {
        self.head.len() as u64 + self.zeros + self.tail.len() as u64
    }

    fn read_at(&self, range: Range<u64>) -> io::Result<Bytes> {
        let asked = &self.asked;
        if asked.ranges.fetch_add(1, Ordering::SeqCst) + 1 == asked.fails.load(Ordering::SeqCst) {
            return Err(ErrorKind::TimedOut.into());
        }
        assert!(range.start < range.end && range.end <= self.size(), "{range:?} of {}", self.size());
        let count = range.end - range.start;
        asked.largest.fetch_max(count, Ordering::SeqCst);
        asked.most.fetch_max(asked.in_use.fetch_add(count, Ordering::SeqCst) + count, Ordering::SeqCst);
        let mut bytes = vec![0; count as usize];
        let begins = self.size() - self.tail.len() as u64;
        for (place, part) in [(0, &self.head), (begins, &self.tail)] {
            let (from, to) = (range.start.max(place), range.end.min(place + part.len() as u64));
            if from < to {
                let part = &part[(from - place) as usize..(to - place) as usize];
                bytes[(from - range.start) as usize..][..part.len()].copy_from_slice(part);
            }
        }
        Ok(Bytes::from_owner(Given(bytes, asked.clone())))
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        let zeros = io::repeat(0).take(self.zeros);
        Ok(Box::new(Cursor::new(self.head.clone()).chain(zeros).chain(Cursor::new(self.tail.clone()))))
    }
}

impl File {
    fn of(bytes: &[u8]) -> Self {
        Self { head: Bytes::copy_from_slice(bytes), zeros: 0, tail: Bytes::new(), asked: Arc::default() }
    }

    /// Offers it, from the size on that is the usual one.
    fn offered(&self) -> SourceFile {
        let (stream, ranges) = (self.clone(), self.clone());
        let file = SourceFile::new("f", self.size(), move || stream.stream());
        file.with_ranges(move || Ok(Arc::new(ranges.clone())))
    }

    /// Offers it however small it is.
    fn small(&self) -> SourceFile {
        let mut file = self.offered();
        file.ranges.as_mut().unwrap().above = 0;
        file
    }
}

/// Letters that no packing makes shorter by much, and that no two places share.
fn letters(count: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn parquet(rows: usize, size: usize, page: usize) -> Vec<u8> {
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(page)
        .set_write_batch_size(8)
        .set_max_row_group_row_count(Some(rows / 3 + 1))
        .build();
    let long = letters(size + rows, 1);
    let batch = RecordBatch::try_from_iter(vec![
        ("n", Arc::new(Int64Array::from_iter_values(0..rows as i64)) as ArrayRef),
        ("a", Arc::new(StringArray::from_iter_values((0..rows).map(|row| &long[row..row + size])))),
        ("other", Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("x{row}"))))),
    ]);
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn archive(rows: usize, size: usize) -> Vec<u8> {
    let long = letters(size + rows, 2);
    let mut csv = String::from("n,a\n");
    (0..rows).for_each(|row| csv.push_str(&format!("{row},{}\n", &long[row..row + size])));
    zip(&[
        Packed::stored("b.csv", csv.as_bytes()),
        Packed::new("a.csv", b"n,a,other\n7,seven,x\n,,\n"),
        Packed::new("c.csv", b"a\n9\n"),
    ])
}

fn book(size: usize) -> Vec<u8> {
    let cell = |place: &str, text: &str| format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let mut rows = format!(r#"<row r="1">{}{}</row>"#, cell("A1", "a"), cell("B1", "n"));
    for row in 2..40 {
        rows.push_str(&format!(
            r#"<row r="{row}">{}{}</row>"#,
            cell(&format!("A{row}"), "x"),
            cell(&format!("B{row}"), "5")
        ));
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#);
    let mut parts = book_parts(Packed::new("xl/worksheets/sheet1.xml", sheet.as_bytes()));
    parts.insert(1, Packed::stored("xl/media/image1.png", letters(size, 3).as_bytes()));
    zip(&parts)
}

/// Says that both are the same in all that is known of them.
fn same(data: &Dataset, bytes: &[u8], ranged: &SourceFile) {
    let [held, ranged] = [&file("f", bytes), ranged].map(|file| {
        let file = std::slice::from_ref(file);
        run_with(data, file, 100, 2, &mut lakewarden_extract::KeySet::new(SEED)).unwrap()
    });
    assert_eq!(held.accounts, ranged.accounts);
    assert!(held.rows == ranged.rows && held.quarantine == ranged.quarantine);
    assert!(held.rows.num_rows() > 1);
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((ranged.accounts[0].sha256.as_str(), ranged.accounts[0].bytes), (sum.as_str(), bytes.len() as u64));
}

#[test]
fn large_files_are_as_if_held_and_take_little_memory() {
    let size = 64 << 10;
    for (container, bytes) in [
        (Container::Parquet, parquet(1600, size, 1 << 20)),
        (Container::Csv, archive(1600, size)),
        (Container::Xlsx, book(1600 * size)),
    ] {
        let large = File::of(&bytes);
        assert!(large.size() > 99 * MIB);
        same(&table(container), &bytes, &large.offered());
        let [most, largest] = [&large.asked.most, &large.asked.largest].map(|count| count.load(Ordering::SeqCst));
        assert!(most <= 32 * MIB && largest <= 4 * MIB, "{container:?}: {most} bytes at once, {largest} of one range");
        assert_eq!(large.asked.in_use.load(Ordering::SeqCst), 0);
        // Some megabytes a request, and not a request a page.
        let asked = large.asked.ranges.load(Ordering::SeqCst);
        assert!((20..=70).contains(&asked), "{container:?}: {asked} requests");
    }
}

#[test]
fn undeclared_columns_are_not_asked_for() {
    let bytes = parquet(1600, 64 << 10, 1 << 20);
    let large = File::of(&bytes);
    let mut data = table(Container::Parquet);
    data.fields.remove(0);
    assert_eq!(run(&data, &[large.offered()]).unwrap().rows.num_rows(), 1600);
    let asked = large.asked.ranges.load(Ordering::SeqCst);
    assert!(asked <= 8, "{asked} requests for the ends of three row groups");
}

#[test]
fn large_pages_are_had_in_one_piece() {
    let bytes = parquet(200, 64 << 10, 9 << 20);
    let pages = File::of(&bytes);
    same(&table(Container::Parquet), &bytes, &pages.small());
    let mut data = table(Container::Parquet);
    data.format.limits.held = MIB;
    let error = run(&data, &[pages.small()]).unwrap_err();
    assert!(matches!(&error, ExtractError::FileTooLarge { key: "held", limit: MIB, .. }), "{error}");
    data.format.limits.held = 6 * MIB;
    assert_eq!(run(&data, &[pages.small()]).unwrap().rows.num_rows(), 200, "a page of a third of the file");
}

#[test]
fn small_and_compressed_files_are_held() {
    for (container, bytes) in
        [(Container::Parquet, parquet(30, 100, 500)), (Container::Csv, archive(30, 100)), (Container::Xlsx, book(3000))]
    {
        let small = File::of(&bytes);
        same(&table(container), &bytes, &small.offered());
        assert_eq!(small.asked.ranges.load(Ordering::SeqCst), 0);
        let packed = File::of(&gzip(&bytes));
        assert!(run(&table(container), &[packed.small()]).unwrap().rows.num_rows() > 1);
        assert_eq!(packed.asked.ranges.load(Ordering::SeqCst), 0);
        same(&table(container), &bytes, &small.small());
        assert!(small.asked.ranges.load(Ordering::SeqCst) > 0);
    }
    // Members of an archive are streams, whatever they are.
    let parquet_inside = zip(&[Packed::stored("a.parquet", &parquet(30, 100, 500))]);
    let inside = File::of(&parquet_inside);
    same(&table(Container::Parquet), &parquet_inside, &inside.small());
    // What has no directory is a stream as well.
    let csv = File::of(b"a,n\nx,1\ny,2\n");
    same(&table(Container::Csv), b"a,n\nx,1\ny,2\n", &csv.small());
    assert_eq!(csv.asked.ranges.load(Ordering::SeqCst), 0);
}

#[test]
fn what_may_not_be_held_is_read_by_ranges_however_small() {
    let bytes = parquet(400, 4 << 10, 64 << 10);
    let mut data = table(Container::Parquet);
    data.format.limits.held = 256 << 10;
    let small = File::of(&bytes);
    assert!(small.size() > MIB && small.size() < 64 * MIB);
    let read = run_with(&data, &[small.offered()], 100, 2, &mut lakewarden_extract::KeySet::new(SEED)).unwrap();
    assert_eq!(read.rows.num_rows(), 400);
    assert!(run_with(&data, &[file("f", bytes)], 100, 2, &mut lakewarden_extract::KeySet::new(SEED)).is_err());
}

#[test]
fn cut_and_broken_files_are_refused_as_if_held() {
    for (container, bytes) in
        [(Container::Parquet, parquet(30, 100, 500)), (Container::Csv, archive(30, 100)), (Container::Xlsx, book(3000))]
    {
        let data = table(container);
        let code = |file: SourceFile| match run(&data, &[file]) {
            Ok(outcome) => format!("{} rows", outcome.rows.num_rows()),
            Err(error) => error.code().to_owned(),
        };
        let both = |bytes: &[u8], what: &str| {
            let held = code(file("f", bytes));
            assert_eq!(code(File::of(bytes).small()), held, "{container:?} {what}");
            held
        };
        for keep in (1..bytes.len()).rev().step_by(bytes.len() / 40) {
            let held = both(&bytes[..keep], &format!("cut at {keep}"));
            assert!(held.starts_with("LW4"), "{container:?} cut at {keep}: {held}");
        }
        // Numbers of directories and footers that are other ones.
        for place in bytes.len() - 300..bytes.len() {
            for other in [0x00, 0x7f, 0xff, bytes[place] ^ 1] {
                let mut bytes = bytes.clone();
                bytes[place] = other;
                both(&bytes, &format!("{other} at {place}"));
            }
        }
    }
}

#[test]
fn a_storage_that_fails_is_told_whichever_request_fails() {
    for (container, bytes) in [
        (Container::Parquet, parquet(200, 64 << 10, 1 << 20)),
        (Container::Csv, archive(200, 64 << 10)),
        (Container::Xlsx, book(12 << 20)),
    ] {
        let whole = File::of(&bytes);
        run(&table(container), &[whole.small()]).unwrap();
        let requests = whole.asked.ranges.load(Ordering::SeqCst);
        assert!(requests > 2, "{container:?}: {requests}");
        for fails in 1..=requests {
            let file = File::of(&bytes);
            file.asked.fails.store(fails, Ordering::SeqCst);
            let error = run(&table(container), &[file.small()]).unwrap_err();
            let told = matches!(&error, ExtractError::Unreadable { kind: ErrorKind::TimedOut, .. });
            assert!(told && error.is_retryable(), "{container:?}, request {fails} of {requests}: {error}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_taken_hold_of_is_told() {
    let bytes = Bytes::from(parquet(30, 100, 500));
    let stream = File::of(&bytes);
    let mut file = SourceFile::new("f", 1 << 30, move || stream.stream());
    file = file.with_ranges(|| Err(ErrorKind::PermissionDenied.into()));
    let error = run(&table(Container::Parquet), &[file]).unwrap_err();
    assert!(matches!(&error, ExtractError::Unreadable { kind: ErrorKind::PermissionDenied, .. }), "{error}");
}

/// An archive's end, and what may stand before it.
fn end(entries: u16, size: u32, offset: u32) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    [entries, entries].iter().for_each(|number| end.extend(number.to_le_bytes()));
    [size, offset].iter().for_each(|number| end.extend(number.to_le_bytes()));
    end.extend([0; 2]);
    end
}

fn large_end(entries: u64, size: u64, offset: u64, at: u64) -> Vec<u8> {
    let mut end = b"PK\x06\x06".to_vec();
    end.extend(44u64.to_le_bytes());
    end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [entries, entries, size, offset].iter().for_each(|number| end.extend(number.to_le_bytes()));
    end.extend(b"PK\x06\x07\0\0\0\0");
    end.extend(at.to_le_bytes());
    end.extend(1u32.to_le_bytes());
    end.extend(self::end(u16::MAX, u32::MAX, u32::MAX));
    end
}

#[test]
fn lengths_that_lie_are_not_believed() {
    let gigabytes = 10 << 30;
    let refused = |container, head: &[u8], zeros: u64, tail: Vec<u8>| {
        let head = Bytes::copy_from_slice(head);
        let file = File { head, zeros, tail: tail.into(), asked: Arc::default() };
        let error = run(&table(container), &[file.offered()]).unwrap_err();
        let most = file.asked.most.load(Ordering::SeqCst);
        assert!(most < 32 * MIB, "{error}: {most} bytes were asked for");
        assert!(file.asked.ranges.load(Ordering::SeqCst) < 10, "{error}");
        (error.code(), error.hint().contains("`format: limits: held`"))
    };
    // Footers of three gigabytes, of more than there are, and of nothing.
    let footer = |size: u32| [size.to_le_bytes().as_slice(), b"PAR1"].concat();
    assert_eq!(refused(Container::Parquet, b"PAR1", gigabytes, footer(3 << 30)), ("LW4032", true));
    assert_eq!(refused(Container::Parquet, b"PAR1", 70 * MIB, footer(u32::MAX)), ("LW4004", false));
    assert_eq!(refused(Container::Parquet, b"PAR1", gigabytes, footer(0)), ("LW4004", false));
    assert_eq!(refused(Container::Parquet, b"PAR1", gigabytes, b"PAR2".to_vec()), ("LW4003", false));
    // The same of directories, and numbers of entries.
    let archive = |tail| refused(Container::Csv, b"PK\x03\x04", gigabytes, tail);
    assert_eq!(archive(b"no end".to_vec()), ("LW4003", false));
    assert_eq!(archive(end(1, 3 << 30, 0)), ("LW4032", true));
    assert_eq!(archive(end(1, 46, 0)), ("LW4004", false));
    assert_eq!(archive(end(1, 3, 0)), ("LW4004", false));
    assert_eq!(archive(end(1001, u32::MAX - 1, 0)), ("LW4036", false));
    assert_eq!(archive(end(0, 0, 0)), ("LW4038", false));
    let at = gigabytes + 4;
    assert_eq!(archive(large_end(1, 5 << 30, at - (5 << 30), at)), ("LW4032", true));
    assert_eq!(archive(large_end(1 << 40, 1 << 60, 1 << 60, at)), ("LW4004", false));
    assert_eq!(archive(large_end(u64::MAX, u64::MAX, u64::MAX, u64::MAX)), ("LW4004", false));
    assert_eq!(archive(large_end(1 << 27, at, 0, at)), ("LW4036", false));
    // An end in a comment that leads to a directory nobody would look at.
    let mut hidden = end(1, 46, 4);
    hidden.splice(20..22, 22u16.to_le_bytes());
    hidden.extend(end(u16::MAX - 1, 1, 0));
    assert_eq!(archive(hidden), ("LW4004", false));
}

#[test]
fn a_directory_with_more_entries_than_its_end_says_is_refused() {
    let member = |n: u32| Packed::stored(&format!("{n}.csv"), b"a\n1\n");
    let mut bytes = zip(&(0..1001).map(member).collect::<Vec<_>>());
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[5, 0, 5, 0]);
    assert_eq!(run(&table(Container::Csv), &[File::of(&bytes).small()]).unwrap_err().code(), "LW4036");
}

#[test]
fn archives_with_large_numbers_are_read() {
    let small = archive(30, 100);
    let at = small.len() - 22;
    let number = |place: usize| u64::from(u32::from_le_bytes(small[place..place + 4].try_into().unwrap()));
    let (size, offset) = (number(at + 12), number(at + 16));
    let large = [&small[..at], &large_end(3, size, offset, at as u64)].concat();
    same(&table(Container::Csv), &large, &File::of(&large).small());
    let held = run(&table(Container::Csv), &[file("f", small)]).unwrap().rows;
    assert!(run(&table(Container::Csv), &[file("f", large.clone())]).unwrap().rows == held);
    for place in at..large.len() {
        let mut broken = large.clone();
        broken[place] ^= 0x11;
        let [held, ranged] = [file("f", broken.as_slice()), File::of(&broken).small()]
            .map(|file| run(&table(Container::Csv), &[file]).map_err(|error| error.code()).map(|outcome| outcome.rows));
        assert_eq!(held, ranged, "byte {} of the ends", place - at);
    }
}
