//! From a lake's address to its object store.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, ObjectStoreScheme, RetryConfig};
use url::Url;

use crate::error::{LakeError, StoreFault};
use crate::fault::one_line;

/// How long a connection may take to open.
const CONNECT: &str = "3s";
/// How long one request may take, a data file's upload included.
const REQUEST: &str = "60s";
/// How long a request is tried again, counted from its first attempt.
const RETRY: Duration = Duration::from_secs(8);

/// A lake's address taken apart.
pub(crate) struct Location {
    /// The address with a slash at its end.
    pub(crate) url: Url,
    /// The endpoint of a bucket, where one is set.
    pub(crate) endpoint: Option<String>,
    /// Where the lake begins below the root of `store`.
    pub(crate) prefix: Path,
    /// The store at the root of the file system, bucket or memory.
    pub(crate) root: Arc<dyn ObjectStore>,
}

/// Splits an address into its normal form and the path below the store's root.
///
/// # Errors
/// `LW5001`.
pub(crate) fn split(url: &Url) -> Result<(Url, ObjectStoreScheme, Path), LakeError> {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    let refused = || LakeError::UnsupportedUrl { url: printable(&url) };
    // A secret in an address would end in messages and records: credentials come from the environment.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused());
    }
    let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| refused())?;
    Ok((url.clone(), scheme, prefix))
}

/// Opens the store of an address. Creates the folder of a `file://` lake.
///
/// # Errors
/// `LW5001`, `LW5003`, `LW5004`.
pub(crate) fn open(url: &Url) -> Result<Location, LakeError> {
    let (url, scheme, prefix) = split(url)?;
    let mut endpoint = None;
    let root: Arc<dyn ObjectStore> = match (scheme, url.scheme()) {
        (ObjectStoreScheme::Local, _) => {
            create_folder(&url)?;
            Arc::new(LocalFileSystem::new())
        }
        (ObjectStoreScheme::Memory, _) => Arc::new(InMemory::new()),
        (ObjectStoreScheme::AmazonS3, "s3" | "s3a") => {
            endpoint = s3_endpoint();
            Arc::new(s3(&url, endpoint.clone())?)
        }
        _ => {
            return Err(LakeError::UnsupportedUrl { url: printable(&url) });
        }
    };
    let endpoint = endpoint.and_then(|endpoint| Some(printable(&Url::parse(&endpoint).ok()?)));
    Ok(Location { url, endpoint, prefix, root })
}

fn create_folder(url: &Url) -> Result<(), LakeError> {
    let folder = url.to_file_path().map_err(|()| LakeError::UnsupportedUrl { url: printable(url) })?;
    std::fs::create_dir_all(&folder).map_err(|error| LakeError::Store {
        doing: "creating the lake's folder",
        path: folder.display().to_string(),
        fault: match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreFault::Full,
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => StoreFault::AlreadyExists,
            _ => StoreFault::Denied,
        },
        detail: error.kind().to_string(),
    })
}

fn s3_endpoint() -> Option<String> {
    ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn s3(url: &Url, endpoint: Option<String>) -> Result<impl ObjectStore + use<>, LakeError> {
    s3_at(url, endpoint).build().map_err(|error| LakeError::StoreSettings { detail: one_line(&error.to_string()) })
}

fn s3_at(url: &Url, endpoint: Option<String>) -> AmazonS3Builder {
    let plain = endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut builder = AmazonS3Builder::from_env()
        .with_url(url.as_str())
        .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT)
        .with_config(client(ClientConfigKey::Timeout), REQUEST)
        // A variable must not switch off the verification of certificates.
        .with_config(client(ClientConfigKey::AllowInvalidCertificates), "false")
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(1),
                base: 2.0,
            },
            max_retries: 3,
            retry_timeout: RETRY,
        });
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if plain {
        builder = builder.with_allow_http(true);
    }
    builder
}

fn client(key: ClientConfigKey) -> AmazonS3ConfigKey {
    AmazonS3ConfigKey::Client(key)
}

/// An address without anything that might be a secret.
fn printable(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a user name, which then have none.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let (url, _, prefix) = split(&Url::parse("s3://bucket/a/b?x=1").unwrap()).unwrap();
        assert_eq!(url.as_str(), "s3://bucket/a/b/");
        assert_eq!(prefix.as_ref(), "a/b");
        let (_, _, prefix) = split(&Url::parse("file:///tmp/%E6%B9%96").unwrap()).unwrap();
        assert_eq!(prefix.as_ref(), "tmp/湖");
    }

    #[test]
    fn other_schemes_are_refused_without_their_secrets() {
        for bad in [
            "s3://user:secret@bucket/lake",
            "ftp://user:secret@example.com/lake",
            "https://user:secret@example.com/lake",
        ] {
            let error = open(&Url::parse(bad).unwrap()).err().unwrap();
            assert_eq!(error.code(), "LW5001");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused() {
        let error = open(&Url::parse("file:///dev/null/lake").unwrap()).err().unwrap();
        assert_eq!(error.code(), "LW5003");
        assert!(!error.is_retryable());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_endpoint_that_is_not_there_is_given_up_soon() {
        let url = Url::parse("s3://bucket/lake").unwrap();
        let store = s3_at(&url, Some("http://127.0.0.1:1".to_owned()))
            .with_access_key_id("nobody")
            .with_secret_access_key("nothing")
            .build()
            .unwrap();
        let lake = crate::Lake::with_store(&url, Arc::new(store)).unwrap();
        let checked = tokio::time::timeout(Duration::from_secs(12), lake.check_access()).await;
        let error = checked.expect("within seconds").unwrap_err();
        assert_eq!(error.code(), "LW5003");
        assert!(error.is_retryable());
        assert!(error.hint().unwrap().contains("AWS_ENDPOINT_URL"));
    }
}
