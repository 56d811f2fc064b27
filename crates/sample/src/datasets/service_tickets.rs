//! `service_tickets`: one matter a customer brought up. JSON array, one file each quarter of data.
//!
//! Fields: ticket_no, phone, type (complaint, consult, return), opened_at, closed_at (both with offset;
//! null while open), owner, satisfaction (1 to 5), nps (0 to 10), text. Key ticket_no.
//! Dirt: spoiled rows; texts that hold a phone number, a resident id, an e-mail address or a name;
//! phones spelled in many ways.

use super::crm_members::push_resident_id;
use super::{Written, name, plan};
use crate::account::FileAccount;
use crate::calendar::{DAY, Traffic};
use crate::dirt::{Defect, defect};
use crate::error::{SampleError, at};
use crate::line::push_offset_instant;
use crate::output::{Compression, Output};
use crate::random::{Draw, Topic};
use crate::spelling::{push_phone, spelling};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::uses;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

pub(crate) static DEFECTS: [Defect; 5] = [
    defect("satisfaction", "between", "9"),
    defect("type", "in", "praise"),
    defect("opened_at", "type", "昨天"),
    defect("nps", "between", "15"),
    defect("phone", "phone", "没带手机"),
];

/// Months in a file.
const MONTHS: usize = 3;
const KINDS: [&str; 3] = ["complaint", "consult", "return"];
const TEXTS: [[&str; 4]; 3] = [
    ["衣服洗了一次就缩水,很失望", "门店服务态度差,排队太久", "发货慢,等了一个星期", "袖口脱线,要求换新"],
    ["请问这款有没有 L 码", "会员积分怎么兑换", "什么时候补货", "羽绒服可以机洗吗"],
    ["尺码不合适,申请退货", "颜色和图片不符,想退", "收到后发现有污渍,申请退款", "买重了,退一件"],
];

struct Row {
    opened: i64,
    closed: Option<i64>,
    customer: u32,
    month: usize,
    kind: u8,
    words: u8,
    owner: u8,
    satisfaction: Option<u8>,
    nps: Option<u8>,
    with_phone: bool,
    names: Names,
    spelling: u8,
}

/// Whom a text names, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Nobody,
    Phone,
    ResidentId,
    Email,
    Name,
}

#[derive(Serialize)]
struct Ticket<'a> {
    ticket_no: String,
    phone: Option<&'a str>,
    r#type: &'a str,
    opened_at: &'a str,
    closed_at: Option<String>,
    owner: String,
    satisfaction: Option<u8>,
    nps: Option<u8>,
    text: String,
}

/// Writes all files.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world);
    let mut rest = rows.as_slice();
    let mut files = Vec::new();
    for (part, months) in world.calendar.months.chunks(MONTHS).enumerate() {
        let last = &months[months.len() - 1];
        let (now, later) = rest.split_at(rest.partition_point(|row| row.opened <= last.last_second()));
        rest = later;
        let path = folder.join(format!("service_tickets_{}_{}.json", months[0].label, last.label));
        files.push(write_part(world, part, now, &path)?);
    }
    Ok(files)
}

