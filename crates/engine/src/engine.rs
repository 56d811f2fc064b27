//! The embedded engine: memory, threads and the lake's store, shared by sessions.

use crate::error::EngineError;
use crate::machine::half_of_memory;
use crate::stored::STORE;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use object_store::ObjectStore;
use std::num::NonZeroUsize;
use std::sync::Arc;
use url::Url;

/// How much of the machine queries may use.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Bytes that operators may hold before they spill; by default half of the machine's memory.
    pub memory: u64,
    /// Threads' worth of partitions.
    pub partitions: usize,
    /// Rows a batch.
    pub batch_rows: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let partitions = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { memory: half_of_memory(), partitions, batch_rows: 8192 }
    }
}

/// What sessions share.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) runtime: Arc<RuntimeEnv>,
    pub(crate) options: EngineOptions,
}

impl Engine {
    /// An engine over the lake's store, whose paths are relative to the lake's root.
    ///
    /// # Errors
    /// [`EngineError::Start`].
    pub fn new(store: Arc<dyn ObjectStore>, options: EngineOptions) -> Result<Self, EngineError> {
        let start = |what| move |_| EngineError::Start { what };
        let memory = usize::try_from(options.memory).unwrap_or(usize::MAX);
        let top = NonZeroUsize::MIN;
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), top);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .build_arc()
            .map_err(start("no place for spill files"))?;
        let url = Url::parse(STORE).map_err(|_| EngineError::Start { what: "the store's name" })?;
        runtime.register_object_store(&url, store);
        Ok(Self { runtime, options })
    }
}
