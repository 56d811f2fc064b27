//! Who uses this command, as the system says it: for the audit log.

/// The user's name and number, as far as the system tells them. The number is the process's own; the name is the one
/// that the system's list of users gives it, and only where there is none what the environment claims.
#[cfg(unix)]
pub fn who() -> String {
    use std::os::unix::fs::MetadataExt;
    let number = std::fs::metadata("/proc/self").ok().map(|own| own.uid());
    let listed = number.and_then(|number| {
        let users = std::fs::read_to_string("/etc/passwd").ok()?;
        name_of(&users, number)
    });
    match (listed.or_else(claimed), number) {
        (Some(name), Some(number)) => format!("{name} (uid {number})"),
        (Some(name), None) => name,
        (None, Some(number)) => format!("uid {number}"),
        (None, None) => "unknown".to_owned(),
    }
}

/// The user's name, as the environment claims it.
#[cfg(not(unix))]
pub fn who() -> String {
    claimed().unwrap_or_else(|| "unknown".to_owned())
}

fn claimed() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
}

#[cfg(unix)]
fn name_of(users: &str, number: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, own) = (parts.next()?, parts.nth(1)?);
        (own.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1001:1001::/home/ann:/bin/sh\n";
        assert_eq!(name_of(users, 1001).as_deref(), Some("ann"));
        assert_eq!(name_of(users, 7), None);
        assert!(!who().is_empty());
    }
}
