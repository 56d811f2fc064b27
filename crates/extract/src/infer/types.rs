//! The type of a column and how its values are written.

use super::answer::{Answer, quoted_placeholder};
use super::census::Census;
use super::meanings::Meaning;
use super::profile::{Profile, Shape};
use super::yaml::scalar;

/// The share of values that has to be of a type: the others would go to quarantine.
pub(super) const NEARLY_ALL: f64 = 0.95;
/// Digits after the point from which on a number is taken for one of binary arithmetic.
const NOISE: u8 = 9;
/// Whole numbers of more digits do not fit an integer.
const INTEGER_DIGITS: u8 = 18;
/// Words for missing values that may as well be a word of a list of codes.
const WORDS_OF_CODES: [&str; 6] = ["unknown", "未知", "?", "-", "--", "空"];

/// The type of a column, as the dictionary writes it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ColumnType {
    pub name: String,
    pub time_format: Option<Answer>,
    pub number_format: Option<Answer>,
    pub unit: Option<Answer>,
    pub null_values: Vec<&'static str>,
    pub notes: Vec<String>,
}

/// A column's counts, read together.
pub(super) struct Column<'a> {
    pub name: &'a str,
    pub census: &'a Census,
    pub profile: &'a Profile,
    /// Whether the file is not of a place that writes traditional characters.
    pub simplified: bool,
}

impl Column<'_> {
    /// Values that are none of the words for missing ones.
    fn present(&self) -> u64 {
        self.census.values - self.census.null_words().1.min(self.census.values)
    }

    /// Whether so many of all values are nearly all; of a handful one may be spoiled.
    fn nearly_all(&self, count: u64) -> bool {
        let present = self.present();
        present > 0 && (count as f64 >= NEARLY_ALL * present as f64 || (present >= 5 && count + 1 >= present))
    }

    /// The same of the values looked at closely.
    fn nearly_all_looked_at(&self, count: u64) -> bool {
        let share = self.present() as f64 / self.census.values.max(1) as f64;
        let present = self.profile.values as f64 * share;
        present > 0.0 && (count as f64 >= NEARLY_ALL * present || (present >= 5.0 && count as f64 + 1.001 >= present))
    }

    /// Whether the values are a list of codes: few, and each comes again.
    pub fn is_code(&self) -> bool {
        const CODES: u64 = 60;
        let distinct = self.census.distinct();
        distinct <= CODES && distinct as f64 <= 0.2 * self.census.values as f64
    }

    /// The same of a column that is called a state or type: a few words are enough.
    pub fn is_named_code(&self) -> bool {
        const WORDS: u64 = 12;
        let distinct = self.census.distinct();
        self.is_code() || (distinct <= WORDS && 2 * distinct <= self.census.values)
    }

    /// Whether the values are days or times in another form than a count.
    pub fn has_times(&self) -> bool {
        let times = &self.profile.times;
        let written = times.most_frequent().filter(|(f, _)| f.contains(['/', '.', '年', ':', '-']) || *f == "chinese");
        self.nearly_all_looked_at((times.iso_days + times.iso_times).max(written.map_or(0, |(_, count)| count)))
    }

    /// Whether nearly all values are plain numbers.
    pub fn is_numeric(&self) -> bool {
        self.nearly_all(self.census.decimals + self.census.exponents)
    }

    /// Whether the numbers are whole, though a program that knows no whole numbers wrote them: `17850.0`.
    pub fn is_whole_with_point(&self) -> bool {
        let census = self.census;
        self.nearly_all(census.decimals) && census.scale == 0 && census.written_scale > 0
    }
}

/// What type a column has.
pub(super) fn column_type(guess: Option<Meaning>, column: &Column<'_>) -> ColumnType {
    let mut found = find(guess, column);
    let (words, count) = column.census.null_words();
    if count > 0 {
        let is_text = found.name == "string";
        found.null_values = words.into_iter().filter(|word| !is_text || !WORDS_OF_CODES.contains(word)).collect();
        // In a text, the word of a language is one of its words.
        if is_text && !column.is_code() {
            found.null_values.clear();
        }
    }
    if column.census.other_digits > 0 && found.name == "string" {
        found.notes.push(format!(
            "{} values have digits that are not 0 to 9; such are no numbers until the export writes 0 to 9",
            column.census.other_digits
        ));
    }
    found
}

fn named(name: &str) -> ColumnType {
    ColumnType { name: name.to_owned(), ..ColumnType::default() }
}

