//! What a person should know of a listing that went well.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Intervals and files named before the rest is counted.
const NAMED: usize = 5;

/// Something about the files of a dataset that keeps nothing from going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The address, or the folder, without secrets.
    pub about: String,
    /// What.
    pub what: RemarkKind,
}

/// Kinds of remarks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// No file was there for some of the intervals that were asked for.
    Missing {
        /// Those, by name, in order.
        intervals: Vec<String>,
        /// How many were asked for.
        of: usize,
    },
    /// Files were left for later: their marker is not there.
    Unmarked {
        /// How many.
        files: usize,
        /// What is waited for.
        marker: String,
    },
    /// Files and folders were not read: programs and desktops leave such behind.
    Skipped {
        /// Those, by name, in order.
        files: Vec<String>,
    },
    /// Files were left for later: they were written a moment ago.
    Young {
        /// How many.
        files: usize,
        /// How old they have to be.
        minutes: u32,
    },
}

impl fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { intervals, of } => {
                let named: Vec<&str> = intervals.iter().take(NAMED).map(String::as_str).collect();
                let more = if intervals.len() > NAMED { ", …" } else { "" };
                write!(f, "no file for {}{more} ({} of {of} intervals)", named.join(", "), intervals.len())
            }
            Self::Skipped { files } => {
                let named: Vec<&str> = files.iter().take(NAMED).map(String::as_str).collect();
                let more = if files.len() > NAMED { ", …" } else { "" };
                write!(
                    f,
                    "skipped, as programs leave them behind: {} ({}{more})",
                    counted(files.len()),
                    named.join(", ")
                )
            }
            Self::Unmarked { files, marker } => write!(f, "not read yet, waiting for {marker}: {}", counted(*files)),
            Self::Young { files, minutes } => {
                write!(f, "not read yet, written less than {minutes} minutes ago: {}", counted(*files))
            }
        }
    }
}

fn counted(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}
