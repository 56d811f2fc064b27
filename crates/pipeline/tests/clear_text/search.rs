//! Searches bytes and tables for thousands of words at once.

use super::secrets::{Secrets, digits, plain};
use crate::common::lake::{batches, cells, lake};
use crate::common::{Shop, files_below};
use lakewarden_lake::Zone;
use std::collections::HashMap;
use std::fs;

/// Bytes that every word begins with and is found by.
const HEAD: usize = 6;

/// Where what kind of secret was found. Says no secret itself, so that a failing test leaks none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub place: String,
    pub kind: String,
}

/// Words by their first bytes.
pub struct Search {
    words: HashMap<[u8; HEAD], Vec<(Vec<u8>, String)>>,
}

impl Search {
    /// For all secrets.
    pub fn new(secrets: &Secrets) -> Self {
        let mut words: HashMap<[u8; HEAD], Vec<(Vec<u8>, String)>> = HashMap::new();
        for (kind, values) in &secrets.by_kind {
            for value in values {
                let head = value.as_bytes()[..HEAD].try_into().unwrap();
                words.entry(head).or_default().push((value.clone().into_bytes(), kind.clone()));
            }
        }
        Self { words }
    }

    /// Finds them in bytes, as they stand.
    pub fn bytes(&self, place: &str, bytes: &[u8], found: &mut Vec<Finding>) {
        for (at, window) in bytes.windows(HEAD).enumerate() {
            let Some(words) = self.words.get(window) else { continue };
            for (word, kind) in words {
                if bytes[at..].starts_with(word) {
                    found.push(Finding { place: place.to_owned(), kind: kind.clone() });
                }
            }
        }
    }

    /// Finds them in a text: as it stands, in lower case and narrow letters, and its digits alone.
    pub fn text(&self, place: &str, text: &str, found: &mut Vec<Finding>) {
        self.bytes(place, text.as_bytes(), found);
        let lower = plain(text).to_lowercase();
        if lower != text {
            self.bytes(place, lower.as_bytes(), found);
        }
        let digits = digits(text);
        // A telephone with blanks between. More digits than that are a number, or the text was searched already.
        if (11..=15).contains(&digits.len()) && digits != text {
            self.bytes(place, digits.as_bytes(), found);
        }
    }

    /// Finds them in every file of the lake and in every cell of every table.
    pub async fn lake(&self, shop: &Shop) -> (Vec<Finding>, Searched) {
        let (mut found, mut searched) = (Vec::new(), Searched::default());
        let root = shop.path("lake");
        for path in files_below(&root) {
            let bytes = fs::read(&path).unwrap();
            let place = path.strip_prefix(&root).unwrap().display().to_string();
            self.bytes(&place, place.as_bytes(), &mut found);
            self.bytes(&place, &bytes, &mut found);
            searched.files += 1;
        }
        let lake = lake(shop);
        for zone in Zone::ALL {
            for name in lake.tables(zone).await.unwrap() {
                for batch in batches(&lake, zone, &name).await {
                    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                        let place = format!("{zone}.{name}.{}", field.name());
                        for cell in cells(column) {
                            searched.cells += 1;
                            match std::str::from_utf8(&cell) {
                                Ok(text) => self.text(&place, text, &mut found),
                                Err(_) => self.bytes(&place, &cell, &mut found),
                            }
                        }
                    }
                }
                *searched.tables.entry(zone).or_default() += 1;
            }
        }
        found.sort();
        found.dedup();
        (found, searched)
    }
}

/// How much was looked at.
#[derive(Debug, Default)]
pub struct Searched {
    pub files: u64,
    pub cells: u64,
    pub tables: HashMap<Zone, u64>,
}
