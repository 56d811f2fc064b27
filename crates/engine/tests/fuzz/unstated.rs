//! DataFusion over tables without the withheld rows that say nothing of themselves: neither how many rows they
//! have nor what the least and the greatest are. So are the governed ones, and plans come out alike.

use crate::shop::tables;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::{SessionConfig, SessionContext};
use lakewarden_engine::{logical_rules, physical_rules};
use std::sync::Arc;

#[derive(Debug)]
struct Rows(RecordBatch);

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        self.0.schema_ref()
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = futures::stream::iter([Ok(self.0.clone())]);
        Box::pin(RecordBatchStreamAdapter::new(self.0.schema(), rows))
    }
}

/// A session over them.
pub fn unstated() -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(3).with_batch_size(16);
    let mended = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features()
        .with_optimizer_rules(logical_rules())
        .with_physical_optimizer_rules(physical_rules());
    let context = SessionContext::new_with_state(mended.build());
    let catalog = context.catalog("datafusion").unwrap();
    catalog.register_schema("crm", Arc::new(MemorySchemaProvider::new())).unwrap();
    for table in tables() {
        let rows = table.visible();
        let provider = StreamingTable::try_new(rows.schema(), vec![Arc::new(Rows(rows))]).unwrap();
        let (schema, name) = table.name.split_once('.').unwrap_or(("public", table.name));
        catalog.schema(schema).unwrap().register_table(name.to_owned(), Arc::new(provider)).unwrap();
    }
    context
}
