//! `database:` of a channel in `pipelines/<pipeline>/pipeline.yaml`.

use crate::diagnostic::{Span, Spanned};
use std::fmt;

/// A table or query of a database that a dataset's rows are read from.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where the address, which may hold a password, is found.
    pub url: Spanned<DatabaseAddress>,
    /// What is read.
    pub relation: DatabaseRelation,
    /// Column whose greatest value is remembered, so that the next run reads what lies beyond; absent: each run reads
    /// everything.
    pub incremental: Option<Spanned<String>>,
    /// How far before the remembered value the next run begins.
    pub overlap: Option<Spanned<Overlap>>,
    /// Column of numbers that the rows are divided by among several connections.
    pub partition_on: Option<Spanned<String>>,
    /// Connections that read, at least one.
    pub parallel: u32,
    /// How long one statement may take, seconds.
    pub timeout: u64,
    /// Whether TLS is demanded of a server on this machine too; of any other it always is.
    pub tls: bool,
    /// PEM file of the certificates that the server's must come from, instead of the system's: absolute, from the home
    /// folder, or relative to the project's root.
    pub ca_file: Option<Spanned<String>>,
    /// Where it is declared.
    pub span: Span,
}

/// What is read of a database.
#[derive(Debug, Clone)]
pub enum DatabaseRelation {
    /// A table or view, `name` or `schema.name`, spelled as in the database.
    Table(Spanned<String>),
    /// A query; one SELECT.
    Query(Spanned<String>),
}

/// Where the address of a database is found.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    /// In an environment variable of this name.
    Environment(String),
    /// In a file of mode 0600 outside the project; `~` is the home folder.
    File(String),
    /// Here. It must not hold a password.
    Url(String),
}

impl fmt::Debug for DatabaseAddress {
    /// Shows where the address is, and nothing of it: a project that is not sound may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Url(_) => f.write_str("a URL"),
        }
    }
}

impl DatabaseAddress {
    /// Whether a password stands in it, in the authority or as a parameter.
    pub fn has_password(&self) -> bool {
        let Self::Url(url) = self else { return false };
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Whatever stands before the last `@` is user and password, even where a slash was not escaped.
        let in_authority = before.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
        in_authority || query.to_ascii_lowercase().split('&').any(|p| p.starts_with("password=") || p.contains('@'))
    }
}

/// How far a read goes back behind the greatest value that an earlier one saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Of a column of times: seconds.
    Seconds(u64),
    /// Of a column of numbers: this much.
    Steps(u64),
}
