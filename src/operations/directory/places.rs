//! Places of what was found after mapping: the file is searched again for the record's pointer.

use std::collections::BTreeMap;

use crate::model::{FileId, Origin, Place};
use crate::parse::{Framing, position_in_file};
use crate::plan::{Problem, TableColumns};
use crate::source;

use super::Directory;

impl Directory<'_> {
    /// The place of a record, without line and column.
    pub(in crate::operations) fn place_of(&self, origin: &Origin) -> Place {
        Place {
            pointer: Some(origin.pointer.to_string()),
            ..Place::file(self.path(origin.file))
        }
    }

    /// The place of what a problem is about, without line and column.
    pub(super) fn place_of_problem(&self, problem: &Problem) -> Place {
        let mut place = self.place_of(&problem.origin);
        if let Some(TableColumns { table, columns }) = &problem.columns
            && let [column] = columns[..]
            && let Some(pointer) = &mut place.pointer
        {
            pointer.push_str(&self.pointer_of(problem.origin.file, (*table, column)));
        }
        place
    }

    /// Where inside a record of this file a column's value comes from; empty where that is not one place.
    pub(in crate::operations) fn pointer_of(
        &self,
        file: FileId,
        (table, column): (usize, usize),
    ) -> String {
        let source = &self.layout.sources[self.survey.files[file.0 as usize].source];
        let rules = source.rules().into_iter();
        let columns = rules
            .filter(|rule| rule.table == table)
            .flat_map(|rule| &rule.columns)
            .filter(|mapped| mapped.column == column);
        let mut pointers: Vec<String> = columns
            .map(|mapped| mapped.expression.pointer())
            .map(|pointer| pointer.map(ToString::to_string).unwrap_or_default())
            .collect();
        pointers.dedup();
        match <[String; 1]>::try_from(pointers) {
            Ok([pointer]) => pointer,
            Err(_) => String::new(),
        }
    }

    /// For each record, the line and column of the value at a pointer inside it, or, where there is none, of the
    /// record itself. One more pass over each file.
    pub(in crate::operations) fn places(&self, wanted: &[(&Origin, String)]) -> Vec<Place> {
        let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
        for (at, (origin, _)) in wanted.iter().enumerate() {
            by_file.entry(origin.file).or_default().push(at);
        }
        let mut places: Vec<Place> = wanted
            .iter()
            .map(|(origin, _)| self.place_of(origin))
            .collect();
        for (id, which) in by_file {
            let file = &self.survey.files[id.0 as usize];
            let Ok(reader) = source::open(&self.survey.root, file) else {
                continue;
            };
            let pointers: Vec<String> = which
                .iter()
                .map(|&at| &wanted[at])
                .flat_map(|(origin, inner)| {
                    [
                        origin.pointer.to_string(),
                        format!("{}{inner}", origin.pointer),
                    ]
                })
                .collect();
            let asked: Vec<&str> = pointers.iter().map(String::as_str).collect();
            let framing = Framing::of(&self.layout.sources[file.source], file.document());
            let positions = position_in_file(reader, &asked, framing);
            for ((at, pointers), positions) in which
                .into_iter()
                .zip(pointers.chunks_exact(2))
                .zip(positions.chunks_exact(2))
            {
                let inner = usize::from(positions[1].is_some());
                if let Some(position) = &positions[inner] {
                    let place = &mut places[at];
                    place.line = Some(position.line);
                    place.column = Some(position.column);
                    place.pointer = Some(pointers[inner].clone());
                }
            }
        }
        places
    }
}
