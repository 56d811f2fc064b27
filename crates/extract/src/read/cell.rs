//! Cells of workbooks as text: what a CSV of the same sheet would say, as its field is declared.

use super::cell_format::{CellFormat, shift};
use crate::values::{compact_width, fifteen_digits, has_lost_digits};
use calamine::{CellErrorType, Data, DataRef, ExcelDateTime, ExcelDateTimeType};
use chrono::{NaiveDate, NaiveDateTime};
use lakewarden_dictionary::{DataType, DecimalMark, Field, Normaliser, Treatment};
use std::fmt::Write;

/// Serial days that a plain number may be where no time format is declared: 1950 to 2099. Others may as well be compact
/// dates (`240501`).
const LIKELY_DAYS: std::ops::Range<f64> = 18_264.0..73_051.0;
/// Days between the two calendars of workbooks.
const DAYS_OF_1904: f64 = 1462.0;

/// Why a cell cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellFault {
    /// An error such as `#REF!`.
    Error,
    /// A formula that no program has computed.
    Formula,
    /// A number of more than 15 digits.
    LostDigits,
    /// A date where an identifier is expected: the spreadsheet made it of something like `3-4`.
    Date,
}

impl CellFault {
    /// The rule's name in accounts and quarantine.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Error => "error_cell",
            Self::Formula => "formula",
            Self::LostDigits => "lost_digits",
            Self::Date => "date_cell",
        }
    }

    /// The fault of a rule's name.
    pub(crate) fn from_rule(rule: &str) -> Option<Self> {
        [Self::Error, Self::Formula, Self::LostDigits, Self::Date].into_iter().find(|fault| fault.rule() == rule)
    }
}

/// What is known of the column that a cell is in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Column {
    pub kind: Kind,
    /// The workbook's calendar begins in 1904.
    pub from_1904: bool,
}

/// What the field of a column takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Kind {
    /// Nothing: it is not declared, or is the header.
    #[default]
    Undeclared,
    /// Text.
    Text,
    /// Text that names a thing or a person.
    Identifier,
    /// An exact number, and how the dictionary says it is written.
    Exact(Written),
    /// A binary floating-point number, likewise.
    Double(Written),
    /// A truth value.
    Boolean,
    /// A day or an instant.
    Time(Times),
}

/// How numbers of a field are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// With a comma before the fraction.
    comma: bool,
}

/// What a plain number in a field of times is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// A day of the workbook's calendar.
    serial: Serial,
    /// Digits of the declared compact formats, such as 8 of `%Y%m%d`; zero: none.
    widths: [u8; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serial {
    /// Declared: `time_format: excel`.
    Always,
    /// No format is declared: if it is a likely day.
    Likely,
    /// Another format is declared.
    Never,
}

impl Kind {
    /// What a field takes.
    pub(crate) fn of(field: &Field) -> Self {
        let written = Written {
            comma: field.values.number_format.as_ref().is_some_and(|f| f.value.decimal == DecimalMark::Comma),
        };
        match field.data_type.value {
            DataType::String => {
                let normalised = !matches!(field.normalise, Normaliser::None | Normaliser::Trim);
                if normalised || matches!(field.treatment, Treatment::Pseudonymise(_)) {
                    Self::Identifier
                } else {
                    Self::Text
                }
            }
            DataType::Integer | DataType::Decimal { .. } => Self::Exact(written),
            DataType::Double => Self::Double(written),
            DataType::Boolean => Self::Boolean,
            DataType::Date | DataType::Timestamp => Self::Time(Times::of(&field.time_formats)),
        }
    }
}

impl Times {
    fn of(formats: &[String]) -> Self {
        let mut widths = [0; 4];
        let compact = formats.iter().filter_map(|f| compact_width(f));
        widths.iter_mut().zip(compact).for_each(|(place, width)| *place = width);
        let serial = if formats.iter().any(|f| f.starts_with("excel")) {
            Serial::Always
        } else if formats.is_empty() {
            Serial::Likely
        } else {
            Serial::Never
        };
        Self { serial, widths }
    }
}

/// What a cell holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    Bool(bool),
    /// A serial day, because the cell's format shows one.
    Moment(f64),
    /// Days that have passed.
    Duration(f64),
    Error(&'a CellErrorType),
}

impl<'a> From<&'a DataRef<'_>> for Value<'a> {
    fn from(cell: &'a DataRef<'_>) -> Self {
        match cell {
            DataRef::Empty => Self::Empty,
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Self::Text(text),
            DataRef::SharedString(text) => Self::Text(text),
            DataRef::Int(value) => Self::Number(*value as f64),
            DataRef::Float(value) => Self::Number(*value),
            DataRef::Bool(value) => Self::Bool(*value),
            DataRef::DateTime(value) => Self::of_time(value),
            DataRef::Error(kind) => Self::Error(kind),
        }
    }
}

impl<'a> From<&'a Data> for Value<'a> {
    fn from(cell: &'a Data) -> Self {
        match cell {
            Data::Empty => Self::Empty,
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Self::Text(text),
            Data::Int(value) => Self::Number(*value as f64),
            Data::Float(value) => Self::Number(*value),
            Data::Bool(value) => Self::Bool(*value),
            Data::DateTime(value) => Self::of_time(value),
            Data::Error(kind) => Self::Error(kind),
        }
    }
}

