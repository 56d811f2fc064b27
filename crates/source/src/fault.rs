//! What can go wrong with a storage, told apart so that each has its own way out.

use crate::stores::Kind;
use object_store::Error as E;
use std::io::ErrorKind;
use thiserror::Error;

/// What a storage does not do. Neither its own words nor an address's secrets are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StoreFault {
    /// No credentials are set.
    #[error("no credentials are set for {}", .0.name())]
    NoCredentials(Kind),
    /// They are set, and not taken.
    #[error("{} does not accept the credentials", .0.name())]
    BadCredentials(Kind),
    /// Who asks may not.
    #[error("{} denies access", .0.name())]
    Denied(Kind),
    /// There is no such bucket or container.
    #[error("the bucket does not exist")]
    NoBucket(Kind),
    /// There is no such file, or it is gone since it was listed.
    #[error("the file does not exist, or is gone since it was listed")]
    NotFound,
    /// No answer, or none but errors, after all attempts.
    #[error("{} does not answer, or answers with errors, after {attempts} attempts", .kind.name())]
    Unavailable {
        /// Whose storage.
        kind: Kind,
        /// How often it was asked.
        attempts: usize,
    },
    /// Its bytes are other ones than at the beginning.
    #[error("the file changed while it was read")]
    Changed,
    /// A cut file could not be told from a whole one.
    #[error("the server does not say how long the file is, so a cut one could not be told from a whole one")]
    NoLength,
    /// It cannot go on where it broke off, and nothing tells whether the file is still the same.
    #[error("the transfer broke off, and the server can neither go on from there nor say whether the file is the same")]
    NotResumable,
    /// Another host would have to be asked.
    #[error("the server redirects to another host")]
    Redirected,
    /// Names that no path of ours can be.
    #[error("it holds a name with control characters, `..` or an empty part")]
    OddName,
    /// The settings make no client.
    #[error("the settings of {} cannot be used", .0.name())]
    Settings(Kind),
}

impl StoreFault {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Settings(_) | Self::OddName => "LW7001",
            Self::NoCredentials(_) | Self::BadCredentials(_) => "LW7002",
            Self::Denied(_) => "LW7003",
            Self::NoBucket(_) => "LW7004",
            Self::NotFound => "LW7005",
            Self::Unavailable { .. } => "LW7006",
            Self::Changed | Self::NoLength | Self::NotResumable => "LW7007",
            Self::Redirected => "LW7008",
        }
    }

    /// What would mend it; names of variables, never what they hold.
    pub fn hint(self) -> String {
        match self {
            Self::NoCredentials(kind) => format!("set {}", kind.credentials()),
            Self::BadCredentials(kind) => {
                format!("look whether they are right and not expired: {}", kind.credentials())
            }
            Self::Denied(Kind::Web) => "ask for an address that may be read, such as one with a signature".to_owned(),
            Self::Denied(kind) => format!("let whom {} names list and read the folder", kind.credentials()),
            Self::NoBucket(kind) => format!("mend the bucket's name in pipeline.yaml, or {}", kind.whereabouts()),
            Self::NotFound => {
                "mend the address in pipeline.yaml, or let exports stay until they are loaded: lakewarden run"
                    .to_owned()
            }
            Self::Unavailable { kind, .. } => {
                format!("look whether it can be reached from here ({}), then: lakewarden run", kind.place())
            }
            Self::Changed => {
                "let exports be written under another name and renamed when they are whole, or declare `complete_when`"
                    .to_owned()
            }
            Self::NoLength | Self::NotResumable => {
                "let the server send Content-Length and ETag, or fetch the file into a folder".to_owned()
            }
            Self::Redirected => {
                "write the address that it redirects to in pipeline.yaml, if the exports lie there".to_owned()
            }
            Self::OddName => "rename it, or name a folder without it in pipeline.yaml".to_owned(),
            Self::Settings(kind) => format!("mend {}", kind.settings()),
        }
    }

    /// The word of `std::io` that comes nearest, for readers that know no other.
    pub(crate) fn io_kind(self) -> ErrorKind {
        match self {
            Self::NoCredentials(_) | Self::BadCredentials(_) | Self::Denied(_) => ErrorKind::PermissionDenied,
            Self::NoBucket(_) | Self::NotFound => ErrorKind::NotFound,
            Self::Unavailable { .. } => ErrorKind::TimedOut,
            Self::Redirected => ErrorKind::HostUnreachable,
            _ => ErrorKind::InvalidData,
        }
    }
}

