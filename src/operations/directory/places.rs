//! Locates records and values: searches the file again for their pointers.

use std::collections::BTreeMap;

use crate::database::DatabaseError;
use crate::model::{FileId, Finding, FirstRecord, Origin, Place, TableIndex};
use crate::operations::OperationError;
use crate::parse::{Framing, position_in_file};
use crate::plan::{RowProblem, TableColumns};
use crate::source::{self, SourceFile};

use super::Directory;

impl Directory<'_> {
    /// The location of a record, without line and column.
    pub(in crate::operations) fn place_of(&self, origin: &Origin) -> Place {
        Place {
            pointer: Some(origin.pointer.to_string()),
            ..Place::file(self.path(origin.file))
        }
    }

    /// The finding that reports a problem, without line and column.
    pub(super) fn finding_of(&self, problem: RowProblem) -> Finding {
        let place = self.place_of_problem(&problem);
        let shared = problem.shared.map(|shared| FirstRecord::With(*shared));
        let cause = problem.cause.map(|origin| self.place_of(&origin));
        Finding {
            first: shared.or(cause.map(FirstRecord::Cause)),
            ..Finding::error(problem.rule, place, problem.message).hint(problem.hint)
        }
    }

    /// The location of a problem, without line and column.
    fn place_of_problem(&self, problem: &RowProblem) -> Place {
        let mut place = self.place_of(&problem.origin);
        if let Some(TableColumns { table, columns }) = problem.columns.as_deref()
            && let [column] = columns[..]
            && let Some(pointer) = &mut place.pointer
        {
            pointer.push_str(&self.pointer_of(problem.origin.file, *table, column));
        }
        place
    }

    /// The pointer, within a record of this file, to the value of a column; empty if there is no single one.
    pub(in crate::operations) fn pointer_of(
        &self,
        file: FileId,
        table: TableIndex,
        column: usize,
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

    /// For each record, the line and column of the value at a pointer inside it, or of the record itself if there is no
    /// such value. Needs one more pass over each file.
    pub(in crate::operations) fn places(&self, wanted: &[(&Origin, String)]) -> Vec<Place> {
        let places = wanted.iter().map(|(origin, _)| self.place_of(origin));
        let mut places: Vec<Place> = places.collect();
        let mut by_file: BTreeMap<FileId, Vec<Unlocated<'_>>> = BTreeMap::new();
        for (place, (origin, inner)) in places.iter_mut().zip(wanted) {
            let record = origin.pointer.to_string();
            let pointers = vec![format!("{record}{inner}"), record];
            let of_file = by_file.entry(origin.file).or_default();
            of_file.push(Unlocated { place, pointers });
        }
        for (id, unlocated) in by_file {
            self.locate(&self.survey.files[id.0 as usize], unlocated);
        }
        places
    }

    /// Adds the place of the record to the error of a row that the database rejected.
    pub(in crate::operations) fn located(&self, error: OperationError) -> OperationError {
        let OperationError::Database(DatabaseError::Rejected(rejection)) = error else {
            return error;
        };
        let origin = rejection.origin.as_ref();
        let mut places =
            origin.map_or(Vec::new(), |origin| self.places(&[(origin, String::new())]));
        let source = DatabaseError::Rejected(rejection);
        match places.pop() {
            Some(place) => OperationError::RejectedRecord {
                place: Box::new(place),
                source: Box::new(source),
            },
            None => OperationError::Database(source),
        }
    }

    /// Adds line and column to places in a file, in one pass over it. A file that can no longer be opened has none.
    pub(super) fn locate(&self, file: &SourceFile, unlocated: Vec<Unlocated<'_>>) {
        let pointers = unlocated.iter().flat_map(|one| &one.pointers);
        let pointers: Vec<&str> = pointers.map(String::as_str).collect();
        if pointers.is_empty() {
            return;
        }
        let Ok(reader) = source::open(&self.survey.root, file) else {
            return;
        };
        let framing = Framing::of(&self.layout.sources[file.source], file.document());
        let positions = position_in_file(reader, &pointers, framing, self.options.limits);
        let mut positions = positions.into_iter();
        for Unlocated { place, pointers } in unlocated {
            let mut own = pointers.into_iter().zip(positions.by_ref());
            let found = own.find_map(|(pointer, position)| Some((pointer, position?)));
            own.for_each(drop);
            if let Some((pointer, position)) = found {
                place.line = Some(position.line);
                place.column = Some(position.column);
                place.pointer = Some(pointer);
            }
        }
    }
}

/// A place without line and column.
pub(super) struct Unlocated<'p> {
    pub(super) place: &'p mut Place,
    /// The pointers to search; the first at which the file has a value applies.
    pub(super) pointers: Vec<String>,
}
