//! `products`: one thing that can be sold. CSV, UTF-8, one file.
//!
//! Columns: sku, name, category, season (`2025SS`, `2025AW`), launched_on, list_price, unit_cost. Key sku.
//! Dirt: two more rows, spoiled.

use super::{Written, write_csv};
use crate::dirt::{Defect, Delivery, Plan, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::Layout;
use crate::world::World;
use std::path::Path;

const COLUMNS: [&str; 7] = ["sku", "name", "category", "season", "launched_on", "list_price", "unit_cost"];

pub(crate) static DEFECTS: [Defect; 2] =
    [defect("list_price", "type", "面议"), defect("launched_on", "type", "明年春")];

/// Writes the file.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let products = &world.catalogue.products;
    let mut plan = Plan::clean(products.len());
    if world.options.dirt {
        let spoiled = DEFECTS.iter().enumerate();
        plan.main.extend(spoiled.map(|(n, defect)| Delivery {
            row: products.len() + n,
            defect: Some(defect),
            repeated: false,
        }));
    }
    let fill = |row: usize, line: &mut Line| {
        let product = &products[row % products.len()];
        line.text(if row < products.len() { &product.sku } else { ["XX00S900-BK-M", "XX00S901-BK-M"][row % 2] });
        line.text(&product.name);
        line.text(product.category);
        line.text(&product.season);
        line.day(product.launched);
        line.money(product.list);
        line.money(product.cost);
    };
    Ok(vec![write_csv(&folder.join("products.csv"), &COLUMNS, &Layout::UTF8, &plan.main, fill, |_, _| ())?])
}
