//! The truth about people: what the exports connect, and what they decided.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Row, e164, email, rows, sample};
use std::collections::{BTreeMap, BTreeSet};

type Identifier = (String, String);

/// The identifiers of people in each surviving row, the clerks' phone left out.
fn identifiers_by_row() -> Vec<Vec<Identifier>> {
    let sample = sample();
    let fields: [(&str, &[(&str, &str)]); 7] = [
        ("crm_members", &[("会员卡号", "member_no"), ("手机号", "phone"), ("邮箱", "email"), ("unionid", "unionid")]),
        ("pos_sales", &[("会员卡号", "member_no"), ("手机号", "phone")]),
        ("tmall_orders", &[("买家昵称", "tmall_buyer"), ("联系手机", "phone")]),
        ("miniapp_events", &[("unionid", "unionid"), ("openid", "openid"), ("phone", "phone")]),
        ("app_events", &[("device_id", "device_id"), ("user_id", "app_user_id"), ("unionid", "unionid")]),
        ("service_tickets", &[("phone", "phone")]),
        ("loyalty_ledger", &[("member_no", "member_no")]),
    ];
    let mut found = Vec::new();
    for (dataset, fields) in fields {
        for row in sample.surviving(dataset) {
            let named = fields.iter().filter_map(|(field, domain)| Some(canonical(domain, row.get(*field)?)));
            found.push(named.filter(|id| Some(&id.1) != sample.accounts.shared_phone.as_ref()).collect());
        }
    }
    for dataset in ["campaign_touches", "consent_log"] {
        found.extend(sample.surviving(dataset).iter().map(|row| vec![canonical(&row["id_type"], &row["id_value"])]));
    }
    found
}

fn canonical(domain: &str, value: &str) -> Identifier {
    let value = match domain {
        "phone" => e164(value),
        "email" => email(value),
        _ => value.to_owned(),
    };
    (domain.to_owned(), value)
}

fn truth(file: &str) -> Vec<Row> {
    rows(&sample().truth().join(file))
}

/// Identifier → (customer, group), as told.
fn told() -> BTreeMap<Identifier, (String, String)> {
    let rows = truth("customers.csv");
    let told: BTreeMap<_, _> = rows
        .iter()
        .map(|row| ((row["domain"].clone(), row["value"].clone()), (row["customer"].clone(), row["group"].clone())))
        .collect();
    assert_eq!(told.len(), rows.len(), "no identifier belongs to two people");
    told
}

#[test]
fn the_groups_of_people_are_what_rows_connect() {
    let told = told();
    let mut parent: BTreeMap<Identifier, Identifier> = BTreeMap::new();
    fn root(parent: &BTreeMap<Identifier, Identifier>, id: &Identifier) -> Identifier {
        let mut id = id;
        while &parent[id] != id {
            id = &parent[id];
        }
        id.clone()
    }
    for row in identifiers_by_row() {
        for id in &row {
            parent.entry(id.clone()).or_insert_with(|| id.clone());
        }
        for pair in row.windows(2) {
            let (a, b) = (root(&parent, &pair[0]), root(&parent, &pair[1]));
            parent.insert(a.clone().max(b.clone()), a.min(b));
        }
    }
    assert_eq!(
        parent.keys().collect::<BTreeSet<_>>(),
        told.keys().collect::<BTreeSet<_>>(),
        "the truth names the identifiers of surviving rows and no others"
    );
    let mut by_root: BTreeMap<Identifier, BTreeSet<&(String, String)>> = BTreeMap::new();
    for id in parent.keys() {
        by_root.entry(root(&parent, id)).or_default().insert(&told[id]);
    }
    assert!(by_root.values().all(|groups| groups.len() == 1), "one component is one group");
    let groups: BTreeSet<_> = told.values().collect();
    assert_eq!(groups.len(), by_root.len(), "one group is one component");
    let people: BTreeSet<_> = told.values().map(|(customer, _)| customer).collect();
    assert!(people.len() < groups.len() && groups.len() < people.len() * 5 / 4, "few people fall apart");
}

#[test]
fn many_people_use_several_channels_and_some_one_only() {
    let mut domains: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ((domain, _), (customer, _)) in told() {
        domains.entry(customer).or_default().insert(domain);
    }
    let with = |count: std::ops::Range<usize>| domains.values().filter(|d| count.contains(&d.len())).count();
    assert!(with(4..9) * 3 > domains.len(), "more than a third");
    assert!(with(1..2) > 20);
}

#[test]
fn decisions_are_the_latest_of_the_log() {
    let told = told();
    let mut latest: BTreeMap<(String, String, String), (String, String)> = BTreeMap::new();
    let mut by_customer: BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for row in sample().surviving("consent_log") {
        let id = canonical(&row["id_type"], &row["id_value"]);
        let (customer, group) = told[&id].clone();
        by_customer
            .entry((customer.clone(), row["purpose"].clone()))
            .or_default()
            .entry(row["action"].clone())
            .or_default()
            .insert(id.1);
        let event = (row["at"].clone(), row["action"].clone());
        let entry = latest.entry((customer, group, row["purpose"].clone())).or_insert_with(|| event.clone());
        *entry = entry.clone().max(event);
    }
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    for row in truth("consent.csv") {
        let key = (row["customer"].clone(), row["group"].clone(), row["purpose"].clone());
        let expected = match latest.get(&key) {
            None => "none",
            Some((_, action)) if action == "grant" => "granted",
            Some(_) => "withdrawn",
        };
        assert_eq!(row["decision"], expected, "{key:?}");
        *counts.entry((row["purpose"].clone(), row["decision"].clone())).or_default() += 1;
    }
    let granted = |purpose: &str| counts[&(purpose.to_owned(), "granted".to_owned())];
    assert!(granted("analytics") > granted("marketing") && granted("marketing") > granted("personalization"));
    let otherwise = by_customer.values().filter(
        |actions| matches!((actions.get("grant"), actions.get("withdraw")), (Some(g), Some(w)) if g.is_disjoint(w)),
    );
    assert!(otherwise.count() > 5, "some withdraw under another identifier");
}

#[test]
fn jurisdictions_are_mixed_and_californians_say_little() {
    let mut said: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for row in truth("consent.csv") {
        let entry = said.entry(row["jurisdiction"].clone()).or_default();
        entry.0 += 1;
        entry.1 += u32::from(row["stated"] == "yes");
    }
    assert_eq!(said.keys().collect::<Vec<_>>(), ["CN", "EU", "US-CA"]);
    let share = |code: &str| f64::from(said[code].1) / f64::from(said[code].0);
    assert!(share("US-CA") < 0.55 && share("CN") > 0.7, "{said:?}");
}

#[test]
fn spend_is_skewed() {
    let told = told();
    let mut spend: BTreeMap<&str, i64> = BTreeMap::new();
    for row in sample().surviving("pos_sales") {
        if let Some(member) = row.get("会员卡号").filter(|_| row["类型"] == "销售") {
            let id = canonical("member_no", member);
            *spend.entry(&told[&id].0).or_default() += row["实付金额"].replace('.', "").parse::<i64>().unwrap();
        }
    }
    let mut spend: Vec<i64> = spend.into_values().collect();
    spend.sort_unstable_by(|a, b| b.cmp(a));
    let top: i64 = spend[..spend.len() / 5].iter().sum();
    assert!(top * 2 > spend.iter().sum(), "a fifth of the members spends more than half");
}
