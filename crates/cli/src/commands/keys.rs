//! `lakewarden keys`.

use crate::commands::random;
use crate::failure::Failure;
use crate::output::Output;
use lakewarden_dictionary::KeyProvider;
use lakewarden_pipeline::{OpenProject, key_path};
use lakewarden_privacy::MasterKey;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Makes a master key and writes or prints it.
pub fn init(root: &Path, file: Option<&Path>, print: bool, output: &Output) -> Result<ExitCode, Failure> {
    let text = new_key()?;
    if print {
        if output.is_json() {
            output.json(&json!({ "key": text.as_str() }));
        } else {
            output.raw(text.as_bytes());
            output.raw(b"\n");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let path = match file {
        Some(path) => key_path(&path.to_string_lossy()).map_err(Failure::Pipeline)?,
        None => declared(root)?,
    };
    write(&path, &text)?;
    output.json(&json!({ "file": path }));
    output.say(format!("wrote a new key to {}", path.display()));
    output.say("Keep a copy where only its owners can reach it: without it, no identifier can be matched again.");
    Ok(ExitCode::SUCCESS)
}

/// A new key, base64.
pub fn new_key() -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(MasterKey::from_bytes(*bytes).to_base64())
}

/// The file that the project declares.
fn declared(root: &Path) -> Result<PathBuf, Failure> {
    let open = OpenProject::open(root).map_err(|_| Failure::Usage {
        message: "no --file, and no project here that declares one".to_owned(),
        hint: "lakewarden keys init --file ~/.config/lakewarden/master.key".to_owned(),
    })?;
    match open.project.settings.key.as_ref().map(|k| &k.provider) {
        Some(KeyProvider::File(path)) => key_path(path).map_err(Failure::Pipeline),
        _ => Err(Failure::Usage {
            message: "lakewarden.yaml declares no key file".to_owned(),
            hint: "lakewarden keys init --print, and put what it prints where the project's key comes from".to_owned(),
        }),
    }
}

/// Makes the folder of a key, which only its owner may enter. A folder that exists stays as it is.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    if folder.as_os_str().is_empty() { Ok(()) } else { builder.create(folder) }
}

/// Writes a key to a file that only its owner may read, and that is not there yet.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(Failure::file("make", folder))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Usage {
            message: format!("{} is there already; a key is never overwritten", path.display()),
            hint: "use it as it is, or make another: lakewarden keys init --file FILE".to_owned(),
        },
        _ => Failure::file("write", path)(e),
    })?;
    writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(Failure::file("write", path))
}
