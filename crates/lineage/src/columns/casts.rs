//! Casts that leave the value as it is.

use datafusion::arrow::datatypes::DataType;

/// True where a cast from `from` to `to` cannot change a value, only its physical layout or width:
/// such casts are what type coercion puts around the inputs of a `UNION` or a join, and a value
/// is not transformed by them.
pub(super) fn keeps_value(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Dictionary(_, from), to) => keeps_value(from, to),
        (from, DataType::Dictionary(_, to)) => keeps_value(from, to),
        (from, to) if from == to => true,
        (from, to) if is_text(from) => is_text(to),
        (from, to) if is_bytes(from) => is_bytes(to),
        (DataType::Float16, DataType::Float32 | DataType::Float64)
        | (DataType::Float32, DataType::Float64)
        | (DataType::Date32, DataType::Date64) => true,
        // Digits may be added on both sides of the point, and taken away on neither.
        (
            DataType::Decimal32(from, from_scale)
            | DataType::Decimal64(from, from_scale)
            | DataType::Decimal128(from, from_scale)
            | DataType::Decimal256(from, from_scale),
            DataType::Decimal32(to, to_scale)
            | DataType::Decimal64(to, to_scale)
            | DataType::Decimal128(to, to_scale)
            | DataType::Decimal256(to, to_scale),
        ) => from_scale <= to_scale && before_the_point(*from, *from_scale) <= before_the_point(*to, *to_scale),
        (from, to) => match (integer(from), integer(to)) {
            (Some((false, from)), Some((true, to))) => from < to,
            (Some((from_signed, from)), Some((to_signed, to))) => from_signed == to_signed && from <= to,
            _ => false,
        },
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn before_the_point(precision: u8, scale: i8) -> i16 {
    i16::from(precision) - i16::from(scale)
}

/// Whether signed, and how many bits wide.
fn integer(data_type: &DataType) -> Option<(bool, u8)> {
    Some(match data_type {
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        DataType::Int64 => (true, 64),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_is_kept_narrower_is_not() {
        assert!(keeps_value(&DataType::Int32, &DataType::Int64));
        assert!(keeps_value(&DataType::UInt32, &DataType::Int64));
        assert!(keeps_value(&DataType::Float32, &DataType::Float64));
        assert!(!keeps_value(&DataType::Int64, &DataType::Int32));
        assert!(!keeps_value(&DataType::UInt64, &DataType::Int64));
        assert!(!keeps_value(&DataType::Int32, &DataType::UInt64));
        assert!(!keeps_value(&DataType::Int64, &DataType::Float64));
    }

    #[test]
    fn decimals_may_grow_at_both_ends() {
        let seven = DataType::Decimal128(7, 2);
        assert!(keeps_value(&seven, &DataType::Decimal128(15, 2)));
        assert!(keeps_value(&seven, &DataType::Decimal256(9, 4)));
        assert!(!keeps_value(&seven, &DataType::Decimal128(8, 4)), "five digits before the point do not fit");
        assert!(!keeps_value(&seven, &DataType::Decimal128(15, 1)));
        assert!(!keeps_value(&seven, &DataType::Float64));
    }

    #[test]
    fn text_stays_text() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        assert!(keeps_value(&DataType::Utf8, &DataType::Utf8View));
        assert!(keeps_value(&dictionary, &DataType::LargeUtf8));
        assert!(keeps_value(&DataType::Utf8, &dictionary));
        assert!(!keeps_value(&DataType::Utf8, &DataType::Int64));
        assert!(!keeps_value(&DataType::Int64, &DataType::Utf8));
        assert!(!keeps_value(&DataType::Binary, &DataType::Utf8));
    }
}
