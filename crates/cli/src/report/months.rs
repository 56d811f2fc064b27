//! Revenue by channel and month.

use super::answer::Answer;
use super::disclosure::{MonthSold, fold_months};
use super::names::ONLINE;
use super::published::Published;
use lakewarden_pipeline::PipelineError;
use lakewarden_report::data::CustomerPicture;

/// Tables with one month a row, and the column of channels; without one they tell of a single channel.
const TABLES: &[(&str, Option<&str>)] = &[("channel_monthly", Some("channel")), ("online_retail_monthly", None)];
/// The columns needed of them.
const COLUMNS: [&str; 3] = ["month", "customers", "revenue"];

/// Draws what the first table at hand tells; `false` if there is none, or it counts in another currency
/// than the rest of the picture.
///
/// # Errors
/// Those of the lake and of the query.
pub(super) async fn draw(published: &Published<'_>, picture: &mut CustomerPicture) -> Result<bool, PipelineError> {
    for (name, channel) in TABLES {
        let needed: Vec<&str> = COLUMNS.into_iter().chain(*channel).collect();
        let Some(table) = published.offers(name, &needed).await? else {
            continue;
        };
        let currency = table.column("revenue").and_then(|c| c.unit.clone());
        if picture.currency.is_some() && picture.currency != currency {
            continue;
        }
        picture.revenue_by_month = fold_months(sold(&published.ask(table, &sql(name, *channel)).await?)?);
        picture.currency = currency;
        return Ok(true);
    }
    Ok(false)
}

fn sql(table: &str, channel: Option<&str>) -> String {
    let channel = channel.map_or_else(|| format!("'{ONLINE}'"), str::to_owned);
    format!("SELECT {channel} AS channel, month, customers, CAST(revenue AS DOUBLE) AS revenue FROM {table}")
}

fn sold(answer: &Answer) -> Result<Vec<MonthSold>, PipelineError> {
    let named = answer.texts("channel")?.into_iter().zip(answer.days("month")?);
    let measured = answer.counts("customers")?.into_iter().zip(answer.numbers("revenue")?);
    Ok(named
        .zip(measured)
        .filter_map(|((channel, month), (customers, revenue))| {
            Some(MonthSold { channel: channel?, month: month?, customers, amount: revenue? })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{ask, reference_project};
    use super::*;
    use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array};
    use chrono::NaiveDate;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_table_without_channels_tells_of_one() {
        let revenue = Decimal128Array::from(vec![1_500, 2_500]).with_precision_and_scale(18, 3).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("month", Arc::new(Date32Array::from(vec![14_944, 14_975]))),
            ("customers", Arc::new(Int64Array::from(vec![80, 90]))),
            ("revenue", Arc::new(revenue)),
        ];
        let answer = ask("online_retail_monthly", columns, &sql("online_retail_monthly", None)).await;
        let mut own = sold(&answer).unwrap();
        own.sort_by_key(|s| s.month);
        let month = |y, m| NaiveDate::from_ymd_opt(y, m, 1).unwrap();
        let sold = |month, customers, amount| MonthSold { channel: ONLINE.to_owned(), month, customers, amount };
        assert_eq!(own, [sold(month(2010, 12), 80, 1.5), sold(month(2011, 1), 90, 2.5)]);
    }

    #[test]
    fn the_reference_project_has_the_columns() {
        let open = reference_project();
        for (name, channel) in TABLES {
            let table = open.project.table(name).unwrap();
            for column in COLUMNS.iter().chain(channel) {
                assert!(table.column(column).is_some(), "{name}.{column}");
            }
        }
    }
}
