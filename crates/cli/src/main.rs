//! The `lakewarden` command: arguments, progress, rendering, exit codes.
//!
//! Exit codes: 0 done, 1 refused or a check failed, 2 could not run, 75 another run has the lake (try later),
//! 130 and 143 stopped by SIGINT and SIGTERM. People read stderr, programs stdout.

mod args;
mod commands;
mod demands;
mod failure;
mod interrupt;
#[cfg(test)]
mod named_in_texts;
mod output;
mod panic;
mod problems;
mod progress;
mod removals;
mod report;
mod report_place;
mod stored;
mod who;

use args::Format;
use clap::Parser;
use output::Output;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    panic::install();
    let args = args::Args::parse();
    let output = Output::new(args.format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => {
            output.say("error[LW9001]: the system gives no threads to work with");
            return ExitCode::from(2);
        }
    };
    interrupt::listen(&runtime);
    let carried_out = AssertUnwindSafe(|| runtime.block_on(commands::carry_out(&args, &output)));
    let code = match catch_unwind(carried_out) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            failure.show(&output);
            failure.exit_code()
        }
        // The hook of `panic` has said where.
        Err(_) => {
            panic::report(&output);
            ExitCode::from(2)
        }
    };
    match output.lost() {
        Some(failure) => {
            failure.show(&Output::new(Format::Text));
            failure.exit_code()
        }
        None => code,
    }
}
