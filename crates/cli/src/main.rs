//! The `lakewarden` command: arguments, progress, rendering, exit codes.
//!
//! Exit codes: 0 done, 1 refused or a check failed, 2 could not run. People read stderr, programs stdout.

mod args;
mod commands;
mod demands;
mod failure;
mod output;
mod panic;
mod problems;
mod progress;
mod report;
mod who;

use args::Format;
use clap::Parser;
use output::Output;
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
    let code = match runtime.block_on(commands::carry_out(&args, &output)) {
        Ok(code) => code,
        Err(failure) => {
            failure.show(&output);
            failure.exit_code()
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
