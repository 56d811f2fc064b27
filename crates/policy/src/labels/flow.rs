//! The label of an output column, from those of the columns it is made of.

use super::behaviour::{Behaviour, of_aggregate, of_operator, of_scalar, of_window, of_window_aggregate};
use super::label::{Identifiability, Label};
use lakewarden_dictionary::Purposes;
use lakewarden_lineage::columns::{Applied, AppliedKind, OutputColumn, SourceColumn, Way};

/// A function on the way of a value of which nobody has said what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undeclared {
    /// What it is and its name.
    pub function: String,
}

/// What the rows of a query are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// One person each.
    OfOne,
    /// As many people each as their table demands.
    OfMany {
        /// Whether on the way to them a function may have picked one person's value out of several people's.
        picked: bool,
        /// Whether what is aggregated last is published with differential-privacy noise only.
        noised: bool,
    },
}

/// The label of a column, joined of those of its sources after what happens to each on its way; with the most identifying
/// source. `None`: a constant or a count.
///
/// # Errors
/// [`Undeclared`].
pub fn of_output<'o>(
    output: &'o OutputColumn,
    rows: Rows,
    tree: &Purposes,
    label_of: impl Fn(&SourceColumn) -> Label,
) -> Result<Option<(&'o SourceColumn, Label)>, Undeclared> {
    let mut most: Option<(&SourceColumn, Label)> = None;
    for (source, direct) in &output.direct {
        let label = label_of(source);
        for way in direct.ways() {
            let arrives = Label { identifiability: after(&label.identifiability, way, rows)?, ..label.clone() };
            most = Some(match most {
                None => (source, arrives),
                Some((_, m)) if m.identifiability < arrives.identifiability => (source, m.join(arrives, tree)),
                Some((first, m)) => (first, m.join(arrives, tree)),
            });
        }
    }
    Ok(most)
}

/// What a value is after its way.
fn after(label: &Identifiability, way: &Way, rows: Rows) -> Result<Identifiability, Undeclared> {
    use Identifiability::{Aggregate, Attribute, None};
    let mut hidden = false;
    // A window gives the values of other rows than the one whose people are counted.
    let mut of_others = false;
    for applied in way.through() {
        let behaviour = of(applied).ok_or_else(|| Undeclared { function: applied.to_string() })?;
        hidden |= behaviour != Behaviour::Passes;
        let window = matches!(applied.kind, AppliedKind::Window | AppliedKind::WindowAggregate);
        of_others |= window && behaviour == Behaviour::Passes;
    }
    // A noised figure is about nobody. What the table is grouped by has no noise.
    let noised = matches!(rows, Rows::OfMany { noised: true, .. }) && way.last_aggregate().is_some();
    if *label == None || noised {
        return Ok(None);
    }
    let value = if hidden { label.clone().min(Attribute) } else { label.clone() };
    let Rows::OfMany { picked, .. } = rows else { return Ok(value) };
    let shared = !matches!(value, Identifiability::Pseudonym(_) | Identifiability::Direct);
    let speaks_of_many = match way.last_aggregate() {
        // The row is a group, and this is what it was grouped by: all its people share it.
        Option::None => shared,
        // Each one's own least or greatest: rows about many have it only where they were grouped by it.
        Some(last) if picks(last) => shared && !picked,
        // The greatest of many sums is one's sum. The sum of each one's greatest is many's, unless it is the greatest
        // of all that was joined to each.
        Some(_) => !(picked && way.aggregates().any(picks)),
    };
    Ok(if speaks_of_many && !of_others { value.min(Aggregate) } else { value })
}

/// Whether an aggregate gives one row's value away.
fn picks(aggregate: &str) -> bool {
    of_aggregate(aggregate) != Some(Behaviour::Aggregates)
}

/// Why a column of rows about many is no aggregate over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A window function takes values of other rows, whose people are not counted.
    Window(String),
    /// An aggregate takes one person's value out of those of several people.
    Picked(String),
    /// The value stands for one person, or names one.
    Identifies,
}

/// What keeps a column from being an aggregate, on the way from this source.
pub fn find_obstacle(output: &OutputColumn, source: &SourceColumn, label: &Identifiability) -> Option<Obstacle> {
    let ways = || output.direct.get(source).into_iter().flat_map(|direct| direct.ways());
    let window = ways().flat_map(Way::through).find_map(|applied| match applied.kind {
        AppliedKind::Window => (of_window(&applied.name) == Some(Behaviour::Passes)).then(|| applied.name.clone()),
        AppliedKind::WindowAggregate => {
            (of_window_aggregate(&applied.name) == Some(Behaviour::Passes)).then(|| applied.name.clone())
        }
        AppliedKind::Operator | AppliedKind::Scalar | AppliedKind::Aggregate => None,
    });
    if let Some(window) = window {
        return Some(Obstacle::Window(window.to_string()));
    }
    if matches!(label, Identifiability::Pseudonym(_) | Identifiability::Direct) {
        return Some(Obstacle::Identifies);
    }
    ways().flat_map(Way::aggregates).find(|name| picks(name)).map(|name| Obstacle::Picked(name.to_owned()))
}

fn of(applied: &Applied) -> Option<Behaviour> {
    match applied.kind {
        AppliedKind::Operator => of_operator(&applied.name),
        AppliedKind::Scalar => of_scalar(&applied.name),
        AppliedKind::Aggregate => of_aggregate(&applied.name),
        AppliedKind::WindowAggregate => of_window_aggregate(&applied.name),
        AppliedKind::Window => of_window(&applied.name),
    }
}
