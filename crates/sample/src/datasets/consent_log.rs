//! `consent_log`: one decision of one person on one purpose. CSV, UTF-8, one file a year.
//!
//! Columns: id_type (phone, unionid, member_no, email), id_value, purpose (analytics, marketing,
//! personalization), action (grant, withdraw), at (with offset), channel, notice_version, jurisdiction
//! (CN, EU, US-CA). Some withdraw under another identifier than they granted under, and never grant again
//! then; those who grant again do so under the identifier they withdrew under. So "the latest event of
//! all identifiers" and "the strictest of the identifiers' latest events" decide alike.
//! Dirt: additional rows, spoiled, of people who do not exist; identifiers spelled in many ways.

use super::{Written, write_csv};
use crate::calendar::{DAY, date};
use crate::dirt::{Defect, Delivery, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::Layout;
use crate::random::{Draw, Topic};
use crate::spelling::{push_email, push_phone, spelling};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::{Jurisdiction, Persona, uses};
use chrono::Datelike;
use std::path::Path;

const COLUMNS: [&str; 8] =
    ["id_type", "id_value", "purpose", "action", "at", "channel", "notice_version", "jurisdiction"];

pub(crate) static DEFECTS: [Defect; 3] =
    [defect("action", "in", "maybe"), defect("at", "type", "昨天"), defect("id_value", "required", "")];

/// The purposes people decide on, and how many percent grant them at first.
pub(crate) const PURPOSES: [(&str, f64); 3] = [("analytics", 0.85), ("marketing", 0.60), ("personalization", 0.45)];

const CHANNELS: [&str; 4] = ["miniapp", "store", "app", "web"];

/// One decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    /// When.
    pub at: i64,
    /// Under which identifier.
    pub node: Node,
    /// Index into [`PURPOSES`].
    pub purpose: u8,
    /// Granted, not withdrawn.
    pub grant: bool,
    channel: u8,
    spelling: u8,
}

/// A row: somebody's decision, or, if it has a defect, one of nobody's.
struct Row {
    customer: u32,
    decision: Decision,
    jurisdiction: Jurisdiction,
    defect: Option<&'static Defect>,
}

/// Writes all files.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let mut rows = Vec::new();
    for customer in 0..world.options.customers {
        let jurisdiction = world.personas[customer as usize].jurisdiction;
        rows.extend(history(world, customer).into_iter().map(|decision| Row {
            customer,
            decision,
            jurisdiction,
            defect: None,
        }));
    }
    if world.options.dirt {
        spoil(world, &mut rows);
    }
    rows.sort_by_key(|row| (row.decision.at, row.customer, row.decision.purpose));
    rows.chunk_by(|a, b| year(a) == year(b)).map(|rows| write_year(world, rows, folder)).collect()
}

fn year(row: &Row) -> i32 {
    date(row.decision.at.div_euclid(DAY)).year()
}

fn write_year(world: &World, rows: &[Row], folder: &Path) -> Result<Written, SampleError> {
    let path = folder.join(format!("consent_log_{}.csv", year(&rows[0])));
    let deliveries: Vec<Delivery> =
        rows.iter().enumerate().map(|(row, r)| Delivery { row, defect: r.defect, repeated: false }).collect();
    let survived = |row: usize, _: Option<&str>| world.seen.row(rows[row].customer, rows[row].decision.node.bit());
    write_csv(&path, &COLUMNS, &Layout::UTF8, &deliveries, |row, line| fill(world, &rows[row], line), survived)
}

/// Adds about 0.3 % spoiled rows, copies of others in the name of people who do not exist.
fn spoil(world: &World, rows: &mut Vec<Row>) {
    let real = rows.len();
    if real == 0 {
        return;
    }
    let mut draw = world.draw(Topic::Dirt, 0, Topic::Consent as u64);
    for n in 0..(real * 3 / 1000).max(DEFECTS.len()) {
        let model = &rows[draw.index(real)];
        rows.push(Row {
            customer: world.options.customers + n as u32,
            decision: Decision { node: Node::Phone, ..model.decision },
            jurisdiction: model.jurisdiction,
            defect: Some(&DEFECTS[n % DEFECTS.len()]),
        });
    }
}

