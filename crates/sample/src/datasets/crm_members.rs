//! `crm_members`: one member. CSV, UTF-8 with BOM, in three parts or more, by time of registration.
//!
//! Columns: 会员卡号 (`M` and nine digits), 姓名, 性别, 出生日期, 手机号, 邮箱, 省, 市, 详细地址, 会员等级 (普通, 银卡,
//! 金卡, 铂金), 积分, 注册时间, 偏好渠道, unionid; in the first part also 身份证号, 胸围, 肩宽. Key 会员卡号.
//! Dirt: additional rows, spoiled, of people who do not exist; rows repeated in the first part, and rows of
//! the second repeated in the third; the second part in GB18030; genders in two alphabets; phones and
//! e-mail addresses spelled in many ways.

use super::{Written, loyalty_ledger, write_csv};
use crate::calendar::date;
use crate::dirt::{Defect, Delivery, defect};
use crate::error::SampleError;
use crate::line::Line;
use crate::output::{Layout, TextEncoding};
use crate::random::{Draw, Topic};
use crate::spelling::{gender, push_email, push_phone, spelling};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::{Kind, Persona, uses};
use crate::world::places::{CITIES, push_address};
use chrono::Datelike;
use std::path::Path;

const COLUMNS: [&str; 17] = [
    "会员卡号",
    "姓名",
    "性别",
    "出生日期",
    "手机号",
    "邮箱",
    "省",
    "市",
    "详细地址",
    "会员等级",
    "积分",
    "注册时间",
    "偏好渠道",
    "unionid",
    "身份证号",
    "胸围",
    "肩宽",
];
/// How many of them every part has.
const ALWAYS: usize = 14;

pub(crate) static DEFECTS: [Defect; 5] = [
    defect("出生日期", "type", "1990年代"),
    defect("手机号", "phone", "没带手机"),
    defect("性别", "in", "其他"),
    defect("会员卡号", "required", ""),
    defect("积分", "type", "很多"),
];

/// Members in a part, at most.
const PART: usize = 50_000;

struct Row {
    /// One beyond the last customer and more for people who do not exist.
    customer: u32,
    defect: Option<&'static Defect>,
}

/// Writes all parts.
pub(crate) fn write(world: &World, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let dirt = world.options.dirt;
    let rows = rows(world);
    let size = rows.len().div_ceil(3).clamp(1, PART);
    let starts: Vec<usize> = (0..rows.len().max(1)).step_by(size).collect();
    let mut draw = world.draw(Topic::Dirt, 1, Topic::Crm as u64);
    let mut files = Vec::new();
    for (part, &start) in starts.iter().enumerate() {
        let mut deliveries = Vec::new();
        for (row, Row { defect, .. }) in rows.iter().enumerate().skip(start).take(size) {
            deliveries.push(Delivery { row, defect: *defect, repeated: false });
            if dirt && part == 0 && defect.is_none() && draw.chance(0.002) {
                deliveries.push(Delivery { row, defect: None, repeated: true });
            }
        }
        if dirt && part == 2 {
            let before = (starts[1]..start).filter(|&row| rows[row].defect.is_none());
            let again: Vec<usize> = before.step_by(400).collect();
            deliveries.extend(again.into_iter().map(|row| Delivery { row, defect: None, repeated: true }));
        }
        let encoding = if dirt && part == 1 { TextEncoding::Gb18030 } else { TextEncoding::Utf8Bom };
        let columns = if part == 0 { &COLUMNS[..] } else { &COLUMNS[..ALWAYS] };
        let path = folder.join(format!("crm_members_part-{:02}.csv", part + 1));
        let fill = |row: usize, line: &mut Line| fill(world, rows[row].customer, columns.len() > ALWAYS, line);
        let survived = |row: usize, _: Option<&str>| {
            let customer = rows[row].customer;
            world.seen.row(customer, nodes(&world.personas[customer as usize]));
        };
        let layout = Layout { encoding, ..Layout::UTF8 };
        files.push(write_csv(&path, columns, &layout, &deliveries, fill, survived)?);
    }
    Ok(files)
}

fn rows(world: &World) -> Vec<Row> {
    let mut members: Vec<u32> =
        (0..world.options.customers).filter(|&c| world.personas[c as usize].uses(uses::CRM)).collect();
    members.sort_by_key(|&c| (world.personas[c as usize].registered, c));
    let mut rows: Vec<Row> = members.into_iter().map(|customer| Row { customer, defect: None }).collect();
    if world.options.dirt && !rows.is_empty() {
        let mut draw = world.draw(Topic::Dirt, 0, Topic::Crm as u64);
        let count = (rows.len() * 3 / 1000).max(DEFECTS.len());
        let mut junk: Vec<(usize, Row)> = (0..count)
            .map(|n| {
                let row =
                    Row { customer: world.options.customers + n as u32, defect: Some(&DEFECTS[n % DEFECTS.len()]) };
                (draw.index(rows.len()), row)
            })
            .collect();
        junk.sort_by_key(|(place, row)| (*place, row.customer));
        let mut mixed = Vec::with_capacity(rows.len() + count);
        let mut junk = junk.into_iter().peekable();
        for (place, row) in rows.into_iter().enumerate() {
            while let Some((_, row)) = junk.next_if(|(at, _)| *at <= place) {
                mixed.push(row);
            }
            mixed.push(row);
        }
        rows = mixed;
    }
    rows
}

