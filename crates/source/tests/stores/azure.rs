//! A container of an Azure blob server: of Azurite, which Microsoft writes, in `.ci/run`. Azurite checks keys and
//! signatures as Azure does. It knows neither Entra ID's logins nor Data Lake's true folders.

use super::clouds::*;
use super::server::{Answer, Server};
use super::*;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use object_store::azure::MicrosoftAzureBuilder;
use sha2::Sha256;

fn container() -> String {
    std::env::var("LAKEWARDEN_AZURE_CONTAINER").unwrap_or_else(|_| "lakewarden".to_owned())
}

struct Account {
    endpoint: String,
    name: String,
    key: String,
}

fn account() -> Account {
    let [endpoint, name, key] =
        ["LAKEWARDEN_AZURE_ENDPOINT", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"].map(variable);
    Account { endpoint, name, key }
}

impl Account {
    fn with<'a>(&'a self, credential: (&'a str, &'a str)) -> [(&'a str, &'a str); 3] {
        [("AZURE_STORAGE_ENDPOINT", &self.endpoint), ("AZURE_STORAGE_ACCOUNT_NAME", &self.name), credential]
    }

    fn with_key(&self) -> [(&str, &str); 3] {
        self.with(("AZURE_STORAGE_ACCOUNT_KEY", &self.key))
    }

    /// A shared access signature: who has it may do this until then.
    fn signature(&self, may: &str, until: &str) -> String {
        let (version, services, resources) = ("2020-08-04", "b", "co");
        let text = [&self.name, may, services, resources, "", until, "", "", version, ""].join("\n");
        let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64_STANDARD.decode(&self.key).unwrap()).unwrap();
        mac.update(text.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("sv={version}&ss={services}&srt={resources}&sp={may}&se={until}&sig={signature}")
    }
}

