//! What the cells of workbooks say: dates as numbers, number formats, formulas, hidden sheets, lost digits.
#![allow(clippy::unwrap_used)]

#[path = "common/archives.rs"]
mod archives;
mod common;
#[path = "common/workbook.rs"]
mod workbook;

use common::*;
use lakewarden_dictionary::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use workbook::{RawSheet, raw_book, rows, text_cell};

const MONEY: DataType = DataType::Decimal { precision: 10, scale: 2 };

fn xlsx(fields: Vec<Field>) -> Dataset {
    dataset("d", Container::Xlsx, Encoding::Utf8, fields)
}

fn text(name: &str) -> Field {
    field(name, DataType::String)
}

/// A workbook with these names and, below, these numbers, each with a format code.
fn book(names: &[&str], cells: &[&[(f64, &str)]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in names.iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    for (row, cells) in cells.iter().enumerate() {
        for (column, (value, code)) in cells.iter().enumerate() {
            let format = Format::new().set_num_format(*code);
            sheet.write_number_with_format(row as u32 + 1, column as u16, *value, &format).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn plain(names: &[&str], header_and: &[&[&str]]) -> Vec<u8> {
    let header: Vec<String> = names.iter().map(|n| text_cell(n)).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let all: Vec<&[&str]> = std::iter::once(header.as_slice()).chain(header_and.iter().copied()).collect();
    raw_book(&[RawSheet { name: "Sheet1", hidden: false, rows: &rows(&all) }], false)
}

fn refused(outcome: &Outcome) -> Vec<(String, String, String)> {
    outcome.refused()
}

fn fault(row: &str, field: &str, rule: &str) -> (String, String, String) {
    (row.into(), field.into(), rule.into())
}

#[test]
fn compact_dates_are_read_by_their_format() {
    let day = |name: &str, format: &str| field(name, DataType::Date).times(&[format]);
    let data = xlsx(vec![day("a", "%y%m%d"), day("b", "%d%m%Y"), day("c", "%Y%m%d")]);
    let general = "General";
    let bytes = book(
        &["a", "b", "c"],
        &[
            &[(240_501.0, general), (1_052_024.0, general), (20_240_501.0, general)],
            &[(60_501.0, general), (31_122_024.0, general), (20_240_501.0, "00000000")],
            // A serial day is no date of these formats.
            &[(240_501.0, general), (1_052_024.0, general), (45_413.0, general)],
            // A cell that shows a date holds one.
            &[(45_413.0, "yyyy-mm-dd"), (45_413.0, "m/d/yy"), (45_413.0, "yyyymmdd")],
        ],
    );
    let outcome = run(&data, &[file("f.xlsx", bytes)]).unwrap();
    assert_eq!(outcome.column("a"), ["2024-05-01", "2006-05-01", "2024-05-01"]);
    assert_eq!(outcome.column("b"), ["2024-05-01", "2024-12-31", "2024-05-01"]);
    assert_eq!(outcome.column("c"), ["2024-05-01"; 3]);
    assert_eq!(refused(&outcome).len(), 1);
    assert_eq!((refused(&outcome)[0].0.as_str(), refused(&outcome)[0].1.as_str()), ("3", "c"));
}

#[test]
fn undeclared_compact_dates_are_no_serial_days() {
    let data = xlsx(vec![field("day", DataType::Date)]);
    let bytes = book(&["day"], &[&[(240_501.0, "General")], &[(45_413.0, "General")]]);
    let outcome = run(&data, &[file("f.xlsx", bytes)]).unwrap();
    assert_eq!(outcome.column("day"), ["2024-05-01"]);
    assert_eq!(refused(&outcome), [fault("1", "day", "type")]);
}

#[test]
fn the_calendars_of_workbooks_have_their_own_gaps() {
    let data = xlsx(vec![field("at", DataType::Timestamp)]);
    let shown = "yyyy-mm-dd hh:mm";
    let bytes =
        book(&["at"], &[&[(59.0, shown)], &[(60.0, shown)], &[(61.0, shown)], &[(0.5, shown)], &[(45_413.5, shown)]]);
    let outcome = run(&data, &[file("f.xlsx", bytes)]).unwrap();
    assert_eq!(outcome.column("at").len(), 3);
    assert_eq!(outcome.column("at")[2], "2024-05-01T04:00:00");
    // 29 February 1900, which only spreadsheets know, and a time without a day.
    assert_eq!(refused(&outcome), [fault("2", "at", "type"), fault("4", "at", "type")]);
}

#[test]
fn float_tails_are_rounded_and_counted() {
    let data = xlsx(vec![text("id"), field("amount", MONEY), field("pieces", DataType::Integer)]);
    let number = |value: &str| format!("<c><v>{value}</v></c>");
    let all: Vec<[String; 3]> = [
        ("R1", "19.9", "1"),
        ("R2", "59.699999999999996", "2"),
        ("R3", "0.30000000000000004", "2.9999999999999996"),
        ("R4", "19.995", "1"),
        ("R5", "1.1", "2.5"),
    ]
    .map(|(id, amount, pieces)| [text_cell(id), number(amount), number(pieces)])
    .to_vec();
    let all: Vec<Vec<&str>> = all.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let all: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
    let outcome = run(&data, &[file("f.xlsx", plain(&["id", "amount", "pieces"], &all))]).unwrap();
    assert_eq!(outcome.column("amount"), ["19.90", "59.70", "0.30"]);
    assert_eq!(outcome.column("pieces"), ["1", "2", "3"]);
    assert_eq!(refused(&outcome), [fault("4", "amount", "type"), fault("5", "pieces", "type")]);
    let rounded: Vec<_> = outcome.accounts[0].rounded.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    assert_eq!(rounded, [("amount", 2), ("pieces", 1)]);
}

#[test]
fn formulas_that_nobody_computed_are_quarantined() {
    let data = xlsx(vec![text("id"), field("refund", MONEY)]);
    let ids = ["R1", "R2", "R3", "R4", "R5"].map(text_cell);
    let cells: [&[&str]; 6] = [
        &[&ids[0], "<c><f>B2*0.5</f><v>50</v></c>"],
        &[&ids[1], "<c><f>B3*0.5</f></c>"],
        &[&ids[2], ""],
        &[&ids[3], "<c><f>B5</f><v></v></c>"],
        // A text formula may give nothing.
        &[&ids[4], "<c t=\"str\"><f>IF(1,\"\",2)</f><v></v></c>"],
        // Undeclared columns may hold anything.
        &["<c t=\"inlineStr\"><is><t>R6</t></is></c>", "<c><v>1</v></c>", "<c><f>B7</f></c>"],
    ];
    let outcome = run(&data, &[file("f.xlsx", plain(&["id", "refund", "more"], &cells))]).unwrap();
    assert_eq!(outcome.column("refund"), ["50.00", "-", "-", "1.00"]);
    assert_eq!(refused(&outcome), [fault("2", "refund", "formula"), fault("4", "refund", "formula")]);
}

#[test]
fn a_zero_of_a_workbook_that_is_to_be_computed_is_no_result() {
    let data = xlsx(vec![text("id"), field("refund", MONEY)]);
    // The library writes zero for a formula without a result, and that everything is to be computed on opening.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "id").unwrap().write(0, 1, "refund").unwrap();
    sheet.write(1, 0, "R1").unwrap().write_formula(1, 1, "=2*3").unwrap();
    sheet.write(2, 0, "R2").unwrap().write_formula(2, 1, Formula::new("=2*4").set_result("8")).unwrap();
    sheet.write(3, 0, "R3").unwrap().write(3, 1, 0).unwrap();
    let outcome = run(&data, &[file("f.xlsx", book.save_to_buffer().unwrap())]).unwrap();
    assert_eq!(outcome.column("refund"), ["8.00", "0.00"]);
    assert_eq!(refused(&outcome), [fault("1", "refund", "formula")]);
}

#[test]
fn errors_and_lost_digits_name_their_field() {
    let data = xlsx(vec![text("order_no"), text("card").token("card", Normaliser::Identifier), field("amount", MONEY)]);
    let cells: [&[&str]; 5] = [
        &["<c><v>2.4050112345678902E+17</v></c>", "", "<c><v>1</v></c>"],
        &["", "<c><v>6.2284804020000101E+18</v></c>", "<c><v>1</v></c>"],
        &["<c><v>123456789012345</v></c>", "", "<c><v>12345678901234567</v></c>"],
        &["", "", "<c t=\"e\"><v>#N/A</v></c>"],
        &["<c><v>123456789012345</v></c>", "<c><v>13187013211</v></c>", "<c><v>1</v></c>"],
    ];
    let outcome = run(&data, &[file("f.xlsx", plain(&["order_no", "card", "amount"], &cells))]).unwrap();
    assert_eq!(outcome.column("order_no"), ["123456789012345"]);
    let expected = [
        fault("1", "order_no", "lost_digits"),
        fault("2", "card", "lost_digits"),
        fault("3", "amount", "lost_digits"),
        fault("4", "amount", "error_cell"),
    ];
    assert_eq!(refused(&outcome), expected);
}

#[test]
fn text_is_what_a_cell_shows() {
    let data = xlsx(vec![text("a"), text("b"), text("c"), text("d")]);
    let bytes = book(
        &["a", "b", "c", "d"],
        &[
            &[(123.0, "000000"), (13_187_013_211.0, "000-0000-0000"), (0.125, "0.0%"), (45_413.0, "yyyy-mm")],
            &[(1067.0, "00000"), (13_187_013_211.0, "0.00E+00"), (1.1, "0.00"), (45_413.0, "dd.mm.yyyy")],
            &[(1234.5, "#,##0.00"), (12.0, "\"M\"0000"), (59.699_999_999_999_996, "General"), (1.5, "[h]:mm")],
        ],
    );
    let outcome = run(&data, &[file("f.xlsx", bytes)]).unwrap();
    assert_eq!(outcome.column("a"), ["000123", "01067", "1234.50"]);
    assert_eq!(outcome.column("b"), ["131-8701-3211", "13187013211", "M0012"]);
    assert_eq!(outcome.column("c"), ["12.5%", "1.10", "59.7"]);
    assert_eq!(outcome.column("d"), ["2024-05", "01.05.2024", "36:00:00"]);
}

#[test]
fn identifiers_in_workbooks_are_those_of_files() {
    let mut data = xlsx(vec![text("member").token("member", Normaliser::Identifier)]);
    data.format.accept = vec![Container::Csv];
    let bytes = book(&["member"], &[&[(123.0, "000000")]]);
    let dates = book(&["member"], &[&[(45_413.0, "d-mmm")]]);
    let files = [file("a.csv", "member\n000123\n"), file("b.xlsx", bytes), file("c.xlsx", dates)];
    let outcome = run(&data, &files).unwrap();
    let tokens = outcome.column("member");
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
    // What was `1-5` became a date.
    assert_eq!(refused(&outcome), [fault("1", "member", "date_cell")]);
}

#[test]
fn percent_cells_and_decimal_commas_are_read_as_declared() {
    let mut data =
        xlsx(vec![text("id"), field("share", DataType::Decimal { precision: 6, scale: 4 }), field("paid", MONEY)]);
    let share = NumberFormat { percent: Some(PercentForm::Fraction), ..NumberFormat::default() };
    data.fields[1].values.number_format = Some(here(share));
    let paid = NumberFormat { decimal: DecimalMark::Comma, ..NumberFormat::default() };
    data.fields[2].values.number_format = Some(here(paid));
    let ids = ["P1", "P2", "P3", "P4", "P5"].map(text_cell);
    let cells: [&[&str]; 5] = [
        &[&ids[0], "<c s=\"1\"><v>0.125</v></c>", "<c><v>1.25</v></c>"],
        &[&ids[1], "<c s=\"1\"><v>7.0000000000000007E-2</v></c>", &text_cell("1,25")],
        &[&ids[2], &text_cell("5%"), "<c><v>1234</v></c>"],
        // Neither twelve and a half hundredths nor twelve and a half wholes, as long as nobody says which.
        &[&ids[3], "<c><v>12.5</v></c>", "<c><v>1</v></c>"],
        &[&ids[4], "<c s=\"1\"><v>0.1</v></c>", "<c s=\"1\"><v>0.1</v></c>"],
    ];
    let outcome = run(&data, &[file("f.xlsx", plain(&["id", "share", "paid"], &cells))]).unwrap();
    assert_eq!(outcome.column("share"), ["0.1250", "0.0700", "0.0500"]);
    assert_eq!(outcome.column("paid"), ["1.25", "1.25", "1234.00"]);
    assert_eq!(refused(&outcome), [fault("4", "share", "number_format"), fault("5", "paid", "number_format")]);
}

#[test]
fn truth_values_are_words() {
    let data = xlsx(vec![text("a"), field("b", DataType::Boolean)]);
    let cells: [&[&str]; 2] = [&["<c t=\"b\"><v>1</v></c>", "<c t=\"b\"><v>0</v></c>"], &["", "<c><v>1</v></c>"]];
    let outcome = run(&data, &[file("f.xlsx", plain(&["a", "b"], &cells))]).unwrap();
    assert_eq!(
        (outcome.column("a"), outcome.column("b")),
        (vec!["TRUE".into(), "-".into()], vec!["false".into(), "true".into()])
    );
}

#[test]
fn the_visible_sheet_is_read_and_a_hidden_one_if_declared() {
    let sheet = |cell: &str| rows(&[&[&text_cell("id")], &[&text_cell(cell)]]);
    let (lists, sales, blank) = (sheet("DROPDOWN"), sheet("R1"), rows(&[]));
    let raw = |name, hidden, rows| RawSheet { name, hidden, rows };
    let bytes =
        raw_book(&[raw("lists", true, &lists), raw("Sales", false, &sales), raw("Sheet3", false, &blank)], false);
    let mut data = xlsx(vec![text("id")]);
    assert_eq!(run(&data, &[file("f.xlsx", bytes.clone())]).unwrap().column("id"), ["R1"]);
    data.format.sheet = Some(here("lists".into()));
    assert_eq!(run(&data, &[file("f.xlsx", bytes)]).unwrap().column("id"), ["DROPDOWN"]);
    data.format.sheet = None;
    let two = raw_book(&[raw("May", false, &sales), raw("June", false, &lists)], false);
    let error = run(&data, &[file("f.xlsx", two)]).unwrap_err();
    assert_eq!(error.code(), "LW4125");
    assert!(error.hint().contains("format: sheet"), "{error}");
}

#[test]
fn merged_cells_fill_one_row() {
    let data = xlsx(vec![text("order"), text("item")]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "order").unwrap().write(0, 1, "item").unwrap();
    sheet.merge_range(1, 0, 2, 0, "O1", &Format::new()).unwrap();
    sheet.write(1, 1, "a").unwrap().write(2, 1, "b").unwrap();
    let at = ExcelDateTime::from_ymd(2024, 5, 1).unwrap();
    sheet.write_with_format(3, 0, &at, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    let outcome = run(&data, &[file("f.xlsx", book.save_to_buffer().unwrap())]).unwrap();
    assert_eq!(outcome.column("order"), ["O1", "-", "2024-05-01"]);
}

#[test]
fn old_workbooks_show_their_numbers_too() {
    use archives::{Cell, xls};
    let share = NumberFormat { percent: Some(PercentForm::Fraction), ..NumberFormat::default() };
    let mut data = dataset(
        "d",
        Container::Xls,
        Encoding::Utf8,
        vec![
            text("member"),
            field("day", DataType::Date).times(&["%d%m%Y"]),
            field("share", DataType::Decimal { precision: 6, scale: 4 }),
            field("paid", MONEY),
        ],
    );
    data.fields[2].values.number_format = Some(here(share));
    let names = ["member", "day", "share", "paid"];
    let mut cells: archives::Cells = names.iter().enumerate().map(|(at, n)| (0, at as u16, Cell::Text(n))).collect();
    cells.extend([
        (1, 0, Cell::Shown(123.0, "000000")),
        (1, 1, Cell::Number(1_052_024.0)),
        (1, 2, Cell::Shown(0.125, "0.0%")),
        (1, 3, Cell::Number(59.699_999_999_999_996)),
        (2, 0, Cell::Number(6_228_480_402_000_010_100.0)),
        (3, 0, Cell::Number(7.0)),
        (3, 1, Cell::Shown(45_413.0, "yyyy-mm-dd")),
        (3, 2, Cell::Number(0.5)),
    ]);
    let outcome = run(&data, &[file("f.xls", xls(&[("S", cells)], false, 1))]).unwrap();
    assert_eq!(outcome.column("member"), ["000123"]);
    assert_eq!(outcome.column("day"), ["2024-05-01"]);
    assert_eq!((outcome.column("share"), outcome.column("paid")), (vec!["0.1250".into()], vec!["59.70".into()]));
    assert_eq!(refused(&outcome), [fault("2", "member", "lost_digits"), fault("3", "share", "number_format")]);
}
