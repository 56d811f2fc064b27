//! Goods: styles in colours and sizes, by season, and who buys what when.

use crate::calendar::{Calendar, number};
use crate::random::{Draw, Topic, cumulate};
use crate::world::persona::{Kind, Persona};
use chrono::{Datelike, NaiveDate};

/// Styles in all.
const STYLES: usize = 150;
/// Colours and sizes that each style comes in.
const COLOURS: usize = 2;
const SIZES: usize = 5;

/// When a kind of garment is worn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worn {
    Summer,
    Winter,
    Always,
}

struct Category {
    name: &'static str,
    code: &'static str,
    worn: Worn,
    /// Price range in yuan.
    price: (i64, i64),
    weight: u64,
    sizes: [&'static str; SIZES],
}

const CLOTHES: [&str; SIZES] = ["XS", "S", "M", "L", "XL"];
const SHOES: [&str; SIZES] = ["36", "38", "40", "42", "44"];
const VARIANTS: [&str; SIZES] = ["V1", "V2", "V3", "V4", "V5"];

const fn category(
    name: &'static str,
    code: &'static str,
    worn: Worn,
    price: (i64, i64),
    weight: u64,
    sizes: [&'static str; SIZES],
) -> Category {
    Category { name, code, worn, price, weight, sizes }
}

const CATEGORIES: [Category; 10] = [
    category("T恤", "TS", Worn::Summer, (79, 199), 20, CLOTHES),
    category("衬衫", "SH", Worn::Always, (159, 399), 13, CLOTHES),
    category("连衣裙", "DR", Worn::Summer, (239, 699), 14, CLOTHES),
    category("牛仔裤", "JN", Worn::Always, (199, 459), 12, CLOTHES),
    category("针织衫", "KN", Worn::Winter, (199, 599), 12, CLOTHES),
    category("外套", "JK", Worn::Winter, (359, 999), 10, CLOTHES),
    category("羽绒服", "DN", Worn::Winter, (699, 1999), 6, CLOTHES),
    category("内衣", "UW", Worn::Always, (49, 159), 6, CLOTHES),
    category("鞋", "FW", Worn::Always, (259, 799), 4, SHOES),
    category("配饰", "AC", Worn::Always, (39, 299), 3, VARIANTS),
];

const COLOUR_NAMES: [(&str, &str); 8] = [
    ("黑", "BK"),
    ("白", "WH"),
    ("灰", "GY"),
    ("藏青", "NV"),
    ("卡其", "KH"),
    ("红", "RD"),
    ("粉", "PK"),
    ("绿", "GN"),
];

/// A style.
struct Style {
    category: usize,
    /// 0 women's, 1 men's, 2 for both.
    gender: u8,
    launched: i64,
    /// Fen.
    list: i64,
    cost: i64,
    popularity: u64,
    season: String,
    colours: [usize; COLOURS],
}

/// One thing that can be sold.
pub(crate) struct Product {
    /// `DR25S041-BK-M`.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: &'static str,
    /// `2025SS` or `2025AW`.
    pub season: String,
    /// Day of launch.
    pub launched: i64,
    /// List price, fen.
    pub list: i64,
    /// Unit cost, fen.
    pub cost: i64,
}

/// One line of a basket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bought {
    /// Index into the products.
    pub product: u16,
    /// Pieces.
    pub quantity: i64,
    /// List price of one, fen.
    pub unit: i64,
    /// Paid for all, fen.
    pub paid: i64,
}

/// All goods.
pub(crate) struct Catalogue {
    /// Products; ten in a row are one style.
    pub products: Vec<Product>,
    styles: Vec<Style>,
    shelves: Vec<Shelf>,
}

/// What sells in a month.
struct Shelf {
    cumulative: Vec<u64>,
    first: i64,
    of_year: u32,
}

impl Catalogue {
    /// Draws the goods of the months, and of a year before them.
    pub fn new(seed: u64, calendar: &Calendar) -> Self {
        let mut draw = Draw::new(seed, Topic::Catalogue, 0, 0);
        let launches = launches(calendar);
        let kinds = cumulate(CATEGORIES.iter().map(|c| c.weight));
        let styles: Vec<Style> = (0..STYLES)
            .map(|n| {
                let (first, season) = &launches[n % launches.len()];
                let category = draw.weighted(&kinds);
                let (low, high) = CATEGORIES[category].price;
                // Prices of tens less one: 199, 459.
                let yuan = draw.between(low / 10, high / 10) * 10 + 9;
                let colour = draw.index(COLOUR_NAMES.len());
                Style {
                    category,
                    gender: match draw.below(10) {
                        0..5 => 0,
                        5..8 => 1,
                        _ => 2,
                    },
                    launched: (first + draw.between(0, 50)).min(calendar.last()),
                    list: yuan * 100,
                    cost: yuan * draw.between(26, 42),
                    popularity: 10_000 / (n as u64 / launches.len() as u64 + 3),
                    season: season.clone(),
                    colours: [colour, (colour + 1 + draw.index(COLOUR_NAMES.len() - 1)) % COLOUR_NAMES.len()],
                }
            })
            .collect();
        let products = styles.iter().enumerate().flat_map(|(n, style)| style.products(n)).collect();
        let shelves = calendar
            .months
            .iter()
            .map(|month| Shelf {
                cumulative: cumulate(styles.iter().map(|s| s.weight(month.first, month.of_year))),
                first: month.first,
                of_year: month.of_year,
            })
            .collect();
        Catalogue { products, styles, shelves }
    }

