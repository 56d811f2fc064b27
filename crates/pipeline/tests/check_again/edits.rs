//! What somebody might do to the project between two checks.

use super::shop::{Shop, customer_orders, orders, pipeline, settings};
use std::fs;

/// One change, and the code that is told of it; empty where nothing is wrong afterwards.
pub struct Edit {
    pub what: &'static str,
    pub tells: &'static str,
    change: Change,
}

enum Change {
    /// This file says this instead of that.
    Text(&'static str, &'static str, &'static str),
    /// There is a file, with this text.
    File(&'static str, String),
    /// There is no such file.
    Gone(&'static str),
    /// A file has another name.
    Moved(&'static str, &'static str),
}

impl Edit {
    /// Does it, where another edit has not taken away what it changes.
    pub fn apply(&self, shop: &Shop) {
        match &self.change {
            Change::Text(path, from, to) => {
                if let Ok(text) = fs::read_to_string(shop.path(path)) {
                    shop.write(path, &text.replacen(from, to, 1));
                }
            }
            Change::File(path, text) => shop.write(path, text),
            Change::Gone(path) => _ = fs::remove_file(shop.path(path)),
            Change::Moved(from, to) => _ = fs::rename(shop.path(from), shop.path(to)),
        }
    }
}

const SETTINGS: &str = "lakewarden.yaml";
const PURPOSES: &str = "schemas/purposes.yaml";
const PIPELINE: &str = "pipelines/shop/pipeline.yaml";
const ORDERS: &str = "schemas/channels/orders.yaml";
const MEMBERS: &str = "schemas/channels/members.yaml";
const PRODUCTS: &str = "schemas/channels/products.yaml";
const TABLE: &str = "schemas/curated/customer_orders.yaml";
const MODEL: &str = "pipelines/shop/models/customer_orders.sql";

/// Every way that a verdict can depend on something, once or more.
pub fn edits() -> Vec<Edit> {
    use Change::*;
    let edit = |what, tells, change| Edit { what, tells, change };
    vec![
        // The model itself.
        edit("a comment in SQL", "", Text(MODEL, "SELECT", "-- Each customer.\nSELECT")),
        edit("a column that is not there", "LW2001", Text(MODEL, "amount", "amout")),
        edit("SQL that does not parse", "LW2001", Text(MODEL, "GROUP BY customer_id", "GROUP")),
        edit("an empty model", "LW3101", File(MODEL, String::new())),
        edit("a renamed column", "LW2004", Text(MODEL, "AS orders", "AS n")),
        edit(
            "rows made of everybody's",
            "LW2018",
            Text(MODEL, "count(*) AS orders", "sum(count(*)) OVER () AS orders"),
        ),
        edit("a relation that is not there", "LW2002", Text(MODEL, "FROM orders", "FROM ordrs")),
        edit("a relation of another purpose", "LW2014", Text(MODEL, "FROM orders", "FROM reach")),
        edit("a circle", "LW2003", Text(MODEL, "FROM orders", "FROM orders JOIN regulars USING (customer_id)")),
        edit("a model that is gone", "LW2002", Gone(MODEL)),
        edit("a model with another name", "LW2002", Moved(MODEL, "pipelines/shop/models/customer_order.sql")),
        edit("a model without a contract", "LW1132", File("pipelines/shop/models/new.sql", "SELECT 1 AS one".into())),
        // Its contract, and that of what it reads.
        edit("another meaning", "", Text(TABLE, "meaning: Example.", "meaning: What each has bought.")),
        edit("another type", "LW2005", Text(TABLE, "decimal(14, 2)", "decimal(14, 1)")),
        edit("a table's other purpose", "LW2014", Text(TABLE, "purpose: analytics", "purpose: marketing")),
        edit("no subject", "LW2011", Text(TABLE, "subject: customer_id\n", "")),
        edit("a contract that is gone", "LW1132", Gone(TABLE)),
        edit("a contract that cannot be read", "LW1001", Text(TABLE, "columns:", "columns: [")),
        edit("another name", "LW2001", Text(TABLE, "name: orders,", "name: orders_made,")),
        edit(
            "a contract twice, the other first",
            "LW2004",
            File("schemas/curated/a.yaml", customer_orders().replace("name: spent", "name: sum_spent")),
        ),
        // Datasets.
        edit("another dataset's purpose", "LW2014", Text(ORDERS, "  analytics:", "  reporting:")),
        edit("a field's purposes", "LW3111", Text(ORDERS, "name: amount,", "name: amount, purposes: [reporting],")),
        edit(
            "a field's identifier",
            "LW2009",
            Text(ORDERS, "order_no, type: string, identifier: none", "order_no, type: string, identifier: quasi"),
        ),
        edit("a field's type", "LW3112", Text(ORDERS, "'decimal(10, 2)'", "string")),
        edit("a field's other name", "LW2001", Text(ORDERS, "name: amount", "name: paid")),
        edit(
            "a field that is dropped",
            "LW2001",
            Text(ORDERS, "user.device, treatment: { pseudonymise: device_id }", "user.device, treatment: drop"),
        ),
        edit(
            "no purposes at all",
            "LW2014",
            Text(MEMBERS, "purposes:\n  analytics: legitimate_interests\n  marketing: legitimate_interests\n", ""),
        ),
        edit("customers for no such purpose", "LW2014", Text(MEMBERS, "  marketing: legitimate_interests\n", "")),
        edit("a dataset that is a log", "LW2014", Text(MEMBERS, "purposes:", "role: suppression_list\npurposes:")),
        edit("a dataset that is gone", "LW2001", Gone(PRODUCTS)),
        edit("a dataset that cannot be read", "LW1001", Text(PRODUCTS, "fields:", "fields: {")),
        edit("a dataset's other name", "LW2001", Text(PRODUCTS, "dataset: products", "dataset: wares")),
        edit(
            "a dataset twice, the other first",
            "LW2001",
            File("schemas/channels/a.yaml", orders().replace("name: amount", "name: paid")),
        ),
        edit(
            "a dataset that has a model's name",
            "LW2009",
            File(
                "schemas/channels/customer_orders.yaml",
                orders().replace("dataset: orders", "dataset: customer_orders"),
            ),
        ),
        // What all share.
        edit("another zone", "", Text(SETTINGS, "Europe/Berlin", "Asia/Shanghai")),
        edit("more people behind each row", "LW2028", Text(SETTINGS, "minimum_subjects: 1", "minimum_subjects: 5")),
        edit("settings that cannot be read", "LW1001", File(SETTINGS, settings() + "lake: [\n")),
        edit("a purpose that is no part", "LW2014", Text(PURPOSES, "parent: analytics, ", "")),
        edit("purposes that are gone", "LW2014", Gone(PURPOSES)),
        edit("a channel less", "LW2002", Text(PIPELINE, "  products: exports/products/*\n", "")),
        edit("customers of fewer channels", "LW2014", Text(PIPELINE, "  members: exports/members/*\n", "")),
        edit("no customers", "LW2002", Text(PIPELINE, "identity:\n  link_on: [email]\n", "")),
        edit("a pipeline that is gone", "LW1010", Gone(PIPELINE)),
        edit(
            "a second pipeline of other models",
            "",
            File("pipelines/more/pipeline.yaml", pipeline().replace("pipeline: shop", "pipeline: more")),
        ),
        // What models bring together.
        edit(
            "devices and telephones apart",
            "LW2016",
            Text(SETTINGS, "project:", "keep_apart: [[device_id, phone]]\nproject:"),
        ),
        edit(
            "addresses and telephones apart",
            "",
            Text(SETTINGS, "project:", "keep_apart: [[email, phone]]\nproject:"),
        ),
        edit(
            "a model that holds addresses",
            "",
            Text("pipelines/shop/models/devices.sql", "device FROM", "email AS device FROM"),
        ),
    ]
}
