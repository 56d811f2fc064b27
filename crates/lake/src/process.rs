//! The process that took a lease, so that another process of the same machine can tell that it has died.
//!
//! Only Linux says enough for that: the boot, the namespace of process ids, and when a process was started. Elsewhere
//! a lease ends by its time alone.

use serde::{Deserialize, Serialize};
use std::fs;

/// A process, told apart from every other of the same boot, also from one with its id reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaseProcess {
    host: String,
    /// The boot of the machine.
    boot: String,
    /// The namespace that `pid` is a number of: containers of one machine have several.
    namespace: String,
    pid: u32,
    /// When it was started, in clock ticks since the boot.
    started: u64,
}

impl LeaseProcess {
    /// Describes this process. `None` where the system does not say enough.
    pub(crate) fn current() -> Option<Self> {
        let pid = std::process::id();
        let (_, started) = status_of(pid)?;
        Some(Self {
            host: read("/proc/sys/kernel/hostname")?,
            boot: read("/proc/sys/kernel/random/boot_id")?,
            namespace: fs::read_link("/proc/self/ns/pid").ok()?.to_string_lossy().into_owned(),
            pid,
            started,
        })
    }

    /// Whether the process has certainly died: it was of this host, boot and namespace, and no longer runs.
    pub(crate) fn has_died(&self) -> bool {
        let Some(own) = Self::current() else { return false };
        if (&own.host, &own.boot, &own.namespace) != (&self.host, &self.boot, &self.namespace) {
            return false;
        }
        // A zombie does nothing any more: only its parent has not asked how it ended.
        !status_of(self.pid).is_some_and(|(state, started)| started == self.started && !matches!(state, 'Z' | 'X'))
    }
}

/// The state of a process and when it was started; `None` if there is no such process.
fn status_of(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may contain spaces and parentheses itself.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // Of what follows the name, the state is the first and the start the twentieth.
    Some((state, fields.nth(18)?.parse().ok()?))
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::process::Command;

    #[test]
    fn only_a_process_of_this_boot_is_known_to_have_died() {
        let own = LeaseProcess::current().unwrap();
        assert!(!own.has_died());
        assert!(LeaseProcess { started: own.started + 1, ..own.clone() }.has_died(), "its id was used again");
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let (_, started) = status_of(child.id()).unwrap();
        let process = LeaseProcess { pid: child.id(), started, ..own };
        assert!(!process.has_died());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.has_died());
        for other in [
            LeaseProcess { host: "elsewhere".to_owned(), ..process.clone() },
            LeaseProcess { boot: "earlier".to_owned(), ..process.clone() },
            LeaseProcess { namespace: "pid:[1]".to_owned(), ..process.clone() },
        ] {
            assert!(!other.has_died(), "{other:?}");
        }
    }
}
