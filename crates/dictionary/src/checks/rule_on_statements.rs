//! Rules that could keep a withdrawal from being heard.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DatasetRole, OnFailure, Rule, StoppedFiles, UndeclaredFields};

const CODE: &str = "LW1171";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a rule could keep a withdrawal from being heard",
        what: "In a consent log or suppression list, a rule lets rows that fail pass with a warning; or `unique` or a rule on rows sends them to quarantine; or files are set aside.",
        why: "A record that breaks a rule may be a withdrawal. One that is kept although it cannot be read says nothing; one that is set aside by what it is like beside others is not heard. A record that cannot be read by itself is heard as a withdrawal, and goes to quarantine.",
        mend: "Let field rules quarantine, which is what they do unless told otherwise; let `unique` and rules on rows stop the file or the run. Repeated records are no harm: the `key` sorts them out.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "{ in: [grant, withdraw] }",
            bad: "{ in: [grant, withdraw], on_failure: warn }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.role != DatasetRole::Data) {
        let mut say = |span: &Span, message: String, hint: &str| {
            problems.push(Problem::error(CODE, span.clone(), message).hint(hint));
        };
        for rule in dataset.fields.iter().flat_map(|f| &f.rules) {
            let (span, name) = (&rule.rule.span, rule.name());
            match (rule.on_failure, &rule.rule.value) {
                (OnFailure::Warn, _) => say(
                    span,
                    format!("`{name}` keeps statements that break it"),
                    "leave `on_failure` out: who withdraws is heard even where the record cannot be read",
                ),
                (OnFailure::Quarantine, Rule::Unique) => {
                    say(
                        span,
                        format!("`{name}` would send statements to quarantine unheard"),
                        "declare a `key` instead",
                    );
                }
                _ => {}
            }
        }
        for rule in &dataset.demands.rows {
            if matches!(rule.on_failure, OnFailure::Warn | OnFailure::Quarantine) {
                let message = format!("`{}` would let statements pass or go unheard", rule.name.value);
                say(&rule.name.span, message, "write `on_failure: stop_file` or `stop_run`");
            }
        }
        if dataset.drift.undeclared == UndeclaredFields::Review {
            let message = format!("`{}` would hold files of statements back unheard", dataset.name.value);
            say(&dataset.name.span, message, "write `undeclared_fields: refuse`: the run is refused then");
        }
        if dataset.demands.stopped_files == StoppedFiles::SetAside {
            let message = format!("`{}` would set files of statements aside unheard", dataset.name.value);
            say(&dataset.name.span, message, "take `stopped_files` out: the run is refused then");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const CONSENTS: &str = "schemas/channels/consents.yaml";

    #[test]
    fn statements_are_heard() {
        let told = |good: &str, bad: &str| after(CONSENTS, good, bad);
        let rules = "rules: [required, { in: [grant, withdraw] }]";
        assert_eq!(
            told(rules, "rules: [{ rule: required, on_failure: warn }]"),
            [
                "schemas/channels/consents.yaml:43:15 LW1171 `required` keeps statements that break it (leave `on_failure` out: who withdraws is heard even where the record cannot be read)"
            ]
        );
        assert_eq!(told(rules, "rules: [unique]").len(), 1);
        assert_eq!(told(rules, "rules: [{ rule: unique, on_failure: stop_file }]").len(), 0);
        let rows =
            |then: &str| told("fields:\n", &format!("rules: [{{ name: a, sql: action <> '' {then} }}]\nfields:\n"));
        assert_eq!((rows("").len(), rows(", on_failure: warn").len(), rows(", on_failure: stop_run").len()), (1, 1, 0));
        assert_eq!(told("fields:\n", "stopped_files: set_aside\nfields:\n").len(), 1);
    }
}
