//! Rows as lines of CSV.

use super::fault::fault_while_reading;
use crate::database::error::{DatabaseError, Fault};
use crate::database::merged::{Rows, Work};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Value};

/// Reads one connection's share.
pub(super) fn work(what: &str, conn: Conn, share: Vec<String>) -> Work {
    let what = what.to_owned();
    Box::new(move |mut rows| {
        Box::pin(async move {
            let mut conn = conn;
            for statement in share {
                if !select(&what, &mut conn, statement, &mut rows).await? {
                    break;
                }
            }
            Ok(rows)
        })
    })
}

/// Reads one statement's rows. `false` if nobody reads any more.
async fn select(what: &str, conn: &mut Conn, statement: String, rows: &mut Rows) -> Result<bool, DatabaseError> {
    let failed = |error: mysql_async::Error, rows: &Rows| fault_while_reading(&error, rows.so_far()).of(what);
    let mut result = conn.query_iter(statement).await.map_err(|e| failed(e, rows))?;
    let mut line = Vec::new();
    while let Some(row) = result.next().await.map_err(|e| failed(e, rows))? {
        line.clear();
        let values = row.unwrap();
        let only = values.len() == 1;
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                line.push(b',');
            }
            cell(value, only, &mut line).map_err(|fault| fault.of(what))?;
        }
        line.push(b'\n');
        if !rows.push(&line).await {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends a value. Null is nothing, the empty text two quotes; both are null to a dataset. A line without anything is no
/// record to readers of CSV, so that a row's only value has quotes always.
fn cell(value: &Value, only: bool, line: &mut Vec<u8>) -> Result<(), Fault> {
    let bytes: &[u8] = match value {
        Value::NULL => b"",
        Value::Bytes(bytes) => bytes,
        _ => return Err(Fault::Protocol { what: "a value of the text protocol is no text" }),
    };
    if std::str::from_utf8(bytes).is_err() {
        return Err(Fault::Value { state: "22021".to_owned() });
    }
    let quoted = only
        || bytes.iter().any(|b| matches!(b, b'"' | b',' | b'\n' | b'\r'))
        || (bytes.is_empty() && *value != Value::NULL);
    if !quoted {
        line.extend_from_slice(bytes);
        return Ok(());
    }
    line.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            line.push(b'"');
        }
        line.push(*byte);
    }
    line.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells() {
        let text = |value: Value, only| {
            let mut line = Vec::new();
            cell(&value, only, &mut line).map(|()| String::from_utf8(line).unwrap())
        };
        let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
        assert_eq!(text(Value::NULL, false).unwrap(), "");
        assert_eq!(text(Value::NULL, true).unwrap(), "\"\"");
        assert_eq!(text(bytes(""), false).unwrap(), "\"\"");
        assert_eq!(text(bytes("上海"), false).unwrap(), "上海");
        assert_eq!(text(bytes("a,\"b\"\n"), false).unwrap(), "\"a,\"\"b\"\"\n\"");
        assert!(matches!(text(Value::Bytes(vec![0xff]), false), Err(Fault::Value { .. })));
        assert!(matches!(text(Value::Int(1), false), Err(Fault::Protocol { .. })));
    }
}
