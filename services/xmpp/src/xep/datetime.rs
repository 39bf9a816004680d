//! Date-times as text (XEP-0082 1.1, the `DateTime` profile of ISO 8601). What is written can be read back unchanged;
//! what is read is a moment, whatever time zone it was written in.

use domain::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// Appends `at` in UTC, with milliseconds only if there are any: `2026-11-21T11:10:01.250Z`.
pub fn write(at: Timestamp, out: &mut Vec<u8>) {
    let millis = at.0 % 1000;
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX / 2);
    let (year, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
    let of_day = seconds.rem_euclid(DAY_SECONDS);
    digits(out, year, 4);
    for (mark, value) in [(b'-', month), (b'-', day), (b'T', of_day / 3600), (b':', of_day / 60 % 60)] {
        out.push(mark);
        digits(out, value, 2);
    }
    out.push(b':');
    digits(out, of_day % 60, 2);
    if millis != 0 {
        out.push(b'.');
        digits(out, i64::try_from(millis).unwrap_or(0), 3);
    }
    out.push(b'Z');
}

/// `at` in UTC as [`write()`] has it.
pub fn format(at: Timestamp) -> String {
    let mut out = Vec::with_capacity(24);
    write(at, &mut out);
    out.into_iter().map(char::from).collect()
}

/// Reads a `DateTime`; `None` if it is none, has no time zone, or lies before 1970. Digits after the third of a fraction
/// are cut off.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, time) = text.split_once('T')?;
    let days = days_since_1970(date)?;
    let (clock, offset) = split_zone(time)?;
    let (whole, fraction) = match clock.split_once('.') {
        Some((whole, fraction)) => (whole, millis(fraction)?),
        None => (clock, 0),
    };
    let [hours, minutes, seconds] = fields(whole, ':', [2, 2, 2])?;
    // A leap second is shown as 60; it is the first one of the next minute here.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let seconds = days * DAY_SECONDS + hours * 3600 + minutes * 60 + seconds - offset;
    u64::try_from(seconds * 1000 + fraction).ok().map(Timestamp)
}

fn digits(out: &mut Vec<u8>, value: i64, width: u32) {
    // Years beyond 9999 need more places than the profile has; XSD allows them.
    let width = width.max(value.checked_ilog10().map_or(1, |log| log + 1));
    for place in (0..width).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (clock, zone) = time.split_at(at);
    let [hours, minutes] = fields(&zone[1..], ':', [2, 2])?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = hours * 3600 + minutes * 60;
    Some((clock, if zone.starts_with('-') { -offset } else { offset }))
}

fn millis(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    Some(places.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// Numbers of exactly these widths between separators.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut values = [0; N];
    for (value, width) in values.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *value = part.parse().ok()?;
    }
    parts.next().is_none().then_some(values)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the year 1 to the beginning of `year`, in the Gregorian calendar.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days_since_1970(date: &str) -> Option<i64> {
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    if year == 0 || !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    let months: i64 = (1..month).map(|month| month_days(year, month)).sum();
    Some(days_before(year) - days_before(1970) + months + day - 1)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + days_before(1970);
    // 146,097 days are 400 years: the guess is at most one year too low or too high.
    let mut year = days * 400 / 146_097 + 1;
    while days_before(year) > days {
        year -= 1;
    }
    while days_before(year + 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year);
    let mut month = 1;
    while rest >= month_days(year, month) {
        rest -= month_days(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_and_their_texts() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:00:00-01:00", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("1969-07-21T02:56:15Z", u64::MAX),
            ("2002-09-10T23:41:07Z", 1_031_701_267_000),
            ("2002-09-11T01:41:07.123456+02:00", 1_031_701_267_123),
            ("2100-03-01T00:00:00.5Z", 4_107_542_400_500),
        ] {
            let expected = (millis != u64::MAX).then_some(Timestamp(millis));
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(format(Timestamp(1_031_701_267_000)), "2002-09-10T23:41:07Z");
        assert_eq!(format(Timestamp(1_031_701_267_007)), "2002-09-10T23:41:07.007Z");
    }

    #[test]
    fn what_is_no_date_time_is_refused() {
        for text in [
            "",
            "2002-09-10",
            "2002-09-10T23:41:07",
            "2002-9-10T23:41:07Z",
            "2001-02-29T00:00:00Z",
            "2002-13-01T00:00:00Z",
            "2002-09-10T24:00:00Z",
            "2002-09-10T23:41:07.Z",
            "2002-09-10T23:41:07+2:00",
            "2002-09-10T23:41:07+99:00",
            "+002-09-10T23:41:07Z",
            "20020910T23:41:07",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0_u64..253_402_300_800_000) {
            prop_assert_eq!(parse(&format(Timestamp(millis))), Some(Timestamp(millis)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", at: u64) {
            let _ = parse(&text);
            let _ = format(Timestamp(at));
        }
    }
}
