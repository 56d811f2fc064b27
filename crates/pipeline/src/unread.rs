//! Records of consent logs and suppression lists that could not be read: their table, and the doubts they are.

use crate::error::PipelineError;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, DatasetRole};
use lakewarden_extract::{CountsAs, UnreadError, UnreadLog, UnreadRecord};
use lakewarden_lake::{Lake, Zone};
use lakewarden_policy::{ConsentBook, Doubt, Doubtful};

/// What the name of such a table ends with, after a point.
const SUFFIX: &str = "unread";

/// The name of a dataset's unread records in the conformed zone. No dataset has a point in its name, and no SQL can
/// name it.
pub(crate) fn table_name(dataset: &Dataset) -> String {
    table_name_of(&dataset.name.value)
}

fn table_name_of(dataset: &str) -> String {
    format!("{dataset}.{SUFFIX}")
}

/// The dataset of a table of unread records; `None` if the table is another.
pub(crate) fn dataset_name(table: &str) -> Option<&str> {
    table.strip_suffix(SUFFIX)?.strip_suffix('.')
}

/// The error for a table that holds something else.
pub(crate) fn damaged(dataset: &Dataset) -> impl Fn(UnreadError) -> PipelineError + '_ {
    damaged_of(&dataset.name.value)
}

fn damaged_of(dataset: &str) -> impl Fn(UnreadError) -> PipelineError + '_ {
    |error| PipelineError::Damaged { table: table_name_of(dataset), column: error.column.to_owned() }
}

/// What the lake has of a dataset's unread records; empty for a dataset whose records bear no statements.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub(crate) async fn read(lake: &Lake, dataset: &Dataset) -> Result<UnreadLog, PipelineError> {
    if dataset.role == DatasetRole::Data {
        return Ok(UnreadLog::default());
    }
    read_of(lake, &dataset.name.value).await
}

/// What the lake has of the unread records of a log or list, by its name.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_of(lake: &Lake, dataset: &str) -> Result<UnreadLog, PipelineError> {
    let Some(table) = lake.table(Zone::Conformed, &table_name_of(dataset)).await? else {
        return Ok(UnreadLog::default());
    };
    let batches: Vec<_> = lake.read_table_batches(&table, None)?.try_collect().await?;
    UnreadLog::read(&batches).map_err(damaged_of(dataset))
}

/// Takes down what the records count as, for everybody they name.
pub(crate) fn note(book: &mut ConsentBook, log: &UnreadLog) {
    for record in log.records() {
        for named in &record.names {
            book.doubt(&doubt(record, named.pseudonym));
        }
    }
}

fn doubt(record: &UnreadRecord, pseudonym: u128) -> Doubt<'_> {
    Doubt {
        pseudonym,
        counts_as: match record.counts_as {
            CountsAs::Withdrawal => Doubtful::Withdrawal,
            CountsAs::Restriction => Doubtful::Restriction,
            CountsAs::OptOutSignal => Doubtful::OptOutSignal,
            CountsAs::Listed => Doubtful::Listed,
        },
        purpose: record.purpose.as_deref(),
        at: record.stands_from(),
        known_from: record.known_from,
        mended_at: record.mended_at,
    }
}
