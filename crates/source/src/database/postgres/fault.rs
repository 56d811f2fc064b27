//! What PostgreSQL's errors mean. Of a server's error only its SQLSTATE is looked at: message and DETAIL quote values.

use crate::database::error::{Doing, Fault};
use crate::database::tls;
use std::error::Error as _;
use std::io;
use tokio_postgres::Error;

/// What an error means before any row was asked for.
pub(super) fn fault(error: &Error, doing: Doing) -> Fault {
    if let Some(state) = error.code() {
        return refused(state.code(), doing);
    }
    if let Some(tls) = tls::fault_of(error) {
        return tls;
    }
    if let Some(io) = error.source().and_then(|e| e.downcast_ref::<io::Error>()) {
        return Fault::Connect { kind: io.kind() };
    }
    // The driver's own errors have no other mark than what they say; they quote nothing.
    let said = error.to_string();
    if said.contains("TLS") {
        Fault::Tls { why: "the server offers none" }
    } else if said.contains("authentication") || said.contains("configuration") {
        Fault::Authentication
    } else {
        Fault::Connect { kind: io::ErrorKind::ConnectionAborted }
    }
}

/// What an error means after so many rows.
pub(super) fn fault_while_reading(error: &Error, rows: u64) -> Fault {
    match fault(error, Doing::Reading) {
        Fault::Connect { .. } | Fault::Tls { .. } => Fault::Interrupted { rows },
        Fault::Interrupted { .. } => Fault::Interrupted { rows },
        other => other,
    }
}

fn refused(state: &str, doing: Doing) -> Fault {
    match state {
        // Wrong password, no entry in pg_hba.conf, no such database.
        "28P01" | "28000" | "3D000" => Fault::Authentication,
        "42501" => Fault::Permission { doing },
        "42P01" | "3F000" if doing != Doing::Describing => Fault::NoTable { nearest: None },
        // Cancelled by a time limit or by a person; a lock that was not had in time; a snapshot or query that a standby
        // had to give up.
        "57014" | "55P03" | "40001" => Fault::Timeout { doing },
        "57P01" | "57P02" => Fault::Interrupted { rows: 0 },
        "57P03" => Fault::Connect { kind: io::ErrorKind::ConnectionRefused },
        _ if state.starts_with("08") => Fault::Interrupted { rows: 0 },
        _ if state.starts_with("22") => Fault::Value { state: state.to_owned() },
        _ if state.starts_with("42") => Fault::Query { state: state.to_owned() },
        _ => Fault::Refused { doing, state: state.to_owned() },
    }
}
