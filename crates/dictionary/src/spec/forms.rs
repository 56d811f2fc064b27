//! Texts of a certain form: lengths of time, types, sizes, formats.

use crate::model::{DataType, ExactNumber, Fill, Grace, NoticeVersion, Percent, Period, Within};
use crate::nearest::nearest;
use crate::terms::{PLAIN_TYPES, TermError, byte_size};
use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};

/// A form that a text must have.
pub(crate) struct Form {
    /// What one is called, with its article.
    pub name: &'static str,
    /// A regular expression for editors (ECMA-262), as far as one can say it.
    pub pattern: Option<&'static str>,
    /// Texts that have it.
    pub examples: &'static [&'static str],
    /// Whether a plain number is fine too.
    pub numbers: bool,
    /// Says what is wrong with a text, if anything.
    pub check: fn(&str) -> Result<(), Malformed>,
}

/// What is wrong with a text, and what would mend it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// One sentence.
    pub message: String,
    /// What to write.
    pub hint: Option<String>,
}

impl Malformed {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<TermError> for Malformed {
    /// The part after the semicolon of a term's error is what would mend it.
    fn from(error: TermError) -> Self {
        let text = error.to_string();
        match text.split_once("; ") {
            Some((message, hint)) => Self::new(message).hint(hint),
            None => Self::new(text),
        }
    }
}

/// A length of time.
pub(crate) static PERIOD: Form = Form {
    name: "a length of time (ISO 8601, one unit)",
    pattern: Some("^P[0-9]+[YMWD]$"),
    examples: &["P5Y", "P18M", "P30D"],
    numbers: false,
    check: |text| Ok(text.parse::<Period>().map(|_| ())?),
};

/// A calendar day.
pub(crate) static DAY: Form = Form {
    name: "a day (ISO 8601)",
    pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    examples: &["2026-03-01"],
    numbers: false,
    check: |text| match text.parse::<NaiveDate>() {
        Ok(day) if day.to_string() == text => Ok(()),
        Ok(_) | Err(_) => {
            Err(Malformed::new(format!("`{text}` is not a day")).hint("write year, month and day, such as 2026-03-01"))
        }
    },
};

/// A number of days.
pub(crate) static GRACE: Form = Form {
    name: "a number of days (ISO 8601)",
    pattern: Some("^P[0-9]+[DW]$"),
    examples: &["P7D", "P0D", "P2W"],
    numbers: false,
    check: |text| Ok(text.parse::<Grace>().map(|_| ())?),
};

/// A version of a privacy notice.
pub(crate) static NOTICE_VERSION: Form = Form {
    name: "a version of a notice",
    pattern: Some("^[^0-9]*[0-9]+([^0-9]+[0-9]+){0,3}[^0-9]*$"),
    examples: &["3", "v2.1", "2026-03"],
    numbers: true,
    check: |text| Ok(text.parse::<NoticeVersion>().map(|_| ())?),
};

/// An exact decimal number.
pub(crate) static EXACT_NUMBER: Form = Form {
    name: "a number",
    pattern: Some("^-?[0-9]{1,18}(\\.[0-9]{1,9})?$"),
    examples: &["20", "-5", "5000.00"],
    numbers: true,
    check: |text| Ok(text.parse::<ExactNumber>().map(|_| ())?),
};

/// ε of differential privacy.
pub(crate) static EPSILON: Form = Form {
    name: "a number above 0",
    pattern: Some("^[0-9]{1,4}(\\.[0-9]{1,6})?$"),
    examples: &["1", "0.5", "0.1"],
    numbers: true,
    check: |text| match text.parse::<ExactNumber>()?.at_scale(6) {
        Some(1_000..=1_000_000_000) => Ok(()),
        _ => Err(Malformed::new(format!("`{text}` is out of range"))
            .hint("write a number from 0.001 to 1000 with at most six digits after the point, such as 1.0")),
    },
};

/// δ of differential privacy.
pub(crate) static DELTA: Form = Form {
    name: "a small probability",
    pattern: Some("^0?\\.[0-9]+$|^[0-9.]+[eE]-[0-9]{1,2}$"),
    examples: &["0.000001", "1e-9"],
    numbers: true,
    check: |text| match text.parse::<f64>() {
        Ok(delta) if (1e-30..0.001).contains(&delta) => Ok(()),
        _ => Err(Malformed::new(format!("`{text}` is no small probability")).hint(
            "write a number above 0 and below 0.001, such as 0.000001; a row of one person is shown with this chance",
        )),
    },
};

/// A type.
pub(crate) static DATA_TYPE: Form = Form {
    name: "a type",
    pattern: Some("^(string|integer|double|boolean|date|timestamp|decimal ?\\( *[0-9]{1,2} *, *[0-9]{1,2} *\\))$"),
    examples: &["string", "integer", "double", "decimal(12, 2)", "boolean", "date", "timestamp"],
    numbers: false,
    check: |text| match text.parse::<DataType>() {
        Ok(_) => Ok(()),
        Err(error) => {
            let malformed = Malformed::from(error);
            let meant = match text.to_lowercase().as_str() {
                "text" | "varchar" | "utf8" => Some("string"),
                "int" | "bigint" | "long" => Some("integer"),
                "float" | "real" | "number" => Some("double"),
                "datetime" | "time" | "instant" => Some("timestamp"),
                "numeric" | "money" | "decimal" => Some("decimal(12, 2)"),
                _ => nearest(text, PLAIN_TYPES.iter().map(|(word, _)| *word)),
            };
            Err(match meant {
                Some(meant) => malformed.hint(format!("did you mean `{meant}`?")),
                None => malformed,
            })
        }
    },
};

/// A number of bytes.
pub(crate) static BYTE_SIZE: Form = Form {
    name: "a size in bytes",
    pattern: Some("^[0-9]+ ?(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)?$"),
    examples: &["1GiB", "512MB"],
    numbers: true,
    check: |text| Ok(byte_size(text).map(|_| ())?),
};

/// The type of a field: a type, or `json`.
pub(crate) static FIELD_TYPE: Form = Form {
    name: "a type",
    pattern: Some("^(string|integer|double|boolean|date|timestamp|json|decimal ?\\( *[0-9]{1,2} *, *[0-9]{1,2} *\\))$"),
    examples: &["string", "integer", "double", "decimal(12, 2)", "boolean", "date", "timestamp", "json"],
    numbers: false,
    check: |text| if text == JSON_TYPE { Ok(()) } else { (DATA_TYPE.check)(text) },
};

/// The type of fields whose values may be objects or arrays.
pub(crate) const JSON_TYPE: &str = "json";

/// The word for runs of spaces between two CSV values.
pub(crate) const SPACES: &str = "spaces";

/// What is between two CSV values: a single ASCII character, or runs of spaces.
pub(crate) static DELIMITER: Form = Form {
    name: "a separator: one ASCII character, or `spaces`",
    pattern: Some("^([\\t !#-/:-@\\[-`{-~]|spaces)$"),
    examples: &[",", ";", "|", "\t", "spaces"],
    numbers: false,
    check: |text| match text.as_bytes() {
        _ if text == SPACES => Ok(()),
        [b'\t' | b' '] => Ok(()),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' => Ok(()),
        _ => Err(Malformed::new("a separator is one ASCII sign, or `spaces`")
            .hint("write `\",\"`, `\";\"`, `\"|\"`, `\"\\t\"` or `spaces`")),
    },
};

/// A share of rows.
pub(crate) static PERCENT: Form = Form {
    name: "a share: a number and `%`",
    pattern: Some("^[0-9]{1,3}(\\.[0-9]{1,4})? ?%$"),
    examples: &["1%", "0.5%", "90%"],
    numbers: false,
    check: |text| Ok(text.parse::<Percent>().map(|_| ())?),
};

/// A length of time of hours or days.
pub(crate) static WITHIN: Form = Form {
    name: "a length of time (ISO 8601, one unit)",
    pattern: Some("^P([0-9]+D|T[0-9]+[SMH])$"),
    examples: &["PT30M", "PT2H", "P7D"],
    numbers: false,
    check: |text| Ok(text.parse::<Within>().map(|_| ())?),
};

/// A robust z-score.
pub(crate) static SCORE: Form = Form {
    name: "a number above 0",
    pattern: Some("^[0-9]{1,4}(\\.[0-9]{1,3})?$"),
    examples: &["3.5", "5"],
    numbers: true,
    check: |text| match text.parse::<ExactNumber>()?.at_scale(3) {
        Some(1..=1_000_000) => Ok(()),
        _ => Err(Malformed::new(format!("`{text}` is out of range"))
            .hint("write a number from 0.001 to 1000 with at most three digits after the point, such as 3.5")),
    },
};

/// Where an empty value comes from.
pub(crate) static FILL: Form = Form {
    name: "`down within` and a column, or `none`",
    pattern: Some("^(none|down +within +[^ ,][^,]*(, *[^ ,][^,]*)*)$"),
    examples: &["down within order_no", "down within shop_code, order_no", "none"],
    numbers: false,
    check: |text| match text.parse::<Fill>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Malformed::new(format!("`{text}` does not say where an empty value comes from"))
            .hint("write `down within` and the column that is the same on all lines of one order, or `none`")),
    },
};

