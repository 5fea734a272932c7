//! Proposing a layout for a directory that has none: three looks at its files, then a check of the result.
//!
//! Files are read chunk by chunk and forgotten; what is kept is bounded by the number of files and of different places
//! in their documents. Nothing is written.

use std::path::PathBuf;

use serde_json::Value;

use crate::layout::{
    Checked, DocumentShape, LayoutError, Outline, Proposal, Sketch, check, kinds, unpacked,
};
use crate::model::{Finding, FindingList, Findings, Level};
use crate::parse::{Chunks, Framing, Limits, Shape};
use crate::source::{self, JsonFiles};

use super::{OperationError, Stage, Surroundings};

/// Elements of an array that tell what it is an array of.
const SAMPLE: usize = 64;

/// What to propose a layout for.
#[derive(Debug, Clone)]
pub struct ProposeOptions {
    /// The legacy directory.
    pub directory: PathBuf,
    /// What the layout will be called.
    pub name: String,
    /// Bounds on what is parsed.
    pub limits: Limits,
}

/// A layout, and what was noticed.
#[derive(Debug, Clone)]
pub struct ProposeOutcome {
    /// The directory's absolute path.
    pub directory: String,
    /// Name of the layout.
    pub name: String,
    /// The layout's files and what is in them.
    pub proposal: Proposal,
    /// JSON files found.
    pub files: usize,
    /// Files that cannot be read, so that nothing was learnt from them; sorted.
    pub unread: Vec<String>,
    /// What was noticed, sorted by level and place.
    pub findings: FindingList,
}

/// Proposes a layout for a directory.
///
/// # Errors
/// When the directory cannot be read, holds no JSON file that can, or somebody interrupts.
pub fn propose(
    options: &ProposeOptions,
    around: Surroundings<'_>,
) -> Result<ProposeOutcome, OperationError> {
    around.progress.begin(Stage::Propose, None);
    let found = source::find_json(&options.directory)?;
    let mut looks = Looks {
        found: &found,
        limits: options.limits,
        around,
        findings: found.findings.clone(),
    };
    let sketches = looks.sketches()?;
    if sketches.is_empty() {
        return Err(OperationError::NothingToPropose {
            directory: found.root.display().to_string(),
            findings: looks.findings.sorted(),
        });
    }
    let paths: Vec<String> = sketches.iter().map(|(path, _)| path.clone()).collect();
    // A packed file is matched, and captured from, by the name it has unpacked.
    let documents: Vec<String> = paths.iter().map(|path| unpacked(path).to_owned()).collect();
    let named: Vec<(String, &Sketch)> = documents
        .iter()
        .zip(&sketches)
        .map(|(path, (_, sketch))| (path.clone(), sketch))
        .collect();
    let kinds = kinds(&named);
    let mut shapes = Vec::new();
    for kind in &kinds {
        let mut shape = DocumentShape::default();
        for &file in &kind.files {
            looks.shape(&paths[file], &mut shape)?;
        }
        shapes.push(shape);
    }
    let outline = Outline::new(&options.name, &kinds, &documents, shapes);
    let mut collector = outline.collector();
    for (index, kind) in kinds.iter().enumerate() {
        for &file in &kind.files {
            collector.begin_file(index, &documents[file]);
            let framing = match outline.is_by_element(index) {
                true => framing(&paths[file]),
                false => Framing::Document,
            };
            // What is wrong with the file was told at the second look.
            let _ = looks.read(&paths[file], framing, &mut |seen| match seen {
                Seen::Document(document) => collector.document(&document),
                Seen::Begin | Seen::Empty => {}
                Seen::Element(element) => collector.element(&element),
            })?;
        }
    }
    let proposal = collector.finish();
    around.progress.end();
    let unread = found
        .paths
        .iter()
        .filter(|path| paths.binary_search(path).is_err());
    Ok(ProposeOutcome {
        directory: found.root.display().to_string(),
        name: options.name.clone(),
        proposal,
        files: found.paths.len(),
        unread: unread.cloned().collect(),
        findings: looks.findings.sorted(),
    })
}

