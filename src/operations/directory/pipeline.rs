//! Reads, parses, validates and maps files on worker threads, ahead of the operation that takes the rows.
//!
//! One thread cuts files into chunks, workers turn chunks into rows, and the operation pulls them ([`ReadEvents`]) in
//! the order of the files, so that the same files give the same plan. Small files are sent together, because sending
//! one costs more than mapping it. The number of jobs and bytes in flight is bounded: the reader waits for the
//! operation.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::{self, Scope};

use crossbeam_channel::bounded;

use crate::layout::Layout;
use crate::map::{Element, MappedElement, Mapper, Resolved, UnmappedMembers};
use crate::model::{Finding, FirstRecord, Level, PerSource, ShowValues};
use crate::operations::Context;
use crate::parse::{Chunk, Chunks, Framing, Limits, Shape, place};
use crate::source::{self, HashingReader, SourceFile};
use crate::validate::DocumentValidator;

use super::dispatch::{CHUNK_BYTES, Disconnected, Dispatcher, IN_FLIGHT, Job, WorkItem};
use super::events::{ChunkResult, ReadEvent, ReadEvents};
use super::memory::{Metered, Permit};

const READ_BYTES: usize = 64 * 1024;
/// Stack size of a worker. Nested schemas take stack at each level of a document (`layout/schema/cost.rs`); unused
/// stack takes no memory.
const STACK_BYTES: usize = 64 << 20;

/// The data that every worker needs.
pub(super) struct Pipeline<'a> {
    pub(super) root: &'a Path,
    pub(super) layout: &'a Layout,
    pub(super) validators: &'a PerSource<DocumentValidator>,
    pub(super) mapper: &'a Mapper<'a>,
    pub(super) resolved: &'a Resolved<'a>,
    pub(super) limits: Limits,
    pub(super) show: ShowValues,
    pub(super) interrupted: &'a AtomicBool,
}

