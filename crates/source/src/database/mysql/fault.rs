//! What MySQL's errors mean. Of a server's error only its number is looked at: the message quotes values.

use crate::database::error::{Doing, Fault};
use crate::database::tls;
use mysql_async::{DriverError, Error, IoError};
use std::io;

/// What an error means before any row was asked for.
pub(super) fn fault(error: &Error, doing: Doing) -> Fault {
    match error {
        Error::Server(error) => refused(error.code, doing),
        Error::Io(IoError::Tls(error)) => tls::fault_of(error).unwrap_or(Fault::Tls { why: "the handshake fails" }),
        Error::Io(IoError::Io(error)) => tls::fault_of(error).unwrap_or_else(|| Fault::Connect { kind: error.kind() }),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => Fault::Tls { why: "the server offers none" },
        Error::Driver(
            DriverError::UnknownAuthPlugin { .. }
            | DriverError::MysqlOldPasswordDisabled
            | DriverError::CleartextPluginDisabled,
        ) => Fault::Authentication,
        Error::Driver(DriverError::ConnectionClosed) => Fault::Connect { kind: io::ErrorKind::ConnectionAborted },
        Error::Driver(_) | Error::Other(_) => Fault::Protocol { what: "the driver does not follow it" },
        Error::Url(_) => Fault::Address {
            why: "MySQL's driver does not understand it".to_owned(),
            hint: "write mysql://user:password@host:3306/database, without other parameters".to_owned(),
        },
    }
}

/// What an error means after so many rows.
pub(super) fn fault_while_reading(error: &Error, rows: u64) -> Fault {
    match fault(error, Doing::Reading) {
        Fault::Connect { .. } | Fault::Tls { .. } | Fault::Interrupted { .. } => Fault::Interrupted { rows },
        other => other,
    }
}

fn refused(code: u16, doing: Doing) -> Fault {
    let state = || code.to_string();
    match code {
        // Wrong password, no such database, a host that may not connect; no right to the database, or to lock in it.
        1045 | 1049 | 1130 | 1251 | 1698 => Fault::Authentication,
        1044 if doing == Doing::Connecting => Fault::Authentication,
        1044 | 1142 | 1143 | 1227 | 1370 => Fault::Permission { doing },
        1146 | 1054 | 1060 | 1064 | 1149 | 1222 | 1248 | 1305 => Fault::Query { state: state() },
        // A lock, a statement's time, a query that somebody has ended.
        1205 | 1213 | 1317 | 1969 | 3024 => Fault::Timeout { doing },
        1053 | 1927 | 4031 => Fault::Interrupted { rows: 0 },
        1264 | 1292 | 1366 | 1411 | 1690 | 3854 => Fault::Value { state: state() },
        _ => Fault::Refused { doing, state: state() },
    }
}