/// The name of a rule.
pub(crate) static RULE_NAME: Form = Form {
    name: "a name in ASCII snake_case",
    pattern: Some("^[a-z][a-z0-9_]{0,62}$"),
    examples: &["paid_after_created"],
    numbers: false,
    check: |text| {
        let tail = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        match text.as_bytes() {
            [first, rest @ ..] if first.is_ascii_lowercase() && rest.len() < 63 && rest.iter().all(|b| tail(*b)) => {
                Ok(())
            }
            _ => Err(Malformed::new(format!("`{text}` is no name of a rule"))
                .hint("write lower-case ASCII letters, digits and underscores, a letter first")),
        }
    },
};

/// A column of another dataset.
pub(crate) static REFERENCE: Form = Form {
    name: "a column of a dataset: `dataset.column`",
    pattern: Some("^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$"),
    examples: &["products.sku"],
    numbers: false,
    check: |text| match text.split_once('.') {
        Some((dataset, column)) if !dataset.is_empty() && !column.is_empty() && !column.contains('.') => Ok(()),
        _ => Err(Malformed::new(format!("`{text}` names no column of a dataset"))
            .hint("write the dataset, a point and the column, such as `products.sku`")),
    },
};

/// The words for time formats that `strftime` cannot say.
pub(crate) const TIME_WORDS: [&str; 7] =
    ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "excel", "excel_1904", "chinese"];

