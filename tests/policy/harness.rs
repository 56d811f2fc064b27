//! The harness itself must fail when it should.

use crate::diff::diff;
use crate::judge::{compare, judge, rewritten};
use crate::markdown::{Expect, File};
use crate::project::Found;

/// A file with one sound case, and what stands in `<…>` of it.
const SOUND: &str = "\
# Example

```yaml schemas/purposes.yaml
purposes:
  analytics: {}
```

```yaml schemas/channels/shops.yaml
fields:
  - { name: code, type: string }
```

## Shops may be counted

```csv exports/shops/a.csv
code
S1
S2
```

```sql query purpose=analytics
SELECT count(*) AS shops FROM shops
```

```rows
shops
2
```
";

fn failures(text: &str) -> Vec<String> {
    let file = File::parse("made_up.md", text).unwrap();
    file.cases.iter().flat_map(|case| judge(&file, case).failures(false)).collect()
}

fn refused(text: &str) -> String {
    File::parse("made_up.md", text).unwrap_err()
}

#[test]
fn a_case_that_ends_as_it_says_passes() {
    assert_eq!(failures(SOUND), Vec::<String>::new());
}

#[test]
fn a_wrong_expectation_fails_and_shows_the_difference() {
    let found = failures(&SOUND.replace("shops\n2\n", "shops\n3\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("tests/policy/made_up.md:13: Shops may be counted\n"), "{}", found[0]);
    assert!(found[0].ends_with("    shops\n  - 3\n  + 2\n"), "{}", found[0]);
}

#[test]
fn a_wrong_verdict_fails_and_shows_what_came_instead() {
    let found = failures(&SOUND.replace("```rows\nshops\n2\n", "```refused\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("`refused` is expected, but it is permitted\nshops\n2"), "{}", found[0]);
    let found = failures(&SOUND.replace("FROM shops", "FROM shoops"));
    assert!(found[0].contains("`rows` is expected, but it is refused\nerror[LW6014] query:1:31: "), "{}", found[0]);
}

#[test]
fn a_project_that_does_not_compile_fails_a_case_about_something_else() {
    let found = failures(&SOUND.replace("type: string", "type: strong"));
    assert_eq!(found.len(), 2, "the project, and the query that was not asked: {found:?}");
    assert!(
        found[0].contains("the project is refused\nerror[LW1008] schemas/channels/shops.yaml:2:25: "),
        "{}",
        found[0]
    );
}

#[test]
fn a_run_that_fails_is_a_refusal() {
    let found = failures(&SOUND.replace("code\nS1", "kode\nS1"));
    assert!(found[0].contains("the project is refused\nerror[LW40"), "{}", found[0]);
}

#[test]
fn files_that_could_never_fail_are_refused() {
    let without = |part: &str| SOUND.replace(part, "");
    assert_eq!(refused("# Only prose\n"), "made_up.md: no case; a case begins with a heading `## …`");
    assert!(refused(&without("```rows\nshops\n2\n```\n")).contains("nothing is expected"));
    let twice = SOUND.to_owned() + "\n## Shops may be counted\n\n```permitted\n```\n";
    assert!(refused(&twice).contains("another case has this heading"));
    let unasked = SOUND.replace("```rows", "```sql query purpose=analytics\nSELECT 1\n```\n\n```rows");
    assert!(refused(&unasked).contains("nothing is expected of a query"));
}

#[test]
fn blocks_that_are_not_understood_are_refused() {
    let with = |block: &str| refused(&SOUND.replace("```rows", block));
    assert_eq!(with("```row"), "made_up.md:25: unknown kind of block: \"row\"");
    assert_eq!(with("```"), "made_up.md:25: unknown kind of block: \"\"");
    assert_eq!(with("```rows sorted"), "made_up.md:25: unknown kind of block: \"rows sorted\"");
    assert_eq!(with("```yaml"), "made_up.md:25: unknown kind of block: \"yaml\"");
    assert_eq!(with("```yaml a.sql"), "made_up.md:25: unknown kind of block: \"yaml a.sql\"");
    assert_eq!(with("```sql query"), "made_up.md:25: a query has a purpose: `sql query purpose=…`");
    assert_eq!(with("```sql query purpose=a limit=3"), "made_up.md:25: a query has no option \"limit=3\"");
    assert_eq!(with("```sql query purpose=a as-of=today"), "made_up.md:25: \"today\" is no instant");
    assert_eq!(refused(SOUND.trim_end().trim_end_matches('`')), "made_up.md:25: the block does not end");
}

#[test]
fn blocks_out_of_place_are_refused() {
    let with = |block: &str| refused(&SOUND.replace("```rows", &format!("{block}\n```\n\n```rows")));
    assert!(with("```csv exports/shops/b.csv").contains("comes after a query"));
    assert!(with("```refused").contains("another expectation of the same"));
    assert!(with("```rows").contains("another expectation of the same"));
    let shared = SOUND.replace("## Shops", "```permitted\n```\n\n## Shops");
    assert!(refused(&shared).contains("only files are shared"));
    let early = SOUND.replace("```csv", "```rows\n```\n\n```csv");
    assert!(refused(&early).contains("`rows` are those of a query"));
}

#[test]
fn texts_are_written_anew_and_verdicts_are_not() {
    let wrong = SOUND.replace("shops\n2\n", "shops\n3\nand more\n")
        + "\n## Refused\n\n```sql query purpose=analytics\nSELECT 1 AS one\n```\n\n```refused\nno\n```\n";
    let file = File::parse("made_up.md", &wrong).unwrap();
    let judged: Vec<_> = file.cases.iter().map(|case| judge(&file, case)).collect();
    let right = rewritten(&wrong, &judged);
    assert_eq!(right, wrong.replace("shops\n3\nand more\n", "shops\n2\n"), "{}", diff(&wrong, &right));
    let left: Vec<String> = judged.iter().flat_map(|j| j.failures(true)).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].contains("`refused` is expected, but it is permitted"));
    assert_eq!(rewritten(SOUND, &[]), SOUND);
}

#[test]
fn an_account_is_only_of_what_ran() {
    let text = SOUND.replace("```rows", "```withheld\n```\n\n```rows");
    let file = File::parse("made_up.md", &text).unwrap();
    let never_run = [
        Found::Permitted { warnings: String::new(), rows: None, accounts: None },
        Found::Permitted { warnings: "warning[LW1009] a".into(), rows: Some("a".into()), accounts: None },
    ];
    let judged = compare("here".into(), &file.cases[0].blocks, &never_run);
    assert_eq!(judged.expectations[0].expect, Expect::Withheld);
    assert_eq!(judged.expectations[0].found, Err("not run, for it has no exports".to_owned()));
}

#[test]
fn a_warning_that_nobody_expects_fails() {
    let file = File::parse("made_up.md", SOUND).unwrap();
    let warned = [Found::Permitted { warnings: "warning[LW1009] a".into(), rows: None, accounts: None }];
    let judged = compare("here".into(), &file.cases[0].blocks, &warned);
    assert_eq!(judged.unexpected.as_deref(), Some("  the project has warnings\nwarning[LW1009] a"));
}
