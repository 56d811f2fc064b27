//! `inventory_snapshots`: what lies where at the end of a day. CSV, UTF-8, one file a snapshot.
//!
//! Columns: snapshot_on, location (a store code or `online`), sku, on_hand, in_transit. Key (snapshot_on,
//! location, sku). Snapshots are of the last days of the last three months.
//! Dirt: spoiled rows.

use super::{Written, plan, write_csv};
use crate::calendar::push_day;
use crate::dirt::{Defect, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::Layout;
use crate::random::Topic;
use crate::world::World;
use std::path::Path;

const COLUMNS: [&str; 5] = ["snapshot_on", "location", "sku", "on_hand", "in_transit"];

pub(crate) static DEFECTS: [Defect; 2] = [defect("on_hand", "type", "少量"), defect("sku", "required", "")];

const SNAPSHOTS: usize = 3;
/// Shops that count their goods.
const SHOPS: usize = 12;
/// Products that each counts: every twelfth, so that none is counted twice.
const PRODUCTS: usize = 120;

/// Writes all files.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let months = &world.calendar.months;
    let first = months.len().saturating_sub(SNAPSHOTS);
    months[first..].iter().enumerate().map(|(part, month)| snapshot(world, part, month.last, folder)).collect()
}

fn snapshot(world: &World, part: usize, day: i64, folder: &Path) -> Result<Written, SampleError> {
    let products = &world.catalogue.products;
    let mut draw = world.draw(Topic::Inventory, part, 0);
    let mut rows = Vec::with_capacity((SHOPS + 1) * PRODUCTS);
    for place in 0..=SHOPS {
        let offset = draw.index(products.len());
        let usual = if place == 0 { 90.0 } else { 9.0 };
        for n in 0..PRODUCTS {
            rows.push((place, (offset + n * 12) % products.len(), draw.poisson(usual), draw.poisson(usual / 8.0)));
        }
    }
    let fill = |row: usize, line: &mut Line| {
        let (place, product, on_hand, in_transit) = rows[row];
        line.day(day);
        line.text(if place == 0 { "online" } else { &world.shops[place - 1].code });
        line.text(&products[product].sku);
        line.number(i64::from(on_hand));
        line.number(i64::from(in_transit));
    };
    let plan = plan(world, Topic::Inventory, part, rows.len(), &DEFECTS, false, false);
    let mut file = String::from("inventory_snapshots_");
    push_day(&mut file, day);
    file.push_str(".csv");
    write_csv(&folder.join(file), &COLUMNS, &Layout::UTF8, &plan.main, fill, |_, _| ())
}
