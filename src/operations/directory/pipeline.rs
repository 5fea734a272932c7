//! Reading, parsing, validating and mapping on worker threads, ahead of whoever consumes the rows.
//!
//! One thread cuts files into chunks, workers turn chunks into rows, and the consumer gets them in the order of the
//! files, so that the same files give the same plan. What is in flight is bounded: the reader waits for the consumer.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::layout::Layout;
use crate::map::{Element, MappedElement, Mapper, Resolved, UnmappedMembers};
use crate::model::{FileId, Finding, Level, Row, Rule, ShowValues};
use crate::parse::{Chunk, Chunks, Framing, Limits, Shape, place};
use crate::source::{self, SourceFile};
use crate::validate::DocumentValidator;

/// Bytes of JSON per chunk. A row takes many times its JSON, so chunks are small.
const CHUNK_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 64 * 1024;
/// Chunks read ahead of the consumer.
const IN_FLIGHT: usize = 6;

/// What every worker needs.
pub(super) struct Pipeline<'a> {
    pub(super) root: &'a Path,
    pub(super) layout: &'a Layout,
    pub(super) validators: &'a [DocumentValidator],
    pub(super) mapper: &'a Mapper<'a>,
    pub(super) resolved: &'a Resolved<'a>,
    pub(super) limits: Limits,
    pub(super) show: ShowValues,
    pub(super) interrupted: &'a AtomicBool,
}

/// What came out of one chunk, or of the end of a file.
#[derive(Debug, Default)]
pub(super) struct Product {
    /// Rows, parents before children; `parent` counts within this product.
    pub(super) rows: Vec<Row>,
    pub(super) findings: Vec<Finding>,
    pub(super) unmapped: UnmappedMembers,
    /// Elements read.
    pub(super) records: u64,
    /// Elements with errors.
    pub(super) rejected: u64,
    /// Bytes of the file that this product stands for.
    pub(super) bytes: u64,
    /// Whether what follows in this file cannot be trusted to be cut where it was meant.
    pub(super) broken: bool,
}

