//! The events of reading, which an operation pulls in the order of the files.

use std::vec;

use crossbeam_channel::Receiver;

use crate::map::UnmappedMembers;
use crate::model::{Finding, MappedRow};
use crate::operations::{Context, OperationError};
use crate::source::SourceFile;

use super::memory::Permit;

/// An event of reading.
pub(in crate::operations) enum ReadEvent<'a> {
    /// The file begins.
    Begin(&'a SourceFile),
    /// The next records of the file, mapped to rows.
    Records(&'a SourceFile, ChunkResult),
    /// The file was read to its end; the findings concern the file as a whole.
    End(&'a SourceFile, Vec<Finding>),
}

/// The result of one chunk.
#[derive(Debug)]
pub(in crate::operations) struct ChunkResult {
    /// Rows, parents before children; `parent` is an index into these rows.
    pub(super) rows: Vec<MappedRow>,
    /// The rows of elements with errors, as far as they are known.
    pub(in crate::operations) invalid: Vec<MappedRow>,
    /// Errors of elements, with the pointer of the element; without a pointer if the elements after it cannot be read
    /// either.
    pub(super) findings: Vec<(Option<String>, Finding)>,
    pub(super) unmapped: UnmappedMembers,
    /// Number of elements read.
    pub(super) records: u64,
    /// Number of elements with errors.
    pub(super) rejected: u64,
    /// Bytes of the file that the chunk covers.
    pub(super) bytes: u64,
    /// Whether the rest of the file cannot be cut into elements reliably.
    pub(super) broken: bool,
    /// The memory that the rows take.
    pub(super) memory: Permit,
}

/// The events of the files that workers read ahead. Dropping it stops them.
pub(in crate::operations) struct ReadEvents<'a> {
    /// The results of jobs, in the order of the files.
    answers: Receiver<Receiver<Vec<ReadEvent<'a>>>>,
    /// The events of the last job.
    ready: vec::IntoIter<ReadEvent<'a>>,
    ctx: Context<'a>,
}

impl<'a> ReadEvents<'a> {
    pub(super) fn new(answers: Receiver<Receiver<Vec<ReadEvent<'a>>>>, ctx: Context<'a>) -> Self {
        Self {
            answers,
            ready: Vec::new().into_iter(),
            ctx,
        }
    }
}

impl<'a> Iterator for ReadEvents<'a> {
    /// The only error is an interrupt; nothing follows it.
    type Item = Result<ReadEvent<'a>, OperationError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // An interrupt also stops the reader, which then sends no more jobs.
            if let Err(interrupted) = self.ctx.check_interrupt() {
                return Some(Err(interrupted));
            }
            if let Some(event) = self.ready.next() {
                if let ReadEvent::Records(_, records) = &event {
                    self.ctx.progress.advance(records.bytes);
                }
                return Some(Ok(event));
            }
            match self.answers.recv() {
                Ok(answer) => {
                    let events = answer.recv().expect("a worker answers every job");
                    self.ready = events.into_iter();
                }
                Err(_) => {
                    let interrupted = self.ctx.check_interrupt().err();
                    return interrupted.map(Err);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::import::InvalidPolicy;
    use crate::operations::testing::{CARDS, Home, PROFILES, WAIT, with_context};

    use super::super::{Directory, ReadState};
    use super::*;

    /// Calls `check` with the events of a directory that is far larger than what is read ahead.
    fn with_events(
        check: impl FnOnce(&Directory<'_>, ReadEvents<'_>) -> Result<(), OperationError>,
    ) {
        let home = Home::new();
        let profiles: Vec<String> = (0..40_000)
            .map(|id| format!(r#"{{"id": "{id}", "name": "A name that is the same for all"}}"#))
            .collect();
        home.write(PROFILES, &format!("[{}]", profiles.join(",")));
        let options = home.options(WAIT);
        with_context(|ctx| {
            let directory = Directory::survey(options.read(), &home.layout, ctx).expect("found");
            let files: Vec<&SourceFile> = directory.survey.files.iter().collect();
            let resolved = directory.assumed();
            let read = directory.read(&files, &resolved, |events| check(&directory, events));
            read.expect("read");
        });
    }

    #[test]
    fn reading_stops_when_events_are_not_pulled() {
        with_events(|_, mut events| {
            assert!(matches!(events.next(), Some(Ok(ReadEvent::Begin(_)))));
            Ok(())
        });
    }

    #[test]
    fn events_come_in_the_order_of_files_and_records() {
        with_events(|directory, events| {
            let mut state = ReadState::new(directory, InvalidPolicy::Abort);
            let (mut begun, mut pointers) = (Vec::new(), Vec::new());
            for event in events {
                match event? {
                    ReadEvent::Begin(file) => begun.push(file.path.clone()),
                    ReadEvent::Records(file, records) => {
                        let (rows, _) = state.records(file, records).expect("valid records");
                        let rows = rows.iter().filter(|_| file.path == PROFILES);
                        pointers.extend(rows.map(|row| row.origin.pointer.to_string()));
                    }
                    ReadEvent::End(file, findings) => {
                        state.end(directory, file, findings);
                    }
                }
            }
            assert_eq!(begun, [CARDS, PROFILES]);
            let wanted: Vec<String> = (0..40_000).map(|index| format!("/{index}")).collect();
            assert_eq!(pointers, wanted);
            Ok(())
        });
    }
}
