//! What may be read for which purpose, and on what ground.

use lakewarden_dictionary::{
    DatasetSubject, LawfulBasis, Period, Project, Severity, SourceFile, Spanned, Treatment, load,
};
use lakewarden_policy::{Refusal, Ruling, Rulings};

const SETTINGS: &str = "\
project: corner-shop
lake: ./lake
time_zone: UTC
jurisdiction: CN
key:
  file: ~/.config/lakewarden/master.key
  version: 1
";

const PURPOSES: &str = "\
purposes:
  service:
    label: { zh: 服务, en: Service }
    meaning: Answering.
    data_use: essential.service
  marketing:
    label: { zh: 营销, en: Marketing }
    meaning: Offers.
    data_use: marketing
    aliases: [promotion]
  sms:
    label: { zh: 短信, en: Text messages }
    meaning: Offers by text message.
    parent: marketing
    data_use: marketing
    aliases: [texting]
  birthday:
    label: { zh: 生日短信, en: Birthday messages }
    meaning: Offers on birthdays.
    parent: sms
    data_use: marketing
jurisdictions:
  CN: { label: { zh: 中国, en: China }, regulation: PIPL, default: opt_in }
";

/// A dataset with these purposes, whose size serves only marketing and whose note serves only text messages.
fn dataset(name: &str, purposes: &str) -> String {
    format!(
        "\
dataset: {name}
label: {{ zh: 会员, en: Members }}
meaning: One member.
source: Till
owner: members@shop.example
update_frequency: daily
format: {{ container: csv, encoding: utf8 }}
key: [phone]
{purposes}
fields:
  - name: phone
    label: {{ zh: 电话, en: Telephone }}
    meaning: The member's number.
    type: string
    identifier: direct
    category: user.contact.phone_number
    treatment: {{ pseudonymise: phone }}
  - name: size
    label: {{ zh: 尺码, en: Size }}
    meaning: Size worn.
    type: string
    identifier: quasi
    category: user.biometric
    treatment: keep
    purposes: [marketing]
  - name: note
    label: {{ zh: 备注, en: Note }}
    meaning: What was said.
    type: string
    identifier: quasi
    category: user.content
    treatment: keep
    purposes: [sms]
  - name: shop
    label: {{ zh: 门店, en: Shop }}
    meaning: The shop.
    type: string
    identifier: none
    category: user.behavior
    treatment: keep
"
    )
}

fn table(name: &str, purpose: &str, more: &str, subject: bool) -> String {
    let subject_line = if subject { "subject: customer_id\n" } else { "" };
    let pseudonym = if subject { "    pseudonym: true\n" } else { "" };
    format!(
        "\
table: {name}
label: {{ zh: 表, en: Table }}
meaning: One row.
owner: members@shop.example
update_frequency: daily
purpose: {purpose}
{more}grain: [customer_id]
{subject_line}columns:
  - name: customer_id
    label: {{ zh: 客户, en: Customer }}
    meaning: The customer.
    type: string
    identifier: quasi
    category: user.unique_id
{pseudonym}"
    )
}

fn project() -> Project {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let loaded = load(&[
        file("lakewarden.yaml", SETTINGS),
        file("schemas/purposes.yaml", PURPOSES),
        file(
            "schemas/channels/members.yaml",
            &dataset("members", "purposes:\n  marketing: consent\n  service: contract"),
        ),
        file("schemas/channels/narrow.yaml", &dataset("narrow", "purposes:\n  marketing: consent\n  sms: contract")),
        file("schemas/curated/offers.yaml", &table("offers", "sms", "lawful_basis: contract\n", true)),
        file("schemas/curated/silent.yaml", &table("silent", "marketing", "", true)),
        file("schemas/curated/totals.yaml", &table("totals", "marketing", "", false)),
        file("schemas/curated/few.yaml", &table("few", "marketing", "minimum_subjects: 4\n", false)),
    ]);
    // That the tables have no models is of no matter here.
    let errors: Vec<_> = loaded
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error && p.code != "LW1131")
        .map(|p| format!("{} {}", p.code, p.message))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    loaded.project
}

