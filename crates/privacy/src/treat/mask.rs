//! Hiding the middle of a text.

use crate::rewrite::{Becomes, rewrite};
use arrow::array::StringArray;

/// Replaces each character by `*`, save the first `first` and the last `last` (`王小明`, 1, 0 → `王**`).
///
/// A value no longer than `first + last` is hidden whole: otherwise nothing of it would be.
pub fn mask(values: &StringArray, first: u8, last: u8) -> StringArray {
    let (first, last) = (usize::from(first), usize::from(last));
    rewrite(values, |value, out| {
        let length = if value.is_ascii() { value.len() } else { value.chars().count() };
        let kept = |i: usize| length > first + last && (i < first || i >= length - last);
        out.extend(value.chars().enumerate().map(|(i, c)| if kept(i) { c } else { '*' }));
        Becomes::Scratch
    })
    .0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_middle_is_hidden() {
        let values = StringArray::from(vec![Some("王小明"), Some("王"), None, Some(""), Some("13187013211")]);
        let expected = vec![Some("王**"), Some("*"), None, Some(""), Some("1**********")];
        assert_eq!(mask(&values, 1, 0), StringArray::from(expected));
        let expected = vec![Some("***"), Some("*"), None, Some(""), Some("131****3211")];
        assert_eq!(mask(&values, 3, 4), StringArray::from(expected));
    }

    proptest! {
        #[test]
        fn shows_no_more_than_asked(value: String, first in 0..9u8, last in 0..9u8) {
            let out = mask(&StringArray::from(vec![value.as_str()]), first, last);
            let out: Vec<char> = out.value(0).chars().collect();
            let value: Vec<char> = value.chars().collect();
            prop_assert_eq!(out.len(), value.len());
            let hidden = out.iter().filter(|&&c| c == '*').count();
            prop_assert!(hidden >= (value.len().saturating_sub(usize::from(first + last))));
            prop_assert!(value.is_empty() || hidden > 0);
        }
    }
}