fn nodes(persona: &Persona) -> u16 {
    let unionid = if persona.uses(uses::CRM_UNIONID) { Node::Unionid.bit() } else { 0 };
    let email = if persona.uses(uses::EMAIL) { Node::Email.bit() } else { 0 };
    Node::Member.bit() | Node::Phone.bit() | unionid | email
}

fn fill(world: &World, customer: u32, with_optional: bool, line: &mut Line) {
    let exists = customer < world.options.customers;
    let persona = &world.personas[customer as usize % world.personas.len()];
    let city = &CITIES[usize::from(persona.city)];
    let mut draw = world.draw(Topic::Crm, 0, u64::from(customer));
    let spelled = spelling(world.options.dirt, &mut draw);
    line.with(|out| world.ids.push(out, Node::Member, customer, persona));
    line.with(|out| persona.push_name(out));
    line.text(gender(persona.gender, spelling(world.options.dirt, &mut draw)));
    if draw.chance(0.9) {
        line.day(i64::from(persona.birth));
    } else {
        line.empty();
    }
    line.with(|out| push_phone(out, world.ids.phone(customer, false), spelled));
    line.with(|out| {
        if persona.uses(uses::EMAIL) && exists {
            push_email(out, &world.ids.text(Node::Email, customer, persona), spelling(world.options.dirt, &mut draw));
        }
    });
    line.text(city.province);
    line.text(city.name);
    line.with(|out| push_address(out, persona.city, u64::from(customer)));
    line.text(match persona.kind {
        Kind::OneOff | Kind::Occasional => "普通",
        Kind::Regular => "银卡",
        Kind::Loyal => "金卡",
        Kind::Vip => "铂金",
    });
    line.number(if exists { loyalty_ledger::balance(world, customer) } else { 0 });
    line.instant(persona.registered);
    line.text(preferred(persona));
    line.with(|out| {
        if persona.uses(uses::CRM_UNIONID) && exists {
            world.ids.push(out, Node::Unionid, customer, persona);
        }
    });
    if with_optional {
        line.with(|out| {
            if draw.chance(0.2) {
                push_resident_id(out, persona, customer);
            }
        });
        optional_length(line, &mut draw, 76, 112);
        optional_length(line, &mut draw, 36, 50);
    }
}

/// A length of the body in whole centimetres, of those who were measured.
fn optional_length(line: &mut Line, draw: &mut Draw, low: i64, high: i64) {
    if draw.chance(0.15) {
        line.number(draw.between(low, high));
    } else {
        line.empty();
    }
}

fn preferred(persona: &Persona) -> &'static str {
    let by_weight = [(uses::TILL, "门店"), (uses::TMALL, "天猫"), (uses::MINIAPP, "小程序"), (uses::APP, "APP")];
    by_weight.iter().find(|(channel, _)| persona.uses(*channel)).map_or("", |(_, name)| name)
}

/// Appends an 18-digit number of the form of GB 11643, with its check digit, of a district that does
/// not exist (110199).
pub(crate) fn push_resident_id(out: &mut String, persona: &Persona, customer: u32) {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let birth = date(i64::from(persona.birth));
    let digits = format!("110199{:04}{:02}{:02}{:03}", birth.year(), birth.month(), birth.day(), customer % 1000);
    let sum: u32 = digits.chars().zip(WEIGHTS).map(|(c, weight)| c.to_digit(10).unwrap_or(0) * weight).sum();
    out.push_str(&digits);
    out.push(CHECK[(sum % 11) as usize]);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::options::Options;

    #[test]
    fn resident_ids_have_their_check_digit() {
        let world = World::new(&Options::new(50, 1, chrono::NaiveDate::from_ymd_opt(2026, 3, 31).unwrap()));
        for (customer, persona) in world.personas.iter().enumerate() {
            let mut id = String::new();
            push_resident_id(&mut id, persona, customer as u32);
            assert_eq!(id.len(), 18);
            // ISO 7064 mod 11-2, by Horner's scheme rather than by weights.
            let rest =
                id.chars().fold(0, |sum, c| (sum * 2 + if c == 'X' { 10 } else { c.to_digit(10).unwrap() }) % 11);
            assert_eq!(rest, 1, "{id}");
        }
    }
}
