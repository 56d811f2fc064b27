//! Where a channel's files lie: an address whose path may hold wildcards and the parts of a date.

mod parse;

use std::fmt;
use thiserror::Error;

/// One address pattern, taken apart. What it says is only text: nothing is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePattern {
    /// On which kind of storage.
    pub place: FilePlace,
    /// The path below it, without the slashes between.
    pub parts: Vec<PathPart>,
    /// What stands behind `?` in a web address: it may hold a signature, so it is for requests only.
    pub query: Option<String>,
}

/// Kinds of storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// A path, absolute or relative to the project's root.
    Folder {
        /// Whether it begins at the file system's root.
        absolute: bool,
    },
    /// A bucket.
    Bucket {
        /// Whose.
        kind: BucketKind,
        /// Its address, such as `s3://bucket`.
        address: String,
    },
    /// A web server.
    Web {
        /// Its address, such as `https://example.com:8443`.
        origin: String,
    },
}

/// Kinds of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketKind {
    /// Amazon S3 and what speaks its language.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage and Data Lake.
    Azure,
}

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPart {
    /// Its pieces, in order; never empty.
    pub pieces: Vec<Piece>,
}

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text with the wildcards `*`, `?`, `[…]`, or `**` by itself.
    Glob(String),
    /// A part of the date of the data.
    Time(TimePart),
}

/// A part of a date: the finest in a pattern is the length of a data interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimePart {
    /// Four digits.
    Year,
    /// Two digits.
    Month,
    /// Two digits.
    Day,
    /// Two digits, 00 to 23.
    Hour,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// Another kind of storage.
    #[error("`{0}://` is no storage that exports are read from")]
    Scheme(String),
    /// No bucket, host or path.
    #[error("the address names no {0}")]
    Nothing(&'static str),
    /// A secret would be in the project's files, and in whatever tells of them.
    #[error("the address holds a user name or a password")]
    Secret,
    /// A brace that means nothing.
    #[error("`{{{0}}}` is no part of a date and no list")]
    Placeholder(String),
    /// A brace, or a bracket, without its other half.
    #[error("a `{0}` stands alone")]
    Alone(char),
    /// A wildcard that means nothing.
    #[error("`**` stands for folders: it has no other character beside it")]
    Stars,
    /// A day without its month, say.
    #[error("the date lacks its {0}")]
    Lacks(TimePart),
    /// Too long a list.
    #[error("the lists in braces stand for more than {} addresses", parse::MOST)]
    TooMany,
    /// A wildcard where nothing can be listed.
    #[error("a web server cannot be asked which files it has")]
    Wildcard,
    /// A path that is not what it seems.
    #[error("the path holds `{0}`")]
    Odd(&'static str),
}

impl PatternError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Scheme(_) => "write a path, file://…, s3://…, gs://…, az://…, abfs://… or https://…",
            Self::Nothing(_) => "write it whole, such as s3://bucket/orders/*.csv",
            Self::Secret => "take it out: credentials come from the environment (see docs/sources.md)",
            Self::Placeholder(_) | Self::Alone('{' | '}') => {
                "write {date}, {date:%Y%m%d}, {year}, {month}, {day}, {hour}, or a list such as {shop,web}"
            }
            Self::Alone(_) => "close it, or write `[[]` for the sign itself",
            Self::Stars => "write `**` between two slashes, or a single `*`",
            Self::Lacks(_) => "write it from the year on, such as {date}/{hour}",
            Self::TooMany => "write fewer, or a wildcard",
            Self::Wildcard => {
                "write the address of one file, a list such as {a,b}, or {date} and run with --from and --to"
            }
            Self::Odd(_) => "write the path as the storage has it",
        }
    }
}

impl fmt::Display for TimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
        })
    }
}

