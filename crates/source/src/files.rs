//! The files of a channel: listed by a pattern, on disk, in a bucket or on a web server, and opened as streams.

use crate::bucket::BucketFile;
use crate::complete::only_complete;
use crate::disk::DiskFile;
use crate::error::{IntervalFault, SourceError};
use crate::fault::StoreFault;
use crate::interval::{Interval, Window};
use crate::remark::{Remark, RemarkKind};
use crate::retire::{FilePosition, RetireFault, Retirement};
use crate::stores::{self, Kind, Surroundings};
use crate::stream::{Remote, Trouble};
use crate::tree::{Entry, Tree, TreeFault};
use crate::walk::{Matched, WalkFault, Walked, walk};
use crate::web;
use lakewarden_dictionary::{CompleteWhen, FilePattern, FilePlace, TimePart, without_secrets};
use lakewarden_extract::{ReadAt, SourceFile};
use object_store::path::Path as ObjectPath;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError};
use tokio::runtime::Handle;

/// Intervals that are asked for one by one at most: a year of hours.
const MOST_INTERVALS: usize = 8_784;

/// What is asked for.
pub struct Channel<'a> {
    /// The project's folder, which relative paths begin at.
    pub root: &'a Path,
    /// The dataset.
    pub dataset: &'a str,
    /// Where its files are, as declared.
    pub pattern: &'a str,
    /// When they may be read.
    pub complete_when: Option<&'a CompleteWhen>,
    /// The days asked for. A pattern without a date is of all days.
    pub window: Option<Window>,
    /// Whether there may be no file, as where files go once they are loaded.
    pub may_be_empty: bool,
}

/// The files of a channel.
#[derive(Debug)]
pub struct Listing {
    /// Those that match, in order of name; at least one unless the channel may be empty.
    pub files: Vec<SourceFile>,
    /// What is known of them besides.
    pub origins: Origins,
}

/// What is known of listed files besides their bytes.
#[derive(Debug, Default)]
pub struct Origins {
    /// What a person should know.
    pub remarks: Vec<Remark>,
    dataset: String,
    by_name: BTreeMap<String, Origin>,
}

struct Origin {
    interval: Option<Interval>,
    trouble: Trouble,
    position: FilePosition,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("interval", &self.interval).finish_non_exhaustive()
    }
}

impl Origins {
    /// The data interval of a file, if its path says one.
    pub fn interval(&self, file: &str) -> Option<Interval> {
        self.by_name.get(file)?.interval
    }

    /// Deletes or archives a file whose bytes, in the version that was listed, have this checksum. A relative archive is
    /// below `root`. Returns where the file is now; `None` if it is deleted.
    ///
    /// # Errors
    /// [`RetireFault`]; the file is then where it was.
    pub async fn retire(
        &self,
        file: &str,
        sha256: &str,
        root: &Path,
        retirement: &Retirement,
    ) -> Result<Option<String>, RetireFault> {
        match self.by_name.get(file) {
            Some(origin) => origin.position.retire(sha256, root, retirement).await,
            None => Err(RetireFault::Changed),
        }
    }

