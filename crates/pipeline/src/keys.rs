//! Where the master key comes from.

use crate::error::PipelineError;
use lakewarden_dictionary::{KeyProvider, KeySource, Settings};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Fetches the key that the project declares.
///
/// # Errors
/// [`PipelineError::Key`], which says where was looked and what would mend it.
pub fn key_ring(settings: &Settings) -> Result<KeyRing, PipelineError> {
    let Some(source) = &settings.key else {
        return Err(missing("lakewarden.yaml has no `key`", "add `key: { file: ~/.config/lakewarden/master.key }`"));
    };
    let text = fetch(source)?;
    let master = MasterKey::from_base64(text.trim())
        .map_err(|_| missing(&format!("{} holds no key (32 bytes in base64)", place(source)), &making(source)))?;
    Ok(KeyRing::new(master, source.version))
}

/// Where a key file is, `~` being the home folder.
///
/// # Errors
/// [`PipelineError::Key`] if there is no home folder.
pub fn key_path(declared: &str) -> Result<PathBuf, PipelineError> {
    match declared.strip_prefix("~/") {
        None => Ok(PathBuf::from(declared)),
        Some(rest) => std::env::home_dir()
            .map(|home| home.join(rest))
            .ok_or_else(|| missing("there is no home folder", "name the key file by its full path")),
    }
}

fn fetch(source: &KeySource) -> Result<Zeroizing<String>, PipelineError> {
    match &source.provider {
        KeyProvider::Environment(name) => std::env::var(name)
            .map(Zeroizing::new)
            .map_err(|_| missing(&format!("the environment variable {name} is not set"), &making(source))),
        KeyProvider::File(declared) => {
            let path = key_path(declared)?;
            only_owner(&path)?;
            std::fs::read_to_string(&path)
                .map(Zeroizing::new)
                .map_err(|e| missing(&format!("{} cannot be read ({})", path.display(), e.kind()), &making(source)))
        }
        KeyProvider::Command(argv) => {
            let failed = || missing(&format!("the command {:?} gave no key", argv.first()), "run it by hand and see");
            let [program, arguments @ ..] = argv.as_slice() else { return Err(failed()) };
            let output = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|_| failed())?;
            let bytes = Zeroizing::new(output.stdout);
            if !output.status.success() {
                return Err(failed());
            }
            std::str::from_utf8(&bytes).map(|t| Zeroizing::new(t.to_owned())).map_err(|_| failed())
        }
    }
}

/// Refuses a key file that others may read.
#[cfg(unix)]
fn only_owner(path: &Path) -> Result<(), PipelineError> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => Err(missing(
            &format!("{} may be read by others (mode {:03o})", path.display(), meta.permissions().mode() & 0o777),
            &format!("chmod 600 {}", path.display()),
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn only_owner(_: &Path) -> Result<(), PipelineError> {
    Ok(())
}

fn place(source: &KeySource) -> String {
    match &source.provider {
        KeyProvider::Environment(name) => format!("the environment variable {name}"),
        KeyProvider::File(path) => path.clone(),
        KeyProvider::Command(argv) => format!("the output of {:?}", argv.first().map_or("", String::as_str)),
    }
}

fn making(source: &KeySource) -> String {
    match &source.provider {
        KeyProvider::File(path) => format!("lakewarden keys init --file {path}"),
        KeyProvider::Environment(name) => format!("export {name}=\"$(lakewarden keys init --print)\""),
        KeyProvider::Command(_) => "make the command print 32 bytes in base64".to_owned(),
    }
}

fn missing(why: &str, hint: &str) -> PipelineError {
    PipelineError::Key { why: why.to_owned(), hint: hint.to_owned() }
}
