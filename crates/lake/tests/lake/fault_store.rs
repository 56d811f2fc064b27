//! A store that fails at a chosen call, once or from then on. The tests of a whole run use it too.
#![allow(dead_code)]

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies before it: neither this call nor any later one reaches the store.
    DiesBefore,
    /// The process dies after it: the call is carried out, its answer is lost, no later one comes.
    DiesAfter,
    /// The call fails without effect; later ones work.
    FailsOnce,
    /// The call is carried out and its answer is lost; later ones work.
    AnswerLost,
    /// Nothing is answered for a long time, and then that it took too long; later calls work.
    Hangs,
    /// This call and the two after it are told to come later; those after them work.
    Throttles,
    /// Of puts only: half of the bytes are written, then it fails; later ones work. A disk keeps them under the name
    /// of a file that is being written. A bucket shows a whole object or none; of a data file, which nobody reads
    /// before it is published, it shows half, to make it worse.
    Torn,
    /// Of puts where there must be nothing only: it is carried out, and the answer is that there is something.
    Echoes,
    /// Of puts where there must be nothing only: somebody else has just put something there.
    Conflicts,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::DiesBefore,
        Self::DiesAfter,
        Self::FailsOnce,
        Self::AnswerLost,
        Self::Hangs,
        Self::Throttles,
        Self::Torn,
        Self::Echoes,
        Self::Conflicts,
    ];

    /// Whether only puts are counted.
    pub fn of_puts(self) -> bool {
        matches!(self, Self::Torn | Self::Echoes | Self::Conflicts)
    }
}

type Hang = dyn Fn() + Send + Sync;
type Rival = dyn Fn(&Path) -> Option<Bytes> + Send + Sync;

/// What surrounds the store.
#[derive(Clone)]
pub struct Surroundings {
    /// The folder of a store on a disk.
    pub folder: Option<PathBuf>,
    /// Lets the time pass that a call hangs.
    pub hang: Arc<Hang>,
    /// What somebody else puts at a place; none where nobody else would.
    pub rival: Arc<Rival>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { folder: None, hang: Arc::new(|| {}), rival: Arc::new(|_| None) }
    }
}

pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    calls: AtomicUsize,
    at: usize,
    fault: Fault,
    surroundings: Surroundings,
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({:?} at {})", self.fault, self.at)
    }
}

enum Turn {
    Works,
    Fails,
    WorksAndFails,
}

impl FaultStore {
    /// Fails at call `at`, counted from 1.
    pub fn new(inner: Arc<dyn ObjectStore>, at: usize, fault: Fault) -> Arc<Self> {
        Self::among(inner, at, fault, Surroundings::default())
    }

    /// The same among surroundings.
    pub fn among(inner: Arc<dyn ObjectStore>, at: usize, fault: Fault, surroundings: Surroundings) -> Arc<Self> {
        Arc::new(Self { inner, calls: AtomicUsize::new(0), at, fault, surroundings })
    }

    /// Counts calls and never fails.
    pub fn counting(inner: Arc<dyn ObjectStore>) -> Arc<Self> {
        Self::new(inner, usize::MAX, Fault::FailsOnce)
    }

    /// Counts the calls that a fault may strike.
    pub fn counting_for(inner: Arc<dyn ObjectStore>, fault: Fault) -> Arc<Self> {
        Self::new(inner, usize::MAX, fault)
    }

