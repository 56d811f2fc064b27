//! The curated tables that a run's lake shows, and questions to them under the policy.

use super::answer::Answer;
use lakewarden_dictionary::{Pipeline, Table};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_pipeline::{Asker, OpenProject, PipelineError};

/// What a run may be asked about.
pub(super) struct Published<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) open: &'a OpenProject,
    pub(super) pipeline: &'a Pipeline,
    pub(super) lake: &'a Lake,
    /// Answers about them.
    pub(super) asker: Asker<'a>,
}

impl<'a> Published<'a> {
    /// The table's contract, if the pipeline builds it, it promises these columns, and the lake shows it as
    /// this run left it: a later run's rows are not shown under this run's name.
    ///
    /// # Errors
    /// Those of the lake.
    pub(super) async fn offers(&self, name: &str, columns: &[&str]) -> Result<Option<&'a Table>, PipelineError> {
        if !self.pipeline.models.iter().any(|m| m.name == name) {
            return Ok(None);
        }
        let Some(table) = self.open.project.table(name) else {
            return Ok(None);
        };
        if !columns.iter().all(|c| table.column(c).is_some()) {
            return Ok(None);
        }
        let Some(shown) = self.lake.table(Zone::Curated, name).await? else {
            return Ok(None);
        };
        let complete = columns.iter().all(|c| shown.schema.field_with_name(c).is_ok());
        let own = self.record.publication.iter().find(|p| p.table == name && p.zone == Zone::Curated.folder());
        let current = match self.record.outcome {
            Outcome::Published => own.is_some_and(|own| own.version == shown.version),
            Outcome::Unchanged => true,
            Outcome::Failed | Outcome::Interrupted => false,
        };
        Ok((complete && current).then_some(table))
    }

    /// Asks for the purpose of `table`, as of the run's instant.
    ///
    /// # Errors
    /// Those of [`Asker::ask`].
    pub(super) async fn ask(&self, table: &Table, sql: &str) -> Result<Answer, PipelineError> {
        Answer::collect(&table.name.value, self.asker.ask(sql, &table.purpose.value).await?).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::of_run;
    use super::super::testing::{publish, record, reference_project};
    use arrow::array::{Date32Array, Decimal128Array, Int64Array, StringArray};
    use serde_json::json;
    use std::sync::Arc;

    /// The lake at `folder` gets a table `channel_monthly`: two months of one channel, 1,000.00 each.
    async fn publish_months(folder: &str, round: u32) -> i64 {
        let open = reference_project();
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(Date32Array::from(vec![20_454, 20_485])),
            Arc::new(StringArray::from(vec!["store", "store"])),
            Arc::new(Int64Array::from(vec![30, 31])),
            Arc::new(Int64Array::from(vec![60, 61])),
            Arc::new(Int64Array::from(vec![20, 21])),
            Arc::new(Decimal128Array::from(vec![100_000, 100_000]).with_precision_and_scale(18, 2).unwrap()),
            Arc::new(Decimal128Array::from(vec![0, 0]).with_precision_and_scale(18, 2).unwrap()),
        ];
        publish(&open, folder, "channel_monthly", columns, round).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_published_table_is_asked_and_a_later_version_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let open = reference_project();
        let first = publish_months(path, 1).await;
        let table = |version: i64| {
            json!({ "publication": [{ "zone": "curated", "table": "channel_monthly",
                "version": version, "rows": 2, "files": 1, "bytes": 1_000 }] })
        };
        let own = record(table(first));
        let picture = of_run(&own, &open, Some(path), None).await.unwrap().customers.unwrap();
        let amounts: Vec<f64> = picture.revenue_by_month.iter().map(|r| r.amount).collect();
        assert_eq!(amounts, [1_000.0, 1_000.0]);
        assert_eq!(picture.currency.as_deref(), Some("CNY"));
        assert_eq!(picture.channels[0].label.zh, "门店");
        assert_eq!((picture.buyers, picture.rfm.len()), (None, 0), "no table tells");

        let second = publish_months(path, 2).await;
        assert!(second > first);
        assert_eq!(of_run(&own, &open, Some(path), None).await.unwrap().customers, None);
        let later = of_run(&record(table(second)), &open, Some(path), None).await.unwrap();
        assert!(later.customers.is_some());
    }
}
