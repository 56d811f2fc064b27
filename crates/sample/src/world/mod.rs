//! The retailer's world: people, goods and shops, all decided by the seed before a row is written.

pub(crate) mod catalogue;
pub(crate) mod identifiers;
pub(crate) mod persona;
pub(crate) mod places;
pub(crate) mod seen;

use crate::calendar::Calendar;
use crate::options::Options;
use crate::random::{Draw, Topic};
use catalogue::Catalogue;
use identifiers::Identifiers;
use persona::Persona;
use places::Shop;
use seen::Seen;

/// People whose rows come from one stream of draws.
const BLOCK: usize = 4096;

/// Everything that the writers of exports look at.
pub(crate) struct World {
    /// What was asked for.
    pub options: Options,
    /// The months of data.
    pub calendar: Calendar,
    /// People, by customer number less one.
    pub personas: Vec<Persona>,
    /// Goods.
    pub catalogue: Catalogue,
    /// Shops.
    pub shops: Vec<Shop>,
    /// What identifies whom.
    pub ids: Identifiers,
    /// Which identifiers of whom stood in surviving rows.
    pub seen: Seen,
}

impl World {
    /// Decides everything.
    pub fn new(options: &Options) -> Self {
        let calendar = Calendar::new(options.end, options.months);
        let shops = places::shops(options.seed, &calendar);
        let catalogue = Catalogue::new(options.seed, &calendar);
        let customers = options.customers as usize;
        let mut personas = Vec::with_capacity(customers);
        for start in (0..customers).step_by(BLOCK) {
            let mut draw = Draw::new(options.seed, Topic::Personas, 0, (start / BLOCK) as u64);
            personas.extend((start..customers.min(start + BLOCK)).map(|_| Persona::new(&mut draw, &calendar)));
        }
        World {
            options: options.clone(),
            calendar,
            personas,
            catalogue,
            shops,
            ids: Identifiers::new(options.seed),
            seen: Seen::new(customers),
        }
    }

    /// The stream of a topic's part and block.
    pub fn draw(&self, topic: Topic, part: usize, block: u64) -> Draw {
        Draw::new(self.options.seed, topic, part, block)
    }

    /// Calls `each` for every person, block by block, with the block's stream.
    pub fn for_each_person(&self, topic: Topic, part: usize, mut each: impl FnMut(&mut Draw, u32, &Persona)) {
        for (block, people) in self.personas.chunks(BLOCK).enumerate() {
            let mut draw = self.draw(topic, part, block as u64);
            for (n, persona) in people.iter().enumerate() {
                each(&mut draw, (block * BLOCK + n) as u32, persona);
            }
        }
    }

    /// The campaigns of a month are numbered from 1 to this.
    pub const CAMPAIGNS: usize = 4;

    /// Appends the code of a month's campaign: `C202504-1`.
    pub fn push_campaign(&self, out: &mut String, month: usize, campaign: usize) {
        out.push('C');
        out.extend(self.calendar.months[month].label.chars().filter(char::is_ascii_digit));
        out.push('-');
        out.push_str(&(campaign + 1).to_string());
    }
}
