//! Completing findings when all files were read: the place of what was found after mapping, and the line to show.

use std::collections::BTreeMap;

use crate::model::{FileId, Finding, FindingList, Findings};
use crate::parse::{Framing, Position, excerpts, position_in_file};
use crate::source::{self, SourceFile};

use super::Directory;

impl Directory<'_> {
    /// The findings, sorted, with line, column and excerpt where there is a value in a file that they are about.
    ///
    /// Two more passes over each file that has any; only findings that are kept are completed.
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
        findings.sorted()
    }

    fn file_named(&self, path: &str) -> Option<&SourceFile> {
        let files = &self.survey.files;
        let at = files.binary_search_by(|file| file.path.as_str().cmp(path));
        at.ok().map(|at| &files[at])
    }

    /// Line and column of what has a pointer only.
    fn find_places(&self, file: &SourceFile, findings: &mut [&mut Finding]) {
        let mut unplaced: Vec<_> = findings
            .iter_mut()
            .filter_map(|finding| finding.place.as_mut())
            .filter(|place| place.line.is_none() && place.pointer.is_some())
            .collect();
        if unplaced.is_empty() {
            return;
        }
        let Ok(reader) = source::open(&self.survey.root, file) else {
            return;
        };
        let pointers: Vec<&str> = unplaced
            .iter()
            .filter_map(|place| place.pointer.as_deref())
            .collect();
        let framing = Framing::of(&self.layout.sources[file.source], file.document());
        let positions = position_in_file(reader, &pointers, framing);
        for (place, position) in unplaced.iter_mut().zip(positions) {
            place.line = position.as_ref().map(|position| position.line);
            place.column = position.map(|position| position.column);
        }
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
