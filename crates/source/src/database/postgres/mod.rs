//! PostgreSQL: one exported snapshot, read by `COPY … TO STDOUT` over as many connections as are declared.

mod fault;
mod session;
mod sql;

use super::error::{DatabaseError, Doing, Fault};
use super::merged::{Rows, Work};
use super::one_connection::OneConnection;
use super::projection::{Column, Projection};
use super::ranges::{Range, divide, whole};
use super::read::{Asked, Opened, Outlook};
use fault::{fault, fault_while_reading};
use futures::StreamExt;
use lakewarden_dictionary::{DatabaseRelation, nearest};
use session::connect;
use sql::{Relation, Since, identifier, literal};
use std::pin::pin;
use tokio_postgres::Client;

/// Ranges for each connection, so that one full of rows does not keep the others waiting for long.
const RANGES: u32 = 4;
/// A table of fewer blocks (8 kB each) is not worth several connections.
const FEW_BLOCKS: i128 = 256;

/// Begins a snapshot and finds out what there is to read.
pub(super) async fn open(asked: &Asked<'_>) -> Result<Opened, Fault> {
    let client = connect(asked).await?;
    let mut warnings = Vec::new();
    let snapshot = begin(&client, asked, &mut warnings).await?;
    let relation = Relation::of(asked.relation);
    let table = match asked.relation {
        DatabaseRelation::Table(name) => Some(table(&client, &name.value).await?),
        DatabaseRelation::Query(_) => None,
    };
    let columns = columns(&client, &relation, table.as_ref()).await?;
    let projection = Projection::of(asked.dataset, &columns)?;
    let (outlook, since) = outlook(&client, asked, &relation, &columns).await?;
    let mut works: Vec<Work> = Vec::new();
    if asked.reading && outlook != Outlook::NothingNew {
        let conditions = conditions(&client, asked, &relation, &columns, table.as_ref(), since.as_ref()).await?;
        let wanted = if snapshot.is_some() { asked.parallel as usize } else { 1 };
        let count = wanted.min(conditions.len()).max(1);
        let mut shares: Vec<Vec<String>> = vec![Vec::new(); count];
        for (number, condition) in conditions.into_iter().enumerate() {
            shares[number % count].push(sql::copy(&projection, &relation, since.as_ref(), condition.as_deref()));
        }
        let mut clients = vec![client];
        for _ in 1..count {
            let client = connect(asked).await?;
            let name = literal(snapshot.as_deref().unwrap_or_default());
            let begin = format!("{}; SET TRANSACTION SNAPSHOT {name}", sql::BEGIN);
            client.batch_execute(&begin).await.map_err(|e| fault(&e, Doing::Snapshot))?;
            clients.push(client);
        }
        works = clients.into_iter().zip(shares).map(|(client, share)| work(asked.what, client, share)).collect();
    }
    Ok(Opened { projection, outlook, works, warnings })
}

/// Begins the snapshot, and exports it if others are to share it. A server that cannot export one is read by one
/// connection.
async fn begin(client: &Client, asked: &Asked<'_>, warnings: &mut Vec<OneConnection>) -> Result<Option<String>, Fault> {
    let begin = || client.batch_execute(sql::BEGIN);
    begin().await.map_err(|e| fault(&e, Doing::Snapshot))?;
    if asked.parallel < 2 {
        return Ok(None);
    }
    match client.query_one("SELECT pg_catalog.pg_export_snapshot()", &[]).await {
        Ok(row) => Ok(row.get(0)),
        Err(error) if error.as_db_error().is_some() => {
            warnings.push(OneConnection::NoSharedSnapshot);
            client.batch_execute("ROLLBACK").await.map_err(|e| fault(&e, Doing::Snapshot))?;
            begin().await.map_err(|e| fault(&e, Doing::Snapshot))?;
            Ok(None)
        }
        Err(error) => Err(fault(&error, Doing::Snapshot)),
    }
}

/// What is known of a table besides its columns.
struct Table {
    oid: u32,
    /// Blocks, if ranges of them can be read: not of a view, nor before PostgreSQL 14.
    blocks: Option<i128>,
}

