//! `tmall_orders`: one product of one order at Tmall. CSV, GB18030, one file a month.
//!
//! Columns: 订单编号, 买家昵称, 收货人姓名, 联系手机, 收货地址, 订单创建时间, 付款时间, SKU, 数量, 实付款, 退款金额, 订单状态.
//! Key (订单编号, SKU). 订单状态: 交易成功 (a few of them refunded in part), 交易关闭 (never paid: no 付款时间, 0.00),
//! 待发货, 已退款 (refunded in full).
//! Dirt besides spoiled and repeated rows: the columns of the fourth month stand in another order; the
//! file of the fifth is delivered twice, under another name.

use super::{Written, name, plan, write_csv};
use crate::account::FileAccount;
use crate::calendar::{DAY, Traffic};
use crate::dirt::{Defect, defect, set_null};
use crate::error::{SampleError, at};
use crate::line::Line;
use crate::output::Layout;
use crate::random::{Draw, Topic};
use crate::sales::ChannelSales;
use crate::spelling::{push_phone, spelling};
use crate::world::World;
use crate::world::catalogue::Bought;
use crate::world::identifiers::Node;
use crate::world::persona::uses;
use crate::world::places::push_address;
use std::path::Path;

const COLUMNS: [&str; 12] = [
    "订单编号",
    "买家昵称",
    "收货人姓名",
    "联系手机",
    "收货地址",
    "订单创建时间",
    "付款时间",
    "SKU",
    "数量",
    "实付款",
    "退款金额",
    "订单状态",
];

/// The order of columns in the file that moves them.
const MOVED: [usize; 12] = [0, 11, 5, 6, 7, 8, 9, 10, 1, 3, 2, 4];

/// The field with the buyer's telephone number.
const PHONE: &str = "联系手机";

pub(crate) static DEFECTS: [Defect; 5] = [
    defect("订单创建时间", "type", "昨天"),
    set_null(PHONE, "masked", "131****3211"),
    defect("实付款", "type", "N/A"),
    defect("数量", "type", "两件"),
    defect("订单编号", "required", ""),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Done,
    Closed,
    Waiting,
    Refunded,
}

#[derive(Clone, Copy)]
struct Order {
    at: i64,
    /// Counts orders of the month in the order of their making.
    made: u32,
    customer: u32,
    paid_after: i64,
    spelling: u8,
    status: Status,
}

struct Row {
    order: Order,
    bought: Bought,
    refunded: i64,
}

/// Writes a month.
pub(crate) fn write(world: &World, month: usize, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world, month);
    let numbers = order_numbers(world, month, &rows);
    let months = world.calendar.months.len();
    let dirt = world.options.dirt;
    let label = &world.calendar.months[month].label;
    let plan = plan(world, Topic::Tmall, month, rows.len(), &DEFECTS, true, false);
    let mut layout = Layout::GB18030;
    if dirt && month == 3 % months {
        layout.order = Some(MOVED.to_vec());
    }
    let mut sales = ChannelSales::default();
    let path = folder.join(format!("tmall_orders_{label}.csv"));
    let fill = |row: usize, line: &mut Line| fill(world, month, &rows[row], &numbers[row], line);
    let survived = |row: usize, lost: Option<&str>| count(world, month, &rows[row], lost, &mut sales);
    let mut written = write_csv(&path, &COLUMNS, &layout, &plan.main, fill, survived)?;
    written.sales = Some((label.clone(), "tmall", sales));
    let mut files = vec![written];
    if dirt && month == 4 % months {
        files.push(resend(&path, &folder.join(format!("tmall_orders_{label}_resent.csv")), &files[0])?);
    }
    Ok(files)
}

/// Delivers the same bytes under another name.
fn resend(from: &Path, to: &Path, first: &Written) -> Result<Written, SampleError> {
    let bytes = std::fs::copy(from, to).map_err(at(to))?;
    let account = FileAccount {
        rows: first.account.rows,
        repeats: Some(first.file.clone()),
        columns_moved: first.account.columns_moved,
        ..FileAccount::new(&first.account.encoding)
    };
    Ok(Written { file: name(to), bytes, account, sales: None })
}