    /// The calls since the last time this was asked.
    pub fn take(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// Says whether the chosen call was reached.
    pub fn struck(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.at
    }

    fn turn(&self) -> Turn {
        if self.fault.of_puts() { Turn::Works } else { self.next() }
    }

    fn next(&self) -> Turn {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match (call.cmp(&self.at), self.fault) {
            (std::cmp::Ordering::Less, _) => Turn::Works,
            (std::cmp::Ordering::Equal, Fault::DiesAfter | Fault::AnswerLost) => Turn::WorksAndFails,
            (std::cmp::Ordering::Equal, Fault::Hangs) => {
                (self.surroundings.hang)();
                Turn::Fails
            }
            (std::cmp::Ordering::Equal, _) => Turn::Fails,
            (std::cmp::Ordering::Greater, Fault::Throttles) if call <= self.at + 2 => Turn::Fails,
            (std::cmp::Ordering::Greater, Fault::DiesBefore | Fault::DiesAfter) => Turn::Fails,
            (std::cmp::Ordering::Greater, _) => Turn::Works,
        }
    }
}

impl FaultStore {
    /// A put that is struck.
    async fn struck_put(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        use object_store::ObjectStoreExt;
        let create = opts.mode == object_store::PutMode::Create;
        match self.fault {
            Fault::Torn => {
                let bytes = Bytes::from(payload);
                let half = bytes.slice(..bytes.len() / 2);
                match &self.surroundings.folder {
                    Some(folder) => {
                        let path = folder.join(format!("{at}#1"));
                        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                        std::fs::write(path, half).unwrap();
                    }
                    None if at.as_ref().ends_with(".zstd.parquet") => {
                        self.inner.put(at, half.into()).await?;
                    }
                    None => {}
                }
                Err(broken())
            }
            Fault::Echoes if create => {
                self.inner.put_opts(at, payload, opts).await?;
                Err(Error::AlreadyExists { path: at.to_string(), source: "412 Precondition Failed".into() })
            }
            Fault::Conflicts if create => {
                if let Some(bytes) = (self.surroundings.rival)(at) {
                    self.inner.put_opts(at, bytes.into(), object_store::PutMode::Create.into()).await?;
                }
                self.inner.put_opts(at, payload, opts).await
            }
            _ => self.inner.put_opts(at, payload, opts).await,
        }
    }
}

fn broken() -> Error {
    Error::Generic { store: "FaultStore", source: "scripted fault".into() }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({})", self.inner)
    }
}

macro_rules! scripted {
    ($self:ident, $call:expr) => {
        match $self.turn() {
            Turn::Works => $call.await,
            Turn::Fails => Err(broken()),
            Turn::WorksAndFails => {
                let _answer = $call.await;
                Err(broken())
            }
        }
    };
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if self.fault.of_puts() {
            return match self.next() {
                Turn::Works => self.inner.put_opts(at, payload, opts).await,
                Turn::Fails | Turn::WorksAndFails => self.struck_put(at, payload, opts).await,
            };
        }
        scripted!(self, self.inner.put_opts(at, payload, opts))
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        scripted!(self, self.inner.put_multipart_opts(at, opts))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        scripted!(self, self.inner.get_opts(at, options))
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        scripted!(self, self.inner.get_ranges(at, ranges))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.turn() {
            Turn::Works => self.inner.delete_stream(locations),
            Turn::Fails => stream::once(async { Err(broken()) }).boxed(),
            Turn::WorksAndFails => {
                let inner = Arc::clone(&self.inner);
                stream::once(async move {
                    let _answer: Vec<_> = inner.delete_stream(locations).collect().await;
                    Err(broken())
                })
                .boxed()
            }
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.turn() {
            Turn::Works => self.inner.list(prefix),
            // An answer that breaks off after its first entry.
            Turn::Fails | Turn::WorksAndFails => {
                let first = self.inner.list(prefix).take(1);
                first.chain(stream::once(async { Err(broken()) })).boxed()
            }
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        scripted!(self, self.inner.list_with_delimiter(prefix))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        scripted!(self, self.inner.copy_opts(from, to, options))
    }
}

/// Every object of a store with its bytes.
pub async fn contents(store: &dyn ObjectStore) -> Vec<(String, Bytes)> {
    use object_store::ObjectStoreExt;
    let mut objects: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
    objects.sort_by(|a, b| a.location.cmp(&b.location));
    let mut found = Vec::new();
    for object in objects {
        let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        found.push((object.location.to_string(), bytes));
    }
    found
}
