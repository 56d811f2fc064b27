//! People: which channels they use, how often they buy, when they came and when they left.

use super::identifiers::Node;
use super::places::{CITIES, CITIES_AT_HOME, CITY_IN_CALIFORNIA, CITY_IN_EUROPE, GIVEN_NAMES, SURNAMES};
use crate::calendar::{Calendar, DAY, Traffic, number, time_of_day};
use crate::random::Draw;
use chrono::NaiveDate;

/// The latent type of a customer, which no export says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OneOff,
    Occasional,
    Regular,
    Loyal,
    Vip,
}

/// Whose law holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jurisdiction {
    China,
    Europe,
    California,
}

impl Jurisdiction {
    /// As consent logs write it.
    pub fn code(self) -> &'static str {
        match self {
            Jurisdiction::China => "CN",
            Jurisdiction::Europe => "EU",
            Jurisdiction::California => "US-CA",
        }
    }
}

/// What a person uses or has, as bits.
pub(crate) mod uses {
    /// Is a member.
    pub const CRM: u16 = 1;
    /// Buys in shops.
    pub const TILL: u16 = 1 << 1;
    /// Buys at Tmall.
    pub const TMALL: u16 = 1 << 2;
    /// Uses the mini-program.
    pub const MINIAPP: u16 = 1 << 3;
    /// Uses the app.
    pub const APP: u16 = 1 << 4;
    /// Let the mini-program or the app know the unionid.
    pub const UNIONID: u16 = 1 << 5;
    /// The CRM knows the unionid.
    pub const CRM_UNIONID: u16 = 1 << 6;
    /// The CRM knows an e-mail address.
    pub const EMAIL: u16 = 1 << 7;
    /// Logs in to the app.
    pub const APP_LOGIN: u16 = 1 << 8;
    /// Has two devices with the app.
    pub const TWO_DEVICES: u16 = 1 << 9;
    /// Logs in to the mini-program with the phone.
    pub const MINIAPP_LOGIN: u16 = 1 << 10;
}

/// One person.
#[derive(Debug, Clone)]
pub(crate) struct Persona {
    /// Latent type.
    pub kind: Kind,
    /// What the person uses: see [`uses`].
    pub uses: u16,
    /// 0 woman, 1 man, 2 unknown.
    pub gender: u8,
    /// Index into the cities.
    pub city: u8,
    /// Index into the shops of the one visited most.
    pub shop: u8,
    /// Clothes size, 0 to 4.
    pub size: u8,
    /// Leaning to dear things, 0 to 255.
    pub taste: u8,
    /// Index of the surname.
    pub surname: u8,
    /// Index of the given name.
    pub given: u8,
    /// Whose law holds.
    pub jurisdiction: Jurisdiction,
    /// First month of activity.
    pub from: u8,
    /// Last month of activity.
    pub until: u8,
    /// First month with the present phone number; 0 if it never changed.
    pub new_phone_from: u8,
    /// Day of birth.
    pub birth: i32,
    /// When the person came to the retailer.
    pub registered: i64,
    /// Purchases a month while active.
    pub rate: f32,
}

impl Persona {
    /// Draws a person.
    pub fn new(draw: &mut Draw, calendar: &Calendar) -> Self {
        let kind = match draw.below(100) {
            0..45 => Kind::OneOff,
            45..75 => Kind::Occasional,
            75..92 => Kind::Regular,
            92..98 => Kind::Loyal,
            _ => Kind::Vip,
        };
        let (mean_rate, churn) = match kind {
            Kind::OneOff => (0.8, 1.0),
            Kind::Occasional => (0.18, 0.40),
            Kind::Regular => (0.44, 0.25),
            Kind::Loyal => (1.0, 0.15),
            Kind::Vip => (2.2, 0.08),
        };
        let rate = (mean_rate * draw.log_normal(0.4)) as f32;
        let last = calendar.months.len() as i64 - 1;
        let came_before = kind != Kind::OneOff && draw.chance(0.62);
        let from = if came_before { 0 } else { draw.between(0, last) };
        let until = match kind {
            Kind::OneOff => last.min(from + draw.between(0, 1)),
            _ if draw.chance(churn) => draw.between(from, last),
            _ => last,
        };
        let registered_day = if came_before {
            calendar.first() - draw.between(1, 1400)
        } else {
            let month = &calendar.months[from as usize];
            draw.between(month.first, month.last.min(month.first + 2))
        };
        let uses = draw_uses(draw);
        let jurisdiction = match draw.below(100) {
            0..93 => Jurisdiction::China,
            93..97 => Jurisdiction::Europe,
            _ => Jurisdiction::California,
        };
        let city = draw_city(draw, jurisdiction);
        let changed_phone = uses & uses::CRM != 0 && draw.chance(0.05);
        Persona {
            kind,
            uses,
            gender: match draw.below(100) {
                0..62 => 0,
                62..92 => 1,
                _ => 2,
            },
            city,
            shop: draw_shop(draw, city),
            size: (2.0 + draw.normal() * 1.1 + 0.5).clamp(0.0, 4.0) as u8,
            taste: (110.0 + draw.normal() * 55.0 + if kind == Kind::Vip { 70.0 } else { 0.0 }).clamp(0.0, 255.0) as u8,
            surname: draw.index(SURNAMES.len()) as u8,
            given: draw.index(GIVEN_NAMES.len()) as u8,
            jurisdiction,
            from: from as u8,
            until: until as u8,
            new_phone_from: if changed_phone { draw.between(0, last) as u8 } else { 0 },
            birth: birth(draw),
            registered: registered_day * DAY + time_of_day(Traffic::Shop, draw),
            rate,
        }
    }

