//! The writers of the twelve exports, one file each, and the work list they make up.

pub(crate) mod app_events;
pub(crate) mod campaign_touches;
pub(crate) mod consent_log;
pub(crate) mod crm_members;
pub(crate) mod inventory_snapshots;
pub(crate) mod loyalty_ledger;
pub(crate) mod miniapp_events;
pub(crate) mod pos_sales;
pub(crate) mod products;
pub(crate) mod service_tickets;
pub(crate) mod stores;
pub(crate) mod tmall_orders;

use crate::account::FileAccount;
use crate::dirt::{Defect, Delivery, Plan};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::{CsvFile, Layout};
use crate::random::Topic;
use crate::sales::ChannelSales;
use crate::world::World;
use std::path::Path;

/// The twelve, in the order of their descriptions.
pub const DATASETS: [&str; 12] = [
    "crm_members",
    "pos_sales",
    "tmall_orders",
    "miniapp_events",
    "app_events",
    "service_tickets",
    "loyalty_ledger",
    "campaign_touches",
    "consent_log",
    "products",
    "stores",
    "inventory_snapshots",
];

/// Every field that is spoiled somewhere, and the rule that refuses it, by dataset.
///
/// Rules other than `type` and `phone` refuse nothing unless the dictionary declares them.
pub const DIRT: [(&str, &[Defect]); 12] = [
    ("crm_members", &crm_members::DEFECTS),
    ("pos_sales", &pos_sales::DEFECTS),
    ("tmall_orders", &tmall_orders::DEFECTS),
    ("miniapp_events", &miniapp_events::DEFECTS),
    ("app_events", &app_events::DEFECTS),
    ("service_tickets", &service_tickets::DEFECTS),
    ("loyalty_ledger", &loyalty_ledger::DEFECTS),
    ("campaign_touches", &campaign_touches::DEFECTS),
    ("consent_log", &consent_log::DEFECTS),
    ("products", &products::DEFECTS),
    ("stores", &[]),
    ("inventory_snapshots", &inventory_snapshots::DEFECTS),
];

/// A file that was written, and the truth about it.
pub(crate) struct Written {
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What must become of it.
    pub account: FileAccount,
    /// What its surviving rows sell: month, channel, sums.
    pub sales: Option<(String, &'static str, ChannelSales)>,
}

/// Writes files into a dataset's folder.
pub(crate) type Write = Box<dyn Fn(&World, &Path) -> Result<Vec<Written>, SampleError> + Send + Sync>;

/// A piece of work that needs no other.
pub(crate) struct Job {
    /// Whose.
    pub dataset: &'static str,
    /// What to do.
    pub write: Write,
}

/// All work, the long pieces first.
pub(crate) fn jobs(months: usize) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut once = |dataset, write: fn(&World, &Path) -> Result<Vec<Written>, SampleError>| {
        jobs.push(Job { dataset, write: Box::new(write) });
    };
    once("consent_log", consent_log::write);
    once("crm_members", crm_members::write);
    once("loyalty_ledger", loyalty_ledger::write);
    once("service_tickets", service_tickets::write);
    once("products", products::write);
    once("stores", stores::write);
    once("inventory_snapshots", inventory_snapshots::write);
    type Monthly = fn(&World, usize, &Path) -> Result<Vec<Written>, SampleError>;
    let monthly: [(&'static str, Monthly); 5] = [
        ("miniapp_events", miniapp_events::write),
        ("app_events", app_events::write),
        ("pos_sales", pos_sales::write),
        ("tmall_orders", tmall_orders::write),
        ("campaign_touches", campaign_touches::write),
    ];
    for (dataset, write) in monthly {
        for month in 0..months {
            jobs.push(Job { dataset, write: Box::new(move |world, folder| write(world, month, folder)) });
        }
    }
    jobs
}

/// How the rows of a file are to be delivered: as they are, or with dirt if it is wanted.
pub(crate) fn plan(
    world: &World,
    topic: Topic,
    part: usize,
    rows: usize,
    defects: &'static [Defect],
    repeat: bool,
    late: bool,
) -> Plan {
    if !world.options.dirt {
        return Plan::clean(rows);
    }
    Plan::dirty(rows, defects, part, repeat, late, &mut world.draw(Topic::Dirt, part, topic as u64))
}

/// Writes deliveries of rows into a CSV file.
///
/// `fill` puts a row's fields into the line, `survived` is called for each row that must reach the lake,
/// with the name of the field that has lost its value, if one has.
pub(crate) fn write_csv(
    path: &Path,
    columns: &[&str],
    layout: &Layout,
    deliveries: &[Delivery],
    mut fill: impl FnMut(usize, &mut Line),
    mut survived: impl FnMut(usize, Option<&str>),
) -> Result<Written, SampleError> {
    let mut account = FileAccount::new(layout.encoding.name());
    account.columns_moved = layout.order.is_some();
    let mut file = CsvFile::create(path, columns, layout)?;
    let mut line = Line::default();
    for delivery in deliveries {
        line.clear();
        fill(delivery.row, &mut line);
        let instead = delivery
            .defect
            .and_then(|defect| Some((columns.iter().position(|column| *column == defect.field)?, defect.text)));
        file.row(&line, instead)?;
        if account.count(delivery) {
            survived(delivery.row, delivery.defect.map(|defect| defect.field));
        }
    }
    let bytes = file.finish()?;
    Ok(Written { file: name(path), bytes, account, sales: None })
}

/// The file name of a path that has one.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