fn write_part(world: &World, part: usize, rows: &[Row], path: &Path) -> Result<Written, SampleError> {
    let plan = plan(world, Topic::Service, part, rows.len(), &DEFECTS, false, false);
    let mut account = FileAccount::new("utf-8");
    let mut out = Output::create(path, Compression::None)?;
    out.write_all(b"[").map_err(at(path))?;
    for (n, delivery) in plan.main.iter().enumerate() {
        let row = &rows[delivery.row];
        out.write_all(if n == 0 { b"\n" } else { b",\n" }).map_err(at(path))?;
        let (mut phone, mut opened) = (String::new(), String::new());
        let before = world.personas[row.customer as usize].phone_node(row.month) == Node::PhoneBefore;
        push_phone(&mut phone, world.ids.phone(row.customer, before), row.spelling);
        push_offset_instant(&mut opened, row.opened);
        let mut ticket = Ticket {
            ticket_no: format!("T{}-{:06}", part + 1, delivery.row + 1),
            phone: row.with_phone.then_some(&phone),
            r#type: KINDS[usize::from(row.kind)],
            opened_at: &opened,
            closed_at: row.closed.map(|closed| {
                let mut text = String::new();
                push_offset_instant(&mut text, closed);
                text
            }),
            owner: format!("客服{:02}", row.owner),
            satisfaction: row.satisfaction,
            nps: row.nps,
            text: text(world, row),
        };
        match delivery.defect {
            None => (),
            Some(defect) => match defect.field {
                "satisfaction" => ticket.satisfaction = defect.text.parse().ok(),
                "nps" => ticket.nps = defect.text.parse().ok(),
                "type" => ticket.r#type = defect.text,
                "opened_at" => ticket.opened_at = defect.text,
                "phone" => ticket.phone = Some(defect.text),
                _ => unreachable!("every field of DEFECTS has its arm"),
            },
        }
        serde_json::to_writer(&mut out, &ticket).map_err(|error| at(path)(error.into()))?;
        if account.count(delivery) {
            let phone = if before { Node::PhoneBefore } else { Node::Phone };
            world.seen.row(row.customer, if row.with_phone { phone.bit() } else { 0 });
            let naming = match row.names {
                Names::Nobody => continue,
                Names::Phone => "phone",
                Names::ResidentId => "resident_id",
                Names::Email => "email",
                Names::Name => "name",
            };
            *account.texts_naming.entry(naming.to_owned()).or_default() += 1;
        }
    }
    out.write_all(b"\n]\n").map_err(at(path))?;
    let bytes = out.finish(path)?;
    Ok(Written { file: name(path), bytes, account, sales: None })
}

fn rows(world: &World) -> Vec<Row> {
    let end = (world.calendar.last() + 1) * DAY;
    let mut rows = Vec::new();
    world.for_each_person(Topic::Service, 0, |draw, customer, persona| {
        if persona.uses & (uses::CRM | uses::TILL | uses::TMALL) == 0 {
            return;
        }
        for _ in 0..draw.poisson(0.0165 * persona.months() * persona.curiosity()) {
            let month = draw.between(i64::from(persona.from), i64::from(persona.until)) as usize;
            let opened = world.calendar.months[month].instant(Traffic::Online, draw);
            let closed = Some(opened + draw.between(600, 6 * DAY)).filter(|closed| *closed < end && draw.chance(0.95));
            let kind = draw.weighted(&[30, 70, 100]) as u8;
            let mood = if kind == 0 { 0 } else { 2 };
            let answered = closed.is_some() && draw.chance(0.7);
            rows.push(Row {
                opened,
                closed,
                customer,
                month,
                kind,
                words: draw.index(4) as u8,
                owner: draw.between(1, 24) as u8,
                satisfaction: answered.then(|| (1 + mood + draw.below(3)) as u8),
                nps: answered.then(|| (mood * 2 + draw.below(7)) as u8),
                with_phone: draw.chance(0.95),
                names: names(world.options.dirt, draw),
                spelling: spelling(world.options.dirt, draw),
            });
        }
    });
    rows.sort_by_key(|row: &Row| (row.opened, row.customer));
    rows
}

fn names(dirt: bool, draw: &mut Draw) -> Names {
    match draw.below(100) {
        _ if !dirt => Names::Nobody,
        0..12 => Names::Phone,
        12..15 => Names::ResidentId,
        15..19 => Names::Email,
        19..24 => Names::Name,
        _ => Names::Nobody,
    }
}

fn text(world: &World, row: &Row) -> String {
    let persona = &world.personas[row.customer as usize];
    let mut text = TEXTS[usize::from(row.kind)][usize::from(row.words)].to_owned();
    match row.names {
        Names::Nobody => text.push('。'),
        Names::Phone => {
            text.push_str(",请回电");
            let phone = world.ids.phone(row.customer, persona.phone_node(row.month) == Node::PhoneBefore);
            push_phone(&mut text, phone, 0);
            text.push_str(",谢谢。");
        }
        Names::ResidentId => {
            text.push_str("。身份证");
            push_resident_id(&mut text, persona, row.customer);
            text.push_str(",请核实。");
        }
        Names::Email => {
            text.push_str("。发票请发到");
            world.ids.push(&mut text, Node::Email, row.customer, persona);
            text.push_str(" 谢谢");
        }
        Names::Name => {
            text.push_str("。我叫");
            persona.push_name(&mut text);
            text.push('。');
        }
    }
    text
}
