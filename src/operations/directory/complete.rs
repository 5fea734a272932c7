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

    /// Line and column of what has a pointer only: of the value there, or, where the file has none, of the innermost
    /// that encloses it.
    fn find_places(&self, file: &SourceFile, findings: &mut [&mut Finding]) {
        let mut unplaced: Vec<_> = findings
            .iter_mut()
            .filter_map(|finding| finding.place.as_mut())
            .filter(|place| place.line.is_none() && place.pointer.is_some())
            .collect();
        let (mut pointers, mut ends) = (Vec::new(), Vec::new());
        for place in &unplaced {
            pointers.extend(enclosing(place.pointer.as_deref().unwrap_or_default()));
            ends.push(pointers.len());
        }
        if pointers.is_empty() {
            return;
        }
        let Ok(reader) = source::open(&self.survey.root, file) else {
            return;
        };
        let asked: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let framing = Framing::of(&self.layout.sources[file.source], file.document());
        let mut positions = position_in_file(reader, &asked, framing)
            .into_iter()
            .zip(pointers);
        let mut begin = 0;
        for (place, end) in unplaced.iter_mut().zip(ends) {
            let mut own = positions.by_ref().take(end - begin);
            begin = end;
            let found = own.find_map(|(position, pointer)| Some((position?, pointer)));
            own.for_each(drop);
            if let Some((position, pointer)) = found {
                place.line = Some(position.line);
                place.column = Some(position.column);
                place.pointer = Some(pointer);
            }
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

/// A pointer, and those to all that encloses it, the innermost first.
fn enclosing(pointer: &str) -> impl Iterator<Item = String> {
    let ends = pointer.rmatch_indices('/').map(|(at, _)| at);
    let ends = std::iter::once(pointer.len()).chain(ends);
    ends.map(|end| pointer[..end].to_owned())
}
