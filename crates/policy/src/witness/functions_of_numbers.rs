//! What functions of one row make of numbers.

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of its arguments.
    Chooses,
    /// Its first argument, or null.
    ChoosesFirst,
    /// One of its arguments but the first, which decides.
    ChoosesByFirst,
    /// Another number for another first argument, but for rounding and sign.
    Follows,
    /// What it gives is not known: it may be the same for everybody.
    Unknown,
}

const CHOOSE: &[&str] = &["coalesce", "greatest", "ifnull", "least", "nanvl", "nvl"];

const FOLLOW: &[&str] = &[
    "abs", "cbrt", "ceil", "degrees", "exp", "floor", "ln", "log10", "log2", "pow", "power", "radians", "round",
    "sqrt", "trunc",
];

/// What a function gives.
pub(super) fn kind_of(name: &str) -> Kind {
    match name {
        "nullif" => Kind::ChoosesFirst,
        "nvl2" => Kind::ChoosesByFirst,
        name if CHOOSE.contains(&name) => Kind::Chooses,
        name if FOLLOW.contains(&name) => Kind::Follows,
        _ => Kind::Unknown,
    }
}
