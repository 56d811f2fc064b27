//! Which channels customers combine.

use super::answer::Answer;
use super::names::NO_CHANNEL;
use super::published::Published;
use lakewarden_pipeline::PipelineError;
use lakewarden_report::data::{ChannelCombination, CustomerPicture};

/// The table with one customer a row.
const TABLE: &str = "customer_master";
/// Its columns that say whether a customer used a channel, and the channel's code.
const SEEN: [(&str, &str); 5] = [
    ("in_store", "store"),
    ("on_tmall", "tmall"),
    ("in_miniapp", "miniapp"),
    ("in_app", "app"),
    ("at_service", "service"),
];

/// Draws the combinations, most customers first; `false` if no table tells.
///
/// # Errors
/// Those of the lake and of the query.
pub(super) async fn draw(published: &Published<'_>, picture: &mut CustomerPicture) -> Result<bool, PipelineError> {
    let Some(table) = published.offers(TABLE, &SEEN.map(|(column, _)| column)).await? else {
        return Ok(false);
    };
    picture.combinations = combinations(&published.ask(table, &sql()).await?)?;
    Ok(true)
}

fn sql() -> String {
    let columns = SEEN.map(|(column, _)| column).join(", ");
    format!("SELECT {columns}, CAST(count(*) AS BIGINT) AS customers FROM {TABLE} GROUP BY {columns}")
}

fn combinations(answer: &Answer) -> Result<Vec<ChannelCombination>, PipelineError> {
    let counts = answer.counts("customers")?;
    let mut found: Vec<ChannelCombination> =
        counts.iter().map(|c| ChannelCombination { channels: Vec::new(), customers: *c }).collect();
    for (column, channel) in SEEN {
        for (combination, seen) in found.iter_mut().zip(answer.integers(column)?) {
            if seen == Some(1) {
                combination.channels.push(channel.to_owned());
            }
        }
    }
    for unseen in found.iter_mut().filter(|c| c.channels.is_empty()) {
        unseen.channels.push(NO_CHANNEL.to_owned());
    }
    found.sort_by(|a, b| b.customers.cmp(&a.customers).then_with(|| a.channels.cmp(&b.channels)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{ask, reference_project};
    use super::*;
    use arrow::array::{ArrayRef, BooleanArray};
    use std::sync::Arc;

    #[tokio::test]
    async fn every_customer_is_in_exactly_one_combination() {
        let rows = [
            [true, false, false, false, false],
            [true, false, false, false, false],
            [true, false, true, false, true],
            [false; 5],
        ];
        let columns = SEEN.iter().enumerate().map(|(i, (column, _))| {
            let array: ArrayRef = Arc::new(BooleanArray::from(rows.map(|r| r[i]).to_vec()));
            (*column, array)
        });
        let answer = ask(TABLE, columns.collect(), &sql()).await;
        let own: Vec<(Vec<String>, u64)> =
            combinations(&answer).unwrap().into_iter().map(|c| (c.channels, c.customers)).collect();
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
        assert_eq!(own, [(names(&["store"]), 2), (names(&["none"]), 1), (names(&["store", "miniapp", "service"]), 1)]);
    }

    #[test]
    fn the_reference_project_has_the_columns() {
        let open = reference_project();
        let table = open.project.table(TABLE).unwrap();
        assert!(SEEN.iter().all(|(column, _)| table.column(column).is_some()));
    }
}