impl PathPart {
    /// The text, if there is nothing to find out.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Glob(text)] if !is_wild(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it stands for any number of folders.
    pub fn is_any_folders(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Glob(text)] if text == "**")
    }

    /// The parts of a date in it, in order.
    pub fn times(&self) -> impl Iterator<Item = TimePart> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Time(part) => Some(*part),
            Piece::Glob(_) => None,
        })
    }

    /// Whether nothing but parts of a date is open.
    pub fn is_only_dated(&self) -> bool {
        self.times().next().is_some()
            && self.pieces.iter().all(|piece| match piece {
                Piece::Time(_) => true,
                Piece::Glob(text) => !is_wild(text),
            })
    }
}

impl FilePattern {
    /// The parts of the path that are no pattern: the folder that all its files are below.
    pub fn folder(&self) -> impl Iterator<Item = &str> {
        let folders = self.parts.split_last().map_or(&[][..], |(_, folders)| folders);
        folders.iter().map_while(PathPart::literal)
    }

    /// Takes a text apart: one pattern, or several where it holds lists in braces.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(text: &str) -> Result<Vec<Self>, PatternError> {
        parse::alternatives(text)?.iter().map(|text| parse::one(text)).collect()
    }

    /// The finest part of the date that it names: the length of a data interval. `None` if it names none.
    pub fn step(&self) -> Option<TimePart> {
        self.parts.iter().flat_map(PathPart::times).max()
    }
}

