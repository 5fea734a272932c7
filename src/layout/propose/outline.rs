//! From kinds of files and their shapes to the text of a layout.

use serde_json::Value;

use super::affix::{Affixes, ending};
use super::captures::ways;
use super::draft::{Draft, Files, drafts};
use super::identifier::{Names, word};
use super::kinds::Kind;
use super::patterns::{PatternDraft, Segment};
use super::proposal::Proposal;
use super::shape::{Budget, Shape};
use super::values::{self, Seen};

/// The shape of the documents of one kind of files.
#[derive(Debug, Default)]
pub struct DocumentShape {
    shape: Shape,
    budget: Budget,
}

impl DocumentShape {
    /// Counts a document that is read as a whole.
    pub fn document(&mut self, document: &Value) {
        self.shape.observe(document, 0, &mut self.budget);
    }

    /// Counts a document that is an array, or lines, whose elements follow.
    pub fn begin_list(&mut self) {
        self.shape.count += 1;
        self.shape.lists.get_or_insert_default().count += 1;
    }

    /// Counts an element of the array begun last.
    pub fn element(&mut self, element: &Value) {
        let lists = self.shape.lists.get_or_insert_default();
        lists.elements.observe(element, 1, &mut self.budget);
    }

    /// Takes note that the array begun last has no elements.
    pub fn list_was_empty(&mut self) {
        self.shape.lists.get_or_insert_default().empty += 1;
    }
}

/// What the layout will look like but for keys and references.
#[derive(Debug)]
pub struct Outline {
    pub(super) name: String,
    pub(super) kinds: Vec<OutlinedKind>,
    pub(super) tables: Vec<Draft>,
}

#[derive(Debug)]
pub(super) struct OutlinedKind {
    pub(super) name: String,
    pub(super) patterns: Vec<PatternDraft>,
    pub(super) files: usize,
    pub(super) shape: Shape,
    /// Per capture, the ways to cut it out of its segment: with or without the words all names begin with.
    pub(super) ways: Vec<Vec<Affixes>>,
}

/// The third look at the documents.
pub struct Collector<'o> {
    outline: &'o Outline,
    values: values::Collector<'o>,
    kind: usize,
    captures: Vec<Vec<String>>,
}

impl Outline {
    /// Lays out `kinds` of the files `paths`; `name` is that of the layout.
    #[must_use]
    pub(crate) fn new(
        name: &str,
        kinds: &[Kind],
        paths: &[String],
        shapes: Vec<DocumentShape>,
    ) -> Self {
        let mut names = Names::default();
        let mut tables: Vec<Draft> = Vec::new();
        let mut outlined = Vec::new();
        for (index, (kind, shape)) in kinds.iter().zip(shapes).enumerate() {
            let of_kind = kind.files.iter().map(|&file| paths[file].as_str());
            let paths: Vec<&str> = of_kind.collect();
            let wanted = kind_name(&kind.patterns[0], name);
            let wanted = match names.is_free(&wanted) || shape.shape.lists.is_none() {
                true => wanted,
                false => format!("{wanted}_items"),
            };
            let kind_name = names.relation(&wanted);
            let files = match (&paths[..], kind.patterns.len()) {
                ([_], 1) => Files::One,
                _ => Files::Many,
            };
            let first = tables.len();
            let drafted = drafts(index, &kind_name, &shape.shape, files).into_iter();
            tables.extend(drafted.map(|draft| Draft {
                parent: draft.parent.map(|parent| parent + first),
                ..draft
            }));
            outlined.push(OutlinedKind {
                ways: ways(&kind.patterns, &paths),
                name: kind_name,
                patterns: kind.patterns.clone(),
                files: paths.len(),
                shape: shape.shape,
            });
        }
        Self {
            name: name.to_owned(),
            kinds: outlined,
            tables,
        }
    }

    /// Whether the documents of a kind are arrays or lines, whose elements are looked at one by one.
    #[must_use]
    pub fn is_by_element(&self, kind: usize) -> bool {
        let shape = &self.kinds[kind].shape;
        shape.only_lists().is_some() && shape.nulls == 0
    }

    /// Begins the third look.
    #[must_use]
    pub fn collector(&self) -> Collector<'_> {
        let ways: Vec<Vec<usize>> = self
            .kinds
            .iter()
            .map(|kind| kind.ways.iter().map(Vec::len).collect())
            .collect();
        Collector {
            outline: self,
            values: values::Collector::new(&self.tables, &ways),
            kind: 0,
            captures: Vec::new(),
        }
    }
}

impl Collector<'_> {
    /// A file of a kind begins.
    pub fn begin_file(&mut self, kind: usize, path: &str) {
        self.values.begin_file();
        self.kind = kind;
        let kind = &self.outline.kinds[kind];
        self.captures = match &kind.patterns[..] {
            [pattern] => pattern
                .segments
                .iter()
                .zip(path.split('/'))
                .filter(|(segment, _)| matches!(segment, Segment::Capture(_)))
                .zip(&kind.ways)
                .map(|((_, name), ways)| {
                    ways.iter()
                        .map(|way| way.captured(name).to_owned())
                        .collect()
                })
                .collect(),
            _ => Vec::new(),
        };
    }

    /// A document of that file that is read as a whole.
    pub fn document(&mut self, value: &Value) {
        let (kind, captures) = (self.kind, &self.captures[..]);
        self.values.document(&Seen {
            kind,
            captures,
            value,
        });
    }

    /// An element of the array or the lines of that file.
    pub fn element(&mut self, value: &Value) {
        let (kind, captures) = (self.kind, &self.captures[..]);
        self.values.element(&Seen {
            kind,
            captures,
            value,
        });
    }

    /// The layout.
    #[must_use]
    pub fn finish(self) -> Proposal {
        let outline = self.outline;
        outline.proposal(&self.values.finish())
    }
}

/// What the records of a kind may be called: like the file, or like the folder.
fn kind_name(pattern: &PatternDraft, layout: &str) -> String {
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
