//! Statistics of the strings at one location: lengths, formats, and recurring values.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::Timestamp;

/// Maximum number of distinct values of an enumeration; beyond it they are not kept.
const MAX_CHOICES: usize = 12;
/// Maximum length of a value of an enumeration.
const MAX_CHOICE_LENGTH: usize = 32;
/// First year that every database supports in dates.
const FIRST_YEAR: &str = "1000";

/// Statistics of the strings at one location.
#[derive(Debug, Clone, Default)]
pub(crate) struct StringProfile {
    pub(crate) count: u64,
    /// Maximum length in Unicode scalar values.
    pub(crate) longest: usize,
    /// Minimum length in bytes.
    shortest: Option<usize>,
    /// Strings with a digit and without whitespace.
    with_digits: u64,
    /// Strings with whitespace.
    with_spaces: u64,
    pub(crate) dates: u64,
    /// RFC 3339 timestamps with at most microseconds.
    pub(crate) timestamps: u64,
    /// Timestamps without an offset, or with more digits than microseconds.
    pub(crate) imprecise_timestamps: u64,
    pub(crate) uuids: u64,
    /// The count of each value; empty if there are too many or too long ones.
    choices: BTreeMap<String, u64>,
    too_many_choices: bool,
}

impl StringProfile {
    pub(crate) fn observe(&mut self, text: &str) {
        self.count += 1;
        self.longest = self.longest.max(text.chars().count());
        self.shortest = self.shortest.into_iter().chain([text.len()]).min();
        let spaces = text.contains(char::is_whitespace);
        self.with_spaces += u64::from(spaces);
        self.with_digits += u64::from(!spaces && text.bytes().any(|byte| byte.is_ascii_digit()));
        match format(text) {
            Format::Date => self.dates += 1,
            Format::Timestamp => self.timestamps += 1,
            Format::ImpreciseTimestamp => self.imprecise_timestamps += 1,
            Format::Uuid => self.uuids += 1,
            Format::Other => {}
        }
        if let Some(count) = self.choices.get_mut(text) {
            *count += 1;
        } else if self.choices.len() == MAX_CHOICES || text.len() > MAX_CHOICE_LENGTH {
            self.forget_choices();
        } else if !self.too_many_choices {
            self.choices.insert(text.to_owned(), 1);
        }
    }

    fn forget_choices(&mut self) {
        self.too_many_choices = true;
        self.choices.clear();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
        self.shortest = self.shortest.into_iter().chain(other.shortest).min();
        self.with_digits += other.with_digits;
        self.with_spaces += other.with_spaces;
        self.dates += other.dates;
        self.timestamps += other.timestamps;
        self.imprecise_timestamps += other.imprecise_timestamps;
        self.uuids += other.uuids;
        for (text, count) in &other.choices {
            *self.choices.entry(text.clone()).or_default() += count;
        }
        if self.too_many_choices || other.too_many_choices || self.choices.len() > MAX_CHOICES {
            self.forget_choices();
        }
    }

    /// Whether all strings look like identifiers that do not coincide by chance: long, without whitespace, with
    /// digits.
    pub(crate) fn are_distinctive(&self) -> bool {
        self.shortest >= Some(8) && self.with_digits == self.count
    }

    /// Whether all strings are non-empty and without whitespace.
    pub(crate) fn are_words(&self) -> bool {
        self.with_spaces == 0 && self.shortest > Some(0)
    }

    /// Returns the values if they are evidently an enumeration: a few short words, each many times.
    pub(crate) fn enumeration(&self) -> Option<Vec<&str>> {
        const MIN_STRINGS: u64 = 40;
        const MAX: usize = 8;
        const MIN_REPEATS: u64 = 4;
        let evident = self.count >= MIN_STRINGS
            && (2..=MAX).contains(&self.choices.len())
            && self.with_spaces == 0
            && self.with_digits == 0
            && self.shortest > Some(0)
            && self.choices.values().all(|&count| count >= MIN_REPEATS);
        evident.then(|| self.choices.keys().map(String::as_str).collect())
    }
}

enum Format {
    Date,
    Timestamp,
    ImpreciseTimestamp,
    Uuid,
    Other,
}

/// Returns the format of a string, if storing it as a value of that format is lossless.
fn format(text: &str) -> Format {
    let bytes = text.as_bytes();
    let dashes = |at: &[usize]| at.iter().all(|&at| bytes.get(at) == Some(&b'-'));
    if bytes.len() == 36 && dashes(&[8, 13, 18, 23]) {
        let same = Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text);
        return if same { Format::Uuid } else { Format::Other };
    }
    if !dashes(&[4, 7]) || bytes.len() < 10 || &text.as_bytes()[..4] < FIRST_YEAR.as_bytes() {
        return Format::Other;
    }
    if bytes.len() == 10 {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        let same = day.is_ok_and(|day| day.to_string() == text);
        return if same { Format::Date } else { Format::Other };
    }
    // Databases do not support leap seconds.
    let leap = bytes.len() >= 19 && &bytes[17..19] == b"60";
    match Timestamp::parse(text) {
        Some(read) if read.offset_seconds.is_some() && !read.truncated && !leap && strict(text) => {
            Format::Timestamp
        }
        Some(_) => Format::ImpreciseTimestamp,
        None => Format::Other,
    }
}

/// Whether a timestamp is valid for the JSON Schema format `date-time`: uppercase `T` and `Z`, offset hours below 24.
fn strict(text: &str) -> bool {
    let offset = text.len().checked_sub(6).and_then(|at| text.get(at..));
    let hours = offset.and_then(|offset| offset.strip_prefix(['+', '-']));
    let plain = hours.is_some_and(|hours| hours < "24:00" && hours.get(3..) < Some("60"));
    text.as_bytes()[10] == b'T' && (text.ends_with('Z') || plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(strings: &[&str]) -> StringProfile {
        let mut all = StringProfile::default();
        strings.iter().for_each(|text| all.observe(text));
        all
    }

    #[test]
    fn only_lossless_formats_are_detected() {
        assert_eq!(of(&["2024-02-29"]).dates, 1);
        for other in ["2023-02-29", "0999-01-01", "2024-2-9", "20240229"] {
            assert_eq!(of(&[other]).dates, 0, "{other}");
        }
        for timestamp in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456+08:00"] {
            assert_eq!(of(&[timestamp]).timestamps, 1, "{timestamp}");
        }
        for vague in [
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00",
            "2024-01-01T00:00:00.1234567Z",
            "2024-12-31T23:59:60Z",
        ] {
            let strings = of(&[vague]);
            assert_eq!(
                (strings.timestamps, strings.imprecise_timestamps),
                (0, 1),
                "{vague}"
            );
        }
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(of(&[id]).uuids, 1);
        assert_eq!(of(&[&id.to_uppercase()]).uuids, 0);
    }

    #[test]
    fn enumerations_are_a_few_recurring_words() {
        let roles = ["user", "assistant"].repeat(30);
        assert_eq!(of(&roles).enumeration(), Some(vec!["assistant", "user"]));
        assert_eq!(of(&["user", "assistant"]).enumeration(), None);
        assert_eq!(of(&["only"].repeat(99)).enumeration(), None);
        let mut rare = roles.clone();
        rare.push("system");
        assert_eq!(of(&rare).enumeration(), None);
    }
}
