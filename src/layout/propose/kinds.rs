//! Which files are of one kind: by their folders, their names, and what stands in them.
//!
//! A kind is a file pattern, or several. What is the same in the names stays, what differs becomes a capture. Kinds
//! that names cannot tell apart become one. In the end every file is matched as an import would match it.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::pattern::FilePattern;

use super::affix::{Affixes, ending, is_code};
use super::patterns::{PatternDraft, Segment};
use super::sketch::{Root, Sketch, classes};

/// Documents with plain words for names need to have more in common.
const NEARLY_EQUAL: f64 = 0.8;
/// So many files of one shape in one folder are of one kind, whatever their names.
const MANY: usize = 5;

/// Files of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// File patterns with captures `{1}`, `{2}`, … in order; several only when names cannot tell apart what is in them.
    pub(super) patterns: Vec<PatternDraft>,
    /// Indexes of the files.
    pub(crate) files: Vec<usize>,
}

impl Kind {
    fn matches(&self, path: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.compiled().matches(path).is_some())
    }
}

/// Sorts `files` into kinds: each a relative path with `/` and what its document looks like.
pub(crate) fn kinds(files: &[(String, &Sketch)]) -> Vec<Kind> {
    let classes = classes(files);
    let entries: Vec<Entry<'_>> = files
        .iter()
        .enumerate()
        .map(|(index, (path, sketch))| Entry {
            index,
            rest: path.split('/').collect(),
            sketch,
            class: classes[index],
        })
        .collect();
    // A document with nothing in it is of the kind that its name says, if there is one.
    let (hollow, entries): (Vec<Entry<'_>>, Vec<Entry<'_>>) = entries
        .into_iter()
        .partition(|entry| entry.sketch.root == Root::Hollow);
    let mut kinds = Vec::new();
    folder(&entries, &[], Folders::One, &mut kinds);
    settle(&mut kinds, files);
    let mut homeless = Vec::new();
    for entry in hollow {
        let path = &files[entry.index].0;
        match kinds.iter_mut().find(|kind| kind.matches(path)) {
            Some(kind) => kind.files.push(entry.index),
            None => homeless.push(entry),
        }
    }
    folder(&homeless, &[], Folders::One, &mut kinds);
    settle(&mut kinds, files);
    kinds
}

/// Whether a folder stands for itself or for many.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folders {
    One,
    Many,
}

#[derive(Clone)]
struct Entry<'f> {
    index: usize,
    /// The segments of the path that are still to be looked at.
    rest: Vec<&'f str>,
    sketch: &'f Sketch,
    class: usize,
}

/// Finds the kinds among `entries`, whose paths all begin with `prefix`.
fn folder(entries: &[Entry<'_>], prefix: &[Segment], folders: Folders, kinds: &mut Vec<Kind>) {
    let (files, deeper): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
        entries.iter().partition(|entry| entry.rest.len() == 1);
    let mut push = |segment: Segment, files: Vec<usize>| {
        let segments = prefix.iter().cloned().chain([segment]).collect();
        let patterns = vec![PatternDraft { segments }];
        kinds.push(Kind { patterns, files });
    };
    let by_name = named(&files);
    let recurring = |name: &str| folders == Folders::Many && by_name[name].len() > 1;
    let mut clusters: BTreeMap<(String, usize), Vec<&Entry<'_>>> = BTreeMap::new();
    for (name, files) in &by_name {
        if recurring(name) {
            let files = files.iter().map(|entry| entry.index).collect();
            push(Segment::Literal((*name).to_owned()), files);
        } else {
            for entry in files {
                let cluster = (ending(name).to_owned(), entry.class);
                clusters.entry(cluster).or_default().push(entry);
            }
        }
    }
    let alone = clusters.len() == 1;
    for cluster in clusters.into_values() {
        let names: Vec<&str> = cluster.iter().map(|entry| entry.rest[0]).collect();
        if is_one_kind(&cluster, &names) {
            let affixes = Affixes::of(&names, alone);
            push(
                Segment::Capture(affixes),
                cluster.iter().map(|entry| entry.index).collect(),
            );
        } else {
            for entry in cluster {
                push(
                    Segment::Literal(entry.rest[0].to_owned()),
                    vec![entry.index],
                );
            }
        }
    }
    subfolders(&deeper, prefix, folders, kinds);
}

fn named<'e, 'f>(entries: &[&'e Entry<'f>]) -> BTreeMap<&'f str, Vec<&'e Entry<'f>>> {
    let mut by_name: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        by_name.entry(entry.rest[0]).or_default().push(entry);
    }
    by_name
}

