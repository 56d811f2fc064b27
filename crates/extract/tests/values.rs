//! What the dictionary says about the writing of values, from the bytes of a file to the columns of the lake.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use common::*;
use lakewarden_dictionary::*;
use std::borrow::Cow;

fn csv(fields: Vec<Field>) -> Dataset {
    dataset("d", Container::Csv, Encoding::Utf8, fields)
}

fn forms(name: &str, data_type: DataType, change: impl FnOnce(&mut ValueForms)) -> Field {
    let mut field = field(name, data_type);
    change(&mut field.values);
    field
}

/// How many rows went to quarantine for which rule of which field.
fn reasons(accounts: &[lakewarden_extract::FileAccount]) -> Vec<(String, &'static str, u64)> {
    let rule = |rule: &Cow<'static, str>| match rule {
        Cow::Borrowed(rule) => *rule,
        Cow::Owned(_) => "a rule with a name of its own",
    };
    let all = accounts.iter().flat_map(|a| &a.quarantined);
    all.map(|(reason, count)| (reason.field.clone().unwrap_or_default(), rule(&reason.rule), *count)).collect()
}

const MONEY: DataType = DataType::Decimal { precision: 12, scale: 2 };

#[test]
fn numbers_are_read_as_they_are_written() {
    let yuan = NumberFormat {
        group: Some(GroupMark::Comma),
        currency: Some("CNY".into()),
        accounting: true,
        chinese_units: true,
        ..NumberFormat::default()
    };
    let share = NumberFormat { percent: Some(PercentForm::Fraction), ..NumberFormat::default() };
    let whole = NumberFormat { group: Some(GroupMark::Comma), ..NumberFormat::default() };
    let mut data = csv(vec![
        forms("paid", MONEY, |f| f.number_format = Some(here(yuan))),
        forms("share", DataType::Double, |f| f.number_format = Some(here(share))),
        forms("points", DataType::Integer, |f| f.number_format = Some(here(whole))),
    ]);
    data.format.delimiter = b';';
    let file = file(
        "f.csv",
        "paid;share;points\n¥1,234.50;12.5%;1,000\n（￥１２．００）;-3 %;-7\n1.2万元;0%;0\n$5;1%;1\n5;0.5;1\n5;1%;1,00\n;;9\n",
    );
    let outcome = run(&data, &[file]).unwrap();
    let paid = outcome.rows.column(0).as_primitive::<Decimal128Type>();
    assert_eq!(paid.iter().collect::<Vec<_>>(), [Some(123_450), Some(-1200), Some(1_200_000), None]);
    let share = outcome.rows.column(1).as_primitive::<Float64Type>();
    assert_eq!(share.iter().collect::<Vec<_>>(), [Some(0.125), Some(-0.03), Some(0.0), None]);
    let points = outcome.rows.column(2).as_primitive::<Int64Type>();
    assert_eq!(points.iter().collect::<Vec<_>>(), [Some(1000), Some(-7), Some(0), Some(9)]);
    assert_eq!(
        reasons(&outcome.accounts),
        ["paid", "points", "share"].map(|field| (field.to_owned(), "number_format", 1))
    );
}

#[test]
fn times_have_their_own_zone_and_words() {
    let mut data = csv(vec![
        field("zh", DataType::Timestamp).times(&["chinese"]),
        forms("berlin", DataType::Timestamp, |f| f.time_zone = Some(here("Europe/Berlin".into())))
            .times(&["%d.%m.%Y %H:%M"]),
        field("day", DataType::Date).times(&["excel", "%Y-%m-%d"]),
    ]);
    data.format.delimiter = b';';
    let file = file(
        "f.csv",
        "zh;berlin;day\n2024年5月1日 下午3:05;01.05.2024 09:05;45413\n２０２４年５月１日　上午８：０３;31.03.2024 02:30;2024-05-01\n2024年5月1日;27.10.2024 02:30;0001-01-01\n昨天;01.05.2024 09:05;45413\n",
    );
    let outcome = run(&data, &[file]).unwrap();
    let zh = outcome.rows.column(0).as_primitive::<TimestampMicrosecondType>();
    let berlin = outcome.rows.column(1).as_primitive::<TimestampMicrosecondType>();
    let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
    assert_eq!((zh.value(0), berlin.value(0)), (instant("2024-05-01T07:05:00Z"), instant("2024-05-01T07:05:00Z")));
    // The clock is put forward at two: half past two is read as if it had not been.
    assert_eq!((zh.value(1), berlin.value(1)), (instant("2024-05-01T00:03:00Z"), instant("2024-03-31T01:30:00Z")));
    assert_eq!(
        outcome.rows.column(2).as_primitive::<arrow::datatypes::Date32Type>().values().to_vec(),
        [19_844, 19_844]
    );
    assert_eq!(reasons(&outcome.accounts), [("day".to_owned(), "calendar", 1), ("zh".to_owned(), "type", 1)]);
}

#[test]
fn words_fold_as_declared() {
    let mut size = field("size", DataType::String).mapped(&[("Extra Large", "XL"), ("ｘｌ", "XL")]).nulls(&["N/A"]);
    size.values.fold = vec![here(Folding::Case), here(Folding::Width), here(Folding::Space)];
    let member = forms("member", DataType::Boolean, |f| {
        f.boolean_words = Some(here(BooleanWords {
            yes: vec!["会员".into(), "J".into()],
            no: vec!["非会员".into(), "N".into()],
        }));
    });
    let data = csv(vec![size, member, field("active", DataType::Boolean)]);
    let file = file(
        "f.csv",
        "size,member,active\nextra  large,会员,是\nXL,j,YES\nＸＬ,Ｎ,off\nn/a,N,0\nM,maybe,1\nM,N,maybe\n",
    );
    let outcome = run(&data, &[file]).unwrap();
    assert_eq!(outcome.column("size")[..3], ["XL", "XL", "XL"]);
    assert!(outcome.rows.column(0).is_null(3));
    let truth = |n: usize| outcome.rows.column(n).as_boolean().iter().flatten().collect::<Vec<_>>();
    assert_eq!((truth(1), truth(2)), (vec![true, true, false, false], vec![true, true, false, false]));
    assert_eq!(reasons(&outcome.accounts), [("active".to_owned(), "type", 1), ("member".to_owned(), "type", 1)]);
}

