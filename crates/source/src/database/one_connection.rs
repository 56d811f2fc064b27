//! Why a database that was to be read by several connections was read by one.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why one connection read everything although more were declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneConnection {
    /// The server cannot share a snapshot among connections.
    NoSharedSnapshot,
    /// Tables of this storage engine have no snapshots.
    EngineWithoutSnapshots {
        /// The engine's name.
        engine: String,
    },
    /// The user lacks the right to lock tables while the connections begin.
    LockNotPermitted,
    /// Other sessions kept the lock for longer than the timeout.
    LockTimedOut,
}

impl fmt::Display for OneConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSharedSnapshot => write!(f, "the server cannot share a snapshot")?,
            Self::EngineWithoutSnapshots { engine } => write!(f, "the storage engine {engine} has no snapshots")?,
            Self::LockNotPermitted => write!(f, "the user may not lock tables for a moment")?,
            Self::LockTimedOut => write!(f, "the lock that a shared snapshot needs was not available in time")?,
        }
        write!(f, ": it was read by one connection")
    }
}
