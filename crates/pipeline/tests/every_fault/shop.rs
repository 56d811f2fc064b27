//! A small shop with two deliveries, runs with a clock and ids of their own, and what others do to its lake.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use futures::stream::BoxStream;
use lakewarden_lake::Lake;
use lakewarden_pipeline::record::RunRecord;
use lakewarden_pipeline::{Diagnosis, OpenProject, PipelineError, Request, Silent, Visit, doctor_on, run_on};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use object_store::path::Path as At;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

pub const FIRST: Uuid = Uuid::from_u128(0x1111);
pub const SECOND: Uuid = Uuid::from_u128(0x2222);
pub const THIRD: Uuid = Uuid::from_u128(0x3333);

/// A clock that stands still unless somebody moves it: milliseconds since the instant of the runs.
#[derive(Debug, Clone, Default)]
pub struct Clock(pub Arc<AtomicI64>);

impl Clock {
    pub fn hours(hours: i64) -> Self {
        Self(Arc::new(AtomicI64::new(hours * 3_600_000)))
    }

    pub fn now(&self) -> DateTime<Utc> {
        as_of() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }

    pub fn minutes(&self) -> i64 {
        self.0.load(Ordering::SeqCst) / 60_000
    }
}

fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 10, 31, 23, 0, 0).unwrap()
}

/// The project that `lakewarden init` writes.
pub struct Shop {
    folder: TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/template"), folder.path());
        // SQL gives rows in any order unless it is told one: then bytes can be compared.
        let model = folder.path().join("pipelines/shop/models/customer_orders.sql");
        let sql = fs::read_to_string(&model).unwrap();
        fs::write(&model, format!("{}\nORDER BY customer_id\n", sql.trim_end())).unwrap();
        // Runs are of October, and the doctor comes today: the versions between are not what it is asked about.
        let settings = folder.path().join("lakewarden.yaml");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, format!("{}\nhistory: P36500D\n", text.trim_end())).unwrap();
        Self { folder }
    }

    /// More orders: new ones, one that came before, one that cannot be read; and one who withdraws.
    pub fn second_delivery(&self) {
        let orders = "order_no,email,ordered_at,sku,amount\n\
                      1005,ada@example.com,2026-10-02 09:00:00,TEE-RED-M,19.90\n\
                      1001,ada@example.com,2026-09-01 09:12:00,SOCK-BLK,7.50\n\
                      1006,dora@example.com,2026-10-03 10:00:00,COAT-NVY-L,149.00\n\
                      1007,ben@example.com,yesterday,COAT-NVY-L,149.00\n";
        let consent = "id_type,id_value,purpose,action,at\n\
                       email,ben@example.com,analytics,withdraw,2026-10-05 10:00:00\n\
                       email,dora@example.com,analytics,grant,2026-10-03 09:59:00\n";
        fs::write(self.folder.path().join("exports/orders/orders_2026-10.csv"), orders).unwrap();
        fs::write(self.folder.path().join("exports/consent_log/consent_2026-10.csv"), consent).unwrap();
    }

    pub fn open(&self) -> OpenProject {
        OpenProject::open(self.folder.path()).unwrap()
    }

    /// The project with an entry that does not compile.
    pub fn with_problem(&self) -> OpenProject {
        let path = self.folder.path().join("schemas/channels/orders.yaml");
        let entry = fs::read_to_string(&path).unwrap();
        fs::write(&path, entry.replacen("type: timestamp", "type: time stamp", 1)).unwrap();
        let broken = self.open();
        fs::write(&path, entry).unwrap();
        broken
    }

    /// Runs it. Whoever had the lake before is known to be dead.
    pub async fn run(&self, lake: &Lake, run: Uuid, clock: &Clock) -> Result<RunRecord, PipelineError> {
        self.run_with(lake, run, &|| clock.now(), true).await
    }

    /// Runs it on a machine whose clock is a day ahead, taking the lake only if nobody has it by that clock.
    pub async fn run_late(&self, lake: &Lake, run: Uuid, clock: &Clock) -> Result<RunRecord, PipelineError> {
        self.run_with(lake, run, &|| clock.now() + TimeDelta::days(1), false).await
    }

    async fn run_with(
        &self,
        lake: &Lake,
        run: Uuid,
        clock: &(dyn Fn() -> DateTime<Utc> + Sync),
        take_over: bool,
    ) -> Result<RunRecord, PipelineError> {
        let request = Request {
            accept_thresholds: &[],
            reload: None,
            pipeline: None,
            lake: None,
            as_of: Some(as_of()),
            consent: Knowledge::Now,
            days: None,
            clock,
            run,
            seed: 3,
            owner: "a test",
            take_over,
        };
        run_on(&self.open(), &keys(), &request, Some(lake), &Silent).await.map(|ran| ran.record)
    }

    /// Has the doctor come, long after all leases and by the store's own clock.
    pub async fn doctor(&self, lake: &Lake, fix: bool) -> Result<Diagnosis, PipelineError> {
        let visit = Visit {
            lake: None,
            accept: None,
            grace: TimeDelta::minutes(-10),
            fix,
            clock: &Utc::now,
            id: Uuid::new_v4(),
            owner: "a doctor",
            free: &|_| None,
        };
        doctor_on(&self.open(), &Ok(keys()), &visit, lake).await
    }
}

