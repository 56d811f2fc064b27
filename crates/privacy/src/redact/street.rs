//! European and American postal addresses in a text: a house number with a street's word before or behind its name.

use super::{Found, Kind};

/// The last words of English streets.
const ENDS: [&str; 40] = [
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "place",
    "pl",
    "square",
    "sq",
    "terrace",
    "close",
    "crescent",
    "gardens",
    "row",
    "parkway",
    "pkwy",
    "highway",
    "hwy",
    "way",
    "circle",
    "cir",
    "trail",
    "mews",
    "grove",
    "hill",
    "walk",
    "alley",
    "broadway",
    "esplanade",
    "quay",
    "plaza",
];
/// The first words of French streets.
const FRENCH: [&str; 11] =
    ["rue", "avenue", "boulevard", "bd", "place", "allée", "allee", "impasse", "quai", "chemin", "route"];
/// The first words of Italian, Spanish and Portuguese streets, whose number stands behind.
const SOUTHERN: [&str; 14] = [
    "via", "viale", "piazza", "corso", "vicolo", "calle", "avenida", "plaza", "paseo", "rua", "carrer", "largo",
    "travessa", "strada",
];
/// The ends of German and Dutch streets, whose number stands behind.
const GERMANIC: [&str; 17] = [
    "straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "chaussee", "straat",
    "laan", "plein", "gracht", "steig", "markt",
];
/// Small words inside names.
const PARTICLES: [&str; 18] = [
    "de", "du", "des", "la", "le", "les", "l'", "of", "the", "der", "den", "von", "van", "di", "del", "della", "dei",
    "da",
];
/// Words before flats.
const FLATS: [&str; 9] = ["apt", "apartment", "suite", "ste", "unit", "flat", "floor", "fl", "#"];
/// So many words at most has a name.
const WORDS: usize = 6;

/// A word, cut from a text.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// Appends the addresses in a folded text.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let words = words(text);
    let mut at = 0;
    while at < words.len() {
        match number_first(text, &words, at)
            .or_else(|| number_last(text, &words, at))
            .or_else(|| box_of(text, &words, at))
        {
            Some((first, last)) => {
                let last = town(text, &words, last);
                found.push((words[first].start..words[last].end, Kind::Address));
                at = last + 1;
            }
            None => at += 1,
        }
    }
}

/// The words of a text: what stands between spaces, without the commas and brackets at their ends.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = vec![];
    let mut start = 0;
    let blank =
        |c: char| c.is_whitespace() || (!c.is_alphanumeric() && !matches!(c, '.' | '\'' | '-' | '#' | '’' | '/'));
    // Ideographs are not in words of these languages: they end them.
    let cut = |c: char| !c.is_ascii_alphanumeric() && (matches!(c, '\u{3000}'..='\u{9FFF}') || blank(c));
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if cut(c) {
            if start < at {
                let trimmed = text[start..at].trim_end_matches(['\'', '-', '/']);
                // `St.` has its point, a number at the end of a sentence does not.
                let number = trimmed.starts_with(|c: char| c.is_ascii_digit());
                let trimmed = if number { trimmed.trim_end_matches('.') } else { trimmed };
                if !trimmed.is_empty() {
                    words.push(Word { text: trimmed, start, end: start + trimmed.len() });
                }
            }
            start = at + c.len_utf8();
        }
    }
    words
}

/// Whether nothing but spaces, or one comma, stands between two words.
fn beside(text: &str, a: Word<'_>, b: Word<'_>, comma: bool) -> bool {
    let between = text.get(a.end..b.start).unwrap_or("?");
    let commas = between.matches([',', '\n']).count();
    between.len() <= 3 && between.chars().all(|c| c.is_whitespace() || c == ',') && commas <= usize::from(comma)
}

fn is_house(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = word[digits..].trim_end_matches(['.', ',']);
    (1..=5).contains(&digits)
        && (rest.len() <= 1 && rest.bytes().all(|b| b.is_ascii_alphabetic())
            || matches!(rest, "bis" | "ter")
            || rest
                .strip_prefix(['-', '/'])
                .is_some_and(|r| (1..=4).contains(&r.len()) && r.bytes().all(|b| b.is_ascii_alphanumeric())))
}

