//! What identifies whom: every identifier is a one-to-one function of the customer number and the seed.

use super::persona::Persona;
use super::places::SURNAMES;
use crate::random::mix;

/// A prime just below 10^9: numbers below it are shuffled by multiplication.
const PRIME: u64 = 999_999_937;

/// The identifiers a person may have. The order is that of bits in [`super::seen::Seen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Node {
    Member = 0,
    Phone = 1,
    /// The number before it was changed.
    PhoneBefore = 2,
    Email = 3,
    Unionid = 4,
    Openid = 5,
    Device = 6,
    SecondDevice = 7,
    AppUser = 8,
    TmallBuyer = 9,
}

impl Node {
    /// All of them, in order.
    pub const ALL: [Node; 10] = [
        Node::Member,
        Node::Phone,
        Node::PhoneBefore,
        Node::Email,
        Node::Unionid,
        Node::Openid,
        Node::Device,
        Node::SecondDevice,
        Node::AppUser,
        Node::TmallBuyer,
    ];

    /// Its bit in a set of nodes.
    pub fn bit(self) -> u16 {
        1 << (self as u8)
    }

    /// The identifier domain it belongs to.
    pub fn domain(self) -> &'static str {
        match self {
            Node::Member => "member_no",
            Node::Phone | Node::PhoneBefore => "phone",
            Node::Email => "email",
            Node::Unionid => "unionid",
            Node::Openid => "openid",
            Node::Device | Node::SecondDevice => "device_id",
            Node::AppUser => "app_user_id",
            Node::TmallBuyer => "tmall_buyer",
        }
    }
}

/// Makes identifiers.
pub(crate) struct Identifiers {
    salt: u64,
}

impl Identifiers {
    /// Those of a seed.
    pub fn new(seed: u64) -> Self {
        Identifiers { salt: mix(seed ^ 0x6c61_6b65_7761_7264) }
    }

    /// The number that clerks type when a customer gives none: nobody's, 139 9999 9999.
    pub const SHARED_PHONE: u64 = 13_999_990_001;

    /// A mobile number, 11 digits from 130 to 139, unlike any other person's.
    pub fn phone(&self, customer: u32, before: bool) -> u64 {
        13_000_000_000 + self.shuffle(u64::from(customer) * 2 + u64::from(before), 618_033_989, 1)
    }

    /// Appends an identifier in its canonical spelling (phones in E.164).
    pub fn push(&self, out: &mut String, node: Node, customer: u32, persona: &Persona) {
        let number = u64::from(customer);
        match node {
            Node::Member => push_padded(out, "M", self.shuffle(number, 123_456_791, 2)),
            Node::Phone | Node::PhoneBefore => {
                out.push_str("+86");
                out.push_str(&self.phone(customer, node == Node::PhoneBefore).to_string());
            }
            Node::Email => {
                out.push_str(SURNAMES[usize::from(persona.surname)].1);
                push_padded(out, ".", self.shuffle(number, 271_828_183, 3));
                out.push_str("@example.com");
            }
            Node::Unionid => self.push_opaque(out, "oLWu", number, 4),
            Node::Openid => self.push_opaque(out, "oLWo", number, 5),
            Node::Device => self.push_hex(out, number * 2),
            Node::SecondDevice => self.push_hex(out, number * 2 + 1),
            Node::AppUser => push_padded(out, "U", self.shuffle(number, 314_159_269, 6)),
            Node::TmallBuyer => {
                const WORDS: [&str; 8] = ["小鹿", "晴天", "tb", "柠檬", "云朵", "happy", "山茶", "阿布"];
                out.push_str(WORDS[usize::from(persona.given) % WORDS.len()]);
                push_padded(out, "_", self.shuffle(number, 141_421_357, 7));
            }
        }
    }

    /// The identifier as text.
    pub fn text(&self, node: Node, customer: u32, persona: &Persona) -> String {
        let mut out = String::new();
        self.push(&mut out, node, customer, persona);
        out
    }

    /// Sixteen hexadecimal digits that name the `n`th event of a month, unlike any other's.
    pub fn push_event(&self, out: &mut String, kind: u64, month: usize, n: usize) {
        push_hex(out, mix(self.salt ^ (kind << 56) ^ ((month as u64) << 40) ^ n as u64));
    }

    fn shuffle(&self, n: u64, by: u64, salt: u64) -> u64 {
        (n * by + mix(self.salt ^ salt) % PRIME) % PRIME
    }

    fn push_opaque(&self, out: &mut String, prefix: &str, n: u64, salt: u64) {
        out.push_str(prefix);
        push_base62(out, mix(self.salt ^ (salt << 48) ^ n));
        push_base62(out, mix(self.salt ^ ((salt + 16) << 48) ^ n));
    }

    fn push_hex(&self, out: &mut String, n: u64) {
        push_hex(out, mix(self.salt ^ (8 << 48) ^ n));
        push_hex(out, mix(self.salt ^ (24 << 48) ^ n));
    }
}

fn push_padded(out: &mut String, prefix: &str, number: u64) {
    out.push_str(prefix);
    let mut power = 100_000_000;
    while power > 0 {
        out.push(char::from(b'0' + (number / power % 10) as u8));
        power /= 10;
    }
}

fn push_hex(out: &mut String, bits: u64) {
    for shift in (0..16).rev() {
        out.push(char::from(b"0123456789abcdef"[((bits >> (shift * 4)) & 15) as usize]));
    }
}

fn push_base62(out: &mut String, mut bits: u64) {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for _ in 0..12 {
        out.push(char::from(DIGITS[(bits % 62) as usize]));
        bits /= 62;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_people_share_a_phone_and_nobody_has_the_clerks() {
        let ids = Identifiers::new(9);
        let phones: BTreeSet<u64> = (0..20_000).flat_map(|c| [ids.phone(c, false), ids.phone(c, true)]).collect();
        assert_eq!(phones.len(), 40_000);
        assert!(phones.iter().all(|p| (13_000_000_000..20_000_000_000).contains(p) && *p != Identifiers::SHARED_PHONE));
    }
}
