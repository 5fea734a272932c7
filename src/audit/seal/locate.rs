//! Locates entries that differ from what was sealed, by comparing the tags of the sealed and the current entries.
//!
//! Tags are two bytes of each hash, so locating may err where two of them agree by chance. Whether something differs is
//! decided by the whole hashes, never by tags.

use std::collections::HashMap;

use super::IdRanges;
use crate::model::EntryId;

/// Ids and tags of entries, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// The ids.
    pub ids: IdRanges,
    /// One tag per id.
    pub tags: Vec<[u8; 2]>,
}

/// How an entry differs from what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryDifference {
    /// The entry has different contents.
    Edited {
        /// Its id.
        id: EntryId,
    },
    /// A sealed entry was deleted.
    Deleted {
        /// Its id when it was sealed.
        id: EntryId,
    },
    /// An entry was inserted.
    Inserted {
        /// Its id.
        id: EntryId,
    },
    /// The entries exist, but in another order.
    Reordered {
        /// The id of the first moved entry.
        first: EntryId,
        /// The id of the last moved entry.
        last: EntryId,
    },
}

/// How far to search for entries that agree again.
const WINDOW: usize = 32;
/// How many consecutive entries must agree.
const RUN: usize = 4;
/// After this many differences, only entries at the same position are compared.
const NAMED: usize = 1000;

/// The differences between `sealed` and `found`, in order. They are determined by id, in case entries kept their ids,
/// and by sequence, in case they were renumbered. The explanation with fewer differences is returned.
#[must_use]
pub fn locate(sealed: &Tags, found: &Tags) -> Vec<EntryDifference> {
    let (by_id, by_order) = (locate_by_id(sealed, found), locate_by_order(sealed, found));
    if by_id.len() <= by_order.len() {
        by_id
    } else {
        by_order
    }
}

fn locate_by_id(sealed: &Tags, found: &Tags) -> Vec<EntryDifference> {
    let mut differences = Vec::new();
    let mut edited = Vec::new();
    let mut found = found.ids.iter().zip(&found.tags).peekable();
    for (id, old) in sealed.ids.iter().zip(&sealed.tags) {
        while let Some((new, _)) = found.next_if(|(new, _)| *new < id) {
            differences.push(EntryDifference::Inserted { id: new });
        }
        match found.next_if(|(new, _)| *new == id) {
            None => differences.push(EntryDifference::Deleted { id }),
            Some((_, now)) if now == old => {}
            Some((_, now)) => {
                edited.push((differences.len(), *old, *now));
                differences.push(EntryDifference::Edited { id });
            }
        }
    }
    differences.extend(found.map(|(id, _)| EntryDifference::Inserted { id }));
    exchanged(&mut differences, &edited);
    differences
}

fn locate_by_order(sealed: &Tags, found: &Tags) -> Vec<EntryDifference> {
    let mut differences = Vec::new();
    let mut edited = Vec::new();
    let (mut sealed_ids, mut found_ids) = (sealed.ids.iter(), found.ids.iter());
    let (mut s, mut f) = (&sealed.tags[..], &found.tags[..]);
    loop {
        let same = s.iter().zip(f).take_while(|(s, f)| s == f).count();
        (s, f) = (&s[same..], &f[same..]);
        if same > 0 {
            sealed_ids.nth(same - 1);
            found_ids.nth(same - 1);
        }
        if s.is_empty() && f.is_empty() {
            break;
        }
        let (removed, new) = if differences.len() < NAMED {
            resume(s, f)
        } else {
            (1.min(s.len()), 1.min(f.len()))
        };
        let old: Vec<_> = sealed_ids.by_ref().take(removed).zip(s).collect();
        let now: Vec<_> = found_ids.by_ref().take(new).zip(f).collect();
        (s, f) = (&s[removed..], &f[new..]);
        if is_permutation(&old, &now) {
            let (first, last) = (now[0].0, now[now.len() - 1].0);
            differences.push(EntryDifference::Reordered { first, last });
            continue;
        }
        let both = removed.min(new);
        for (old, now) in old.iter().zip(&now) {
            edited.push((differences.len(), *old.1, *now.1));
            differences.push(EntryDifference::Edited { id: now.0 });
        }
        let deleted = old[both..].iter();
        differences.extend(deleted.map(|old| EntryDifference::Deleted { id: old.0 }));
        let inserted = now[both..].iter();
        differences.extend(inserted.map(|now| EntryDifference::Inserted { id: now.0 }));
    }
    exchanged(&mut differences, &edited);
    differences
}

/// The number of deleted and of inserted entries before the two sequences agree again.
fn resume(s: &[[u8; 2]], f: &[[u8; 2]]) -> (usize, usize) {
    let agrees = |removed: usize, new: usize| {
        let (s, f) = (&s[removed..], &f[new..]);
        if s.len() < RUN || f.len() < RUN {
            s == f
        } else {
            s[..RUN] == f[..RUN]
        }
    };
    for skipped in 1..=2 * WINDOW {
        // Equal numbers, that is edited entries, are the most likely and tried first.
        let mut splits: Vec<usize> = (0..=skipped).collect();
        splits.sort_by_key(|removed| removed.abs_diff(skipped - removed));
        for removed in splits {
            let new = skipped - removed;
            if removed <= s.len() && new <= f.len() && agrees(removed, new) {
                return (removed, new);
            }
        }
    }
    (1.min(s.len()), 1.min(f.len()))
}

