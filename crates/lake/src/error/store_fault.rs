//! What kind of trouble an object store reports, and what helps.

use std::fmt;

/// What kind of trouble the object store reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The object is not there.
    NotFound,
    /// The bucket is not there.
    NoBucket,
    /// There was an object at a place that had to be empty.
    AlreadyExists,
    /// Credentials are known, and not allowed to do this.
    Denied,
    /// Credentials are missing or wrong.
    Unauthenticated,
    /// The store cannot do what was asked (for example conditional puts).
    NotSupported,
    /// The disk or the quota is full.
    Full,
    /// No answer, a broken connection or an answer that says "later".
    Unreachable,
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::NoBucket => "the bucket does not exist",
            Self::AlreadyExists => "something is already there",
            Self::Denied => "permission denied",
            Self::Unauthenticated => "the store did not accept the credentials",
            Self::NotSupported => "the store does not support this operation",
            Self::Full => "no space left",
            Self::Unreachable => "the store does not answer",
        })
    }
}

impl StoreFault {
    /// What helps; `None` where it depends on what was being done.
    pub(super) fn hint(self) -> Option<&'static str> {
        match self {
            Self::NoBucket => Some("create the bucket, or correct its name in the lake's address"),
            Self::Denied => Some("the lake needs permission to list, read, write and delete below its address"),
            Self::Unauthenticated => {
                Some("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN where used)")
            }
            Self::NotSupported => Some("the lake needs a store with conditional puts (If-None-Match)"),
            Self::Unreachable => {
                Some("check the network and, for S3, AWS_ENDPOINT_URL, AWS_REGION and the credentials")
            }
            Self::Full => Some("free some space"),
            Self::NotFound | Self::AlreadyExists => None,
        }
    }
}
