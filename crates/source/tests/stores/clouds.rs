//! What holds of every storage of a cloud, asked of a server of its own kind.

use super::ranges::{as_in, at, hold};
use super::*;
use futures::{StreamExt, stream};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use std::time::SystemTime;

/// Bytes of one request to a bucket.
const PART: usize = 4 << 20;

/// A variable that .ci/run sets for these tests.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// A folder of its own in a bucket of a running server.
pub(crate) struct Cloud {
    /// As a pattern begins: `az://container/folder`.
    pub(crate) address: String,
    folder: String,
    /// Puts files there.
    writer: Arc<dyn ObjectStore>,
    pub(crate) around: Surroundings,
}

impl Cloud {
    pub(crate) fn new(bucket: &str, writer: Arc<dyn ObjectStore>, variables: &[(&str, &str)]) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let folder = format!("test-{}-{}", std::process::id(), now.as_nanos());
        let mut around = around(variables);
        // The server is in earnest, and not fast in a test's build.
        around.patience.silence = Duration::from_secs(30);
        Self { address: format!("{bucket}/{folder}"), folder, writer, around }
    }

    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) {
        let path = ObjectPath::parse(format!("{}/{name}", self.folder)).unwrap();
        self.writer.put(&path, bytes.into()).await.unwrap();
    }

    pub(crate) async fn listed(&self, pattern: &str, window: Option<Window>) -> Result<Listing, SourceError> {
        let pattern = format!("{}/{pattern}", self.address);
        orders(Path::new("/"), &pattern, window, None, &self.around).await
    }

    /// The names that are found, without the folder.
    pub(crate) async fn found(&self, pattern: &str, window: Option<Window>) -> Vec<String> {
        self.short(&self.listed(pattern, window).await.unwrap())
    }

    fn short(&self, listing: &Listing) -> Vec<String> {
        names(listing).iter().map(|name| name[self.address.len() + 1..].to_owned()).collect()
    }
}

/// A pattern with a date finds what it names and nothing beside it.
pub(crate) async fn days_are_found(cloud: &Cloud) {
    let others =
        ["pos/dt=2026-09-01/a.txt", "pos/dt=2026-09-01/more/b.csv", "pos/dt=none/c.csv", "pos2/d.csv", "e.csv"];
    for day in ["2026-08-31", "2026-09-01", "2026-09-03"] {
        cloud.put(&format!("pos/dt={day}/a.csv"), day.into()).await;
    }
    cloud.put("pos/dt=2026-09-03/empty.csv", Vec::new()).await;
    for other in others {
        cloud.put(other, b"other".to_vec()).await;
    }
    let found = cloud.listed("pos/dt={date}/*.csv", days("2026-09-01", "2026-09-03")).await.unwrap();
    let expected = ["pos/dt=2026-09-01/a.csv", "pos/dt=2026-09-03/a.csv", "pos/dt=2026-09-03/empty.csv"];
    assert_eq!(cloud.short(&found), expected);
    assert_eq!(
        found.files.iter().map(|file| read(file).unwrap()).collect::<Vec<_>>(),
        [&b"2026-09-01"[..], b"2026-09-03", b""]
    );
    assert_eq!(found.files.iter().map(|file| file.size).collect::<Vec<_>>(), [10, 10, 0]);
    assert_eq!(found.origins.interval(&found.files[0].name).unwrap().from.date(), day("2026-09-01"));
    assert!(remarks(&found)[0].ends_with("no file for 2026-09-02 (1 of 3 intervals)"), "{:?}", remarks(&found));
    assert_eq!(cloud.found("pos/dt={date}/*.csv", None).await.len(), 4);
    let all = ["pos/dt=2026-09-01/more/b.csv", "pos2/d.csv"];
    assert_eq!(cloud.found("{pos/dt=2026-09-01/more,pos2}/**/*.csv", None).await, all);
    assert_eq!(cloud.found("pos2/d.csv", None).await, ["pos2/d.csv"]);
    assert_eq!(
        cloud.listed("pos/dt={date}/*.csv", days("2026-10-01", "2026-10-02")).await.unwrap_err().code(),
        "LW6008"
    );
    assert_eq!(cloud.listed("pos2/none.csv", None).await.unwrap_err().code(), "LW6008");
}

