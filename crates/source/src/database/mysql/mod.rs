//! MySQL and MariaDB: transactions that all begin under one short lock, read in the text protocol.

mod fault;
mod rows;
mod session;
mod sql;

use super::error::{Doing, Fault};
use super::merged::Work;
use super::one_connection::OneConnection;
use super::projection::{Column, Projection};
use super::ranges::{Range, divide, whole};
use super::read::{Asked, Opened, Outlook};
use fault::fault;
use lakewarden_dictionary::{DatabaseRelation, nearest};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use session::connect;
use sql::{Measure, Relation, identifier};

/// Ranges for each connection, so that one full of rows does not keep the others waiting for long.
const RANGES: u32 = 4;

/// Begins a snapshot and finds out what there is to read.
pub(super) async fn open(asked: &Asked<'_>) -> Result<Opened, Fault> {
    let mut conn = connect(asked).await?;
    begin(&mut conn).await?;
    let relation = Relation::of(asked.relation);
    let (columns, engine) = match asked.relation {
        DatabaseRelation::Table(name) => table(&mut conn, &name.value).await?,
        DatabaseRelation::Query(_) => (columns(&mut conn, &relation).await?, None),
    };
    let projection = Projection::of(asked.dataset, &columns)?;
    let (mut outlook, mut since) = outlook(&mut conn, asked, &relation, &columns).await?;
    let (mut works, mut warnings): (Vec<Work>, _) = (Vec::new(), Vec::new());
    if asked.reading && outlook != Outlook::NothingNew {
        let mut conns = vec![conn];
        if asked.parallel > 1 && asked.partition_on.is_some() {
            match share(asked, &relation, engine.as_deref(), &mut conns).await? {
                // What was found out before the lock is of an earlier snapshot.
                None => (outlook, since) = self::outlook(&mut conns[0], asked, &relation, &columns).await?,
                Some(why) => warnings.push(why),
            }
        }
        let conditions = conditions(&mut conns, asked, &relation, &columns, since.as_deref()).await?;
        let mut shares: Vec<Vec<String>> = vec![Vec::new(); conns.len().min(conditions.len()).max(1)];
        for (number, condition) in conditions.into_iter().enumerate() {
            let share = number % shares.len();
            shares[share].push(sql::select(&projection, &relation, since.as_deref(), condition.as_deref()));
        }
        works = conns.into_iter().zip(shares).map(|(conn, share)| rows::work(asked.what, conn, share)).collect();
    }
    Ok(Opened { projection, outlook, works, warnings })
}

async fn begin(conn: &mut Conn) -> Result<(), Fault> {
    let begin = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
    conn.query_drop(begin).await.map_err(|e| fault(&e, Doing::Snapshot))
}

/// Adds connections whose transactions see the same state as the first one's. While they begin, a lock keeps others from
/// writing. Says why, if that cannot be done; then the first connection is alone.
async fn share(
    asked: &Asked<'_>,
    relation: &Relation<'_>,
    engine: Option<&str>,
    conns: &mut Vec<Conn>,
) -> Result<Option<OneConnection>, Fault> {
    if let Some(engine) = engine.filter(|engine| !engine.eq_ignore_ascii_case("InnoDB")) {
        return Ok(Some(OneConnection::EngineWithoutSnapshots { engine: engine.to_owned() }));
    }
    let snapshot = |e| fault(&e, Doing::Snapshot);
    for _ in 1..asked.parallel {
        conns.push(connect(asked).await?);
    }
    let mut locker = connect(asked).await?;
    let lock = match relation {
        Relation::Table(name) => format!("LOCK TABLES {} READ", sql::table(name)),
        Relation::Query(_) => "FLUSH TABLES WITH READ LOCK".to_owned(),
    };
    if let Err(error) = locker.query_drop(lock).await {
        conns.truncate(1);
        return match fault(&error, Doing::Snapshot) {
            Fault::Permission { .. } => Ok(Some(OneConnection::LockNotPermitted)),
            Fault::Timeout { .. } => Ok(Some(OneConnection::LockTimedOut)),
            other => Err(other),
        };
    }
    conns[0].query_drop("ROLLBACK").await.map_err(snapshot)?;
    for conn in conns.iter_mut() {
        begin(conn).await?;
    }
    locker.query_drop("UNLOCK TABLES").await.map_err(snapshot)?;
    // The lock is gone; whether the goodbye arrives does not matter.
    let _ = locker.disconnect().await;
    Ok(None)
}

/// A table's columns that the user may read, and its storage engine, if it has one.
async fn table(conn: &mut Conn, name: &str) -> Result<(Vec<Column>, Option<String>), Fault> {
    let asking = |e| fault(&e, Doing::Describing);
    let (schema, bare) = name.split_once('.').map_or((None, name), |(schema, table)| (Some(schema), table));
    let found = "SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
    let rows: Vec<(String, String, String)> = conn.exec(found, (schema, bare)).await.map_err(asking)?;
    if rows.is_empty() {
        let all = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN \
                   ('information_schema', 'mysql', 'performance_schema', 'sys') LIMIT 5000";
        let tables: Vec<(String, String)> = conn.query(all).await.map_err(asking)?;
        let known: Vec<String> =
            tables.into_iter().map(|(s, t)| if schema.is_some() { format!("{s}.{t}") } else { t }).collect();
        return Err(Fault::NoTable { nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned) });
    }
    let engine = "SELECT ENGINE FROM information_schema.TABLES \
                  WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?";
    let engine: Option<Option<String>> = conn.exec_first(engine, (schema, bare)).await.map_err(asking)?;
    let columns = rows.into_iter().map(|(name, data_type, nullable)| {
        let type_name = data_type.to_ascii_lowercase();
        Column { temporal: sql::is_temporal(&type_name), name, never_null: nullable == "NO", type_name }
    });
    Ok((columns.collect(), engine.flatten()))
}