/// The identifiers under which somebody may decide; those of one person always stand in one CRM row.
fn identifiers(persona: &Persona) -> Vec<Node> {
    let mut nodes = Vec::with_capacity(4);
    if persona.uses(uses::CRM) {
        nodes.extend([Node::Member, Node::Phone]);
        nodes.extend(persona.uses(uses::CRM_UNIONID).then_some(Node::Unionid));
        nodes.extend(persona.uses(uses::EMAIL).then_some(Node::Email));
    } else if persona.uses & (uses::TMALL | uses::TILL) != 0 {
        nodes.push(Node::Phone);
    } else if persona.uses(uses::MINIAPP | uses::UNIONID) || persona.uses(uses::APP | uses::UNIONID | uses::APP_LOGIN) {
        nodes.push(Node::Unionid);
    }
    nodes
}

/// All decisions of somebody, in order of time for each purpose.
pub(crate) fn history(world: &World, customer: u32) -> Vec<Decision> {
    let persona = &world.personas[customer as usize];
    let nodes = identifiers(persona);
    let mut decisions = Vec::new();
    if nodes.is_empty() {
        return decisions;
    }
    let mut draw = world.draw(Topic::Consent, 0, u64::from(customer));
    let dirt = world.options.dirt;
    let mut decide = |draw: &mut Draw, at, node, purpose, grant| {
        let channel = draw.index(CHANNELS.len()) as u8;
        decisions.push(Decision { at, node, purpose, grant, channel, spelling: spelling(dirt, draw) });
    };
    let start = persona.registered + draw.between(5, 600);
    let end = (world.calendar.last() + 1) * DAY - 1;
    let first = *draw.pick(&nodes);
    if persona.jurisdiction == Jurisdiction::California {
        // Permitted until withdrawn: most never say anything.
        match draw.below(100) {
            0..25 => decide(&mut draw, start, first, 1, false),
            25..40 => decide(&mut draw, start, first, 2, true),
            _ => (),
        }
        return decisions;
    }
    for (purpose, (_, share)) in PURPOSES.iter().enumerate() {
        let purpose = purpose as u8;
        if !draw.chance(*share) {
            if draw.chance(0.5) {
                decide(&mut draw, start, first, purpose, false);
            }
            continue;
        }
        decide(&mut draw, start, first, purpose, true);
        let fate = draw.below(100);
        let later = draw.between(start + DAY, end);
        if start + DAY > end {
            continue;
        }
        match fate {
            0..3 => decide(&mut draw, later, *nodes.iter().find(|n| **n != first).unwrap_or(&first), purpose, false),
            3..10 => {
                decide(&mut draw, later, first, purpose, false);
                let again = draw.between(later + DAY, end);
                if later + DAY <= end && draw.chance(0.3) {
                    decide(&mut draw, again, first, purpose, true);
                }
            }
            10..14 => {
                let node = *draw.pick(&nodes);
                decide(&mut draw, later, node, purpose, true);
            }
            _ => (),
        }
    }
    decisions
}

fn fill(world: &World, row: &Row, line: &mut Line) {
    let Row { customer, decision, .. } = row;
    // Rows of nobody's borrow a person's form; their identifiers are their own.
    let persona = &world.personas[*customer as usize % world.personas.len()];
    line.text(decision.node.domain());
    line.with(|out| match decision.node {
        Node::Phone => push_phone(out, world.ids.phone(*customer, false), decision.spelling),
        Node::Email => push_email(out, &world.ids.text(Node::Email, *customer, persona), decision.spelling),
        node => world.ids.push(out, node, *customer, persona),
    });
    line.text(PURPOSES[usize::from(decision.purpose)].0);
    line.text(if decision.grant { "grant" } else { "withdraw" });
    line.offset_instant(decision.at);
    line.text(CHANNELS[usize::from(decision.channel)]);
    line.with(|out| out.push_str(&notice_version(decision.at)));
    line.text(row.jurisdiction.code());
}

/// The notice in force: a new one each March and September.
fn notice_version(at: i64) -> String {
    let date = date(at.div_euclid(DAY));
    match date.month() {
        1..=2 => format!("{}-09", date.year() - 1),
        3..=8 => format!("{}-03", date.year()),
        _ => format!("{}-09", date.year()),
    }
}
