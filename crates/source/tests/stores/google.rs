//! A bucket of a server that speaks as Google Cloud Storage does: of fake-gcs-server in `.ci/run`.
//!
//! It proves that our requests and what we read from the answers agree with that server's account of Google's XML API,
//! and that a service account's key is enough to make them. It proves nothing of Google's own checks: the server takes
//! any credentials, says of no bucket that it is not there, passes over `If-Match`, and lists everything in one answer.
//! Of these there are tests with answers that we wrote ourselves, after Google's documentation.

use super::clouds::*;
use super::server::{Answer, Server};
use super::*;
use object_store::ClientOptions;
use object_store::http::HttpBuilder;

fn cloud() -> Cloud {
    let [endpoint, key] = ["LAKEWARDEN_GOOGLE_ENDPOINT", "GOOGLE_SERVICE_ACCOUNT_KEY"].map(variable);
    let bucket = std::env::var("LAKEWARDEN_GOOGLE_BUCKET").unwrap_or_else(|_| "lakewarden".to_owned());
    // Of uploads this server knows Google's older ways and those by signed addresses, and believes any signature.
    let signed = format!("{endpoint}/{bucket}?X-Goog-Algorithm=any");
    let client = ClientOptions::new().with_allow_http(true);
    let writer = HttpBuilder::new().with_url(signed).with_client_options(client).build().unwrap();
    let variables = [("GOOGLE_BASE_URL", endpoint.as_str()), ("GOOGLE_SERVICE_ACCOUNT_KEY", &key)];
    Cloud::new(&format!("gs://{bucket}"), Arc::new(writer), &variables)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server of Google Cloud Storage's kind, LAKEWARDEN_GOOGLE_ENDPOINT"]
async fn google_finds_days() {
    days_are_found(&cloud()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server of Google Cloud Storage's kind, LAKEWARDEN_GOOGLE_ENDPOINT"]
async fn google_gives_large_files() {
    large_files_arrive(&cloud()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server of Google Cloud Storage's kind, LAKEWARDEN_GOOGLE_ENDPOINT"]
async fn google_takes_names_as_they_are() {
    let odd = ["a%2Fb.csv", "a%2e%2e.csv", "a b+c&d=e#f.csv", "表.csv", "x?.csv", "<&>'\".csv", "é~!@$()[];,.csv"];
    names_are_taken_as_they_are(&cloud(), &odd).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server of Google Cloud Storage's kind, LAKEWARDEN_GOOGLE_ENDPOINT"]
async fn google_refuses_files_that_change() {
    changed_files_are_refused(&cloud()).await;
}

/// As who asks a server of our own: a service account without a login.
fn anyone(server: &Server) -> Surroundings {
    let key = r#"{"client_email": "a@example.com", "private_key": "", "private_key_id": "", "disable_oauth": true}"#;
    around(&[("GOOGLE_BASE_URL", &server.origin()), ("GOOGLE_SERVICE_ACCOUNT_KEY", key)])
}

#[tokio::test(flavor = "multi_thread")]
async fn google_is_asked_for_every_page_and_for_one_version() {
    let page = |name: &str, more: &str| {
        let tag = "<Size>10</Size><ETag>\"v1\"</ETag><LastModified>2026-09-30T01:02:03.456Z</LastModified>";
        let file = format!("<Contents><Key>pos/{name}.csv</Key><Generation>1</Generation>{tag}</Contents>");
        format!("<ListBucketResult>{file}{more}</ListBucketResult>")
    };
    let first = page("a", "<IsTruncated>true</IsTruncated><NextContinuationToken>next/+=</NextContinuationToken>");
    let second = page("b", "<IsTruncated>false</IsTruncated>");
    let server = Server::start(move |asked, _| match asked.target.split_once('?') {
        Some((_, query)) if query.contains("continuation-token=next%2F%2B%3D") => {
            Answer { status: 200, body: second.clone().into(), ..Answer::default() }
        }
        Some(_) => Answer { status: 200, body: first.clone().into(), ..Answer::default() },
        None => {
            let tag = if asked.target.contains("b%2Ecsv") { "\"v2\"" } else { "\"v1\"" };
            Answer::file(asked, &numbered(10), Some(tag)).with("last-modified", "Wed, 30 Sep 2026 01:02:03 GMT")
        }
    });
    let found = orders(Path::new("/"), "gs://shop/pos/*.csv", None, None, &anyone(&server)).await.unwrap();
    assert_eq!(names(&found), ["gs://shop/pos/a.csv", "gs://shop/pos/b.csv"]);
    assert_eq!(read(&found.files[0]).unwrap(), numbered(10));
    // This one is of another version than the list names.
    assert!(read(&found.files[1]).is_err());
    assert_eq!(found.origins.trouble("gs://shop/pos/b.csv").unwrap().code(), "LW7007");
    let files: Vec<_> = server.asked().into_iter().filter(|asked| !asked.target.contains('?')).collect();
    assert!(files.len() == 2 && files.iter().all(|asked| asked.header("if-match") == Some("\"v1\"")), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_refusals_have_their_own_words() {
    for (status, said, code) in [
        (404, "NoSuchBucket", "LW7004"),
        (403, "AccessDenied", "LW7003"),
        (401, "AuthenticationRequired", "LW7002"),
        (429, "SlowDown", "LW7006"),
        (503, "ServiceUnavailable", "LW7006"),
    ] {
        let body = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{said}</Code></Error>");
        let server = Server::start(move |asked, _| {
            let body = if asked.method == "HEAD" { Vec::new() } else { body.clone().into() };
            Answer { status, body, ..Answer::default() }
        });
        for file in ["*.csv", "a.csv"] {
            let (own, told) = refusal(&format!("gs://shop/{file}"), &anyone(&server)).await;
            assert_eq!(own, code, "{said}: {told}");
            assert!(told.contains("GOOGLE_") && !told.contains("AWS_"), "{told}");
        }
    }
}
