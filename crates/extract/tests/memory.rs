//! What reading takes of memory does not grow with the file.
#![allow(clippy::unwrap_used)]

mod common;

use common::{SEED, dataset, field, room};
use lakewarden_dictionary::{Container, DataType, Encoding};
use lakewarden_extract::{Discard, ExtractContext, KeySet, RuleInputs, SourceFile, UnreadLog, extract};
use lakewarden_privacy::{KeyRing, MasterKey};
use peak_alloc::PeakAlloc;
use std::io::{Cursor, Read};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A file of so many records of 1 KiB, made while it is read.
struct Written {
    container: Container,
    records: usize,
    next: usize,
    rest: Cursor<String>,
}

impl Written {
    fn part(&self, at: usize) -> String {
        let (long, comma) = ("x".repeat(1000), if at == 0 { "" } else { "," });
        match self.container {
            Container::Csv => format!("{at},{long}\n"),
            Container::Ndjson => format!("{{\"id\":{at},\"long\":\"{long}\"}}\n"),
            _ => format!("{comma}{{\"id\":{at},\"long\":\"{long}\"}}"),
        }
    }
}

impl Read for Written {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.rest.read(buffer)?;
        if read > 0 || self.next > self.records {
            return Ok(read);
        }
        let text = match (self.next == self.records, self.container) {
            (false, _) => self.part(self.next),
            (true, Container::Json) => "]".to_owned(),
            (true, _) => String::new(),
        };
        self.next += 1;
        self.rest = Cursor::new(text);
        self.rest.read(buffer)
    }
}

/// The most bytes that were allocated at a time while a file of so many KiB was read, its records counted that are equal.
fn most(container: Container, records: usize) -> usize {
    let data =
        dataset("t", container, Encoding::Utf8, vec![field("id", DataType::Integer), field("long", DataType::String)]);
    let begin = match container {
        Container::Csv => "id,long\n",
        Container::Json => "[",
        _ => "",
    };
    let open = move || {
        let rest = Cursor::new(begin.to_owned());
        Ok(Box::new(Written { container, records, next: 0, rest }) as Box<dyn Read + Send>)
    };
    let file = SourceFile::new("f", 0, open);
    let (ring, rules) = (KeyRing::new(MasterKey::from_bytes([7; 32]), 1), RuleInputs::default());
    let context = ExtractContext {
        dataset: &data,
        zone: chrono_tz::UTC,
        keys: &ring,
        as_of: chrono::DateTime::UNIX_EPOCH,
        now: chrono::DateTime::UNIX_EPOCH,
        seed: SEED,
        batch_rows: 1024,
        workers: 2,
        rules: &rules,
    };
    let mut seen = KeySet::within(&room(64 << 10), SEED);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let accounts = extract(&context, &[file], &mut seen, &mut UnreadLog::default(), &mut Discard, &|_| {}).unwrap();
    assert_eq!((accounts[0].read, accounts[0].written), (records as u64, records as u64));
    MEMORY.peak_usage() - before
}

#[test]
fn a_file_ten_times_as_large_takes_no_more() {
    for container in [Container::Csv, Container::Ndjson, Container::Json] {
        let (small, large) = (most(container, 6_000), most(container, 60_000));
        // The file is 54 MiB larger. The hashes of its records, of which few are held, are in a temporary file.
        assert!(large < small + (12 << 20), "{container:?}: {small} bytes, then {large}");
    }
}
