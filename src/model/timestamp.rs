//! Instants in UTC to the microsecond: the precision every supported database keeps.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDateTime, SecondsFormat, Utc};

/// An instant as whole microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// What a timestamp text says beyond the instant, so that the caller can count what was lost or assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampText {
    /// The instant, cut to microseconds.
    pub instant: Timestamp,
    /// Offset from UTC in seconds as written; `None` when the text has none and UTC was assumed.
    pub offset_seconds: Option<i32>,
    /// Whether digits beyond the microsecond were cut off.
    pub truncated: bool,
}

impl Timestamp {
    /// Cuts `instant` to microseconds.
    #[must_use]
    pub fn new(instant: DateTime<Utc>) -> Self {
        let micros = instant.timestamp_micros();
        Self(DateTime::from_timestamp_micros(micros).unwrap_or(instant))
    }

    /// From microseconds since 1970; `None` outside the years 1 to 9999, which every supported database and the texts
    /// of RFC 3339 can show.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        let instant = DateTime::from_timestamp_micros(micros)?;
        (1..=9999)
            .contains(&instant.year())
            .then_some(Self(instant))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The instant for chrono.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Reads RFC 3339, or ISO 8601 extended format without an offset (`2024-05-01T10:00:00.5`, also with a space
    /// for the `T`), which is taken as UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<TimestampText> {
        let (instant, offset_seconds) = if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
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
        let cut = Self::from_micros(instant.timestamp_micros())?;
        Some(TimestampText {
            instant: cut,
            offset_seconds,
            truncated: cut.0 != instant,
        })
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with six fractional digits: texts of this form sort as the instants do.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn offsets_are_turned_into_utc_and_reported() {
        let read = Timestamp::parse("2024-01-01T00:00:17.123456+08:00").expect("valid");
        assert_eq!(read.instant.to_string(), "2023-12-31T16:00:17.123456Z");
        assert_eq!(read.offset_seconds, Some(8 * 3600));
        assert!(!read.truncated);
    }

    #[test]
    fn missing_offset_is_utc_and_nanoseconds_are_cut() {
        let read = Timestamp::parse("2024-01-01T00:00:17.123456789").expect("valid");
        assert_eq!(read.instant.to_string(), "2024-01-01T00:00:17.123456Z");
        assert_eq!(read.offset_seconds, None);
        assert!(read.truncated);
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        let beyond = ["9999-12-31T23:30:00-01:00", "0000-06-01T00:00:00Z"];
        let texts = ["", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01", "17"];
        for text in texts.into_iter().chain(beyond) {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