/// The columns of a query. Preparing runs nothing, and takes one statement only: what is written as a query cannot be
/// two.
async fn columns(conn: &mut Conn, relation: &Relation<'_>) -> Result<Vec<Column>, Fault> {
    let asking = |e| fault(&e, Doing::Describing);
    let statement = conn.prep(format!("SELECT * FROM {relation}")).await.map_err(asking)?;
    let columns = statement.columns().iter().map(sql::described).collect();
    conn.close(statement).await.map_err(asking)?;
    Ok(columns)
}

/// What is new, and the condition from where to read it.
async fn outlook(
    conn: &mut Conn,
    asked: &Asked<'_>,
    relation: &Relation<'_>,
    columns: &[Column],
) -> Result<(Outlook, Option<String>), Fault> {
    let Some(name) = asked.incremental else { return Ok((Outlook::Everything, None)) };
    let asking = |e| fault(&e, Doing::Watermark);
    let Some(column) = columns.iter().find(|c| c.name == name) else {
        return Err(Fault::MissingColumns { columns: vec![(name.to_owned(), None)] });
    };
    let unfit = |why| Fault::Column { column: name.to_owned(), key: "incremental", why };
    let measure = Measure::of(&column.type_name, asked.overlap).map_err(unfit)?;
    let quoted = identifier(name);
    if !column.never_null {
        let query = format!("SELECT 1 FROM {relation} WHERE {quoted} IS NULL LIMIT 1");
        if conn.query_first::<u8, _>(query).await.map_err(asking)?.is_some() {
            return Err(Fault::IncrementalNull { column: name.to_owned() });
        }
    }
    let mut since = None;
    let mut query = format!("SELECT CAST(MAX({quoted}) AS CHAR), 1 FROM {relation}");
    if let Some((value, _)) = asked.before {
        let condition =
            measure.since(&quoted, value, asked.inclusive).ok_or(Fault::Protocol { what: "a watermark" })?;
        let value = measure.value(value).ok_or(Fault::Protocol { what: "a watermark" })?;
        // Never less than before, even where the greatest rows were deleted: what lies behind it was read.
        query =
            format!("SELECT CAST(MAX({quoted}) AS CHAR), MAX({quoted}) >= {value} FROM {relation} WHERE {condition}");
        since = Some(condition);
    }
    let row: Option<(Option<String>, Option<u8>)> = conn.query_first(query).await.map_err(asking)?;
    let greatest = match (row, asked.before) {
        (Some((Some(greatest), Some(1))), _) => greatest,
        (_, Some((before, _))) => before.to_owned(),
        _ => return Ok((Outlook::Empty, None)),
    };
    let mut again = 0;
    if asked.inclusive {
        let next = measure.since(&quoted, &greatest, true).ok_or(Fault::Protocol { what: "a greatest value" })?;
        let query = format!("SELECT COUNT(*) FROM {relation} WHERE {next}");
        again = conn.query_first(query).await.map_err(asking)?.unwrap_or(0);
    }
    if asked.before == Some((greatest.as_str(), again)) {
        return Ok((Outlook::NothingNew, since));
    }
    Ok((Outlook::UpTo { greatest, again }, since))
}

/// The conditions that divide the rows, each row fulfilling one of them. `None`: all rows.
async fn conditions(
    conns: &mut [Conn],
    asked: &Asked<'_>,
    relation: &Relation<'_>,
    columns: &[Column],
    since: Option<&str>,
) -> Result<Vec<Option<String>>, Fault> {
    let ([conn, _, ..], Some(name)) = (conns, asked.partition_on) else { return Ok(vec![None]) };
    let why = match columns.iter().find(|c| c.name == name) {
        None => Some("there is no such column".to_owned()),
        Some(column) if !sql::is_number(&column.type_name) => {
            Some(format!("its type is {}, not a number", column.type_name))
        }
        Some(_) => None,
    };
    if let Some(why) = why {
        return Err(Fault::Column { column: name.to_owned(), key: "partition_on", why });
    }
    let quoted = identifier(name);
    let condition = since.map(|s| format!(" WHERE {s}")).unwrap_or_default();
    let query = format!(
        "SELECT CAST(FLOOR(MIN({quoted})) AS CHAR), CAST(CEILING(MAX({quoted})) AS CHAR) FROM {relation}{condition}"
    );
    let row: Option<(Option<String>, Option<String>)> =
        conn.query_first(query).await.map_err(|e| fault(&e, Doing::Dividing))?;
    let bound = |text: Option<String>| text.as_deref().and_then(whole);
    let ranges = match row.map(|(least, greatest)| (bound(least), bound(greatest))) {
        Some((Some(least), Some(greatest))) => divide(least, greatest, asked.parallel * RANGES),
        _ => vec![Range::ALL],
    };
    Ok(ranges.iter().map(|range| sql::within(range, &quoted)).collect())
}
