//! A web server: addresses without lists, and transfers that break in every way.

use super::server::{Answer, Asked, Server};
use super::*;

const TAG: &str = "\"v1\"";

async fn listed(server: &Server, path: &str, window: Option<Window>) -> Result<Listing, SourceError> {
    orders(Path::new("/"), &format!("{}/{path}", server.origin()), window, None, &around(&[])).await
}

/// Reads the only file; an error is what its storage says.
async fn fetched(server: &Server, path: &str) -> Result<Vec<u8>, String> {
    let listing = listed(server, path, None).await.map_err(|error| error.code().to_owned())?;
    let file = &listing.files[0];
    read(file).map_err(|_| listing.origins.trouble(&file.name).unwrap().code().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_asked_for_by_their_addresses() {
    let server = Server::start(|asked, _| match asked.target.split('?').next().unwrap() {
        "/x/pos%20a.csv" | "/x/b.csv" | "/x/2026-09-30.csv" => Answer::file(asked, asked.target.as_bytes(), None),
        _ => Answer::status(404),
    });
    let origin = server.origin();
    let found = listed(&server, "x/{pos%20a,b}.csv?sig=a-signature", None).await.unwrap();
    assert_eq!(names(&found), [format!("{origin}/x/b.csv"), format!("{origin}/x/pos%20a.csv")]);
    // The signature goes to the server and nowhere else.
    assert_eq!(read(&found.files[0]).unwrap(), b"/x/b.csv?sig=a-signature");
    assert!(server.asked().iter().all(|asked| asked.target.ends_with("?sig=a-signature")));
    assert!(!format!("{found:?}").contains("a-signature"));
    let found = listed(&server, "x/{date}.csv", days("2026-09-29", "2026-10-01")).await.unwrap();
    assert_eq!(names(&found), [format!("{origin}/x/2026-09-30.csv")]);
    assert!(remarks(&found)[0].ends_with("no file for 2026-09-29, 2026-10-01 (2 of 3 intervals)"));
    assert!(found.origins.interval(names(&found)[0]).is_some());

    let error = listed(&server, "x/{date}.csv?sig=a-signature", None).await.unwrap_err();
    assert_eq!(error.code(), "LW7009");
    assert!(!error.to_string().contains("a-signature"), "{error}");
    let error = listed(&server, "x/none.csv?sig=a-signature", None).await.unwrap_err();
    assert_eq!(error.code(), "LW7005");
    assert!(!error.to_string().contains("a-signature"), "{error}");
    let error = listed(&server, "x/{date}.csv", days("1900-01-01", "2026-01-01")).await.unwrap_err();
    assert_eq!(error.code(), "LW7009");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_it_broke() {
    let bytes = Arc::new(numbered(3_000_000));
    let own = bytes.clone();
    // The listing's request, then one that breaks, one without an answer, one that falls silent, one that is whole.
    let server = Server::start(move |asked, before| {
        let answer = Answer::file(asked, &own, Some(TAG));
        match before {
            1 => Answer { cut: Some(1_000_000), ..answer },
            2 => Answer::status(503),
            3 => Answer { silent: Some((500_000, Duration::from_secs(30))), ..answer },
            _ => answer,
        }
    });
    assert!(fetched(&server, "big.bin").await.unwrap() == *bytes);
    let asked = server.asked();
    let from = |asked: &Asked| asked.range().map(|(from, _)| from);
    assert_eq!(
        asked.iter().map(from).collect::<Vec<_>>(),
        [None, None, Some(1_000_000), Some(1_000_000), Some(1_500_000)]
    );
    assert!(asked[2..].iter().all(|asked| asked.header("if-match") == Some(TAG)), "the same file is asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_is_read_again() {
    let bytes = Arc::new(numbered(2_000_000));
    for e_tag in [Some(TAG), Some("W/\"weak\""), None] {
        let own = bytes.clone();
        let server = Server::start(move |asked, before| {
            let whole = Asked { headers: Vec::new(), ..asked.clone() };
            let answer = Answer::file(&whole, &own, e_tag);
            if before == 1 { Answer { cut: Some(700_001), ..answer } } else { answer }
        });
        let read = fetched(&server, "big.bin").await;
        match e_tag {
            Some(_) => assert!(read.unwrap() == *bytes, "{e_tag:?}"),
            // Nothing tells whether it is still the same file.
            None => assert_eq!(read.unwrap_err(), "LW7007"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_is_refused() {
    let (old, new) = (numbered(1_000_000), vec![7; 1_000_000]);
    // Between the listing and the reading, and in the middle; with a tag that tells, and with a length.
    for (change, e_tag, longer) in [(1, true, false), (2, true, false), (1, false, true), (2, false, true)] {
        let (old, mut new) = (old.clone(), new.clone());
        new.extend(vec![7; usize::from(longer)]);
        let server = Server::start(move |asked, before| {
            let (bytes, tag) = if before < change { (&old, TAG) } else { (&new, "\"v2\"") };
            let answer = Answer::file(asked, bytes, e_tag.then_some(tag));
            let cut = (change == 2 && before == 1).then_some(400_000);
            Answer { cut, ..answer }
        });
        assert_eq!(fetched(&server, "big.bin").await.unwrap_err(), "LW7007", "{change} {e_tag} {longer}");
    }
    // A server that passes over `If-Match` and gives other bytes under another tag.
    let server = Server::start(move |asked, before| {
        let (bytes, tag) = if before < 2 { (&old, TAG) } else { (&new, "\"v2\"") };
        let open = Asked {
            headers: asked.headers.iter().filter(|(n, _)| n != "if-match").cloned().collect(),
            ..asked.clone()
        };
        Answer { cut: (before == 1).then_some(400_000), ..Answer::file(&open, bytes, Some(tag)) }
    });
    assert_eq!(fetched(&server, "big.bin").await.unwrap_err(), "LW7007");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_unknown_length_is_refused() {
    let server = Server::start(|asked, _| Answer { no_length: true, ..Answer::file(asked, b"a,b\n1,2\n", Some(TAG)) });
    assert_eq!(fetched(&server, "a.csv").await.unwrap_err(), "LW7007");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_hosts_are_not_asked() {
    let other = Server::start(|asked, _| Answer::file(asked, b"other,host\n", Some(TAG)));
    // The same machine by another name is another host.
    let elsewhere = format!("http://localhost:{}/a.csv", other.address.port());
    for status in [301, 302, 303, 307, 308] {
        let to = elsewhere.clone();
        let server = Server::start(move |_, _| Answer::status(status).with("location", &to));
        assert_eq!(fetched(&server, "a.csv").await.unwrap_err(), "LW7008", "{status}");
    }
    assert!(other.asked().is_empty(), "the other host was asked");
    // On the host itself it may move.
    let server = Server::start(|asked, _| match asked.target.as_str() {
        "/a.csv" => Answer::status(302).with("location", "/b.csv"),
        _ => Answer::file(asked, b"a,b\n", Some(TAG)),
    });
    assert_eq!(fetched(&server, "a.csv").await.unwrap(), b"a,b\n");
    // In the middle of a transfer as well.
    let to = elsewhere.clone();
    let server = Server::start(move |asked, before| match before {
        0 => Answer::file(asked, &numbered(1_000), Some(TAG)),
        1 => Answer { cut: Some(100), ..Answer::file(asked, &numbered(1_000), Some(TAG)) },
        _ => Answer::status(302).with("location", &to),
    });
    assert_eq!(fetched(&server, "a.csv").await.unwrap_err(), "LW7008");
    assert!(other.asked().is_empty(), "the other host was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_apart() {
    for (status, code) in
        [(401, "LW7002"), (403, "LW7003"), (404, "LW7005"), (500, "LW7006"), (503, "LW7006"), (429, "LW7006")]
    {
        let server = Server::start(move |_, _| Answer { status, body: b"secret words".to_vec(), ..Answer::default() });
        let error = listed(&server, "a.csv", None).await.unwrap_err();
        assert_eq!(error.code(), code, "{status}: {error}");
        assert!(!format!("{error} {}", error.hint()).contains("secret"), "{error}");
        let times = if code == "LW7006" { patience().attempts } else { 1 };
        assert_eq!(server.asked().len(), times, "{status}");
    }
    let nobody = orders(Path::new("/"), "http://127.0.0.1:1/a.csv", None, None, &around(&[])).await.unwrap_err();
    assert_eq!(nobody.code(), "LW7006", "{nobody}");
    let nobody = orders(Path::new("/"), "https://127.0.0.1:1/a.csv", None, None, &around(&[])).await.unwrap_err();
    assert_eq!(nobody.code(), "LW7006", "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_a_file_counts_where_the_server_says_it() {
    let young = whole_when(None, Some(30));
    let seen = async |modified: Option<DateTime<Utc>>| {
        let server = Server::start(move |asked, _| {
            let answer = Answer::file(asked, b"a,b\n", Some(TAG));
            let format = |m: DateTime<Utc>| m.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            modified.iter().fold(answer, |answer, m| answer.with("last-modified", format(*m)))
        });
        let pattern = format!("{}/a.csv", server.origin());
        orders(Path::new("/"), &pattern, None, Some(&young), &around(&[])).await.map(|listing| listing.files.len())
    };
    assert_eq!(seen(Some(hours_ago(1))).await.unwrap(), 1);
    assert_eq!(seen(Some(Utc::now())).await.unwrap_err().code(), "LW6008");
    assert_eq!(seen(None).await.unwrap_err().code(), "LW6008");
}
