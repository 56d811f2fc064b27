//! Maps a column of texts value by value, copying nothing while nothing changes.

use arrow::array::{Array, StringArray, StringBuilder};

/// What becomes of one value.
pub(crate) enum Becomes<'a> {
    /// This part of it, or all of it.
    Part(&'a str),
    /// What was written to the scratch text.
    Scratch,
    /// Null, because it says nothing.
    Null,
    /// Null, because it is not what it should be: its row is reported.
    Invalid,
}

/// Maps every value that is not null; also returns the rows that were invalid, ascending.
///
/// The function gets a value and an empty scratch text. If all values stay as they are, the column itself is returned.
pub(crate) fn rewrite(
    values: &StringArray,
    mut f: impl for<'a> FnMut(&'a str, &mut String) -> Becomes<'a>,
) -> (StringArray, Vec<usize>) {
    rewrite_rows(values, |_, value, scratch| f(value, scratch))
}

/// As [`rewrite`], with the number of the row.
pub(crate) fn rewrite_rows(
    values: &StringArray,
    mut f: impl for<'a> FnMut(usize, &'a str, &mut String) -> Becomes<'a>,
) -> (StringArray, Vec<usize>) {
    let mut out: Option<StringBuilder> = None;
    let mut invalid = vec![];
    let mut scratch = String::new();
    for row in 0..values.len() {
        if values.is_null(row) {
            if let Some(out) = &mut out {
                out.append_null();
            }
            continue;
        }
        let value = values.value(row);
        scratch.clear();
        let becomes = f(row, value, &mut scratch);
        if let (None, Becomes::Part(part)) = (&out, &becomes)
            && part.len() == value.len()
        {
            continue;
        }
        let out = out.get_or_insert_with(|| start(values, row));
        match becomes {
            Becomes::Part(part) => out.append_value(part),
            Becomes::Scratch => out.append_value(&scratch),
            Becomes::Null => out.append_null(),
            Becomes::Invalid => {
                invalid.push(row);
                out.append_null();
            }
        }
    }
    (out.map_or_else(|| values.clone(), |mut out| out.finish()), invalid)
}

/// Begins a column with the first rows of another, with room for all of its rows.
fn start(values: &StringArray, rows: usize) -> StringBuilder {
    let offsets = values.value_offsets();
    let bytes = (offsets[values.len()] - offsets[0]) as usize;
    // Phones gain a country code: three bytes a row.
    let mut out = StringBuilder::with_capacity(values.len(), bytes + 3 * values.len());
    for row in 0..rows {
        out.append_option(values.is_valid(row).then(|| values.value(row)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_first_letter(values: &StringArray) -> (StringArray, Vec<usize>) {
        rewrite(values, |value, scratch| match value.as_bytes().first() {
            None => Becomes::Null,
            Some(b'!') => Becomes::Invalid,
            Some(b'^') => {
                scratch.push_str(&value.to_uppercase());
                Becomes::Scratch
            }
            Some(_) => Becomes::Part(value.trim_end()),
        })
    }

    #[test]
    fn every_outcome_lands_in_its_row() {
        let values =
            StringArray::from(vec![Some("a"), None, Some("b"), Some(""), Some("!c"), None, Some("^d"), Some("e ")]);
        let (out, invalid) = by_first_letter(&values);
        let expected = vec![Some("a"), None, Some("b"), None, None, None, Some("^D"), Some("e")];
        assert_eq!((out, invalid), (StringArray::from(expected), vec![4]));
        let (out, invalid) = by_first_letter(&values.slice(2, 3));
        assert_eq!((out, invalid), (StringArray::from(vec![Some("b"), None, None]), vec![2]));
    }

    #[test]
    fn nothing_is_copied_while_nothing_changes() {
        let values = StringArray::from(vec![Some("a"), None, Some("b")]);
        let (out, invalid) = by_first_letter(&values);
        assert_eq!(out.values().as_ptr(), values.values().as_ptr());
        assert_eq!((out, invalid), (values, vec![]));
    }
}
