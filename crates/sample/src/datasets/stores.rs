//! `stores`: one shop. CSV, UTF-8, one file.
//!
//! Columns: store_code (`S001`), name, province, city, lat, lng (degrees, six decimals), opened_on. Key store_code.

use super::{Written, write_csv};
use crate::dirt::Plan;
use crate::error::SampleError;
use crate::line::Line;
use crate::output::Layout;
use crate::world::World;
use crate::world::places::CITIES;
use std::path::Path;

const COLUMNS: [&str; 7] = ["store_code", "name", "province", "city", "lat", "lng", "opened_on"];

/// Writes the file.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let fill = |row: usize, line: &mut Line| {
        let shop = &world.shops[row];
        let city = &CITIES[usize::from(shop.city)];
        line.text(&shop.code);
        line.text(&shop.name);
        line.text(city.province);
        line.text(city.name);
        line.fixed(i64::from(shop.lat), 6);
        line.fixed(i64::from(shop.lng), 6);
        line.day(shop.opened);
    };
    let plan = Plan::clean(world.shops.len());
    Ok(vec![write_csv(&folder.join("stores.csv"), &COLUMNS, &Layout::UTF8, &plan.main, fill, |_, _| ())?])
}