#[test]
fn phones_are_of_the_country_of_their_row() {
    let mut by_row = field("phone", DataType::String).token("phone", Normaliser::Phone);
    by_row.values.region = Some(here(PhoneRegion::ByField("country".into())));
    let mut fixed = field("other", DataType::String).token("phone", Normaliser::Phone);
    fixed.values.region = Some(here(PhoneRegion::Fixed("HK".into())));
    // The country stands behind the number, and is itself dropped.
    let country = field("country", DataType::String).mapped(&[("香港", "HK"), ("中国", "CN")]).treated(Treatment::Drop);
    let data = csv(vec![by_row, country, fixed]);
    let file = file(
        "f.csv",
        "phone,country,other\n9123 4567,香港,91234567\n13187013211,中国,\n+852 9123 4567,,\n9123 4567,,\n",
    );
    let outcome = run(&data, &[file]).unwrap();
    let tokens = outcome.column("phone");
    assert_eq!(tokens.len(), 3);
    assert_eq!((&tokens[0], &tokens[0]), (&tokens[2], &outcome.column("other")[0]));
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(reasons(&outcome.accounts), [("phone".to_owned(), "phone", 1)]);
}

#[test]
fn one_mailbox_and_one_identity_have_one_token() {
    let mut mail = field("mail", DataType::String).token("email", Normaliser::Email);
    mail.values.email_rules =
        vec![here(EmailRule::DropTag), here(EmailRule::ProviderAliases), here(EmailRule::AsciiHost)];
    let id = field("id", DataType::String).token("resident_id", Normaliser::ResidentId);
    let data = csv(vec![mail, id]);
    let file = file(
        "f.csv",
        "mail,id\nLi.Hua+shop@gmail.com,110105491231002\nlihua@googlemail.com,11010519491231002x\nli@例子.example,\nli+a@xn--fsqu00a.example,\nli@example.com,110105194912310021\n",
    );
    let outcome = run(&data, &[file]).unwrap();
    let (mail, id) = (outcome.column("mail"), outcome.column("id"));
    assert_eq!((&mail[0], &mail[2], &id[0]), (&mail[1], &mail[3], &id[1]));
    assert_eq!(reasons(&outcome.accounts), [("id".to_owned(), "resident_id", 1)]);
}

#[test]
fn places_are_brought_to_wgs84_together() {
    let grid = |name: &str| field(name, DataType::Double);
    let mut data = csv(vec![grid("lat"), grid("lng"), field("place", DataType::String)]);
    data.coordinates = vec![Coordinates {
        latitude: here("lat".into()),
        longitude: here("lng".into()),
        datum: Datum::Gcj02,
        span: here(()).span,
    }];
    // A published pair, a place abroad, none, half a place, one beyond the earth, no number.
    let text = "lat,lng,place\n39.91640428150164,116.41024449916938,1\n52.52,13.405,2\n,,3\n31.2,,4\n91,0,5\nN/A,121,6\n31,N/A,7\n";
    let outcome = run(&data, &[file("f.csv", text)]).unwrap();
    let lat = outcome.rows.column(0).as_primitive::<Float64Type>();
    let lng = outcome.rows.column(1).as_primitive::<Float64Type>();
    assert_eq!(outcome.rows.num_rows(), 3);
    assert!((lat.value(0) - 39.915).abs() < 1e-9 && (lng.value(0) - 116.404).abs() < 1e-9);
    assert_eq!((lat.value(1), lng.value(1), lat.is_null(2), lng.is_null(2)), (52.52, 13.405, true, true));
    let expected = [("lat", "type", 1), ("lng", "coordinates", 2), ("lng", "type", 1)];
    assert_eq!(reasons(&outcome.accounts), expected.map(|(field, rule, count)| (field.to_owned(), rule, count)));
}

#[test]
fn what_cannot_be_applied_is_refused_before_a_byte_is_read() {
    let both = NumberFormat { group: Some(GroupMark::Point), ..NumberFormat::default() };
    let mut region = field("a", DataType::String).token("phone", Normaliser::Phone);
    region.values.region = Some(here(PhoneRegion::Fixed("Atlantis".into())));
    let mut unknown = field("a", DataType::String).token("phone", Normaliser::Phone);
    unknown.values.region = Some(here(PhoneRegion::ByField("nowhere".into())));
    for (field, code) in [
        (forms("a", MONEY, |f| f.number_format = Some(here(both))), "LW4046"),
        (region, "LW4046"),
        (unknown, "LW4046"),
        (forms("a", DataType::Date, |f| f.time_zone = Some(here("Mars/Olympus".into()))), "LW4021"),
    ] {
        let refused = run(&csv(vec![field]), &[file("f.csv", "a\n1\n")]).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
    }
    let mut data = csv(vec![field("lat", DataType::Double)]);
    let pair = Coordinates {
        latitude: here("lat".into()),
        longitude: here("lng".into()),
        datum: Datum::Bd09,
        span: here(()).span,
    };
    data.coordinates = vec![pair];
    assert_eq!(run(&data, &[file("f.csv", "lat\n1\n")]).unwrap_err().code(), "LW4023");
}
