//! A file of a storage as a stream of bytes: read ahead, gone on with where it broke off, and always the same file.

use crate::fault::{StoreFault, classify};
use crate::stores::{Kind, Patience};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore};
use std::io::{self, Read};
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bytes that wait for the reader at most.
const AHEAD: u32 = 8 << 20;
/// Bytes of one request to a bucket.
const PART: u64 = 4 << 20;
/// Requests to a bucket at a time: one connection is seldom as fast as the network.
const LANES: usize = 4;

/// A file as it was listed.
pub(crate) struct Remote {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) kind: Kind,
    pub(crate) path: ObjectPath,
    pub(crate) size: u64,
    /// The storage's name for these bytes: the listing's, or else the first answer's.
    pub(crate) e_tag: OnceLock<String>,
    pub(crate) modified: Option<DateTime<Utc>>,
    pub(crate) patience: Patience,
}

/// What kept a file from being read, for whoever asks afterwards.
pub(crate) type Trouble = Arc<Mutex<Option<StoreFault>>>;

/// Leaves a fault for whoever asks afterwards, and says what comes nearest to it.
pub(crate) fn left_in(trouble: &Trouble, fault: StoreFault) -> io::Error {
    *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    fault.io_kind().into()
}

enum Delivery {
    Bytes(Bytes, OwnedSemaphorePermit),
    Failed(StoreFault),
    End,
}

/// Why reading stops before the end of a part.
enum Stop {
    Fault(StoreFault),
    /// Nobody reads any longer.
    Unread,
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault)
    }
}

/// Where bytes go.
enum Out<'a> {
    /// To the reader, as many ahead as may be.
    Reader(&'a UnboundedSender<Delivery>, &'a Arc<Semaphore>),
    /// Aside, until it is their turn.
    Aside(&'a mut Vec<Bytes>),
}

impl Out<'_> {
    async fn give(&mut self, bytes: Bytes) -> Result<(), Stop> {
        match self {
            Self::Aside(waiting) => waiting.push(bytes),
            Self::Reader(reader, ahead) => {
                let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(AHEAD);
                let permit = ahead.clone().acquire_many_owned(count).await.map_err(|_| Stop::Unread)?;
                reader.send(Delivery::Bytes(bytes, permit)).map_err(|_| Stop::Unread)?;
            }
        }
        Ok(())
    }
}

impl Remote {
    /// Opens it at its beginning. What goes wrong later is left in `trouble`.
    pub(crate) fn open(self: &Arc<Self>, handle: &Handle, trouble: &Trouble) -> Box<dyn Read + Send> {
        let (out, incoming) = unbounded_channel();
        let remote = self.clone();
        let task = handle.spawn(async move {
            let end = match remote.deliver(&out).await {
                Ok(()) => Delivery::End,
                Err(Stop::Fault(fault)) => Delivery::Failed(fault),
                Err(Stop::Unread) => return,
            };
            // A reader that has gone has no use for it.
            let _ = out.send(end);
        });
        Box::new(Reader { incoming, bytes: Bytes::new(), permit: None, ended: false, trouble: trouble.clone(), task })
    }

    async fn deliver(&self, reader: &UnboundedSender<Delivery>) -> Result<(), Stop> {
        let ahead = Arc::new(Semaphore::new(AHEAD as usize));
        if self.kind == Kind::Web {
            // One request: a server may have no ranges.
            return self.part(0..self.size, &mut Out::Reader(reader, &ahead)).await;
        }
        let mut parts = pin!(self.parts(0..self.size));
        while let Some(part) = parts.try_next().await? {
            for bytes in part {
                Out::Reader(reader, &ahead).give(bytes).await?;
            }
        }
        Ok(())
    }

    /// The bytes of a range that lies within the file.
    pub(crate) async fn range(&self, range: Range<u64>) -> Result<Bytes, StoreFault> {
        let mut bytes = BytesMut::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
        let mut parts = pin!(self.parts(range));
        loop {
            match parts.try_next().await {
                Ok(Some(part)) => part.iter().for_each(|piece| bytes.extend_from_slice(piece)),
                Ok(None) => return Ok(bytes.freeze()),
                Err(Stop::Fault(fault)) => return Err(fault),
                // What is put aside is always taken.
                Err(Stop::Unread) => return Err(StoreFault::Unavailable { kind: self.kind, attempts: 1 }),
            }
        }
    }

    /// The bytes of a range of a bucket's file, part by part and some parts at a time.
    fn parts(&self, range: Range<u64>) -> impl Stream<Item = Result<Vec<Bytes>, Stop>> {
        let starts = range.clone().step_by(PART as usize);
        stream::iter(starts.map(move |start| start..(start + PART).min(range.end)))
            .map(async |part| {
                let mut waiting = Vec::new();
                self.part(part, &mut Out::Aside(&mut waiting)).await.map(|()| waiting)
            })
            .buffered(LANES)
    }

