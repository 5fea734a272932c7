//! Determines which files belong together, by their folders, names and contents.
//!
//! A cluster is a file pattern, or several. Common parts of the names stay, varying parts become captures. Clusters
//! that cannot be distinguished by name are merged. Finally every file is matched as in an import.

mod affixes;
mod path_pattern;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::FilePattern;

pub(crate) use affixes::{Affixes, ending};
pub(crate) use path_pattern::{PathPattern, Segment, capture_alternatives};
pub(crate) use summary::DocumentSummary;

use affixes::is_code;
use summary::{RootType, similarity_classes};

/// The minimum similarity of documents whose names are plain words.
const MIN_SIMILARITY_OF_WORDS: f64 = 0.8;
/// This many files of one type in a folder are one cluster, whatever their names.
const MANY_FILES: usize = 5;

/// Files that belong together.
#[derive(Debug, Clone)]
pub(crate) struct FileCluster {
    /// File patterns with captures `{1}`, `{2}`, … in order; several only if their contents cannot be distinguished
    /// by name.
    pub(crate) patterns: Vec<PathPattern>,
    /// Indexes of the files.
    pub(crate) files: Vec<usize>,
}

impl FileCluster {
    fn matches(&self, path: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.compiled().matches(path).is_some())
    }
}

/// Groups `files` into clusters. Each file is given by its relative path (with `/`) and the summary of its document.
pub(crate) fn clusters(files: &[(String, &DocumentSummary)]) -> Vec<FileCluster> {
    let classes = similarity_classes(files);
    let entries: Vec<Entry<'_>> = files
        .iter()
        .enumerate()
        .map(|(index, (path, summary))| Entry {
            index,
            rest: path.split('/').collect(),
            summary,
            class: classes[index],
        })
        .collect();
    // An empty document belongs to the cluster whose pattern matches its name, if there is one.
    let (empty, entries): (Vec<Entry<'_>>, Vec<Entry<'_>>) = entries
        .into_iter()
        .partition(|entry| entry.summary.root == RootType::Empty);
    let mut clusters = Vec::new();
    folder(&entries, &[], Folders::One, &mut clusters);
    merge_ambiguous(&mut clusters, files);
    let mut homeless = Vec::new();
    for entry in empty {
        let path = &files[entry.index].0;
        match clusters.iter_mut().find(|cluster| cluster.matches(path)) {
            Some(cluster) => cluster.files.push(entry.index),
            None => homeless.push(entry),
        }
    }
    folder(&homeless, &[], Folders::One, &mut clusters);
    merge_ambiguous(&mut clusters, files);
    clusters
}

/// Whether a pattern segment matches one folder or many.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folders {
    One,
    Many,
}

#[derive(Clone)]
struct Entry<'f> {
    index: usize,
    /// The remaining segments of the path.
    rest: Vec<&'f str>,
    summary: &'f DocumentSummary,
    class: usize,
}

/// Finds the clusters among `entries`, whose paths all start with `prefix`.
fn folder(
    entries: &[Entry<'_>],
    prefix: &[Segment],
    folders: Folders,
    clusters: &mut Vec<FileCluster>,
) {
    let (files, deeper): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
        entries.iter().partition(|entry| entry.rest.len() == 1);
    let mut push = |segment: Segment, files: Vec<usize>| {
        let segments = prefix.iter().cloned().chain([segment]).collect();
        let patterns = vec![PathPattern { segments }];
        clusters.push(FileCluster { patterns, files });
    };
    let by_name = named(&files);
    let recurring = |name: &str| folders == Folders::Many && by_name[name].len() > 1;
    let mut groups_by_class: BTreeMap<(String, usize), Vec<&Entry<'_>>> = BTreeMap::new();
    for (name, files) in &by_name {
        if recurring(name) {
            let files = files.iter().map(|entry| entry.index).collect();
            push(Segment::Literal((*name).to_owned()), files);
        } else {
            for entry in files {
                let group = (ending(name).to_owned(), entry.class);
                groups_by_class.entry(group).or_default().push(entry);
            }
        }
    }
    let alone = groups_by_class.len() == 1;
    for group in groups_by_class.into_values() {
        let names: Vec<&str> = group.iter().map(|entry| entry.rest[0]).collect();
        if is_one_cluster(&group, &names) {
            let affixes = Affixes::of(&names, alone);
            push(
                Segment::Capture(affixes),
                group.iter().map(|entry| entry.index).collect(),
            );
        } else {
            for entry in group {
                push(
                    Segment::Literal(entry.rest[0].to_owned()),
                    vec![entry.index],
                );
            }
        }
    }
    subfolders(&deeper, prefix, folders, clusters);
}

fn named<'e, 'f>(entries: &[&'e Entry<'f>]) -> BTreeMap<&'f str, Vec<&'e Entry<'f>>> {
    let mut by_name: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        by_name.entry(entry.rest[0]).or_default().push(entry);
    }
    by_name
}

