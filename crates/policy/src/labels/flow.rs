//! The label of an output column, from those of the columns it is made of.

use super::behaviour::{Behaviour, of_aggregate, of_operator, of_scalar, of_window, of_window_aggregate};
use super::label::{Identifiability, Label};
use lakewarden_lineage::columns::{Applied, AppliedKind, OutputColumn, SourceColumn, Way};

/// A function on the way of a value of which nobody has said what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undeclared {
    /// What it is and its name.
    pub function: String,
}

/// The most identifying of a column's sources, after what happens to each on its way, with that source.
/// `gated` says that every row stands for as many people as its table demands. `None`: a constant or a count.
///
/// # Errors
/// [`Undeclared`].
pub fn of_output(
    output: &OutputColumn,
    gated: bool,
    label_of: impl Fn(&SourceColumn) -> Label,
) -> Result<Option<(&SourceColumn, Label)>, Undeclared> {
    let mut most: Option<(&SourceColumn, Label)> = None;
    for (source, direct) in &output.direct {
        let label = label_of(source);
        for way in direct.ways() {
            let arrives = after(&label.identifiability, way, gated)?;
            if most.as_ref().is_none_or(|(_, m)| m.identifiability < arrives) {
                most = Some((source, Label { identifiability: arrives, declared: label.declared.clone() }));
            }
        }
    }
    Ok(most)
}

/// What a value is after its way.
fn after(label: &Identifiability, way: &Way, gated: bool) -> Result<Identifiability, Undeclared> {
    use Identifiability::{Aggregate, Attribute, None};
    let mut hidden = false;
    for applied in way.through() {
        let behaviour = of(applied).ok_or_else(|| Undeclared { function: applied.to_string() })?;
        hidden |= behaviour != Behaviour::Passes;
    }
    if *label == None {
        return Ok(None);
    }
    let value = if hidden { label.clone().min(Attribute) } else { label.clone() };
    if !gated {
        return Ok(value);
    }
    let speaks_of_many = match way.last_aggregate() {
        // The row is a group, and this is what it was grouped by: all its people share it.
        Option::None => !matches!(value, Identifiability::Pseudonym(_) | Identifiability::Direct),
        // The greatest of many sums is one's sum: only the last aggregate counts.
        Some(last) => of_aggregate(last) == Some(Behaviour::Aggregates),
    };
    Ok(if speaks_of_many { value.min(Aggregate) } else { value })
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