fn is_permutation(old: &[(EntryId, &[u8; 2])], now: &[(EntryId, &[u8; 2])]) -> bool {
    let tags = |entries: &[(EntryId, &[u8; 2])]| {
        let mut tags: Vec<_> = entries.iter().map(|(_, tag)| **tag).collect();
        tags.sort_unstable();
        tags
    };
    old.len() > 1 && old.len() == now.len() && tags(old) == tags(now)
}

/// Replaces two edited entries that have each other's tag by a reordering.
fn exchanged(differences: &mut Vec<EntryDifference>, edited: &[(usize, [u8; 2], [u8; 2])]) {
    let mut waiting = HashMap::new();
    let mut merged = Vec::new();
    for &(at, old, now) in edited {
        match waiting.remove(&(now, old)) {
            Some(first) => merged.push((first, at)),
            None => {
                waiting.insert((old, now), at);
            }
        }
    }
    for (first, last) in &merged {
        if let (EntryDifference::Edited { id: a }, EntryDifference::Edited { id: b }) =
            (differences[*first], differences[*last])
        {
            differences[*first] = EntryDifference::Reordered { first: a, last: b };
        }
    }
    let mut removed: Vec<usize> = merged.into_iter().map(|(_, last)| last).collect();
    removed.sort_unstable();
    for at in removed.into_iter().rev() {
        differences.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(entries: &[(EntryId, u16)]) -> Tags {
        let mut tags = Tags::default();
        for (id, tag) in entries {
            tags.ids.push(*id);
            tags.tags.push(tag.to_be_bytes());
        }
        tags
    }

    /// The id of the entry at a position.
    fn id(at: usize) -> EntryId {
        EntryId::from(i64::try_from(at).expect("few")).next()
    }

    /// Locates the differences after a change to entries 1 to 100.
    fn after(change: impl FnOnce(&mut Vec<(EntryId, u16)>)) -> Vec<EntryDifference> {
        let sealed = (0..100_u16).map(|at| (id(at.into()), 1001 + at));
        let sealed: Vec<_> = sealed.collect();
        let mut found = sealed.clone();
        change(&mut found);
        locate(&tags(&sealed), &tags(&found))
    }

    #[test]
    fn unchanged_entries_have_no_differences() {
        assert_eq!(after(|_| {}), []);
        assert_eq!(locate(&Tags::default(), &Tags::default()), []);
    }

    #[test]
    fn edited_entries_are_located_at_every_position() {
        for at in [0, 1, 49, 98, 99] {
            let found = after(|entries| entries[at].1 = 7);
            assert_eq!(found, [EntryDifference::Edited { id: id(at) }]);
        }
    }

    #[test]
    fn deleted_entries_are_located_with_and_without_renumbering() {
        for at in [0, 1, 49, 98, 99] {
            let deleted = [EntryDifference::Deleted { id: id(at) }];
            let found = after(|entries| {
                entries.remove(at);
            });
            assert_eq!(found, deleted);
            let renumbered = after(|entries| {
                entries.remove(at);
                for (number, entry) in entries.iter_mut().enumerate() {
                    entry.0 = id(number);
                }
            });
            assert_eq!(renumbered, deleted);
        }
    }

    #[test]
    fn inserted_entry_is_located() {
        for at in [0, 1, 50, 99, 100] {
            let found = after(|entries| {
                entries.insert(at, (EntryId::default(), 7));
                for (number, entry) in entries.iter_mut().enumerate() {
                    entry.0 = id(number);
                }
            });
            assert_eq!(found, [EntryDifference::Inserted { id: id(at) }]);
        }
    }

    #[test]
    fn reordered_entries_are_located() {
        for (a, b) in [(0, 1), (9, 13), (2, 89)] {
            let found = after(|entries| {
                (entries[a].1, entries[b].1) = (entries[b].1, entries[a].1);
            });
            let (first, last) = (id(a), id(b));
            assert_eq!(found, [EntryDifference::Reordered { first, last }]);
        }
    }

    #[test]
    fn adjacent_differences_are_distinguished() {
        let found = after(|entries| {
            (entries[7].1, entries[9].1) = (entries[9].1, entries[7].1);
            entries.remove(4);
        });
        let expected = [
            EntryDifference::Deleted { id: 5.into() },
            EntryDifference::Reordered {
                first: 8.into(),
                last: 10.into(),
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn several_differences_are_all_located() {
        let found = after(|entries| {
            entries[9].1 = 7;
            entries.remove(59);
            entries.truncate(90);
        });
        let ids = (92_i64..=100).map(EntryId::from);
        assert_eq!(
            found[..2],
            [
                EntryDifference::Edited { id: 10.into() },
                EntryDifference::Deleted { id: 60.into() }
            ]
        );
        let rest: Vec<_> = ids.map(|id| EntryDifference::Deleted { id }).collect();
        assert_eq!(found[2..], rest);
    }

    #[test]
    fn completely_different_entries_are_all_reported() {
        assert_eq!(
            after(|entries| entries.iter_mut().for_each(|entry| entry.1 += 5000)).len(),
            100
        );
        assert_eq!(after(Vec::clear).len(), 100);
    }
}
