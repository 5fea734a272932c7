//! Sums of hashes of values, in buckets of rows.
//!
//! Each comparison uses new random keys, so that no one can choose values with equal sums.

use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};

use crate::audit::Key;

use super::cells::each_cell;

/// Number of buckets per table: few enough to keep them for many tables, enough to replay few rows for one that
/// differs.
pub const BUCKETS: usize = 1 << 14;

/// The bytes of an image that count as one more.
const UNIT: usize = 1000;

/// The keys of a comparison; both sides must use the same.
#[derive(Debug, Clone, Default)]
pub struct Summing(RandomState);

/// The sums of one table.
#[derive(Debug, Clone)]
pub struct Sums {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    sum: u64,
    /// Number of entries and rows in the bucket; a large one counts as several.
    weight: u32,
    /// Whether the sum is inconclusive: a row changed its key, so that its values moved to another bucket without being
    /// recorded again, or an entry cannot be read.
    suspect: bool,
}

impl Summing {
    /// The bucket of a row.
    #[must_use]
    pub fn bucket(&self, record_id: &str) -> usize {
        let hash = self.0.hash_one((0_u8, record_id));
        // The most significant bits; the number of buckets is a power of two.
        usize::try_from(hash >> (64 - BUCKETS.trailing_zeros())).unwrap_or(0)
    }
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::default(); BUCKETS],
        }
    }
}

impl Sums {
    /// Subtracts the old values of an entry and adds the new ones.
    pub fn entry(
        &mut self,
        summing: &Summing,
        record_id: &str,
        key: Option<&Key<'_>>,
        old: Option<&str>,
        new: Option<&str>,
    ) {
        let before = old.map(|old| self.image(summing, record_id, key, old, u64::wrapping_sub));
        let after = new.map(|new| self.image(summing, record_id, key, new, u64::wrapping_add));
        if before.is_some() && after.is_some() && before != after {
            self.inconclusive(summing, record_id);
        }
    }

    /// Marks a row of which an entry cannot be replayed, although its values may add up.
    pub fn inconclusive(&mut self, summing: &Summing, record_id: &str) {
        self.buckets[summing.bucket(record_id)].suspect = true;
    }

    /// Subtracts a current row.
    pub fn row(&mut self, summing: &Summing, record_id: &str, key: &Key<'_>, image: &str) {
        self.image(summing, record_id, Some(key), image, u64::wrapping_sub);
    }

    /// Marks two ids as one row whose key changed, which sums cannot follow.
    pub fn moved(&mut self, summing: &Summing, from: &str, to: &str) {
        for record_id in [from, to] {
            self.inconclusive(summing, record_id);
        }
    }

    /// Groups of buckets with non-zero sums, each of at most about `weight` entries and rows: their rows have to be
    /// replayed. All rows that changed their key are in the first group.
    #[must_use]
    pub fn uneven(&self, weight: u64) -> Vec<Vec<bool>> {
        let mut groups: Vec<Vec<bool>> = Vec::new();
        let mut taken = 0;
        let mut put = |bucket: usize, own: u64, groups: &mut Vec<Vec<bool>>, together: bool| {
            if groups.is_empty() || (taken + own > weight && taken > 0 && !together) {
                groups.push(vec![false; BUCKETS]);
                taken = 0;
            }
            taken += own;
            if let Some(group) = groups.last_mut() {
                group[bucket] = true;
            }
        };
        let numbered = || self.buckets.iter().enumerate();
        for (at, bucket) in numbered().filter(|(_, bucket)| bucket.suspect) {
            put(at, bucket.weight.into(), &mut groups, true);
        }
        for (at, bucket) in numbered().filter(|(_, bucket)| !bucket.suspect && bucket.sum != 0) {
            put(at, bucket.weight.into(), &mut groups, false);
        }
        groups
    }

