//! Time formats without separators.

/// Digits of a format without separators, such as 8 of `%Y%m%d`; `None` for any other. One digit less would be read as
/// another day: `2024111` is 11 January or 1 November.
pub(crate) fn compact_width(format: &str) -> Option<u8> {
    let mut width = 0;
    let mut rest = format;
    while let Some(after) = rest.strip_prefix('%') {
        let letter = after.chars().next()?;
        width += match letter {
            'Y' => 4,
            'y' | 'm' | 'd' | 'H' | 'I' | 'M' | 'S' => 2,
            'j' => 3,
            _ => return None,
        };
        rest = &after[letter.len_utf8()..];
    }
    (rest.is_empty() && width > 0).then_some(width)
}