    /// Something that a person would look at or buy in a month.
    pub fn choose(&self, draw: &mut Draw, persona: &Persona, month: usize) -> u16 {
        let shelf = &self.shelves[month];
        let mut style = draw.weighted(&shelf.cumulative);
        for _ in 0..2 {
            let other = draw.weighted(&shelf.cumulative);
            let fits = |s: usize| self.styles[s].gender == 2 || self.styles[s].gender == persona.gender;
            let dearer = self.styles[other].list > self.styles[style].list;
            let wants_dear = draw.below(256) < u64::from(persona.taste);
            if !fits(style) || (fits(other) && dearer == wants_dear) {
                style = other;
            }
        }
        let colour = draw.index(COLOURS);
        let size = (i64::from(persona.size) + draw.between(-1, 1) * draw.between(0, 1)).clamp(0, SIZES as i64 - 1);
        (style * COLOURS * SIZES + colour * SIZES) as u16 + size as u16
    }

    /// What a person buys at once: different products, one line each.
    pub fn basket(&self, draw: &mut Draw, persona: &Persona, month: usize, online: bool, out: &mut Vec<Bought>) {
        out.clear();
        let lines = match draw.below(100) {
            0..68 => 1,
            68..90 => 2,
            90..97 => 3,
            _ => 4,
        };
        for _ in 0..lines {
            let product = self.choose(draw, persona, month);
            if out.iter().any(|line| line.product == product) {
                continue;
            }
            let quantity = match draw.below(1000) {
                0..915 => 1,
                915..997 => 2,
                // A few who buy for a whole firm: Pareto with exponent 2.
                _ => (2.0 / (draw.unit() + 1e-3).sqrt()) as i64,
            };
            let unit = self.products[usize::from(product)].list;
            let percent = self.price_level(draw, persona, month, product, online);
            out.push(Bought { product, quantity, unit, paid: quantity * unit * percent / 100 });
        }
    }

    /// Percent of the list price that is paid.
    fn price_level(&self, draw: &mut Draw, persona: &Persona, month: usize, product: u16, online: bool) -> i64 {
        let shelf = &self.shelves[month];
        let age = shelf.first - self.products[usize::from(product)].launched;
        let clearance = match age {
            ..120 => 0,
            120..240 => *draw.pick(&[0, 20, 30]),
            _ => *draw.pick(&[30, 40, 50]),
        };
        let festival = match shelf.of_year {
            6 | 11 if online => draw.between(8, 25),
            6 | 11 | 12 => draw.between(0, 12),
            _ => 0,
        };
        let tier = match persona.kind {
            Kind::Vip => 8,
            Kind::Loyal => 5,
            _ => 0,
        };
        (100 - clearance - festival - tier).max(30)
    }
}

impl Style {
    fn weight(&self, first: i64, of_year: u32) -> u64 {
        if self.launched > first {
            return 0;
        }
        let warm = (4..=9).contains(&of_year);
        let fit = match CATEGORIES[self.category].worn {
            Worn::Always => 8,
            Worn::Summer => {
                if warm {
                    16
                } else {
                    2
                }
            }
            Worn::Winter => {
                if warm {
                    2
                } else {
                    14
                }
            }
        };
        let age = match first - self.launched {
            ..180 => 10,
            180..360 => 4,
            _ => 1,
        };
        self.popularity * fit * age
    }

    fn products(&self, n: usize) -> Vec<Product> {
        let category = &CATEGORIES[self.category];
        let whose = ["女装", "男装", "中性"][usize::from(self.gender)];
        let season = &self.season;
        let short = [&season[2..4], &season[4..5]].concat();
        let mut products = Vec::with_capacity(COLOURS * SIZES);
        for colour in self.colours {
            let (colour_name, colour_code) = COLOUR_NAMES[colour];
            for size in category.sizes {
                products.push(Product {
                    sku: format!("{}{short}{n:03}-{colour_code}-{size}", category.code),
                    name: format!("{whose}{} {colour_name} {size}", category.name),
                    category: category.name,
                    season: season.clone(),
                    launched: self.launched,
                    list: self.list,
                    cost: self.cost,
                });
            }
        }
        products
    }
}

/// First day and name of each season from a year and a half before the months until their end.
fn launches(calendar: &Calendar) -> Vec<(i64, String)> {
    let first = crate::calendar::date(calendar.first()).year() - 2;
    let last = crate::calendar::date(calendar.last()).year();
    (first..=last)
        .flat_map(|year| [(year, 2, "SS"), (year, 8, "AW")])
        .filter_map(|(year, month, half)| {
            let day = number(NaiveDate::from_ymd_opt(year, month, 1)?);
            (day >= calendar.first() - 540 && day <= calendar.last()).then(|| (day, format!("{year}{half}")))
        })
        .collect()
}
