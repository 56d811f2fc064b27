//! `pos_sales`: one line of one receipt of a shop's till. CSV, GB18030, one file a month.
//!
//! Columns: 小票号, 行号, 门店编码, 交易时间, 会员卡号, 手机号, SKU, 数量, 单价, 实付金额, 支付方式, 类型.
//! Key (小票号, 行号). Returns have receipts of their own, with positive pieces and amounts.
//! Dirt besides spoiled and repeated rows: the second month is in UTF-8; of the third, some rows come
//! late in a second file, together with rows that the first has already.

use super::{Written, plan, write_csv};
use crate::calendar::{DAY, Traffic, push_day, time_of_day};
use crate::dirt::{Defect, Delivery, defect, set_null};
use crate::error::SampleError;
use crate::line::{Line, push_number};
use crate::output::{Layout, TextEncoding};
use crate::random::{Draw, Topic};
use crate::sales::ChannelSales;
use crate::spelling::{push_phone, spelling};
use crate::world::World;
use crate::world::catalogue::Bought;
use crate::world::identifiers::{Identifiers, Node};
use crate::world::persona::{Persona, uses};
use std::path::Path;

const COLUMNS: [&str; 12] = [
    "小票号",
    "行号",
    "门店编码",
    "交易时间",
    "会员卡号",
    "手机号",
    "SKU",
    "数量",
    "单价",
    "实付金额",
    "支付方式",
    "类型",
];

/// The field with the telephone number that the customer gave.
const PHONE: &str = "手机号";

pub(crate) static DEFECTS: [Defect; 8] = [
    defect("交易时间", "type", "昨天"),
    defect("实付金额", "type", "N/A"),
    defect("数量", "type", "两件"),
    set_null(PHONE, "placeholder", "不详"),
    defect("类型", "in", "换货"),
    defect("小票号", "required", ""),
    set_null(PHONE, "masked", "131****3211"),
    set_null(PHONE, "phone", "131870132111"),
];

const PAYMENTS: [&str; 5] = ["微信支付", "支付宝", "银行卡", "现金", "储值卡"];

/// From this many customers on, clerks type a number of nobody's for customers who give none.
pub(crate) const SHARED_PHONE_FROM: u32 = 1000;

/// Whose phone stands on a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phone {
    None,
    Own,
    Shared,
}

/// What the lines of a receipt have in common.
#[derive(Clone, Copy)]
struct Receipt {
    at: i64,
    /// Counts receipts of the month in the order of their making.
    made: u32,
    /// `None` for a passer-by.
    customer: Option<u32>,
    shop: u8,
    member: bool,
    phone: Phone,
    spelling: u8,
    payment: u8,
    returned: bool,
}

struct Row {
    receipt: Receipt,
    line: u8,
    bought: Bought,
}

/// Writes a month.
pub(crate) fn write(world: &World, month: usize, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world, month);
    let numbers = receipt_numbers(world, &rows);
    let months = world.calendar.months.len();
    let dirt = world.options.dirt;
    let label = &world.calendar.months[month].label;
    let plan = plan(world, Topic::Pos, month, rows.len(), &DEFECTS, true, month == 2 % months);
    let mut layout = Layout::GB18030;
    if dirt && month == 1 % months {
        layout.encoding = TextEncoding::Utf8;
    }
    let write = |path: &Path, deliveries: &[Delivery]| {
        let mut sales = ChannelSales::default();
        let fill = |row: usize, line: &mut Line| fill(world, month, &rows[row], &numbers[row], line);
        let survived = |row: usize, lost: Option<&str>| count(world, month, &rows[row], lost, &mut sales);
        let mut written = write_csv(path, &COLUMNS, &layout, deliveries, fill, survived)?;
        written.sales = Some((label.clone(), "pos", sales));
        Ok(written)
    };
    let mut files = vec![write(&folder.join(format!("pos_sales_{label}.csv")), &plan.main)?];
    if !plan.late.is_empty() {
        files.push(write(&folder.join(format!("pos_sales_{label}_late.csv")), &plan.late)?);
    }
    Ok(files)
}

fn rows(world: &World, month: usize) -> Vec<Row> {
    let calendar = &world.calendar.months[month];
    let busy = calendar.factor(Traffic::Shop);
    let mut rows = Vec::new();
    let mut basket = Vec::new();
    let mut made = 0;
    world.for_each_person(Topic::Pos, month, |draw, customer, persona| {
        if !persona.uses(uses::TILL) || !persona.is_active(month) {
            return;
        }
        for _ in 0..draw.poisson(persona.purchases(uses::TILL) * busy) {
            let passers_by = u32::from(draw.chance(0.07));
            for passer_by in 0..=passers_by {
                let whose = (passer_by == 0).then_some(customer);
                let receipt = receipt(world, draw, persona, month, whose, made);
                made += 1;
                world.catalogue.basket(draw, persona, month, false, &mut basket);
                let back = brought_back(draw, receipt.at, calendar.last_second());
                let mut returned = 0;
                for (n, &bought) in basket.iter().enumerate() {
                    rows.push(Row { receipt, line: n as u8 + 1, bought });
                    if let Some(at) = back.filter(|_| n == 0 || draw.chance(0.3)) {
                        returned += 1;
                        let receipt = Receipt { at, made, returned: true, ..receipt };
                        rows.push(Row { receipt, line: returned, bought });
                    }
                }
                made += u32::from(returned > 0);
            }
        }
    });
    rows.sort_unstable_by_key(|row| (row.receipt.at, row.receipt.made, row.line));
    rows
}