    /// Returns the sum of the hashes of its columns' names.
    fn image(
        &mut self,
        summing: &Summing,
        record_id: &str,
        key: Option<&Key<'_>>,
        image: &str,
        combine: fn(u64, u64) -> u64,
    ) -> u64 {
        let bucket = &mut self.buckets[summing.bucket(record_id)];
        let mut row = summing.0.build_hasher();
        record_id.hash(&mut row);
        let (mut sum, mut names) = (row.finish(), 0_u64);
        let read = each_cell(image, &row, &mut |name, cell| {
            names = names.wrapping_add(name);
            sum = sum.wrapping_add(cell);
        });
        // Of several rows with the same record id, it counts which of them has a value.
        if key.is_some_and(|key| key.has_null_in(record_id, image)) {
            sum = summing.0.hash_one(sum);
        }
        let large = u32::try_from(image.len() / UNIT).unwrap_or(u32::MAX);
        bucket.weight = bucket.weight.saturating_add(large).saturating_add(1);
        bucket.sum = combine(bucket.sum, sum);
        bucket.suspect |= read.is_err();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::KeyRule;

    fn key() -> Key<'static> {
        let rule = KeyRule {
            real: str::to_owned,
            has_namesakes: true,
        };
        Key::of(vec!["id"], rule)
    }

    fn is_even(fill: impl FnOnce(&mut Sums, &Summing)) -> bool {
        let (mut sums, summing) = (Sums::default(), Summing::default());
        fill(&mut sums, &summing);
        sums.uneven(1000).is_empty()
    }

    #[test]
    fn added_values_must_be_removed_or_present() {
        let born = r#"{"id":1,"a":1.5,"b":"x"}"#;
        assert!(is_even(|sums, summing| {
            sums.entry(summing, "1", None, None, Some(born));
            sums.entry(
                summing,
                "1",
                None,
                Some(r#"{"id":1,"a":1.5}"#),
                Some(r#"{"id":1,"a":2.0}"#),
            );
            sums.row(summing, "1", &key(), r#"{"a":2.0,"id":1,"b":"x"}"#);
            sums.entry(summing, "2", None, None, Some(born));
            sums.entry(summing, "2", None, Some(born), None);
        }));
        for now in [
            r#"{"id":1,"a":1.5,"b":"y"}"#,
            r#"{"id":1,"a":1.25,"b":"x"}"#,
            "{",
        ] {
            assert!(
                !is_even(|sums, summing| {
                    sums.entry(summing, "1", None, None, Some(born));
                    sums.row(summing, "1", &key(), now);
                }),
                "{now}"
            );
        }
        assert!(!is_even(|sums, summing| sums.row(
            summing,
            "1",
            &key(),
            born
        )));
        assert!(!is_even(|sums, summing| sums.entry(
            summing,
            "1",
            None,
            None,
            Some(born)
        )));
        // Values of one row do not count for another.
        assert!(!is_even(|sums, summing| {
            sums.entry(summing, "1", None, None, Some(born));
            sums.row(summing, "2", &key(), born);
        }));
    }

    #[test]
    fn entries_without_the_same_columns_before_and_after_are_replayed() {
        let (whole, part) = (r#"{"id":1,"a":1.5}"#, r#"{"id":1}"#);
        let with = |updates: &[(&str, &str)]| {
            is_even(|sums, summing| {
                sums.entry(summing, "1", None, None, Some(whole));
                for (old, new) in updates {
                    sums.entry(summing, "1", None, Some(old), Some(new));
                }
                sums.row(summing, "1", &key(), whole);
            })
        };
        assert!(with(&[(whole, whole)]));
        assert!(!with(&[(whole, part), (part, whole)]));
    }

    #[test]
    fn groups_do_not_exceed_the_weight() {
        let (mut sums, summing) = (Sums::default(), Summing::default());
        for id in 0..1000 {
            sums.row(&summing, &id.to_string(), &key(), r#"{"id":1}"#);
        }
        let groups = sums.uneven(100);
        assert!((10..=40).contains(&groups.len()), "{}", groups.len());
        let buckets = |group: &Vec<bool>| group.iter().filter(|in_group| **in_group).count();
        let all: usize = groups.iter().map(buckets).sum();
        assert!(all > 900, "{all}");
    }

    #[test]
    fn values_that_rows_with_null_exchange_are_found() {
        let rows = [r#"{"id":null,"a":1,"b":1}"#, r#"{"id":null,"a":2,"b":2}"#];
        let exchanged = [r#"{"id":null,"a":1,"b":2}"#, r#"{"id":null,"a":2,"b":1}"#];
        let compared = |now: [&str; 2]| {
            is_even(|sums, summing| {
                for (born, now) in rows.iter().zip(now) {
                    sums.entry(summing, "", Some(&key()), None, Some(born));
                    sums.row(summing, "", &key(), now);
                }
            })
        };
        assert!(compared(rows) && compared([rows[1], rows[0]]));
        assert!(!compared(exchanged));
    }
}