fn is_name(word: &str) -> bool {
    let ordinal = word.len() <= 5
        && word.as_bytes()[0].is_ascii_digit()
        && ["st", "nd", "rd", "th"].iter().any(|e| word.ends_with(e));
    ordinal
        || (word.starts_with(char::is_uppercase) && !word.contains('/'))
        || PARTICLES.contains(&word)
        || word.get(..2).is_some_and(|start| matches!(start, "d'" | "l'"))
}

fn one_of(word: &str, list: &[&str]) -> bool {
    let word = word.trim_end_matches('.');
    list.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `221B Baker Street`, `12 bis rue de la Paix`.
fn number_first(text: &str, words: &[Word<'_>], at: usize) -> Option<(usize, usize)> {
    if !is_house(words[at].text) {
        return None;
    }
    let mut next = at + 1;
    if words.get(next).is_some_and(|w| matches!(w.text, "bis" | "ter")) {
        next += 1;
    }
    let first = *words.get(next)?;
    if !beside(text, words[next - 1], first, true) {
        return None;
    }
    if one_of(first.text, &FRENCH) && words.get(next + 1).is_some_and(|w| is_name(w.text)) {
        let mut last = next + 1;
        while last + 1 < words.len()
            && last < next + WORDS
            && is_name(words[last + 1].text)
            && beside(text, words[last], words[last + 1], false)
        {
            last += 1;
        }
        // A name does not end with `de`.
        return (!PARTICLES.contains(&words[last].text)).then_some((at, last));
    }
    let mut last = None;
    for n in next..words.len().min(next + WORDS) {
        if n > next && !beside(text, words[n - 1], words[n], false) {
            break;
        }
        // `5 Star Court` begins with a capital too; `3 ways` does not.
        if n > next && one_of(words[n].text, &ENDS) && words[n].text.starts_with(char::is_uppercase) {
            last = Some(n);
            // `100 Court Street`: the later word is the street's.
            if !words.get(n + 1).is_some_and(|w| one_of(w.text, &ENDS) && w.text.starts_with(char::is_uppercase)) {
                break;
            }
        }
        if !is_name(words[n].text) {
            break;
        }
    }
    // In small letters, one word before the plainest ends: `22 high street`.
    if last.is_none()
        && words.get(next + 1).is_some_and(|end| {
            matches!(end.text.trim_end_matches('.'), "street" | "road" | "avenue" | "lane")
                && beside(text, first, *end, false)
        })
        && first.text.len() > 3
        && first.text.chars().all(char::is_alphabetic)
        && ![
            "this", "that", "each", "every", "mile", "miles", "busy", "side", "long", "more", "year", "years", "week",
            "hour", "minute", "month", "lane", "metre",
        ]
        .contains(&first.text)
    {
        return Some((at, next + 1));
    }
    // `100 Broadway` is a street by itself.
    if last.is_none() && first.text == "Broadway" {
        last = Some(next);
    }
    last.map(|last| (at, last))
}

/// `Musterstraße 5a`, `Via Roma 12`.
fn number_last(text: &str, words: &[Word<'_>], at: usize) -> Option<(usize, usize)> {
    let word = words[at];
    if !word.text.starts_with(char::is_uppercase) {
        return None;
    }
    let lower = word.text.to_lowercase();
    let is_number = |n: usize| words.get(n).is_some_and(|w| is_house(w.text) && beside(text, words[n - 1], *w, true));
    if GERMANIC.iter().any(|end| lower.ends_with(end)) && is_number(at + 1) {
        // `Unter den Linden` has no such end; `Am Alten Markt 3` and `Berliner Straße 3` begin earlier.
        let mut first = at;
        while first > 0
            && at - first < 3
            && beside(text, words[first - 1], words[first], false)
            && (words[first - 1].text.starts_with(char::is_uppercase)
                && words[first - 1].text.chars().all(|c| c.is_alphabetic() || c == '-'))
            && !matches!(words[first - 1].text, "Adresse" | "Address" | "In" | "Ich")
        {
            first -= 1;
        }
        return Some((first, at + 1));
    }
    if one_of(word.text, &SOUTHERN) {
        let mut last = at;
        while last + 1 < words.len()
            && last < at + WORDS
            && is_name(words[last + 1].text)
            && beside(text, words[last], words[last + 1], false)
        {
            last += 1;
        }
        if last > at && is_number(last + 1) {
            return Some((at, last + 1));
        }
    }
    None
}

/// `P.O. Box 123`.
fn box_of(text: &str, words: &[Word<'_>], at: usize) -> Option<(usize, usize)> {
    let first = words[at].text.replace('.', "");
    let number = match first.to_ascii_lowercase().as_str() {
        "po" if words.get(at + 1).is_some_and(|w| w.text.eq_ignore_ascii_case("box")) => at + 2,
        "postfach" => at + 1,
        _ => return None,
    };
    let word = words.get(number)?;
    (word.text.bytes().all(|b| b.is_ascii_digit()) && beside(text, words[number - 1], *word, false))
        .then_some((at, number))
}

/// Goes on over the flat, the town, the state and the postal code behind a street.
fn town(text: &str, words: &[Word<'_>], street: usize) -> usize {
    let mut last = street;
    let next = |last: usize| words.get(last + 1).copied().filter(|w| beside(text, words[last], *w, true));
    if let Some(flat) = next(last).filter(|w| one_of(w.text.trim_start_matches('#'), &FLATS) || w.text.starts_with('#'))
    {
        let alone = flat.text.len() > 1 && flat.text.starts_with('#');
        last += 1;
        if !alone
            && next(last).is_some_and(|w| {
                w.text.len() <= 6 && w.text.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            })
        {
            last += 1;
        }
    }
    // Up to four words of a town, if a postal code stands before or behind.
    let mut end = last;
    for n in last + 1..words.len().min(last + 7) {
        if !beside(text, words[n - 1], words[n], true) {
            break;
        }
        if is_postal(words[n].text) {
            end = n;
            continue;
        }
        // The second half of a British code: `SW1A 2AA`.
        if !words[n].text.starts_with(char::is_uppercase) && !is_half(words[n].text) {
            break;
        }
        if is_half(words[n].text) || (n > 0 && is_postal(words[n - 1].text) && end == n - 1) {
            end = n;
        }
    }
    end
}

/// Five digits, nine with a hyphen, or four with two letters.
fn is_postal(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        4 => word.len() == 4 || word.len() == 6,
        5 => word.len() == 5 || (word.len() == 10 && word.as_bytes()[5] == b'-'),
        _ => false,
    }
}

/// Half of a British postal code: `SW1A`, `2AA`.
fn is_half(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    (2..=4).contains(&word.len()) && digits + capitals == word.len() && digits > 0 && capitals > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn addresses_are_found() {
        for (text, expected) in [
            ("Ship to 221B Baker Street, London NW1 6XE please", "221B Baker Street, London NW1 6XE"),
            (
                "I live at 1600 Amphitheatre Pkwy, Apt 4B, Springfield, IL 62704.",
                "1600 Amphitheatre Pkwy, Apt 4B, Springfield, IL 62704",
            ),
            ("12 W 42nd St.", "12 W 42nd St."),
            ("100 Broadway", "100 Broadway"),
            ("Musterstraße 5a, 10115 Berlin", "Musterstraße 5a, 10115 Berlin"),
            ("Berliner Straße 12", "Berliner Straße 12"),
            ("12 bis rue de la Paix, 75002 Paris", "12 bis rue de la Paix, 75002 Paris"),
            ("Via Roma 12, 00184 Roma", "Via Roma 12, 00184 Roma"),
            ("Calle de Alcalá 50", "Calle de Alcalá 50"),
            ("Keizersgracht 174, 1016 DW Amsterdam", "Keizersgracht 174, 1016 DW"),
            ("P.O. Box 1234", "P.O. Box 1234"),
        ] {
            let found = all(text);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "there are 3 ways to return it",
            "a 20 minute drive",
            "I ordered 2 White Shirts",
            "Order 12345 has not arrived",
            "the 5 Star Rating",
            "via email 3 times",
            "Size 12 Dress",
            "I bought 2 on Black Friday",
        ] {
            assert_eq!(all(text), [""; 0], "{text}");
        }
    }
}
