//! The bytes of a file at any place: on a disk and in a bucket, always of one version.

use super::s3::{KEYS, bucket, good, listed};
use super::server::{Answer, Server};
use super::*;
use lakewarden_extract::ReadAt;
use std::fs;
use std::ops::Range;

const PART: u64 = 4 << 20;

pub(crate) fn hold(file: &SourceFile) -> Arc<dyn ReadAt> {
    (file.ranges.as_ref().unwrap().open)().unwrap()
}

pub(crate) fn at(file: &Arc<dyn ReadAt>, range: Range<u64>) -> io::Result<Vec<u8>> {
    block_in_place(|| file.read_at(range).map(Into::into))
}

fn from_its_beginning(file: &Arc<dyn ReadAt>) -> io::Result<Vec<u8>> {
    block_in_place(|| {
        let mut bytes = Vec::new();
        file.stream()?.read_to_end(&mut bytes).map(|_| bytes)
    })
}

/// Says that every range is what it is of the whole, in whatever order they are asked for.
pub(crate) fn as_in(file: &Arc<dyn ReadAt>, bytes: &[u8]) {
    let size = bytes.len() as u64;
    assert_eq!(file.size(), size);
    let ranges = [size - 1..size, 0..1, size / 2..size / 2 + 10_007, 0..size, size / 3..size - 1];
    for range in ranges {
        let expected = &bytes[range.start as usize..range.end as usize];
        assert!(at(file, range.clone()).unwrap() == expected, "{range:?}");
    }
    assert!(from_its_beginning(file).unwrap() == bytes);
    for beyond in [size..size + 1, 0..u64::MAX, size + 5..size + 7] {
        assert_eq!(at(file, beyond).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_disk_is_read_at_any_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let bytes = numbered(1_000_003);
    fs::write(&path, &bytes).unwrap();
    let found = orders(folder.path(), "*.parquet", None, None, &around(&[])).await.unwrap();
    let held = hold(&found.files[0]);
    as_in(&held, &bytes);
    // Both at once, which take turns.
    let mut stream = held.stream().unwrap();
    let mut begin = [0; 10];
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(at(&held, 500..510).unwrap(), bytes[500..510]);
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(begin, bytes[10..20]);
    // An open file stays the one that was listed; one that takes its name is refused.
    fs::write(folder.path().join("other"), numbered(7)).unwrap();
    fs::rename(folder.path().join("other"), &path).unwrap();
    as_in(&held, &bytes);
    assert!(found.origins.trouble("a.parquet").is_none());
    assert!((found.files[0].open)().is_err());
    assert_eq!(found.origins.trouble("a.parquet").unwrap().code(), "LW7007");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_disk_that_changes_is_refused() {
    type Change = fn(&Path);
    let open = |path: &Path| fs::File::options().append(true).open(path).unwrap();
    let changes: [Change; 6] = [
        |path| {
            let mut file = fs::File::options().write(true).open(path).unwrap();
            io::Write::write_all(&mut file, &[7; 100_000]).unwrap();
        },
        |path| {
            // The same length, and the time of modification as it was.
            let mut file = fs::File::options().write(true).open(path).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            io::Write::write_all(&mut file, &[7; 100_000]).unwrap();
            file.set_modified(modified).unwrap();
        },
        |path| io::Write::write_all(&mut fs::File::options().append(true).open(path).unwrap(), b"more").unwrap(),
        |path| fs::write(path, vec![7; 100_000]).unwrap(),
        |path| fs::File::options().write(true).open(path).unwrap().set_len(99_999).unwrap(),
        |path| fs::write(path, b"").unwrap(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, numbered(100_000)).unwrap();
        // A disk may tell times no finer than some milliseconds.
        open(&path).set_modified(hours_ago(1).into()).unwrap();
        let found = orders(folder.path(), "*.zip", None, None, &around(&[])).await.unwrap();
        let held = hold(&found.files[0]);
        let mut stream = held.stream().unwrap();
        let mut plain = (found.files[0].open)().unwrap();
        for stream in [&mut stream, &mut plain] {
            stream.read_exact(&mut [0; 50_000]).unwrap();
        }
        assert!(at(&held, 10..20).is_ok());
        change(&path);
        assert!(at(&held, 10..20).is_err(), "change {number}");
        assert!(stream.read_to_end(&mut Vec::new()).is_err(), "change {number}");
        assert!(plain.read_to_end(&mut Vec::new()).is_err(), "change {number}");
        assert!((found.files[0].open)().is_err(), "change {number}: another version than listed");
        let error = found.origins.trouble("a.zip").unwrap();
        assert_eq!(error.code(), "LW7007", "{error}");
        assert!(error.to_string().contains("a.zip: the file changed while it was read"), "{error}");
    }
    // At the very end as well.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    fs::write(&path, numbered(1000)).unwrap();
    open(&path).set_modified(hours_ago(1).into()).unwrap();
    let found = orders(folder.path(), "*.zip", None, None, &around(&[])).await.unwrap();
    let mut stream = hold(&found.files[0]).stream().unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    open(&path).set_modified(hours_ago(2).into()).unwrap();
    assert!(stream.read(&mut [0; 10]).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_a_bucket_is_read_at_any_place() {
    let bytes = numbered(9_000_001);
    let folder = bucket(&[("big.zip", bytes.clone())]);
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.zip", None).await.unwrap();
    let held = hold(&found.files[0]);
    as_in(&held, &bytes);
    // What is asked for is what is transferred, a part at a time at most.
    let before = server.asked().len();
    assert_eq!(at(&held, 5_000_000..5_000_100).unwrap(), bytes[5_000_000..5_000_100]);
    let asked = &server.asked()[before..];
    assert_eq!(asked.iter().map(|asked| asked.range()).collect::<Vec<_>>(), [Some((5_000_000, 5_000_099))]);
    let ranges = server.asked().into_iter().filter_map(|asked| asked.range());
    assert!(ranges.clone().all(|(from, to)| to - from < PART as usize), "{:?}", ranges.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_goes_on_where_it_broke() {
    let bytes = numbered(6_000_000);
    let folder = bucket(&[("big.zip", bytes.clone())]);
    let server = Server::s3(folder.path(), KEYS, move |asked, _, answer| match asked.range() {
        Some((from, _)) if from < 2_000_000 => Answer { cut: Some(700_000), ..answer },
        _ => answer,
    });
    let found = listed(&server, "s3://shop/*.zip", None).await.unwrap();
    assert!(at(&hold(&found.files[0]), 1_000_000..5_500_000).unwrap() == bytes[1_000_000..5_500_000]);
    assert!(found.origins.trouble("s3://shop/big.zip").is_none());
    let broken = Server::s3(folder.path(), KEYS, |asked, _, answer| match asked.range() {
        Some(_) => Answer { cut: Some(0), ..answer },
        None => answer,
    });
    let found = listed(&broken, "s3://shop/*.zip", None).await.unwrap();
    let error = at(&hold(&found.files[0]), 10..20).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(found.origins.trouble("s3://shop/big.zip").unwrap().code(), "LW7006");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_a_bucket_that_changes_is_refused() {
    let files = [("longer.zip", numbered(1000)), ("other.zip", numbered(1000)), ("gone.zip", numbered(1000))];
    let folder = bucket(&files);
    let path = |name: &str| folder.path().join("shop").join(name);
    fs::File::options().write(true).open(path("other.zip")).unwrap().set_modified(hours_ago(1).into()).unwrap();
    let server = good(&folder);
    let found = listed(&server, "s3://shop/*.zip", None).await.unwrap();
    let held: Vec<_> = found.files.iter().map(hold).collect();
    held.iter().for_each(|file| assert!(at(file, 10..20).is_ok()));
    fs::write(path("longer.zip"), numbered(1001)).unwrap();
    fs::write(path("other.zip"), [7; 1000]).unwrap();
    fs::remove_file(path("gone.zip")).unwrap();
    for (file, held) in found.files.iter().zip(&held) {
        let code = if file.name.ends_with("gone.zip") { "LW7005" } else { "LW7007" };
        assert!(at(held, 10..20).is_err() && from_its_beginning(held).is_err(), "{}", file.name);
        let error = found.origins.trouble(&file.name).unwrap();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_offers_no_ranges() {
    let server = Server::start(|asked, _| Answer::file(asked, b"PAR1", Some("\"1\"")));
    let address = format!("{}/a.parquet", server.origin());
    let found = orders(Path::new("/"), &address, None, None, &around(&[])).await.unwrap();
    assert!(found.files[0].ranges.is_none());
}
