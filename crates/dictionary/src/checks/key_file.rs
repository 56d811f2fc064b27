//! A key that would lie inside the project.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::KeyProvider;

const CODE: &str = "LW1127";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the key file may lie inside the project",
        what: "`key: { file: … }` is a relative path, so the master key would lie among the project's own files.",
        why: "Projects are committed, copied and shared. A key that travels with the data it protects protects nothing.",
        mend: "Name an absolute path or one in the home folder (`~/…`), outside the project.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "{ environment: SHOP_KEY }",
            bad: "{ file: secrets/master.key }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let Some(key) = &context.project.settings.key else {
        return;
    };
    let KeyProvider::File(path) = &key.provider else {
        return;
    };
    if !is_outside(path) {
        problems.push(
            Problem::error(CODE, key.span.clone(), format!("the key file `{path}` is relative to the project"))
                .hint("name an absolute path, or one in the home folder: `~/.config/lakewarden/<project>.key`"),
        );
    }
}

/// Whether a path does not depend on where the project is: absolute (with or without a drive) or `~/…`.
pub(super) fn is_outside(path: &str) -> bool {
    let drive = matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    path.starts_with('/') || path.starts_with("~/") || drive
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    use super::is_outside;

    #[test]
    fn keys_are_not_project_files() {
        assert_eq!(
            after("lakewarden.yaml", "{ environment: SHOP_KEY }", "{ file: secrets/master.key }"),
            [
                "lakewarden.yaml:5:8 LW1127 the key file `secrets/master.key` is relative to the project (name an absolute path, or one in the home folder: `~/.config/lakewarden/<project>.key`)"
            ]
        );
        for path in ["/etc/lakewarden.key", "~/lakewarden.key", "C:/keys/k", "D:\\keys\\k"] {
            assert!(is_outside(path), "{path}");
        }
        for path in ["key", "./key", "../key", "~", "~root/key", "C:key", "", "C:", "$HOME/key"] {
            assert!(!is_outside(path), "{path}");
        }
    }
}
