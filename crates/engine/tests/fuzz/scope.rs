//! What a query can refer to, and what it gives.

/// The types that queries compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Int,
    Text,
    Date,
    /// Shown and ordered by, and nothing else: lists, floats, truth.
    Shown,
}

/// What a column holds, as far as it decides what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Whose a row is: few rows a value.
    Customer,
    City,
    /// `41` for withheld people and no other.
    Age,
    /// Digits, but for withheld people.
    Code,
    Plain,
}

/// A column in scope, as SQL refers to it.
#[derive(Debug, Clone)]
pub struct Column {
    pub sql: String,
    pub of: Type,
    pub tag: Tag,
}

/// A finished query; its columns are called `c0`, `c1`, ….
#[derive(Debug, Clone)]
pub struct Query {
    pub sql: String,
    pub columns: Vec<(Type, Tag)>,
    /// About how many rows it has.
    pub rows: f64,
    /// Whether its rows have one order only.
    pub ordered: bool,
}

/// A part of a FROM clause.
#[derive(Debug, Clone)]
pub struct Source {
    pub sql: String,
    pub columns: Vec<Column>,
    pub rows: f64,
}

/// A table as it is registered.
pub struct Base {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Type, Tag)],
    /// Rows that may be seen.
    pub rows: f64,
}

/// The tables of `shop.rs`.
pub const BASES: &[Base] = &[
    Base {
        name: "people",
        columns: &[
            ("customer_id", Type::Text, Tag::Customer),
            ("name", Type::Text, Tag::Plain),
            ("age", Type::Int, Tag::Age),
            ("city", Type::Text, Tag::City),
            ("spend", Type::Int, Tag::Plain),
            ("code", Type::Text, Tag::Code),
        ],
        rows: 30.0,
    },
    Base {
        name: "orders",
        columns: &[
            ("order_id", Type::Int, Tag::Plain),
            ("phone_token", Type::Text, Tag::Plain),
            ("amount", Type::Int, Tag::Plain),
            ("day", Type::Date, Tag::Plain),
            ("status", Type::Text, Tag::Plain),
            ("customer_id", Type::Text, Tag::Customer),
        ],
        rows: 200.0,
    },
    Base {
        name: "visits",
        columns: &[
            ("visit_id", Type::Int, Tag::Plain),
            ("page", Type::Text, Tag::Plain),
            ("device_token", Type::Text, Tag::Plain),
            ("seconds", Type::Int, Tag::Plain),
            ("customer_id", Type::Text, Tag::Customer),
        ],
        rows: 140.0,
    },
    Base {
        name: "\"Loyalty\"",
        columns: &[
            ("\"Points\"", Type::Int, Tag::Plain),
            ("customer_id", Type::Text, Tag::Customer),
            ("\"Tier of\"", Type::Text, Tag::Plain),
        ],
        rows: 28.0,
    },
    Base {
        name: "crm.cards",
        columns: &[("customer_id", Type::Text, Tag::Customer), ("card", Type::Text, Tag::Plain)],
        rows: 28.0,
    },
    Base { name: "shops", columns: &[("city", Type::Text, Tag::City), ("region", Type::Text, Tag::Plain)], rows: 4.0 },
];