impl Value<'_> {
    fn of_time(value: &ExcelDateTime) -> Self {
        if value.is_duration() { Self::Duration(value.as_f64()) } else { Self::Moment(value.as_f64()) }
    }

    /// Whether it is what programs write that leave a formula to be computed by others.
    pub(crate) fn is_blank_or_zero(self) -> bool {
        match self {
            Self::Empty => true,
            Self::Number(value) | Self::Moment(value) | Self::Duration(value) => value == 0.0,
            Self::Text(_) | Self::Bool(_) | Self::Error(_) => false,
        }
    }
}

/// Writes a cell as text, as the field of its column is written in a CSV. A fault says that the text must not be used.
pub(crate) fn write(
    out: &mut String,
    value: Value<'_>,
    format: Option<&CellFormat>,
    column: Column,
) -> Option<CellFault> {
    match value {
        Value::Empty => None,
        Value::Text(text) => {
            out.push_str(text);
            None
        }
        // As a cell shows it, and as every list of words for true and false takes it.
        Value::Bool(value) => {
            out.push_str(if value { "TRUE" } else { "FALSE" });
            None
        }
        Value::Number(value) => number(out, value, format, column),
        Value::Moment(serial) => moment(out, serial, format, column),
        Value::Duration(days) => {
            let seconds = (days * 86_400.0).round() as i64;
            let (sign, seconds) = if seconds < 0 { ("-", -seconds) } else { ("", seconds) };
            put(out, format_args!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
            None
        }
        // As it is shown, for `null_values` may list it.
        Value::Error(kind) => {
            put(out, format_args!("{kind}"));
            Some(CellFault::Error)
        }
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a `String` does not fail.
    let _ = out.write_fmt(what);
}

fn number(out: &mut String, value: f64, format: Option<&CellFormat>, column: Column) -> Option<CellFault> {
    let lost = has_lost_digits(value).then_some(CellFault::LostDigits);
    let percent = format.is_some_and(CellFormat::is_percent);
    match column.kind {
        Kind::Undeclared => put(out, format_args!("{value}")),
        Kind::Text => {
            let plain = fifteen_digits(value);
            if !format.is_some_and(|format| format.show(value, &plain, out)) {
                out.push_str(&plain);
            }
            return lost;
        }
        Kind::Identifier => {
            let plain = fifteen_digits(value);
            if !format.is_some_and(|format| format.show_identifier(value, &plain, out)) {
                out.push_str(&plain);
            }
            return lost;
        }
        Kind::Exact(written) | Kind::Double(written) => {
            let mut plain = value.to_string();
            if percent {
                plain = shift(&plain, 2);
            }
            if written.comma {
                plain = plain.replace('.', ",");
            }
            out.push_str(&plain);
            if percent {
                out.push('%');
            }
            return lost.filter(|_| matches!(column.kind, Kind::Exact(_)));
        }
        Kind::Boolean => put(out, format_args!("{value}")),
        Kind::Time(times) => {
            let serial = match times.serial {
                Serial::Always => true,
                Serial::Likely => LIKELY_DAYS.contains(&(value + if column.from_1904 { DAYS_OF_1904 } else { 0.0 })),
                Serial::Never => false,
            };
            if serial && put_time(out, value, column.from_1904) {
                return None;
            }
            let digits = value.to_string();
            let width = times.widths.iter().map(|w| usize::from(*w)).filter(|w| *w >= digits.len()).min();
            if value >= 0.0 && value.fract() == 0.0 {
                // The zeros in front of a compact date are none of a number.
                put(out, format_args!("{digits:0>width$}", width = width.unwrap_or(0)));
            } else {
                out.push_str(&digits);
            }
            return lost;
        }
    }
    None
}

fn moment(out: &mut String, serial: f64, format: Option<&CellFormat>, column: Column) -> Option<CellFault> {
    match column.kind {
        Kind::Identifier => {
            put_time(out, serial, column.from_1904);
            Some(CellFault::Date)
        }
        Kind::Text | Kind::Undeclared => {
            let shown = time_of(serial, column.from_1904)
                .is_some_and(|at| format.is_some_and(|format| format.show_time(at, out)));
            if !shown && !put_time(out, serial, column.from_1904) {
                out.push_str(&fifteen_digits(serial));
            }
            None
        }
        // A date where a number or a truth value is expected is neither; the parser refuses its text.
        Kind::Exact(_) | Kind::Double(_) | Kind::Boolean => {
            if !put_time(out, serial, column.from_1904) {
                put(out, format_args!("#{serial}"));
            }
            None
        }
        // A number that no calendar reaches is no day, whatever its cell's format is.
        Kind::Time(_) if !put_time(out, serial, column.from_1904) => number(out, serial, format, column),
        Kind::Time(_) => None,
    }
}

/// The day and time of a serial day; `None` for one that is in no calendar, such as 29 February 1900.
fn time_of(serial: f64, from_1904: bool) -> Option<NaiveDateTime> {
    let last = if from_1904 { 2_957_004.0 } else { 2_958_466.0 };
    if !(0.0..last).contains(&serial) {
        return None;
    }
    let kind = ExcelDateTimeType::DateTime;
    let (year, month, day, hour, minute, second, milli) =
        ExcelDateTime::new(serial, kind, from_1904).to_ymd_hms_milli();
    NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?.and_hms_milli_opt(
        hour.into(),
        minute.into(),
        second.into(),
        milli.into(),
    )
}

/// Writes a serial day in ISO 8601; `false` if it is in no calendar. Of a time without a day only the time.
fn put_time(out: &mut String, serial: f64, from_1904: bool) -> bool {
    let Some(at) = time_of(serial, from_1904) else { return false };
    let midnight = at.time() == chrono::NaiveTime::MIN;
    if serial < 1.0 && !from_1904 {
        put(out, format_args!("{}", at.format("%H:%M:%S")));
    } else if midnight {
        put(out, format_args!("{}", at.format("%Y-%m-%d")));
    } else {
        put(out, format_args!("{}", at.format("%Y-%m-%d %H:%M:%S%.f")));
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn column(kind: Kind) -> Column {
        Column { kind, from_1904: false }
    }

    fn times(formats: &[&str]) -> Kind {
        Kind::Time(Times::of(&formats.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>()))
    }

    fn text(value: Value<'_>, code: &str, column: Column) -> (String, Option<CellFault>) {
        let mut out = String::new();
        let fault = write(&mut out, value, Some(&CellFormat::compile(code)), column);
        (out, fault)
    }

    fn of(value: f64, code: &str, kind: Kind) -> String {
        let (text, fault) = text(Value::Number(value), code, column(kind));
        assert_eq!(fault, None, "{value}");
        text
    }

    #[test]
    fn plain_numbers_are_days_where_nothing_else_is_declared() {
        assert_eq!(of(45_413.0, "General", times(&[])), "2024-05-01");
        assert_eq!(of(45_413.5, "General", times(&["excel"])), "2024-05-01 12:00:00");
        assert_eq!(of(59.0, "General", times(&["excel"])), "1900-02-28");
        let from_1904 = Column { kind: times(&[]), from_1904: true };
        assert_eq!(text(Value::Number(43_951.0), "General", from_1904).0, "2024-05-01");
        // A compact date that nobody declared is no day of the year 2558.
        assert_eq!(of(240_501.0, "General", times(&[])), "240501");
        assert_eq!(of(20_240_501.0, "General", times(&[])), "20240501");
        assert_eq!(of(60.0, "General", times(&["excel"])), "60");
    }

    #[test]
    fn compact_dates_have_their_zeros() {
        for (value, formats, expected) in [
            (20_260_501.0, &["%Y%m%d"][..], "20260501"),
            (60_501.0, &["%y%m%d"], "060501"),
            (105.0, &["%y%m%d"], "000105"),
            (1_052_024.0, &["%d%m%Y"], "01052024"),
            (31_122_024.0, &["%d%m%Y"], "31122024"),
            (1_052_024.0, &["%y%m%d", "%d%m%Y"], "01052024"),
            (45_413.0, &["%Y%m%d"], "00045413"),
            (45_413.0, &["%d.%m.%Y"], "45413"),
            (1_714_521_787_123.0, &["epoch_ms"], "1714521787123"),
            (20_260_501.5, &["%Y%m%d"], "20260501.5"),
        ] {
            assert_eq!(of(value, "General", times(formats)), expected, "{value} as {formats:?}");
        }
        let (day, _) = text(Value::Moment(45_413.0), "yyyy-mm-dd", column(times(&["%Y%m%d"])));
        assert_eq!(day, "2024-05-01");
        let (day, _) = text(Value::Moment(20_260_501.0), "yyyy-mm-dd", column(times(&["%Y%m%d"])));
        assert_eq!(day, "20260501");
        let (day, _) = text(Value::Moment(60.0), "yyyy-mm-dd", column(times(&[])));
        assert_eq!(day, "60");
    }

    #[test]
    fn numbers_are_written_as_declared() {
        let point = Kind::Exact(Written { comma: false });
        assert_eq!(of(59.699_999_999_999_996, "General", point), "59.699999999999996");
        assert_eq!(of(59.699_999_999_999_996, "General", Kind::Text), "59.7");
        assert_eq!(of(0.07, "0.0%", point), "7%");
        assert_eq!(of(1.234, "General", Kind::Exact(Written { comma: true })), "1,234");
        assert_eq!(of(123.0, "000000", point), "123");
        assert_eq!(of(123.0, "000000", Kind::Identifier), "000123");
        assert_eq!(of(1001.0, "0.00", Kind::Identifier), "1001");
        assert_eq!(of(1001.0, "0.00", Kind::Text), "1001.00");
        assert_eq!(of(13_187_013_211.0, "0.00E+00", Kind::Identifier), "13187013211");
        assert_eq!(of(0.1, "General", Kind::Text), "0.1");
        assert_eq!(of(1e300, "General", Kind::Double(Written { comma: false })).len(), 301);
    }

    #[test]
    fn lost_digits_are_a_fault() {
        for (kind, lost) in [
            (Kind::Identifier, true),
            (Kind::Text, true),
            (Kind::Exact(Written { comma: false }), true),
            (Kind::Double(Written { comma: false }), false),
            (times(&["epoch_ns"]), true),
        ] {
            let (_, fault) = text(Value::Number(6_228_480_402_000_010_100.0), "General", column(kind));
            assert_eq!(fault == Some(CellFault::LostDigits), lost, "{kind:?}");
        }
        assert_eq!(of(999_999_999_999_999.0, "General", Kind::Identifier), "999999999999999");
    }

    #[test]
    fn dates_truth_values_and_durations_are_what_they_show() {
        assert_eq!(text(Value::Bool(true), "General", column(Kind::Text)).0, "TRUE");
        assert_eq!(text(Value::Moment(45_413.0), "yyyy-mm", column(Kind::Text)).0, "2024-05");
        assert_eq!(text(Value::Moment(45_413.0), "mm-dd-yy", column(Kind::Text)).0, "05-01-24");
        assert_eq!(text(Value::Moment(0.5), "h:mm AM/PM", column(Kind::Text)).0, "12:00:00");
        assert_eq!(text(Value::Duration(1.5), "[h]:mm", column(Kind::Text)).0, "36:00:00");
        let (_, fault) = text(Value::Moment(45_413.0), "yyyy-mm-dd", column(Kind::Identifier));
        assert_eq!(fault, Some(CellFault::Date));
        let (number, _) = text(Value::Moment(45_413.0), "m/d/yyyy", column(Kind::Exact(Written { comma: false })));
        assert_eq!(number, "2024-05-01");
        let error = text(Value::Error(&CellErrorType::Div0), "General", column(Kind::Text));
        assert_eq!(error, ("#DIV/0!".into(), Some(CellFault::Error)));
    }
}
