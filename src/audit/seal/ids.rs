//! Sets of ascending ids, stored and written as ranges: `1-900,902,905-907`.
//!
//! On SQLite the ids of a run are one range. On servers, rolled-back transactions lose ids, and entries of other
//! programs are in between.

use std::fmt;
use std::str::FromStr;

use crate::model::EntryId;

/// Ids in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdRanges {
    /// First and last id of each range; ranges neither touch nor overlap.
    ranges: Vec<(EntryId, EntryId)>,
}

/// A text that is not a list of ascending ranges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a list of ascending ranges of ids")]
pub struct NotIdRanges(String);

impl IdRanges {
    /// Adds an id greater than all others.
    pub fn push(&mut self, id: EntryId) {
        match self.ranges.last_mut() {
            Some((_, last)) if last.next() == id => *last = id,
            _ => self.ranges.push((id, id)),
        }
    }

    /// First and last id of each range.
    #[must_use]
    pub fn ranges(&self) -> &[(EntryId, EntryId)] {
        &self.ranges
    }

    /// The lowest id.
    #[must_use]
    pub fn first(&self) -> Option<EntryId> {
        self.ranges.first().map(|(first, _)| *first)
    }

    /// The highest id.
    #[must_use]
    pub fn last(&self) -> Option<EntryId> {
        self.ranges.last().map(|(_, last)| *last)
    }

    /// Number of ids.
    #[must_use]
    pub fn count(&self) -> u64 {
        let ranges = self.ranges.iter();
        ranges.map(|&(first, last)| distance(first, last) + 1).sum()
    }

    /// All ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = EntryId> + '_ {
        let ranges = self.ranges.iter();
        let numbers = ranges.flat_map(|(first, last)| first.get()..=last.get());
        numbers.map(EntryId::from)
    }

    /// The number of lower ids, if `id` is one of them.
    #[must_use]
    pub fn position(&self, id: EntryId) -> Option<u64> {
        let mut before = 0;
        for &(first, last) in &self.ranges {
            if id < first {
                return None;
            }
            if id <= last {
                return Some(before + distance(first, id));
            }
            before += distance(first, last) + 1;
        }
        None
    }
}

fn distance(first: EntryId, last: EntryId) -> u64 {
    first.get().abs_diff(last.get())
}

impl fmt::Display for IdRanges {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.ranges.iter().enumerate() {
            if at > 0 {
                out.write_str(",")?;
            }
            if first == last {
                write!(out, "{first}")?;
            } else {
                write!(out, "{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for IdRanges {
    type Err = NotIdRanges;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotIdRanges(text.to_owned());
        let id = |text: &str| {
            text.parse::<i64>()
                .ok()
                .filter(|id| *id > 0)
                .map(EntryId::from)
                .ok_or_else(wrong)
        };
        let mut ranges: Vec<(EntryId, EntryId)> = Vec::new();
        for range in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (id(first)?, id(last)?);
            let after = ranges
                .last()
                .is_none_or(|(_, before)| before.next() < first);
            if last < first || !after {
                return Err(wrong());
            }
            ranges.push((first, last));
        }
        Ok(Self { ranges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_ranges_round_trip() {
        let mut ids = IdRanges::default();
        for id in [1, 2, 3, 5, 8, 9] {
            ids.push(EntryId::from(id));
        }
        assert_eq!(ids.to_string(), "1-3,5,8-9");
        assert_eq!("1-3,5,8-9".parse(), Ok(ids.clone()));
        assert_eq!("".parse(), Ok(IdRanges::default()));
        assert_eq!(
            (ids.first(), ids.last(), ids.count()),
            (Some(EntryId::from(1)), Some(EntryId::from(9)), 6)
        );
        assert_eq!(
            ids.iter().map(EntryId::get).collect::<Vec<_>>(),
            [1, 2, 3, 5, 8, 9]
        );
        assert_eq!(
            [1, 5, 9].map(|id| ids.position(EntryId::from(id))),
            [Some(0), Some(3), Some(5)]
        );
        assert_eq!(
            [4, 10].map(|id| ids.position(EntryId::from(id))),
            [None, None]
        );
    }

    #[test]
    fn unordered_ranges_are_rejected() {
        for text in [
            "3-1",
            "1-3,3",
            "1-3,4",
            "5,2",
            "x",
            "1,",
            "0",
            "-4",
            "1--2",
            "1-9223372036854775807,5",
        ] {
            assert!(text.parse::<IdRanges>().is_err(), "{text}");
        }
    }
}
