use super::*;

fn usual(kind: IdentifierKind) -> AbsentValues {
    AbsentValues::new(kind, true, std::iter::empty(), true)
}

fn all(kind: IdentifierKind, presence: Presence, values: &[&str]) {
    for value in values {
        assert_eq!(usual(kind).presence(value), presence, "{kind:?} {value:?}");
    }
}

const KINDS: [IdentifierKind; 3] = [IdentifierKind::Phone, IdentifierKind::Email, IdentifierKind::Other];

#[test]
fn words_for_a_missing_value_are_placeholders_of_every_kind() {
    for kind in KINDS {
        let words = [
            "null",
            "NULL",
            "Null",
            " null ",
            "(null)",
            "[NULL]",
            "<none>",
            "\\N",
            "N/A",
            "n/a",
            "#N/A",
            "NaN",
            "-",
            "--",
            "—",
            "——",
            "/",
            "?",
            ".",
            "0",
            "00",
            "0000000",
            "0.0",
            "-1",
            "unknown",
            "UNKNOWN",
            "none",
            "无",
            " 无 ",
            "未知",
            "【空】",
            "暂无",
            "ｎｕｌｌ",
            "０",
            "－",
            "undefined",
            "test",
            "散客",
        ];
        all(kind, Presence::Placeholder, &words);
    }
}

#[test]
fn words_of_other_languages_are_placeholders_of_every_kind() {
    let words = [
        "unbekannt",
        "keine",
        "KEINE ANGABE",
        "k.A.",
        "k. A.",
        "inconnu",
        "desconocido",
        "ninguno",
        "s/n",
        "n/d",
        "nicht vorhanden",
        "保密",
        "不提供",
        "顾客",
        "客户",
        "会员",
        "零售客户",
        "临时",
        "没有手机号",
        "无会员卡",
        "---",
        "...",
        "???",
        "nobody@",
        "kein",
        "Laufkunde",
        "cliente generico",
        "Cliente genérico",
        "POS",
        "walk-in customer",
        "GUEST CHECKOUT",
        "Gast",
        "non renseigné",
        "Non Renseigne\u{301}",
        "não informado",
        "NÃO INFORMADO",
        "sin teléfono",
        "sconosciuto",
        "ゲスト",
        "ｹﾞｽﾄ",
        "なし",
        "未登録",
        "無",
    ];
    for kind in KINDS {
        all(kind, Presence::Placeholder, &words);
    }
    let others =
        ["KA", "SN", "ND", "Gastón", "Kein-Nguyen", "王客户", "会员小明", "ケスト", "Posa", "Inconnus-23", "an"];
    all(IdentifierKind::Other, Presence::Present, &others);
}

#[test]
fn numbers_that_no_one_has_are_placeholders() {
    let phones = [
        "13800000000",
        "00000000000",
        "11111111111",
        "99999999999",
        "13888888888",
        "+86 138-0000-0000",
        "0086 13800000000",
        "１３８００００００００",
        "(138) 0000 0000",
        "1234567890",
        "12345678901",
        "0123456789",
        "9876543210",
        "123456789",
        "12345678",
        "111111",
        "555-555-5555",
        "13800000000.0",
        "+8600000000000",
    ];
    all(IdentifierKind::Phone, Presence::Placeholder, &phones);
    all(IdentifierKind::Other, Presence::Placeholder, &["000000", "999999", "11111111", "123456", "1234567890"]);
}