/// How times are written.
pub(crate) static TIME_FORMAT: Form = Form {
    name: "a time format: chrono `strftime` specifiers (`%p` also reads 上午 and 下午, `%Z` an IANA name), `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` (counted from 1970), `excel` or `excel_1904` (serial days), `chinese` (2024年5月1日 下午3:05)",
    pattern: Some("^(epoch_(s|ms|us|ns)|excel(_1904)?|chinese|.*%.+)$"),
    examples: &["%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "epoch_ms", "chinese"],
    numbers: false,
    check: |text| {
        if TIME_WORDS.contains(&text) {
            return Ok(());
        }
        let hint = "write specifiers such as `%Y-%m-%d %H:%M:%S`, or `epoch_ms`, `excel`, `chinese`";
        if text.trim_end_matches("%Z").contains("%Z") || text == "%Z" {
            return Err(Malformed::new(format!("`{text}` names a zone before its end")).hint("write `%Z` last"));
        }
        let mut specifiers = 0;
        for item in StrftimeItems::new(text) {
            match item {
                Item::Error => {
                    return Err(Malformed::new(format!("`{text}` holds a specifier that does not exist")).hint(hint));
                }
                Item::Numeric(..) | Item::Fixed(_) => specifiers += 1,
                _ => {}
            }
        }
        if specifiers == 0 {
            return Err(Malformed::new(format!("`{text}` is not a time format")).hint(hint));
        }
        Ok(())
    },
};

/// A cron expression.
pub(crate) static SCHEDULE: Form = Form {
    name: "a cron expression: minute, hour, day of month, month, day of week",
    pattern: Some("^\\S+ +\\S+ +\\S+ +\\S+ +\\S+$"),
    examples: &["0 3 * * *", "*/15 8-20 * * 1-5"],
    numbers: false,
    check: |text| {
        let sound = |field: &str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-".contains(c));
        if text.split_whitespace().count() == 5 && text.split_whitespace().all(sound) {
            return Ok(());
        }
        Err(Malformed::new(format!("`{text}` is not a cron expression"))
            .hint("write five fields: minute, hour, day of month, month, day of week, such as `0 3 * * *`"))
    },
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn examples_have_the_form_they_are_examples_of() {
        let all = [
            &PERIOD,
            &DAY,
            &GRACE,
            &NOTICE_VERSION,
            &EXACT_NUMBER,
            &EPSILON,
            &DELTA,
            &DATA_TYPE,
            &FIELD_TYPE,
            &BYTE_SIZE,
            &DELIMITER,
            &TIME_FORMAT,
            &SCHEDULE,
            &PERCENT,
            &WITHIN,
            &SCORE,
            &RULE_NAME,
            &REFERENCE,
            &FILL,
        ];
        for form in all {
            for example in form.examples {
                assert_eq!((form.check)(example), Ok(()), "{}: {example:?}", form.name);
            }
            assert!((form.check)("").is_err(), "{}", form.name);
        }
    }

    #[test]
    fn a_type_of_another_dialect_is_recognised() {
        for (text, hint) in [("text", "string"), ("int", "integer"), ("Date", "date"), ("timestmp", "timestamp")] {
            assert_eq!((DATA_TYPE.check)(text).unwrap_err().hint, Some(format!("did you mean `{hint}`?")));
        }
        assert!((DATA_TYPE.check)("decimal(50,2)").unwrap_err().hint.unwrap().starts_with("a decimal has 1 to 38"));
    }

    #[test]
    fn time_formats_are_checked_specifier_by_specifier() {
        assert_eq!((TIME_FORMAT.check)("%d.%m.%Y %H:%M"), Ok(()));
        assert_eq!((TIME_FORMAT.check)("%Y年%m月%d日"), Ok(()));
        assert!((TIME_FORMAT.check)("%Y-%Q").unwrap_err().message.contains("does not exist"));
        assert!((TIME_FORMAT.check)("yyyy-MM-dd").unwrap_err().message.contains("not a time format"));
    }

    #[test]
    fn numbers_of_noise_have_their_ranges() {
        for text in ["0", "0.0001", "-1", "1000.1", "0.1234567", "1e3", "ε"] {
            assert!((EPSILON.check)(text).is_err(), "{text:?}");
        }
        for text in ["0", "0.5", "0.001", "-0.001", "1e-40", "NaN", "inf"] {
            assert!((DELTA.check)(text).is_err(), "{text:?}");
        }
        for text in ["", "1.", ".5", "1e3", "1_000", "1234567890123456789", "0.1234567890"] {
            assert!((EXACT_NUMBER.check)(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn separators_and_schedules() {
        for text in ["\"", "ab", "a", "1", "，", "\n"] {
            assert!((DELIMITER.check)(text).is_err(), "{text:?}");
        }
        for text in ["0 3 * *", "@daily", "0 3 * * * *", "0 3 ? * ;"] {
            assert!((SCHEDULE.check)(text).is_err(), "{text:?}");
        }
    }
}
