//! Python, where the benchmarks and the oracle live.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// What `script` (below `tests/`) prints for `input`.
pub(crate) fn said<T: DeserializeOwned>(script: &str, input: &str) -> T {
    let python = std::env::var("LAKEWARDEN_PYTHON").expect("LAKEWARDEN_PYTHON is a Python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed");
    writing.join().unwrap().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
