//! Reduces the errors of object_store, deltalake and parquet to ours.

use std::error::Error as StdError;

use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;

use crate::error::{LakeError, StoreFault};

/// Longest text of the store that is passed on, in characters.
const DETAIL_CHARS: usize = 300;

/// Says what an object store error is about.
pub(crate) fn classify(error: &object_store::Error) -> StoreFault {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => {
            if error.to_string().contains("NoSuchBucket") {
                StoreFault::NoBucket
            } else {
                StoreFault::NotFound
            }
        }
        E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => StoreFault::AlreadyExists,
        E::PermissionDenied { .. } => StoreFault::Denied,
        E::Unauthenticated { .. } => StoreFault::Unauthenticated,
        E::NotSupported { .. } | E::NotImplemented { .. } => StoreFault::NotSupported,
        _ => match io_kind(error) {
            Some(std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem) => StoreFault::Denied,
            Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => StoreFault::Full,
            _ if error.to_string().contains("NoSuchBucket") => StoreFault::NoBucket,
            // Where no credentials are set, the last place to ask is the machine's own address.
            _ if error.to_string().contains("169.254.169.254") => StoreFault::Unauthenticated,
            _ => StoreFault::Unreachable,
        },
    }
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<std::io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

/// Makes an object store error ours; `path` is relative to the lake's root.
pub(crate) fn store_error(doing: &'static str, path: impl ToString, error: &object_store::Error) -> LakeError {
    LakeError::Store { doing, path: path.to_string(), fault: classify(error), detail: one_line(&error.to_string()) }
}

pub(crate) fn one_line(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(DETAIL_CHARS) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Finds the object store's error below another one.
fn store_cause<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e object_store::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<object_store::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Makes an error of a Parquet reader ours. Its text is dropped: it may quote a cell.
pub(crate) fn parquet_error(path: &str, error: &ParquetError) -> LakeError {
    match store_cause(error) {
        Some(cause) => store_error("reading", path, cause),
        None => LakeError::UnreadableFile { path: path.to_owned() },
    }
}

/// Makes an error of deltalake ours, where the store did not fail. Its text is not passed on.
pub(crate) fn delta_error(table: &str, doing: &'static str, error: &DeltaTableError) -> LakeError {
    if let Some(cause) = store_cause(error) {
        return store_error(doing, table, cause);
    }
    let text = error.to_string();
    let unsupported = ["nsupported", "not supported", "nknown feature"];
    if unsupported.iter().any(|sign| text.contains(sign)) {
        return LakeError::UnsupportedTable {
            table: table.to_owned(),
            feature: "a feature that this version of Delta does not read".to_owned(),
        };
    }
    LakeError::DamagedTable { table: table.to_owned(), what: format!("{doing} it failed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bucket_is_not_a_missing_object() {
        let missing = |text: &str| object_store::Error::NotFound { path: "x".into(), source: text.to_owned().into() };
        assert_eq!(classify(&missing("<Code>NoSuchBucket</Code>")), StoreFault::NoBucket);
        assert_eq!(classify(&missing("<Code>NoSuchKey</Code>")), StoreFault::NotFound);
    }

    #[test]
    fn io_errors_are_told_apart() {
        let generic = |kind: std::io::ErrorKind| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: Box::new(std::io::Error::from(kind)),
        };
        use std::io::ErrorKind;
        assert_eq!(classify(&generic(ErrorKind::PermissionDenied)), StoreFault::Denied);
        assert_eq!(classify(&generic(ErrorKind::StorageFull)), StoreFault::Full);
        assert_eq!(classify(&generic(ErrorKind::TimedOut)), StoreFault::Unreachable);
    }

    #[test]
    fn missing_credentials_are_not_a_missing_network() {
        let asked = "Error performing PUT http://169.254.169.254/latest/api/token";
        let error = object_store::Error::Generic { store: "S3", source: asked.into() };
        assert_eq!(classify(&error), StoreFault::Unauthenticated);
    }

    #[test]
    fn details_are_one_short_line() {
        let line = one_line(&format!("a\n  b {}", "x".repeat(1000)));
        assert!(line.starts_with("a b x"));
        assert_eq!(line.chars().count(), DETAIL_CHARS + 1);
    }
}
