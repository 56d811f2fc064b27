//! `miniapp_events`: one event in the mini-program. NDJSON, gzip, one file a month.
//!
//! Fields: event_id, unionid, openid, event (view, favorite, add_cart, checkout, pay, share, try_on), sku,
//! ts (epoch ms), lat, lng, campaign, phone (only on events at which somebody logs in). Fields without a
//! value are absent, `unionid` and `campaign` may be null. Key event_id.
//! Dirt besides spoiled and repeated rows: in the second half of the months some events carry an
//! undeclared `clipboard`, with a phone number in it.

use super::{Written, name, plan};
use crate::account::FileAccount;
use crate::calendar::{AHEAD_OF_UTC, Traffic};
use crate::dirt::{Defect, defect};
use crate::error::{SampleError, at};
use crate::output::{Compression, Output};
use crate::random::{Draw, Topic};
use crate::spelling::{push_phone, spelling};
use crate::world::World;
use crate::world::identifiers::Node;
use crate::world::persona::{Persona, uses};
use crate::world::places::CITIES;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

pub(crate) static DEFECTS: [Defect; 5] = [
    defect("ts", "type", "昨天"),
    defect("event", "in", "hover"),
    defect("lat", "between", "239.5"),
    defect("event_id", "required", ""),
    defect("phone", "phone", "没带手机"),
];

/// Sessions a month of a curious customer.
const SESSIONS: f64 = 0.66;
/// What a session does after its first view.
const NEXT: [&str; 7] = ["view", "favorite", "add_cart", "checkout", "pay", "share", "try_on"];
const NEXT_UPTO: [u64; 7] = [52, 62, 77, 84, 89, 94, 100];

#[derive(Serialize)]
#[serde(untagged)]
enum Time<'a> {
    Epoch(i64),
    Text(&'a str),
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    event_id: &'a str,
    unionid: Option<&'a str>,
    openid: &'a str,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<&'a str>,
    ts: Time<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lng: Option<f64>,
    campaign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clipboard: Option<&'a str>,
}

struct Row {
    /// Milliseconds, wall clock.
    at: i64,
    customer: u32,
    event: u8,
    product: Option<u16>,
    place: Option<(i32, i32)>,
    campaign: Option<u8>,
    login: bool,
    spelling: u8,
    clipboard: bool,
}

/// Writes a month.
pub(crate) fn write(world: &World, month: usize, folder: &Path) -> Result<Vec<Written>, SampleError> {
    let rows = rows(world, month);
    let plan = plan(world, Topic::Miniapp, month, rows.len(), &DEFECTS, true, false);
    let path = folder.join(format!("miniapp_events_{}.ndjson.gz", world.calendar.months[month].label));
    let mut out = Output::create(&path, Compression::Gzip)?;
    let mut account = FileAccount::new("utf-8");
    let campaigns: Vec<String> = (0..World::CAMPAIGNS)
        .map(|campaign| {
            let mut code = String::new();
            world.push_campaign(&mut code, month, campaign);
            code
        })
        .collect();
    let mut text = Texts::default();
    let mut buffer = Vec::with_capacity(1 << 16);
    for delivery in &plan.main {
        let row = &rows[delivery.row];
        let mut event = text.event(world, month, delivery.row, row, &campaigns);
        if let Some(defect) = delivery.defect {
            spoil(&mut event, defect);
        }
        if event.clipboard.is_some() {
            *account.over_collected.entry("clipboard".to_owned()).or_default() += 1;
        }
        serde_json::to_writer(&mut buffer, &event).map_err(|error| at(&path)(error.into()))?;
        buffer.push(b'\n');
        if buffer.len() > 60_000 {
            out.write_all(&buffer).map_err(at(&path))?;
            buffer.clear();
        }
        if account.count(delivery) {
            world.seen.row(row.customer, nodes(&world.personas[row.customer as usize], month, row));
        }
    }
    out.write_all(&buffer).map_err(at(&path))?;
    let bytes = out.finish(&path)?;
    Ok(vec![Written { file: name(&path), bytes, account, sales: None }])
}

fn rows(world: &World, month: usize) -> Vec<Row> {
    let calendar = &world.calendar.months[month];
    let busy = calendar.factor(Traffic::Online);
    let clipboard = world.options.dirt && month >= world.calendar.months.len() / 2;
    let mut rows = Vec::new();
    world.for_each_person(Topic::Miniapp, month, |draw, customer, persona| {
        if !persona.uses(uses::MINIAPP) || !persona.is_active(month) {
            return;
        }
        for _ in 0..draw.poisson(SESSIONS * persona.curiosity() * busy) {
            session(world, draw, customer, persona, month, clipboard, &mut rows);
        }
    });
    rows.sort_by_key(|row: &Row| (row.at, row.customer));
    rows
}

