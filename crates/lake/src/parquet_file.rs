//! Parquet files in the store: only the bytes of the columns that are wanted are fetched.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::error::LakeError;
use crate::fault::parquet_error;
use crate::lake::Lake;

/// Bytes fetched from the end of a file, which hold the whole footer of most.
const FOOTER_HINT: usize = 64 << 10;

/// One Parquet file in an object store.
pub(crate) struct StoredFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

/// Opens a file and reads its footer. Types are those of Parquet, not those that a writer may have
/// noted for Arrow.
pub(crate) async fn open(
    lake: &Lake,
    path: &Path,
    size: u64,
) -> Result<ParquetRecordBatchStreamBuilder<StoredFile>, LakeError> {
    let file = StoredFile { store: Arc::clone(lake.store()), path: path.clone(), size };
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ParquetRecordBatchStreamBuilder::new_with_options(file, options)
        .await
        .map_err(|error| parquet_error(path.as_ref(), &error))
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move { self.store.get_range(&self.path, range).await.map_err(external) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let metadata = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_HINT))
                .load_and_finish(self, size)
                .await?;
            Ok(Arc::new(metadata))
        }
        .boxed()
    }
}
