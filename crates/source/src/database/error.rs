//! What can keep a database from being read. Nothing here repeats a server's own words: they quote values.

use std::fmt;
use thiserror::Error;

/// A failure of one database. Messages name tables and columns, and never a value, a user or a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {fault}")]
pub struct DatabaseError {
    /// What was to be read: `postgres://host/shop/public.orders`, without user and password; or the dataset, where the
    /// address is not known.
    pub what: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// There is no address, or none that can be used.
    #[error("the address of the database cannot be used: {why}")]
    Address {
        /// Why not; it quotes nothing of the address.
        why: String,
        /// What would mend it.
        hint: String,
    },
    /// No connection.
    #[error("the database server cannot be reached ({kind})")]
    Connect {
        /// The system's word for it.
        kind: std::io::ErrorKind,
    },
    /// Wrong user or password, or a database or host that this user may not enter.
    #[error("the database server refuses this user or password")]
    Authentication,
    /// No TLS, or a certificate that is not trusted.
    #[error("no trusted TLS connection to the database server: {why}")]
    Tls {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The user may not read it.
    #[error("the database user may not do this: {doing}")]
    Permission {
        /// At what.
        doing: Doing,
    },
    /// No such table.
    #[error("there is no such table or view")]
    NoTable {
        /// The nearest there is.
        nearest: Option<String>,
    },
    /// Declared, not optional, and not in the table.
    #[error("it lacks {}", list(.columns))]
    MissingColumns {
        /// Each column, and the nearest undeclared one that there is.
        columns: Vec<(String, Option<String>)>,
    },
    /// The server does not understand the query.
    #[error("the query is not one that the server can run (SQLSTATE {state})")]
    Query {
        /// The server's code.
        state: String,
    },
    /// A column that cannot serve.
    #[error("column `{column}` cannot serve as `{key}`: {why}")]
    Column {
        /// The column.
        column: String,
        /// The key of the pipeline's file that names it.
        key: &'static str,
        /// Why not.
        why: String,
    },
    /// Rows that no watermark would ever reach.
    #[error("the incremental column `{column}` is null in some rows, which no later run would find")]
    IncrementalNull {
        /// The column.
        column: String,
    },
    /// A greatest value beyond which nothing can come.
    #[error("the greatest value of the incremental column `{column}` is not finite: nothing would ever be new again")]
    IncrementalInfinite {
        /// The column.
        column: String,
    },
    /// The server went away.
    #[error("the server ended the connection after {rows} rows")]
    Interrupted {
        /// Rows that had come.
        rows: u64,
    },
    /// A statement or a lock took too long.
    #[error("the server gave up after its time limit: {doing}")]
    Timeout {
        /// At what.
        doing: Doing,
    },
    /// A value that has no text in UTF-8, or that an expression of the query cannot compute.
    #[error("the server cannot give a value of some row as text (SQLSTATE {state})")]
    Value {
        /// The server's code.
        state: String,
    },
    /// Anything else that a server says no to.
    #[error("the server refuses: {doing} (SQLSTATE {state})")]
    Refused {
        /// At what.
        doing: Doing,
        /// The server's code.
        state: String,
    },
    /// What was read is not what the server sent.
    #[error("{read} records were read of {sent} rows that the server sent")]
    Count {
        /// Records that were found in the stream.
        read: u64,
        /// Rows that came.
        sent: u64,
    },
    /// The server speaks otherwise than it should.
    #[error("the server's answer is not understood: {what}")]
    Protocol {
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Connecting and setting up the session.
    Connecting,
    /// Asking which columns there are.
    Describing,
    /// Asking for the greatest value of the incremental column.
    Watermark,
    /// Dividing the rows.
    Dividing,
    /// Beginning a consistent snapshot.
    Snapshot,
    /// Reading the rows.
    Reading,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "setting up the session",
            Self::Describing => "asking for its columns",
            Self::Watermark => "asking for the greatest value of the incremental column",
            Self::Dividing => "dividing the rows among connections",
            Self::Snapshot => "beginning a consistent snapshot",
            Self::Reading => "reading the rows",
        })
    }
}