fn rule(relation: &str, purpose: &str) -> Ruling {
    Rulings::of_project(&project(), purpose).get(relation).unwrap().clone()
}

fn gated(basis: LawfulBasis, forbidden: &[&str]) -> Ruling {
    Ruling::Gated { basis, forbidden_columns: forbidden.iter().map(|c| (*c).to_owned()).collect() }
}

#[test]
fn a_dataset_serves_its_purposes_by_any_of_their_names() {
    for name in ["marketing", "promotion"] {
        assert_eq!(rule("members", name), gated(LawfulBasis::Consent, &["note"]), "{name}");
    }
    assert_eq!(rule("members", "service"), gated(LawfulBasis::Contract, &["size", "note"]));
}

#[test]
fn a_purpose_may_use_what_serves_one_it_is_part_of_and_not_the_other_way() {
    // The dataset says marketing; its note says text messages, of which birthdays are part.
    for name in ["sms", "texting", "birthday"] {
        assert_eq!(rule("members", name), gated(LawfulBasis::Consent, &[]), "{name}");
    }
    assert_eq!(rule("members", "marketing"), gated(LawfulBasis::Consent, &["note"]));
}

#[test]
fn the_nearest_declaration_gives_the_ground() {
    assert_eq!(rule("narrow", "birthday"), gated(LawfulBasis::Contract, &[]));
    assert_eq!(rule("narrow", "marketing"), gated(LawfulBasis::Consent, &["note"]));
}

#[test]
fn other_and_unknown_purposes_are_refused_with_what_is_allowed() {
    for name in ["service", "no such purpose", ""] {
        let Ruling::Refused(Refusal::Purpose { allowed }) = rule("narrow", name) else { panic!("{name:?}") };
        assert_eq!(allowed.len(), 2, "{name:?}: {allowed:?}");
    }
}

#[test]
fn a_table_of_people_serves_its_own_purpose_and_its_parts() {
    for name in ["sms", "texting", "birthday"] {
        assert_eq!(rule("offers", name), gated(LawfulBasis::Contract, &[]), "{name}");
    }
    for name in ["marketing", "service", "no such purpose"] {
        assert!(matches!(rule("offers", name), Ruling::Refused(Refusal::Purpose { .. })), "{name}");
    }
    assert_eq!(rule("silent", "marketing"), gated(LawfulBasis::Consent, &[]), "no ground declared: consent");
}

#[test]
fn a_table_about_enough_people_is_open_and_one_about_fewer_serves_its_own_purpose() {
    assert_eq!(rule("totals", "service"), Ruling::Open);
    assert_eq!(rule("few", "marketing"), Ruling::Open);
    assert_eq!(rule("few", "sms"), Ruling::Open);
    assert_eq!(rule("few", "service"), Ruling::Refused(Refusal::Purpose { allowed: vec!["marketing".into()] }));
}

#[test]
fn no_setting_of_the_project_opens_rows_of_fewer_than_three_people() {
    let mut project = project();
    for (minimum, own, open) in [(1, 1, false), (1, 2, false), (1, 3, true), (2, 2, false), (3, 3, true), (5, 4, false)]
    {
        project.settings.minimum_subjects = minimum;
        let table = project.tables.iter_mut().find(|t| t.name.value == "few").unwrap();
        table.minimum_subjects.as_mut().unwrap().value = own;
        let ruling = Rulings::of_project(&project, "service").get("few").unwrap().clone();
        assert_eq!(ruling == Ruling::Open, open, "project {minimum}, table {own}");
    }
}

#[test]
fn a_table_has_the_strictest_lawful_basis_of_its_sources_and_its_own() {
    use LawfulBasis::{Consent, Contract, LegalObligation, LegitimateInterests};
    let project = project();
    let with = |name: &str, made_of| {
        lakewarden_policy::ruling::of_table(&project, project.table(name).unwrap(), "sms", made_of)
    };
    assert_eq!(with("offers", Some(Consent)), gated(Consent, &[]), "declared a contract");
    assert_eq!(with("offers", Some(LegalObligation)), gated(Contract, &[]));
    assert_eq!(with("silent", Some(LegitimateInterests)), gated(LegitimateInterests, &[]));
    assert_eq!(with("silent", None), gated(Consent, &[]));
}

