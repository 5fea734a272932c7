//! Reading, parsing, validating and mapping on worker threads, ahead of whoever consumes the rows.
//!
//! One thread cuts files into chunks, workers turn chunks into rows, and the consumer gets them in the order of the
//! files, so that the same files give the same plan. Small files travel together, because handing one over costs more
//! than mapping it. What is in flight is bounded: the reader waits for the consumer.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::layout::Layout;
use crate::map::{Element, MappedElement, Mapper, Resolved, UnmappedMembers};
use crate::model::{FileId, Finding, Level, Row, ShowValues};
use crate::parse::{Chunk, Chunks, Framing, Limits, Shape, place};
use crate::source::{self, HashingReader, SourceFile};
use crate::validate::DocumentValidator;

/// Bytes of JSON per chunk. A row takes many times its JSON, so chunks are small.
const CHUNK_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 64 * 1024;
/// Parcels read ahead of the consumer.
const IN_FLIGHT: usize = 6;
/// Steps that travel together, however short the files are.
const STEPS: usize = 256;

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
    /// What is wrong with elements, with the pointer of the element; without, if all behind it cannot be read either.
    pub(super) findings: Vec<(Option<String>, Finding)>,
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

/// A delivery before a worker had it.
enum Step<'a> {
    Begin(&'a SourceFile),
    Chunk(&'a SourceFile, Chunk),
    End(&'a SourceFile, Vec<Finding>),
}

/// Steps that travel together: a chunk of a large file, or several small files.
struct Parcel<'a> {
    steps: Vec<Step<'a>>,
    reply: Sender<Vec<Delivery<'a>>>,
}

/// Where the reader's parcels go: to the workers, and their answers, in order, to the consumer.
struct Counter<'a> {
    parcels: Sender<Parcel<'a>>,
    answers: Sender<Receiver<Vec<Delivery<'a>>>>,
    steps: Vec<Step<'a>>,
    bytes: usize,
}

/// The consumer is gone.
struct Gone;

impl<'a> Counter<'a> {
    fn hand_in(&mut self, step: Step<'a>) -> Result<(), Gone> {
        if let Step::Chunk(_, chunk) = &step {
            self.bytes += chunk.bytes.len();
        }
        self.steps.push(step);
        if self.bytes >= CHUNK_BYTES || self.steps.len() >= STEPS {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Gone> {
        self.bytes = 0;
        let steps = std::mem::take(&mut self.steps);
        let (reply, answer) = bounded(1);
        let sent = self.parcels.send(Parcel { steps, reply });
        sent.map_err(|_| Gone)?;
        self.answers.send(answer).map_err(|_| Gone)
    }
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
            let (parcels, work) = bounded::<Parcel<'_>>(IN_FLIGHT);
            let (answers, deliveries) = bounded::<Receiver<_>>(IN_FLIGHT);
            for _ in 0..workers {
                let work = work.clone();
                scope.spawn(move || work.iter().for_each(|parcel| self.work(parcel)));
            }
            drop(work);
            let mut counter = Counter {
                parcels,
                answers,
                steps: Vec::new(),
                bytes: 0,
            };
            // An interrupt, or a consumer that stopped: in both cases nobody waits for the rest.
            scope.spawn(move || self.read(files, &mut counter).unwrap_or(()));
            // The receiver is dropped at the first error, which stops the reader, which stops the workers.
            for answer in deliveries {
                let answer: Vec<Delivery<'_>> =
                    answer.recv().expect("a worker answers every parcel");
                answer.into_iter().try_for_each(&mut consume)?;
            }
            Ok(())
        })
    }

    /// The reader: stops when the consumer is gone or somebody interrupts.
    fn read<'f>(&self, files: &[&'f SourceFile], counter: &mut Counter<'f>) -> Result<(), Gone> {
        for &file in files {
            counter.hand_in(Step::Begin(file))?;
            let findings = match source::open(self.root, file) {
                Ok(reader) => self.read_file(file, reader, counter)?,
                Err(finding) => vec![*finding],
            };
            counter.hand_in(Step::End(file, findings))?;
        }
        counter.send()
    }

    /// Hands in the chunks of a file and gives what was found about it as a whole.
    fn read_file<'f>(
        &self,
        file: &'f SourceFile,
        reader: HashingReader,
        counter: &mut Counter<'f>,
    ) -> Result<Vec<Finding>, Gone> {
        let framing = Framing::of(&self.layout.sources[file.source], file.document());
        // A small file is read at once; the byte too many shows its end.
        let whole = usize::try_from(file.bytes).map_or(READ_BYTES, |bytes| bytes + 1);
        let read_bytes = match file.document() == file.path {
            true => READ_BYTES.min(whole),
            false => READ_BYTES,
        };
        let mut chunks = Chunks::new(reader, &file.path, framing, self.limits)
            .with_sizes(CHUNK_BYTES, read_bytes);
        let mut findings = Vec::new();
        for chunk in chunks.by_ref() {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Gone);
            }
            match chunk {
                Ok(chunk) => counter.hand_in(Step::Chunk(file, chunk))?,
                Err(finding) => findings.push(*finding),
            }
        }
        findings.extend(chunks.notices());
        // A file with a fault was not read to its end, so its hash says nothing.
        if !findings.iter().any(|finding| finding.level == Level::Error) {
            findings.extend(chunks.into_reader().finish());
        }
        Ok(findings)
    }

    fn work(&self, parcel: Parcel<'_>) {
        let deliveries = parcel.steps.into_iter().map(|step| match step {
            Step::Begin(file) => Delivery::Begin(file),
            Step::Chunk(file, chunk) => Delivery::Product(file, self.product(file, chunk)),
            Step::End(file, findings) => Delivery::End(file, findings),
        });
        // Nobody waits for the answer if the consumer stopped.
        let _ = parcel.reply.send(deliveries.collect());
    }

    fn product(&self, file: &SourceFile, chunk: Chunk) -> Product {
        let mut product = Product {
            bytes: chunk.bytes.len() as u64,
            ..Product::default()
        };
        let mut mapped = MappedElement::default();
        let validator = &self.validators[file.source];
        let elements = validator.valid_elements(&file.path, &chunk, self.limits, self.show);
        for (element, (index, value)) in elements.enumerate() {
            product.records += 1;
            let findings: Vec<Finding> = match value {
                Ok(value) => {
                    let index = match chunk.shape {
                        Shape::Elements => Some(index),
                        Shape::Whole => None,
                    };
                    let element_at = Element {
                        source: file.source,
                        file: file.id,
                        path: file.document(),
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
            product.broken = !chunk.ends_as_meant(element);
            let record = (!product.broken).then(|| chunk.pointer(element));
            let findings = findings.into_iter();
            let of_record = findings.map(|finding| (record.clone(), finding));
            product.findings.extend(of_record);
            if product.broken {
                break;
            }
        }
        product.rows = mapped.rows;
        product.unmapped = mapped.unmapped;
        product
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
