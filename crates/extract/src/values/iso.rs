//! Days and times in ISO 8601.

use super::time::{Moment, clock, day_of, two};
use super::zone::DAY;

/// ISO 8601: `2024-05-01`, `2024-05-01T08:03[:07[.123456789]]` (or a space for the `T`), then nothing,
/// `Z`, `±hh`, `±hhmm` or `±hh:mm`.
pub(super) fn iso(text: &[u8]) -> Option<Moment> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] = text else {
        return None;
    };
    let year = two(&[*y1, *y2])? * 100 + two(&[*y3, *y4])?;
    let day = day_of(year as i32, two(&[*m1, *m2])?, two(&[*d1, *d2])?)?;
    let [b'T' | b't' | b' ', h1, h2, b':', i1, i2, rest @ ..] = rest else {
        return rest.is_empty().then_some(Moment::Day(day));
    };
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (two(&[*s1, *s2])?, rest),
        _ => (0, rest),
    };
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            // What is finer than a microsecond is cut off.
            let micros =
                rest[..digits].iter().chain([b'0'; 6].iter()).take(6).fold(0i64, |n, b| n * 10 + i64::from(b - b'0'));
            (micros, &rest[digits..])
        }
        _ => (0, rest),
    };
    let local = i64::from(day) * DAY + clock(two(&[*h1, *h2])?, two(&[*i1, *i2])?, second)? + fraction;
    let (sign, hours, minutes) = match rest {
        [] => return Some(Moment::Local(local)),
        [b'Z' | b'z'] => (1, 0, 0),
        [sign @ (b'+' | b'-'), h1, h2] => (if *sign == b'-' { -1 } else { 1 }, two(&[*h1, *h2])?, 0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (if *sign == b'-' { -1 } else { 1 }, two(&[*h1, *h2])?, two(&[*m1, *m2])?)
        }
        _ => return None,
    };
    Some(Moment::Instant(local - sign * clock(hours, minutes, 0)?))
}
