//! What the machine has.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The least that queries are given.
const LEAST: u64 = 1 << 30;

/// Half of the machine's memory, or of what its container may use, in bytes; at least 1 GiB.
pub(crate) fn half_of_memory() -> u64 {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let total = system.total_memory();
    let allowed = system.cgroup_limits().map_or(total, |limits| limits.total_memory.min(total));
    (allowed / 2).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory() {
        let half = half_of_memory();
        assert!((LEAST..1 << 50).contains(&half), "{half}");
    }
}
