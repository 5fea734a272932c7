//! Parses times as users write them, relative to a given clock. Days are in UTC, as in the audit log.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::model::Timestamp;

/// A timestamp, or a day with its beginning and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The timestamp, or the beginning of the day.
    pub from: Timestamp,
    /// The timestamp, or the beginning of the next day.
    pub to: Timestamp,
}

/// A string that is not a valid time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid time; expected RFC 3339, a day such as 2026-11-01, `now`, `today`, `yesterday`, or an age: `90s`, `30m`, `2h`, `3d`, `2w`, `6mo`, `1y`"
)]
pub struct WhenError(pub String);

/// Parses `text` relative to the time `now`.
///
/// # Errors
/// When it is not a valid time.
pub fn when(text: &str, now: Timestamp) -> Result<Span, WhenError> {
    let text = text.trim();
    let word = text.to_ascii_lowercase();
    let today = now.to_utc().date_naive();
    let span = match word.as_str() {
        "now" => Some(instant(now.to_utc())),
        "today" => day(today),
        "yesterday" => today.pred_opt().and_then(day),
        _ => None,
    };
    span.or_else(|| Timestamp::parse(text).map(|read| instant(read.timestamp.to_utc())))
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                .and_then(day)
        })
        .or_else(|| ago(word.strip_suffix("ago").unwrap_or(&word).trim_end(), now))
        .ok_or_else(|| WhenError(text.to_owned()))
}

fn instant(at: DateTime<Utc>) -> Span {
    let at = Timestamp::new(at);
    Span { from: at, to: at }
}

fn day(day: NaiveDate) -> Option<Span> {
    let midnight = |day: NaiveDate| Timestamp::new(day.and_time(NaiveTime::MIN).and_utc());
    Some(Span {
        from: midnight(day),
        to: midnight(day.succ_opt()?),
    })
}

fn ago(word: &str, now: Timestamp) -> Option<Span> {
    let unit = word.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = word.split_at(unit);
    // Ids of runs begin with a zero, and are accepted where a time is.
    let number: u32 = (!number.starts_with('0')).then(|| number.parse().ok())??;
    let now = now.to_utc();
    let seconds = |each: i64| TimeDelta::try_seconds(i64::from(number) * each);
    let at = match unit.trim_start() {
        "s" | "sec" | "second" | "seconds" => now.checked_sub_signed(seconds(1)?),
        "m" | "min" | "minute" | "minutes" => now.checked_sub_signed(seconds(60)?),
        "h" | "hour" | "hours" => now.checked_sub_signed(seconds(3_600)?),
        "d" | "day" | "days" => now.checked_sub_days(Days::new(number.into())),
        "w" | "week" | "weeks" => now.checked_sub_days(Days::new(u64::from(number) * 7)),
        "mo" | "month" | "months" => now.checked_sub_months(Months::new(number)),
        "y" | "year" | "years" => now.checked_sub_months(Months::new(number.checked_mul(12)?)),
        _ => None,
    };
    at.map(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, String), WhenError> {
        let now = Timestamp::parse("2026-03-31T10:20:30.5Z")
            .expect("valid")
            .timestamp;
        when(text, now).map(|span| (span.from.to_string(), span.to.to_string()))
    }

    #[test]
    fn timestamps_and_days_are_distinguished() {
        for (text, from, to) in [
            (
                "2026-03-01",
                "2026-03-01T00:00:00.000000Z",
                "2026-03-02T00:00:00.000000Z",
            ),
            (
                "Yesterday",
                "2026-03-30T00:00:00.000000Z",
                "2026-03-31T00:00:00.000000Z",
            ),
            (
                "today",
                "2026-03-31T00:00:00.000000Z",
                "2026-04-01T00:00:00.000000Z",
            ),
            (
                "now",
                "2026-03-31T10:20:30.500000Z",
                "2026-03-31T10:20:30.500000Z",
            ),
            (
                "2026-03-01T08:00:00+08:00",
                "2026-03-01T00:00:00.000000Z",
                "2026-03-01T00:00:00.000000Z",
            ),
            (
                "3d",
                "2026-03-28T10:20:30.500000Z",
                "2026-03-28T10:20:30.500000Z",
            ),
            (
                "2h",
                "2026-03-31T08:20:30.500000Z",
                "2026-03-31T08:20:30.500000Z",
            ),
            (
                "90 minutes ago",
                "2026-03-31T08:50:30.500000Z",
                "2026-03-31T08:50:30.500000Z",
            ),
            (
                "1mo",
                "2026-02-28T10:20:30.500000Z",
                "2026-02-28T10:20:30.500000Z",
            ),
            (
                "1w",
                "2026-03-24T10:20:30.500000Z",
                "2026-03-24T10:20:30.500000Z",
            ),
            (
                "1y",
                "2025-03-31T10:20:30.500000Z",
                "2025-03-31T10:20:30.500000Z",
            ),
        ] {
            assert_eq!(read(text), Ok((from.to_owned(), to.to_owned())), "{text}");
        }
    }

    #[test]
    fn invalid_times_are_rejected() {
        for text in [
            "",
            "soon",
            "3",
            "d",
            "3 parsecs",
            "2026-02-30",
            "99999999999y",
            "4000000000y",
        ] {
            assert_eq!(read(text), Err(WhenError(text.to_owned())), "{text}");
        }
    }
}