fn cloud() -> Cloud {
    let account = account();
    let writer = MicrosoftAzureBuilder::new()
        .with_endpoint(account.endpoint.clone())
        .with_allow_http(true)
        .with_account(&account.name)
        .with_access_key(&account.key)
        .with_container_name(container())
        .build()
        .unwrap();
    Cloud::new(&format!("az://{}", container()), Arc::new(writer), &account.with_key())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_finds_days() {
    days_are_found(&cloud()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_gives_large_files() {
    large_files_arrive(&cloud()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_takes_names_as_they_are() {
    let odd = ["a%2Fb.csv", "a%2e%2e.csv", "a b+c&d=e#f.csv", "表.csv", "x?.csv", "<&>'\".csv", "é~!@$()[];,.csv"];
    names_are_taken_as_they_are(&cloud(), &odd).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_refuses_files_that_change() {
    changed_files_are_refused(&cloud()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_lists_more_than_a_page() {
    long_lists_are_whole(&cloud(), 5_001).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azure_is_read_by_other_addresses_and_credentials() {
    let (mut cloud, account) = (cloud(), account());
    cloud.put("a b.csv", numbered(1_000)).await;
    let own = cloud.address.clone();
    let host = format!("abfss://{}@{}.dfs.core.windows.net", container(), account.name);
    cloud.address = own.replace(&format!("az://{}", container()), &host);
    let found = cloud.listed("*.csv", None).await.unwrap();
    assert_eq!(names(&found), [format!("{}/a b.csv", cloud.address)]);
    assert!(read(&found.files[0]).unwrap() == numbered(1_000));

    cloud.address = own;
    let signature = account.signature("rl", "2099-01-01T00:00:00Z");
    let silence = cloud.around.patience.silence;
    cloud.around = around(&account.with(("AZURE_STORAGE_SAS_KEY", &signature)));
    cloud.around.patience.silence = silence;
    let found = cloud.listed("*.csv", None).await.unwrap();
    assert!(read(&found.files[0]).unwrap() == numbered(1_000));
    assert!(!format!("{found:?}").contains("sig="));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an Azure blob server, LAKEWARDEN_AZURE_ENDPOINT"]
async fn azures_refusals_have_their_own_words() {
    let (account, address) = (account(), format!("az://{}", container()));
    let other = BASE64_STANDARD.encode([7; 64]);
    let [list, read_only, expired] = [("rl", "2099"), ("r", "2099"), ("rl", "2020")]
        .map(|(may, year)| account.signature(may, &format!("{year}-01-01T00:00:00Z")));
    let forged = list.replace("sp=rl", "sp=rwl");
    let right = around(&account.with_key());
    let wrong_key = around(&account.with(("AZURE_STORAGE_ACCOUNT_KEY", &other)));
    let no_key = around(&account.with(("AZURE_STORAGE_ACCOUNT_KEY", "this is no key")));
    let [read_only, expired, forged] =
        [&read_only, &expired, &forged].map(|signature| around(&account.with(("AZURE_STORAGE_SAS_KEY", signature))));
    for file in ["*.csv", "a.csv"] {
        let at = format!("{address}/{file}");
        for (around, code) in [(&wrong_key, "LW7002"), (&expired, "LW7002"), (&forged, "LW7002"), (&no_key, "LW7001")] {
            let (own, told) = refusal(&at, around).await;
            assert_eq!(own, code, "{told}");
            assert!(told.contains("AZURE_STORAGE_ACCOUNT"), "{told}");
        }
        let (code, told) = refusal(&format!("az://nowhere/{file}"), &right).await;
        assert_eq!(code, "LW7004", "{told}");
        assert!(told.contains("AZURE_STORAGE_ACCOUNT_NAME") && !told.contains("AWS"), "{told}");
    }
    assert_eq!(refusal(&format!("{address}/*.csv"), &read_only).await.0, "LW7003");
    assert_eq!(refusal(&format!("{address}/a.csv"), &right).await.0, "LW6008");
    let nobody = around(&[
        ("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:1/shop"),
        ("AZURE_STORAGE_ACCOUNT_NAME", &account.name),
        ("AZURE_STORAGE_ACCOUNT_KEY", &account.key),
    ]);
    let (code, told) = refusal(&format!("{address}/*.csv"), &nobody).await;
    assert_eq!(code, "LW7006", "{told}");
    assert!(told.contains("AZURE_STORAGE_ENDPOINT"), "{told}");
}

/// What Azurite taught: Azure writes a tag without quotation marks where it lists, and with them where it answers.
#[tokio::test(flavor = "multi_thread")]
async fn azure_writes_tags_in_two_ways() {
    let blob = |name: &str, tag: &str| {
        let modified = "<Last-Modified>Wed, 30 Sep 2026 01:02:03 GMT</Last-Modified>";
        let length = "<Content-Length>10</Content-Length><Content-Type>text/csv</Content-Type>";
        let properties = format!("{modified}{length}<Etag>{tag}</Etag>");
        format!("<Blob><Name>{name}.csv</Name><Properties>{properties}</Properties></Blob>")
    };
    let list = format!(
        "<EnumerationResults><Blobs>{}{}</Blobs><NextMarker/></EnumerationResults>",
        blob("a", "0x8D1"),
        blob("b", "0x8D2")
    );
    let server = Server::start(move |asked, _| match asked.target.contains("comp=list") {
        true => Answer { status: 200, body: list.clone().into(), ..Answer::default() },
        // If-Match is passed over, as by a proxy that knows no conditions.
        false => Answer { status: 200, body: numbered(10), ..Answer::default() }
            .with("etag", "\"0x8D1\"")
            .with("last-modified", "Wed, 30 Sep 2026 01:02:03 GMT"),
    });
    let around = around(&[
        ("AZURE_STORAGE_ENDPOINT", &server.origin()),
        ("AZURE_STORAGE_ACCOUNT_NAME", "shop"),
        ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0"),
    ]);
    let found = orders(Path::new("/"), "az://exports/*.csv", None, None, &around).await.unwrap();
    assert_eq!(read(&found.files[0]).unwrap(), numbered(10));
    assert!(read(&found.files[1]).is_err());
    assert_eq!(found.origins.trouble("az://exports/b.csv").unwrap().code(), "LW7007");
    let asked: Vec<_> = server.asked().iter().filter_map(|asked| asked.header("if-match").map(str::to_owned)).collect();
    assert_eq!(asked, ["\"0x8D1\"", "\"0x8D2\""]);
}