impl Pipeline<'_> {
    /// Starts reading `files` on threads of `scope`, and returns the events to pull.
    pub(super) fn start<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        files: &'env [&'env SourceFile],
        ctx: Context<'env>,
    ) -> ReadEvents<'env> {
        let workers = thread::available_parallelism().map_or(2, usize::from);
        let (jobs, work) = bounded::<Job<'_>>(IN_FLIGHT);
        let (answers, results) = bounded(IN_FLIGHT);
        for _ in 0..workers {
            let work = work.clone();
            let worker = thread::Builder::new().stack_size(STACK_BYTES);
            let work = move || work.iter().for_each(|job| self.work(job));
            worker
                .spawn_scoped(scope, work)
                .expect("the system gives a thread");
        }
        let mut dispatcher = Dispatcher::new(jobs, answers);
        // After an interrupt, or when the events are dropped, the rest is not needed.
        scope.spawn(move || self.read(files, &mut dispatcher).unwrap_or(()));
        // When the events are dropped, the reader stops, which stops the workers.
        ReadEvents::new(results, ctx)
    }

    /// Runs the reader until the operation stops or the run is interrupted.
    fn read<'f>(
        &self,
        files: &[&'f SourceFile],
        dispatcher: &mut Dispatcher<'f>,
    ) -> Result<(), Disconnected> {
        for &file in files {
            let _span = tracing::debug_span!("file", path = file.path).entered();
            dispatcher.push(WorkItem::Begin(file))?;
            let findings = match source::open(self.root, file) {
                Ok(reader) => self.read_file(file, reader, dispatcher)?,
                Err(finding) => vec![*finding],
            };
            dispatcher.push(WorkItem::End(file, findings))?;
        }
        dispatcher.send()
    }

    /// Sends the chunks of a file and returns findings about the file as a whole.
    fn read_file<'f>(
        &self,
        file: &'f SourceFile,
        reader: HashingReader,
        dispatcher: &mut Dispatcher<'f>,
    ) -> Result<Vec<Finding>, Disconnected> {
        let framing = Framing::of(&self.layout.sources[file.source], file.document());
        // A small file is read at once; the extra byte detects its end.
        let whole = usize::try_from(file.bytes).map_or(READ_BYTES, |bytes| bytes + 1);
        let read_bytes = match file.document() == file.path {
            true => READ_BYTES.min(whole),
            false => READ_BYTES,
        };
        let reader = Metered::new(reader, &dispatcher.memory, self.interrupted)
            .keeping(self.limits.max_record_bytes);
        let mut chunks = Chunks::new(reader, &file.path, framing, self.limits)
            .with_sizes(CHUNK_BYTES, read_bytes);
        let mut findings = Vec::new();
        while let Some(chunk) = chunks.next() {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Disconnected);
            }
            match chunk {
                Ok(chunk) => {
                    let memory = chunks.reader_mut().take_permit();
                    dispatcher.push_chunk(file, chunk, memory)?;
                }
                Err(finding) => findings.push(*finding),
            }
        }
        findings.extend(chunks.notices());
        // A file with an error was not read to its end, so its hash is not checked.
        if !findings.iter().any(|finding| finding.level == Level::Error) {
            findings.extend(chunks.into_reader().into_inner().finish());
        }
        Ok(findings)
    }

    fn work(&self, job: Job<'_>) {
        let events = job.items.into_iter().map(|item| match item {
            WorkItem::Begin(file) => ReadEvent::Begin(file),
            WorkItem::Chunk(file, chunk, memory) => {
                ReadEvent::Records(file, self.chunk_result(file, chunk, memory))
            }
            WorkItem::End(file, findings) => ReadEvent::End(file, findings),
        });
        // If the operation stopped, the result is not needed.
        let _ = job.reply.send(events.collect());
    }

    fn chunk_result(&self, file: &SourceFile, chunk: Chunk, memory: Permit) -> ChunkResult {
        let mut chunk_result = ChunkResult {
            rows: Vec::new(),
            invalid: Vec::new(),
            findings: Vec::new(),
            unmapped: UnmappedMembers::default(),
            records: 0,
            rejected: 0,
            bytes: chunk.bytes.len() as u64,
            broken: false,
            memory,
        };
        let _span = tracing::debug_span!("records", path = file.path).entered();
        let mut mapped = MappedElement::default();
        let validator = &self.validators[file.source];
        let (limits, show, flag) = (self.limits, self.show, self.interrupted);
        let elements = validator.valid_elements(&file.path, &chunk, limits, show, flag);
        for (element, (index, value)) in elements.enumerate() {
            if self.interrupted.load(Ordering::Relaxed) {
                // The run ends before this result is used.
                break;
            }
            chunk_result.records += 1;
            let index = match chunk.shape {
                Shape::Elements => Some(index),
                Shape::Whole => None,
            };
            let element_at = |value| Element {
                source: file.source,
                file: file.id,
                path: file.document(),
                captures: &file.captures,
                index,
                value,
            };
            let findings: Vec<Finding> = match value {
                Ok(value) => {
                    let element_at = element_at(&value);
                    match self.mapper.map(&element_at, self.resolved, &mut mapped) {
                        Ok(()) => continue,
                        Err(problems) => {
                            let finding = |problem: crate::map::MappingProblem| {
                                let inner = problem.pointer.strip_prefix(&chunk.pointer(element));
                                let at =
                                    place(&file.path, &chunk, element, inner.unwrap_or_default());
                                Finding {
                                    first: problem.cause.map(|place| FirstRecord::Cause(*place)),
                                    ..Finding::error(problem.rule, at, problem.message)
                                        .hint(problem.hint)
                                }
                            };
                            problems.into_iter().map(finding).collect()
                        }
                    }
                }
                Err(invalid) => {
                    if let Some(value) = &invalid.value {
                        let mut rows = MappedElement::default();
                        // Its problems follow from the findings.
                        let _ = self
                            .mapper
                            .map(&element_at(value), self.resolved, &mut rows);
                        mapped.invalid.extend(rows.rows);
                        mapped.invalid.extend(rows.invalid);
                    }
                    invalid.findings
                }
            };
            chunk_result.rejected += 1;
            chunk_result.broken = !chunk.ends_as_intended(element);
            let record = (!chunk_result.broken).then(|| chunk.pointer(element));
            let findings = findings.into_iter();
            let of_record = findings.map(|finding| (record.clone(), finding));
            chunk_result.findings.extend(of_record);
            if chunk_result.broken {
                break;
            }
        }
        chunk_result.rows = mapped.rows;
        chunk_result.invalid = mapped.invalid;
        chunk_result.unmapped = mapped.unmapped;
        chunk_result
    }
}
