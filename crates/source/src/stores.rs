//! From an address to the client of its storage, with settings from the environment.

use crate::fault::StoreFault;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::BucketKind;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;
use url::{Position, Url};

/// Whose storage it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Amazon S3 and what speaks its language.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage and Data Lake.
    Azure,
    /// A web server.
    Web,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "the S3 storage",
            Self::Google => "Google Cloud Storage",
            Self::Azure => "Azure storage",
            Self::Web => "the web server",
        }
    }

    pub(crate) fn credentials(self) -> &'static str {
        match self {
            Self::S3 => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one)",
            Self::Google => "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT_KEY",
            Self::Azure => {
                "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID"
            }
            Self::Web => "nothing: write an address that carries its own signature",
        }
    }

    pub(crate) fn settings(self) -> &'static str {
        match self {
            Self::S3 => "the bucket's address or the variables AWS_…",
            Self::Google => "the bucket's address or the variables GOOGLE_…",
            Self::Azure => "the container's address or the variables AZURE_…, AZURE_STORAGE_ACCOUNT_NAME above all",
            Self::Web => "the address",
        }
    }

    /// What besides its name says which bucket is meant.
    pub(crate) fn whereabouts(self) -> &'static str {
        match self {
            Self::S3 => "its region and endpoint (AWS_REGION, AWS_ENDPOINT_URL)",
            Self::Google => "its endpoint (GOOGLE_BASE_URL)",
            Self::Azure => "its account and endpoint (AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ENDPOINT)",
            Self::Web => "its address",
        }
    }

    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::S3 => "AWS_ENDPOINT_URL, AWS_REGION",
            Self::Google => "GOOGLE_BASE_URL",
            Self::Azure => "AZURE_STORAGE_ENDPOINT",
            Self::Web => "the address in pipeline.yaml",
        }
    }
}

impl From<BucketKind> for Kind {
    fn from(kind: BucketKind) -> Self {
        match kind {
            BucketKind::S3 => Self::S3,
            BucketKind::Google => Self::Google,
            BucketKind::Azure => Self::Azure,
        }
    }
}

/// What listing and reading take from the world.
#[derive(Clone)]
pub struct Surroundings {
    /// The variables that name credentials and endpoints.
    pub variables: Vec<(String, String)>,
    /// How long a storage is waited for.
    pub patience: Patience,
    /// The run's clock.
    pub now: DateTime<Utc>,
}

impl Surroundings {
    /// Those of this process; `now` is the run's clock.
    pub fn of_process(now: DateTime<Utc>) -> Self {
        let ours = |name: &str| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|begin| name.starts_with(begin));
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| ours(name) && !value.is_empty())
            .collect();
        Self { variables, patience: Patience::default(), now }
    }
}

/// How long a storage is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts in a row that bring nothing.
    pub attempts: usize,
    /// The pause after the first; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
    /// How long there may be no byte.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first: Duration::from_millis(250),
            most: Duration::from_secs(10),
            silence: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// The pause after so many attempts in vain, counted from 1.
    pub(crate) fn pause(&self, attempt: usize) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }

    fn retry(&self) -> RetryConfig {
        RetryConfig {
            backoff: BackoffConfig { init_backoff: self.first, max_backoff: self.most, base: 2.0 },
            max_retries: self.attempts.saturating_sub(1),
            retry_timeout: self.silence,
        }
    }
}

/// Makes the client of a bucket. Asks nothing of it yet.
///
/// # Errors
/// [`StoreFault::Settings`].
pub(crate) fn bucket(address: &str, kind: Kind, around: &Surroundings) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    let (retry, failed) = (around.patience.retry(), |_| StoreFault::Settings(kind));
    let client = ClientOptions::new().with_timeout(around.patience.silence);
    let own = |begin: &'static str| {
        let own = around.variables.iter().filter(move |(name, _)| name.starts_with(begin));
        // A variable must not switch off the verification of certificates.
        let own = own.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        own.filter(|(name, _)| !name.ends_with("allow_invalid_certificates"))
    };
    let named = |name: &str| around.variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    // An endpoint that is named as http:// is meant so.
    let is_http = |endpoint: &str| endpoint.starts_with("http://");
    Ok(match kind {
        Kind::S3 => {
            let mut builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
            for (name, value) in own("AWS_") {
                if let Ok(key) = name.parse::<AmazonS3ConfigKey>() {
                    builder = builder.with_config(key, value);
                }
            }
            // As for the lake: the endpoint of S3 itself counts most.
            let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].into_iter().find_map(named);
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint);
                if is_http(endpoint) {
                    builder = builder.with_allow_http(true);
                }
            }
            Arc::new(builder.with_url(address).build().map_err(failed)?)
        }
        Kind::Google => {
            let client = match named("GOOGLE_BASE_URL") {
                Some(endpoint) if is_http(endpoint) => client.with_allow_http(true),
                _ => client,
            };
            let mut builder = GoogleCloudStorageBuilder::new().with_client_options(client).with_retry(retry);
            for (name, value) in own("GOOGLE_") {
                if let Ok(key) = name.parse::<GoogleConfigKey>() {
                    builder = builder.with_config(key, value);
                }
            }
            Arc::new(builder.with_url(address).build().map_err(failed)?)
        }
        Kind::Azure => {
            let mut builder = MicrosoftAzureBuilder::new().with_client_options(client).with_retry(retry);
            for (name, value) in own("AZURE_") {
                if let Ok(key) = name.parse::<AzureConfigKey>() {
                    builder = builder.with_config(key, value);
                }
            }
            if let Some(endpoint) = ["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"].into_iter().find_map(named) {
                builder = builder.with_endpoint(endpoint.to_owned());
                if is_http(endpoint) {
                    builder = builder.with_allow_http(true);
                }
            }
            Arc::new(builder.with_url(address).build().map_err(failed)?)
        }
        Kind::Web => return Err(StoreFault::Settings(kind)),
    })
}

