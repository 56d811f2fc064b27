//! `campaign_touches`: one message of a campaign to one customer. CSV, UTF-8, gzip, one file a month.
//!
//! Columns: campaign, channel (sms, wechat, app, email), id_type (phone, unionid), id_value, sent_at,
//! clicked_at, converted_at, cost (CNY, three decimals). Nobody gets a campaign twice.
//! Dirt: spoiled rows; phones spelled in many ways.

use super::{Written, plan, write_csv};
use crate::calendar::{DAY, Traffic, time_of_day};
use crate::dirt::{Defect, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::{Compression, Layout};
use crate::random::Topic;
use crate::spelling::{push_phone, spelling};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::{Kind, uses};
use std::path::Path;

const COLUMNS: [&str; 8] =
    ["campaign", "channel", "id_type", "id_value", "sent_at", "clicked_at", "converted_at", "cost"];

pub(crate) static DEFECTS: [Defect; 4] = [
    defect("cost", "type", "免费"),
    defect("channel", "in", "fax"),
    defect("sent_at", "type", "昨天"),
    defect("id_value", "required", ""),
];

/// Channel of each of a month's campaigns, and the cost of a message in thousandths of a yuan.
const CHANNELS: [(&str, i64); World::CAMPAIGNS] = [("sms", 45), ("wechat", 12), ("app", 2), ("email", 3)];

struct Row {
    sent: i64,
    customer: u32,
    campaign: u8,
    clicked: Option<i64>,
    converted: Option<i64>,
    spelling: u8,
}

/// Writes a month.
pub(crate) fn write(world: &World, month: usize, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world, month);
    let plan = plan(world, Topic::Campaign, month, rows.len(), &DEFECTS, false, false);
    let layout = Layout { compression: Compression::Gzip, ..Layout::UTF8 };
    let path = folder.join(format!("campaign_touches_{}.csv.gz", world.calendar.months[month].label));
    let fill = |row: usize, line: &mut Line| fill(world, month, &rows[row], line);
    let survived = |row: usize, _: Option<&str>| {
        let row = &rows[row];
        world.seen.row(row.customer, node(world, month, row).bit());
    };
    Ok(vec![write_csv(&path, &COLUMNS, &layout, &plan.main, fill, survived)?])
}

fn rows(world: &World, month: usize) -> Vec<Row> {
    let calendar = &world.calendar.months[month];
    let mut draw = world.draw(Topic::Campaign, month, 1 << 30);
    let days: [i64; World::CAMPAIGNS] = std::array::from_fn(|_| draw.between(calendar.first, calendar.last));
    let end = (world.calendar.last() + 1) * DAY;
    let mut rows = Vec::new();
    world.for_each_person(Topic::Campaign, month, |draw, customer, persona| {
        if !persona.uses(uses::CRM) || month < usize::from(persona.from) {
            return;
        }
        let reach = match persona.kind {
            Kind::OneOff => 0.03,
            Kind::Occasional => 0.055,
            Kind::Regular => 0.085,
            Kind::Loyal => 0.11,
            Kind::Vip => 0.13,
        };
        for (campaign, day) in days.into_iter().enumerate() {
            if !draw.chance(reach) || (by_unionid(campaign) && !persona.uses(uses::CRM_UNIONID)) {
                continue;
            }
            let sent = (day * DAY + time_of_day(Traffic::Shop, draw)).max(persona.registered + 60);
            let mut follow = |from: Option<i64>, share: f64, within: i64| {
                from.filter(|_| draw.chance(share)).map(|from| from + draw.between(20, within)).filter(|at| *at < end)
            };
            let clicked = follow(Some(sent), 0.14, DAY);
            let converted = follow(clicked, 0.2, 3 * DAY);
            let spelling = spelling(world.options.dirt, draw);
            if sent <= calendar.last_second() {
                rows.push(Row { sent, customer, campaign: campaign as u8, clicked, converted, spelling });
            }
        }
    });
    rows.sort_by_key(|row: &Row| (row.sent, row.customer, row.campaign));
    rows
}

fn by_unionid(campaign: usize) -> bool {
    matches!(CHANNELS[campaign].0, "wechat" | "app")
}

fn node(world: &World, month: usize, row: &Row) -> Node {
    if by_unionid(usize::from(row.campaign)) {
        Node::Unionid
    } else {
        world.personas[row.customer as usize].phone_node(month)
    }
}

fn fill(world: &World, month: usize, row: &Row, line: &mut Line) {
    let (channel, cost) = CHANNELS[usize::from(row.campaign)];
    let persona = &world.personas[row.customer as usize];
    let node = node(world, month, row);
    line.with(|out| world.push_campaign(out, month, usize::from(row.campaign)));
    line.text(channel);
    line.text(node.domain());
    line.with(|out| match node {
        Node::Unionid => world.ids.push(out, node, row.customer, persona),
        _ => push_phone(out, world.ids.phone(row.customer, node == Node::PhoneBefore), row.spelling),
    });
    line.instant(row.sent);
    for at in [row.clicked, row.converted] {
        match at {
            Some(at) => line.instant(at),
            None => line.empty(),
        }
    }
    line.fixed(cost, 3);
}
