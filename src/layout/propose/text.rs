//! What the texts at one place have in common: lengths, formats, and the few values that recur.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::Timestamp;

/// More distinct values than this are no enumeration, and are forgotten.
const MOST_CHOICES: usize = 12;
/// Longer values are no word of an enumeration.
const LONGEST_CHOICE: usize = 32;
/// Every database keeps days from this year on.
const FIRST_YEAR: &str = "1000";

/// Statistics of the texts at one place.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) count: u64,
    /// Longest, in Unicode scalar values.
    pub(super) longest: usize,
    /// Shortest, in bytes.
    shortest: usize,
    /// Texts without white space that have a digit.
    with_digits: u64,
    /// Texts with white space.
    with_spaces: u64,
    pub(super) days: u64,
    /// RFC 3339 to the microsecond.
    pub(super) instants: u64,
    /// Timestamps that say less than an instant, or more than a microsecond.
    pub(super) vague_instants: u64,
    pub(super) uuids: u64,
    /// How often each value occurs; `None` when there are too many or too long ones.
    choices: Option<BTreeMap<String, u64>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            count: 0,
            longest: 0,
            shortest: usize::MAX,
            with_digits: 0,
            with_spaces: 0,
            days: 0,
            instants: 0,
            vague_instants: 0,
            uuids: 0,
            choices: Some(BTreeMap::new()),
        }
    }
}

impl Texts {
    pub(super) fn observe(&mut self, text: &str) {
        self.count += 1;
        self.longest = self.longest.max(text.chars().count());
        self.shortest = self.shortest.min(text.len());
        let spaces = text.contains(char::is_whitespace);
        self.with_spaces += u64::from(spaces);
        self.with_digits += u64::from(!spaces && text.bytes().any(|byte| byte.is_ascii_digit()));
        match format(text) {
            Format::Day => self.days += 1,
            Format::Instant => self.instants += 1,
            Format::VagueInstant => self.vague_instants += 1,
            Format::Uuid => self.uuids += 1,
            Format::Other => {}
        }
        let Some(choices) = &mut self.choices else {
            return;
        };
        if let Some(count) = choices.get_mut(text) {
            *count += 1;
        } else if choices.len() == MOST_CHOICES || text.len() > LONGEST_CHOICE {
            self.choices = None;
        } else {
            choices.insert(text.to_owned(), 1);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
        self.shortest = self.shortest.min(other.shortest);
        self.with_digits += other.with_digits;
        self.with_spaces += other.with_spaces;
        self.days += other.days;
        self.instants += other.instants;
        self.vague_instants += other.vague_instants;
        self.uuids += other.uuids;
        let merged = match (self.choices.take(), &other.choices) {
            (Some(mut mine), Some(theirs)) => {
                for (text, count) in theirs {
                    *mine.entry(text.clone()).or_default() += count;
                }
                Some(mine)
            }
            (None, _) | (_, None) => None,
        };
        self.choices = merged.filter(|choices| choices.len() <= MOST_CHOICES);
    }

    /// Whether all of them look like identifiers that nobody writes by chance: long, without spaces, with digits.
    pub(super) fn are_distinctive(&self) -> bool {
        self.shortest >= 8 && self.with_digits == self.count
    }

    /// Whether none has white space and none is empty.
    pub(super) fn are_words(&self) -> bool {
        self.with_spaces == 0 && self.shortest > 0
    }

    /// The values, if they are evidently an enumeration: few, short words, each of them many times.
    pub(super) fn enumeration(&self) -> Option<Vec<&str>> {
        const MANY: u64 = 40;
        const MOST: usize = 8;
        const AGAIN: u64 = 4;
        let choices = self.choices.as_ref()?;
        let evident = self.count >= MANY
            && (2..=MOST).contains(&choices.len())
            && self.with_spaces == 0
            && self.with_digits == 0
            && self.shortest > 0
            && choices.values().all(|&count| count >= AGAIN);
        evident.then(|| choices.keys().map(String::as_str).collect())
    }
}

enum Format {
    Day,
    Instant,
    VagueInstant,
    Uuid,
    Other,
}

/// The format of a text, if storing it as a value of that format gives the same back.
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
        return if same { Format::Day } else { Format::Other };
    }
    // A leap second has no place in the databases' clocks.
    let leap = bytes.len() >= 19 && &bytes[17..19] == b"60";
    match Timestamp::parse(text) {
        Some(read) if read.offset_seconds.is_some() && !read.truncated && !leap && strict(text) => {
            Format::Instant
        }
        Some(_) => Format::VagueInstant,
        None => Format::Other,
    }
}

/// RFC 3339 as JSON Schema's `date-time` wants it: `T` and `Z` in capitals, hours of an offset below 24.
fn strict(text: &str) -> bool {
    let offset = text.len().checked_sub(6).and_then(|at| text.get(at..));
    let hours = offset.and_then(|offset| offset.strip_prefix(['+', '-']));
    let plain = hours.is_some_and(|hours| hours < "24:00" && hours.get(3..) < Some("60"));
    text.as_bytes()[10] == b'T' && (text.ends_with('Z') || plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Texts {
        let mut all = Texts::default();
        texts.iter().for_each(|text| all.observe(text));
        all
    }

    #[test]
    fn formats_are_those_that_give_the_same_text_back() {
        assert_eq!(of(&["2024-02-29"]).days, 1);
        for other in ["2023-02-29", "0999-01-01", "2024-2-9", "20240229"] {
            assert_eq!(of(&[other]).days, 0, "{other}");
        }
        for instant in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456+08:00"] {
            assert_eq!(of(&[instant]).instants, 1, "{instant}");
        }
        for vague in [
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00",
            "2024-01-01T00:00:00.1234567Z",
            "2024-12-31T23:59:60Z",
        ] {
            let texts = of(&[vague]);
            assert_eq!((texts.instants, texts.vague_instants), (0, 1), "{vague}");
        }
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(of(&[id]).uuids, 1);
        assert_eq!(of(&[&id.to_uppercase()]).uuids, 0);
    }

    #[test]
    fn enumerations_are_few_words_that_recur() {
        let roles = ["user", "assistant"].repeat(30);
        assert_eq!(of(&roles).enumeration(), Some(vec!["assistant", "user"]));
        assert_eq!(of(&["user", "assistant"]).enumeration(), None);
        assert_eq!(of(&["only"].repeat(99)).enumeration(), None);
        let mut rare = roles.clone();
        rare.push("system");
        assert_eq!(of(&rare).enumeration(), None);
    }
}