async fn table(client: &Client, name: &str) -> Result<Table, Fault> {
    let asking = |e| fault(&e, Doing::Describing);
    let quoted = sql::table(name);
    let facts = "SELECT c.oid, c.relkind IN ('r', 'm') AND pg_catalog.current_setting('server_version_num')::int >= 140000, \
                 pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8 \
                 FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
    if let Some(row) = client.query_opt(facts, &[&quoted]).await.map_err(asking)? {
        let blocks: Option<i64> = if row.get(1) { row.get(2) } else { None };
        return Ok(Table { oid: row.get(0), blocks: blocks.map(i128::from) });
    }
    let all = "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') LIMIT 5000";
    let rows = client.query(all, &[]).await.map_err(asking)?;
    let known: Vec<String> = rows.iter().map(|r| format!("{}.{}", r.get::<_, &str>(0), r.get::<_, &str>(1))).collect();
    let bare = |known: &str| known.split_once('.').map(|(_, table)| table == name).unwrap_or_default();
    let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    Err(Fault::NoTable { nearest: near.or_else(|| known.iter().find(|k| bare(k)).cloned()) })
}

/// The relation's columns. Preparing a statement runs nothing, and takes one statement only: what is written as a query
/// cannot be two.
async fn columns(client: &Client, relation: &Relation<'_>, table: Option<&Table>) -> Result<Vec<Column>, Fault> {
    let statement =
        client.prepare(&format!("SELECT * FROM {relation}")).await.map_err(|e| fault(&e, Doing::Describing))?;
    let mut never_null: Vec<String> = Vec::new();
    if let Some(table) = table {
        let query = "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND attnotnull";
        let rows = client.query(query, &[&table.oid]).await.map_err(|e| fault(&e, Doing::Describing))?;
        never_null = rows.iter().map(|row| row.get(0)).collect();
    }
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        type_name: column.type_().name().to_owned(),
        temporal: matches!(column.type_().name(), "date" | "timestamp" | "timestamptz"),
        never_null: never_null.iter().any(|name| name == column.name()),
    };
    Ok(statement.columns().iter().map(column).collect())
}

/// What is new, and from where to read it.
async fn outlook(
    client: &Client,
    asked: &Asked<'_>,
    relation: &Relation<'_>,
    columns: &[Column],
) -> Result<(Outlook, Option<Since>), Fault> {
    let Some(name) = asked.incremental else { return Ok((Outlook::Everything, None)) };
    let asking = |e| fault(&e, Doing::Watermark);
    let Some(column) = columns.iter().find(|c| c.name == name) else {
        return Err(Fault::MissingColumns { columns: vec![(name.to_owned(), None)] });
    };
    let unfit = |why| Fault::Column { column: name.to_owned(), key: "incremental", why };
    let measure = sql::Measure::of(&column.type_name, asked.overlap).map_err(unfit)?;
    let quoted = identifier(name);
    if !column.never_null {
        let query = format!("SELECT 1 FROM {relation} WHERE {quoted} IS NULL LIMIT 1");
        if client.query_opt(&query, &[]).await.map_err(asking)?.is_some() {
            return Err(Fault::IncrementalNull { column: name.to_owned() });
        }
    }
    let since = asked.before.map(|(value, _)| measure.since(&quoted, value, asked.inclusive));
    let condition = since.as_ref().map(|s| format!(" WHERE {s}")).unwrap_or_default();
    // Never less than before, even where the greatest rows were deleted: what lies behind it was read.
    let greatest = match asked.before {
        Some((value, _)) => format!("GREATEST(max({quoted}), {})", measure.value(value)),
        None => format!("max({quoted})"),
    };
    let query = format!("SELECT {greatest}::text FROM {relation}{condition}");
    let row = client.query_one(&query, &[]).await.map_err(asking)?;
    let Some(greatest) = row.get::<_, Option<String>>(0) else { return Ok((Outlook::Empty, None)) };
    if ["infinity", "-infinity", "NaN", "Infinity"].contains(&greatest.as_str()) {
        return Err(Fault::IncrementalInfinite { column: name.to_owned() });
    }
    let mut again = 0;
    if asked.inclusive {
        let next = measure.since(&quoted, &greatest, true);
        let query = format!("SELECT count(*) FROM {relation} WHERE {next}");
        let count: i64 = client.query_one(&query, &[]).await.map_err(asking)?.get(0);
        again = count.unsigned_abs();
    }
    if asked.before == Some((greatest.as_str(), again)) {
        return Ok((Outlook::NothingNew, since));
    }
    Ok((Outlook::UpTo { greatest, again }, since))
}

