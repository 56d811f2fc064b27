//! Exports on disk, in buckets of real servers and on a web server that fails in every way.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod azure;
mod clouds;
mod disk;
mod google;
mod ranges;
mod s3;
mod server;
mod web;

use chrono::{DateTime, NaiveDate, Utc};
use lakewarden_dictionary::{CompleteWhen, Span, Spanned};
use lakewarden_extract::SourceFile;
use lakewarden_source::{Channel, Listing, Patience, SourceError, Surroundings, Window, list};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::block_in_place;

/// Waits as long as a test may.
fn patience() -> Patience {
    Patience {
        attempts: 4,
        first: Duration::from_millis(5),
        most: Duration::from_millis(20),
        silence: Duration::from_millis(1_500),
    }
}

fn around(variables: &[(&str, &str)]) -> Surroundings {
    let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Surroundings { variables, patience: patience(), now: Utc::now() }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(from: &str, to: &str) -> Option<Window> {
    Some(Window { from: Some(day(from)), to: Some(day(to)) })
}

fn whole_when(marker: Option<&str>, minutes: Option<u32>) -> CompleteWhen {
    let spanned = |text: &str| {
        let path: Arc<str> = "pipeline.yaml".into();
        Spanned { value: text.to_owned(), span: Span::file(&path) }
    };
    CompleteWhen { dataset: spanned("orders"), marker: marker.map(spanned), min_age_minutes: minutes }
}

/// Lists a channel whose dataset is `orders`.
async fn orders(
    root: &Path,
    pattern: &str,
    window: Option<Window>,
    when: Option<&CompleteWhen>,
    around: &Surroundings,
) -> Result<Listing, SourceError> {
    list(&Channel { root, dataset: "orders", pattern, complete_when: when, window, may_be_empty: false }, around).await
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.files.iter().map(|file| file.name.as_str()).collect()
}

fn remarks(listing: &Listing) -> Vec<String> {
    listing.origins.remarks.iter().map(|r| format!("{}: {}", r.about, r.what)).collect()
}

/// The bytes of a file, read in pieces as decoders do.
fn read(file: &SourceFile) -> io::Result<Vec<u8>> {
    block_in_place(|| {
        let (mut source, mut bytes, mut piece) = ((file.open)()?, Vec::new(), vec![0; 10_007]);
        loop {
            match source.read(&mut piece)? {
                0 => return Ok(bytes),
                count => bytes.extend_from_slice(&piece[..count]),
            }
        }
    })
}

/// Bytes that show if a piece is missing, doubled or in another place.
fn numbered(count: usize) -> Vec<u8> {
    (0..count as u32 / 4 + 1).flat_map(u32::to_le_bytes).take(count).collect()
}

fn hours_ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - chrono::TimeDelta::hours(hours)
}
