//! Cells of workbooks as text.

use calamine::{Data, DataRef, ExcelDateTime, ExcelDateTimeType};
use std::fmt::Write;

/// Serial days that Excel can show: from the day 1 of its calendar to the year 9999.
const SERIALS: std::ops::Range<f64> = 1.0..2_958_466.0;

/// What is known of the column that a cell is in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Column {
    /// A plain number is a day of the workbook's calendar.
    pub is_time: bool,
    /// The calendar begins in 1904.
    pub from_1904: bool,
}

/// Writes a cell as text: whole numbers without a point, days and times in ISO 8601. Says whether it is an error.
pub(crate) fn write_ref(out: &mut String, cell: &DataRef<'_>, column: Column) -> bool {
    match cell {
        DataRef::Empty => {}
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => out.push_str(text),
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::Int(value) => number(out, *value as f64, column),
        DataRef::Float(value) => number(out, *value, column),
        DataRef::Bool(value) => show(out, value),
        DataRef::DateTime(value) => moment(out, value),
        DataRef::Error(kind) => {
            show(out, kind);
            return true;
        }
    }
    false
}

/// The same of a cell that owns its text.
pub(crate) fn write(out: &mut String, cell: &Data, column: Column) -> bool {
    match cell {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => out.push_str(text),
        Data::Empty => {}
        Data::Int(value) => number(out, *value as f64, column),
        Data::Float(value) => number(out, *value, column),
        Data::Bool(value) => show(out, value),
        Data::DateTime(value) => moment(out, value),
        Data::Error(kind) => {
            show(out, kind);
            return true;
        }
    }
    false
}

fn show(out: &mut String, value: &impl std::fmt::Display) {
    // Writing into a `String` does not fail.
    let _ = write!(out, "{value}");
}

fn number(out: &mut String, value: f64, column: Column) {
    if column.is_time && SERIALS.contains(&value) {
        moment(out, &ExcelDateTime::new(value, ExcelDateTimeType::DateTime, column.from_1904));
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        show(out, &(value as i64));
    } else {
        show(out, &value);
    }
}

fn moment(out: &mut String, value: &ExcelDateTime) {
    if value.is_duration() {
        return show(out, &value.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    show(out, &format_args!("{year:04}-{month:02}-{day:02}"));
    if (hour, minute, second, milli) != (0, 0, 0, 0) {
        show(out, &format_args!(" {hour:02}:{minute:02}:{second:02}"));
        if milli != 0 {
            show(out, &format_args!(".{milli:03}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cell: &Data, is_time: bool, from_1904: bool) -> String {
        let mut out = String::new();
        write(&mut out, cell, Column { is_time, from_1904 });
        out
    }

    #[test]
    fn serials_are_days_where_days_are_expected() {
        assert_eq!(text(&Data::Float(45_413.0), true, false), "2024-05-01");
        assert_eq!(text(&Data::Int(45_413), true, false), "2024-05-01");
        assert_eq!(text(&Data::Float(45_413.5), true, false), "2024-05-01 12:00:00");
        assert_eq!(text(&Data::Float(43_951.0), true, true), "2024-05-01");
        assert_eq!(text(&Data::Float(45_413.0), false, false), "45413");
        // 20240501 is no day of the calendar, but may be one of a format.
        assert_eq!(text(&Data::Float(20_240_501.0), true, false), "20240501");
        assert_eq!(text(&Data::Float(59.0), true, false), "1900-02-28");
        assert_eq!(text(&Data::Float(61.0), true, false), "1900-03-01");
    }

    #[test]
    fn numbers_keep_their_form() {
        assert_eq!(text(&Data::Float(13_187_013_211.0), false, false), "13187013211");
        assert_eq!(text(&Data::Float(0.1), false, false), "0.1");
        assert!(write(&mut String::new(), &Data::Error(calamine::CellErrorType::Ref), Column::default()));
    }
}