    /// Reads a range whole, however often the connection breaks, as long as it brings something.
    async fn part(&self, range: Range<u64>, out: &mut Out<'_>) -> Result<(), Stop> {
        let (mut at, mut in_vain) = (range.start, 0);
        while at < range.end {
            let before = at;
            let Err(stop) = self.attempt(&mut at, range.end, out).await else { continue };
            match stop {
                Stop::Fault(StoreFault::Unavailable { kind, .. }) => {
                    in_vain = if at > before { 1 } else { in_vain + 1 };
                    if in_vain >= self.patience.attempts {
                        return Err(StoreFault::Unavailable { kind, attempts: in_vain }.into());
                    }
                    tokio::time::sleep(self.patience.pause(in_vain)).await;
                }
                stop => return Err(stop),
            }
        }
        Ok(())
    }

    /// Reads on from `at`, which moves with every byte that was given.
    async fn attempt(&self, at: &mut u64, end: u64, out: &mut Out<'_>) -> Result<(), Stop> {
        // Where nothing tells two versions apart, the rest may be of another one.
        if self.kind == Kind::Web && *at > 0 && self.e_tag.get().is_none() && self.modified.is_none() {
            return Err(StoreFault::NotResumable.into());
        }
        let whole = *at == 0 && end == self.size;
        let asked = self.get((!whole).then_some(GetRange::Bounded(*at..end))).await;
        let (found, mut skip) = match asked {
            // A server without ranges gives the file anew; what has been read of it is passed over.
            Err(StoreError::NotSupported { .. }) if self.kind == Kind::Web => {
                if self.e_tag.get().is_none() && self.modified.is_none() {
                    return Err(StoreFault::NotResumable.into());
                }
                (self.get(None).await, *at)
            }
            asked => (asked, 0),
        };
        let found = found.map_err(|error| classify(&error, self.kind))?;
        self.is_same(&found.meta)?;
        let mut incoming = found.into_stream();
        let silent = || StoreFault::Unavailable { kind: self.kind, attempts: 1 };
        while let Some(bytes) = timeout(self.patience.silence, incoming.next()).await.map_err(|_| silent())? {
            let mut bytes = bytes.map_err(|error| classify(&error, self.kind))?;
            let passed = skip.min(bytes.len() as u64);
            skip -= passed;
            let bytes = bytes.split_off(passed as usize);
            if bytes.is_empty() {
                continue;
            }
            let count = bytes.len() as u64;
            if *at + count > end {
                return Err(StoreFault::Changed.into());
            }
            out.give(bytes).await?;
            *at += count;
        }
        // An end that comes too early is a connection that broke.
        if *at < end { Err(silent().into()) } else { Ok(()) }
    }

    async fn get(&self, range: Option<GetRange>) -> object_store::Result<object_store::GetResult> {
        // A weak tag never matches; it is held against the answer's.
        let strong = self.e_tag.get().filter(|tag| !tag.starts_with("W/"));
        let if_match = strong.map(|tag| format!("\"{}\"", bare(tag)));
        let options = GetOptions { range, if_match, ..GetOptions::default() };
        let asked = self.store.get_opts(&self.path, options);
        timeout(self.patience.silence.saturating_mul(2), asked)
            .await
            .unwrap_or_else(|_| Err(StoreError::Generic { store: "any", source: "no answer in time".into() }))
    }

    /// Refuses another file under the same name.
    fn is_same(&self, found: &ObjectMeta) -> Result<(), StoreFault> {
        // Without tags the time is what there is. Listings may have it finer than answers, whose unit is the second.
        let same_time = || self.modified.is_none_or(|modified| modified.timestamp() == found.last_modified.timestamp());
        let same = match (self.e_tag.get(), &found.e_tag) {
            (Some(tag), Some(found)) => bare(tag) == bare(found),
            (None, Some(tag)) => same_time() && self.e_tag.get_or_init(|| tag.clone()) == tag,
            (_, None) => same_time(),
        };
        if same && found.size == self.size { Ok(()) } else { Err(StoreFault::Changed) }
    }
}

/// A tag without its quotation marks: Azure leaves them out where it lists.
fn bare(tag: &str) -> &str {
    tag.trim_matches('"')
}

/// Reads what arrives, from a thread that is not the runtime's.
struct Reader {
    incoming: UnboundedReceiver<Delivery>,
    bytes: Bytes,
    /// Holds the place of `bytes` among those that are ahead.
    permit: Option<OwnedSemaphorePermit>,
    ended: bool,
    trouble: Trouble,
    task: JoinHandle<()>,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() && !self.ended && !into.is_empty() {
            self.permit = None;
            match self.incoming.blocking_recv() {
                Some(Delivery::Bytes(bytes, permit)) => (self.bytes, self.permit) = (bytes, Some(permit)),
                Some(Delivery::End) => self.ended = true,
                Some(Delivery::Failed(fault)) => {
                    return Err(left_in(&self.trouble, fault));
                }
                // The task was ended from outside: this is no end of the file.
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let count = into.len().min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}
