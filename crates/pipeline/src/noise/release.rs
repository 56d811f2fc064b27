//! How often a table with noise is published: once an interval, for each publication spends ε and δ again.

use crate::compile::CompiledModel;
use crate::error::PipelineError;
use crate::record::RunRecord;
use crate::tables::TableView;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::Period;
use lakewarden_lake::{Lake, LakeError, Zone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Where a published table says of which interval it is.
const KEY: &str = "lakewarden.noise";

/// One publication of a table with noise, as the table itself says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Release {
    /// Number of the interval it is of.
    interval: i64,
    /// SHA-256 of what it was made by: the model's SQL and what its entry declares.
    made_by: String,
    /// Publications of the table so far, this one included.
    pub(crate) publications: u64,
    /// Sum of their ε.
    pub(crate) epsilon_spent: f64,
    /// Sum of their δ.
    pub(crate) delta_spent: f64,
}

/// What a run does with a table with noise.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// It publishes it.
    Publish(Release),
    /// It leaves it as it is: this interval has its publication.
    Keep(Release, TableView),
}

impl Turn {
    pub(crate) fn release(&self) -> &Release {
        match self {
            Turn::Publish(release) | Turn::Keep(release, _) => release,
        }
    }
}

impl Release {
    /// Tells it from the table's other publications. A run that fails and is repeated is of the same one, and draws the
    /// same noise: what a failure tells of noised figures is told once.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.interval, self.publications)
    }

    /// What a table's publication says of itself.
    ///
    /// # Errors
    /// [`PipelineError::Worker`] if it cannot be written down: what is not would be spent twice.
    pub(crate) fn to_metadata(&self) -> Result<(String, Value), PipelineError> {
        let value = serde_json::to_value(self).map_err(|_| PipelineError::Worker)?;
        Ok((KEY.to_owned(), value))
    }

    /// What a published table says of itself; `None` if nothing. What cannot be read is no nothing: spent would be
    /// forgotten.
    fn of(table: &str, metadata: &Map<String, Value>) -> Result<Option<Self>, PipelineError> {
        let Some(value) = metadata.get(KEY) else { return Ok(None) };
        let damaged = |_| LakeError::DamagedTable {
            table: format!("curated/{table}"),
            what: "what it says of its noise cannot be read".to_owned(),
        };
        Ok(Some(serde_json::from_value(value.clone()).map_err(damaged)?))
    }
}

/// What is to be done with a model's table as of an instant; `None` for one without noise. What was spent on it is the
/// most that the table and the last run's record say: a record of a run may have been lost.
///
/// # Errors
/// Those of the lake.
pub(crate) async fn turn(
    lake: &Lake,
    model: &CompiledModel,
    as_of: DateTime<Utc>,
    zone: Tz,
    previous: Option<&RunRecord>,
) -> Result<Option<Turn>, PipelineError> {
    let Some(noise) = &model.table.noise else { return Ok(None) };
    let published = lake.table(Zone::Curated, &model.model.name).await?;
    let last = match &published {
        Some(table) => Release::of(&model.model.name, &table.noted)?,
        None => None,
    };
    let interval = interval(noise.every.value, as_of.with_timezone(&zone).date_naive());
    let made_by = made_by(model);
    if let (Some(last), Some(table)) = (&last, published)
        && (last.interval, &last.made_by) == (interval, &made_by)
    {
        return Ok(Some(Turn::Keep(last.clone(), TableView::from(table))));
    }
    let recorded = previous.and_then(|run| run.models.iter().find(|m| m.table == model.model.name)?.noise.as_ref());
    let recorded = recorded.map(|noise| (noise.publications, noise.epsilon_spent, noise.delta_spent));
    let told = last.map(|last| (last.publications, last.epsilon_spent, last.delta_spent));
    let spent = [recorded, told].into_iter().flatten().max_by_key(|(publications, ..)| *publications);
    let (publications, epsilon, delta) = spent.unwrap_or_default();
    Ok(Some(Turn::Publish(Release {
        interval,
        made_by,
        publications: publications + 1,
        epsilon_spent: epsilon + super::number(noise.epsilon.value),
        delta_spent: delta + noise.delta.value,
    })))
}

/// The number of the interval in which a day lies. Intervals follow the calendar and not the data: that a table is
/// published again tells nothing of it.
fn interval(every: Period, day: NaiveDate) -> i64 {
    let months = i64::from(day.year()) * 12 + i64::from(day.month0());
    match i64::from(every.months) {
        0 => i64::from(day.num_days_from_ce()).div_euclid(i64::from(every.days.max(1))),
        every => months.div_euclid(every),
    }
}

/// A table that is made in another way is another one, and is published.
fn made_by(model: &CompiledModel) -> String {
    let Some(noise) = &model.table.noise else { return String::new() };
    let mut text = format!(
        "{}\0{}\0{}\0{}\0{}\0",
        noise.epsilon.value,
        noise.delta.value,
        noise.rows_per_person.value,
        noise.every.value,
        model.table.purpose.value
    );
    for column in &model.table.columns {
        let bound = noise.bound(&column.name.value);
        text += &format!("{}\0{:?}\0{bound:?}\0", column.name.value, column.data_type.value);
    }
    text += &model.model.sql;
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn intervals_follow_the_calendar() {
        let of = |every: &str, day: &str| interval(every.parse().unwrap(), day.parse().unwrap());
        assert_eq!(of("P1M", "2026-01-31") + 1, of("P1M", "2026-02-01"));
        assert_eq!(of("P1M", "2026-02-01"), of("P1M", "2026-02-28"));
        assert_eq!(of("P3M", "2026-01-01"), of("P3M", "2026-03-31"));
        assert_eq!(of("P3M", "2026-04-01"), of("P3M", "2026-03-31") + 1);
        assert_eq!(of("P1Y", "2025-12-31") + 1, of("P1Y", "2026-01-01"));
        assert_eq!(of("P1D", "2026-01-31") + 1, of("P1D", "2026-02-01"));
        let weeks: Vec<i64> = (1..=21).map(|day| of("P1W", &format!("2026-01-{day:02}"))).collect();
        assert!(weeks.windows(2).all(|two| two[1] - two[0] <= 1) && weeks.is_sorted(), "{weeks:?}");
        assert_eq!(weeks[20] - weeks[6], 2, "{weeks:?}");
    }
}
