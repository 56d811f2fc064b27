//! From a pattern to the files that match, looking into no folder that cannot hold one.

use crate::fault::StoreFault;
use crate::interval::{Interval, Stamp, Window};
use crate::part::Part;
use crate::tree::{Entry, Tree, TreeFault};
use futures::{StreamExt, TryStreamExt, stream};
use lakewarden_dictionary::{FilePattern, TimePart, is_left_behind};
use std::collections::{BTreeMap, BTreeSet};

/// Folders looked into at a time.
const AT_ONCE: usize = 16;
/// Folders that a window may name instead of their being listed: about a year of days, or two weeks of hours.
const NAMED: usize = 400;

/// What a pattern found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Files, by path below the tree's root.
    pub(crate) files: BTreeMap<String, Matched>,
    /// Files and folders that programs and desktops leave behind, which are not read, by path.
    pub(crate) skipped: BTreeSet<String>,
    /// Names of all files in the folders of those, by folder: where a marker would be.
    pub(crate) beside: BTreeMap<String, BTreeSet<String>>,
}

/// A file that matches.
#[derive(Debug, Clone)]
pub(crate) struct Matched {
    /// The file.
    pub(crate) entry: Entry,
    /// The folder that it is in.
    pub(crate) folder: String,
    /// What its data is of, if its path says so.
    pub(crate) interval: Option<Interval>,
}

/// What kept a walk from its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WalkFault {
    /// The tree's.
    Tree(TreeFault),
    /// A path that holds two dates, or one that there is not.
    NoDate(String),
    /// Folders in folders without an end in sight.
    TooDeep,
}

impl From<TreeFault> for WalkFault {
    fn from(fault: TreeFault) -> Self {
        Self::Tree(fault)
    }
}

/// A folder on the way, and what its path says of the date.
type Place = (String, Stamp);

/// Finds the files that match. `beside`: whether other files of their folders are of interest.
///
/// # Errors
/// [`WalkFault`].
pub(crate) async fn walk(
    tree: &Tree,
    pattern: &FilePattern,
    absolute: bool,
    window: Option<&Window>,
    beside: bool,
) -> Result<Walked, WalkFault> {
    let odd = WalkFault::Tree(TreeFault::Store(StoreFault::OddName));
    let parts: Vec<Part> = pattern.parts.iter().map(Part::new).collect::<Option<_>>().ok_or_else(|| odd.clone())?;
    let Some((last, folders)) = parts.split_last() else { return Err(odd) };
    let mut found = Walked::default();
    let mut places: BTreeSet<Place> =
        [(if absolute { "/".to_owned() } else { String::new() }, Stamp::default())].into();
    let mut step = None;
    for (part, declared) in folders.iter().zip(&pattern.parts) {
        step = step.max(declared.times().max());
        places = narrowed(tree, places, part, step, window, &mut found.skipped).await?;
    }
    if let (Some(name), false) = (last.literal(), beside) {
        for (folder, stamp) in places {
            let path = joined(&folder, name);
            if let Some(entry) = tree.file(&path).await? {
                let interval = stamp.interval().map_err(|_| WalkFault::NoDate(path.clone()))?;
                if interval.is_none_or(|interval| window.is_none_or(|window| window.overlaps(&interval))) {
                    found.files.insert(path, Matched { entry, folder, interval });
                }
            }
        }
        return Ok(found);
    }
    // `**` at the end is every file below.
    let (places, every) = match last.is_any_folders() {
        true => (below(tree, places, &mut found.skipped).await?, true),
        false => (places, false),
    };
    let mut looked = stream::iter(places.into_iter().map(async |place: Place| {
        let folder = tree.look(&place.0).await?;
        Ok::<_, WalkFault>((place, folder))
    }))
    .buffer_unordered(AT_ONCE);
    while let Some(((folder, stamp), inside)) = looked.try_next().await? {
        if beside {
            found.beside.insert(folder.clone(), inside.files.iter().map(|f| f.name.clone()).collect());
        }
        for entry in inside.files {
            let read = if every { Some(Ok(stamp)) } else { last.read(&entry.name, stamp) };
            let path = joined(&folder, &entry.name);
            // A wildcard matches no hidden file: a pattern that does names it. One that ends as the file does, too.
            let said = entry.name.starts_with('.') || last.names_left_behind(&entry.name);
            let named = !every && read.is_some() && said;
            if is_left_behind(&entry.name) && !named {
                found.skipped.insert(path);
                continue;
            }
            let Some(read) = read else { continue };
            let interval = read.and_then(|stamp| stamp.interval()).map_err(|_| WalkFault::NoDate(path.clone()))?;
            if interval.is_none_or(|interval| window.is_none_or(|window| window.overlaps(&interval))) {
                found.files.insert(path, Matched { entry, folder: folder.clone(), interval });
            }
        }
    }
    Ok(found)
}

