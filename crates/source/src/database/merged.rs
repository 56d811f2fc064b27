//! Several connections' rows as one stream of CSV.
//!
//! Chunks of whole rows are taken from the connections in turn. Where a chunk ends depends on its rows alone, so the same
//! snapshot gives the same bytes, however fast each connection is.

use super::error::{DatabaseError, Fault};
use futures::future::BoxFuture;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use xxhash_rust::xxh3::xxh3_128;

/// A chunk is sent once it is this long.
const CHUNK: usize = 256 << 10;
/// Chunks of one connection that wait to be read.
const WAITING: usize = 4;

/// Rows of one connection, on their way.
enum Message {
    Rows(Vec<u8>),
    End,
    Failed(DatabaseError),
}

/// What one connection does.
pub(super) type Work = Box<dyn FnOnce(Rows) -> BoxFuture<'static, Result<Rows, DatabaseError>> + Send>;

/// What is known of a stream while it is read and afterwards.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: AtomicU64,
    fingerprint: Mutex<u128>,
    failure: Mutex<Option<DatabaseError>>,
}

impl Tally {
    /// Rows that came so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// The sum of the rows' hashes: the same for the same rows in any order.
    pub(super) fn fingerprint(&self) -> u128 {
        *self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the stream ended too early, if it did.
    pub(super) fn failure(&self) -> Option<DatabaseError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, fingerprint: u128) {
        let mut sum = self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = sum.wrapping_add(fingerprint);
    }

    fn fail(&self, error: DatabaseError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Where one connection puts its rows.
pub(super) struct Rows {
    chunk: Vec<u8>,
    count: u64,
    fingerprint: u128,
    sender: Sender<Message>,
    tally: Arc<Tally>,
}

impl Rows {
    /// Adds one row, a line of CSV. `false` if nobody reads any more.
    pub(super) async fn push(&mut self, line: &[u8]) -> bool {
        self.fingerprint = self.fingerprint.wrapping_add(xxh3_128(line));
        self.count += 1;
        self.chunk.extend_from_slice(line);
        self.chunk.len() < CHUNK || self.send().await
    }

    /// Rows that all connections have brought so far.
    pub(super) fn so_far(&self) -> u64 {
        self.tally.rows() + self.count
    }

    async fn send(&mut self) -> bool {
        self.tally.rows.fetch_add(std::mem::take(&mut self.count), Ordering::Relaxed);
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK + CHUNK / 4));
        chunk.is_empty() || self.sender.send(Message::Rows(chunk)).await.is_ok()
    }

    async fn end(mut self) {
        if self.send().await {
            self.tally.add(self.fingerprint);
            // Nobody listens where the run was given up.
            let _ = self.sender.send(Message::End).await;
        }
    }
}

/// The stream.
pub(super) struct Merged {
    what: String,
    open: Vec<Receiver<Message>>,
    turn: usize,
    chunk: Vec<u8>,
    at: usize,
    tally: Arc<Tally>,
}

impl Merged {
    /// Sets the connections to work on a runtime. To be read from a thread that is none of the runtime's.
    pub(super) fn start(what: &str, header: Vec<u8>, works: Vec<Work>, tally: &Arc<Tally>, on: &Handle) -> Self {
        let open = works.into_iter().map(|work| {
            let (sender, receiver) = channel(WAITING);
            let rows =
                Rows { chunk: Vec::new(), count: 0, fingerprint: 0, sender: sender.clone(), tally: tally.clone() };
            let working = work(rows);
            on.spawn(async move {
                match working.await {
                    Ok(rows) => rows.end().await,
                    // Nobody listens where the run was given up.
                    Err(error) => drop(sender.send(Message::Failed(error)).await),
                }
            });
            receiver
        });
        Self { what: what.to_owned(), open: open.collect(), turn: 0, chunk: header, at: 0, tally: tally.clone() }
    }
}

impl Read for Merged {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            if self.tally.failure().is_some() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let Some(next) = self.open.get_mut(self.turn) else { return Ok(0) };
            match next.blocking_recv() {
                Some(Message::Rows(chunk)) => {
                    (self.chunk, self.at) = (chunk, 0);
                    self.turn = (self.turn + 1) % self.open.len();
                }
                Some(Message::End) => {
                    self.open.remove(self.turn);
                    self.turn = if self.turn < self.open.len() { self.turn } else { 0 };
                }
                Some(Message::Failed(error)) => self.tally.fail(error),
                // Its task is gone and has not said why.
                None => self.tally.fail(Fault::Interrupted { rows: self.tally.rows() }.of(&self.what)),
            }
        }
        let count = into.len().min(self.chunk.len() - self.at);
        into[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::runtime::Runtime;

    /// Rows `from`, `from + step`, … below 20,000, sent with pauses, and then perhaps a failure.
    fn work(from: usize, step: usize, pause: usize, failing: bool) -> Work {
        Box::new(move |mut rows| {
            Box::pin(async move {
                for number in (from..20_000).step_by(step) {
                    if pause > 0 && number % pause == 0 {
                        tokio::task::yield_now().await;
                    }
                    let line = format!("{number},{}\n", "x".repeat(number % 100));
                    if !rows.push(line.as_bytes()).await {
                        return Ok(rows);
                    }
                }
                if failing { Err(Fault::Interrupted { rows: rows.so_far() }.of("db")) } else { Ok(rows) }
            })
        })
    }

    fn read(works: Vec<Work>) -> (Arc<Tally>, io::Result<Vec<u8>>) {
        let runtime = Runtime::new().unwrap();
        let tally = Arc::new(Tally::default());
        let mut stream = Merged::start("db", b"a,b\n".to_vec(), works, &tally, runtime.handle());
        let mut bytes = Vec::new();
        let result = stream.read_to_end(&mut bytes).map(|_| bytes);
        if result.is_err() {
            assert!(stream.read(&mut [0; 8]).is_err(), "a failed stream stays failed");
        }
        (tally, result)
    }

    #[test]
    fn all_rows_come_in_the_same_order_each_time() {
        let (tally, bytes) = read(vec![work(0, 3, 0, false), work(1, 3, 7, false), work(2, 3, 100, false)]);
        let bytes = bytes.unwrap();
        assert_eq!(tally.rows(), 20_000);
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').skip(1).collect();
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), 20_000);
        let (again, same) = read(vec![work(0, 3, 3, false), work(1, 3, 0, false), work(2, 3, 1, false)]);
        assert_eq!((same.unwrap(), again.fingerprint()), (bytes, tally.fingerprint()));
        let (one, _) = read(vec![work(0, 1, 0, false)]);
        assert_eq!(one.fingerprint(), tally.fingerprint(), "the order does not matter");
        let (fewer, _) = read(vec![work(1, 1, 0, false)]);
        assert_ne!(fewer.fingerprint(), tally.fingerprint());
    }

    #[test]
    fn a_connection_that_fails_fails_the_stream() {
        let (tally, bytes) = read(vec![work(0, 2, 0, false), work(1, 2, 0, true)]);
        assert_eq!(bytes.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(tally.failure().unwrap().code(), "LW7021");
        let dies: Work = Box::new(|_| Box::pin(async { panic!("a task that dies") }));
        let (tally, bytes) = read(vec![dies]);
        assert!(bytes.is_err() && tally.failure().is_some());
    }

    #[test]
    fn no_rows_are_a_header() {
        let (tally, bytes) = read(vec![work(20_000, 1, 0, false)]);
        assert_eq!((bytes.unwrap().as_slice(), tally.rows()), (b"a,b\n".as_slice(), 0));
    }
}
