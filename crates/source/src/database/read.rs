//! One read of one database: what is asked for, what is found, and how it is handed on.

use super::address::{Address, Kind, beyond_home};
use super::error::{DatabaseError, Fault};
use super::merged::{Merged, Tally, Work};
use super::one_connection::OneConnection;
use super::projection::Projection;
use super::watermark::{Reached, SourceId, Watermark};
use super::{mysql, postgres};
use lakewarden_dictionary::{Database, DatabaseRelation, Dataset, Overlap};
use lakewarden_extract::SourceFile;
use lakewarden_privacy::Blinding;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// What is to be read.
#[derive(Clone)]
pub struct DatabaseRequest<'a> {
    /// The dataset that the rows are of.
    pub dataset: &'a Dataset,
    /// Where they are.
    pub database: &'a Database,
    /// The project's root.
    pub root: &'a Path,
    /// The names of the application transactions of the dataset's table: they hold how far an earlier read came.
    pub transactions: &'a [&'a str],
    /// Hides sums over clear rows that are kept: nobody without its key can try out rows. `None` if the rows will not be
    /// read: it is only looked what there is.
    pub reading: Option<Blinding>,
}

/// The rows of a database since an earlier read, or all of them. It holds a snapshot of the database open.
pub struct DatabaseRead {
    name: String,
    source: SourceId,
    projection: Projection,
    number: u64,
    outlook: Outlook,
    warnings: Vec<OneConnection>,
    before: Option<Watermark>,
    works: Arc<Mutex<Option<Vec<Work>>>>,
    tally: Arc<Tally>,
    reading: Option<Blinding>,
}

/// What a server's module is told.
pub(super) struct Asked<'a> {
    pub address: &'a Address,
    /// What messages call it.
    pub what: &'a str,
    pub dataset: &'a Dataset,
    pub relation: &'a DatabaseRelation,
    pub incremental: Option<&'a str>,
    pub overlap: Option<Overlap>,
    /// Whether two rows with the same incremental value may be different rows, so that the last value is read again.
    pub inclusive: bool,
    pub partition_on: Option<&'a str>,
    pub parallel: u32,
    pub timeout: u64,
    pub tls: bool,
    pub ca_file: Option<PathBuf>,
    /// The greatest value that an earlier read saw, and how many rows it left to be looked at again.
    pub before: Option<(&'a str, u64)>,
    pub reading: bool,
}

/// What a server's module found.
pub(super) struct Opened {
    pub projection: Projection,
    pub outlook: Outlook,
    pub works: Vec<Work>,
    pub warnings: Vec<OneConnection>,
}

/// What there is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Nothing that an earlier read has not seen.
    NothingNew,
    /// Rows up to this value of the incremental column; so many of them the next read looks at again.
    UpTo { greatest: String, again: u64 },
    /// No row, now or before.
    Empty,
    /// All rows: there is no incremental column.
    Everything,
}

impl DatabaseRead {
    /// Connects, begins a snapshot and finds out what there is. Must be called on a runtime, which the connections then
    /// use.
    ///
    /// # Errors
    /// [`DatabaseError`], whose codes are LW7010 to LW7026.
    pub async fn open(request: &DatabaseRequest<'_>) -> Result<Self, DatabaseError> {
        let &DatabaseRequest { dataset, database, root, transactions, .. } = request;
        let dataset_name = &dataset.name.value;
        let address = Address::fetch(&database.url.value).map_err(|fault| fault.of(dataset_name))?;
        let (shown, identity) = match &database.relation {
            DatabaseRelation::Table(table) => (format!("{}/{}", address.shown, table.value), table.value.as_str()),
            DatabaseRelation::Query(query) => (format!("{}?query={dataset_name}", address.shown), query.value.as_str()),
        };
        let ca_file = match &database.ca_file {
            Some(declared) => Some(root.join(beyond_home(&declared.value).map_err(|fault| fault.of(&shown))?)),
            None => None,
        };
        let incremental = database.incremental.as_ref().map(|c| c.value.as_str());
        let source = SourceId::new(&address.shown, identity, incremental);
        let before = Watermark::find(&source, transactions.iter().copied());
        let own_key = incremental.is_some_and(|name| is_whole_key(dataset, name));
        let asked = Asked {
            address: &address,
            what: &shown,
            dataset,
            relation: &database.relation,
            incremental,
            overlap: database.overlap.as_ref().map(|o| o.value),
            inclusive: database.overlap.is_some() || !own_key,
            partition_on: database.partition_on.as_ref().map(|c| c.value.as_str()),
            parallel: if request.reading.is_some() { database.parallel } else { 1 },
            timeout: database.timeout,
            tls: database.tls || address.demands_tls || !address.local,
            ca_file,
            before: match before.as_ref().map(|mark| &mark.reached) {
                Some(Reached::Value { greatest, again }) => Some((greatest, *again)),
                _ => None,
            },
            reading: request.reading.is_some(),
        };
        let opened = match address.kind {
            Kind::Postgres => postgres::open(&asked).await,
            Kind::Mysql => mysql::open(&asked).await,
        };
        let Opened { projection, mut outlook, works, warnings } = opened.map_err(|fault| fault.of(&shown))?;
        if outlook == Outlook::Empty && before.is_some() {
            outlook = Outlook::NothingNew;
        }
        let name = match (&asked.before, incremental) {
            (Some((value, _)), Some(_)) => {
                let mark = if shown.contains('?') { '&' } else { '?' };
                format!("{shown}{mark}after={value}")
            }
            _ => shown,
        };
        Ok(Self {
            name,
            source,
            projection,
            number: before.as_ref().map_or(1, |mark| mark.number.saturating_add(1)),
            outlook,
            warnings,
            before,
            works: Arc::new(Mutex::new(Some(works))),
            tally: Arc::new(Tally::default()),
            reading: request.reading.clone(),
        })
    }

