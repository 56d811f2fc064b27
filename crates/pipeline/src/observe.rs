//! How a run tells of its progress while it goes on.

use crate::error::PipelineError;
use crate::record::{RunRecord, Step, StepKind};
use crate::run::StopSwitch;

/// Hears of steps. Several may go on at a time; of their progress it hears from their own threads.
pub trait Observer: Send + Sync {
    /// A step begins; `total` is its size in bytes of input, where known.
    fn started(&self, _kind: StepKind, _name: &str, _total: Option<u64>) {}

    /// How far a step is: bytes of input done, rows so far.
    fn progressed(&self, _name: &str, _bytes: u64, _rows: u64) {}

    /// A step has ended well. Heard in the order in which steps began.
    fn finished(&self, _step: &Step) {}

    /// The run has failed after it began; the record says why. Nothing was published.
    fn failed(&self, _record: &RunRecord) {}

    /// What stops the run from outside; nothing if absent.
    fn stop_switch(&self) -> Option<&StopSwitch> {
        None
    }

    /// Something went wrong beside what the run reports as its error.
    fn warned(&self, _error: &PipelineError) {}
}

/// Hears nothing.
pub struct Silent;

impl Observer for Silent {}
