//! The files of a channel: listed by a pattern, on disk or in a bucket, and opened as streams.

use crate::error::SourceError;
use futures::{StreamExt, TryStreamExt};
use glob::{MatchOptions, Pattern};
use lakewarden_extract::SourceFile;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, ObjectStoreScheme};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;
use url::Url;

/// Stars stop at slashes, dots must be written.
const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Lists the files that match a dataset's pattern, in order of name: a URL, or a path relative to `root`. An empty list
/// is an error: a channel that is declared has an export.
///
/// # Errors
/// [`SourceError::NoFiles`], [`SourceError::List`].
pub async fn list(root: &Path, dataset: &str, pattern: &str) -> Result<Vec<SourceFile>, SourceError> {
    let failed = |why| SourceError::List { dataset: dataset.to_owned(), pattern: pattern.to_owned(), why };
    let mut files = if pattern.contains("://") && !pattern.starts_with("file://") {
        remote(pattern).await.map_err(failed)?
    } else {
        let path = pattern.strip_prefix("file://").unwrap_or(pattern);
        local(root, path).map_err(failed)?
    };
    if files.is_empty() {
        return Err(SourceError::NoFiles { dataset: dataset.to_owned(), pattern: pattern.to_owned() });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn local(root: &Path, pattern: &str) -> Result<Vec<SourceFile>, String> {
    let full = root.join(pattern);
    let full = full.to_str().ok_or("the path is not UTF-8")?;
    let mut files = Vec::new();
    for found in glob::glob_with(full, MATCH).map_err(|e| e.msg.to_owned())? {
        let path = found.map_err(|e| e.error().kind().to_string())?;
        let meta = path.metadata().map_err(|e| e.kind().to_string())?;
        if !meta.is_file() {
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        files.push(SourceFile {
            name,
            size: meta.len(),
            open: Box::new(move || Ok(Box::new(File::open(&path)?) as Box<dyn Read + Send>)),
        });
    }
    Ok(files)
}

async fn remote(pattern: &str) -> Result<Vec<SourceFile>, String> {
    let fixed = pattern.split(['*', '?', '[']).next().unwrap_or(pattern);
    let folder = &fixed[..fixed.rfind('/').map_or(0, |at| at + 1)];
    let url = Url::parse(folder).map_err(|e| e.to_string())?;
    let (_, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| "the address is of no known kind".to_owned())?;
    let mut settings: Vec<(String, String)> = std::env::vars()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    // As for the lake: an endpoint that is named as http:// is meant so.
    if settings.iter().any(|(name, value)| name.starts_with("aws_endpoint") && value.starts_with("http://")) {
        settings.push(("aws_allow_http".to_owned(), "true".to_owned()));
    }
    let (store, _) =
        object_store::parse_url_opts(&url, settings).map_err(|_| "the storage cannot be set up".to_owned())?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let authority = url.as_str().strip_suffix(&format!("{prefix}/")).unwrap_or(folder).to_owned();
    let below = pattern.strip_prefix(&authority).unwrap_or(pattern).trim_start_matches('/');
    let matcher = Pattern::new(below).map_err(|e| e.msg.to_owned())?;
    let listed: Vec<_> =
        store.list(Some(&prefix)).try_collect().await.map_err(|_| "the storage does not answer".to_owned())?;
    Ok(listed
        .into_iter()
        .filter(|o| matcher.matches_with(o.location.as_ref(), MATCH))
        .map(|object| {
            let (store, handle) = (store.clone(), Handle::current());
            let location = object.location;
            SourceFile {
                name: format!("{authority}{location}"),
                size: object.size,
                open: Box::new(move || open_remote(&handle, store.clone(), &location)),
            }
        })
        .collect())
}

fn open_remote(handle: &Handle, store: Arc<dyn ObjectStore>, at: &ObjectPath) -> io::Result<Box<dyn Read + Send>> {
    let found = handle.block_on(store.get(at)).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    Ok(Box::new(StreamReader { handle: handle.clone(), stream: found.into_stream().boxed(), chunk: Vec::new(), at: 0 }))
}

/// Reads a stream of byte chunks from a thread that is not the runtime's.
struct StreamReader<S> {
    handle: Handle,
    stream: S,
    chunk: Vec<u8>,
    at: usize,
}

impl<S, B> Read for StreamReader<S>
where
    S: futures::Stream<Item = object_store::Result<B>> + Unpin,
    B: AsRef<[u8]>,
{
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.handle.block_on(self.stream.next()) {
                None => return Ok(0),
                Some(Err(_)) => return Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                Some(Ok(chunk)) => {
                    self.chunk.clear();
                    self.chunk.extend_from_slice(chunk.as_ref());
                    self.at = 0;
                }
            }
        }
        let count = into.len().min(self.chunk.len() - self.at);
        into[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
