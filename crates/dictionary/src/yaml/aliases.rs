//! How large a file becomes once its aliases are replaced by what they name.

use saphyr_parser::{Event, Parser};
use std::collections::HashMap;

/// Bytes that a file may have with its aliases replaced.
const MOST_BYTES: u64 = 4 << 20;
/// Bytes counted for each node besides its text.
const NODE: u64 = 64;

/// The character at which a file exceeds [`MOST_BYTES`] with its aliases replaced, if it does. Reads events only, so it
/// replaces nothing itself. What is not valid YAML is the parser's to report.
pub(super) fn exceeded_at(text: &str) -> Option<usize> {
    let mut sizes: HashMap<usize, u64> = HashMap::new();
    // Collections that are not closed yet: anchor, size so far. The first is the file.
    let mut open: Vec<(usize, u64)> = vec![(0, 0)];
    for item in Parser::new_from_str(text) {
        let Ok((event, span)) = item else { return None };
        let (anchor, size) = match event {
            Event::Scalar(value, _, anchor, _) => (anchor, value.len() as u64 + NODE),
            Event::Alias(anchor) => (0, sizes.get(&anchor).copied().unwrap_or(0).saturating_add(NODE)),
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                open.push((anchor, NODE));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                continue;
            }
        };
        if anchor > 0 {
            sizes.insert(anchor, size);
        }
        let parent = open.last_mut()?;
        parent.1 = parent.1.saturating_add(size);
        if size > MOST_BYTES || parent.1 > MOST_BYTES {
            return Some(span.start.index());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize, text: &str) -> String {
        let mut yaml = format!("m0: &m0 \"{text}\"\n");
        for level in 1..=levels {
            let below = level - 1;
            yaml.push_str(&format!("m{level}: &m{level} [*m{below}, *m{below}, *m{below}]\n"));
        }
        yaml
    }

    #[test]
    fn bytes_are_counted_and_not_only_nodes() {
        assert_eq!(exceeded_at(&nested(3, "short")), None);
        assert!(exceeded_at(&nested(10, &"y".repeat(10_000))).is_some());
        assert!(exceeded_at(&nested(10, "short")).is_some(), "many small nodes");
        assert_eq!(exceeded_at(&format!("a: {}", "x".repeat(1 << 20))), None, "text without aliases");
        assert_eq!(exceeded_at("a: &x [*x]\n"), None);
        assert_eq!(exceeded_at("a: [1, 2\nb: 3\n"), None, "the parser's own to report");
    }
}
