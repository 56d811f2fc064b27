//! Words for true and false, and foldings, that fit nothing.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Field, Folding};

const CODE: &str = "LW1165";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "words of values do not fit",
        what: "`boolean_words` is declared for a field that is not `boolean` or calls one word both true and false, `fold` for a field without `map` and `null_values`, or two spellings of a `map` become one when folded, with different codes.",
        why: "A word with two meanings would be read by whichever is tried first.",
        mend: "Take away the word that is there twice, or the key that has no use.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    treatment: drop\n",
            bad: "    treatment: drop\n    map: { f: F, F: Femme }\n    fold: case\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        booleans(context, field, problems);
        foldings(field, problems);
    }
}

/// As the words of truth are compared: without case; width is the reader's to fold.
fn plain(word: &str) -> String {
    word.trim().to_lowercase()
}

fn booleans(context: &Context<'_>, field: &Field, problems: &mut Vec<Problem>) {
    let Some(words) = &field.values.boolean_words else { return };
    let column = &field.column.value;
    if field.data_type.value != DataType::Boolean && !context.is_broken(&field.span, &["type"]) {
        let message = format!("`boolean_words` does not fit `{column}` of type `{}`", field.data_type.value);
        problems.push(Problem::error(CODE, words.span.clone(), message).hint("write `type: boolean`, or use `map`"));
    }
    let both = words.value.yes.iter().find(|yes| words.value.no.iter().any(|no| plain(no) == plain(yes)));
    if let Some(both) = both {
        let message = format!("`{both}` is both true and false of `{column}`");
        problems.push(Problem::error(CODE, words.span.clone(), message).hint(format!("take `{both}` out of one")));
    }
}

fn foldings(field: &Field, problems: &mut Vec<Problem>) {
    let Some(first) = field.values.fold.first() else { return };
    let column = &field.column.value;
    if field.map.is_empty() && field.null_values.is_empty() {
        let message = format!("`fold` says nothing about `{column}`, which has neither `map` nor `null_values`");
        problems.push(Problem::error(CODE, first.span.clone(), message).hint("take `fold` away, or declare a `map`"));
    }
    let has = |folding| field.values.fold.iter().any(|f| f.value == folding);
    let folded = |spelling: &str| {
        let spelling = if has(Folding::Case) { plain(spelling) } else { spelling.trim().to_owned() };
        if has(Folding::Space) { spelling.split_whitespace().collect() } else { spelling }
    };
    for (at, (spelling, code)) in field.map.iter().enumerate() {
        let other = field.map[..at].iter().find(|(s, c)| c != code && folded(s) == folded(spelling));
        if let Some((other, _)) = other {
            let message = format!("`{other}` and `{spelling}` of `{column}` are one spelling when folded");
            problems.push(
                Problem::error(CODE, first.span.clone(), message).hint("give both one code, or take the folding away"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn words_have_one_meaning() {
        let with = |keys: &str| after(MEMBERS, "    treatment: drop\n", &format!("    treatment: drop\n{keys}"));
        assert_eq!(with("    map: { f: F, F: F }\n    fold: [case, width]\n"), [""; 0]);
        assert_eq!(
            with("    map: { f: F, F: M }\n    fold: case\n"),
            [
                "schemas/channels/members.yaml:33:11 LW1165 `f` and `F` of `name` are one spelling when folded (give both one code, or take the folding away)"
            ]
        );
        assert_eq!(
            with("    fold: case\n"),
            [
                "schemas/channels/members.yaml:32:11 LW1165 `fold` says nothing about `name`, which has neither `map` nor `null_values` (take `fold` away, or declare a `map`)"
            ]
        );
        assert_eq!(
            with("    boolean_words: { yes: [J, y], no: [N, Y] }\n"),
            [
                "schemas/channels/members.yaml:32:22 LW1165 `boolean_words` does not fit `name` of type `string` (write `type: boolean`, or use `map`)",
                "schemas/channels/members.yaml:32:22 LW1165 `y` is both true and false of `name` (take `y` out of one)",
            ]
        );
    }
}