    /// What accounts call it: `postgres://host/shop/public.orders?after=2026-09-30 10:00:00+00`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there may be rows that an earlier read has not seen.
    pub fn has_news(&self) -> bool {
        self.outlook != Outlook::NothingNew
    }

    /// Whether all rows are read, each time, for no column says what is new.
    pub fn reads_everything(&self) -> bool {
        self.outlook == Outlook::Everything
    }

    /// Why it is read by one connection although more are declared.
    pub fn warnings(&self) -> &[OneConnection] {
        &self.warnings
    }

    /// Columns that nobody declared. They are never read.
    pub fn undeclared(&self) -> &[String] {
        &self.projection.undeclared
    }

    /// The dataset as its rows arrive: what is declared of its files does not hold here.
    pub fn as_read(&self, dataset: &Dataset) -> Dataset {
        self.projection.as_read(dataset)
    }

    /// The rows as a file of CSV. It can be opened once: the snapshot is read as it is passed on.
    pub fn file(&self) -> SourceFile {
        let (works, tally, handle) = (self.works.clone(), self.tally.clone(), Handle::current());
        let (name, header) = (self.name.clone(), self.projection.header());
        let open = move || {
            let works = works.lock().unwrap_or_else(PoisonError::into_inner).take();
            let works = works.ok_or_else(|| io::Error::from(io::ErrorKind::ResourceBusy))?;
            Ok(Box::new(Merged::start(&name, header.clone(), works, &tally, &handle)) as Box<dyn io::Read + Send>)
        };
        SourceFile::new(self.name.as_str(), 0, open)
    }

    /// Why the stream broke off, if it did.
    pub fn failure(&self) -> Option<DatabaseError> {
        self.tally.failure()
    }

    /// Whether everything was read and is what an earlier read has brought, in whatever order.
    pub fn is_as_before(&self) -> bool {
        let Some(Watermark { reached: Reached::Whole { rows, fingerprint }, .. }) = &self.before else { return false };
        let Some(hidden) = self.fingerprint() else { return false };
        self.reads_everything() && (*rows, *fingerprint) == (self.tally.rows(), hidden)
    }

    /// Says how far it came, once all was read: the application transactions to commit together with the rows.
    ///
    /// # Errors
    /// [`Fault::Count`] if other than the rows sent were read.
    pub fn finish(&self, read: u64) -> Result<Vec<(String, i64)>, DatabaseError> {
        let sent = self.tally.rows();
        if read != sent {
            return Err(Fault::Count { read, sent }.of(&self.name));
        }
        // Who only looks comes nowhere.
        let Some(fingerprint) = self.fingerprint() else { return Ok(Vec::new()) };
        let reached = match &self.outlook {
            Outlook::UpTo { greatest, again } => Reached::Value { greatest: greatest.clone(), again: *again },
            Outlook::Everything => Reached::Whole { rows: sent, fingerprint },
            Outlook::Empty => Reached::Nothing,
            Outlook::NothingNew => return Ok(Vec::new()),
        };
        Ok(Watermark { number: self.number, reached }.transactions(&self.source))
    }

    /// The sum over the rows that were read, hidden.
    fn fingerprint(&self) -> Option<u128> {
        self.reading.as_ref().map(|blinding| blinding.of(self.tally.fingerprint()))
    }
}

/// Whether a column is by itself the dataset's key: then the same value is the same row.
fn is_whole_key(dataset: &Dataset, name: &str) -> bool {
    let [key] = dataset.key.as_slice() else { return false };
    dataset.column(&key.value).is_some_and(|field| field.name.value == name)
}
