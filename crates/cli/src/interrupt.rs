//! Signals: SIGINT (Ctrl-C) and SIGTERM stop the command, with a message, and a run with a record of it.

use crate::commands::run::Reporting;
use lakewarden_pipeline::StopSwitch;
use std::sync::Mutex;

/// Exit code 128 + 2.
#[cfg(unix)]
const INTERRUPTED: i32 = 130;
/// Exit code 128 + 15.
#[cfg(unix)]
const TERMINATED: i32 = 143;

/// Stops the run of this process.
pub static SWITCH: StopSwitch = StopSwitch::new();

/// How the report of the run of this process is written if a signal stops it.
pub static REPORTING: Mutex<Option<Reporting>> = Mutex::new(None);

/// Listens for signals from now on. The first one stops the command in good order, the second one at once.
#[cfg(unix)]
pub fn listen(runtime: &tokio::runtime::Runtime) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        crate::output::tell("warning[LW9001]: signals cannot be caught; a run that is killed is not recorded");
        return;
    };
    let handle = runtime.handle().clone();
    std::thread::spawn(move || {
        let mut stopping = false;
        for signal in signals.forever() {
            let (name, code) = if signal == SIGINT { ("SIGINT", INTERRUPTED) } else { ("SIGTERM", TERMINATED) };
            if stopping {
                std::process::exit(code);
            }
            stopping = true;
            let handle = handle.clone();
            std::thread::spawn(move || {
                handle.block_on(stop(name));
                std::process::exit(code);
            });
        }
    });
}

/// Signals are the system's own business elsewhere.
#[cfg(not(unix))]
pub fn listen(_: &tokio::runtime::Runtime) {}

#[cfg(unix)]
async fn stop(signal: &'static str) {
    use crate::output::tell;
    tell(&format!("{signal}: stopping; once more stops at once"));
    match SWITCH.stop(signal, crate::commands::now()).await {
        Ok(Some(stopped)) => {
            tell(&format!(
                "error[LW7040]: {signal} stopped the run; nothing was published, and the lake is free again"
            ));
            tell(&format!(" hint: lakewarden run; the audit log has the interruption of run {}", stopped.record.run));
            let reporting = REPORTING.lock().ok().and_then(|mut reporting| reporting.take());
            if let Some(reporting) = reporting {
                match reporting.interrupted(stopped.record.clone()).await {
                    Ok(report) => tell(&format!("report: {}", report.display())),
                    Err(unwritten) => tell(&format!("warning[{}]: {unwritten}", unwritten.code())),
                }
            }
            // The process ends before the run could publish.
            std::mem::forget(stopped);
        }
        Ok(None) => tell(&format!("stopped by {signal}")),
        Err(error) => {
            tell(&format!(
                "warning[{}]: {signal} stopped the run, and that could not be recorded: {error}",
                error.code()
            ));
        }
    }
}