fn list(columns: &[(String, Option<String>)]) -> String {
    let one = |(name, nearest): &(String, Option<String>)| match nearest {
        Some(nearest) => format!("column `{name}` (the nearest it has is `{nearest}`)"),
        None => format!("column `{name}`"),
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Fault {
    /// Says of what it is.
    pub(super) fn of(self, what: &str) -> DatabaseError {
        DatabaseError { what: what.to_owned(), fault: self }
    }
}

impl DatabaseError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self.fault {
            Fault::Address { .. } => "LW7010",
            Fault::Connect { .. } => "LW7011",
            Fault::Authentication => "LW7012",
            Fault::Tls { .. } => "LW7013",
            Fault::Permission { .. } => "LW7014",
            Fault::NoTable { .. } => "LW7015",
            Fault::MissingColumns { .. } => "LW7016",
            Fault::Query { .. } => "LW7017",
            Fault::Column { .. } => "LW7018",
            Fault::IncrementalNull { .. } => "LW7019",
            Fault::IncrementalInfinite { .. } => "LW7020",
            Fault::Interrupted { .. } => "LW7021",
            Fault::Timeout { .. } => "LW7022",
            Fault::Value { .. } => "LW7023",
            Fault::Refused { .. } => "LW7024",
            Fault::Count { .. } => "LW7025",
            Fault::Protocol { .. } => "LW7026",
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> String {
        match &self.fault {
            Fault::Address { hint, .. } => hint.clone(),
            Fault::Connect { .. } => "check host and port of the address, and that the server runs".into(),
            Fault::Authentication => "check user, password and database of the address (`url` in pipeline.yaml)".into(),
            Fault::Tls { .. } => {
                "name the authority that signed the server's certificate: `tls: { ca_file: … }` in pipeline.yaml".into()
            }
            Fault::Permission { .. } => "GRANT SELECT on it, or on the declared columns, to the user".into(),
            Fault::NoTable { nearest: Some(nearest) } => format!("did you mean `table: {nearest}`?"),
            Fault::NoTable { nearest: None } => "write `table: schema.name`, spelled as in the database".into(),
            Fault::MissingColumns { columns } => match columns.iter().find_map(|(c, n)| Some((c, n.as_ref()?))) {
                Some((column, nearest)) => format!(
                    "if `{nearest}` is the new name of `{column}`, change `name` in the dictionary; if the column may be missing, say `optional: true`"
                ),
                None => "if the column may be missing, say `optional: true` in the dictionary".into(),
            },
            Fault::Query { .. } => {
                "run the query by hand in the database; it is one SELECT, without a semicolon".into()
            }
            Fault::Column { key, .. } => format!("name another column for `{key}` in pipeline.yaml, or leave it out"),
            Fault::IncrementalNull { .. } => {
                "name a column that is never null, or read a `query` that gives COALESCE(…) for it".into()
            }
            Fault::IncrementalInfinite { .. } => {
                "leave such rows out with a `query`, and ask where they come from".into()
            }
            Fault::Interrupted { .. } => "nothing of it was loaded; when the server is back: lakewarden run".into(),
            Fault::Timeout { .. } => {
                "raise `timeout` in pipeline.yaml, or put an index on the incremental column".into()
            }
            Fault::Value { .. } => "look for the row with the query by hand; a cast in a `query` can mend it".into(),
            Fault::Refused { .. } => {
                "look into the server's log: its own words may quote values, so they are not here".into()
            }
            Fault::Count { .. } | Fault::Protocol { .. } => {
                "read without a proxy between; if it stays, please report it with the server's version".into()
            }
        }
    }

    /// Whether what is there was refused, rather than nothing being had of it.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.fault,
            Fault::MissingColumns { .. }
                | Fault::Column { .. }
                | Fault::IncrementalNull { .. }
                | Fault::IncrementalInfinite { .. }
                | Fault::Value { .. }
                | Fault::Count { .. }
        )
    }

    /// Whether the same call may succeed later with nothing changed.
    pub fn is_retryable(&self) -> bool {
        matches!(self.fault, Fault::Connect { .. } | Fault::Interrupted { .. } | Fault::Timeout { .. })
    }
}