/// What is larger than one request comes in several, and arrives whole.
pub(crate) async fn large_files_arrive(cloud: &Cloud) {
    for size in [PART - 1, PART, PART + 1, 5 * PART + 12_345] {
        let bytes = numbered(size);
        cloud.put("big.bin", bytes.clone()).await;
        let found = cloud.listed("*.bin", None).await.unwrap();
        assert_eq!(found.files[0].size, size as u64);
        assert!(read(&found.files[0]).unwrap() == bytes, "{size} bytes");
        // And the same by ranges, wherever they begin and end.
        as_in(&hold(&found.files[0]), &bytes);
    }
}

/// Names mean themselves, whatever an address would make of them.
pub(crate) async fn names_are_taken_as_they_are(cloud: &Cloud, odd: &[&str]) {
    for name in odd {
        cloud.put(&format!("门店 1+2%20/{name}"), name.as_bytes().to_vec()).await;
    }
    let found = cloud.listed("门店 1+2%20/*.csv", None).await.unwrap();
    let mut expected: Vec<_> = odd.iter().map(|name| format!("门店 1+2%20/{name}")).collect();
    expected.sort();
    assert_eq!(cloud.short(&found), expected);
    for file in &found.files {
        assert_eq!(read(file).unwrap(), file.name.rsplit_once('/').unwrap().1.as_bytes());
    }
}

/// A file that is replaced after it was listed is refused: at its beginning, between its parts, and by ranges.
pub(crate) async fn changed_files_are_refused(cloud: &Cloud) {
    cloud.put("a.csv", numbered(100)).await;
    cloud.put("b.csv", numbered(100)).await;
    cloud.put("big.csv", numbered(10 * PART)).await;
    let found = cloud.listed("*.csv", None).await.unwrap();
    let held = hold(&found.files[0]);
    assert_eq!(at(&held, 10..20).unwrap(), numbered(100)[10..20]);
    let mut begun = block_in_place(|| {
        let mut begun = (found.files[2].open)().unwrap();
        begun.read_exact(&mut [0; 10]).unwrap();
        begun
    });
    cloud.put("a.csv", vec![7; 100]).await;
    cloud.put("b.csv", numbered(101)).await;
    cloud.put("big.csv", vec![7; 10 * PART]).await;
    assert!(at(&held, 10..20).is_err());
    assert!(found.origins.trouble(&found.files[0].name).is_some());
    assert!(read(&found.files[0]).is_err() && read(&found.files[1]).is_err());
    assert!(block_in_place(|| begun.read_to_end(&mut Vec::new())).is_err());
    for file in &found.files {
        let error = found.origins.trouble(&file.name).unwrap();
        assert_eq!(error.code(), "LW7007", "{error}");
    }
}

/// A folder of more files than one answer names is listed whole.
pub(crate) async fn long_lists_are_whole(cloud: &Cloud, count: usize) {
    let names: Vec<_> = (0..count).map(|number| format!("many/{number:06}.csv")).collect();
    stream::iter(&names).for_each_concurrent(16, |name| cloud.put(name, b"1".to_vec())).await;
    assert_eq!(cloud.found("many/*.csv", None).await, names);
}

/// What is told of a pattern that cannot be listed; it never holds a secret or where the server is.
pub(crate) async fn refusal(pattern: &str, around: &Surroundings) -> (&'static str, String) {
    let error = orders(Path::new("/"), pattern, None, None, around).await.unwrap_err();
    let told = format!("{error} {}", error.hint());
    let bucket = pattern.rsplit_once('/').unwrap().0;
    assert!(told.contains(bucket) && told.contains("orders") && !told.contains("127.0.0.1"), "{told}");
    for (name, value) in &around.variables {
        let secret = ["KEY", "SECRET"].iter().any(|word| name.contains(word));
        assert!(!secret || !told.contains(value), "{name} is told");
    }
    (error.code(), told)
}