    /// Whether the person uses all of this.
    pub fn uses(&self, what: u16) -> bool {
        self.uses & what == what
    }

    /// Whether the person is active in a month.
    pub fn is_active(&self, month: usize) -> bool {
        (usize::from(self.from)..=usize::from(self.until)).contains(&month)
    }

    /// Months of activity.
    pub fn months(&self) -> f64 {
        f64::from(self.until - self.from) + 1.0
    }

    /// Purchases a month through one of the selling channels.
    pub fn purchases(&self, channel: u16) -> f64 {
        let share = match (self.uses(uses::TILL), self.uses(uses::TMALL)) {
            (true, true) if channel == uses::TILL => 0.55,
            (true, true) => 0.45,
            (true, false) if channel == uses::TILL => 0.95,
            (false, true) if channel == uses::TMALL => 0.95,
            _ => 0.0,
        };
        share * f64::from(self.rate)
    }

    /// How much the person looks around online, by the root of how much is bought.
    pub fn curiosity(&self) -> f64 {
        f64::from(self.rate.sqrt())
    }

    /// The phone number in use in a month.
    pub fn phone_node(&self, month: usize) -> Node {
        if month < usize::from(self.new_phone_from) { Node::PhoneBefore } else { Node::Phone }
    }

    /// The person's name.
    pub fn push_name(&self, out: &mut String) {
        out.push_str(SURNAMES[usize::from(self.surname)].0);
        out.push_str(GIVEN_NAMES[usize::from(self.given)]);
    }
}

fn draw_uses(draw: &mut Draw) -> u16 {
    let mut set = match draw.below(100) {
        0..74 => {
            let mut set = uses::CRM;
            for (channel, share) in [(uses::TILL, 0.75), (uses::TMALL, 0.5), (uses::MINIAPP, 0.8), (uses::APP, 0.3)] {
                if draw.chance(share) {
                    set |= channel;
                }
            }
            if set == uses::CRM { set | uses::TILL } else { set }
        }
        74..84 => uses::TMALL,
        84..89 => uses::MINIAPP,
        89..94 => uses::TILL,
        94..97 => uses::APP,
        _ => uses::CRM,
    };
    if set & (uses::MINIAPP | uses::APP) != 0 && draw.chance(0.9) {
        set |= uses::UNIONID;
        if set & uses::CRM != 0 && draw.chance(0.8) {
            set |= uses::CRM_UNIONID;
        }
    }
    if set & uses::CRM != 0 && draw.chance(0.5) {
        set |= uses::EMAIL;
    }
    if set & uses::APP != 0 {
        if draw.chance(0.7) {
            set |= uses::APP_LOGIN;
        }
        if draw.chance(0.1) {
            set |= uses::TWO_DEVICES;
        }
    }
    if set & uses::MINIAPP != 0 && draw.chance(if set & uses::CRM != 0 { 0.6 } else { 0.3 }) {
        set |= uses::MINIAPP_LOGIN;
    }
    set
}

fn draw_city(draw: &mut Draw, jurisdiction: Jurisdiction) -> u8 {
    match jurisdiction {
        Jurisdiction::Europe => CITY_IN_EUROPE,
        Jurisdiction::California => CITY_IN_CALIFORNIA,
        Jurisdiction::China => {
            let x = draw.below(CITIES[CITIES_AT_HOME - 1].upto);
            CITIES[..CITIES_AT_HOME].partition_point(|c| c.upto <= x) as u8
        }
    }
}

/// Shops 0 to 22 are the first ones of the cities in order; the others lie anywhere.
fn draw_shop(draw: &mut Draw, city: u8) -> u8 {
    let at_home = usize::from(city) < CITIES_AT_HOME;
    if at_home && draw.chance(0.8) { city } else { draw.below(60) as u8 }
}

fn birth(draw: &mut Draw) -> i32 {
    let year = (1990.0 + draw.normal() * 9.0).clamp(1945.0, 2008.0) as i32;
    let first = NaiveDate::from_yo_opt(year, 1).map_or(0, number);
    (first + draw.between(0, 364)) as i32
}
