//! What rows say that decisions depend on: consent events, suppressed people, dates of birth.

use crate::error::PipelineError;
use crate::people::Rows;
use arrow::array::{Array, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use chrono::{Datelike, Months, NaiveDate};
use lakewarden_dictionary::{Dataset, DatasetRole, Field, Generalisation, Treatment};
use lakewarden_policy::{Action, ConsentBook, Event, GivenBy};
use lakewarden_privacy::token_bits;

/// Columns of a consent log that need not be there.
const OPTIONAL: [&str; 5] = ["jurisdiction", "notice_version", "given_by", "expires_at", "recorded_at"];

/// The columns of a dataset that [`note`] reads, besides its pseudonyms and its event time.
pub(crate) fn columns(dataset: &Dataset) -> Vec<&str> {
    let birth = dataset.date_of_birth().map(|f| f.column.value.as_str());
    if dataset.role != DatasetRole::ConsentLog {
        return birth.into_iter().collect();
    }
    let stored = dataset.stored().map(|f| f.column.value.as_str());
    let optional = stored.filter(|column| OPTIONAL.contains(column));
    ["purpose", "action", "at"].into_iter().chain(optional).chain(birth).collect()
}

/// Whether rows of a dataset say something that a book takes down.
pub(crate) fn bear_on(book: &ConsentBook, dataset: &Dataset) -> bool {
    dataset.role != DatasetRole::Data || (book.asks_for_ages() && dataset.date_of_birth().is_some())
}

/// Takes down what rows say.
///
/// # Errors
/// [`PipelineError::Damaged`] if a column is not what the dictionary says.
pub(crate) fn note(book: &mut ConsentBook, rows: &Rows<'_>) -> Result<(), PipelineError> {
    match rows.dataset.role {
        DatasetRole::ConsentLog => events(book, rows)?,
        DatasetRole::SuppressionList => suppressed(book, rows)?,
        DatasetRole::Data => {}
    }
    match rows.dataset.date_of_birth() {
        Some(field) if book.asks_for_ages() => births(book, rows, field),
        _ => Ok(()),
    }
}

fn events(book: &mut ConsentBook, rows: &Rows<'_>) -> Result<(), PipelineError> {
    let (tokens, purposes, actions) = (rows.text("id_token")?, rows.text("purpose")?, rows.text("action")?);
    let at = rows.instants("at")?;
    // A table that was published before the dictionary declared a column has none.
    let told = |column: &str| columns(rows.dataset).contains(&column) && rows.batch.column_by_name(column).is_some();
    let text = |column: &str| told(column).then(|| rows.text(column)).transpose();
    let instants = |column: &str| told(column).then(|| rows.instants(column)).transpose();
    let (jurisdictions, notices, givers) = (text("jurisdiction")?, text("notice_version")?, text("given_by")?);
    let (ends, recorded) = (instants("expires_at")?, instants("recorded_at")?);
    for row in 0..tokens.len() {
        if tokens.is_null(row) || actions.is_null(row) || at.is_null(row) {
            continue;
        }
        let action = Action::parse(actions.value(row)).ok_or_else(|| rows.damaged("action"))?;
        let purpose = word(Some(&purposes), row);
        // A grant of nothing grants nothing; a withdrawal of nobody knows what is one of everything.
        if purpose.is_none() && action == Action::Grant {
            continue;
        }
        book.note(&Event {
            pseudonym: token_bits(tokens.value(row)).ok_or_else(|| rows.damaged("id_token"))?,
            purpose: purpose.unwrap_or_default(),
            action,
            at: at.value(row),
            recorded_at: instant(recorded.as_ref(), row),
            expires_at: instant(ends.as_ref(), row),
            notice: word(notices.as_ref(), row),
            given_by: word(givers.as_ref(), row).map_or(GivenBy::Subject, GivenBy::parse),
            jurisdiction: word(jurisdictions.as_ref(), row),
        });
    }
    Ok(())
}

fn suppressed(book: &mut ConsentBook, rows: &Rows<'_>) -> Result<(), PipelineError> {
    let times = rows.dataset.event_time.as_ref().map(|column| rows.instants(&column.value)).transpose()?;
    each_pseudonym(rows, |row, bits| book.suppress(bits, instant(times.as_ref(), row)))
}

fn births(book: &mut ConsentBook, rows: &Rows<'_>, field: &Field) -> Result<(), PipelineError> {
    let column = field.column.value.as_str();
    let Some(array) = rows.batch.column_by_name(column) else { return Ok(()) };
    let days: Vec<Option<i32>> = if field.stored_type().is_temporal() {
        let days = cast(array, &DataType::Date32).map_err(|_| rows.damaged(column))?;
        let days = days.as_primitive_opt::<Date32Type>().ok_or_else(|| rows.damaged(column))?;
        let exact = field.treatment == Treatment::Keep && field.stored_type() == lakewarden_dictionary::DataType::Date;
        // What is stored in UTC may be a day later on the clock where it was told.
        let latest = |day: i32| if exact { day } else { latest_of_month_or_zone(day, &field.treatment) };
        days.iter().map(|day| day.map(latest)).collect()
    } else {
        let years = cast(array, &DataType::Int64).map_err(|_| rows.damaged(column))?;
        let years = years.as_primitive_opt::<Int64Type>().ok_or_else(|| rows.damaged(column))?;
        let span = if field.treatment == Treatment::Generalise(Generalisation::Decade) { 10 } else { 1 };
        years.iter().map(|year| year.map(|first| last_day_before(first.saturating_add(span)))).collect()
    };
    each_pseudonym(rows, |row, bits| {
        if let Some(day) = days[row] {
            book.born(bits, day);
        }
    })
}

/// The last day that a month, by its first, or an instant's day may stand for. Unknown ones are as late as can be.
fn latest_of_month_or_zone(day: i32, treatment: &Treatment) -> i32 {
    if *treatment != Treatment::Generalise(Generalisation::Month) {
        return day.saturating_add(1);
    }
    let next = NaiveDate::from_epoch_days(day).and_then(|d| d.with_day(1)?.checked_add_months(Months::new(1)));
    next.map_or(i32::MAX, |next| next.to_epoch_days() - 1)
}

/// The day before a year begins; as late as can be if there is no such year.
fn last_day_before(year: i64) -> i32 {
    let first = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
    first.map_or(i32::MAX, |first| first.to_epoch_days() - 1)
}

/// Every pseudonym of every row.
fn each_pseudonym(rows: &Rows<'_>, mut visit: impl FnMut(usize, u128)) -> Result<(), PipelineError> {
    for field in rows.dataset.pseudonyms() {
        let column = field.column.value.as_str();
        let tokens = rows.text(column)?;
        for (row, token) in tokens.iter().enumerate() {
            if let Some(token) = token {
                visit(row, token_bits(token).ok_or_else(|| rows.damaged(column))?);
            }
        }
    }
    Ok(())
}

fn word(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|c| c.is_valid(row)).map(|c| c.value(row))
}

fn instant(column: Option<&TimestampMicrosecondArray>, row: usize) -> Option<i64> {
    column.filter(|c| c.is_valid(row)).map(|c| c.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or(0, |d| d.to_epoch_days())
    }

    #[test]
    fn a_date_of_birth_that_is_not_exact_counts_as_late_as_it_can_be() {
        let month = Treatment::Generalise(Generalisation::Month);
        assert_eq!(latest_of_month_or_zone(day("2012-02-01"), &month), day("2012-02-29"));
        assert_eq!(latest_of_month_or_zone(day("2012-12-01"), &month), day("2012-12-31"));
        assert_eq!(latest_of_month_or_zone(i32::MAX, &month), i32::MAX);
        assert_eq!(latest_of_month_or_zone(day("2012-02-01"), &Treatment::Keep), day("2012-02-02"));
        assert_eq!(last_day_before(2020), day("2019-12-31"));
        assert_eq!(last_day_before(i64::MAX), i32::MAX);
    }
}
