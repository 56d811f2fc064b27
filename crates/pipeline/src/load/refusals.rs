//! What must not be loaded, though it could be read.

use super::arriving::transaction;
use crate::error::PipelineError;
use crate::people::People;
use crate::record::FileMessage;
use crate::reload::Superseding;
use crate::unread;
use lakewarden_dictionary::{Dataset, UnreadableSubject};
use lakewarden_extract::{FileAccount, SourceFile, UnreadLog};
use lakewarden_lake::TableSnapshot;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Refuses files that may hold a withdrawal of which nobody can tell whose it is, unless the dataset says otherwise.
pub(super) fn refuse_nobody(dataset: &Dataset, accounts: &[FileAccount]) -> Result<(), PipelineError> {
    let records = accounts.iter().map(|a| a.unread_nobody).sum();
    let first = accounts.iter().find_map(|a| Some((a.file.clone(), a.nobody_at?)));
    match first {
        Some((file, row)) if dataset.unreadable_subject == UnreadableSubject::Refuse => {
            Err(PipelineError::NobodyNamed { dataset: dataset.name.value.clone(), records, file, row })
        }
        _ => Ok(()),
    }
}

/// Refuses files whose bytes were not those that [`new_files`] judged.
pub(super) fn refuse_changed(
    dataset: &str,
    files: &[SourceFile],
    accounts: &[FileAccount],
    published: Option<&TableSnapshot>,
) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (file, account) in files.iter().zip(accounts) {
        let known = published.is_some_and(|p| p.transactions.contains_key(&transaction(&account.sha256)));
        if account.bytes != file.size || known || !seen.insert(&account.sha256) {
            return Err(PipelineError::FileChanged { dataset: dataset.to_owned(), file: file.name.clone() });
        }
    }
    Ok(())
}

/// Refuses to take rows away for files that are not read: those that a rule stopped.
pub(super) fn refuse_unread(
    dataset: &Dataset,
    superseding: Option<&Superseding>,
    read: &[SourceFile],
    set_aside: &[FileMessage],
) -> Result<(), PipelineError> {
    let Some(superseding) = superseding else { return Ok(()) };
    let is_read = |name: &String| read.iter().any(|file| file.name == *name);
    match superseding.replacement.files.iter().find(|name| !is_read(name)) {
        None => Ok(()),
        Some(file) => Err(PipelineError::ReloadSkipped {
            dataset: dataset.name.value.clone(),
            file: file.clone(),
            why: match set_aside.iter().any(|aside| aside.file == *file) {
                true => "a rule stopped it",
                false => "it was not read",
            },
        }),
    }
}

/// Tells those who gather people of records that could not be read.
pub(super) fn doubt(people: Option<&Mutex<People>>, unread: &UnreadLog) -> Result<(), PipelineError> {
    if let Some(people) = people {
        unread::note(&mut people.lock().map_err(|_| PipelineError::Worker)?.consent, unread);
    }
    Ok(())
}
