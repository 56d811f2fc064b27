//! Where exports lie: the files of a folder or bucket, and the tables and queries of databases, opened as streams for
//! [`lakewarden_extract`].
//!
//! What must be absent here: what is inside the files, and what becomes of it.

pub mod database;
mod error;
mod files;

pub use error::SourceError;
pub use files::list;
