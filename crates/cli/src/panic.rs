//! What a panic says: one line that names no value, for the text of a panic may quote a cell.

use std::panic::PanicHookInfo;

/// Set to anything, it brings back the text and the backtrace of a panic.
const BACKTRACE: &str = "LAKEWARDEN_BACKTRACE";
const CODE: &str = "LW9004";

/// Puts one line in the place of a panic's own text, unless `LAKEWARDEN_BACKTRACE` is set.
pub fn install() {
    if std::env::var_os(BACKTRACE).is_some_and(|v| !v.is_empty()) {
        return;
    }
    std::panic::set_hook(Box::new(|info| {
        if !is_caught(info) {
            crate::output::tell(&line(info));
        }
    }));
}

/// Where it happened may be said; what it was about may not.
fn line(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|l| format!(" ({}:{})", file_name(l.file()), l.line())).unwrap_or_default();
    format!("error[{CODE}]: internal error{place}; please report it. {BACKTRACE}=1 says more, and may quote data")
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether `extract` makes an error of it: its reading threads, the only ones without a name, catch the panics
/// of the libraries that read malformed files. One that they do not catch comes up again in the thread that waits.
fn is_caught(info: &PanicHookInfo<'_>) -> bool {
    let reads = |file: &str| ["/parquet-", "/arrow-", "/bytes-"].iter().any(|library| file.contains(library));
    std::thread::current().name().is_none() && info.location().is_some_and(|l| reads(&l.file().replace('\\', "/")))
}
