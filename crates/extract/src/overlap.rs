//! Files whose rows another file has brought before: one that has grown, or that was exported again.
//!
//! Of each file a sketch is kept: how many records it has, a digest of all of them in order, and the smallest 64 of the
//! keyed hashes of its distinct records (a bottom-k sample: Cohen and Kaplan, "Summarizing data using bottom-k
//! sketches", 2007). While another file is read, each of its records is looked up in the samples of the earlier ones,
//! so the share of an earlier sample that was found estimates the share of its distinct records that occur again, to
//! about 12 percentage points.

use hashbrown::{HashMap, HashSet};
use lakewarden_privacy::Blinding;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_128;

/// Hashes in a sample.
const SAMPLE: usize = 64;
/// Records that must be equal in two files of different names: one alone may be a coincidence.
const FEWEST_EQUAL: u64 = 2;
/// Hashes of a sample from which on a share of it says something.
const LARGE_SAMPLE: u64 = 20;

/// What is kept of a file to recognise its records in another one. Without the project's key it tells only which files
/// have records in common, and about how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSketch {
    /// Its records.
    pub records: u64,
    /// A keyed digest of all records in order, hexadecimal.
    pub digest: String,
    /// The smallest keyed hashes of its distinct records, ascending, 16 hexadecimal digits each.
    pub sample: String,
}

/// A file that was loaded before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Its name.
    pub name: String,
    /// What was kept of it.
    pub sketch: FileSketch,
}

/// That a file has records of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOverlap {
    /// The name of the earlier file.
    pub earlier: String,
    /// How many of its records are among those of the new one; estimated unless they are all.
    pub records: u64,
    /// The records of the earlier file.
    pub of: u64,
}

/// The files of a dataset that are known, and the one that is being read.
#[derive(Debug, Clone)]
pub struct KnownFiles {
    blinding: Blinding,
    files: Vec<Known>,
    /// Files by the hashes in their samples.
    by_value: HashMap<u64, Vec<usize>>,
    /// Files by the number of their records.
    by_records: BTreeMap<u64, Vec<usize>>,
    /// No sample has a larger hash.
    largest: u64,
    current: Current,
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    records: u64,
    digest: String,
    sample: u64,
    distinct: u64,
}

#[derive(Debug, Clone, Default)]
struct Current {
    records: u64,
    chain: u128,
    sample: BTreeSet<u64>,
    found: HashSet<u64>,
    /// Hashes found of each known file's sample.
    equal: HashMap<usize, u64>,
    /// Known files whose records this one begins with.
    begins_with: Vec<usize>,
}

impl KnownFiles {
    /// None yet. `blinding` must be the same in all runs under one key.
    pub fn new(blinding: Blinding) -> Self {
        Self {
            blinding,
            files: Vec::new(),
            by_value: HashMap::new(),
            by_records: BTreeMap::new(),
            largest: 0,
            current: Current::default(),
        }
    }

    /// Adds a file. A sketch that cannot be read recognises nothing.
    pub fn add(&mut self, file: KnownFile) {
        let KnownFile { name, sketch: FileSketch { records, digest, sample } } = file;
        let chunks = sample.as_bytes().chunks(16).map(|chunk| std::str::from_utf8(chunk).ok());
        let values: Option<Vec<u64>> = chunks.map(|text| u64::from_str_radix(text?, 16).ok()).collect();
        let Some(values) = values else { return };
        let at = self.files.len();
        let (count, largest) = (values.len() as u64, values.iter().max().copied().unwrap_or_default());
        for value in values {
            self.by_value.entry(value).or_default().push(at);
        }
        self.by_records.entry(records).or_default().push(at);
        self.largest = self.largest.max(largest);
        self.files.push(Known { name, records, digest, sample: count, distinct: distinct_records(count, largest) });
    }

    /// Takes the next record of the file that is being read, by its hash.
    pub(crate) fn add_record(&mut self, hash: u128) {
        let current = &mut self.current;
        current.records += 1;
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&current.chain.to_le_bytes());
        bytes[16..].copy_from_slice(&hash.to_le_bytes());
        current.chain = xxh3_128(&bytes);
        if let Some(files) = self.by_records.get(&current.records) {
            let digest = digest_of(&self.blinding, current.chain);
            current.begins_with.extend(files.iter().filter(|file| self.files[**file].digest == digest));
        }
        let value = (self.blinding.of(hash) >> 64) as u64;
        if value <= self.largest
            && let Some(files) = self.by_value.get(&value)
            && current.found.insert(value)
        {
            for file in files {
                *current.equal.entry(*file).or_default() += 1;
            }
        }
        let is_small = current.sample.len() < SAMPLE || current.sample.last().is_some_and(|last| value < *last);
        if is_small && current.sample.insert(value) && current.sample.len() > SAMPLE {
            current.sample.pop_last();
        }
    }

    /// Ends the file that was read: what is kept of it, and the earlier files that it has records of. It is then known.
    pub(crate) fn end_file(&mut self, name: &str) -> (FileSketch, Vec<FileOverlap>) {
        let current = std::mem::take(&mut self.current);
        let sketch = FileSketch {
            records: current.records,
            digest: digest_of(&self.blinding, current.chain),
            sample: current.sample.iter().map(|value| format!("{value:016x}")).collect(),
        };
        let mut overlaps = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let equal = current.equal.get(&at).copied().unwrap_or_default();
            let begins = current.begins_with.contains(&at);
            if file.is_repeated_by(name, equal, begins) {
                let whole = begins || equal == file.sample;
                let share = u128::from(file.records) * u128::from(equal) / u128::from(file.sample.max(1));
                let records = if whole { file.records } else { u64::try_from(share).unwrap_or(file.records) };
                overlaps.push(FileOverlap { earlier: file.name.clone(), records, of: file.records });
            }
        }
        if current.records > 0 {
            self.add(KnownFile { name: name.to_owned(), sketch: sketch.clone() });
        }
        (sketch, overlaps)
    }
}