/// Whether similar documents in a folder also have similar names.
fn is_one_cluster(group: &[&Entry<'_>], names: &[&str]) -> bool {
    if group.len() < 2 {
        return false;
    }
    let codes = names.iter().filter(|name| is_code(name)).count();
    let first = group[0].summary;
    group.len() >= MANY_FILES
        || codes * 2 > names.len()
        || group
            .iter()
            .all(|entry| entry.summary.similarity(first) >= MIN_SIMILARITY_OF_WORDS)
            && !matches!(first.root, RootType::Scalar | RootType::Empty)
}

fn subfolders(
    deeper: &[&Entry<'_>],
    prefix: &[Segment],
    folders: Folders,
    clusters: &mut Vec<FileCluster>,
) {
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
        folder(&inner, &prefix, folders, clusters);
    };
    // The contents of a folder: depth, extension and class of each file.
    type FolderContents = BTreeSet<(usize, String, usize)>;
    let mut groups: Vec<(FolderContents, Vec<&str>)> = Vec::new();
    for (name, entries) in &by_name {
        if folders == Folders::Many && recurs(entries) {
            enter(
                Segment::Literal((*name).to_owned()),
                entries.clone(),
                folders,
            );
            continue;
        }
        let contents: FolderContents = entries
            .iter()
            .map(|entry| {
                let file = entry.rest.last().copied().unwrap_or_default();
                (entry.rest.len(), ending(file).to_lowercase(), entry.class)
            })
            .collect();
        let like = groups.iter_mut().find(|(known, _)| {
            let both = known.intersection(&contents).count();
            both * 2 >= known.len().max(contents.len())
        });
        match like {
            Some((_, names)) => names.push(name),
            None => groups.push((contents, vec![name])),
        }
    }
    for (_, names) in groups {
        let codes = names.iter().filter(|name| is_code(name)).count();
        if names.len() >= MANY_FILES
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

/// Whether files with the same name occur in several of the folders matched by a capture.
fn recurs(entries: &[&Entry<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    entries.iter().any(|entry| !seen.insert(&entry.rest[1..]))
}

/// Whether the folders `names` contain files of the same names.
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

/// Sorts the clusters by the specificity of their patterns, and merges clusters whose files cannot be distinguished by
/// patterns.
fn merge_ambiguous(clusters: &mut Vec<FileCluster>, files: &[(String, &DocumentSummary)]) {
    loop {
        clusters.sort_by_key(|cluster| cluster.patterns.iter().map(PathPattern::order).min());
        let compiled: Vec<Vec<FilePattern>> = clusters
            .iter()
            .map(|cluster| cluster.patterns.iter().map(PathPattern::compiled).collect())
            .collect();
        let mut taken: Vec<Vec<usize>> = vec![Vec::new(); clusters.len()];
        let mut join = None;
        for (own, cluster) in clusters.iter().enumerate() {
            for &file in &cluster.files {
                let path = &files[file].0;
                let first = compiled.iter().position(|patterns| {
                    patterns
                        .iter()
                        .any(|pattern| pattern.matches(path).is_some())
                });
                let first = first.expect("the pattern of a cluster matches its files");
                taken[first].push(file);
                // An empty document fits any cluster.
                if first != own && files[file].1.root != RootType::Empty {
                    join.get_or_insert((first, own));
                }
            }
        }
        let Some((into, from)) = join else {
            for (cluster, mut files) in clusters.iter_mut().zip(taken) {
                files.sort_unstable();
                cluster.files = files;
            }
            clusters.retain(|cluster| !cluster.files.is_empty());
            return;
        };
        let joined = clusters[from].clone();
        let cluster = &mut clusters[into];
        cluster.files.extend(joined.files);
        cluster.patterns.extend(joined.patterns);
        cluster.patterns.sort_by_key(PathPattern::order);
        cluster.patterns.dedup();
        clusters.remove(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(files: &[(&str, Value)]) -> Vec<(String, usize)> {
        let summaries: Vec<DocumentSummary> = files
            .iter()
            .map(|(_, value)| DocumentSummary::of_document(value))
            .collect();
        let files: Vec<(String, &DocumentSummary)> = files
            .iter()
            .zip(&summaries)
            .map(|((path, _), summary)| ((*path).to_owned(), summary))
            .collect();
        let clusters = clusters(&files);
        let text = |cluster: &FileCluster| {
            let patterns = cluster.patterns.iter().map(|pattern| pattern.text(&[]));
            patterns.collect::<Vec<_>>().join(" ")
        };
        clusters
            .iter()
            .map(|cluster| (text(cluster), cluster.files.len()))
            .collect()
    }

    fn pairs(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
        expected
            .iter()
            .map(|(text, files)| ((*text).to_owned(), *files))
            .collect()
    }

    #[test]
    fn two_clusters_in_one_folder_are_distinguished_by_name() {
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
    fn files_with_distinct_names_are_separate_clusters() {
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
    fn similar_folders_become_a_capture() {
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
    fn clusters_that_cannot_be_distinguished_by_name_are_merged() {
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
