//! Stopping a run from outside: on a signal, another thread records the interruption and releases the lease.
//!
//! The thread of the run may be deep in a file or a query then, so it is not asked. What it has staged is not
//! published and stays behind as after a kill; `lakewarden doctor --fix` removes it.

use crate::error::PipelineError;
use crate::record::{Failure, Outcome, RunRecord};
use chrono::{DateTime, Utc};
use lakewarden_lake::Lake;
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

/// Stable code of an interruption.
const CODE: &str = "LW7040";

/// Stops the run that it was given to, if one is under way.
#[derive(Debug, Default)]
pub struct StopSwitch {
    active: Mutex<ActiveState>,
    /// Locked while a publication is carried out, and for ever once the run was stopped.
    publishing: Mutex<()>,
}

#[derive(Debug, Default)]
enum ActiveState {
    #[default]
    None,
    Run(Box<ActiveRun>),
    Stopped,
}

#[derive(Debug)]
struct ActiveRun {
    lake: Lake,
    /// The owner of the lease.
    owner: String,
    /// The run as it was when it took the lease.
    record: RunRecord,
}

/// A run that was stopped. As long as this lives, it cannot publish.
#[derive(Debug)]
pub struct Stopped<'a> {
    _publishing: MutexGuard<'a, ()>,
    /// The run as it was recorded.
    pub record: RunRecord,
}

impl StopSwitch {
    /// A switch without a run.
    pub const fn new() -> Self {
        Self { active: Mutex::const_new(ActiveState::None), publishing: Mutex::const_new(()) }
    }

    /// Stops the run under way and records that a signal interrupted it; `None` if none is. A publication that has
    /// begun is waited for: it ends as if there had been no signal.
    ///
    /// # Errors
    /// Those of the lake. The run cannot publish any more all the same.
    pub async fn stop(&self, signal: &str, now: DateTime<Utc>) -> Result<Option<Stopped<'_>>, PipelineError> {
        let publishing = self.publishing.lock().await;
        let ActiveRun { lake, owner, mut record } = {
            let mut state = self.active.lock().await;
            match std::mem::replace(&mut *state, ActiveState::Stopped) {
                ActiveState::Run(run) => *run,
                other @ (ActiveState::None | ActiveState::Stopped) => {
                    *state = other;
                    return Ok(None);
                }
            }
        };
        record.outcome = Outcome::Interrupted;
        record.millis = u64::try_from((now - record.started).num_milliseconds()).unwrap_or(0);
        record.failure = Some(Failure {
            code: CODE.to_owned(),
            message: format!("{signal} stopped the run; nothing was published"),
            hint: Some("lakewarden run".to_owned()),
        });
        let written = serde_json::to_value(&record).map_err(|_| PipelineError::Worker)?;
        let recorded = async {
            lake.audit().append(json!({ "event": "interrupted", "run": written }), now).await?;
            lake.record_run(record.run, &written).await
        };
        let recorded = recorded.await;
        lake.release_lease_of(&owner).await?;
        recorded?;
        Ok(Some(Stopped { _publishing: publishing, record }))
    }

    /// Lets the run be stopped from now on.
    pub(super) async fn arm(&self, lake: &Lake, owner: &str, record: &RunRecord) {
        let run = ActiveRun { lake: lake.clone(), owner: owner.to_owned(), record: record.clone() };
        *self.active.lock().await = ActiveState::Run(Box::new(run));
    }

    /// Lets the run end by itself. Does not return where it was stopped: the process is about to end.
    pub(super) async fn disarm(&self) {
        let mut state = self.active.lock().await;
        match *state {
            ActiveState::Stopped => {
                drop(state);
                std::future::pending::<()>().await;
            }
            ActiveState::None | ActiveState::Run(_) => *state = ActiveState::None,
        }
    }

    /// Keeps the run from being stopped while it publishes. Does not return where it was stopped.
    pub(super) async fn publish(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().await
    }
}