fn find(guess: Option<Meaning>, column: &Column<'_>) -> ColumnType {
    let (census, profile) = (column.census, column.profile);
    if profile.count(Shape::Nested) > 0 && column.nearly_all_looked_at(profile.count(Shape::Nested)) {
        return named("json");
    }
    match guess {
        Some(
            Meaning::Phone
            | Meaning::Email
            | Meaning::PersonName
            | Meaning::Nickname
            | Meaning::ResidentId
            | Meaning::BankCard
            | Meaning::PersonId
            | Meaning::UnionId
            | Meaning::OpenId
            | Meaning::DeviceId
            | Meaning::AnyId
            | Meaning::Household
            | Meaning::Network
            | Meaning::Gender
            | Meaning::Address
            | Meaning::PostalCode
            | Meaning::FreeText
            | Meaning::ThingId,
        ) => return named("string"),
        Some(
            Meaning::BirthDate
            | Meaning::Demographic
            | Meaning::Health
            | Meaning::Body
            | Meaning::Province
            | Meaning::City
            | Meaning::Country
            | Meaning::Latitude
            | Meaning::Longitude
            | Meaning::Money
            | Meaning::Count
            | Meaning::Code
            | Meaning::Consent
            | Meaning::EventTime
            | Meaning::LineNo,
        )
        | None => {}
    }
    if let Some(found) = temporal(guess, column) {
        return found;
    }
    if census.leading_zeros > 0 {
        return named("string");
    }
    if census.forms.numbers > 0 && column.nearly_all(census.decimals + census.exponents + census.forms.numbers) {
        return written_number(guess, column);
    }
    if matches!(guess, Some(Meaning::Latitude | Meaning::Longitude)) && column.is_numeric() {
        return named("double");
    }
    if guess == Some(Meaning::Money) && column.is_numeric() {
        return money(column, Vec::new());
    }
    if column.nearly_all_looked_at(profile.count(Shape::Boolean)) {
        return named("boolean");
    }
    if column.nearly_all(census.integers) || column.is_whole_with_point() {
        return named(if census.whole_digits <= INTEGER_DIGITS { "integer" } else { "string" });
    }
    if census.exponents == 0 && census.scale <= NOISE && column.nearly_all(census.decimals) {
        // `2.50` is written with two digits, whatever they are.
        return named(&decimal(census.whole_digits, census.written_scale.min(NOISE)));
    }
    named(if column.is_numeric() { "double" } else { "string" })
}

fn temporal(guess: Option<Meaning>, column: &Column<'_>) -> Option<ColumnType> {
    let times = &column.profile.times;
    let timely = matches!(guess, Some(Meaning::EventTime | Meaning::BirthDate));
    if column.nearly_all_looked_at(times.iso_days + times.iso_times) {
        let instants = times.iso_times * 20 > times.iso_days;
        return Some(named(if instants { "timestamp" } else { "date" }));
    }
    if let Some((unit, count)) = times.epoch()
        && column.nearly_all_looked_at(count)
        && (timely || (guess.is_none() && unit != "epoch_s"))
    {
        return Some(ColumnType { time_format: Some(Answer::found(unit)), ..named("timestamp") });
    }
    let (format, count) = times.most_frequent()?;
    // Eight digits may as well be a number.
    if !column.nearly_all_looked_at(count) || (!timely && column.nearly_all(column.census.integers)) {
        return None;
    }
    let kind = if format.contains(['H', 'I']) || format == "chinese" { "timestamp" } else { "date" };
    let assumed = scalar(format);
    let time_format = match times.rival(format) {
        None => Answer::found(assumed),
        Some(rival) => {
            let question = format!("{format} or {rival}; all values looked at fit both");
            Answer::open(assumed, &question)
        }
    };
    Some(ColumnType { time_format: Some(time_format), ..named(kind) })
}

/// A number with thousands, a currency, a decimal comma.
fn written_number(guess: Option<Meaning>, column: &Column<'_>) -> ColumnType {
    let census = column.census;
    let form = census.forms.found(column.simplified);
    let digits = census.forms.digits.max(census.whole_digits);
    let mut keys = form.keys.clone();
    let assumed = format!("{{ {} }}", keys.join(", "));
    let mut written = assumed.clone();
    if let ([first, _, ..], true) = (form.currencies.as_slice(), !keys.is_empty()) {
        let question = format!("the currency: {}", form.currencies.join(" or "));
        for key in keys.iter_mut().filter(|key| **key == format!("currency: {first}")) {
            *key = format!("currency: {}", quoted_placeholder(&question));
        }
        written = format!("{{ {} }}", keys.join(", "));
    }
    if form.is_ambiguous {
        written = quoted_placeholder(
            "{ group: comma } if 1,234 is a thousand and more, { decimal: comma } if it is less than two",
        );
    }
    let number_format = Some(Answer { written, assumed });
    let whole = digits.saturating_sub(form.scale);
    if guess == Some(Meaning::Money) || !form.currencies.is_empty() {
        return ColumnType { number_format, ..money(column, form.currencies) };
    }
    let scale = if form.is_percent { form.scale + 2 } else { form.scale.max(census.scale) };
    let name = match scale {
        0 if whole <= INTEGER_DIGITS => "integer".to_owned(),
        scale => decimal(whole.max(1), scale),
    };
    ColumnType { number_format, ..named(&name) }
}

/// An amount of money, in one of the currencies.
fn money(column: &Column<'_>, currencies: Vec<&'static str>) -> ColumnType {
    let census = column.census;
    let form = census.forms.found(column.simplified);
    let seen = census.scale.max(if census.forms.numbers > 0 { form.scale } else { 0 });
    // Beyond that it is noise of binary arithmetic, which the reader rounds away.
    let scale = if seen > NOISE { 2 } else { seen.max(2) };
    let whole = census.whole_digits.max(census.forms.digits);
    let unit = match currencies.as_slice() {
        [code] => Answer::found(*code),
        [] => Answer::open("CNY", "the currency, such as CNY; none if it is no amount of money: then remove the line"),
        several => Answer::open(several[0], &format!("the currency: {}", several.join(" or "))),
    };
    ColumnType { unit: Some(unit), ..named(&decimal(whole, scale)) }
}

/// A decimal type: the digits seen, and room for as many orders of magnitude as money grows by.
fn decimal(whole: u8, scale: u8) -> String {
    let scale = scale.min(36);
    format!("decimal({}, {scale})", (whole.max(8) + 2 + scale).min(38))
}
