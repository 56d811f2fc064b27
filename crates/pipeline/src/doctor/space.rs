//! Whether there is room for what a run puts aside when memory is full.

use lakewarden_lake::{Finding, Severity};
use std::path::Path;

/// Bytes in memory, and so in spill files, for one in a Parquet file.
const EXPANDS: u64 = 4;
/// What any run may need.
const LEAST: u64 = 256 << 20;

/// Compares the free bytes of the disk for temporary files with what sorting the lake's tables may take.
pub(super) fn examine(lake_bytes: u64, free: &(dyn Fn(&Path) -> Option<u64> + Sync)) -> Option<Finding> {
    let folder = std::env::temp_dir();
    let free = free(&folder)?;
    let needed = lake_bytes.saturating_mul(EXPANDS).max(LEAST);
    (free < needed).then(|| Finding {
        code: "LW6045",
        severity: Severity::Warning,
        what: format!(
            "{} MiB are free for temporary files, and a run over all tables may put {} MiB there",
            free >> 20,
            needed >> 20
        ),
        at: folder.display().to_string(),
        mend: "free some space there, or name a larger disk: export TMPDIR=DIR".to_owned(),
        fixable: false,
    })
}
