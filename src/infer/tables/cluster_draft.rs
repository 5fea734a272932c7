//! Drafts of clusters: name, profile, and file patterns whose captures are not chosen yet.

use crate::infer::cluster::{Affixes, PathPattern, Segment, ending};
use crate::infer::profile::PathProfile;

use super::names::word;

/// A cluster of files before its keys and references are known.
#[derive(Debug)]
pub(crate) struct ClusterDraft {
    pub(crate) name: String,
    pub(crate) patterns: Vec<PathPattern>,
    pub(crate) files: usize,
    pub(crate) profile: PathProfile,
    /// For each capture, the alternatives for cutting it out of its segment: with or without the words common to all
    /// names.
    pub(crate) alternatives: Vec<Vec<Affixes>>,
}

impl ClusterDraft {
    /// For each capture and alternative, what it captures from the name of a file.
    pub(crate) fn captured(&self, path: &str) -> Vec<Vec<String>> {
        let [pattern] = &self.patterns[..] else {
            return Vec::new();
        };
        let names = pattern.segments.iter().zip(path.split('/'));
        let names = names.filter(|(segment, _)| matches!(segment, Segment::Capture(_)));
        let captures = names.zip(&self.alternatives).map(|((_, name), affixes)| {
            let captured = affixes
                .iter()
                .map(|affixes| affixes.captured(name).to_owned());
            captured.collect()
        });
        captures.collect()
    }

    /// Returns the patterns as text, with these names for the captures and the chosen alternatives.
    pub(crate) fn pattern_texts(&self, names: &[String], chosen: &[usize]) -> Vec<String> {
        let patterns = self.patterns.iter().map(|pattern| {
            let mut alternatives = self.alternatives.iter().zip(chosen);
            let segments = pattern.segments.iter().map(|segment| match segment {
                Segment::Capture(affixes) => {
                    let chosen = alternatives.next();
                    let affixes = chosen.map_or(affixes, |(all, chosen)| &all[*chosen]);
                    Segment::Capture(affixes.clone())
                }
                Segment::Literal(_) => segment.clone(),
            });
            let segments = segments.collect();
            PathPattern { segments }.text(names)
        });
        patterns.collect()
    }
}

/// Returns a name for the records of a cluster, from the file or the folder.
pub(crate) fn cluster_name(pattern: &PathPattern, layout: &str) -> String {
    let stem = |name: &str| name[..name.len() - ending(name).len()].to_owned();
    let folder = pattern
        .segments
        .iter()
        .rev()
        .skip(1)
        .find_map(|segment| match segment {
            Segment::Literal(name) => Some(name.clone()),
            Segment::Capture(_) => None,
        });
    match pattern.segments.last() {
        Some(Segment::Literal(name)) => stem(name),
        Some(Segment::Capture(affixes)) => {
            let folder = folder.unwrap_or_else(|| layout.to_owned());
            let own = word(&stem(&affixes.suffix));
            match affixes.suffix.len() > ending(&format!("x{}", affixes.suffix)).len() {
                true if !word(&folder).contains(&own) => format!("{folder}_{own}"),
                true | false => folder,
            }
        }
        None => layout.to_owned(),
    }
}