/// What the consumer is given, in order.
pub(super) enum Delivery<'a> {
    Begin(&'a SourceFile),
    Product(&'a SourceFile, Product),
    /// The file was read to its end; the findings are about the file as a whole.
    End(&'a SourceFile, Vec<Finding>),
}

struct Job<'a> {
    file: &'a SourceFile,
    chunk: Chunk,
    reply: Sender<Product>,
}

enum Ticket<'a> {
    Begin(&'a SourceFile),
    Chunk(&'a SourceFile, Receiver<Product>),
    End(&'a SourceFile, Vec<Finding>),
}

impl Pipeline<'_> {
    /// Reads `files` and hands everything to `consume` on the calling thread.
    pub(super) fn run<E>(
        &self,
        files: &[&SourceFile],
        mut consume: impl FnMut(Delivery<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let workers = thread::available_parallelism().map_or(2, usize::from);
        thread::scope(|scope| {
            let (jobs, work) = bounded::<Job<'_>>(IN_FLIGHT);
            let (tickets, deliveries) = bounded::<Ticket<'_>>(IN_FLIGHT);
            for _ in 0..workers {
                let work = work.clone();
                scope.spawn(move || work.iter().for_each(|job| self.work(job)));
            }
            drop(work);
            scope.spawn(move || self.read(files, &jobs, &tickets));
            // The receiver is dropped at the first error, which stops the reader, which stops the workers.
            for ticket in deliveries {
                consume(match ticket {
                    Ticket::Begin(file) => Delivery::Begin(file),
                    Ticket::Chunk(file, product) => {
                        Delivery::Product(file, product.recv().expect("a worker answers every job"))
                    }
                    Ticket::End(file, findings) => Delivery::End(file, findings),
                })?;
            }
            Ok(())
        })
    }

    /// The reader: stops when the consumer is gone or somebody interrupts.
    fn read<'f>(
        &self,
        files: &[&'f SourceFile],
        jobs: &Sender<Job<'f>>,
        tickets: &Sender<Ticket<'f>>,
    ) {
        for &file in files {
            if tickets.send(Ticket::Begin(file)).is_err() {
                return;
            }
            let reader = match source::open(self.root, file) {
                Ok(reader) => reader,
                Err(finding) => {
                    if tickets.send(Ticket::End(file, vec![*finding])).is_err() {
                        return;
                    }
                    continue;
                }
            };
            let framing = Framing::of(&self.layout.sources[file.source], &file.path);
            let mut chunks = Chunks::new(reader, &file.path, framing, self.limits)
                .with_sizes(CHUNK_BYTES, READ_BYTES);
            let mut findings = Vec::new();
            for chunk in chunks.by_ref() {
                if self.interrupted.load(Ordering::Relaxed) {
                    return;
                }
                match chunk {
                    Ok(chunk) => {
                        let (reply, product) = bounded(1);
                        let job = Job { file, chunk, reply };
                        if jobs.send(job).is_err()
                            || tickets.send(Ticket::Chunk(file, product)).is_err()
                        {
                            return;
                        }
                    }
                    Err(finding) => findings.push(*finding),
                }
            }
            findings.extend(chunks.notices());
            // A file with a fault was not read to its end, so its hash says nothing.
            if !findings.iter().any(|finding| finding.level == Level::Error) {
                findings.extend(chunks.into_reader().finish());
            }
            if tickets.send(Ticket::End(file, findings)).is_err() {
                return;
            }
        }
    }

    fn work(&self, job: Job<'_>) {
        let Job { file, chunk, reply } = job;
        let mut product = Product {
            bytes: chunk.bytes.len() as u64,
            ..Product::default()
        };
        let mut mapped = MappedElement::default();
        let validator = &self.validators[file.source];
        let elements = validator.valid_elements(&file.path, &chunk, self.limits, self.show);
        for (element, (index, value)) in elements.enumerate() {
            product.records += 1;
            let findings = match value {
                Ok(value) => {
                    let index = match chunk.shape {
                        Shape::Elements => Some(index),
                        Shape::Whole => None,
                    };
                    let element_at = Element {
                        source: file.source,
                        file: file.id,
                        path: &file.path,
                        captures: &file.captures,
                        index,
                        value: &value,
                    };
                    match self.mapper.map(&element_at, self.resolved, &mut mapped) {
                        Ok(()) => continue,
                        Err(problems) => {
                            let finding = |problem: crate::map::Problem| {
                                let inner = problem.pointer.strip_prefix(&chunk.pointer(element));
                                let at =
                                    place(&file.path, &chunk, element, inner.unwrap_or_default());
                                Finding::error(problem.rule, at, problem.message)
                                    .remedy(problem.remedy)
                            };
                            problems.into_iter().map(finding).collect()
                        }
                    }
                }
                Err(findings) => findings,
            };
            product.rejected += 1;
            product.broken = findings
                .iter()
                .any(|finding| finding.rule == Rule::InvalidJson);
            product.findings.extend(findings);
            if product.broken {
                break;
            }
        }
        product.rows = mapped.rows;
        product.unmapped = mapped.unmapped;
        // Nobody waits for the answer if the consumer stopped.
        let _ = reply.send(product);
    }
}

/// The files of a wave, in the order of the survey.
pub(super) fn files_of_wave<'f>(
    files: &'f [SourceFile],
    wave: &[usize],
    wanted: &[FileId],
) -> Vec<&'f SourceFile> {
    let wanted: std::collections::BTreeSet<FileId> = wanted.iter().copied().collect();
    let in_wave = |file: &&SourceFile| wave.contains(&file.source) && wanted.contains(&file.id);
    let mut files: Vec<&SourceFile> = files.iter().filter(in_wave).collect();
    // Sources in the order of the wave, so that parents declared first come first.
    files.sort_by_key(|file| {
        (
            wave.iter().position(|&source| source == file.source),
            file.id,
        )
    });
    files
}
