//! From pairs of pseudonyms to customers with lasting ids.

use crate::error::IdentityError;
use crate::matcher::{Matcher, NEVER, NONE, ShareLimits, Token};
use crate::unions::Unions;
use arrow::array::{Array, StringArray};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use lakewarden_privacy::{Tokeniser, token_bits, token_text};
use std::collections::BTreeMap;

/// What an earlier run decided: bits of a pseudonym → bits of its customer's id.
pub type Known = HashMap<u128, u128, RandomState>;

/// One customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The id, as text (`c1_…`).
    pub id: String,
    /// Earliest instant one of its tokens was seen at, µs UTC.
    pub first_seen: Option<i64>,
    /// Latest instant, µs UTC.
    pub last_seen: Option<i64>,
    /// How many pseudonyms it has.
    pub identifiers: u32,
    /// In how many identifier domains.
    pub domains: u32,
}

/// One pseudonym and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its 128 bits.
    pub bits: u128,
    /// Version of the key it was made with.
    pub version: u32,
    /// Index into [`Identities::domains`].
    pub domain: u16,
    /// Index into [`Identities::customers`]; `None` for one that is shared.
    pub customer: Option<u32>,
    /// Set aside because too many others share it: it belongs to no customer.
    pub shared: bool,
    /// Earliest instant it was seen at, µs UTC.
    pub first_seen: Option<i64>,
    /// Latest instant, µs UTC.
    pub last_seen: Option<i64>,
}

/// What was found, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pseudonyms by domain.
    pub tokens: BTreeMap<String, u64>,
    /// Customers.
    pub customers: u64,
    /// Ids of earlier runs that went into another customer's.
    pub merged: u64,
    /// Pseudonyms set aside as shared.
    pub shared: u64,
    /// Customers by how many pseudonyms they have.
    pub histogram: BTreeMap<u32, u64>,
}

/// Customers and their pseudonyms; customers in order of id.
pub struct Identities {
    /// Names of the identifier domains.
    pub domains: Vec<String>,
    /// The customers, ascending by id.
    pub customers: Vec<Customer>,
    /// The pseudonyms of domains that link, ascending by customer, domain and bits; those that are shared come last.
    pub members: Vec<Member>,
    /// The customers of all pseudonyms, in the order they were first seen: indices into [`Identities::customers`], or
    /// [`NONE`] for one that is shared or of a domain that does not link.
    pub customer_of: Vec<u32>,
    /// The bits of the latter, with their places in `customer_of`, ascending.
    pub apart: Vec<(u32, u128)>,
    /// The numbers.
    pub summary: Summary,
}

impl Matcher {
    /// Joins the pseudonyms into customers.
    ///
    /// Tokens of domains that do not link, and those that are shared by too many ([`ShareLimits`]), link nothing and
    /// belong to no customer. A customer
    /// keeps the id that its earliest-seen known token had (`known`); where one id's tokens have come
    /// apart, the part with the earliest token keeps it. A new customer's id is made by `ids` from the
    /// text of its earliest token.
    ///
    /// # Errors
    /// [`IdentityError::IdCollision`].
    pub fn resolve(
        mut self,
        limits: &ShareLimits,
        known: &Known,
        ids: &Tokeniser,
    ) -> Result<Identities, IdentityError> {
        self.order_domains();
        let shared = self.shared_tokens(limits);
        let mut unions = Unions::new(self.tokens.len());
        for pair in &self.pairs {
            let (a, b) = ((pair >> 32) as u32, *pair as u32);
            if !shared[a as usize] && !shared[b as usize] {
                unions.join(a, b);
            }
        }
        // Earliest first; within a time by domain (strongest first), then by bits: the same in any order of arrival.
        let links = |token: &u32| self.links[usize::from(self.tokens[*token as usize].domain.0)];
        let mut order: Vec<u32> = (0..self.tokens.len() as u32).filter(links).collect();
        order.sort_unstable_by_key(|t| age(&self.tokens[*t as usize]));

        let mut group_of_root = vec![NONE; self.tokens.len()];
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for token in order {
            let group = &mut group_of_root[unions.find(token) as usize];
            if *group == NONE {
                *group = groups.len() as u32;
                groups.push(Vec::new());
            }
            groups[*group as usize].push(token);
        }
        let (texts, merged) = self.name_groups(&groups, known, ids)?;
        Ok(self.assemble(groups, texts, &shared, merged))
    }

