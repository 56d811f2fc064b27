//! Where the address of a database is found, and what of it may be shown.

use super::error::Fault;
use lakewarden_dictionary::DatabaseAddress;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::Url;
use zeroize::Zeroizing;

/// Kinds of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Postgres,
    /// MariaDB as well.
    Mysql,
}

/// An address. It has no `Display`, for it may hold a password; [`Address::shown`] may be shown.
pub(super) struct Address {
    pub kind: Kind,
    url: Zeroizing<String>,
    /// `postgres://host:5432/shop`.
    pub shown: String,
    /// Whether every host is this machine.
    pub local: bool,
    /// Whether TLS is demanded by the address itself.
    pub demands_tls: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Address {
    /// Fetches the address.
    pub(super) fn fetch(declared: &DatabaseAddress) -> Result<Self, Fault> {
        let text = match declared {
            DatabaseAddress::Url(url) => Zeroizing::new(url.clone()),
            DatabaseAddress::Environment(name) => std::env::var(name).map(Zeroizing::new).map_err(|_| {
                unusable(
                    format!("the environment variable {name} is not set"),
                    format!("export {name}=postgres://user:password@host/database"),
                )
            })?,
            DatabaseAddress::File(declared) => {
                let path = beyond_home(declared)?;
                only_owner(&path)?;
                std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|e| {
                    unusable(
                        format!("{} cannot be read ({})", path.display(), e.kind()),
                        format!("write the address into {} and: chmod 600 {}", path.display(), path.display()),
                    )
                })?
            }
        };
        Self::parse(text.trim())
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let hint = "write postgres://user:password@host:5432/database, or mysql://…; escape special characters with %";
        let wrong = |why: &str| unusable(why.to_owned(), hint.to_owned());
        let mut url = Url::parse(text).map_err(|_| wrong("it is no URL"))?;
        let kind = match url.scheme() {
            "postgres" | "postgresql" => Kind::Postgres,
            "mysql" | "mariadb" => Kind::Mysql,
            _ => return Err(wrong("it is neither postgres:// nor mysql://")),
        };
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut demands_tls = false;
        for (name, value) in pairs.iter().filter(|(name, _)| is_ssl_mode(name)) {
            match value.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
                "disable" | "allow" | "prefer" | "disabled" | "preferred" => {}
                // Whatever is demanded, all is verified.
                "require" | "required" | "verifyca" | "verifyfull" | "verifyidentity" => demands_tls = true,
                _ => return Err(wrong(&format!("its `{name}` is not one that is known"))),
            }
        }
        let kept: Vec<_> = pairs.iter().filter(|(name, _)| !is_ssl_mode(name)).collect();
        if kept.is_empty() {
            url.set_query(None);
        } else {
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
        // Parameters may name other hosts than the authority does.
        let socket = |value: &str| value.starts_with('/') || value.starts_with('@');
        let mut hosts: Vec<String> = url.host_str().filter(|h| !h.is_empty()).map(str::to_owned).into_iter().collect();
        hosts
            .extend(pairs.iter().filter(|(n, _)| n == "host" || n == "hostaddr" || n == "socket").map(|p| p.1.clone()));
        if hosts.is_empty() {
            return Err(wrong("it names no host"));
        }
        let local = hosts.iter().flat_map(|h| h.split(',')).all(|h| socket(h) || is_loopback(h));
        let scheme = if kind == Kind::Postgres { "postgres" } else { "mysql" };
        let host = hosts.iter().find(|h| !socket(h)).map_or("localhost", String::as_str);
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let shown = format!("{scheme}://{host}{port}{}", url.path().trim_end_matches('/'));
        let text = if kind == Kind::Mysql { url.as_str().replacen(url.scheme(), "mysql", 1) } else { url.to_string() };
        Ok(Self { kind, url: Zeroizing::new(text), shown, local, demands_tls })
    }

    /// The address with its password, for the driver.
    pub(super) fn secret(&self) -> &str {
        &self.url
    }
}

fn is_ssl_mode(name: &str) -> bool {
    ["sslmode", "ssl-mode", "ssl_mode"].contains(&name)
}

/// Whether a host is this machine, by what it is called; names are not looked up.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn unusable(why: String, hint: String) -> Fault {
    Fault::Address { why, hint }
}

/// A path, `~` being the home folder.
pub(super) fn beyond_home(declared: &str) -> Result<PathBuf, Fault> {
    match declared.strip_prefix("~/") {
        None => Ok(PathBuf::from(declared)),
        Some(rest) => std::env::home_dir()
            .map(|home| home.join(rest))
            .ok_or_else(|| unusable("there is no home folder".into(), "name the file by its full path".into())),
    }
}

/// Refuses a file that others may read.
#[cfg(unix)]
fn only_owner(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => Err(unusable(
            format!("{} may be read by others (mode {:03o})", path.display(), meta.permissions().mode() & 0o777),
            format!("chmod 600 {}", path.display()),
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn only_owner(_: &Path) -> Result<(), Fault> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let address = Address::parse("postgres://shop:hunter2@db.example.com:5433/shop?sslmode=require").unwrap();
        assert_eq!(address.shown, "postgres://db.example.com:5433/shop");
        assert!(!format!("{address:?}").contains("hunter2"));
        assert!(address.secret().contains("hunter2") && !address.secret().contains("sslmode"));
        assert!(address.demands_tls && !address.local && address.kind == Kind::Postgres);
        let wrong = Address::parse("shop:hunter2@db").unwrap_err();
        assert!(!format!("{wrong:?}").contains("hunter2"));
        let address = Address::parse("mariadb://a:b@127.0.0.1/shop").unwrap();
        assert_eq!(
            (address.secret(), address.shown.as_str()),
            ("mysql://a:b@127.0.0.1/shop", "mysql://127.0.0.1/shop")
        );
    }

    #[test]
    fn only_this_machine_is_local() {
        for (text, local) in [
            ("postgres://a@localhost/b", true),
            ("postgres://a@127.8.0.1/b", true),
            ("postgres://a@[::1]:5432/b", true),
            ("postgres:///b?host=/run/postgresql", true),
            ("postgres://a@localhost/b?hostaddr=192.0.2.1", false),
            ("postgres://a@localhost/b?host=db.example.com", false),
            ("postgres://a@localhost.example.com/b", false),
            ("mysql://a@192.0.2.1/b", false),
        ] {
            assert_eq!(Address::parse(text).unwrap().local, local, "{text}");
        }
        for text in ["postgres:///b", "oracle://h/b", "postgres://h/b?sslmode=none", ""] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.url");
        std::fs::write(&path, "postgres://a:b@localhost/c\n").unwrap();
        let declared = DatabaseAddress::File(path.display().to_string());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Address::fetch(&declared), Err(Fault::Address { why, .. }) if why.contains("mode 644")));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Address::fetch(&declared).unwrap().shown, "postgres://localhost/c");
        let missing = DatabaseAddress::Environment("LAKEWARDEN_NO_SUCH_VARIABLE".into());
        assert!(matches!(Address::fetch(&missing), Err(Fault::Address { hint, .. }) if hint.starts_with("export ")));
    }
}