#[test]
fn addresses_that_no_one_reads_are_placeholders() {
    let addresses = [
        "test@test.com",
        "TEST@TEST.COM",
        "noreply@shop.example",
        "no-reply@shop.example",
        "No_Reply@shop.example",
        "donotreply@shop.example",
        "noreply+1@shop.example",
        "none@none.com",
        "a@a.com",
        "jo@null.com",
        "x@nowhere.invalid",
        "123456@qq.com",
        "000000@qq.com",
        "unknown@example.com",
    ];
    all(IdentifierKind::Email, Presence::Placeholder, &addresses);
    let made_up = [
        "na@na.com",
        "no@no.com",
        "1@1.com",
        "abc@abc.com",
        "keine@keine.de",
        "kein@email.de",
        "none@gmail.com",
        "test@example.com",
        "noemail@shop.example",
        "no-email@shop.example",
        "guest@shop.example",
        "kunde@shop.example",
        "xxx@yyy.com",
        "asdf@asdf.com",
        "fake@fake.com",
        "info@info.de",
        "nomail@mail.com",
        "noemailprovided@shop.example",
        "customer@shop.example",
        "amazon@amazon.com",
        "walkin@pos.com",
        "test@gmail.com",
        "test1@test.com",
        "a@b.com",
        "a@b.c",
        "null@null",
        "none@none",
        "unbekannt@shop.example",
        "sin.correo@shop.example",
    ];
    all(IdentifierKind::Email, Presence::Placeholder, &made_up);
    let people = [
        "ada@example.com",
        "info@example.com",
        "12345@qq.com",
        "na@example.com",
        "noah.reply@example.com",
        "a@example.com",
        "ada@b.example",
        "b@shop.a.example",
        "kundera@example.com",
        "aa@example.com",
        "lin.test@example.com",
    ];
    all(IdentifierKind::Email, Presence::Present, &people);
}

#[test]
fn hidden_characters_are_a_mask() {
    let phones = [
        "138****1234",
        "138＊＊＊＊1234",
        "138••••1234",
        "138●●●●1234",
        "1381234xxxx",
        "1381234XXXX",
        "138××××1234",
        "138ｘｘｘｘ1234",
        "138####1234",
        "138????1234",
        "*******1234",
        "138…1234",
        "138____1234",
    ];
    all(IdentifierKind::Phone, Presence::Masked, &phones);
    all(IdentifierKind::Email, Presence::Masked, &["z***@example.com", "z•••@example.com", "a*a@example.com"]);
    let others = ["王**", "王*", "t***1", "＊＊", "1381234xxxx", "●●●"];
    all(IdentifierKind::Other, Presence::Masked, &others);
}

#[test]
fn identifiers_are_present() {
    let phones = [
        "13187013211",
        "+86 131 8701 3211",
        "13800138000",
        "13812345678",
        "010-88001234",
        "+1 202 555 0100",
        "",
        "13187013211x12",
        "021-6666 8888",
    ];
    all(IdentifierKind::Phone, Presence::Present, &phones);
    let others = [
        "M001",
        "17850",
        "11111",
        "1",
        "100000",
        "120000000",
        "11010119900307123X",
        "oABCxxxx12345",
        "王小明",
        "A×B",
        "jack_xx",
        "no1",
        "nullius",
        "e3",
        "12345",
        "1000000000",
    ];
    all(IdentifierKind::Other, Presence::Present, &others);
}

#[test]
fn lists_extend_or_replace_the_usual_values() {
    let own = ["13912345678", " N0NE "];
    let more = AbsentValues::new(IdentifierKind::Phone, true, own.into_iter(), true);
    for value in ["+86 139-1234-5678", "13912345678", "n0ne", "null", "13800000000"] {
        assert_eq!(more.presence(value), Presence::Placeholder, "{value}");
    }
    let only = AbsentValues::new(IdentifierKind::Other, false, ["guest1"].into_iter(), false);
    assert_eq!(only.presence("GUEST1"), Presence::Placeholder);
    for value in ["null", "0", "王**"] {
        assert_eq!(only.presence(value), Presence::Present, "{value}");
    }
}

#[test]
fn a_column_loses_them_and_keeps_the_rest() {
    let column = StringArray::from(vec![Some("M1"), None, Some("null"), Some("王**"), Some("M2")]);
    let sifted = usual(IdentifierKind::Other).sift(&column);
    assert_eq!(sifted.values, StringArray::from(vec![Some("M1"), None, None, None, Some("M2")]));
    assert_eq!((sifted.placeholders, sifted.masked), (vec![2], vec![3]));
    let whole = StringArray::from(vec!["M1", "M2"]);
    assert_eq!(usual(IdentifierKind::Other).sift(&whole).values.values().as_ptr(), whole.values().as_ptr());
}