fn rows(world: &World, month: usize) -> Vec<Row> {
    let calendar = &world.calendar.months[month];
    let busy = calendar.factor(Traffic::Online);
    let mut rows = Vec::new();
    let mut basket = Vec::new();
    let mut made = 0;
    world.for_each_person(Topic::Tmall, month, |draw, customer, persona| {
        if !persona.uses(uses::TMALL) || !persona.is_active(month) {
            return;
        }
        for _ in 0..draw.poisson(persona.purchases(uses::TMALL) * busy) {
            let at = calendar.instant(Traffic::Online, draw);
            let order = Order {
                at,
                made,
                customer,
                paid_after: draw.between(8, 900),
                spelling: spelling(world.options.dirt, draw),
                status: status(draw, at, world.calendar.last()),
            };
            made += 1;
            world.catalogue.basket(draw, persona, month, true, &mut basket);
            rows.extend(basket.iter().map(|&bought| Row {
                order,
                bought,
                refunded: refunded(draw, order.status, bought.paid),
            }));
        }
    });
    rows.sort_by_key(|row| (row.order.at, row.order.made));
    rows
}

fn status(draw: &mut Draw, at: i64, last_day: i64) -> Status {
    match draw.below(100) {
        0..6 => Status::Closed,
        6..14 => Status::Refunded,
        _ if at / DAY > last_day - 2 => Status::Waiting,
        _ => Status::Done,
    }
}

fn refunded(draw: &mut Draw, status: Status, paid: i64) -> i64 {
    match status {
        Status::Refunded => paid,
        Status::Done if draw.chance(0.02) => paid / 10,
        _ => 0,
    }
}

/// Eighteen digits: the month, and a number that rises with time.
fn order_numbers(world: &World, month: usize, rows: &[Row]) -> Vec<String> {
    let digits: String = world.calendar.months[month].label.chars().filter(char::is_ascii_digit).collect();
    let mut count = 0u64;
    let mut last = None;
    rows.iter()
        .map(|row| {
            if last != Some(row.order.made) {
                last = Some(row.order.made);
                count += 1;
            }
            format!("{digits}{:012}", 100_000_000_000 + count * 1009)
        })
        .collect()
}

fn fill(world: &World, month: usize, row: &Row, number: &str, line: &mut Line) {
    let order = &row.order;
    let persona = &world.personas[order.customer as usize];
    let closed = order.status == Status::Closed;
    line.text(number);
    line.with(|out| world.ids.push(out, Node::TmallBuyer, order.customer, persona));
    line.with(|out| persona.push_name(out));
    let before = persona.phone_node(month) == Node::PhoneBefore;
    line.with(|out| push_phone(out, world.ids.phone(order.customer, before), order.spelling));
    line.with(|out| push_address(out, persona.city, u64::from(order.customer)));
    line.instant(order.at);
    if closed {
        line.empty();
    } else {
        line.instant((order.at + order.paid_after).min(world.calendar.months[month].last_second()));
    }
    line.text(&world.catalogue.products[usize::from(row.bought.product)].sku);
    line.number(row.bought.quantity);
    line.money(if closed { 0 } else { row.bought.paid });
    line.money(row.refunded);
    line.text(match order.status {
        Status::Done => "交易成功",
        Status::Closed => "交易关闭",
        Status::Waiting => "待发货",
        Status::Refunded => "已退款",
    });
}

/// Counts a surviving row into the truth.
fn count(world: &World, month: usize, row: &Row, lost: Option<&str>, sales: &mut ChannelSales) {
    let customer = row.order.customer;
    let phone = world.personas[customer as usize].phone_node(month);
    let phone = if lost == Some(PHONE) { 0 } else { phone.bit() };
    world.seen.row(customer, Node::TmallBuyer.bit() | phone);
    let units = row.bought.quantity.unsigned_abs();
    if row.order.status == Status::Closed {
        sales.closed_lines += 1;
        return;
    }
    sales.lines += 1;
    sales.units += units;
    sales.gross.0 += row.bought.paid;
    sales.refunded.0 += row.refunded;
    sales.revenue.0 += row.bought.paid - row.refunded;
    if row.order.status == Status::Refunded {
        sales.returned_lines += 1;
        sales.returned_units += units;
    }
}