/// Checks a proposal as any layout is checked.
///
/// # Errors
/// When it is none, which is a fault of the program.
pub fn check_proposal(proposal: &Proposal) -> Result<Checked, LayoutError> {
    check(&proposal.files)
}

/// What one look sees of a file.
enum Seen {
    /// A document that is no array.
    Document(Value),
    /// An array or lines; the elements follow.
    Begin,
    Element(Value),
    /// The array or the lines have no elements.
    Empty,
}

struct Looks<'l> {
    found: &'l JsonFiles,
    limits: Limits,
    around: Surroundings<'l>,
    findings: Findings,
}

impl Looks<'_> {
    /// The first look. Files that cannot be read are left out, with a finding.
    fn sketches(&mut self) -> Result<Vec<(String, Sketch)>, OperationError> {
        let mut sketches = Vec::new();
        for path in &self.found.paths {
            self.around.check_interrupt()?;
            match self.sketch(path) {
                Ok(sketch) => sketches.push((path.clone(), sketch)),
                Err(finding) => self.findings.push(*finding),
            }
        }
        Ok(sketches)
    }

    fn sketch(&self, path: &str) -> Result<Sketch, Box<Finding>> {
        let reader = source::open_unhashed(&self.found.root, path)?;
        let mut chunks = Chunks::new(reader, path, framing(path), self.limits);
        let Some(chunk) = chunks.next() else {
            return Ok(Sketch::of_elements(&[]));
        };
        let chunk = chunk?;
        let sample = chunk.elements.len().min(SAMPLE);
        let mut elements = Vec::with_capacity(sample);
        for element in 0..sample {
            let value = chunk.parse(element, self.limits);
            elements.push(
                value.map_err(|error| Box::new(chunk.syntax_finding(path, element, &error)))?,
            );
        }
        Ok(match (chunk.shape, &elements[..]) {
            (Shape::Whole, [document]) => Sketch::of_document(document),
            (Shape::Whole | Shape::Elements, elements) => Sketch::of_elements(elements),
        })
    }

    /// The second look.
    fn shape(&mut self, path: &str, shape: &mut DocumentShape) -> Result<(), OperationError> {
        let mut records = 0;
        let findings = self.read(path, framing(path), &mut |seen| {
            records += 1;
            match seen {
                Seen::Document(document) => shape.document(&document),
                Seen::Begin => shape.begin_list(),
                Seen::Element(element) => shape.element(&element),
                Seen::Empty => shape.list_was_empty(),
            }
        })?;
        self.findings.extend(findings);
        self.around.progress.file(path, records);
        Ok(())
    }

    /// Reads a file to its end, or to what cannot be read.
    fn read(
        &self,
        path: &str,
        framing: Framing,
        see: &mut dyn FnMut(Seen),
    ) -> Result<Vec<Finding>, OperationError> {
        let reader = match source::open_unhashed(&self.found.root, path) {
            Ok(reader) => reader,
            Err(finding) => return Ok(vec![*finding]),
        };
        let mut findings = Vec::new();
        let mut chunks = Chunks::new(reader, path, framing, self.limits);
        let mut first = true;
        for chunk in chunks.by_ref() {
            self.around.check_interrupt()?;
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(finding) => {
                    findings.push(*finding);
                    continue;
                }
            };
            if std::mem::take(&mut first) && chunk.shape == Shape::Elements {
                see(Seen::Begin);
            }
            for element in 0..chunk.elements.len() {
                match (chunk.parse(element, self.limits), chunk.shape) {
                    (Ok(value), Shape::Whole) => see(Seen::Document(value)),
                    (Ok(value), Shape::Elements) => see(Seen::Element(value)),
                    (Err(error), _) => {
                        findings.push(chunk.syntax_finding(path, element, &error));
                        // Where one element ends wrongly the next may begin anywhere.
                        return Ok(findings);
                    }
                }
            }
            self.around.progress.advance(chunk.bytes.len() as u64);
        }
        if first && findings.is_empty() {
            see(Seen::Begin);
            see(Seen::Empty);
        }
        findings.retain(|finding| finding.level == Level::Error);
        Ok(findings)
    }
}

/// How a file holds its records, as far as its name says.
fn framing(path: &str) -> Framing {
    Framing::by_name(unpacked(path))
}
