//! Entries drafted from plans, held against those that people wrote for the reference project.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

use lakewarden_dictionary::{Rule, SourceFile, Table, load};
use lakewarden_pipeline::{ContractDraft, OpenProject, PipelineError, draft_contract};
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn open() -> OpenProject {
    OpenProject::open(&repository()).unwrap()
}

/// The reference project without the entry of a table.
fn without(table: &str) -> OpenProject {
    let mut open = open();
    let path = format!("schemas/curated/{table}.yaml");
    open.files.retain(|file| *file.path != *path);
    let loaded = load(&open.files);
    (open.project, open.problems) = (loaded.project, loaded.problems);
    open
}

async fn drafted(table: &str) -> ContractDraft {
    draft_contract(&without(table), table).await.unwrap()
}

/// The entry after a person has filled it in, with what the written entry says where only a person knows.
fn filled_in(yaml: &str, written: &Table) -> String {
    let mut text = String::new();
    for line in yaml.lines() {
        let Some(at) = line.find("'<fill in: ") else {
            text.push_str(&format!("{line}\n"));
            continue;
        };
        let end = at + 1 + line[at + 1..].find('\'').unwrap() + 1;
        let answer = match line.trim_start().split(':').next().unwrap() {
            "purpose" => written.purpose.value.clone(),
            "grain" => written.grain.iter().map(|g| g.value.clone()).collect::<Vec<_>>().join(", "),
            "lawful_basis" => written.lawful_basis.unwrap().name().to_owned(),
            "statistical_period" => "lifetime".to_owned(),
            _ => "answered".to_owned(),
        };
        text.push_str(&format!("{}{answer}{}\n", &line[..at], &line[end..]));
    }
    text
}

/// Types, subject and nullability as they were written by hand, of every table of the project.
#[tokio::test]
async fn drafts_agree_with_the_entries_that_people_wrote() {
    let project = open().project;
    let (mut columns, mut required, mut found_required, mut grains) = (0, 0, 0, 0);
    for written in &project.tables {
        let name = &written.name.value;
        let draft = drafted(name).await;
        let drafted: Vec<_> = draft.columns.iter().map(|c| (c.name.as_str(), c.data_type.unwrap())).collect();
        let declared: Vec<_> = written.columns.iter().map(|c| (c.name.value.as_str(), c.data_type.value)).collect();
        assert_eq!(drafted, declared, "{name}");
        assert_eq!(draft.subject.as_deref(), written.subject.as_ref().map(|s| s.value.as_str()), "{name}");
        assert!(draft.purposes.contains(&written.purpose.value), "{name}: {:?}", draft.purposes);
        let grain: Vec<&str> = written.grain.iter().map(|g| g.value.as_str()).collect();
        if !draft.grain.is_empty() {
            let (mut one, mut two) = (draft.grain.iter().map(String::as_str).collect::<Vec<_>>(), grain.clone());
            one.sort_unstable();
            two.sort_unstable();
            assert_eq!(one, two, "{name}");
            grains += 1;
        }
        for (column, by_hand) in draft.columns.iter().zip(&written.columns) {
            let name = format!("{name}.{}", column.name);
            let is_required = by_hand.tests.iter().any(|t| t.value == Rule::Required);
            assert!(!column.required || is_required, "{name} may be null, says who wrote it");
            assert_eq!((column.identifier, column.pseudonym), (by_hand.identifier, by_hand.pseudonym), "{name}");
            if let (Some(drafted), Some(unit)) = (&column.unit, &by_hand.unit) {
                assert_eq!(drafted, unit, "{name}");
            }
            columns += 1;
            required += u32::from(is_required);
            found_required += u32::from(column.required);
        }
    }
    println!("{columns} columns; {found_required} of {required} required; {grains} of {} grains", project.tables.len());
    assert!(columns > 80 && grains * 2 >= project.tables.len(), "{columns} columns, {grains} grains");
    assert!(found_required * 2 > required, "{found_required} of {required}");
}