fn receipt(
    world: &World,
    draw: &mut Draw,
    persona: &Persona,
    month: usize,
    customer: Option<u32>,
    made: u32,
) -> Receipt {
    let dirt = world.options.dirt;
    let is_member = customer.is_some() && persona.uses(uses::CRM);
    let member = is_member && draw.chance(0.85);
    let mut phone = if customer.is_some() && draw.chance(0.5) { Phone::Own } else { Phone::None };
    if member && phone == Phone::None && dirt && world.options.customers >= SHARED_PHONE_FROM && draw.chance(0.02) {
        phone = Phone::Shared;
    }
    Receipt {
        at: world.calendar.months[month].instant(Traffic::Shop, draw),
        made,
        customer,
        shop: if draw.chance(0.85) { persona.shop } else { draw.index(world.shops.len()) as u8 },
        member,
        phone,
        spelling: spelling(dirt, draw),
        payment: draw.weighted(&[48, 82, 92, 96, 100]) as u8,
        returned: false,
    }
}

/// When goods come back, if they do: within 20 days, in the same month.
fn brought_back(draw: &mut Draw, at: i64, month_ends: i64) -> Option<i64> {
    if !draw.chance(0.06) {
        return None;
    }
    let last_day = month_ends / DAY;
    let day = (at / DAY + draw.between(1, 20)).min(last_day);
    let back = day * DAY + time_of_day(Traffic::Shop, draw);
    (back > at).then_some(back)
}

/// `S00320250403000017`: shop, day, and a count of the month's receipts in the order of time.
fn receipt_numbers(world: &World, rows: &[Row]) -> Vec<String> {
    let mut count = 0;
    let mut last = None;
    rows.iter()
        .map(|row| {
            if last != Some(row.receipt.made) {
                last = Some(row.receipt.made);
                count += 1;
            }
            let mut number = world.shops[usize::from(row.receipt.shop)].code.clone();
            let mut day = String::new();
            push_day(&mut day, row.receipt.at / DAY);
            number.extend(day.chars().filter(char::is_ascii_digit));
            number.push_str(&format!("{count:06}"));
            number
        })
        .collect()
}

fn phone_node(world: &World, month: usize, receipt: &Receipt) -> Option<(u32, Node)> {
    let customer = receipt.customer.filter(|_| receipt.phone == Phone::Own)?;
    Some((customer, world.personas[customer as usize].phone_node(month)))
}

fn fill(world: &World, month: usize, row: &Row, number: &str, line: &mut Line) {
    let receipt = &row.receipt;
    line.text(number);
    line.number(i64::from(row.line));
    line.text(&world.shops[usize::from(receipt.shop)].code);
    line.instant(receipt.at);
    line.with(|out| {
        if let Some(customer) = receipt.customer.filter(|_| receipt.member) {
            world.ids.push(out, Node::Member, customer, &world.personas[customer as usize]);
        }
    });
    line.with(|out| {
        if let Some((customer, node)) = phone_node(world, month, receipt) {
            push_phone(out, world.ids.phone(customer, node == Node::PhoneBefore), receipt.spelling);
        } else if receipt.phone == Phone::Shared {
            push_number(out, Identifiers::SHARED_PHONE as i64);
        }
    });
    line.text(&world.catalogue.products[usize::from(row.bought.product)].sku);
    line.number(row.bought.quantity);
    line.money(row.bought.unit);
    line.money(row.bought.paid);
    line.text(PAYMENTS[usize::from(receipt.payment)]);
    line.text(if receipt.returned { "退货" } else { "销售" });
}

/// Counts a surviving row into the truth.
fn count(world: &World, month: usize, row: &Row, lost: Option<&str>, sales: &mut ChannelSales) {
    if let Some(customer) = row.receipt.customer {
        let member = if row.receipt.member { Node::Member.bit() } else { 0 };
        let phone = phone_node(world, month, &row.receipt).filter(|_| lost != Some(PHONE));
        world.seen.row(customer, member | phone.map_or(0, |(_, node)| node.bit()));
    }
    let units = row.bought.quantity.unsigned_abs();
    if row.receipt.returned {
        sales.returned_lines += 1;
        sales.returned_units += units;
        sales.refunded.0 += row.bought.paid;
        sales.revenue.0 -= row.bought.paid;
    } else {
        sales.lines += 1;
        sales.units += units;
        sales.gross.0 += row.bought.paid;
        sales.revenue.0 += row.bought.paid;
    }
}