/// The conditions that divide the rows, each row fulfilling one of them. `None`: all rows.
async fn conditions(
    client: &Client,
    asked: &Asked<'_>,
    relation: &Relation<'_>,
    columns: &[Column],
    table: Option<&Table>,
    since: Option<&Since>,
) -> Result<Vec<Option<String>>, Fault> {
    if asked.parallel < 2 {
        return Ok(vec![None]);
    }
    let parts = asked.parallel * RANGES;
    let Some(name) = asked.partition_on else {
        // The rows since a value are few, or have an index: one connection finds them faster than many pass over all blocks.
        let blocks = table.and_then(|t| t.blocks).filter(|blocks| since.is_none() && *blocks >= FEW_BLOCKS);
        let Some(blocks) = blocks else { return Ok(vec![None]) };
        return Ok(divide(0, blocks - 1, parts).iter().map(sql::blocks).collect());
    };
    let Some(column) = columns.iter().find(|c| c.name == name) else {
        let why = "there is no such column".to_owned();
        return Err(Fault::Column { column: name.to_owned(), key: "partition_on", why });
    };
    let type_name = match column.type_name.as_str() {
        "int2" | "int4" | "int8" => "int8",
        "numeric" => "numeric",
        other => {
            let why = format!("its type is {other}, not a number");
            return Err(Fault::Column { column: name.to_owned(), key: "partition_on", why });
        }
    };
    let quoted = identifier(name);
    let condition = since.map(|s| format!(" WHERE {s}")).unwrap_or_default();
    let query = format!(
        "SELECT floor(min({quoted})::numeric)::text, ceil(max({quoted})::numeric)::text FROM {relation}{condition}"
    );
    let row = client.query_one(&query, &[]).await.map_err(|e| fault(&e, Doing::Dividing))?;
    let bound = |at| row.get::<_, Option<&str>>(at).and_then(whole);
    let ranges = match (bound(0), bound(1)) {
        (Some(least), Some(greatest)) => divide(least, greatest, parts),
        _ => vec![Range::ALL],
    };
    Ok(ranges.iter().map(|range| sql::within(range, &quoted, type_name)).collect())
}

/// Reads one connection's share.
fn work(what: &str, client: Client, share: Vec<String>) -> Work {
    let what = what.to_owned();
    Box::new(move |mut rows| {
        Box::pin(async move {
            for statement in share {
                if !copy(&what, &client, &statement, &mut rows).await? {
                    break;
                }
            }
            Ok(rows)
        })
    })
}

/// Copies one statement's rows. `false` if nobody reads any more.
async fn copy(what: &str, client: &Client, statement: &str, rows: &mut Rows) -> Result<bool, DatabaseError> {
    let failed = |error: &tokio_postgres::Error, rows: &Rows| fault_while_reading(error, rows.so_far()).of(what);
    let stream = client.copy_out(statement).await.map_err(|e| failed(&e, rows))?;
    let mut stream = pin!(stream);
    while let Some(line) = stream.next().await {
        let line = line.map_err(|e| failed(&e, rows))?;
        // The server sends a message for each row. What comes otherwise could not be merged row by row.
        if line.last() != Some(&b'\n') {
            return Err(Fault::Protocol { what: "a message of COPY is no whole row" }.of(what));
        }
        if !rows.push(&line).await {
            return Ok(false);
        }
    }
    Ok(true)
}
