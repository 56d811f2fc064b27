//! A folder, a home and the command in them; what it says, without what differs from run to run.

use insta::Settings;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder of its own, with a home folder of its own, so that no key of this machine is seen or written.
pub struct Place {
    temporary: TempDir,
    /// Where commands are run.
    pub dir: PathBuf,
}

/// What a command did.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    /// An empty folder.
    pub fn empty() -> Self {
        let temporary = TempDir::new().unwrap();
        let dir = temporary.path().join("work");
        fs::create_dir(&dir).unwrap();
        Self { temporary, dir }
    }

    /// A folder with the project that `init` writes.
    pub fn project() -> Self {
        let mut place = Self::empty();
        place.good(&["init", "shop"]);
        place.dir.push("shop");
        place
    }

    /// The same with a key.
    pub fn keyed() -> Self {
        let place = Self::project();
        place.good(&["keys", "init"]);
        place
    }

    /// The same with its first run done.
    pub fn published() -> Self {
        let place = Self::keyed();
        place.good(&["run", "--as-of", AS_OF]);
        place
    }

    /// The command, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakewarden"));
        for name in ["LAKEWARDEN_PROJECT", "LAKEWARDEN_BACKTRACE", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.current_dir(&self.dir).env("HOME", self.temporary.path().join("home")).args(arguments);
        command
    }

    /// Runs it.
    pub fn say(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        Said {
            code: status.code().unwrap(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Runs it; it must succeed.
    pub fn good(&self, arguments: &[&str]) -> Said {
        let said = self.say(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.stderr);
        said
    }

    /// Runs it; it must end with this code. Gives all it said, for a snapshot.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.say(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.stdout, said.stderr);
        format!(
            "$ lakewarden {}\n-- exit {code}\n-- stdout\n{}-- stderr\n{}",
            arguments.join(" "),
            said.stdout,
            said.stderr
        )
    }

    /// Runs it with `--format json`; stdout must be one JSON value.
    pub fn json(&self, code: i32, arguments: &[&str]) -> serde_json::Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let said = self.say(&all);
        assert_eq!(said.code, code, "{arguments:?}: {}", said.stderr);
        serde_json::from_str(&said.stdout).unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Writes a part of a file otherwise; the part must be there.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} holds no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    /// The key file as `lakewarden.yaml` writes it.
    pub fn declared_key(&self) -> String {
        let settings = self.read("lakewarden.yaml");
        settings.split("{ file: ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
    }

    /// The key file that the first project names.
    pub fn key(&self) -> PathBuf {
        self.temporary.path().join("home").join(self.declared_key().strip_prefix("~/").unwrap())
    }

    /// Every file of the lake's tables with its bytes: what a failing run must leave as it was.
    pub fn tables(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for zone in ["conformed", "quarantine", "identity", "curated"] {
            files(&self.path("lake").join(zone), &mut found);
        }
        found.sort();
        found
    }
}

/// Every file below a folder with its bytes; none if there is no such folder.
pub fn files(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
}

/// The instant of the runs that are not about instants.
pub const AS_OF: &str = "2026-10-01";

/// Takes out times, ids, folders and all else that differs from run to run.
pub fn settings(place: &Place) -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let temporary = place.temporary.path();
    let real = temporary.canonicalize().unwrap();
    for path in [real.as_path(), temporary] {
        settings.add_filter(&format!("(?:file://)?{}", path.display().to_string().replace('.', "\\.")), "[TEMP]");
    }
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[ID]");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[SHA-256]");
    settings.add_filter(r"\b([kc])1_[A-Za-z0-9_-]{22}", "${1}1_[22 characters......]");
    settings.add_filter(r"\bkey [0-9a-f]{8}, lake [0-9a-f]{8}", "key [KEY], lake [LAKE]");
    settings.add_filter(r" *\b\d+\.\d+ s\b", " [TIME]");
    settings.add_filter("as of 2026-10-01 00:00:00 CEST", "as of [AS OF]");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T", "[NOW]");
    // The time before each line of a log.
    settings.add_filter(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "");
    settings.add_filter(r"-[0-9a-f]{6}\.key", "-[HEX].key");
    settings
}

/// Compares what was said with the snapshot of this name.
pub fn expect(place: &Place, name: &str, said: impl AsRef<str>) {
    settings(place).bind(|| insta::assert_snapshot!(name, said.as_ref()));
}