/// The address as it may be told: without a query, which may hold a signature, and without user and password. Text that
/// is no address comes back with the same parts gone.
pub fn without_secrets(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let user = authority.rfind('@').map_or("", |at| &authority[..=at]);
    // Of an Azure address the part before `@` is the container.
    let keep = matches!(scheme, "az" | "azure" | "adl" | "abfs" | "abfss") && !user.contains(':');
    let authority = if keep { authority } else { &authority[user.len()..] };
    let path = match scheme {
        "http" | "https" => path.split(['?', '#']).next().unwrap_or(path),
        _ => path,
    };
    format!("{scheme}://{authority}{path}")
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn only(text: &str) -> FilePattern {
        let mut found = FilePattern::parse(text).unwrap();
        assert_eq!(found.len(), 1, "{text}");
        found.remove(0)
    }

    /// A pattern's parts, dates as letters.
    fn shown(pattern: &FilePattern) -> Vec<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Glob(text) => text.clone(),
            Piece::Time(part) => format!("<{part}>"),
        };
        pattern.parts.iter().map(|part| part.pieces.iter().map(piece).collect()).collect()
    }

    #[test]
    fn addresses_are_taken_apart() {
        let pattern = only("s3://shop-exports/pos/dt={date}/*.csv.gz");
        let place = FilePlace::Bucket { kind: BucketKind::S3, address: "s3://shop-exports".into() };
        assert_eq!(pattern.place, place);
        assert_eq!(shown(&pattern), ["pos", "dt=<year>-<month>-<day>", "*.csv.gz"]);
        assert_eq!(pattern.step(), Some(TimePart::Day));
        assert_eq!(
            shown(&only("exports/{date:%Y/%m/%d}/{hour}.json")),
            ["exports", "<year>", "<month>", "<day>", "<hour>.json"]
        );
        assert_eq!(shown(&only("year={year}/month={month}/*")), ["year=<year>", "month=<month>", "*"]);
        assert_eq!(only("year={year}/*").step(), Some(TimePart::Year));
        assert_eq!(only("exports/*").place, FilePlace::Folder { absolute: false });
        assert_eq!(only("file:///data/*.csv").place, FilePlace::Folder { absolute: true });
        assert_eq!(only("exports/*").step(), None);
        let web = only("https://example.com:8443/a/{date}.csv?sig=abc");
        assert_eq!(web.place, FilePlace::Web { origin: "https://example.com:8443".into() });
        assert_eq!(web.query.as_deref(), Some("sig=abc"));
        let azure = only("abfss://exports@shop.dfs.core.windows.net/pos/*");
        assert_eq!(
            azure.place,
            FilePlace::Bucket { kind: BucketKind::Azure, address: "abfss://exports@shop.dfs.core.windows.net".into() }
        );
        // A question mark is a wildcard of buckets, and the same sign over and over is one date.
        assert_eq!(shown(&only("gs://b/p-?.csv")), ["p-?.csv"]);
        assert_eq!(only("dt={date}/pos-{date:%Y%m%d}.csv").parts.len(), 2);
    }

    #[test]
    fn lists_are_written_out() {
        let texts = |text| FilePattern::parse(text).unwrap().iter().map(|p| shown(p).join("/")).collect::<Vec<_>>();
        assert_eq!(texts("a/{b,c}/{d,}e"), ["a/b/de", "a/b/e", "a/c/de", "a/c/e"]);
        assert_eq!(texts("{x,y}-{date:%Y}"), ["x-<year>", "y-<year>"]);
        let long = "{a,b,c,d,e,f,g,h,i,j}".repeat(3);
        assert_eq!(FilePattern::parse(&format!("{long}x")).unwrap().len(), 1_000);
        assert_eq!(FilePattern::parse(&format!("{long}{{a,b}}")), Err(PatternError::TooMany));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let cases = [
            ("ftp://example.com/a", PatternError::Scheme("ftp".into())),
            ("s3:///a", PatternError::Nothing("bucket")),
            ("s3://bucket", PatternError::Nothing("file")),
            ("https://", PatternError::Nothing("host")),
            ("", PatternError::Nothing("file")),
            ("s3://key:secret@bucket/a", PatternError::Secret),
            ("https://me@example.com/a", PatternError::Secret),
            ("abfs://a:b@account/x", PatternError::Secret),
            ("a/{when}/b", PatternError::Placeholder("when".into())),
            ("a/{date:%Q}/b", PatternError::Placeholder("date:%Q".into())),
            ("a/{date:}/b", PatternError::Placeholder("date:".into())),
            ("a/{date:%Y*}/b", PatternError::Placeholder("date:%Y*".into())),
            ("a/{date", PatternError::Alone('{')),
            ("a/date}", PatternError::Alone('}')),
            ("a/{b,{c,d}}", PatternError::Alone('{')),
            ("a/[bc", PatternError::Alone('[')),
            ("a/b**", PatternError::Stars),
            ("a/**{date}", PatternError::Stars),
            ("a/{day}.csv", PatternError::Lacks(TimePart::Year)),
            ("a/{year}/{hour}", PatternError::Lacks(TimePart::Month)),
            ("https://example.com/a/*.csv", PatternError::Wildcard),
            ("https://example.com/a/%2e%2e/b", PatternError::Odd("%2e")),
            ("https://example.com/a/../b", PatternError::Odd("..")),
            ("s3://bucket/../b", PatternError::Odd("..")),
        ];
        for (text, error) in cases {
            assert_eq!(FilePattern::parse(text), Err(error.clone()), "{text}");
            assert!(!error.hint().is_empty() && !error.to_string().contains("secret"), "{text}");
        }
    }

    #[test]
    fn no_secret_is_told() {
        let cases = [
            ("https://example.com/a.csv?X-Amz-Signature=abc#top", "https://example.com/a.csv"),
            ("https://me:word@example.com/a.csv", "https://example.com/a.csv"),
            ("s3://key:secret@bucket/a?.csv", "s3://bucket/a?.csv"),
            ("abfs://exports@shop/a", "abfs://exports@shop/a"),
            ("abfs://a:b@shop/a", "abfs://shop/a"),
            ("exports/a@b/*?x", "exports/a@b/*?x"),
        ];
        for (text, told) in cases {
            assert_eq!(without_secrets(text), told);
        }
    }

    #[test]
    fn parts_know_what_is_open() {
        let pattern = only("a/b*/dt={date}/{date}*.csv/**/x");
        let open: Vec<_> = pattern.parts.iter().map(|p| (p.literal().is_some(), p.is_only_dated())).collect();
        assert_eq!(open, [(true, false), (false, false), (false, true), (false, false), (false, false), (true, false)]);
        assert!(pattern.parts[4].is_any_folders());
        assert!(FilePattern::parse("a/[]]/[!]]b").is_ok());
    }
}