pub fn keys() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes([5; 32]), 1)
}

/// Forgets that there were runs, as after one that was killed before it could say that it had published.
pub async fn forget_records(lake: &Lake) {
    use object_store::ObjectStoreExt;
    for record in lake.runs(10).await.unwrap() {
        if record.run == SECOND {
            lake.store().delete(&At::from(format!("_lakewarden/runs/{SECOND}.json"))).await.unwrap();
        }
    }
}

/// What another writer puts at a place of the lake at which another writer may.
pub fn rival(path: &str) -> Option<Bytes> {
    if path.contains("/_delta_log/") && !path.ends_with("/00000000000000000000.json") {
        return Some(Bytes::from_static(br#"{"commitInfo":{"operation":"OPTIMIZE","engineInfo":"another"}}"#));
    }
    if path.starts_with("_lakewarden/lease/") {
        let (acquired, expires) = (as_of(), as_of() + TimeDelta::minutes(15));
        let state = serde_json::json!(
            { "owner": "another", "acquired": acquired, "expires": expires, "released": true }
        );
        return Some(Bytes::from(state.to_string()));
    }
    if path.ends_with(".zstd.parquet") || path.starts_with("_lakewarden/probe/") {
        return Some(Bytes::from_static(b"another's"));
    }
    None
}

/// A store each of whose calls takes long by a clock; at one of them it waits until it is told to go on.
pub struct SlowStore {
    inner: Arc<dyn ObjectStore>,
    clock: Clock,
    millis: i64,
    at: Option<usize>,
    calls: AtomicUsize,
    reached: Notify,
    on: Notify,
}

impl SlowStore {
    pub fn new(inner: Arc<dyn ObjectStore>, clock: Clock, millis: i64, at: Option<usize>) -> Arc<Self> {
        let (reached, on) = (Notify::new(), Notify::new());
        Arc::new(Self { inner, clock, millis, at, calls: AtomicUsize::new(0), reached, on })
    }

    /// How many calls waited so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    pub fn go_on(&self) {
        self.on.notify_one();
    }

    fn passes(&self) -> bool {
        self.clock.0.fetch_add(self.millis, Ordering::SeqCst);
        Some(self.calls.fetch_add(1, Ordering::SeqCst) + 1) == self.at
    }

    async fn waits(&self) {
        if self.passes() {
            self.reached.notify_one();
            self.on.notified().await;
        }
    }
}

impl fmt::Debug for SlowStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowStore")
    }
}

impl fmt::Display for SlowStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowStore")
    }
}

#[async_trait]
impl ObjectStore for SlowStore {
    async fn put_opts(&self, at: &At, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.waits().await;
        self.inner.put_opts(at, payload, opts).await
    }

    async fn put_multipart_opts(&self, at: &At, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.waits().await;
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, at: &At, options: GetOptions) -> Result<GetResult> {
        self.waits().await;
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &At, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.waits().await;
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<At>>) -> BoxStream<'static, Result<At>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&At>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.clock.0.fetch_add(self.millis, Ordering::SeqCst);
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&At>) -> Result<ListResult> {
        self.waits().await;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &At, to: &At, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}
