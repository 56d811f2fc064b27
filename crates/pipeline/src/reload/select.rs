//! Which files are read again, and where they are now.

use super::part::lost_to_others;
use super::request::is_called;
use super::{ExportsGone, MissingExport, ReloadScope};
use crate::error::PipelineError;
use crate::ledger::LedgerLine;
use lakewarden_extract::{SourceFile, checksum};
use std::collections::BTreeSet;
use tokio::task::block_in_place;

/// The files to read again.
#[derive(Debug)]
pub(crate) struct Selected {
    /// Whether they are all that were loaded.
    pub whole: bool,
    /// Those whose rows go, in the order in which they were loaded.
    pub lines: Vec<LedgerLine>,
    /// Those that are read for them, in the same order.
    pub files: Vec<SourceFile>,
    /// The other files of the channel.
    pub rest: Vec<SourceFile>,
}

/// Finds the files of a dataset that are to be read again among those that its channel has, and by `archived` among those
/// that were moved away once they were loaded. `lines` is the dataset's ledger.
///
/// # Errors
/// [`PipelineError::UnknownReload`] for a file that was never loaded, [`PipelineError::ExportsGone`];
/// [`PipelineError::Read`].
pub(crate) async fn select(
    dataset: &str,
    scope: &ReloadScope,
    lines: Vec<LedgerLine>,
    listed: Vec<SourceFile>,
    archived: impl AsyncFn(&LedgerLine) -> Result<Option<SourceFile>, PipelineError>,
) -> Result<Selected, PipelineError> {
    let effective: Vec<LedgerLine> = lines.into_iter().filter(LedgerLine::is_effective).collect();
    for word in &scope.files {
        if !effective.iter().any(|line| is_called(&line.file.file, word)) {
            return Err(PipelineError::UnknownReload {
                word: format!("{dataset}/{word}"),
                expected: format!("a file whose rows {dataset} has"),
                known: effective.iter().map(|line| line.file.file.clone()).collect(),
            });
        }
    }
    let wanted: Vec<LedgerLine> =
        effective.into_iter().filter(|line| scope.whole || scope.names(&line.file.file)).collect();
    let mut channel = Channel { files: listed.into_iter().map(Some).collect(), sums: Vec::new() };
    channel.sums = vec![None; channel.files.len()];
    let mut found: Vec<Option<SourceFile>> = Vec::with_capacity(wanted.len());
    for line in &wanted {
        let in_channel = block_in_place(|| channel.take_by_bytes(line))?;
        found.push(match in_channel {
            Some(file) => Some(file),
            None => archived(line).await?,
        });
    }
    // A file that is named may have been corrected since: the newest line of its name takes it.
    for at in (0..wanted.len()).rev() {
        let name = &wanted[at].file.file;
        let has_later = newer(&wanted, at).any(|later| found[later].is_some());
        if found[at].is_none() && scope.names(name) && !has_later {
            found[at] = channel.take_by_name(name);
        }
    }
    let later_versions: Vec<LaterVersion> =
        (0..wanted.len()).map(|at| later_version(scope, &wanted, &found, at)).collect();
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    let mut present: BTreeSet<String> = BTreeSet::new();
    for ((line, file), later) in wanted.iter().zip(found).zip(later_versions) {
        let name = &line.file.file;
        match (file, later) {
            (Some(file), _) => {
                present.insert(name.clone());
                files.push(file);
            }
            (None, LaterVersion::Corrects) => {}
            (None, LaterVersion::None | LaterVersion::MayBeNextDelivery) => missing.push(MissingExport {
                file: name.clone(),
                sha256: line.file.sha256.clone(),
                has_other_bytes: later == LaterVersion::MayBeNextDelivery || (!name.is_empty() && channel.has(name)),
            }),
        }
    }
    // What would be named to load alone must not be a file of which a version is missing.
    present.retain(|name| missing.iter().all(|gone| gone.file != *name));
    if !missing.is_empty() {
        let (dataset, present) = (dataset.to_owned(), present.into_iter().collect());
        return Err(PipelineError::ExportsGone(Box::new(ExportsGone { dataset, missing, present })));
    }
    let rest = channel.files.into_iter().flatten().collect();
    Ok(Selected { whole: scope.whole, lines: wanted, files, rest })
}

/// A later loaded version of a file that is not there any more, if that one is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LaterVersion {
    /// There is none.
    None,
    /// It corrects the file: its rows take the place of those of both.
    Corrects,
    /// It may be the next delivery under the same name: only the operator can say.
    MayBeNextDelivery,
}

/// What the newest loaded version of a file is to an earlier one. A file that was named is a correction; and one that had
/// rows of an earlier one, or its keys, is no new delivery.
fn later_version(scope: &ReloadScope, wanted: &[LedgerLine], found: &[Option<SourceFile>], at: usize) -> LaterVersion {
    let Some(newest) = newer(wanted, at).last().filter(|newest| found[*newest].is_some()) else {
        return LaterVersion::None;
    };
    let overlaps = wanted[newest].file.facts.as_ref().is_some_and(|facts| lost_to_others(facts) > 0);
    match overlaps || scope.names(&wanted[at].file.file) {
        true => LaterVersion::Corrects,
        false => LaterVersion::MayBeNextDelivery,
    }
}

/// The loaded files that came later under the name of one, in their order.
fn newer(wanted: &[LedgerLine], at: usize) -> impl Iterator<Item = usize> + '_ {
    let name = &wanted[at].file.file;
    (at + 1..wanted.len()).filter(move |later| !name.is_empty() && wanted[*later].file.file == *name)
}

/// The files of a channel that are not chosen yet.
struct Channel {
    files: Vec<Option<SourceFile>>,
    /// Their checksums, where they had to be known.
    sums: Vec<Option<String>>,
}

impl Channel {
    /// Takes out the file that has the bytes of a loaded one: the one of its name if there are several.
    fn take_by_bytes(&mut self, line: &LedgerLine) -> Result<Option<SourceFile>, PipelineError> {
        let mut same = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let Some(file) = file.as_ref().filter(|file| file.size == line.file.bytes) else { continue };
            let sum = match &self.sums[at] {
                Some(sum) => sum.clone(),
                None => checksum(file)
                    .map_err(|error| PipelineError::Read { path: file.name.clone(), why: error.kind() })?,
            };
            if sum == line.file.sha256 {
                same.push((file.name != line.file.file, at));
            }
            self.sums[at] = Some(sum);
        }
        Ok(same.into_iter().min().and_then(|(_, at)| self.files[at].take()))
    }

    fn take_by_name(&mut self, name: &str) -> Option<SourceFile> {
        self.files.iter_mut().find(|file| file.as_ref().is_some_and(|file| file.name == name))?.take()
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().flatten().any(|file| file.name == name)
    }
}
