//! Proposes a layout for a directory that has none: reads its files three times, then checks the result.
//!
//! Files are read chunk by chunk. Memory is bounded by the number of files and of distinct pointers in their documents.
//! Nothing is written.

use std::path::PathBuf;

use serde_json::Value;

use crate::infer::{DocumentProfile, DocumentSummary, Outline, Proposal, clusters};
use crate::layout::{Checked, LayoutError, check, unpacked};
use crate::model::{Finding, FindingList, Findings, Level};
use crate::parse::{Chunks, Framing, Limits, Shape};
use crate::source::{self, JsonFiles};

use super::{Context, OperationError, Stage};

/// Number of array elements that determine the kind of the array.
const SAMPLE: usize = 64;

/// What to propose a layout for.
#[derive(Debug, Clone)]
pub struct ProposeOptions {
    /// The source directory.
    pub directory: PathBuf,
    /// The name of the layout.
    pub name: String,
    /// Limits of the parser.
    pub limits: Limits,
}

/// The proposed layout, with findings.
#[derive(Debug, Clone)]
pub struct ProposeOutcome {
    /// The directory's absolute path.
    pub directory: String,
    /// Name of the layout.
    pub name: String,
    /// The files of the layout with their contents.
    pub proposal: Proposal,
    /// JSON files found.
    pub files: usize,
    /// Files that could not be read, so that they are not considered; sorted.
    pub unread: Vec<String>,
    /// Findings, sorted by level and location.
    pub findings: FindingList,
}

/// Proposes a layout for a directory.
///
/// # Errors
/// When the directory cannot be read or has no readable JSON file, or the operation is interrupted.
pub fn propose(
    options: &ProposeOptions,
    ctx: Context<'_>,
) -> Result<ProposeOutcome, OperationError> {
    ctx.progress.begin(Stage::Propose, None);
    let found = source::find_json(&options.directory)?;
    let mut passes = Passes {
        found: &found,
        limits: options.limits,
        ctx,
        findings: found.findings.clone(),
    };
    let summaries = passes.summaries()?;
    if summaries.is_empty() {
        return Err(OperationError::NothingToPropose {
            directory: found.root.display().to_string(),
            findings: passes.findings.sorted(),
        });
    }
    let paths: Vec<String> = summaries.iter().map(|(path, _)| path.clone()).collect();
    // A packed file is matched, and captured from, by its unpacked name.
    let documents: Vec<String> = paths.iter().map(|path| unpacked(path).to_owned()).collect();
    let named: Vec<(String, &DocumentSummary)> = documents
        .iter()
        .zip(&summaries)
        .map(|(path, (_, summary))| (path.clone(), summary))
        .collect();
    let clusters = clusters(&named);
    let mut profiles = Vec::new();
    for cluster in &clusters {
        let mut profile = DocumentProfile::default();
        for &file in &cluster.files {
            passes.profile(&paths[file], &mut profile)?;
        }
        profiles.push(profile);
    }
    let outline = Outline::new(&options.name, &clusters, &documents, profiles);
    let mut collector = outline.collector();
    for (index, cluster) in clusters.iter().enumerate() {
        for &file in &cluster.files {
            collector.begin_file(index, &documents[file]);
            let framing = match outline.is_by_element(index) {
                true => framing(&paths[file]),
                false => Framing::Document,
            };
            // Problems of the file were reported in the second pass.
            let _ = passes.read(&paths[file], framing, &mut |seen| match seen {
                Seen::Document(document) => collector.document(&document),
                Seen::Begin | Seen::Empty => {}
                Seen::Element(element) => collector.element(&element),
            })?;
        }
    }
    let proposal = outline.proposal(collector);
    ctx.progress.end();
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
        findings: passes.findings.sorted(),
    })
}

/// Checks a proposal like any other layout.
///
/// # Errors
/// When it is not a valid layout, which is a bug.
pub fn check_proposal(proposal: &Proposal) -> Result<Checked, LayoutError> {
    check(&proposal.files)
}

/// What one pass reads from a file.
enum Seen {
    /// A document that is not an array.
    Document(Value),
    /// The start of an array or of lines; the elements follow.
    Begin,
    Element(Value),
    /// The array or the lines have no elements.
    Empty,
}

struct Passes<'l> {
    found: &'l JsonFiles,
    limits: Limits,
    ctx: Context<'l>,
    findings: Findings,
}

impl Passes<'_> {
    /// The first pass. Files that cannot be read are skipped, with a finding.
    fn summaries(&mut self) -> Result<Vec<(String, DocumentSummary)>, OperationError> {
        let mut summaries = Vec::new();
        for path in &self.found.paths {
            self.ctx.check_interrupt()?;
            match self.summary(path) {
                Ok(summary) => summaries.push((path.clone(), summary)),
                Err(finding) => self.findings.push(*finding),
            }
        }
        Ok(summaries)
    }

    fn summary(&self, path: &str) -> Result<DocumentSummary, Box<Finding>> {
        let reader = source::open_unhashed(&self.found.root, path)?;
        let mut chunks = Chunks::new(reader, path, framing(path), self.limits);
        let Some(chunk) = chunks.next() else {
            return Ok(DocumentSummary::of_elements(&[]));
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
            (Shape::Whole, [document]) => DocumentSummary::of_document(document),
            (Shape::Whole | Shape::Elements, elements) => DocumentSummary::of_elements(elements),
        })
    }

    /// The second pass.
    fn profile(&mut self, path: &str, profile: &mut DocumentProfile) -> Result<(), OperationError> {
        let mut records = 0;
        let findings = self.read(path, framing(path), &mut |seen| {
            records += 1;
            match seen {
                Seen::Document(document) => profile.document(&document),
                Seen::Begin => profile.begin_array(),
                Seen::Element(element) => profile.element(&element),
                Seen::Empty => profile.array_was_empty(),
            }
        })?;
        self.findings.extend(findings);
        self.ctx.progress.file(path, records);
        Ok(())
    }

    /// Reads a file to its end, or to the first error.
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
            self.ctx.check_interrupt()?;
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
                        // After an element that ends wrongly, the next may begin anywhere.
                        return Ok(findings);
                    }
                }
            }
            self.ctx.progress.advance(chunk.bytes.len() as u64);
        }
        if first && findings.is_empty() {
            see(Seen::Begin);
            see(Seen::Empty);
        }
        findings.retain(|finding| finding.level == Level::Error);
        Ok(findings)
    }
}

/// How a file contains its records, according to its name.
fn framing(path: &str) -> Framing {
    Framing::by_name(unpacked(path))
}
