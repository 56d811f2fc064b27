//! Where exports lie: the files of a folder or bucket, opened as streams for [`lakewarden_extract`].
//!
//! What must be absent here: what is inside the files, and what becomes of it.

mod error;
mod files;

pub use error::SourceError;
pub use files::list;
