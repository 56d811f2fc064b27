//! Measures what the keys of a dataset take in memory while it is loaded.
//!
//! ```sh
//! cargo run --release -p lakewarden-extract --example keys_in_memory -- 50000000 first
//! cargo run --release -p lakewarden-extract --example keys_in_memory -- 50000000 last
//! cargo run --release -p lakewarden-extract --example keys_in_memory -- 50000000 last 256    # within 256 MiB
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lakewarden_dictionary::{SourceFile as Text, load};
use lakewarden_extract::{Discard, ExtractContext, KeyRoom, KeySet, RuleInputs, SourceFile, UnreadLog, extract};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Instant;

const ENTRY: &str = "dataset: items\nlabel: { zh: 例, en: Items }\nmeaning: Items.\nsource: Example\nowner: o@example.com\nupdate_frequency: daily\nformat: { container: csv }\nkey: id\nsurvivor: last\nfields:\n  - { name: id, label: { zh: 例, en: Id }, meaning: Id., type: integer, identifier: none, treatment: keep }\n";

/// The numbers from 0, one a line.
struct Numbers {
    next: u64,
    end: u64,
    rest: Cursor<Vec<u8>>,
}

impl Read for Numbers {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.rest.read(buffer)?;
        if read > 0 || self.next == self.end {
            return Ok(read);
        }
        let to = (self.next + 10_000).min(self.end);
        let lines: String = (self.next..to).map(|n| format!("{n}\n")).collect();
        self.next = to;
        self.rest = Cursor::new(lines.into_bytes());
        self.rest.read(buffer)
    }
}

/// Bytes of memory that the process holds, and the most it ever held.
fn held() -> [f64; 2] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
    })
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let keys: u64 = arguments.next().map_or(50_000_000, |n| n.parse().unwrap());
    let survivor = arguments.next().unwrap_or_else(|| "first".to_owned());
    let ring = KeyRing::new(MasterKey::from_bytes([7; 32]), 1);
    let room = arguments
        .next()
        .map_or_else(KeyRoom::default, |mib| KeyRoom::of(mib.parse::<u64>().unwrap() << 20, ring.blinding("keys", 1)));
    let file = Text { path: "schemas/channels/items.yaml".into(), text: ENTRY.into() };
    let dataset = load(&[file]).project.datasets.remove(0);
    let [before, _] = held();
    let begun = Instant::now();
    let seen = match survivor.as_str() {
        "first" => {
            let mut seen = KeySet::within(&room, 1);
            for from in (0..keys).step_by(8192) {
                let ids = Int64Array::from_iter_values((from..(from + 8192).min(keys)).map(|n| n as i64));
                let batch = RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef)]).unwrap();
                seen.observe(&batch, &["id"]).unwrap();
            }
            seen
        }
        _ => {
            let rules = RuleInputs::default();
            let context = ExtractContext {
                dataset: &dataset,
                zone: chrono_tz::UTC,
                keys: &ring,
                as_of: chrono::DateTime::UNIX_EPOCH,
                now: chrono::DateTime::UNIX_EPOCH,
                seed: 1,
                batch_rows: 8192,
                workers: 2,
                rules: &rules,
            };
            let source = SourceFile::new("numbers.csv", 0, move || {
                let rest = Cursor::new(b"id\n".to_vec());
                Ok(Box::new(Numbers { next: 0, end: keys, rest }) as Box<dyn Read + Send>)
            });
            let mut seen = KeySet::competing(&room, 1, &dataset);
            extract(&context, &[source], &mut seen, &mut UnreadLog::default(), &mut Discard, &|_| {}).unwrap();
            seen
        }
    };
    let [after, most] = held();
    let (each, peak) = ((after - before) / keys as f64, (most - before) / keys as f64);
    println!(
        "{survivor}: {keys} keys, {each:.1} bytes each, {peak:.1} at most, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    drop(seen);
}
