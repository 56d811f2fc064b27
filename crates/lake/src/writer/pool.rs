//! Threads that encode row groups and put the files, and what they have done so far.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use bytes::Bytes;
use object_store::path::Path;
use tokio::runtime::Handle;

use super::encode::Encoder;
use super::file::OpenFile;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::DataFile;

/// The rows of one row group.
pub(super) struct Chunk {
    pub(super) file: Arc<OpenFile>,
    /// Which group of its file it is.
    pub(super) number: usize,
    pub(super) batches: Vec<RecordBatch>,
    /// Whether the file ends with it.
    pub(super) end: bool,
}

/// What all threads of a writer share.
struct Shared {
    lake: Lake,
    encoder: Encoder,
    runtime: Handle,
    /// Chunks wait for a thread, never in a queue: memory holds one chunk a thread, and the one
    /// that is being filled.
    chunks: Mutex<Receiver<Chunk>>,
    outcome: Mutex<Outcome>,
}

#[derive(Default)]
struct Outcome {
    files: Vec<(usize, DataFile)>,
    /// Every path where a put was begun: what an abort has to delete.
    begun: Vec<Path>,
    error: Option<LakeError>,
}

pub(super) struct Pool {
    table: String,
    shared: Arc<Shared>,
    sender: Option<SyncSender<Chunk>>,
    threads: Vec<JoinHandle<()>>,
    most: usize,
    broken: bool,
}

impl Pool {
    pub(super) fn new(table: String, lake: Lake, encoder: Encoder, runtime: Handle, threads: usize) -> Self {
        let (sender, receiver) = sync_channel(0);
        let shared =
            Shared { lake, encoder, runtime, chunks: Mutex::new(receiver), outcome: Mutex::new(Outcome::default()) };
        Self {
            table,
            shared: Arc::new(shared),
            sender: Some(sender),
            threads: Vec::new(),
            most: threads.max(1),
            broken: false,
        }
    }

    /// Begins a file.
    pub(super) fn begin(&self, path: Path, index: usize) -> Result<Arc<OpenFile>, LakeError> {
        OpenFile::begin(&self.shared.encoder, path, index).map(Arc::new)
    }

    /// Hands a chunk to a thread; waits until one is free.
    pub(super) fn send(&mut self, chunk: Chunk) -> Result<(), LakeError> {
        self.check()?;
        if self.threads.len() < self.most {
            let shared = Arc::clone(&self.shared);
            let name = format!("lake-encode-{}", self.threads.len());
            let thread = std::thread::Builder::new().name(name).spawn(move || shared.work());
            match thread {
                Ok(thread) => self.threads.push(thread),
                Err(_) if !self.threads.is_empty() => self.most = self.threads.len(),
                Err(_) => return Err(self.stopped()),
            }
        }
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(chunk).is_ok());
        if sent { Ok(()) } else { Err(self.stopped()) }
    }

    /// Returns the first error of any thread; from then on always an error, for rows are missing.
    pub(super) fn check(&mut self) -> Result<(), LakeError> {
        let error = self.shared.outcome().error.take();
        match error {
            Some(error) => {
                self.broken = true;
                Err(error)
            }
            None if self.broken => Err(self.stopped()),
            None => Ok(()),
        }
    }

    /// Waits for all threads and returns the files in order.
    pub(super) fn finish(&mut self) -> Result<Vec<DataFile>, LakeError> {
        let whole = self.join();
        self.check()?;
        whole?;
        let mut files = std::mem::take(&mut self.shared.outcome().files);
        files.sort_unstable_by_key(|(index, _)| *index);
        Ok(files.into_iter().map(|(_, file)| file).collect())
    }

    /// Waits for all threads and deletes what they put.
    pub(super) fn abort(&mut self) -> Result<(), LakeError> {
        // A thread that panicked has nothing more to put; deleting is all there is left to do.
        let _ = self.join();
        let begun = std::mem::take(&mut self.shared.outcome().begun);
        if begun.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        // On a thread of its own: the caller's may belong to the runtime, which must not block.
        let deleting = std::thread::spawn(move || {
            shared.runtime.block_on(async {
                let mut first = Ok(());
                for path in &begun {
                    let deleted = shared.lake.delete(path).await;
                    first = first.and(deleted);
                }
                first
            })
        });
        deleting.join().unwrap_or_else(|_| Err(self.stopped()))
    }

    fn join(&mut self) -> Result<(), LakeError> {
        self.sender = None;
        let mut whole = Ok(());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                whole = Err(());
            }
        }
        whole.map_err(|()| self.stopped())
    }

    fn stopped(&self) -> LakeError {
        LakeError::EncoderStopped { table: self.table.clone() }
    }
}

impl Shared {
    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut failed = false;
        loop {
            let next = self.chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(chunk) = next else { return };
            // After a failure chunks are taken and dropped, so that nobody waits for ever.
            if failed {
                continue;
            }
            if let Err(error) = self.store(chunk) {
                failed = true;
                self.outcome().error.get_or_insert(error);
            }
        }
    }

    fn store(&self, chunk: Chunk) -> Result<(), LakeError> {
        let Chunk { file, number, batches, end } = chunk;
        let Some((bytes, stats)) = file.take(&self.encoder, number, batches, end)? else { return Ok(()) };
        let data = DataFile::new(&file.path, bytes.len() as u64, stats);
        self.outcome().begun.push(file.path.clone());
        self.runtime.block_on(self.put(&file.path, bytes.into()))?;
        self.outcome().files.push((file.index, data));
        Ok(())
    }

    /// Puts a file where there is none, and tries again where the store does not answer.
    async fn put(&self, path: &Path, bytes: Bytes) -> Result<(), LakeError> {
        let mut put = self.lake.create_own(path, bytes.clone()).await;
        if put.as_ref().is_err_and(LakeError::is_retryable) {
            put = self.lake.create_own(path, bytes).await;
        }
        put
    }
}