/// The folders that match one more part.
async fn narrowed(
    tree: &Tree,
    places: BTreeSet<Place>,
    part: &Part,
    step: Option<TimePart>,
    window: Option<&Window>,
    skipped: &mut BTreeSet<String>,
) -> Result<BTreeSet<Place>, WalkFault> {
    if let Some(name) = part.literal() {
        return Ok(places.into_iter().map(|(folder, stamp)| (joined(&folder, name), stamp)).collect());
    }
    if part.is_any_folders() {
        return below(tree, places, skipped).await;
    }
    if let Some(named) = named(&places, part, step, window) {
        return Ok(named);
    }
    let mut found = BTreeSet::new();
    let mut looked = stream::iter(places.into_iter().map(async |place: Place| {
        let inside = tree.look(&place.0).await?;
        Ok::<_, WalkFault>((place, inside.folders))
    }))
    .buffer_unordered(AT_ONCE);
    while let Some(((folder, stamp), inside)) = looked.try_next().await? {
        for name in inside {
            let Some(read) = part.read(&name, stamp) else { continue };
            let path = joined(&folder, &name);
            let no_date = |_| WalkFault::NoDate(path.clone());
            let stamp = read.map_err(no_date)?;
            let interval = stamp.interval().map_err(no_date)?;
            if interval.is_none_or(|interval| window.is_none_or(|window| window.overlaps(&interval))) {
                found.insert((path, stamp));
            }
        }
    }
    Ok(found)
}

/// The folders that a closed window names, where nothing but the date is open.
fn named(
    places: &BTreeSet<Place>,
    part: &Part,
    step: Option<TimePart>,
    window: Option<&Window>,
) -> Option<BTreeSet<Place>> {
    let (window, step) = (window?, step?);
    if !part.is_only_dated() {
        return None;
    }
    let mut named = BTreeSet::new();
    for interval in Interval::all(window.from?, window.to?, step, NAMED)? {
        let date = Stamp::of(&interval);
        let name = part.at(&date)?;
        for (folder, stamp) in places {
            // A folder of another month has no such day.
            // Nor does a year before it, combined with this month, make a day that was asked for.
            if let Some(Ok(stamp)) = part.read(&name, *stamp)
                && stamp.interval().is_ok_and(|own| own.is_none_or(|own| window.overlaps(&own)))
            {
                named.insert((joined(folder, &name), stamp));
            }
        }
    }
    (named.len() <= NAMED).then_some(named)
}

/// These folders and all below them, without those that desktops leave behind, and without links of a disk, which may lead in circles.
async fn below(
    tree: &Tree,
    places: BTreeSet<Place>,
    skipped: &mut BTreeSet<String>,
) -> Result<BTreeSet<Place>, WalkFault> {
    /// Deeper than any export.
    const DEEPEST: usize = 32;
    let (mut all, mut next) = (places.clone(), places);
    for _ in 0..DEEPEST {
        let mut deeper = BTreeSet::new();
        let mut looked = stream::iter(next.into_iter().map(async |place: Place| {
            let inside = tree.look(&place.0).await?;
            Ok::<_, WalkFault>((place, inside.folders, inside.links))
        }))
        .buffer_unordered(AT_ONCE);
        while let Some(((folder, stamp), inside, links)) = looked.try_next().await? {
            let (left, open): (Vec<&String>, Vec<&String>) = inside.iter().partition(|name| is_left_behind(name));
            skipped.extend(left.into_iter().map(|name| joined(&folder, name)));
            let open = open.into_iter().filter(|name| !links.contains(*name));
            deeper.extend(open.map(|name| (joined(&folder, name), stamp)));
        }
        drop(looked);
        if deeper.is_empty() {
            return Ok(all);
        }
        all.extend(deeper.iter().cloned());
        next = deeper;
    }
    Err(WalkFault::TooDeep)
}

fn joined(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        "/" => format!("/{name}"),
        folder => format!("{folder}/{name}"),
    }
}