    /// Puts the domains that link nothing in order of name: which was seen first depends on who read fastest.
    fn order_domains(&mut self) {
        let mut order: Vec<usize> = (0..self.domains.len()).collect();
        order.sort_by(|a, b| match (self.links[*a], self.links[*b]) {
            (false, false) => self.domains[*a].cmp(&self.domains[*b]),
            (a_links, b_links) => b_links.cmp(&a_links),
        });
        let mut place = vec![0u16; order.len()];
        for (to, from) in order.iter().enumerate() {
            place[*from] = to as u16;
        }
        self.domains = order.iter().map(|from| std::mem::take(&mut self.domains[*from])).collect();
        self.links.sort_unstable_by(|a, b| b.cmp(a));
        for token in &mut self.tokens {
            token.domain.0 = place[token.domain.0 as usize];
        }
    }

    /// Tokens that stand with too many of one other domain, or in too many rows.
    fn shared_tokens(&self, limits: &ShareLimits) -> Vec<bool> {
        // Only the domains that link are in pairs, and they come first: one count for each, token by token.
        let domains = self.links.iter().filter(|links| **links).count();
        let mut counts = vec![0u32; self.tokens.len() * domains];
        let mut shared = vec![false; self.tokens.len()];
        let mut count = |token: u32, with: u32| {
            let domain = self.tokens[with as usize].domain.0 as usize;
            let count = &mut counts[token as usize * domains + domain];
            *count += 1;
            shared[token as usize] |= *count > limits.links;
        };
        for pair in &self.pairs {
            let (a, b) = ((pair >> 32) as u32, *pair as u32);
            count(a, b);
            count(b, a);
        }
        if limits.counts_rows() {
            let mut of_domain = vec![0u64; self.domains.len()];
            self.tokens.iter().for_each(|t| of_domain[usize::from(t.domain.0)] += u64::from(t.rows));
            for (token, shared) in self.tokens.iter().zip(&mut shared) {
                let domain = usize::from(token.domain.0);
                *shared |= self.links[domain] && limits.exceeded(token.rows, of_domain[domain]);
            }
        }
        shared
    }

    /// Gives each group (oldest first, its tokens oldest first) an id. A shared token takes one as well, which no customer
    /// has then: before it was shared it may have been the founder of one.
    fn name_groups(
        &self,
        groups: &[Vec<u32>],
        known: &Known,
        ids: &Tokeniser,
    ) -> Result<(Vec<String>, u64), IdentityError> {
        let founders = StringArray::from_iter_values(groups.iter().map(|g| {
            let token = &self.tokens[g[0] as usize];
            token_text('k', token.version, token.bits)
        }));
        let fresh = ids.tokenise(&founders);
        let mut taken: HashSet<u128, RandomState> = HashSet::default();
        let mut chosen: Vec<Option<String>> = vec![None; groups.len()];
        let mut merged = 0;
        let prefix_version =
            |text: &str| text.get(1..).and_then(|t| t.split_once('_')).and_then(|(v, _)| v.parse().ok());
        let version: u32 = if fresh.is_empty() { 1 } else { prefix_version(fresh.value(0)).unwrap_or(1) };
        for (group, chosen) in groups.iter().zip(&mut chosen) {
            if known.is_empty() {
                break;
            }
            let mut had: Vec<u128> = Vec::new();
            for token in group {
                if let Some(id) = known.get(&self.tokens[*token as usize].bits)
                    && !had.contains(id)
                {
                    had.push(*id);
                }
            }
            if let Some(id) = had.iter().find(|id| !taken.contains(*id)) {
                taken.insert(*id);
                *chosen = Some(token_text('c', version, *id));
            }
            merged += had.len().saturating_sub(1) as u64;
        }
        let mut texts = Vec::with_capacity(groups.len());
        for (at, (group, chosen)) in groups.iter().zip(chosen).enumerate() {
            let text = match chosen {
                Some(text) => text,
                None => self.fresh_id(fresh.value(at), group, &mut taken, ids)?,
            };
            texts.push(text);
        }
        Ok((texts, merged))
    }

