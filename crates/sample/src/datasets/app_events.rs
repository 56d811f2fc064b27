//! `app_events`: one event in the app. Parquet, one part a month.
//!
//! Columns: event_id, device_id, user_id, unionid, event, page, sku (all text), ts (timestamp ms UTC),
//! duration_ms (64-bit integer). user_id is null unless logged in, unionid unless known. Key event_id.
//! Dirt: spoiled and repeated rows.

use super::{Written, name, plan};
use crate::account::FileAccount;
use crate::calendar::{AHEAD_OF_UTC, Traffic};
use crate::dirt::{Defect, Delivery, defect};
use crate::error::SampleError;
use crate::output::{Compression, Output};
use crate::random::{Draw, Topic};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::{Persona, uses};
use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder, TimestampMillisecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::path::Path;
use std::sync::Arc;

pub(crate) static DEFECTS: [Defect; 2] = [defect("duration_ms", "between", "-1"), defect("event_id", "required", "")];

/// Sessions a month of a curious customer.
const SESSIONS: f64 = 0.62;
const EVENTS: [&str; 7] = ["launch", "page_view", "search", "product_view", "add_cart", "purchase", "push_open"];
const PAGES: [&str; 7] = ["home", "category", "search", "product", "cart", "order", "message"];
const NEXT_UPTO: [u64; 7] = [0, 35, 47, 82, 92, 96, 100];
const BATCH: usize = 8192;

struct Row {
    /// Milliseconds, wall clock.
    at: i64,
    customer: u32,
    second_device: bool,
    logged_in: bool,
    event: u8,
    product: Option<u16>,
    duration_ms: i64,
}

/// Writes a month.
pub(crate) fn write(world: &World, month: usize, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world, month);
    let plan = plan(world, Topic::App, month, rows.len(), &DEFECTS, true, false);
    let path = folder.join(format!("part-{month:05}.parquet"));
    let refuse = |_| SampleError::Parquet { path: path.clone() };
    let schema = schema();
    let level = ZstdLevel::try_new(1).map_err(refuse)?;
    let properties = WriterProperties::builder().set_compression(ParquetCompression::ZSTD(level)).build();
    let out = Output::create(&path, Compression::None)?;
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(refuse)?;
    let mut account = FileAccount::new("parquet");
    for deliveries in plan.main.chunks(BATCH) {
        let batch =
            batch(world, month, &rows, deliveries, &schema).map_err(|_| SampleError::Parquet { path: path.clone() })?;
        writer.write(&batch).map_err(refuse)?;
        for delivery in deliveries {
            if account.count(delivery) {
                let row = &rows[delivery.row];
                world.seen.row(row.customer, nodes(&world.personas[row.customer as usize], row));
            }
        }
    }
    let out = writer.into_inner().map_err(refuse)?;
    let bytes = out.finish(&path)?;
    Ok(vec![Written { file: name(&path), bytes, account, sales: None }])
}

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("event_id"),
        text("device_id"),
        text("user_id"),
        text("unionid"),
        text("event"),
        text("page"),
        text("sku"),
        Field::new("ts", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), true),
        Field::new("duration_ms", DataType::Int64, true),
    ]))
}

fn rows(world: &World, month: usize) -> Vec<Row> {
    let busy = world.calendar.months[month].factor(Traffic::Online);
    let mut rows = Vec::new();
    world.for_each_person(Topic::App, month, |draw, customer, persona| {
        if !persona.uses(uses::APP) || !persona.is_active(month) {
            return;
        }
        for _ in 0..draw.poisson(SESSIONS * persona.curiosity() * busy) {
            session(world, draw, customer, persona, month, &mut rows);
        }
    });
    rows.sort_by_key(|row: &Row| (row.at, row.customer));
    rows
}

fn session(world: &World, draw: &mut Draw, customer: u32, persona: &Persona, month: usize, rows: &mut Vec<Row>) {
    let calendar = &world.calendar.months[month];
    let last = calendar.last_second() * 1000 + 999;
    let mut at = calendar.instant(Traffic::Online, draw) * 1000 + draw.below(1000) as i64;
    let second_device = persona.uses(uses::TWO_DEVICES) && draw.chance(0.4);
    let logged_in = persona.uses(uses::APP_LOGIN) && draw.chance(0.8);
    for n in 0..=draw.poisson(3.6) {
        let event = if n == 0 { 0 } else { draw.weighted(&NEXT_UPTO) };
        let product = matches!(EVENTS[event], "product_view" | "add_cart" | "purchase")
            .then(|| world.catalogue.choose(draw, persona, month));
        let duration_ms = draw.between(300, 60_000);
        rows.push(Row { at, customer, second_device, logged_in, event: event as u8, product, duration_ms });
        at += duration_ms + draw.between(50, 5_000);
        if at > last {
            return;
        }
    }
}

fn device(row: &Row) -> Node {
    if row.second_device { Node::SecondDevice } else { Node::Device }
}

fn nodes(persona: &Persona, row: &Row) -> u16 {
    let user = if row.logged_in { Node::AppUser.bit() } else { 0 };
    let unionid = if persona.uses(uses::UNIONID) && row.logged_in { Node::Unionid.bit() } else { 0 };
    device(row).bit() | user | unionid
}

fn batch(
    world: &World,
    month: usize,
    rows: &[Row],
    deliveries: &[Delivery],
    schema: &SchemaRef,
) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut texts: [StringBuilder; 7] = std::array::from_fn(|_| StringBuilder::new());
    let mut ts = TimestampMillisecondBuilder::with_capacity(deliveries.len());
    let mut durations = Int64Builder::with_capacity(deliveries.len());
    let mut text = String::new();
    for delivery in deliveries {
        let row = &rows[delivery.row];
        let persona = &world.personas[row.customer as usize];
        let spoiled = |field| delivery.defect.is_some_and(|defect| defect.field == field);
        text.clear();
        text.push('a');
        world.ids.push_event(&mut text, 2, month, delivery.row);
        texts[0].append_option((!spoiled("event_id")).then_some(&text));
        let known = nodes(persona, row);
        for (column, node) in [(1, device(row)), (2, Node::AppUser), (3, Node::Unionid)] {
            text.clear();
            world.ids.push(&mut text, node, row.customer, persona);
            texts[column].append_option((known & node.bit() != 0).then_some(&text));
        }
        texts[4].append_value(EVENTS[usize::from(row.event)]);
        texts[5].append_value(PAGES[usize::from(row.event)]);
        texts[6].append_option(row.product.map(|p| &world.catalogue.products[usize::from(p)].sku));
        ts.append_value(row.at - AHEAD_OF_UTC * 1000);
        durations.append_value(if spoiled("duration_ms") { -1 } else { row.duration_ms });
    }
    let mut columns: Vec<ArrayRef> = texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
    columns.push(Arc::new(ts.finish().with_timezone("UTC")));
    columns.push(Arc::new(durations.finish()));
    RecordBatch::try_new(Arc::clone(schema), columns)
}
