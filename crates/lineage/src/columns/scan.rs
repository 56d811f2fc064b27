//! Scans: of tables, and of what a recursive query has found so far.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::logical_plan::{RecursiveQuery, TableScan};

use super::model::IndirectKind;
use super::plan::{Walker, add_by_position, renamed};
use super::scope::{Relation, Scope};
use super::sources::{Influence, Sources};
use super::way::SourceColumn;
use crate::LineageError;

impl Walker<'_> {
    pub(super) fn table_scan(&mut self, scan: &TableScan) -> Result<Relation, LineageError> {
        let fields = scan.source.schema();
        let fields = fields.fields();
        let Some(query) = work_table(scan) else {
            self.relations.insert(scan.table_name.clone());
            let leaf = |name| Sources::column(SourceColumn::new(scan.table_name.clone(), name));
            let columns = fields.iter().map(|field| leaf(field.name())).collect();
            return self.scan_of(scan, columns, Influence::default());
        };
        match self.work_tables.get(&query).cloned() {
            Some(held) => self.scan_of(scan, held.scope.columns, held.influence),
            None => {
                let what = format!("working table `{query}` outside its recursive query");
                let unknown = Sources::unknown(what, &Sources::default());
                let columns = vec![unknown; fields.len()].into();
                self.scan_of(scan, columns, Influence::default())
            }
        }
    }

    /// The part of a relation with these columns that the scan puts out.
    fn scan_of(
        &mut self,
        scan: &TableScan,
        columns: Arc<[Sources]>,
        mut influence: Influence,
    ) -> Result<Relation, LineageError> {
        let projected = match &scan.projection {
            None => columns.to_vec(),
            Some(indices) => indices.iter().filter_map(|&index| columns.get(index).cloned()).collect(),
        };
        if !scan.filters.is_empty() {
            // Filters that were pushed into the scan may use columns that it does not put out.
            let schema = scan.source.schema();
            let schema = DFSchema::try_from_qualified_schema(scan.table_name.clone(), &schema)
                .map_err(|_| LineageError::DuplicateColumns { relation: scan.table_name.clone() })?;
            let whole = Scope { schema: Arc::new(schema), columns };
            let filters = self.all(&scan.filters, "TableScan", &[&whole])?;
            influence.merge(filters.deciding(IndirectKind::Filter));
        }
        Relation::new("TableScan", &scan.projected_schema, projected, influence)
    }

    /// Goes round until nothing new comes: sources are only ever added, so it ends.
    pub(super) fn recursive_query(&mut self, node: &RecursiveQuery) -> Result<Relation, LineageError> {
        const OPERATOR: &str = "RecursiveQuery";
        let start = self.relation(&node.static_term)?;
        let mut now = renamed(OPERATOR, &node.schema, start)?;
        let outside = self.work_tables.remove(&node.name);
        loop {
            self.work_tables.insert(node.name.clone(), now.clone());
            let step = self.relation(&node.recursive_term)?;
            let mut columns = now.scope.columns.to_vec();
            add_by_position(OPERATOR, &mut columns, &step)?;
            let mut influence = now.influence.clone();
            influence.merge(step.influence);
            let next = Relation::new(OPERATOR, &node.schema, columns, influence)?;
            if next.scope.columns == now.scope.columns && next.influence == now.influence {
                break;
            }
            now = next;
        }
        self.work_tables.remove(&node.name);
        self.work_tables.extend(outside.map(|outside| (node.name.clone(), outside)));
        if node.is_distinct {
            let row = now.row();
            now.influence.merge(row.deciding(IndirectKind::GroupBy));
        }
        Ok(now)
    }
}

/// The recursive query whose rows so far this scan reads, where it is not a scan of a table.
fn work_table(scan: &TableScan) -> Option<String> {
    let provider = source_as_provider(&scan.source).ok()?;
    let table = provider.downcast_ref::<CteWorkTable>()?;
    Some(table.name().to_owned())
}
