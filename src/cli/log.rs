//! The log and the timings: what a command does, and how long each step takes.
//!
//! The stages make spans (`tracing`). Without `-vv`, `ACCESSION_LOG` and `--timings` none of them is enabled, and each
//! costs a comparison.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::model::Timing;

use super::command_error::CommandError;
use super::message::message;

/// Selects what is logged: a level such as `debug`, or levels of modules, such as `accession::database=trace`.
const LOG: &str = "ACCESSION_LOG";

/// Starts the log and the measuring, if either is wanted.
///
/// # Errors
/// If `ACCESSION_LOG` is not valid.
pub(super) fn start(verbose: u8, timings: bool) -> Result<Option<Timings>, CommandError> {
    let own = |level| Targets::new().with_target("accession", level);
    let log = logged(verbose)?.map(|targets| {
        let began = Instant::now();
        Log { began }.with_filter(targets)
    });
    let timings = timings.then(Timings::default);
    if log.is_none() && timings.is_none() {
        return Ok(None);
    }
    let measured = timings.clone();
    let measured = measured.map(|timings| timings.with_filter(own(LevelFilter::TRACE)));
    let subscriber = tracing_subscriber::registry().with(log).with(measured);
    // Fails only if there is a subscriber already: a process runs one command.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(timings)
}

/// What to log, according to the environment or else to the number of `-v`.
fn logged(verbose: u8) -> Result<Option<Targets>, CommandError> {
    let given = std::env::var(LOG).ok().filter(|text| !text.is_empty());
    let level = match (given, verbose) {
        (Some(text), _) => {
            // A lone word that is not a level would select a module of that name, and so nothing.
            let is_valid = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
            let targets = text.split(',').all(is_valid).then(|| text.parse().ok());
            return targets.flatten().map(Some).ok_or_else(unusable);
        }
        (None, 0 | 1) => return Ok(None),
        (None, 2) => LevelFilter::DEBUG,
        (None, _) => LevelFilter::TRACE,
    };
    Ok(Some(Targets::new().with_target("accession", level)))
}

fn unusable() -> CommandError {
    let expected = "expected a level (`info`, `debug` or `trace`), or levels of modules, such as \
                    `accession::database=trace`";
    CommandError::Usage(format!("`{LOG}`: {expected}"))
}

/// Prints a line on standard error for each span that ends.
struct Log {
    began: Instant,
}

/// The time at which a span began, and its fields as text, for the log.
struct Begun(Instant, Fields);

/// ` name=value` for each field.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(Begun(Instant::now(), fields));
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(&id)
            && let Some(Begun(begun, Fields(fields))) = span.extensions().get()
        {
            let names: Vec<_> = span.scope().from_root().map(|span| span.name()).collect();
            let (at, took) = (self.began.elapsed().as_secs_f64(), begun.elapsed());
            let names = names.join(" > ");
            message(&format!("{at:9.3} s  {names}{fields}: {took:.1?}\n"));
        }
    }
}

/// The steps so far, in the order in which they first began.
#[derive(Debug, Clone, Default)]
pub(super) struct Timings(Arc<Mutex<Vec<Timing>>>);

impl Timings {
    /// The steps that have ended at least once.
    pub(super) fn so_far(&self) -> Vec<Timing> {
        let timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        timings
            .iter()
            .filter(|timing| timing.count > 0)
            .cloned()
            .collect()
    }

    /// Adds a step that ended; `None` if it began.
    fn add(&self, step: &str, ended: Option<Duration>) {
        let mut timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = timings.iter().position(|timing| timing.step == step);
        let index = known.unwrap_or_else(|| {
            timings.push(Timing {
                step: step.to_owned(),
                count: 0,
                seconds: 0.0,
            });
            timings.len() - 1
        });
        if let Some(took) = ended {
            timings[index].count += 1;
            timings[index].seconds += took.as_secs_f64();
        }
    }
}

/// The time at which a span began, for the timings.
struct Measured(Instant);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Timings {
    fn on_new_span(&self, _attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id) {
            self.add(span.name(), None);
            span.extensions_mut().insert(Measured(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(&id)
            && let Some(Measured(began)) = span.extensions().get()
        {
            self.add(span.name(), Some(began.elapsed()));
        }
    }
}
