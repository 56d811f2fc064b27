//! What a dataset says of rows with one key.

use super::{Fields, scalar, spanned};
use crate::diagnostic::Spanned;
use crate::model::{Repeats, Survivor};
use crate::spec::{PlainSurvivor, Words};
use crate::yaml::Node;

/// Reads `survivor` and `corrections`.
pub(super) fn repeats(fields: &Fields<'_>) -> Repeats {
    let node = fields.get("survivor");
    let corrections = fields.get("corrections").and_then(|node| {
        let value = Words::of(scalar(node)?)?;
        Some(Spanned { value, span: node.span.clone() })
    });
    Repeats { survivor: node.and_then(survivor).unwrap_or_default(), survivor_span: node.map(Node::head), corrections }
}

fn survivor(node: &Node) -> Option<Survivor> {
    match scalar(node) {
        Some(word) => PlainSurvivor::of(word).map(|plain| match plain {
            PlainSurvivor::First => Survivor::First,
            PlainSurvivor::Last => Survivor::Last,
        }),
        None => match node.entries() {
            [only] if only.key == "latest" => spanned(&only.value).map(Survivor::Latest),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::model::{Corrections, Survivor};
    use crate::testing::load_with;

    const KEY: &str = "key: [member_no]\n";

    fn repeats(lines: &str) -> crate::model::Repeats {
        let loaded = load_with("schemas/channels/members.yaml", KEY, &format!("{KEY}{lines}"));
        loaded.project.dataset("members").unwrap().repeats.clone()
    }

    #[test]
    fn survivors_and_corrections_are_read() {
        assert_eq!(repeats("").survivor, Survivor::First);
        assert_eq!(repeats("survivor: last\n").survivor, Survivor::Last);
        let latest = repeats("survivor: { latest: registered_at }\n").survivor;
        assert!(matches!(latest, Survivor::Latest(column) if column.value == "registered_at"));
        for (lines, corrections) in [
            ("", Corrections::Ignore),
            ("survivor: first\n", Corrections::Ignore),
            ("survivor: last\n", Corrections::Replace),
            ("survivor: last\ncorrections: ignore\n", Corrections::Ignore),
            ("survivor: last\ncorrections: keep_history\n", Corrections::KeepHistory),
        ] {
            assert_eq!(repeats(lines).corrections(), corrections, "{lines}");
        }
    }

    #[test]
    fn what_is_broken_keeps_what_is_there() {
        for broken in
            ["survivor: newest\n", "survivor: { oldest: points }\n", "survivor: first\ncorrections: replace\n"]
        {
            let repeats = repeats(broken);
            assert_eq!((repeats.survivor.clone(), repeats.corrections()), (Survivor::First, Corrections::Ignore));
        }
    }
}
