//! Lines of one order: values that only its first line has, and lines that lack them.

mod cells;
mod fill;
mod watch;

pub(crate) use cells::Cells;
pub(crate) use watch::{Order, Watch};

use super::{RawBatch, RawData, RecordFault, Rejected};
use fill::Fill;
use lakewarden_dictionary::Dataset;
use std::collections::VecDeque;

/// So many batches wait at most for the line of an order that names the person.
const WAITING: usize = 4;

/// Goes over the batches of a dataset's files, in their order, before they are converted.
pub(crate) struct OrderLines {
    fills: Vec<Fill>,
    watch: Option<Watch>,
    order: Order,
    /// Batches with rows of which is not known yet what becomes of them, each with the number of its first row.
    waiting: VecDeque<(u64, RawBatch)>,
    rows: u64,
}

impl OrderLines {
    /// For the files of a dataset.
    pub(crate) fn of(dataset: &Dataset) -> Self {
        let (fills, watch) = (Fill::of(dataset), Watch::of(dataset));
        Self { fills, watch, order: Order::default(), waiting: VecDeque::new(), rows: 0 }
    }

    /// Takes a batch in; gives those that may be converted. `None` if Arrow cannot put columns together, which would be a
    /// bug.
    pub(crate) fn take(&mut self, mut batch: RawBatch) -> Option<Vec<RawBatch>> {
        let json = matches!(batch.data, RawData::Json { .. });
        if batch.len == 0 || json || (self.fills.is_empty() && self.watch.is_none()) {
            return Some(self.flush().into_iter().chain([batch]).collect());
        }
        let rejected: Vec<usize> = batch.rejected.iter().map(|rejected| rejected.place).collect();
        let skipped = |row: usize| rejected.binary_search(&row).is_ok();
        let mut lost = Vec::new();
        for fill in &mut self.fills {
            fill.fill(&mut batch.data, batch.len, skipped, &mut lost)?;
        }
        lost.sort_unstable();
        lost.dedup();
        let mut found = Vec::new();
        if let Some(watch) = &self.watch {
            let skipped = |row: usize| skipped(row) || lost.binary_search(&row).is_ok();
            let cells = (Cells::of(&batch.data, &watch.key)?, Cells::of(&batch.data, &watch.names)?);
            self.order.read(watch, &cells, batch.len, self.rows, skipped, &mut found);
        }
        reject(&mut batch, lost.into_iter());
        let first = self.rows;
        self.rows += batch.len as u64;
        self.waiting.push_back((first, batch));
        if self.order.waits() && self.waiting.len() >= WAITING {
            self.order.decide(&mut found);
        }
        self.mark(&found);
        Some(if self.order.waits() { Vec::new() } else { self.waiting.drain(..).map(|(_, batch)| batch).collect() })
    }

    /// Ends a file: gives the batches that still waited.
    pub(crate) fn finish(&mut self) -> Vec<RawBatch> {
        self.fills.iter_mut().for_each(Fill::begin);
        self.flush()
    }

    fn flush(&mut self) -> Vec<RawBatch> {
        let mut found = Vec::new();
        self.order.close(&mut found);
        self.mark(&found);
        self.waiting.drain(..).map(|(_, batch)| batch).collect()
    }

    fn mark(&mut self, found: &[u64]) {
        for (first, batch) in &mut self.waiting {
            let own = found.iter().filter(|row| (*first..*first + batch.len as u64).contains(*row));
            let rows: Vec<usize> = own.map(|row| (row - *first) as usize).collect();
            reject(batch, rows.into_iter());
        }
    }
}

/// Rejects rows, each for the first reason found.
fn reject(batch: &mut RawBatch, rows: impl Iterator<Item = usize>) {
    let before = batch.rejected.len();
    batch.rejected.extend(rows.map(|row| Rejected::at(row, RecordFault::NamesNoOne)));
    if batch.rejected.len() > before {
        batch.rejected.sort_by_key(|rejected| rejected.place);
        batch.rejected.dedup_by_key(|rejected| rejected.place);
    }
}
