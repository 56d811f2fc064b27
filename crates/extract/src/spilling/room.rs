//! Memory that is shared by all sets of keys of a run.

use lakewarden_privacy::Blinding;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries that are held in memory whatever the room, where there is any.
const LEAST: usize = 1 << 16;

/// Memory that hashes of keys may take together, whoever holds them. What has no room goes into temporary files.
#[derive(Clone)]
pub struct KeyRoom(Arc<Room>);

struct Room {
    most: u64,
    taken: AtomicU64,
    /// `None` where nothing has to be put aside.
    blinding: Option<Blinding>,
}

impl KeyRoom {
    /// Room for so many bytes; what is needed to work at all is taken beyond it: a few MiB for each set of keys. What is
    /// put aside is hidden by `blinding`: of a dataset without a key it is hashes of records as they came.
    pub fn of(bytes: u64, blinding: Blinding) -> Self {
        Self(Arc::new(Room { most: bytes, taken: AtomicU64::new(0), blinding: Some(blinding) }))
    }

    /// Bytes that are taken.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Bytes that there are.
    pub(super) fn most(&self) -> u64 {
        self.0.most
    }

    /// What hides hashes that leave memory.
    pub(super) fn blinding(&self) -> Option<&Blinding> {
        self.0.blinding.as_ref()
    }

    /// Entries of one holder that stay in memory whatever is taken.
    pub(super) fn least(&self) -> usize {
        usize::try_from(self.0.most / 64).map_or(LEAST, |entries| entries.clamp(1, LEAST))
    }

    pub(super) fn try_take(&self, bytes: u64) -> bool {
        let more = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= self.0.most);
        self.0.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(super) fn take(&self, bytes: u64) {
        self.0.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give(&self, bytes: u64) {
        self.0.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Default for KeyRoom {
    /// As much as there is: nothing is put aside.
    fn default() -> Self {
        Self(Arc::new(Room { most: u64::MAX, taken: AtomicU64::new(0), blinding: None }))
    }
}

impl fmt::Debug for KeyRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRoom").field("most", &self.0.most).field("taken", &self.taken()).finish()
    }
}
