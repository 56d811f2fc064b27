//! The files of a web server, which lists none: each is asked for by its address.

use crate::fault::{StoreFault, classify};
use crate::interval::{Interval, Stamp};
use crate::part::Part;
use crate::stores::{Kind, Patience};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use lakewarden_dictionary::FilePattern;
use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, GetOptions, ObjectMeta, ObjectStore};
use std::sync::Arc;
use tokio::time::timeout;

/// Addresses asked for at a time.
const AT_ONCE: usize = 8;

/// A file that a server has.
pub(crate) struct OnWeb {
    /// Its path as it was written.
    pub(crate) path: String,
    /// Its path as the client takes it.
    pub(crate) at: ObjectPath,
    /// What the server says of it.
    pub(crate) meta: ObjectMeta,
    /// What its data is of.
    pub(crate) interval: Option<Interval>,
}

impl OnWeb {
    /// When it was last written, if the server says so; the client has the epoch in its place.
    pub(crate) fn modified(&self) -> Option<DateTime<Utc>> {
        Some(self.meta.last_modified).filter(|modified| *modified != DateTime::UNIX_EPOCH)
    }
}

/// Asks for the file of each interval, or for the only one. A day whose file is not there is passed over; that of an
/// address without a day is an error.
///
/// # Errors
/// The path, and what the server does not do.
pub(crate) async fn find(
    store: &Arc<dyn ObjectStore>,
    pattern: &FilePattern,
    intervals: Option<Vec<Interval>>,
    patience: &Patience,
) -> Result<Vec<OnWeb>, (String, StoreFault)> {
    let parts = pattern.parts.iter().map(Part::new).collect::<Option<Vec<_>>>();
    let parts = parts.ok_or_else(|| (String::new(), StoreFault::OddName))?;
    let path = |stamp: &Stamp| parts.iter().map(|part| part.at(stamp)).collect::<Option<Vec<_>>>().map(|p| p.join("/"));
    let asked: Option<Vec<(String, Option<Interval>)>> = match &intervals {
        Some(all) => all.iter().map(|interval| Some((path(&Stamp::of(interval))?, Some(*interval)))).collect(),
        None => path(&Stamp::default()).map(|path| vec![(path, None)]),
    };
    let asked = asked.ok_or_else(|| (String::new(), StoreFault::OddName))?;
    let found = stream::iter(asked.into_iter().map(async |(path, interval): (String, Option<Interval>)| {
        let at = ObjectPath::from_url_path(&path).map_err(|_| (path.clone(), StoreFault::OddName))?;
        match ask(store, &at, patience).await {
            Ok(meta) => Ok(Some(OnWeb { path, at, meta, interval })),
            Err(StoreFault::NotFound) if interval.is_some() => Ok(None),
            Err(fault) => Err((path, fault)),
        }
    }))
    .buffered(AT_ONCE);
    Ok(found.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
}

/// What a server says of a file. Asks for the file itself and hangs up: a signature is often good for nothing else.
async fn ask(store: &Arc<dyn ObjectStore>, at: &ObjectPath, patience: &Patience) -> Result<ObjectMeta, StoreFault> {
    let asked = store.get_opts(at, GetOptions::default());
    let unanswered = StoreError::Generic { store: "HTTP", source: "no answer in time".into() };
    match timeout(patience.silence.saturating_mul(2), asked).await.unwrap_or(Err(unanswered)) {
        Ok(found) => Ok(found.meta),
        Err(error) => Err(match classify(&error, Kind::Web) {
            // The client below has tried as often as it may.
            StoreFault::Unavailable { kind, .. } => StoreFault::Unavailable { kind, attempts: patience.attempts },
            fault => fault,
        }),
    }
}
