//! Terms that are written as text and mean a value: lengths of time, types, sizes.

mod data_type;
mod number;
mod places;
mod time;

pub(crate) use data_type::PLAIN_TYPES;
pub use number::byte_size;
pub(crate) use time::duration;

/// Why a text is not the term it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Not a length of time.
    #[error("`{0}` is not a length of time; write `P`, a number and one of `Y`, `M`, `W`, `D`, such as `P18M`")]
    Period(String),
    /// Not a type.
    #[error(
        "`{0}` is not a type; write `string`, `integer`, `double`, `decimal(12, 2)`, `boolean`, `date` or `timestamp`"
    )]
    DataType(String),
    /// Not a version of a notice.
    #[error("`{0}` is not a version; write one to four whole numbers, such as `3`, `v2.1` or `2026-03`")]
    NoticeVersion(String),
    /// A decimal type out of range.
    #[error("`{0}` is out of range; a decimal has 1 to 38 digits, of which at most as many after the point")]
    Decimal(String),
    /// Not an exact number.
    #[error("`{0}` is not a number; write up to 18 digits, at most 9 of them after the point, such as `5000.00`")]
    Number(String),
    /// Not a way through a JSON document.
    #[error("`{0}` is no path; write `$` and the names on the way to the array, such as `$.data.items`")]
    RecordsPath(String),
    /// Neither where an address is found, nor one. The text is not kept: it may be a password.
    #[error("this is not where a database's address is found; write `env:NAME`, `file:~/…` or `postgres://…`")]
    DatabaseAddress,
    /// Not a length of time in days, hours, minutes and seconds.
    #[error("`{0}` is not a length of time; write days, hours, minutes and seconds, such as `PT10M` or `P1DT6H`")]
    Duration(String),
    /// Not a share.
    #[error(
        "`{0}` is not a share; write a number from 0 to 100 with at most four digits after the point and `%`, such as `1%` or `0.5%`"
    )]
    Percent(String),
    /// Not a length of time of hours or days.
    #[error(
        "`{0}` is not a length of time; write `PT` and a number of `S`, `M` or `H`, or `P` and a number of `D`, such as `PT30M` or `P7D`"
    )]
    Within(String),
    /// Not a number of days.
    #[error("`{0}` is not a number of days; write `P`, a number and `D` or `W`, such as `P7D`, or `P0D` for none")]
    Grace(String),
    /// Not a number of bytes.
    #[error("`{0}` is not a size; write a number of bytes or one with a unit, such as `512MB` or `1GiB`")]
    ByteSize(String),
}