#[test]
fn what_the_engine_itself_reads_is_refused_for_every_purpose() {
    use lakewarden_dictionary::DatasetRole;
    let mut project = project();
    let name = project.datasets[0].name.value.clone();
    for (role, refusal) in
        [(DatasetRole::ConsentLog, Refusal::ConsentLog), (DatasetRole::SuppressionList, Refusal::SuppressionList)]
    {
        project.datasets[0].role = role;
        for purpose in ["marketing", "service"] {
            let rulings = Rulings::of_project(&project, purpose);
            assert_eq!(rulings.get(&name), Some(&Ruling::Refused(refusal.clone())));
        }
    }
}

/// The project's first dataset without its pseudonym, and whatever else is changed.
fn without_pseudonym(change: impl Fn(&mut lakewarden_dictionary::Dataset), purpose: &str) -> Ruling {
    let mut project = project();
    project.datasets[0].fields.retain(|f| f.column.value != "phone");
    change(&mut project.datasets[0]);
    let name = project.datasets[0].name.value.clone();
    Rulings::of_project(&project, purpose).get(&name).unwrap().clone()
}

#[test]
fn people_without_a_subject_are_refused_unless_that_is_declared() {
    assert_eq!(without_pseudonym(|_| {}, "service"), Ruling::Refused(Refusal::SubjectUndeclared));
    let none = |d: &mut lakewarden_dictionary::Dataset| d.subject = DatasetSubject::None;
    let expected =
        Ruling::WithoutSubject { basis: LawfulBasis::Contract, forbidden_columns: vec!["size".into(), "note".into()] };
    assert_eq!(without_pseudonym(none, "service"), expected);
    assert_eq!(without_pseudonym(none, "marketing"), Ruling::Refused(Refusal::ConsentWithoutSubject));
    assert!(matches!(without_pseudonym(none, "no such purpose"), Ruling::Refused(Refusal::Purpose { .. })));
    // What is dropped is about people all the same.
    let dropped = |d: &mut lakewarden_dictionary::Dataset| {
        d.fields.retain(|f| f.column.value == "size");
        d.fields[0].treatment = Treatment::Drop;
    };
    assert_eq!(without_pseudonym(dropped, "service"), Ruling::Refused(Refusal::SubjectUndeclared));
}

#[test]
fn data_that_is_not_about_people_is_limited_by_what_it_declares() {
    use lakewarden_dictionary::Dataset;
    let shops = |d: &mut Dataset| {
        d.fields.retain(|f| f.column.value == "shop");
        d.fields[0].category = None;
    };
    let limited =
        |forbidden: &[&str]| Ruling::Limited { forbidden_columns: forbidden.iter().map(|c| (*c).to_owned()).collect() };
    assert_eq!(without_pseudonym(shops, "service"), limited(&[]));
    let narrow = rule("narrow", "sms");
    assert!(!narrow.is_not_about_people());
    let mut project = project();
    shops(&mut project.datasets[1]);
    assert!(matches!(Rulings::of_project(&project, "service").get("narrow"), Some(Ruling::Refused(_))));
    let open = |d: &mut Dataset| {
        shops(d);
        d.purposes.clear();
    };
    assert_eq!(without_pseudonym(open, "anything"), Ruling::Open);
    let of_field = |d: &mut Dataset| {
        let marketing = d.purposes[0].purpose.clone();
        open(d);
        d.fields[0].purposes = vec![marketing];
    };
    assert_eq!(without_pseudonym(of_field, "sms"), limited(&[]));
    assert_eq!(without_pseudonym(of_field, "service"), limited(&["shop"]));
    let kept = |d: &mut Dataset| {
        open(d);
        let span = d.span.clone();
        d.retention = Some(Spanned { value: Period { months: 12, days: 0 }, span });
    };
    assert_eq!(without_pseudonym(kept, "anything"), limited(&[]));
}

#[test]
fn what_is_unknown_has_no_ruling() {
    let rulings = Rulings::of_project(&project(), "service");
    for name in ["customers", "Members", "public.members", ""] {
        assert_eq!(rulings.get(name), None, "{name}");
    }
}