/// Where requests to any other host are sent: no connection to the broadcast address can be made.
const NOWHERE: &str = "http://255.255.255.255:9";

/// Makes the client of a web server that asks no other host. `query` goes with every request.
///
/// The client below follows redirects and has no switch for it. So every host but this one, and those whose names end
/// in its name, is behind a proxy that does not exist, and what is asked of it fails before a byte is sent. From https to
/// http it does not go by itself.
///
/// # Errors
/// [`StoreFault::Settings`].
pub(crate) fn web(origin: &str, query: Option<&str>, patience: &Patience) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    let failed = StoreFault::Settings(Kind::Web);
    let mut url = Url::parse(origin).map_err(|_| failed)?;
    let host = url.host_str().ok_or(failed)?.trim_matches(['[', ']']).to_owned();
    url.set_query(query);
    // What is cut is gone on with; a time for the whole file would cut large ones.
    let client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(patience.silence)
        .with_allow_http(url.scheme() == "http")
        .with_proxy_url(NOWHERE)
        .with_proxy_excludes(host);
    let builder = HttpBuilder::new().with_url(&url[..Position::AfterQuery]).with_client_options(client);
    Ok(Arc::new(builder.with_retry(patience.retry()).build().map_err(|_| failed)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::*;

    fn around(variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Surroundings { variables, patience: Patience::default(), now: Utc::now() }
    }

    #[test]
    fn every_scheme_has_its_client() {
        let azure = [("AZURE_STORAGE_ACCOUNT_NAME", "shop"), ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")];
        let google = [("GOOGLE_SKIP_SIGNATURE", "true")];
        for (address, kind, variables) in [
            ("s3://exports", Kind::S3, &[][..]),
            ("gs://exports", Kind::Google, &google[..]),
            ("az://exports", Kind::Azure, &azure[..]),
            ("abfss://exports@shop.dfs.core.windows.net", Kind::Azure, &azure[1..]),
        ] {
            assert!(bucket(address, kind, &around(variables)).is_ok(), "{address}");
        }
    }

    #[test]
    fn settings_that_make_no_client_are_told_by_name() {
        let fault = bucket("az://exports", Kind::Azure, &around(&[])).unwrap_err();
        assert_eq!(fault, StoreFault::Settings(Kind::Azure));
        assert!(fault.hint().contains("AZURE_STORAGE_ACCOUNT_NAME"), "{}", fault.hint());
        let broken = around(&[("GOOGLE_SERVICE_ACCOUNT_KEY", "{not json, secret}")]);
        let fault = bucket("gs://exports", Kind::Google, &broken).unwrap_err();
        assert_eq!(fault, StoreFault::Settings(Kind::Google));
        assert!(!format!("{fault} {}", fault.hint()).contains("secret"));
    }

    #[test]
    fn certificates_are_verified_whatever_a_variable_says() {
        // This one makes no client when it is taken.
        let odd = ("ALLOW_INVALID_CERTIFICATES", "neither");
        for (address, kind, begin, variables) in [
            ("s3://exports", Kind::S3, "AWS_", &[][..]),
            ("gs://exports", Kind::Google, "GOOGLE_", &[("GOOGLE_SKIP_SIGNATURE", "true")]),
            ("az://exports", Kind::Azure, "AZURE_", &[("AZURE_STORAGE_ACCOUNT_NAME", "shop")]),
        ] {
            let (name, http) = (format!("{begin}{}", odd.0), format!("{begin}ALLOW_HTTP"));
            let with = |name: &str| around(&[variables, &[(name, odd.1)]].concat());
            assert!(bucket(address, kind, &with(&name)).is_ok(), "{name} is taken");
            assert!(bucket(address, kind, &with(&http)).is_err(), "{http} is not taken");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let patience =
            Patience { first: Duration::from_millis(10), most: Duration::from_millis(35), ..Patience::default() };
        let pauses: Vec<_> = [1, 2, 3, 100].map(|n| patience.pause(n).as_millis()).into();
        assert_eq!(pauses, [10, 20, 35, 35]);
    }
}