fn session(
    world: &World,
    draw: &mut Draw,
    customer: u32,
    persona: &Persona,
    month: usize,
    clipboard: bool,
    rows: &mut Vec<Row>,
) {
    let calendar = &world.calendar.months[month];
    let last = calendar.last_second() * 1000 + 999;
    let mut at = calendar.instant(Traffic::Online, draw) * 1000 + draw.below(1000) as i64;
    let home = &CITIES[usize::from(persona.city)];
    let place = draw
        .chance(0.35)
        .then(|| (home.lat + draw.between(-80_000, 80_000) as i32, home.lng + draw.between(-80_000, 80_000) as i32));
    let campaign = draw.chance(0.15).then(|| draw.index(World::CAMPAIGNS) as u8);
    let events = 1 + draw.poisson(3.2);
    let login_at =
        (persona.uses(uses::MINIAPP_LOGIN) && draw.chance(0.4)).then(|| draw.below(u64::from(events)) as u32);
    for n in 0..events {
        let event = if n == 0 { 0 } else { draw.weighted(&NEXT_UPTO) };
        let product =
            (NEXT[event] != "share" || draw.chance(0.5)).then(|| world.catalogue.choose(draw, persona, month));
        rows.push(Row {
            at,
            customer,
            event: event as u8,
            product,
            place,
            campaign,
            login: login_at == Some(n),
            spelling: spelling(world.options.dirt, draw),
            clipboard: clipboard && draw.chance(0.05),
        });
        at += draw.between(2_000, 90_000);
        if at > last {
            return;
        }
    }
}

fn nodes(persona: &Persona, month: usize, row: &Row) -> u16 {
    let unionid = if persona.uses(uses::UNIONID) { Node::Unionid.bit() } else { 0 };
    let phone = if row.login { persona.phone_node(month).bit() } else { 0 };
    Node::Openid.bit() | unionid | phone
}

fn spoil<'a>(event: &mut Event<'a>, defect: &'a Defect) {
    match defect.field {
        "ts" => event.ts = Time::Text(defect.text),
        "event" => event.event = defect.text,
        "event_id" => event.event_id = defect.text,
        "phone" => event.phone = Some(defect.text),
        "lat" => {
            event.lat = defect.text.parse().ok();
            event.lng = Some(0.0);
        }
        _ => unreachable!("every field of DEFECTS has its arm"),
    }
}

/// Texts of an event, reused for the next.
#[derive(Default)]
struct Texts {
    event_id: String,
    unionid: String,
    openid: String,
    phone: String,
    clipboard: String,
}

impl Texts {
    fn event<'a>(
        &'a mut self,
        world: &'a World,
        month: usize,
        n: usize,
        row: &Row,
        campaigns: &'a [String],
    ) -> Event<'a> {
        let persona = &world.personas[row.customer as usize];
        for text in [&mut self.event_id, &mut self.unionid, &mut self.openid, &mut self.phone, &mut self.clipboard] {
            text.clear();
        }
        self.event_id.push('m');
        world.ids.push_event(&mut self.event_id, 1, month, n);
        world.ids.push(&mut self.unionid, Node::Unionid, row.customer, persona);
        world.ids.push(&mut self.openid, Node::Openid, row.customer, persona);
        let phone = world.ids.phone(row.customer, persona.phone_node(month) == Node::PhoneBefore);
        if row.login {
            push_phone(&mut self.phone, phone, row.spelling);
        }
        if row.clipboard {
            self.clipboard.push_str("快递放前台,电话");
            push_phone(&mut self.clipboard, phone, 0);
        }
        Event {
            event_id: &self.event_id,
            unionid: persona.uses(uses::UNIONID).then_some(&self.unionid),
            openid: &self.openid,
            event: NEXT[usize::from(row.event)],
            sku: row.product.map(|p| world.catalogue.products[usize::from(p)].sku.as_str()),
            ts: Time::Epoch(row.at - AHEAD_OF_UTC * 1000),
            lat: row.place.map(|(lat, _)| f64::from(lat) / 1e6),
            lng: row.place.map(|(_, lng)| f64::from(lng) / 1e6),
            campaign: row.campaign.map(|c| campaigns[usize::from(c)].as_str()),
            phone: row.login.then_some(&self.phone),
            clipboard: row.clipboard.then_some(&self.clipboard),
        }
    }
}
