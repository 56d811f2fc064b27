//! Which files have arrived whole.

use crate::remark::{Remark, RemarkKind};
use crate::walk::{Matched, Walked};
use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_dictionary::CompleteWhen;
use std::collections::BTreeMap;

/// Takes out the files that are not whole yet, and the markers themselves, which are not left behind either; says which
/// are waited for. `shown` makes a path the address of messages.
pub(crate) fn only_complete(
    walked: &mut Walked,
    when: &CompleteWhen,
    now: DateTime<Utc>,
    shown: &dyn Fn(&str) -> String,
) -> Vec<Remark> {
    let marker_of = |file: &Matched| when.marker.as_ref().map(|marker| marker.replace("{file}", &file.entry.name));
    let is_marker = |folder: &str, name: &str| {
        let Some(marker) = &when.marker else { return false };
        let (before, after) = match marker.split_once("{file}") {
            Some(around) => around,
            None => return name == marker.value,
        };
        let of = name.strip_prefix(before).and_then(|name| name.strip_suffix(after));
        of.is_some_and(|of| walked.beside.get(folder).is_some_and(|names| names.contains(of)))
    };
    walked.skipped.retain(|path| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        !is_marker(folder, name)
    });
    let age = when.min_age_minutes.map(|minutes| (minutes, TimeDelta::minutes(i64::from(minutes))));
    let (mut keep, mut unmarked, mut young) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (path, file) in &walked.files {
        if is_marker(&file.folder, &file.entry.name) {
            continue;
        }
        let marked = marker_of(file)
            .is_none_or(|marker| walked.beside.get(&file.folder).is_some_and(|names| names.contains(&marker)));
        // A file of which nobody knows when it was written is as young as can be.
        let old = age.is_none_or(|(_, age)| file.entry.modified.is_some_and(|modified| now - modified >= age));
        if !marked {
            *unmarked.entry(file.folder.clone()).or_insert(0) += 1;
        } else if !old {
            *young.entry(file.folder.clone()).or_insert(0) += 1;
        } else {
            keep.insert(path.clone(), file.clone());
        }
    }
    walked.files = keep;
    let marker = || when.marker.as_ref().map(|marker| marker.value.clone()).unwrap_or_default();
    let unmarked = unmarked.into_iter().map(|(folder, files)| Remark {
        about: shown(&folder),
        what: RemarkKind::Unmarked { files, marker: marker() },
    });
    let minutes = when.min_age_minutes.unwrap_or_default();
    let young = young
        .into_iter()
        .map(|(folder, files)| Remark { about: shown(&folder), what: RemarkKind::Young { files, minutes } });
    unmarked.chain(young).collect()
}