    /// The id made from the group's earliest token whose id nobody has; if others have those of all its tokens, for they
    /// were together once, the id made from the last of these.
    fn fresh_id(
        &self,
        of_founder: &str,
        group: &[u32],
        taken: &mut HashSet<u128, RandomState>,
        ids: &Tokeniser,
    ) -> Result<String, IdentityError> {
        const FURTHER: usize = 64;
        let mut text = of_founder.to_owned();
        let own = group[1..].iter().map(|token| {
            let token = &self.tokens[*token as usize];
            Some(token_text('k', token.version, token.bits))
        });
        for (at, token) in std::iter::once(None).chain(own).chain(std::iter::repeat_n(None, FURTHER)).enumerate() {
            match token {
                None if at == 0 => {}
                Some(token) => text = ids.token_of(&token),
                None => text = ids.token_of(&text),
            }
            let bits = token_bits(&text).ok_or(IdentityError::IdCollision)?;
            if taken.insert(bits) {
                return Ok(text);
            }
        }
        Err(IdentityError::IdCollision)
    }

    fn assemble(self, groups: Vec<Vec<u32>>, texts: Vec<String>, shared: &[bool], merged: u64) -> Identities {
        let mut order: Vec<u32> = (0..groups.len() as u32).collect();
        order.sort_unstable_by(|a, b| texts[*a as usize].cmp(&texts[*b as usize]));
        let is_shared = |group: &[u32]| group.iter().all(|token| shared[*token as usize]);
        let mut summary = Summary {
            customers: groups.iter().filter(|group| !is_shared(group)).count() as u64,
            merged,
            shared: shared.iter().filter(|s| **s).count() as u64,
            ..Summary::default()
        };
        let mut of_domain = vec![0u64; self.domains.len()];
        let mut customers = Vec::with_capacity(groups.len());
        let mut members = Vec::with_capacity(self.tokens.len());
        let mut customer_of = vec![NONE; self.tokens.len()];
        let member = |t: &Token, customer, shared| Member {
            bits: t.bits,
            version: t.version,
            domain: t.domain.0,
            customer,
            shared,
            first_seen: (t.first != NEVER).then_some(t.first),
            last_seen: (t.last != i64::MIN).then_some(t.last),
        };
        self.tokens.iter().for_each(|t| of_domain[usize::from(t.domain.0)] += 1);
        order.retain(|group| !is_shared(&groups[*group as usize]));
        for (number, group) in order.iter().enumerate() {
            let tokens = &groups[*group as usize];
            let from = members.len();
            for token in tokens {
                let t = &self.tokens[*token as usize];
                customer_of[*token as usize] = number as u32;
                members.push(member(t, Some(number as u32), false));
            }
            let own = &mut members[from..];
            own.sort_unstable_by_key(|m| (m.domain, m.bits));
            let mut domains: Vec<u16> = own.iter().map(|m| m.domain).collect();
            domains.dedup();
            *summary.histogram.entry(own.len() as u32).or_default() += 1;
            customers.push(Customer {
                id: texts[*group as usize].clone(),
                first_seen: own.iter().filter_map(|m| m.first_seen).min(),
                last_seen: own.iter().filter_map(|m| m.last_seen).max(),
                identifiers: own.len() as u32,
                domains: domains.len() as u32,
            });
        }
        let from = members.len();
        let aside = self.tokens.iter().zip(shared).filter(|(_, shared)| **shared);
        members.extend(aside.map(|(token, _)| member(token, None, true)));
        members[from..].sort_unstable_by_key(|m| (m.domain, m.bits));
        let places = (0u32..).zip(&self.tokens).zip(&customer_of);
        let apart =
            places.filter(|(_, customer)| **customer == NONE).map(|((at, token), _)| (at, token.bits)).collect();
        let counted = self.domains.iter().cloned().zip(of_domain);
        summary.tokens = counted.filter(|(_, tokens)| *tokens > 0).collect();
        Identities { domains: self.domains, customers, members, customer_of, apart, summary }
    }
}

