//! Drafts of file patterns, whose captures have no names yet.

use std::collections::BTreeSet;

use crate::layout::FilePattern;

use super::affixes::{Affixes, literal};

/// A file pattern whose captures have no names yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathPattern {
    pub(crate) segments: Vec<Segment>,
}

/// A segment of a file pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    Literal(String),
    Capture(Affixes),
}

impl PathPattern {
    /// Formats the pattern with these names for the captures.
    pub(crate) fn text(&self, names: &[String]) -> String {
        let mut names = names.iter();
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => literal(text),
            Segment::Capture(affixes) => match names.next() {
                Some(name) => format!(
                    "{}{{{name}}}{}",
                    literal(&affixes.prefix),
                    literal(&affixes.suffix)
                ),
                None => format!("{}*{}", literal(&affixes.prefix), literal(&affixes.suffix)),
            },
        });
        segments.collect::<Vec<_>>().join("/")
    }

    pub(crate) fn captures(&self) -> impl Iterator<Item = &Affixes> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Capture(affixes) => Some(affixes),
        })
    }

    pub(crate) fn compiled(&self) -> FilePattern {
        FilePattern::parse(&self.text(&[])).expect("a pattern generated from paths is valid")
    }

    /// The sort key of the order in which patterns are tried: patterns with fewer wildcards and more literal text
    /// come first.
    pub(crate) fn order(&self) -> (usize, std::cmp::Reverse<usize>, String) {
        let text = self.text(&[]);
        let captures = self.captures().count() + text.matches('*').count();
        (captures, std::cmp::Reverse(text.len()), text)
    }
}

/// The alternatives for cutting each capture out of its segment; none for several patterns or duplicate file names.
pub(crate) fn capture_alternatives(patterns: &[PathPattern], paths: &[&str]) -> Vec<Vec<Affixes>> {
    let [pattern] = patterns else {
        return Vec::new();
    };
    // A document and its compressed copy have the same name, so the name does not distinguish them.
    let distinct: BTreeSet<&&str> = paths.iter().collect();
    if distinct.len() < paths.len() {
        return Vec::new();
    }
    let segments = pattern.segments.iter().enumerate();
    segments
        .filter_map(|(at, segment)| {
            let Segment::Capture(affixes) = segment else {
                return None;
            };
            let names = paths.iter().filter_map(|path| path.split('/').nth(at));
            Some(affixes.alternatives(&names.collect::<Vec<_>>()))
        })
        .collect()
}