/// Says what an error of a store is about. Its text is looked at and not passed on.
pub(crate) fn classify(error: &E, kind: Kind) -> StoreFault {
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // Where no credentials are set, the last place to ask is the machine's own address.
    if says(&["169.254.169.254", "metadata.google.internal", "MissingCredentials", "Missing credentials"]) {
        return StoreFault::NoCredentials(kind);
    }
    let refused = [
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        // Azure's sentence: of codes it has several for this.
        "Server failed to authenticate the request",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "NotSignedUp",
    ];
    match error {
        E::Unauthenticated { .. } => StoreFault::BadCredentials(kind),
        E::PermissionDenied { .. } if says(&refused) => StoreFault::BadCredentials(kind),
        E::PermissionDenied { .. } => StoreFault::Denied(kind),
        E::Precondition { .. } | E::NotModified { .. } => StoreFault::Changed,
        E::InvalidPath { .. } => StoreFault::OddName,
        _ if says(&["NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"]) => {
            StoreFault::NoBucket(kind)
        }
        E::NotFound { .. } => StoreFault::NotFound,
        _ if says(&refused) => StoreFault::BadCredentials(kind),
        // Of listings the client does not say it in its own words.
        _ if says(&["status code: 401"]) => StoreFault::BadCredentials(kind),
        _ if says(&["status code: 403"]) => StoreFault::Denied(kind),
        _ if says(&["status code: 404"]) => StoreFault::NotFound,
        _ if says(&["status code: 412"]) => StoreFault::Changed,
        _ if says(&["Content-Length Header missing"]) => StoreFault::NoLength,
        // The range that is asked for is of the file as it was listed.
        _ if says(&["416 Range Not Satisfiable"]) => StoreFault::Changed,
        _ if kind == Kind::Web && leaves_its_host(error) => StoreFault::Redirected,
        _ => StoreFault::Unavailable { kind, attempts: 1 },
    }
}

/// Whether a request went to the address that no request arrives at: see `stores::web`.
fn leaves_its_host(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if matches!(kind, Some(ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable)) {
            return true;
        }
        // An https server that redirects to http.
        if error.to_string().contains("error following redirect") {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn generic(text: &str) -> E {
        E::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn each_fault_is_its_own() {
        let of = |error: E| classify(&error, Kind::S3);
        let missing = |text: &str| E::NotFound { path: "x".into(), source: text.to_owned().into() };
        let denied = |text: &str| E::PermissionDenied { path: "x".into(), source: text.to_owned().into() };
        assert_eq!(of(missing("<Code>NoSuchBucket</Code>")), StoreFault::NoBucket(Kind::S3));
        assert_eq!(of(missing("<Code>NoSuchKey</Code>")), StoreFault::NotFound);
        assert_eq!(of(denied("<Code>AccessDenied</Code>")), StoreFault::Denied(Kind::S3));
        assert_eq!(of(denied("<Code>InvalidAccessKeyId</Code>")), StoreFault::BadCredentials(Kind::S3));
        let asked = "Error performing PUT http://169.254.169.254/latest/api/token";
        assert_eq!(of(generic(asked)), StoreFault::NoCredentials(Kind::S3));
        assert_eq!(of(generic("503 Slow Down")), StoreFault::Unavailable { kind: Kind::S3, attempts: 1 });
        let azure = E::NotFound { path: "x".into(), source: "<Code>ContainerNotFound</Code>".into() };
        assert_eq!(classify(&azure, Kind::Azure), StoreFault::NoBucket(Kind::Azure));
        let azure =
            denied("<Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request. Make sure");
        assert_eq!(classify(&azure, Kind::Azure), StoreFault::BadCredentials(Kind::Azure));
    }

    #[test]
    fn no_message_says_what_the_store_said() {
        let secret = "key AKIA-SECRET https://example.com/?sig=abc";
        for error in [generic(secret), E::PermissionDenied { path: "x".into(), source: secret.into() }] {
            for kind in [Kind::S3, Kind::Google, Kind::Azure, Kind::Web] {
                let fault = classify(&error, kind);
                assert!(!format!("{fault} {}", fault.hint()).contains("AKIA-SECRET"));
                assert!(fault.code().starts_with("LW70") && !fault.hint().is_empty());
            }
        }
    }

    #[test]
    fn the_way_out_is_that_of_the_store() {
        assert!(StoreFault::NoCredentials(Kind::S3).hint().contains("AWS_ACCESS_KEY_ID"));
        assert!(StoreFault::NoCredentials(Kind::Google).hint().contains("GOOGLE_APPLICATION_CREDENTIALS"));
        assert!(StoreFault::NoCredentials(Kind::Azure).hint().contains("AZURE_STORAGE_ACCOUNT_NAME"));
        assert!(StoreFault::NoBucket(Kind::S3).hint().contains("AWS_REGION"));
        assert!(StoreFault::NoBucket(Kind::Google).hint().contains("GOOGLE_BASE_URL"));
        assert!(StoreFault::NoBucket(Kind::Azure).hint().contains("AZURE_STORAGE_ACCOUNT_NAME"));
    }
}
