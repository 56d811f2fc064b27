//! A bucket of a real S3 server, with authentication.

use super::server::{Answer, Asked, Server};
use super::*;
use std::fs;
use tempfile::TempDir;

pub(crate) const KEYS: (&str, &str) = ("AKIDTEST", "a-secret-of-the-test");

pub(crate) fn bucket(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("shop")).unwrap();
    for (file, bytes) in files {
        let path = folder.path().join("shop").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn with_keys(server: &Server, keys: (&str, &str)) -> Surroundings {
    let mut around = around(&[
        ("AWS_ENDPOINT_URL", &server.origin()),
        ("AWS_ACCESS_KEY_ID", keys.0),
        ("AWS_SECRET_ACCESS_KEY", keys.1),
        ("AWS_REGION", "us-east-1"),
    ]);
    // The server is in earnest, and not fast in a test's build.
    around.patience.silence = Duration::from_secs(30);
    around
}

pub(crate) fn good(folder: &TempDir) -> Server {
    Server::s3(folder.path(), KEYS, |_, _, answer| answer)
}

pub(crate) async fn listed(server: &Server, pattern: &str, window: Option<Window>) -> Result<Listing, SourceError> {
    orders(Path::new("/"), pattern, window, None, &with_keys(server, KEYS)).await
}

/// The folders that were listed.
fn prefixes(server: &Server) -> Vec<String> {
    let query = |asked: &Asked| asked.target.split_once('?').map(|(_, query)| query.to_owned());
    let lists = server.asked().into_iter().filter_map(|asked| query(&asked)).filter(|q| q.contains("list-type=2"));
    let prefix = |query: String| query.split('&').find_map(|part| part.strip_prefix("prefix=").map(str::to_owned));
    let mut all: Vec<_> =
        lists.map(|query| prefix(query).unwrap_or_default().replace("%2F", "/").replace("%3D", "=")).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn days_narrow_what_is_listed() {
    let dates = ["2026-08-31", "2026-09-01", "2026-09-03"];
    let mut files: Vec<_> = dates.iter().map(|date| (format!("pos/dt={date}/a.csv"), b"1".to_vec())).collect();
    files.push(("other/many/files.csv".into(), b"2".to_vec()));
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let folder = bucket(&files);
    let server = good(&folder);
    let pattern = "s3://shop/pos/dt={date}/*.csv";
    let found = listed(&server, pattern, days("2026-09-01", "2026-09-03")).await.unwrap();
    assert_eq!(names(&found), ["s3://shop/pos/dt=2026-09-01/a.csv", "s3://shop/pos/dt=2026-09-03/a.csv"]);
    assert_eq!(remarks(&found), ["s3://shop/pos/dt={date}/*.csv: no file for 2026-09-02 (1 of 3 intervals)"]);
    // The days are named, not looked for.
    let asked = ["pos/dt=2026-09-01/", "pos/dt=2026-09-02/", "pos/dt=2026-09-03/"];
    assert_eq!(prefixes(&server), asked);
    // Without days the folder above them is listed, and nothing beside it.
    let server = good(&folder);
    assert_eq!(names(&listed(&server, pattern, None).await.unwrap()).len(), 3);
    assert!(prefixes(&server).iter().all(|prefix| prefix.starts_with("pos/")), "{:?}", prefixes(&server));
    // One file is asked for by its name.
    let server = good(&folder);
    assert_eq!(names(&listed(&server, "s3://shop/other/many/files.csv", None).await.unwrap()).len(), 1);
    assert_eq!(prefixes(&server), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_arrive_whole_and_in_order() {
    let bytes = numbered(21_000_003);
    let folder = bucket(&[("big.bin", bytes.clone()), ("empty.bin", Vec::new()), ("small.bin", numbered(9))]);
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.bin", None).await.unwrap();
    assert_eq!(found.files.iter().map(|f| f.size).collect::<Vec<_>>(), [21_000_003, 0, 9]);
    assert!(read(&found.files[0]).unwrap() == bytes);
    assert!(read(&found.files[0]).unwrap() == bytes, "a second time, for its checksum");
    assert_eq!(read(&found.files[1]).unwrap(), b"");
    assert_eq!(read(&found.files[2]).unwrap(), numbered(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_goes_on_where_it_broke() {
    let bytes = numbered(9_000_000);
    let folder = bucket(&[("big.bin", bytes.clone())]);
    // Every part ends early twice, and between that the server is too busy.
    let busy = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let server = Server::s3(folder.path(), KEYS, move |asked, _, answer| match asked.range() {
        Some((from, _)) if from % (4 << 20) == 1_500_000 && busy.lock().unwrap().insert(from) => Answer::status(503),
        Some((from, _)) if from % (4 << 20) < 3_000_000 => Answer { cut: Some(1_500_000), ..answer },
        _ => answer,
    });
    let found = listed(&server, "s3://shop/*.bin", None).await.unwrap();
    assert!(read(&found.files[0]).unwrap() == bytes);
    // What was read is not read again: each request begins where the one before broke off.
    let mut from: Vec<_> = server.asked().iter().filter_map(Asked::range).map(|(from, _)| from).collect();
    from.sort_unstable();
    let part = 4 << 20;
    let expected = [0, 1_500_000, 1_500_000, 3_000_000];
    let expected: Vec<_> =
        [0, part].iter().flat_map(|part| expected.iter().map(move |at| part + at)).chain([2 * part]).collect();
    assert_eq!(from, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_stays_broken_is_given_up() {
    let folder = bucket(&[("big.bin", numbered(100_000))]);
    let server = Server::s3(folder.path(), KEYS, |asked, _, answer| match asked.target.contains("list-type") {
        true => answer,
        false => Answer { cut: Some(0), ..answer },
    });
    let found = listed(&server, "s3://shop/*.bin", None).await.unwrap();
    assert!(read(&found.files[0]).is_err());
    let error = found.origins.trouble("s3://shop/big.bin").unwrap();
    assert_eq!(error.code(), "LW7006", "{error}");
    assert!(error.hint().contains("AWS_ENDPOINT_URL"), "{}", error.hint());
    let throttled = Server::s3(folder.path(), KEYS, |_, _, _| Answer::status(503));
    let error = listed(&throttled, "s3://shop/*.bin", None).await.unwrap_err();
    assert_eq!(error.code(), "LW7006", "{error}");
    assert_eq!(throttled.asked().len(), patience().attempts, "asked as often as patience allows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_is_refused() {
    let folder = bucket(&[("a.csv", numbered(10)), ("b.csv", numbered(10)), ("gone.csv", numbered(10))]);
    // This server's listing has no tags: the time has to tell, and its unit is the second.
    let old = fs::File::options().write(true).open(folder.path().join("shop/b.csv")).unwrap();
    old.set_modified(hours_ago(1).into()).unwrap();
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.csv", None).await.unwrap();
    fs::write(folder.path().join("shop/a.csv"), numbered(11)).unwrap();
    fs::write(folder.path().join("shop/b.csv"), [7; 10]).unwrap();
    fs::remove_file(folder.path().join("shop/gone.csv")).unwrap();
    for (file, code) in found.files.iter().zip(["LW7007", "LW7007", "LW7005"]) {
        assert!(found.origins.trouble(&file.name).is_none());
        assert!(read(file).is_err(), "{}", file.name);
        let error = found.origins.trouble(&file.name).unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(&file.name), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_own_words() {
    let folder = bucket(&[("a.csv", numbered(10))]);
    let server = good(&folder);
    let code = async |pattern: &str, around: &Surroundings| {
        let error = orders(Path::new("/"), pattern, None, None, around).await.unwrap_err();
        let told = format!("{error} {}", error.hint());
        assert!(!told.contains(KEYS.1) && !told.contains("wrong-secret") && !told.contains("127.0.0.1"), "{told}");
        assert!(told.contains("s3://") && told.contains("orders"), "{told}");
        error.code()
    };
    let right = with_keys(&server, KEYS);
    assert_eq!(code("s3://nowhere/*.csv", &right).await, "LW7004");
    assert_eq!(code("s3://nowhere/a.csv", &right).await, "LW7004");
    assert_eq!(code("s3://shop/b.csv", &right).await, "LW6008");
    assert_eq!(code("s3://shop/*.csv", &with_keys(&server, (KEYS.0, "wrong-secret"))).await, "LW7002");
    assert_eq!(code("s3://shop/*.csv", &with_keys(&server, ("AKIDOTHER", "wrong-secret"))).await, "LW7002");
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    let closed = Server::start(move |_, _| Answer { status: 403, body: denied.into(), ..Answer::default() });
    assert_eq!(code("s3://shop/*.csv", &with_keys(&closed, KEYS)).await, "LW7003");
    let nobody = around(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ACCESS_KEY_ID", KEYS.0),
        ("AWS_SECRET_ACCESS_KEY", KEYS.1),
    ]);
    assert_eq!(code("s3://shop/*.csv", &nobody).await, "LW7006");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_taken_as_they_are() {
    let odd = ["a%2Fb.csv", "a%2e%2e.csv", "a b+c&d=e#f.csv", "表.csv", "x?.csv"];
    let files: Vec<_> = odd.iter().map(|name| (*name, name.as_bytes().to_vec())).collect();
    let folder = bucket(&files);
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.csv", None).await.unwrap();
    assert_eq!(names(&found).len(), odd.len());
    for file in &found.files {
        assert_eq!(read(file).unwrap(), file.name.strip_prefix("s3://shop/").unwrap().as_bytes());
    }
    // A key that no file system could have: nothing is read by it, and it is not passed over.
    let key = "<Contents><Key>pos/../../etc/x.csv</Key><Size>1</Size><LastModified>2026-09-30T00:00:00Z</LastModified></Contents>";
    let body = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{key}</ListBucketResult>");
    let hostile = Server::start(move |_, _| Answer { status: 200, body: body.clone().into(), ..Answer::default() });
    let error = listed(&hostile, "s3://shop/pos/*.csv", None).await.unwrap_err();
    assert_eq!(error.code(), "LW7001", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_are_seen_in_buckets() {
    let files = ["dt=2026-09-29/a.csv", "dt=2026-09-29/_SUCCESS", "dt=2026-09-30/a.csv"];
    let files: Vec<_> = files.iter().map(|name| (*name, vec![b'1'])).collect();
    let folder = bucket(&files);
    let server = good(&folder);
    let when = whole_when(Some("_SUCCESS"), None);
    let around = with_keys(&server, KEYS);
    let found = orders(Path::new("/"), "s3://shop/dt={date}/*", None, Some(&when), &around).await.unwrap();
    assert_eq!(names(&found), ["s3://shop/dt=2026-09-29/a.csv"]);
    assert_eq!(remarks(&found), ["s3://shop/dt=2026-09-30: not read yet, waiting for _SUCCESS: 1 file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_stops_the_transfer() {
    let folder = bucket(&[("big.bin", numbered(60_000_000))]);
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.bin", None).await.unwrap();
    block_in_place(|| {
        let mut source = (found.files[0].open)().unwrap();
        source.read_exact(&mut [0; 10]).unwrap();
    });
    // Fifteen parts there are; what is ahead of a reader that takes nothing is bounded.
    let asked = server.asked().iter().filter(|asked| asked.range().is_some()).count();
    assert!(asked <= 8, "{asked} parts were asked for");
}