impl Known {
    /// Whether a file is an export of the same rows again: `equal` hashes of the sample were found, and the file begins
    /// with all records of this one or not.
    ///
    /// Records that occur again and again within one file occur again in others as well, without being exported twice.
    /// So a share of equal records counts only if nine of ten records of the earlier file are distinct.
    fn is_repeated_by(&self, name: &str, equal: u64, begins: bool) -> bool {
        let same_name = self.name == name;
        let enough = self.distinct >= FEWEST_EQUAL || same_name;
        let all_distinct = self.distinct.saturating_mul(10) >= self.records.saturating_mul(9);
        let half = equal > 0 && equal * 2 >= self.sample;
        let whole = equal > 0 && equal == self.sample;
        (begins && enough) || (all_distinct && ((whole && enough) || (half && (same_name || equal >= LARGE_SAMPLE))))
    }
}

/// How many distinct records a file has, by its sample: exactly, or the usual estimate of a bottom-k sample.
fn distinct_records(sample: u64, largest: u64) -> u64 {
    if sample < SAMPLE as u64 {
        return sample;
    }
    let estimate = u128::from(sample - 1) << 64;
    // An estimate is a tenth off, more or less: taken a quarter too high, it takes no file for repetitive that is not.
    u64::try_from(estimate / (u128::from(largest) + 1) * 5 / 4).unwrap_or(u64::MAX)
}

fn digest_of(blinding: &Blinding, chain: u128) -> String {
    format!("{:032x}", blinding.of(chain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakewarden_privacy::{KeyRing, MasterKey};

    fn known() -> KnownFiles {
        KnownFiles::new(KeyRing::new(MasterKey::from_bytes([7; 32]), 1).blinding("file sketches", 0))
    }

    fn read(known: &mut KnownFiles, name: &str, records: impl IntoIterator<Item = u64>) -> Vec<(String, u64, u64)> {
        records.into_iter().for_each(|record| known.add_record(xxh3_128(&record.to_le_bytes())));
        let (_, overlaps) = known.end_file(name);
        overlaps.into_iter().map(|o| (o.earlier, o.records, o.of)).collect()
    }

    #[test]
    fn a_file_that_has_grown_is_recognised_whatever_its_name_and_size() {
        for size in [2, 3, 50, 1_000, 100_000] {
            for name in ["a", "b"] {
                let mut files = known();
                assert!(read(&mut files, "a", 0..size).is_empty());
                assert_eq!(read(&mut files, name, 0..size + 1), [("a".to_owned(), size, size)], "{size} {name}");
            }
        }
        let mut files = known();
        read(&mut files, "a", [7]);
        assert!(read(&mut files, "b", [7, 8]).is_empty(), "one record under another name may be a coincidence");
        assert_eq!(read(&mut files, "a", [7, 9]).len(), 1);
    }

    #[test]
    fn the_order_does_not_matter_and_parts_are_estimated() {
        let mut files = known();
        read(&mut files, "a", 0..10_000);
        assert_eq!(read(&mut files, "b", (0..12_000).rev()), [("a".to_owned(), 10_000, 10_000)]);
        let mut files = known();
        read(&mut files, "a", 0..10_000);
        let found = read(&mut files, "b", 2_000..14_000);
        assert!(matches!(found.as_slice(), [(_, records, 10_000)] if (6_500..9_500).contains(records)), "{found:?}");
        assert!(read(&mut known(), "c", 0..10).is_empty());
    }

    #[test]
    fn other_rows_and_repetitive_files_are_not_taken_for_exports_of_the_same_rows() {
        for name in ["a", "b"] {
            let mut files = known();
            read(&mut files, "a", 0..10_000);
            assert!(read(&mut files, name, 9_000..20_000).is_empty(), "a tenth is a late row or two");
            let mut files = known();
            read(&mut files, "a", (0..10_000).map(|record| record % 50));
            assert!(read(&mut files, name, (0..12_000).map(|record| (record + 7) % 50)).is_empty());
            let mut files = known();
            read(&mut files, "a", (0..10_000).map(|record| record * 7 % 3_000));
            assert!(read(&mut files, name, (0..12_000).map(|record| record * 11 % 3_000)).is_empty());
        }
        let mut files = known();
        read(&mut files, "a", (0..1_000).map(|record| record % 50));
        assert_eq!(read(&mut files, "b", (0..1_200).map(|record| record % 50)).len(), 1, "all records, in their order");
    }

    #[test]
    fn a_sketch_is_kept_as_text() {
        let mut files = known();
        (0..500_u64).for_each(|record| files.add_record(xxh3_128(&record.to_le_bytes())));
        let (sketch, _) = files.end_file("a");
        assert_eq!((sketch.records, sketch.digest.len(), sketch.sample.len()), (500, 32, SAMPLE * 16));
        let mut again = known();
        again.add(KnownFile { name: "a".to_owned(), sketch });
        assert_eq!(read(&mut again, "b", 0..600), [("a".to_owned(), 500, 500)]);
        let odd = FileSketch { records: 2, digest: String::new(), sample: "no number".to_owned() };
        again.add(KnownFile { name: "odd".to_owned(), sketch: odd });
        assert!(read(&mut again, "c", 10_000..10_010).is_empty());
    }
}
