//! A channel that is a database: what its rows have in common with files, and what not.
//!
//! A file is known by its checksum. A read of a database is known by what it is of and how far it came; that is committed
//! with its rows, as an application transaction of their table. So a run that is killed before its publication has read
//! nothing, and the next one reads from where the last publication stands.

use crate::error::PipelineError;
use crate::record::{DatasetAccount, FileWarning, FileWarningKind};
use lakewarden_dictionary::{Database, Dataset};
use lakewarden_extract::{FileAccount, undeclared_label};
use lakewarden_lake::TableSnapshot;
use lakewarden_privacy::KeyRing;
use lakewarden_source::SourceError;
use lakewarden_source::database::{DatabaseRead, DatabaseRequest};
use std::path::Path;

/// Opens a database and finds out what it has that the table has not. Without keys it is only looked.
///
/// # Errors
/// Those of [`DatabaseRead::open`].
pub async fn look(
    dataset: &Dataset,
    database: &Database,
    root: &Path,
    published: Option<&TableSnapshot>,
    keys: Option<&KeyRing>,
) -> Result<DatabaseRead, PipelineError> {
    let transactions: Vec<&str> = published.iter().flat_map(|p| p.transactions.keys().map(String::as_str)).collect();
    // Sums of two runs are compared, so that one seed serves all.
    let reading = keys.map(|keys| keys.blinding("database fingerprint", 0));
    let request = DatabaseRequest { dataset, database, root, transactions: &transactions, reading };
    Ok(DatabaseRead::open(&request).await.map_err(SourceError::from)?)
}

/// The reason why a stream broke off, rather than that it did.
pub fn broken_off(read: Option<&DatabaseRead>, error: PipelineError) -> PipelineError {
    match read.and_then(DatabaseRead::failure) {
        Some(failure) => SourceError::from(failure).into(),
        None => error,
    }
}

/// The transactions to commit with the rows.
///
/// # Errors
/// If other than the rows sent were read.
pub fn finish(read: &DatabaseRead, accounts: &[FileAccount]) -> Result<Vec<(String, i64)>, PipelineError> {
    let rows = accounts.iter().map(|a| a.read).sum();
    Ok(read.finish(rows).map_err(SourceError::from)?)
}

/// Adds to an account what only a database shows: columns that nobody declared, which were there in every row and were
/// not read, and how it was read.
pub fn tell(read: &DatabaseRead, dataset: &Dataset, keys: &KeyRing, account: &mut DatasetAccount) {
    for column in read.undeclared() {
        *account.over_collected.entry(undeclared_label(dataset, column, keys)).or_default() += account.read;
    }
    let warnings = read
        .warnings()
        .iter()
        .map(|reason| FileWarning { file: read.name().to_owned(), warning: FileWarningKind::Database(reason.clone()) });
    account.warnings.extend(warnings);
}

/// Why a run would read a database, or would not.
pub fn because(read: &DatabaseRead, known: bool) -> &'static str {
    match (read.has_news(), read.reads_everything(), known) {
        (false, ..) => "no row since the last read",
        (true, true, _) => "all rows are read: no `incremental` column says which are new",
        (true, false, true) => "rows since the last read",
        (true, false, false) => "not read yet",
    }
}
