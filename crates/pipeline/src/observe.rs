//! How a run tells of its progress while it goes on.

use crate::record::{Step, StepKind};

/// Hears of steps. Called from the run's thread.
pub trait Observer: Send + Sync {
    /// A step begins; `total` is its size in bytes of input, where known.
    fn started(&self, _kind: StepKind, _name: &str, _total: Option<u64>) {}

    /// How far the step is: bytes of input done, rows so far.
    fn progressed(&self, _bytes: u64, _rows: u64) {}

    /// A step has ended well.
    fn finished(&self, _step: &Step) {}
}

/// Hears nothing.
pub struct Silent;

impl Observer for Silent {}
