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

/// The key that the project declares, if it can be had without running a program: for commands that only look.
pub fn key_at_hand(settings: &Settings) -> Option<KeyRing> {
    let source = settings.key.as_ref()?;
    match &source.provider {
        // What is wrong with it, a run says.
        KeyProvider::Environment(_) | KeyProvider::File(_) => key_ring(settings).ok(),
        KeyProvider::Command(_) => None,
    }
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
            safe_folder(&path)?;
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
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => Err(missing(
            &format!("{} may be read by others (mode {:03o})", path.display(), meta.permissions().mode() & 0o777),
            &format!("chmod 600 {}", path.display()),
        )),
        Ok(meta) if !is_trusted(meta.uid()) => Err(missing(
            &format!("{} belongs to another user (uid {})", path.display(), meta.uid()),
            &format!("chown it to the user who runs Lakewarden: {}", path.display()),
        )),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Refuses a key file whose folder others may write to: they could put another key there.
#[cfg(unix)]
fn safe_folder(path: &Path) -> Result<(), PipelineError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    /// Only owners may rename or delete in such a folder.
    const STICKY: u32 = 0o1000;
    // Both the folder that a link is in and the one that it leads to.
    let real = std::fs::canonicalize(path).ok();
    for folder in [Some(path), real.as_deref()].into_iter().flatten().filter_map(Path::parent) {
        let Ok(meta) = std::fs::metadata(folder) else { continue };
        let mode = meta.permissions().mode();
        if mode & 0o022 != 0 && mode & STICKY == 0 {
            return Err(missing(
                &format!("others may write to {}, the key file's folder (mode {:03o})", folder.display(), mode & 0o777),
                &format!("chmod go-w {}", folder.display()),
            ));
        }
        if !is_trusted(meta.uid()) && mode & STICKY == 0 {
            return Err(missing(
                &format!("{}, the key file's folder, belongs to another user (uid {})", folder.display(), meta.uid()),
                "keep the key in a folder of the user who runs Lakewarden",
            ));
        }
    }
    Ok(())
}

/// Whether files of this user may decide about the key: the process's own user and root.
#[cfg(unix)]
fn is_trusted(owner: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Where the system does not say who runs this process, the mode of the file is all that can be checked.
    owner == 0 || std::fs::metadata("/proc/self").map_or(true, |process| process.uid() == owner)
}

#[cfg(not(unix))]
fn safe_folder(_: &Path) -> Result<(), PipelineError> {
    Ok(())
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
