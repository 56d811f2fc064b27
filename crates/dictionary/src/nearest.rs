//! "Did you mean": the known word that was probably meant.

/// Finds the known word nearest to `word`, if one is near enough to have been meant.
///
/// Near enough is: the same but for case, or at most one edit (insertion, deletion, replacement,
/// neighbours swapped) for every three characters of the longer word, and at least one for words of two or
/// more. Among equally near words the first wins.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 80;
    let meant = word.trim().to_lowercase().replace(['-', ' '], "_");
    let length = meant.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        let lower = candidate.to_lowercase();
        let longer = length.max(lower.chars().count());
        if longer > LONGEST {
            continue;
        }
        let allowed = if longer < 2 { 0 } else { (longer / 3).max(1) };
        let distance = strsim::damerau_levenshtein(&meant, &lower);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, word)| word)
}

/// The hint for a word that is not known: the nearest one, or else all of them, or else `otherwise`.
pub(crate) fn hint_for<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    const FEW: usize = 24;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(meant) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    match known.len() {
        0 => otherwise.to_owned(),
        1..=FEW => format!("known: {}", quoted(known)),
        _ => otherwise.to_owned(),
    }
}

/// Words in backticks with commas between.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["label", "meaning", "time_zone", "手机号"];
        let near = |word| nearest(word, known.iter().copied());
        assert_eq!(near("lable"), Some("label"));
        assert_eq!(near("LABEL"), Some("label"));
        assert_eq!(near("time-zone"), Some("time_zone"));
        assert_eq!(near("手机"), Some("手机号"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(""), None);
    }

    #[test]
    fn nearer_beats_earlier() {
        assert_eq!(nearest("member_no", ["member_id", "member_no2"].into_iter()), Some("member_no2"));
        assert_eq!(nearest("ab", ["ac", "ad"].into_iter()), Some("ac"));
    }

    #[test]
    fn a_single_letter_is_near_nothing_else() {
        assert_eq!(nearest("x", ["y"].into_iter()), None);
        assert_eq!(nearest("X", ["x"].into_iter()), Some("x"));
    }

    #[test]
    fn a_hint_lists_few_words_and_spares_the_reader_many() {
        assert_eq!(hint_for("zz", ["alpha", "beta"], "none"), "known: `alpha`, `beta`");
        assert_eq!(hint_for("zz", [], "declare one"), "declare one");
        let many: Vec<String> = (0..40).map(|n| format!("word_number_{n}")).collect();
        assert_eq!(hint_for("zz", many.iter().map(String::as_str), "see the list"), "see the list");
    }
}
