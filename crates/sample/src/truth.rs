//! Writes what is true: accounts, people, their decisions, and sales.

use crate::account::Accounts;
use crate::datasets::Written;
use crate::datasets::consent_log::{PURPOSES, history};
use crate::datasets::pos_sales::SHARED_PHONE_FROM;
use crate::error::{SampleError, at};
use crate::line::Line;
use crate::output::{CsvFile, Layout};
use crate::sales::Sales;
use crate::world::World;
use crate::world::identifiers::{Identifiers, Node};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes all truth files; `files` are all files written, with their datasets, in any fixed order.
pub(crate) fn write(world: &World, files: Vec<(&'static str, Written)>, folder: &Path) -> Result<(), SampleError> {
    let options = &world.options;
    let mut sales = Sales::default();
    let mut datasets: BTreeMap<String, BTreeMap<String, _>> = BTreeMap::new();
    for (dataset, written) in files {
        if let Some((month, channel, sum)) = &written.sales {
            sales.add(month, channel, sum);
        }
        datasets.entry(dataset.to_owned()).or_default().insert(written.file, written.account);
    }
    let shared = options.dirt && options.customers >= SHARED_PHONE_FROM;
    let accounts = Accounts {
        customers: options.customers,
        seed: options.seed,
        end: options.end.to_string(),
        months: options.months,
        dirt: options.dirt,
        shared_phone: shared.then(|| format!("+86{}", Identifiers::SHARED_PHONE)),
        datasets,
    };
    json(&folder.join("accounts.json"), &accounts)?;
    json(&folder.join("sales.json"), &sales)?;
    people(world, &folder.join("customers.csv"))?;
    decisions(world, &folder.join("consent.csv"))
}

fn json(path: &Path, value: &impl Serialize) -> Result<(), SampleError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|_| SampleError::Truth { path: path.to_path_buf() })?;
    text.push(b'\n');
    std::fs::write(path, text).map_err(at(path))
}

/// `customers.csv`: customer, domain, value, group.
fn people(world: &World, path: &Path) -> Result<(), SampleError> {
    let mut file = CsvFile::create(path, &["customer", "domain", "value", "group"], &Layout::UTF8)?;
    let mut line = Line::default();
    for (customer, persona) in (0u32..).zip(&world.personas) {
        let groups = world.seen.groups(customer);
        for node in Node::ALL {
            let group = groups[node as usize];
            if group == 0 {
                continue;
            }
            line.clear();
            line.with(|out| push_customer(out, customer));
            line.text(node.domain());
            line.with(|out| world.ids.push(out, node, customer, persona));
            line.number(i64::from(group));
            file.row(&line, None)?;
        }
    }
    file.finish().map(drop)
}

/// `consent.csv`: customer, group, purpose, decision, decided_at, jurisdiction, stated.
fn decisions(world: &World, path: &Path) -> Result<(), SampleError> {
    let columns = ["customer", "group", "purpose", "decision", "decided_at", "jurisdiction", "stated"];
    let mut file = CsvFile::create(path, &columns, &Layout::UTF8)?;
    let mut line = Line::default();
    for (customer, persona) in (0u32..).zip(&world.personas) {
        let groups = world.seen.groups(customer);
        let history = history(world, customer);
        for group in 1..=groups.iter().copied().max().unwrap_or(0) {
            let of_group = || history.iter().filter(|decision| groups[decision.node as usize] == group);
            for (purpose, (name, _)) in PURPOSES.iter().enumerate() {
                // The strictest of the identifiers' latest decisions.
                let mut latest: BTreeMap<Node, (i64, bool)> = BTreeMap::new();
                for decision in of_group().filter(|d| usize::from(d.purpose) == purpose) {
                    let entry = latest.entry(decision.node).or_insert((i64::MIN, false));
                    *entry = (*entry).max((decision.at, decision.grant));
                }
                let decided = latest.values().min_by_key(|(at, grant)| (*grant, -at));
                line.clear();
                line.with(|out| push_customer(out, customer));
                line.number(i64::from(group));
                line.text(name);
                match decided {
                    Some((at, grant)) => {
                        line.text(if *grant { "granted" } else { "withdrawn" });
                        line.offset_instant(*at);
                    }
                    None => {
                        line.text("none");
                        line.empty();
                    }
                }
                line.text(persona.jurisdiction.code());
                line.text(if of_group().next().is_some() { "yes" } else { "no" });
                file.row(&line, None)?;
            }
        }
    }
    file.finish().map(drop)
}

fn push_customer(out: &mut String, customer: u32) {
    out.push_str(&format!("P{:08}", customer + 1));
}