/// A draft is refused until it is filled in, for its placeholders only; then it passes.
#[tokio::test]
async fn a_draft_passes_once_it_is_filled_in() {
    let project = open().project;
    for written in &project.tables {
        let name = &written.name.value;
        let mut open = without(name);
        let yaml = draft_contract(&open, name).await.unwrap().to_yaml();
        let path = format!("schemas/curated/{name}.yaml");
        let base = open.files.clone();
        let check = async |open: &mut OpenProject, text: String| {
            open.files = base.clone();
            open.files.push(SourceFile { path: path.as_str().into(), text: text.into() });
            let loaded = load(&open.files);
            (open.project, open.problems) = (loaded.project, loaded.problems);
            let problems = lakewarden_pipeline::check(open).await.unwrap();
            problems.into_iter().filter(|p| p.severity == lakewarden_dictionary::Severity::Error).collect::<Vec<_>>()
        };
        let of_draft = check(&mut open, yaml.clone()).await;
        let placeholders = of_draft.iter().filter(|p| p.code == "LW1260").count();
        assert!(placeholders >= 4, "{name}: {of_draft:?}");
        let others: Vec<_> = of_draft.iter().filter(|p| p.code != "LW1260" && *p.span.path == *path).collect();
        assert!(others.is_empty(), "{name}: {others:?}\n{yaml}");

        let filled = filled_in(&yaml, written);
        let problems = check(&mut open, filled.clone()).await;
        assert!(problems.is_empty(), "{name}: {problems:#?}\n{filled}");
    }
}

#[tokio::test]
async fn labels_meanings_and_units_come_from_what_a_column_is_made_of() {
    let draft = drafted("customer_rfm").await;
    let column = |name: &str| draft.columns.iter().find(|c| c.name == name).unwrap();
    let monetary = column("monetary");
    assert_eq!((monetary.unit.as_deref(), monetary.statistical_period.as_deref()), (Some("CNY"), Some("lifetime")));
    assert_eq!(monetary.meaning.as_deref(), Some("Sum of sales.revenue: what was paid less what was paid back."));
    assert_eq!(column("last_order_on").label.as_ref().unwrap().zh, "最近下单日期");
    assert_eq!(column("last_order_on").sources, ["customer_master.last_order_on"]);
    assert_eq!(draft.grain, ["customer_id"]);
    assert!(column("recency_days").unit.is_none(), "days are no unit of a date");
    assert!(column("recency_days").needs_period && column("segment").meaning.is_none());
    assert_eq!(draft.lawful_basis.map(|basis| basis.name()), Some("consent"));

    let monthly = drafted("channel_monthly").await;
    assert!(monthly.over_people && monthly.subject.is_none());
    assert_eq!(monthly.grain, ["month", "channel"]);
    let revenue = monthly.columns.iter().find(|c| c.name == "revenue").unwrap();
    assert_eq!(revenue.unit.as_deref(), Some("CNY"));
    assert!(monthly.to_yaml().contains("    statistical_period: '<fill in: the span of time it counts over"));
}

fn with_model(sql: &str) -> OpenProject {
    let mut open = open();
    let file = SourceFile { path: "pipelines/retail/models/fresh.sql".into(), text: sql.into() };
    open.files.push(file);
    let loaded = load(&open.files);
    (open.project, open.problems) = (loaded.project, loaded.problems);
    open
}

async fn refused(open: &OpenProject, name: &str) -> Vec<(&'static str, String)> {
    match draft_contract(open, name).await {
        Err(PipelineError::Project(problems)) => problems.into_iter().map(|p| (p.code, p.message)).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_drafted_says_why() {
    let unknown = draft_contract(&open(), "nothing").await.unwrap_err();
    assert_eq!(unknown.code(), "LW2042");
    assert!(unknown.hint().unwrap().contains("customer_master"));

    let found = refused(&with_model("SELECT nothing FROM sales"), "fresh").await;
    assert_eq!(found[0].0, "LW2001", "{found:?}");
    let found = refused(&with_model("SELECT * FROM nowhere"), "fresh").await;
    assert_eq!(found[0].0, "LW2002", "{found:?}");
    let found = refused(&with_model("SELECT id_type FROM consent_log"), "fresh").await;
    assert_eq!(found[0].0, "LW2040", "{found:?}");

    // A model that reads one whose table has no entry yet.
    let mut open = without("customer_master");
    open.files.push(SourceFile {
        path: "pipelines/retail/models/fresh.sql".into(),
        text: "SELECT customer_id FROM customer_master".into(),
    });
    let loaded = load(&open.files);
    (open.project, open.problems) = (loaded.project, loaded.problems);
    let found = refused(&open, "fresh").await;
    assert_eq!(found[0].0, "LW2041", "{found:?}");
}

#[tokio::test]
async fn rows_about_one_person_without_the_person_are_noted() {
    let draft = draft_contract(&with_model("SELECT city, tier FROM crm_members"), "fresh").await.unwrap();
    assert!(draft.subject.is_none());
    assert!(draft.notes.iter().any(|note| note.contains("add it to the SELECT")), "{:?}", draft.notes);
    assert!(draft.to_yaml().contains("# every row is about one person"));
    let strange = draft_contract(&with_model("SELECT customer_id, INTERVAL '1 day' AS step FROM crm_members"), "fresh")
        .await
        .unwrap();
    assert_eq!(strange.columns[1].data_type, None);
    assert!(strange.to_yaml().contains("CAST it in the SELECT"));
}