/// Whether like documents in one folder are of one kind by their names too.
fn is_one_kind(cluster: &[&Entry<'_>], names: &[&str]) -> bool {
    if cluster.len() < 2 {
        return false;
    }
    let codes = names.iter().filter(|name| is_code(name)).count();
    let first = cluster[0].sketch;
    cluster.len() >= MANY
        || codes * 2 > names.len()
        || cluster
            .iter()
            .all(|entry| entry.sketch.likeness(first) >= NEARLY_EQUAL)
            && !matches!(first.root, Root::Scalar | Root::Hollow)
}

fn subfolders(deeper: &[&Entry<'_>], prefix: &[Segment], folders: Folders, kinds: &mut Vec<Kind>) {
    let by_name = named(deeper);
    let mut enter = |segment: Segment, entries: Vec<&Entry<'_>>, folders: Folders| {
        let inner: Vec<Entry<'_>> = entries
            .into_iter()
            .map(|entry| Entry {
                rest: entry.rest[1..].to_vec(),
                ..entry.clone()
            })
            .collect();
        let prefix: Vec<Segment> = prefix.iter().cloned().chain([segment]).collect();
        folder(&inner, &prefix, folders, kinds);
    };
    // What a folder holds: depth, ending and class of each file.
    type Holding = BTreeSet<(usize, String, usize)>;
    let mut groups: Vec<(Holding, Vec<&str>)> = Vec::new();
    for (name, entries) in &by_name {
        if folders == Folders::Many && recurs(entries) {
            enter(
                Segment::Literal((*name).to_owned()),
                entries.clone(),
                folders,
            );
            continue;
        }
        let holding: Holding = entries
            .iter()
            .map(|entry| {
                let file = entry.rest.last().copied().unwrap_or_default();
                (entry.rest.len(), ending(file).to_lowercase(), entry.class)
            })
            .collect();
        let like = groups.iter_mut().find(|(known, _)| {
            let both = known.intersection(&holding).count();
            both * 2 >= known.len().max(holding.len())
        });
        match like {
            Some((_, names)) => names.push(name),
            None => groups.push((holding, vec![name])),
        }
    }
    for (_, names) in groups {
        let codes = names.iter().filter(|name| is_code(name)).count();
        if names.len() >= MANY
            || names.len() >= 2 && (codes * 2 > names.len() || same_files(&names, &by_name))
        {
            let entries = names
                .iter()
                .flat_map(|name| by_name[name].iter().copied())
                .collect();
            enter(Segment::Capture(Affixes::none()), entries, Folders::Many);
        } else {
            for name in names {
                enter(
                    Segment::Literal(name.to_owned()),
                    by_name[name].clone(),
                    folders,
                );
            }
        }
    }
}

/// Whether files of one name stand in several of the folders that a capture stands for.
fn recurs(entries: &[&Entry<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    entries.iter().any(|entry| !seen.insert(&entry.rest[1..]))
}

/// Whether the folders `names` hold files of the same names.
fn same_files(names: &[&str], by_name: &BTreeMap<&str, Vec<&Entry<'_>>>) -> bool {
    let files = |name: &&str| -> BTreeSet<&[&str]> {
        by_name[*name]
            .iter()
            .map(|entry| &entry.rest[1..])
            .collect()
    };
    let first = files(&names[0]);
    names.iter().all(|name| !files(name).is_disjoint(&first))
}

/// Sorts the kinds by how particular their patterns are, and joins those whose files patterns cannot tell apart.
fn settle(kinds: &mut Vec<Kind>, files: &[(String, &Sketch)]) {
    loop {
        kinds.sort_by_key(|kind| kind.patterns.iter().map(PatternDraft::order).min());
        let compiled: Vec<Vec<FilePattern>> = kinds
            .iter()
            .map(|kind| kind.patterns.iter().map(PatternDraft::compiled).collect())
            .collect();
        let mut taken: Vec<Vec<usize>> = vec![Vec::new(); kinds.len()];
        let mut join = None;
        for (own, kind) in kinds.iter().enumerate() {
            for &file in &kind.files {
                let path = &files[file].0;
                let first = compiled.iter().position(|patterns| {
                    patterns
                        .iter()
                        .any(|pattern| pattern.matches(path).is_some())
                });
                let first = first.expect("the pattern of a kind matches its files");
                taken[first].push(file);
                // A document with nothing in it is of any kind.
                if first != own && files[file].1.root != Root::Hollow {
                    join.get_or_insert((first, own));
                }
            }
        }
        let Some((into, from)) = join else {
            for (kind, mut files) in kinds.iter_mut().zip(taken) {
                files.sort_unstable();
                kind.files = files;
            }
            kinds.retain(|kind| !kind.files.is_empty());
            return;
        };
        let joined = kinds[from].clone();
        let kind = &mut kinds[into];
        kind.files.extend(joined.files);
        kind.patterns.extend(joined.patterns);
        kind.patterns.sort_by_key(PatternDraft::order);
        kind.patterns.dedup();
        kinds.remove(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(files: &[(&str, Value)]) -> Vec<(String, usize)> {
        let sketches: Vec<Sketch> = files
            .iter()
            .map(|(_, value)| Sketch::of_document(value))
            .collect();
        let files: Vec<(String, &Sketch)> = files
            .iter()
            .zip(&sketches)
            .map(|((path, _), sketch)| ((*path).to_owned(), sketch))
            .collect();
        let kinds = kinds(&files);
        let text = |kind: &Kind| {
            let patterns = kind.patterns.iter().map(|pattern| pattern.text(&[]));
            patterns.collect::<Vec<_>>().join(" ")
        };
        kinds
            .iter()
            .map(|kind| (text(kind), kind.files.len()))
            .collect()
    }

    fn pairs(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
        expected
            .iter()
            .map(|(text, files)| ((*text).to_owned(), *files))
            .collect()
    }

    #[test]
    fn two_kinds_in_one_folder_are_told_apart_by_their_names() {
        let session = json!({"id": "s", "title": "t"});
        let messages = json!([{"role": "user", "content": "c"}]);
        let files = [
            ("chat/c1.json", messages.clone()),
            ("chat/c1_session.json", session.clone()),
            ("chat/c2.json", json!([])),
            ("chat/c2_session.json", session),
            ("chat/c3.json", messages),
        ];
        assert_eq!(
            found(&files),
            pairs(&[("chat/*_session.json", 2), ("chat/*.json", 3)])
        );
    }

    #[test]
    fn files_with_names_of_their_own_stand_alone() {
        let files = [
            ("users.json", json!([{"id": 1, "name": "a"}])),
            ("orders.json", json!([{"id": 1, "total": 3}])),
            ("config.json", json!({"port": 1})),
        ];
        assert_eq!(
            found(&files),
            pairs(&[("config.json", 1), ("orders.json", 1), ("users.json", 1)])
        );
    }

    #[test]
    fn folders_that_are_alike_become_a_capture() {
        let files = [
            ("users/u1/profile.json", json!({"name": "a"})),
            ("users/u2/profile.json", json!({"name": "b"})),
            ("users/u2/orders/1.json", json!({"total": 1})),
            ("users/u1/orders/7.json", json!({"total": 1})),
            ("users/u1/orders/8.json", json!({"total": 1})),
        ];
        assert_eq!(
            found(&files),
            pairs(&[("users/*/profile.json", 2), ("users/*/orders/*.json", 3)])
        );
    }

    #[test]
    fn kinds_that_names_cannot_tell_apart_are_one() {
        let files = [
            ("a1.json", json!({"x": 1})),
            ("a2.json", json!([1])),
            ("a3.json", json!({"x": 1})),
            ("a4.json", json!([2])),
        ];
        assert_eq!(
            found(&files),
            pairs(&[("a*.json", 4)])
                .into_iter()
                .map(|(_, n)| ("*.json".to_owned(), n))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn names_that_look_like_patterns_are_matched() {
        let files = [("a{b}.json", json!({"x": 1})), ("c*d.json", json!([1]))];
        assert_eq!(found(&files).len(), 2);
    }
}
