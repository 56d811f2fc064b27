//! What a panic says: one line that names no value, for the text of a panic may quote a cell.

use crate::output::Output;
use serde_json::json;
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

/// Tells programs of a panic that reached the command; people have read the line of [`install`].
pub fn report(output: &Output) {
    output.json(&json!({
        "error": { "code": CODE, "message": "internal error", "hint": null, "at": null }
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
    std::thread::current().name().is_none() && info.location().is_some_and(|l| reads_files(l.file()))
}

/// Whether a source file is of a library that `extract` reads malformed files with.
fn reads_files(source: &str) -> bool {
    let source = source.replace('\\', "/");
    ["/parquet-", "/arrow-", "/bytes-"].iter().any(|library| source.contains(library))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_readers_of_files_are_told_apart() {
        assert!(reads_files("/home/me/.cargo/registry/src/index/parquet-59.3.0/src/file/reader.rs"));
        assert!(reads_files(r"C:\\cargo\\registry\\arrow-buffer-59.3.0\\src\\lib.rs"));
        assert!(!reads_files("crates/extract/src/read/parquet.rs"));
        assert_eq!(file_name(r"crates\\cli\\src\\main.rs"), "main.rs");
    }

    #[test]
    fn a_panic_s_own_text_is_not_said() {
        let said = std::sync::Mutex::new(String::new());
        let before = std::panic::take_hook();
        let said: &'static std::sync::Mutex<String> = Box::leak(Box::new(said));
        std::panic::set_hook(Box::new(|info| {
            if let Ok(mut said) = said.lock() {
                *said = line(info);
            }
        }));
        let caught = std::thread::spawn(|| panic!("ada@example.com")).join();
        std::panic::set_hook(before);
        assert!(caught.is_err());
        let said = said.lock().map(|s| s.clone()).unwrap_or_default();
        assert!(said.starts_with("error[LW9004]: internal error (panic.rs:"), "{said}");
        assert!(!said.contains("ada"), "{said}");
    }
}
