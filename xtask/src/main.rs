//! Maintainers' chores: `cargo run -p xtask -- generate [--check]`, `… -- bench`, `… -- fuzz`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of this repository, not of its users"
)]

mod bench;
mod error;
mod fuzz;
mod generate;

use clap::{Parser, Subcommand};
use error::ChoreError;
use std::path::PathBuf;
use std::process::ExitCode;

/// Maintainers' chores.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Write the files that are made from code: JSON Schemas, the dictionary's reference, diagnostics' pages
    Generate {
        /// Write nothing; fail if a file is not what it would be
        #[arg(long)]
        check: bool,
    },
    /// Measure the retail pipeline: rows a second by step, peak memory
    Bench {
        /// People in the sample; 210000 make about five million rows
        #[arg(long, default_value_t = 210_000)]
        customers: u32,
        /// Where to write; kept, so that the sample is made once
        #[arg(long, default_value = "target/bench")]
        dir: PathBuf,
        /// A Python with duckdb, to run the peer's script over the same exports
        #[arg(long, value_name = "PYTHON")]
        peer: Option<PathBuf>,
        /// Runs of each
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// Hold random SQL against the policy's gate: no canary, and the rows of tables without what is withheld
    Fuzz {
        /// How many queries
        #[arg(long, default_value_t = 10_000)]
        queries: u64,
        /// The same seed writes the same queries
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The number of the first query, to go on where a run ended
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
}

fn main() -> ExitCode {
    let result = match Args::parse().chore {
        Chore::Generate { check } => generate::generate(check),
        Chore::Fuzz { queries, seed, from } => fuzz::fuzz(queries, seed, from),
        Chore::Bench { customers, dir, peer, runs } => bench::bench(customers, &dir, peer.as_deref(), runs),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, ChoreError::Stale(_)) { 1 } else { 2 })
        }
    }
}
