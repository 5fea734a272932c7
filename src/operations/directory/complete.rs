//! Completes findings after all files were read: locates findings made after mapping, and adds excerpts.

use std::collections::BTreeMap;

use crate::model::{FileId, Finding, FindingList, Findings, FirstRecord};
use crate::parse::{Position, excerpts};
use crate::source::{self, SourceFile};

use super::Directory;
use super::places::Unlocated;

impl Directory<'_> {
    /// The findings, sorted, with line, column and excerpt where they concern a value in a file.
    ///
    /// Needs two more passes over each file with findings; only findings that are kept are completed.
    pub(in crate::operations) fn complete(&self, mut findings: Findings) -> FindingList {
        let mut by_file: BTreeMap<FileId, Vec<&mut Finding>> = BTreeMap::new();
        for finding in findings.kept_mut() {
            let Some(place) = &finding.place else {
                continue;
            };
            if let Some(file) = self.file_named(&place.path) {
                by_file.entry(file.id).or_default().push(finding);
            }
        }
        for (id, mut findings) in by_file {
            let file = &self.survey.files[id.0 as usize];
            self.find_places(file, &mut findings);
            self.show_lines(file, &mut findings);
        }
        self.locate_first_records(&mut findings);
        findings.sorted()
    }

    /// Adds line and column to the places of first records.
    fn locate_first_records(&self, findings: &mut Findings) {
        let mut by_file: BTreeMap<FileId, Vec<Unlocated<'_>>> = BTreeMap::new();
        for finding in findings.kept_mut() {
            if let Some(FirstRecord::At(place) | FirstRecord::Cause(place)) = &mut finding.first
                && let Some(file) = self.file_named(&place.path)
            {
                let pointers = place.pointer.iter().cloned().collect();
                let of_file = by_file.entry(file.id).or_default();
                of_file.push(Unlocated { place, pointers });
            }
        }
        for (id, unlocated) in by_file {
            self.locate(&self.survey.files[id.0 as usize], unlocated);
        }
        for finding in findings.kept_mut() {
            if let Some(FirstRecord::Cause(place)) = &finding.first {
                finding.message += &format!(": {place}");
            }
        }
    }

    /// Adds line and column to findings that have only a pointer: those of the value, or, if the file has none there,
    /// of the innermost value that encloses it.
    fn find_places(&self, file: &SourceFile, findings: &mut [&mut Finding]) {
        let places = findings.iter_mut();
        let places = places.filter_map(|finding| finding.place.as_mut());
        let unlocated = places.filter_map(|place| {
            let pointer = place.pointer.as_deref().filter(|_| place.line.is_none())?;
            let pointers = enclosing(pointer).collect();
            Some(Unlocated { place, pointers })
        });
        self.locate(file, unlocated.collect());
    }

    fn show_lines(&self, file: &SourceFile, findings: &mut [&mut Finding]) {
        let position = |finding: &Finding| {
            let place = finding.place.as_ref()?;
            let (line, column) = (place.line?, place.column?);
            Some(Position { line, column })
        };
        let mut placed: Vec<_> = findings
            .iter_mut()
            .filter_map(|finding| Some((position(finding)?, finding)))
            .collect();
        let positions: Vec<Position> = placed.iter().map(|(position, _)| *position).collect();
        if positions.is_empty() {
            return;
        }
        let Ok(reader) = source::open(&self.survey.root, file) else {
            return;
        };
        let found = excerpts(reader, &positions, self.options.show);
        for ((_, finding), excerpt) in placed.iter_mut().zip(found) {
            finding.excerpt = excerpt;
        }
    }
}

/// The pointer, then the pointers to all enclosing values, innermost first.
fn enclosing(pointer: &str) -> impl Iterator<Item = String> {
    let ends = pointer.rmatch_indices('/').map(|(at, _)| at);
    let ends = std::iter::once(pointer.len()).chain(ends);
    ends.map(|end| pointer[..end].to_owned())
}
