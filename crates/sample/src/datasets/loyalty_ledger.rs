//! `loyalty_ledger`: one change of a member's points. CSV, UTF-8, one file each half year, the last one zstd.
//!
//! Columns: member_no, change, reason (earn, redeem, expire, adjust), at, balance.
//! `balance` is what the member has after the change. No two rows of a member have the same `at`.
//! Dirt: spoiled rows.

use super::{Written, plan, write_csv};
use crate::calendar::{DAY, Traffic};
use crate::dirt::{Defect, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::{Compression, Layout};
use crate::random::Topic;
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::uses;
use std::path::Path;

const COLUMNS: [&str; 5] = ["member_no", "change", "reason", "at", "balance"];

pub(crate) static DEFECTS: [Defect; 4] = [
    defect("change", "type", "十分"),
    defect("reason", "in", "gift"),
    defect("at", "type", "昨天"),
    defect("member_no", "required", ""),
];

/// Months in a file.
const MONTHS: usize = 6;

/// One change of somebody's points.
#[derive(Clone, Copy)]
struct Entry {
    at: i64,
    customer: u32,
    change: i64,
    reason: &'static str,
    balance: i64,
}

/// Writes all files.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let mut entries = Vec::new();
    for customer in 0..world.options.customers {
        ledger(world, customer, |entry| entries.push(entry));
    }
    entries.sort_by_key(|entry| (entry.at, entry.customer));
    let mut files = Vec::new();
    let mut rest = entries.as_slice();
    let spans = world.calendar.months.chunks(MONTHS);
    let last = spans.len() - 1;
    for (part, months) in spans.enumerate() {
        let (first_month, last_month) = (&months[0], &months[months.len() - 1]);
        let (now, later) = rest.split_at(rest.partition_point(|e| e.at < (last_month.last + 1) * DAY));
        rest = later;
        let plan = plan(world, Topic::Loyalty, part, now.len(), &DEFECTS, false, false);
        let zstd = part == last;
        let layout = Layout { compression: if zstd { Compression::Zstd } else { Compression::None }, ..Layout::UTF8 };
        let file =
            format!("loyalty_ledger_{}_{}.csv{}", first_month.label, last_month.label, if zstd { ".zst" } else { "" });
        let fill = |row: usize, line: &mut Line| {
            let entry: &Entry = &now[row];
            let persona = &world.personas[entry.customer as usize];
            line.with(|out| world.ids.push(out, Node::Member, entry.customer, persona));
            line.number(entry.change);
            line.text(entry.reason);
            line.instant(entry.at);
            line.number(entry.balance);
        };
        let survived = |row: usize, _: Option<&str>| world.seen.row(now[row].customer, Node::Member.bit());
        files.push(write_csv(&folder.join(file), &COLUMNS, &layout, &plan.main, fill, survived)?);
    }
    Ok(files)
}

/// The points a member has at the end.
pub(crate) fn balance(world: &World, customer: u32) -> i64 {
    ledger(world, customer, |_| ())
}

/// Tells a member's ledger, in order; answers the points at the end.
fn ledger(world: &World, customer: u32, mut tell: impl FnMut(Entry)) -> i64 {
    let persona = &world.personas[customer as usize];
    if !persona.uses(uses::CRM) {
        return 0;
    }
    let mut draw = world.draw(Topic::Loyalty, 0, u64::from(customer));
    let came_before = persona.registered < world.calendar.first() * DAY;
    let mut balance = if came_before { draw.between(0, 3000) } else { 0 };
    let count = draw.poisson(0.62 * f64::from(persona.rate) * persona.months());
    let mut times: Vec<i64> = (0..count)
        .map(|_| {
            let month = draw.between(i64::from(persona.from), i64::from(persona.until)) as usize;
            world.calendar.months[month].instant(Traffic::Shop, &mut draw).max(persona.registered)
        })
        .collect();
    times.sort_unstable();
    let end = (world.calendar.last() + 1) * DAY;
    let mut last = i64::MIN;
    for time in times {
        let at = time.max(last.saturating_add(1));
        if at >= end {
            break;
        }
        last = at;
        let (change, reason) = match draw.below(100) {
            0..18 if balance >= 200 => (-(draw.between(1, balance / 100) * 100), "redeem"),
            18..25 if balance >= 50 => (-draw.between(10, balance), "expire"),
            25..29 => (draw.between(-balance.min(100), 100), "adjust"),
            _ => (draw.between(39, 1200), "earn"),
        };
        balance += change;
        tell(Entry { at, customer, change, reason, balance });
    }
    balance
}