    /// What kept a file's storage from giving its bytes, if that is why reading it failed.
    pub fn trouble(&self, file: &str) -> Option<SourceError> {
        let fault = (*self.by_name.get(file)?.trouble.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(SourceError::Store { dataset: self.dataset.clone(), at: file.to_owned(), fault })
    }
}

/// Whether a pattern says which day its files are of.
pub fn is_dated(pattern: &str) -> bool {
    FilePattern::parse(pattern).is_ok_and(|all| all.iter().any(|pattern| pattern.step().is_some()))
}

/// Lists the files that match a channel's pattern and are whole, in order of name. An empty list is an error unless
/// the channel says otherwise: one that is declared has an export.
///
/// # Errors
/// [`SourceError`].
pub async fn list(channel: &Channel<'_>, around: &Surroundings) -> Result<Listing, SourceError> {
    let failed = |why: String| SourceError::List {
        dataset: channel.dataset.to_owned(),
        pattern: without_secrets(channel.pattern),
        why,
    };
    let patterns = FilePattern::parse(channel.pattern).map_err(|error| failed(error.to_string()))?;
    let mut found = Found::default();
    for pattern in &patterns {
        found.pattern(channel, pattern, around).await?;
    }
    if found.files.is_empty() && !channel.may_be_empty {
        let mut pattern = without_secrets(channel.pattern);
        if let Some(window) = channel.window.filter(|_| is_dated(channel.pattern)) {
            pattern.push_str(&format!(" {window}"));
        }
        for remark in found.remarks.iter().filter(|r| !matches!(r.what, RemarkKind::Missing { .. })) {
            pattern.push_str(&format!(", {}", remark.what));
        }
        return Err(SourceError::NoFiles { dataset: channel.dataset.to_owned(), pattern });
    }
    let mut listing = Listing { files: Vec::new(), origins: Origins::default() };
    (listing.origins.dataset, listing.origins.remarks) = (channel.dataset.to_owned(), found.remarks);
    for (name, (file, origin)) in found.files {
        listing.files.push(file);
        listing.origins.by_name.insert(name, origin);
    }
    Ok(listing)
}

#[derive(Default)]
struct Found {
    files: BTreeMap<String, (SourceFile, Origin)>,
    remarks: Vec<Remark>,
}

impl Found {
    async fn pattern(
        &mut self,
        channel: &Channel<'_>,
        pattern: &FilePattern,
        around: &Surroundings,
    ) -> Result<(), SourceError> {
        let window = channel.window.filter(|_| pattern.step().is_some());
        let before: BTreeSet<Interval> = match &pattern.place {
            FilePlace::Web { origin } => self.web(channel, pattern, origin, window, around).await?,
            FilePlace::Folder { absolute } => {
                let tree = Tree::Disk(channel.root.to_path_buf());
                let own = |path: &str| {
                    let below = Path::new(path).strip_prefix(channel.root).ok().and_then(Path::to_str);
                    printable(below.unwrap_or(path))
                };
                let walked = self.tree(channel, pattern, &tree, *absolute, window, around, &own).await?;
                let intervals = intervals(&walked);
                for (path, file) in walked.files {
                    let full = channel.root.join(&path);
                    let below = below_folder(pattern, &path);
                    let position = FilePosition::Disk { path: full.clone(), below, listed: file.entry.clone() };
                    let origin = Origin { interval: file.interval, trouble: Trouble::default(), position };
                    let file = on_disk(own(&path), &file.entry, full, &origin.trouble);
                    self.files.insert(file.name.clone(), (file, origin));
                }
                intervals
            }
            FilePlace::Bucket { kind, address } => {
                let kind = Kind::from(*kind);
                let store = stores::bucket(address, kind, around).map_err(|f| at(channel, address, f))?;
                let tree = Tree::Bucket(store.clone(), kind);
                let own = |path: &str| printable(&format!("{address}/{path}"));
                let walked = self.tree(channel, pattern, &tree, false, window, around, &own).await?;
                let intervals = intervals(&walked);
                for (path, Matched { entry, interval, .. }) in walked.files {
                    let (name, below) = (own(&path), below_folder(pattern, &path));
                    let odd = |_| at(channel, &name, StoreFault::OddName);
                    let path = ObjectPath::parse(&path).map_err(odd)?;
                    let (size, e_tag, modified) = (entry.size, once(entry.e_tag), entry.modified);
                    let patience = around.patience;
                    self.remote(
                        name,
                        interval,
                        below,
                        Remote { store: store.clone(), kind, path, size, e_tag, modified, patience },
                    );
                }
                intervals
            }
        };
        if let (Some(window), Some(step)) = (window, pattern.step()) {
            self.missing(channel, window, step, &before);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one pattern on one tree")]
    async fn tree(
        &mut self,
        channel: &Channel<'_>,
        pattern: &FilePattern,
        tree: &Tree,
        absolute: bool,
        window: Option<Window>,
        around: &Surroundings,
        own: &dyn Fn(&str) -> String,
    ) -> Result<Walked, SourceError> {
        let beside = channel.complete_when.is_some_and(|when| when.marker.is_some());
        let address = without_secrets(channel.pattern);
        let mut walked = walk(tree, pattern, absolute, window.as_ref(), beside).await.map_err(|fault| match fault {
            WalkFault::Tree(TreeFault::Disk(kind)) => SourceError::List {
                dataset: channel.dataset.to_owned(),
                pattern: address.clone(),
                why: kind.to_string(),
            },
            WalkFault::Tree(TreeFault::Store(fault)) => at(channel, &address, fault),
            WalkFault::TooDeep => SourceError::List {
                dataset: channel.dataset.to_owned(),
                pattern: address.clone(),
                why: "folders lie in each other more than 32 deep".to_owned(),
            },
            WalkFault::NoDate(path) => {
                SourceError::Interval(IntervalFault::NoDate { dataset: channel.dataset.to_owned(), at: own(&path) })
            }
        })?;
        if let Some(when) = channel.complete_when {
            self.remarks.extend(only_complete(&mut walked, when, around.now, own));
        }
        if !walked.skipped.is_empty() {
            let what = RemarkKind::Skipped { files: walked.skipped.iter().map(|path| own(path)).collect() };
            self.remarks.push(Remark { about: address, what });
        }
        Ok(walked)
    }

    async fn web(
        &mut self,
        channel: &Channel<'_>,
        pattern: &FilePattern,
        origin: &str,
        window: Option<Window>,
        around: &Surroundings,
    ) -> Result<BTreeSet<Interval>, SourceError> {
        let (dataset, shown) = (|| channel.dataset.to_owned(), || without_secrets(channel.pattern));
        let intervals = match pattern.step() {
            None => None,
            Some(step) => {
                let days = window.and_then(|window| Some((window.from?, window.to?)));
                let no_days = || SourceError::Interval(IntervalFault::NoDays { dataset: dataset(), pattern: shown() });
                let (from, to) = days.ok_or_else(no_days)?;
                let too_many = || {
                    let most = MOST_INTERVALS;
                    SourceError::Interval(IntervalFault::TooManyDays { dataset: dataset(), pattern: shown(), most })
                };
                Some(Interval::all(from, to, step, MOST_INTERVALS).ok_or_else(too_many)?)
            }
        };
        let store = stores::web(origin, pattern.query.as_deref(), &around.patience);
        let store = store.map_err(|fault| at(channel, origin, fault))?;
        let name = |path: &str| printable(&format!("{origin}/{path}"));
        let asked = web::find(&store, pattern, intervals, &around.patience).await;
        let mut there = BTreeSet::new();
        let mut young = 0;
        let minutes = channel.complete_when.and_then(|when| when.min_age_minutes);
        for file in asked.map_err(|(path, fault)| at(channel, &name(&path), fault))? {
            let (interval, modified) = (file.interval, file.modified());
            there.extend(interval);
            let age = minutes.map(|minutes| chrono::TimeDelta::minutes(i64::from(minutes)));
            if age.is_some_and(|age| modified.is_none_or(|modified| around.now - modified < age)) {
                young += 1;
                continue;
            }
            let (size, e_tag, patience) = (file.meta.size, once(file.meta.e_tag), around.patience);
            let remote =
                Remote { store: store.clone(), kind: Kind::Web, path: file.at, size, e_tag, modified, patience };
            self.remote(name(&file.path), interval, String::new(), remote);
        }
        if let (Some(minutes), 1..) = (minutes, young) {
            self.remarks.push(Remark { about: shown(), what: RemarkKind::Young { files: young, minutes } });
        }
        Ok(there)
    }

    fn remote(&mut self, name: String, interval: Option<Interval>, below: String, remote: Remote) {
        let (remote, trouble) = (Arc::new(remote), Trouble::default());
        let file = in_bucket(name.clone(), remote.clone(), &trouble);
        let position = match remote.kind {
            Kind::Web => FilePosition::Web,
            Kind::S3 | Kind::Google | Kind::Azure => FilePosition::Bucket { remote, below },
        };
        self.files.insert(name, (file, Origin { interval, trouble, position }));
    }

    /// Says which of the intervals that were asked for have no file. An end that is open is that of the files.
    fn missing(&mut self, channel: &Channel<'_>, window: Window, step: TimePart, there: &BTreeSet<Interval>) {
        let first = window.from.or(there.first().map(|i| i.from.date()));
        let last = window.to.or(there.last().map(|i| i.from.date()));
        let (Some(first), Some(last)) = (first, last) else { return };
        // Longer ranges are asked for by mistake, and their gaps are no news.
        let Some(asked) = Interval::all(first, last, step, MOST_INTERVALS) else { return };
        let of = asked.len();
        let intervals: Vec<String> = asked.into_iter().filter(|i| !there.contains(i)).map(|i| i.name(step)).collect();
        if !intervals.is_empty() {
            let about = without_secrets(channel.pattern);
            self.remarks.push(Remark { about, what: RemarkKind::Missing { intervals, of } });
        }
    }
}

/// A file of a bucket or web server.
pub(crate) fn in_bucket(name: String, remote: Arc<Remote>, trouble: &Trouble) -> SourceFile {
    let size = remote.size;
    // A web server may have no ranges.
    let ranges = remote.kind != Kind::Web;
    let bucket = Arc::new(BucketFile { remote, handle: Handle::current(), trouble: trouble.clone() });
    let other = bucket.clone();
    let file = SourceFile::new(name, size, move || bucket.stream());
    if ranges { file.with_ranges(move || Ok(other.clone())) } else { file }
}

pub(crate) fn on_disk(name: String, listed: &Entry, path: PathBuf, trouble: &Trouble) -> SourceFile {
    let (path, version, trouble) = (Arc::new(path), listed.version, trouble.clone());
    let open = move || DiskFile::open(&path, version, &trouble);
    let stream = open.clone();
    let file = SourceFile::new(name, listed.size, move || stream()?.stream());
    file.with_ranges(move || Ok(Arc::new(open()?)))
}

/// The part of a file's path below the folder that is no pattern.
pub(crate) fn below_folder(pattern: &FilePattern, path: &str) -> String {
    let mut rest = path.trim_start_matches('/');
    for part in pattern.folder() {
        match rest.strip_prefix(part).and_then(|rest| rest.strip_prefix('/')) {
            Some(below) => rest = below,
            None => return path.rsplit('/').next().unwrap_or(path).to_owned(),
        }
    }
    rest.to_owned()
}

fn once(e_tag: Option<String>) -> OnceLock<String> {
    e_tag.map_or_else(OnceLock::new, OnceLock::from)
}

fn intervals(walked: &Walked) -> BTreeSet<Interval> {
    walked.files.values().filter_map(|file| file.interval).collect()
}

fn at(channel: &Channel<'_>, place: &str, fault: StoreFault) -> SourceError {
    SourceError::Store { dataset: channel.dataset.to_owned(), at: place.to_owned(), fault }
}

/// A name without what would move a terminal's cursor or turn its text around.
fn printable(name: &str) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !name.contains(odd) {
        return name.to_owned();
    }
    name.chars().map(|c| if odd(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}
