//! Random SQL against the policy's gate, as many queries as one likes.

use crate::error::ChoreError;
use crate::generate::root;
use std::process::Command;

/// Runs the engine's `fuzz` test over these queries; it prints its figures as it goes, and every finding.
pub fn fuzz(queries: u64, seed: u64, from: u64) -> Result<(), ChoreError> {
    let mut test = Command::new(env!("CARGO"));
    test.current_dir(root()).args(["test", "--workspace", "--test", "fuzz", "--", "--ignored", "--nocapture"]);
    // What cargo tells this program of itself would make build scripts that look at it, and all above them, stale.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_TARGET_DIR") {
        test.env_remove(name);
    }
    test.env("LAKEWARDEN_FUZZ_QUERIES", queries.to_string());
    test.env("LAKEWARDEN_FUZZ_SEED", seed.to_string());
    test.env("LAKEWARDEN_FUZZ_FROM", from.to_string());
    let program = || ChoreError::Program("cargo test --test fuzz".to_owned());
    let status = test.status().map_err(|_| program())?;
    if status.success() { Ok(()) } else { Err(program()) }
}
