//! Timestamps in UTC with microsecond precision, which every supported database can store.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike as _, NaiveDateTime, SecondsFormat, Utc};

/// A point in time, as whole microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// A parsed timestamp and what was lost or assumed when parsing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampText {
    /// The timestamp, truncated to microseconds.
    pub timestamp: Timestamp,
    /// Offset from UTC in seconds as written; `None` if there is none and UTC was assumed.
    pub offset_seconds: Option<i32>,
    /// Whether digits beyond the microsecond were dropped.
    pub truncated: bool,
}

impl Timestamp {
    /// Truncates `time` to microseconds.
    #[must_use]
    pub fn new(time: DateTime<Utc>) -> Self {
        let micros = time.timestamp_micros();
        Self(DateTime::from_timestamp_micros(micros).unwrap_or(time))
    }

    /// Converts the time of a clock or of a file, truncated to microseconds and clamped to the years 1 to 9999.
    #[must_use]
    pub fn of_system(time: SystemTime) -> Self {
        const FIRST: i64 = -62_135_596_800_000_000;
        const LAST: i64 = 253_402_300_799_999_999;
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(LAST),
            // Round down, so that the order of times is kept.
            Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1_000))
                .map_or(FIRST, |micros| -micros),
        };
        Self::from_micros(micros.clamp(FIRST, LAST)).expect("within the years 1 to 9999")
    }

    /// Converts microseconds since 1970; `None` outside the years 1 to 9999, the range that RFC 3339 and every
    /// supported database can represent.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        let time = DateTime::from_timestamp_micros(micros)?;
        (1..=9999).contains(&time.year()).then_some(Self(time))
    }

    /// Returns the microseconds since 1970.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Converts to chrono's type.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Parses RFC 3339, or ISO 8601 extended format without an offset (`2024-05-01T10:00:00.5`, also with a space
    /// instead of the `T`), which is interpreted as UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<TimestampText> {
        let (time, offset_seconds) = if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
            (
                zoned.with_timezone(&Utc),
                Some(zoned.offset().local_minus_utc()),
            )
        } else {
            let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
                .ok()?;
            (naive.and_utc(), None)
        };
        let timestamp = Self::from_micros(time.timestamp_micros())?;
        Some(TimestampText {
            timestamp,
            offset_seconds,
            truncated: timestamp.0 != time,
        })
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC with six fractional digits; strings of this form sort chronologically.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Timestamp;

    #[test]
    fn every_system_time_becomes_a_timestamp() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.000000Z"),
            (253_402_300_800, "9999-12-31T23:59:59.999999Z"),
            (-62_135_596_801, "0001-01-01T00:00:00.000000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
            (i64::MIN + 1, "0001-01-01T00:00:00.000000Z"),
        ] {
            let distance = Duration::from_secs(i64::unsigned_abs(seconds));
            let time = match seconds < 0 {
                true => UNIX_EPOCH.checked_sub(distance),
                false => UNIX_EPOCH.checked_add(distance),
            };
            let time = time.expect("a time");
            assert_eq!(Timestamp::of_system(time).to_string(), text);
        }
    }

    #[test]
    fn offsets_are_converted_to_utc_and_reported() {
        let read = Timestamp::parse("2024-01-01T00:00:17.123456+08:00").expect("valid");
        assert_eq!(read.timestamp.to_string(), "2023-12-31T16:00:17.123456Z");
        assert_eq!(read.offset_seconds, Some(8 * 3600));
        assert!(!read.truncated);
    }

    #[test]
    fn a_missing_offset_means_utc_and_nanoseconds_are_truncated() {
        let read = Timestamp::parse("2024-01-01T00:00:17.123456789").expect("valid");
        assert_eq!(read.timestamp.to_string(), "2024-01-01T00:00:17.123456Z");
        assert_eq!(read.offset_seconds, None);
        assert!(read.truncated);
    }

    #[test]
    fn invalid_timestamps_are_rejected() {
        let beyond = ["9999-12-31T23:30:00-01:00", "0000-06-01T00:00:00Z"];
        let texts = ["", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01", "17"];
        for text in texts.into_iter().chain(beyond) {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
