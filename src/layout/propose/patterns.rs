//! File patterns whose captures have no names yet.

use crate::layout::pattern::FilePattern;

use super::affix::{Affixes, literal};

/// A file pattern whose captures have no names yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PatternDraft {
    pub(super) segments: Vec<Segment>,
}

/// A segment of a file pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    Literal(String),
    Capture(Affixes),
}

impl PatternDraft {
    /// As it is written, with these names for the captures.
    pub(super) fn text(&self, names: &[String]) -> String {
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

    pub(super) fn captures(&self) -> impl Iterator<Item = &Affixes> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Capture(affixes) => Some(affixes),
        })
    }

    pub(super) fn compiled(&self) -> FilePattern {
        FilePattern::parse(&self.text(&[])).expect("a pattern made from paths is one")
    }

    /// The more is written out, the earlier it is tried.
    /// By this order patterns are tried.
    pub(super) fn order(&self) -> (usize, std::cmp::Reverse<usize>, String) {
        let text = self.text(&[]);
        let captures = self.captures().count() + text.matches('*').count();
        (captures, std::cmp::Reverse(text.len()), text)
    }
}
