//! Reports to look at: an ordinary one, one whose names are as long as their owners liked, a failed one, an empty one.

mod small;

use lakewarden_report::Label;
use lakewarden_report::data::*;

/// Each scene by its name.
pub fn scenes() -> Vec<(&'static str, Report)> {
    vec![("small", small::small()), ("long names", long_names()), ("failed", failed()), ("empty", Report::default())]
}

/// Names without a place to break at, in every part.
fn long_names() -> Report {
    let long = "an_export_with_a_name_that_its_owners_found_reasonable_and_did_not_want_to_shorten";
    let label = Label::new(
        "名字长得超出任何一列宽度并且无论如何都不打算缩短的渠道导出数据集",
        "An export whose label its owners did not want to shorten for the sake of a telephone",
    );
    let mut report = small::small();
    let named = |i: usize| format!("{long}_{i:02}");
    report.datasets = (0..14)
        .map(|i| Dataset {
            name: named(i),
            label: label.clone(),
            read: 900_000_000,
            written: 899_000_000,
            quarantined: vec![Quarantined {
                field: "a_field_with_a_rather_long_name_that_goes_on".into(),
                rule: "matches".into(),
                rows: 1_000_000,
            }],
            treatments: Treatments { kept: 40, pseudonymised: 12, ..Treatments::default() },
            ..report.datasets[0].clone()
        })
        .collect();
    report.models = (0..5)
        .map(|i| Model {
            name: format!("a_curated_table_of_a_remarkably_long_name_{i}"),
            label: label.clone(),
            purpose_label: label.clone(),
            ..report.models[0].clone()
        })
        .collect();
    report.lineage = (0..14)
        .flat_map(|i| (0..5).map(move |m| (i, m)))
        .filter(|(i, m)| (i + m) % 3 != 0)
        .map(|(i, m)| LineageEdge {
            from: named(i),
            to: format!("a_curated_table_of_a_remarkably_long_name_{m}"),
            direct: 3,
            indirect: 1,
            purpose: Some("analytics".into()),
        })
        .chain([LineageEdge {
            from: "a_curated_table_of_a_remarkably_long_name_0".into(),
            to: "a_curated_table_of_a_remarkably_long_name_1".into(),
            direct: 2,
            indirect: 0,
            purpose: None,
        }])
        .collect();
    if let Some(lake) = &mut report.lake {
        for dataset in &mut lake.datasets {
            dataset.name = named(0);
            dataset.label = label.clone();
            dataset.rows = 123_456_789_012;
        }
        for table in &mut lake.tables {
            table.name = named(1);
            table.purpose_label = label.clone();
        }
    }
    for table in &mut report.fields {
        table.name = named(2);
        for field in &mut table.fields {
            field.field = "字段名字也可以长得没有任何地方可以断开而且还在继续".into();
            field.column = long.into();
        }
    }
    for table in &mut report.origins {
        table.table = named(3);
        for column in &mut table.columns {
            column.column = long.into();
            column.values = vec![ExportField { dataset: named(4), field: long.into() }; 3];
        }
    }
    report
}

fn failed() -> Report {
    let mut report = small::small();
    report.run.outcome = Outcome::Failed;
    report.publication = None;
    report.run.failure = Some(Failure {
        code: "LW6001".into(),
        message: "the project does not compile".into(),
        help: "lakewarden check".into(),
        problems: vec![FailureProblem {
            code: "LW2004".into(),
            message: "the model gives no column \"a_column_with_a_rather_long_name_that_goes_on_and_on\"".into(),
            at: "schemas/curated/a_curated_table_of_a_remarkably_long_name_and_more.yaml:112:15".into(),
            help: "add it to the SELECT, or take it out of the contract".into(),
        }],
    });
    report
}
