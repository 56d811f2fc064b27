//! What each dataset is worth.

use super::answer::Answer;
use super::published::Published;
use lakewarden_pipeline::PipelineError;
use lakewarden_report::data::AssetValue;

/// The table with one dataset a row.
const TABLE: &str = "data_asset_value";
/// The columns needed of it.
const COLUMNS: [&str; 7] =
    ["dataset", "rows", "completeness", "consistency", "timeliness", "columns_made", "value_index"];

/// The values, best index first; empty if no table tells.
///
/// # Errors
/// Those of the lake and of the query.
pub(super) async fn measured(published: &Published<'_>) -> Result<Vec<AssetValue>, PipelineError> {
    match published.offers(TABLE, &COLUMNS).await? {
        Some(table) => values(&published.ask(table, &sql()).await?),
        None => Ok(Vec::new()),
    }
}

fn sql() -> String {
    let columns = COLUMNS.map(|c| format!("\"{c}\"")).join(", ");
    format!("SELECT {columns} FROM {TABLE} ORDER BY value_index DESC NULLS LAST, dataset")
}

fn values(answer: &Answer) -> Result<Vec<AssetValue>, PipelineError> {
    let datasets = answer.texts("dataset")?;
    let scales = answer.counts("rows")?;
    let completeness = answer.numbers("completeness")?;
    let consistency = answer.numbers("consistency")?;
    let timeliness = answer.numbers("timeliness")?;
    let usage = answer.integers("columns_made")?;
    let index = answer.numbers("value_index")?;
    let value = |(row, dataset): (usize, Option<String>)| {
        Some(AssetValue {
            dataset: dataset?,
            scale: scales[row],
            completeness: completeness[row],
            consistency: consistency[row],
            timeliness: timeliness[row],
            usage: usage[row].and_then(|u| u64::try_from(u).ok()),
            index: index[row],
        })
    };
    Ok(datasets.into_iter().enumerate().filter_map(value).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{ask, reference_project};
    use super::*;
    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;

    #[tokio::test]
    async fn measures_that_could_not_be_taken_are_absent() {
        let share = |of: [Option<f64>; 3]| -> ArrayRef { Arc::new(Float64Array::from(of.to_vec())) };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("dataset", Arc::new(StringArray::from(vec!["stores", "empty", "pos_sales"]))),
            ("rows", Arc::new(Int64Array::from(vec![12, 0, 900]))),
            ("completeness", share([Some(1.0), None, Some(0.9)])),
            ("consistency", share([Some(1.0), None, Some(f64::NAN)])),
            ("timeliness", share([None, None, Some(0.5)])),
            ("columns_made", Arc::new(Int64Array::from(vec![3, 0, 17]))),
            ("value_index", share([Some(40.0), None, Some(80.0)])),
        ];
        let own = values(&ask(TABLE, columns, &sql()).await).unwrap();
        let names: Vec<_> = own.iter().map(|v| (v.dataset.as_str(), v.scale, v.usage, v.index)).collect();
        assert_eq!(
            names,
            [
                ("pos_sales", 900, Some(17), Some(80.0)),
                ("stores", 12, Some(3), Some(40.0)),
                ("empty", 0, Some(0), None),
            ]
        );
        assert_eq!((own[0].consistency, own[0].timeliness), (None, Some(0.5)));
        assert_eq!((own[1].completeness, own[1].timeliness), (Some(1.0), None));
    }

    #[test]
    fn the_reference_project_has_the_columns() {
        let open = reference_project();
        let table = open.project.table(TABLE).unwrap();
        assert!(COLUMNS.iter().all(|column| table.column(column).is_some()));
    }
}