/// What tokens are ordered by: who was there first.
fn age(token: &Token) -> (i64, u16, u128) {
    (token.first, token.domain.0, token.bits)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ColumnDomain;
    use arrow::array::TimestampMicrosecondArray;
    use lakewarden_privacy::{KeyRing, MasterKey};
    use proptest::prelude::*;

    type Record = (Option<u8>, Option<u8>, i64);

    fn keys() -> KeyRing {
        KeyRing::new(MasterKey::from_bytes([7; 32]), 1)
    }

    fn matcher(records: &[Record]) -> Matcher {
        let keys = keys();
        let column = |domain: &str, pick: fn(&Record) -> Option<u8>| -> StringArray {
            let tokeniser = keys.tokeniser(domain);
            records.iter().map(|r| pick(r).map(|v| tokeniser.token_of(&v.to_string()))).collect()
        };
        let (phones, cards) = (column("phone", |r| r.0), column("member_no", |r| r.1));
        let times: TimestampMicrosecondArray = records.iter().map(|r| Some(r.2)).collect();
        let mut matcher = Matcher::new(&["member_no".into(), "phone".into()]);
        let (card, phone) = (matcher.domain("member_no"), matcher.domain("phone"));
        matcher
            .add(&[(ColumnDomain::Fixed(phone), &phones), (ColumnDomain::Fixed(card), &cards)], Some(&times))
            .unwrap();
        matcher
    }

    fn resolve(records: &[Record], known: &Known) -> Identities {
        matcher(records).resolve(&ShareLimits::of_links(8), known, &keys().customer_ids()).unwrap()
    }

    fn known(of: &Identities) -> Known {
        let members = of.members.iter().filter_map(|m| Some((m.bits, m.customer?)));
        members.map(|(bits, customer)| (bits, token_bits(&of.customers[customer as usize].id).unwrap())).collect()
    }

    #[test]
    fn records_that_share_a_token_are_one_customer() {
        let found = resolve(&[(Some(1), Some(10), 5), (Some(1), None, 1), (Some(2), Some(20), 3)], &Known::default());
        assert_eq!(found.summary.customers, 2);
        assert_eq!(found.summary.histogram, BTreeMap::from([(2, 2)]));
        let joined = found.customers.iter().find(|c| c.first_seen == Some(1)).unwrap();
        assert_eq!((joined.last_seen, joined.domains), (Some(5), 2));
    }

    #[test]
    fn a_token_shared_by_too_many_links_nothing() {
        let mut records: Vec<Record> = (0..9).map(|card| (Some(99), Some(card), i64::from(card))).collect();
        records.push((Some(1), Some(0), 50));
        let found = resolve(&records, &Known::default());
        assert_eq!(found.summary.shared, 1);
        assert_eq!(found.summary.customers, 9, "nine cards, and the shop's own phone is no customer");
        let shared: Vec<_> = found.members.iter().filter(|m| m.shared).collect();
        assert_eq!((shared.len(), shared[0].customer), (1, None));
        assert_eq!(found.apart.len(), 1);
        assert_eq!(found.customer_of[found.apart[0].0 as usize], NONE);
    }

    #[test]
    fn a_merge_keeps_the_older_id() {
        let day1 = [(Some(1), Some(10), 1), (Some(2), Some(20), 2)];
        let before = resolve(&day1, &Known::default());
        let both = [day1[0], day1[1], (Some(1), Some(20), 3)];
        let after = resolve(&both, &known(&before));
        assert_eq!((after.summary.customers, after.summary.merged), (1, 1));
        let oldest = before.customers.iter().find(|c| c.first_seen == Some(1)).unwrap();
        assert_eq!(after.customers[0].id, oldest.id);
    }

    #[test]
    fn an_id_that_comes_apart_stays_with_its_oldest_token() {
        let together = resolve(&[(Some(1), Some(10), 1), (Some(1), Some(20), 2)], &Known::default());
        let apart = resolve(&[(None, Some(10), 1), (Some(1), Some(20), 2)], &known(&together));
        assert_eq!(apart.summary.customers, 2);
        let kept: Vec<_> = apart.customers.iter().filter(|c| c.id == together.customers[0].id).collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].first_seen, Some(1));
    }

    /// An older token that comes late keeps the id of what came apart, and with it that of another's only token.
    #[test]
    fn who_has_lost_the_ids_of_all_its_tokens_gets_another() {
        let alone = resolve(&[(Some(1), Some(10), 5)], &Known::default());
        let joined = resolve(&[(Some(1), Some(10), 5), (Some(1), Some(20), 1)], &known(&alone));
        let apart = [(None, Some(10), 5), (None, Some(20), 1), (Some(1), None, 6)];
        let found = resolve(&apart, &known(&joined));
        let ids: HashSet<&str, RandomState> = found.customers.iter().map(|c| c.id.as_str()).collect();
        assert_eq!((found.summary.customers, ids.len()), (3, 3));
        let again = resolve(&apart, &known(&joined));
        assert_eq!(found.customers, again.customers);
        let oldest = found.customers.iter().find(|c| c.first_seen == Some(1)).unwrap();
        assert_eq!(oldest.id, alone.customers[0].id);
    }

    #[test]
    fn what_was_seen_with_a_shared_device_is_still_told() {
        let tokens = |domain: &str, values: &[&str]| {
            StringArray::from(values.iter().map(|v| keys().tokeniser(domain).token_of(v)).collect::<Vec<_>>())
        };
        let mut matcher = Matcher::new(&["card".into(), "device".into()]);
        let (card, device, note) = (matcher.domain("card"), matcher.domain("device"), matcher.domain("note"));
        let devices = tokens("device", &["tablet", "tablet", "tablet", "phone"]);
        let cards = tokens("card", &["1", "2", "1", "3"]);
        let notes = tokens("note", &["a", "b", "c", "d"]);
        let columns = [(card, &cards), (device, &devices), (note, &notes)];
        matcher.add(&columns.map(|(d, c)| (ColumnDomain::Fixed(d), c)), None).unwrap();
        let bits = |array: &StringArray, at: usize| token_bits(array.value(at)).unwrap();
        let mut seen = matcher.seen_with([bits(&devices, 0), 7].into_iter());
        seen.sort_unstable();
        let mut expected = [0, 1].map(|at| (bits(&devices, 0), bits(&cards, at)));
        expected.sort_unstable();
        assert_eq!(seen, expected);
        assert_eq!(matcher.seen_with(std::iter::once(7)), []);
        let found = matcher.resolve(&ShareLimits::of_links(1), &Known::default(), &keys().customer_ids()).unwrap();
        assert_eq!(found.summary.shared, 1, "though it joins nobody");
    }

    #[test]
    fn domains_that_link_nothing_stand_in_order_of_name() {
        let token = |domain: &str| StringArray::from(vec![keys().tokeniser(domain).token_of("1")]);
        let resolve = |names: &[&str]| {
            let mut matcher = Matcher::new(&["phone".into()]);
            let ids: Vec<_> = names.iter().map(|name| matcher.domain(name)).collect();
            for (id, name) in ids.iter().zip(names) {
                matcher.add(&[(ColumnDomain::Fixed(*id), &token(name))], None).unwrap();
            }
            matcher.resolve(&ShareLimits::of_links(8), &Known::default(), &keys().customer_ids()).unwrap()
        };
        let (one, other) = (resolve(&["vase", "phone", "atlas"]), resolve(&["atlas", "vase", "phone"]));
        assert_eq!(one.domains, ["phone", "atlas", "vase"]);
        assert_eq!((one.domains, one.customers, one.members), (other.domains, other.customers, other.members));
        assert_eq!(one.summary.tokens.len(), 3);
    }

    #[test]
    fn a_pseudonym_of_a_domain_that_does_not_link_is_no_customer() {
        let tokens = |domain: &str, values: &[Option<&str>]| -> StringArray {
            values.iter().map(|v| v.map(|v| keys().tokeniser(domain).token_of(v))).collect()
        };
        let mut matcher = Matcher::new(&["phone".into()]);
        let (phone, cashier) = (matcher.domain("phone"), matcher.domain("employee"));
        let phones = tokens("phone", &[Some("1"), Some("1"), None, None]);
        let cashiers = tokens("employee", &[Some("e1"), Some("e2"), Some("e3"), Some("e3")]);
        let columns = [(ColumnDomain::Fixed(cashier), &cashiers), (ColumnDomain::Fixed(phone), &phones)];
        matcher.add(&columns, None).unwrap();
        let found = matcher.resolve(&ShareLimits::of_links(8), &Known::default(), &keys().customer_ids()).unwrap();
        assert_eq!((found.customers.len(), found.members.len(), found.apart.len()), (1, 1, 3));
        assert_eq!(found.customers[0].identifiers, 1);
        assert_eq!(found.customer_of, [NONE, NONE, NONE, 0]);
    }

    #[test]
    fn a_pseudonym_in_too_many_rows_is_no_customer() {
        let found = |limits: ShareLimits, rows: usize| {
            let phones: Vec<String> = (0..rows).map(|row| if row % 2 == 0 { 0 } else { row }.to_string()).collect();
            let tokens = phones.iter().map(|phone| keys().tokeniser("phone").token_of(phone));
            let mut matcher = Matcher::new(&["phone".into()]);
            let phone = matcher.domain("phone");
            matcher.counting(true);
            matcher.add(&[(ColumnDomain::Fixed(phone), &StringArray::from_iter_values(tokens))], None).unwrap();
            let found = matcher.resolve(&limits, &Known::default(), &keys().customer_ids()).unwrap();
            (found.summary.shared, found.summary.customers)
        };
        let limits = ShareLimits { links: 8, rows: Some(50), millionths: None };
        assert_eq!((found(limits, 100), found(limits, 102)), ((0, 51), (1, 51)));
        let share = ShareLimits { links: 8, rows: None, millionths: Some(490_000) };
        assert_eq!((found(share, 98), found(share, 100)), ((0, 50), (1, 50)), "of few rows no share is judged");
    }

    proptest! {
        /// Daily files or all at once: the same customers with the same ids.
        #[test]
        fn arrival_in_parts_changes_nothing(
            mut records in prop::collection::vec((prop::option::of(0u8..12), prop::option::of(0u8..12), 0i64..1000), 1..40),
            cut in 0usize..40,
        ) {
            records.sort_by_key(|r| r.2);
            // The instant is unique to a record, as files arrive in order of time.
            for (at, r) in records.iter_mut().enumerate() { r.2 = at as i64; }
            let at_once = resolve(&records, &Known::default());
            let first = resolve(&records[..cut.min(records.len())], &Known::default());
            let then = resolve(&records, &known(&first));
            let mapping = |i: &Identities| -> BTreeMap<u128, String> {
                let members = i.members.iter().filter_map(|m| Some((m.bits, m.customer?)));
                members.map(|(bits, customer)| (bits, i.customers[customer as usize].id.clone())).collect()
            };
            prop_assert_eq!(mapping(&at_once), mapping(&then));
        }

        /// The order of records does not matter.
        #[test]
        fn order_of_records_changes_nothing(
            records in prop::collection::vec((prop::option::of(0u8..12), prop::option::of(0u8..12), 0i64..50), 1..40),
        ) {
            let forward = resolve(&records, &Known::default());
            let backward = resolve(&records.iter().rev().copied().collect::<Vec<_>>(), &Known::default());
            prop_assert_eq!(forward.customers, backward.customers);
            prop_assert_eq!(forward.members, backward.members);
        }
    }
}
