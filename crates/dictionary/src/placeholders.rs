//! Placeholders: texts in an entry that a command wrote, for what only a person knows.

use crate::diagnostic::{Problem, Span};
use crate::structure::PLACEHOLDER;
use crate::yaml::{Node, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// How every placeholder begins.
const OPENING: &str = "<fill in:";

/// Makes the text that stands for what only a person knows; `check` refuses an entry that contains one (LW1260). `what`
/// says what belongs there, such as `what one record means`.
pub fn placeholder(what: &str) -> String {
    format!("{OPENING} {what}>")
}

/// Whether a text is a placeholder, or still contains one.
pub fn is_placeholder(text: &str) -> bool {
    text.contains(OPENING)
}

/// Reports every placeholder among the keys and values of a file.
pub(crate) fn report_placeholders(node: &Node, problems: &mut Vec<Problem>) {
    match &node.value {
        Value::Scalar(text, _) => problems.extend(report(text, &node.span)),
        Value::List(items) => items.iter().for_each(|item| report_placeholders(item, problems)),
        Value::Map(entries) => {
            for entry in entries {
                problems.extend(report(&entry.key, &entry.key_span));
                report_placeholders(&entry.value, problems);
            }
        }
        Value::Nothing | Value::Unreadable => {}
    }
}

fn report(text: &str, span: &Span) -> Option<Problem> {
    let (_, rest) = text.split_once(OPENING)?;
    let what = rest.split('>').next().unwrap_or_default().trim();
    let problem = Problem::error(PLACEHOLDER, span.clone(), "a placeholder that was not filled in");
    Some(problem.hint(match what {
        "" => "write what is meant instead of it".to_owned(),
        what => format!("write instead of it: {what}"),
    }))
}

/// Removes the problems that a placeholder causes where it is: that it is not a length of time, a purpose, a column.
pub(crate) fn retain_causes(problems: &mut Vec<Problem>) {
    let place = |span: &Span| (span.path.clone(), span.start);
    let causes: HashSet<(Arc<str>, usize)> =
        problems.iter().filter(|p| p.code == PLACEHOLDER).map(|p| place(&p.span)).collect();
    problems.retain(|p| p.code == PLACEHOLDER || !causes.contains(&place(&p.span)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, after_all};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn a_placeholder_is_reported_once_wherever_it_is() {
        let meaning = format!("    meaning: '{}'\n", placeholder("what it means"));
        let found = after(MEMBERS, "    meaning: Full name.\n", &meaning);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].ends_with("LW1260 a placeholder that was not filled in (write instead of it: what it means)"),
            "{found:?}"
        );
        // Neither a length of time nor anything else: one problem all the same.
        let found = after(MEMBERS, "retention: P5Y", &format!("retention: '{}'", placeholder("how long")));
        assert!(found.iter().any(|p| p.contains("LW1260")) && !found.iter().any(|p| p.contains("LW1008")), "{found:?}");
        // A rest of one is one.
        let found = after(MEMBERS, "source: CRM\n", "source: 'CRM <fill in: the system>'\n");
        assert!(found.len() == 1 && found[0].contains("LW1260"), "{found:?}");
    }

    #[test]
    fn a_purpose_may_be_one() {
        let purposes = format!("purposes:\n  '{}': '{}'\n", placeholder("a purpose"), placeholder("its lawful basis"));
        let text = crate::testing::sample_project();
        let members = text.iter().find(|f| &*f.path == MEMBERS).map(|f| f.text.to_string()).unwrap_or_default();
        let (_, rest) = members.split_once("purposes:").unwrap_or_default();
        let end = rest.find("\nfields:").unwrap_or(0);
        let declared = format!("purposes:{}\n", &rest[..end]);
        let found = after_all(MEMBERS, &[(&declared, &purposes)]);
        let of_places: Vec<_> = found.iter().filter(|p| p.contains("LW1260")).collect();
        assert_eq!(of_places.len(), 2, "{found:?}");
        assert!(!found.iter().any(|p| p.contains("LW1007")), "{found:?}");
    }
}
