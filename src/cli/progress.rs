//! A progress display on a terminal, for work that takes longer than a second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::operations::{Progress, Stage};

use super::output::Output;

/// How long work may take before anything is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// The display.
pub(super) struct Display {
    started: Instant,
    shown: bool,
    output: Output,
    bar: Mutex<ProgressBar>,
}

impl Display {
    pub(super) fn new(output: &Output) -> Self {
        Self {
            started: Instant::now(),
            shown: output.shows_progress(),
            output: *output,
            bar: Mutex::new(ProgressBar::hidden()),
        }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Progress for Display {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        if !self.shown {
            return;
        }
        let bar = self.bar();
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.reset();
        bar.set_message(match stage {
            Stage::Survey => "finding files",
            Stage::Backup => "copying the database",
            Stage::Import => "importing",
            Stage::Verify => "comparing",
            Stage::Archive => "archiving",
            Stage::Check => "building indexes, comparing",
            Stage::Validate => "validating",
            Stage::VerifyArchive => "reading the archive",
            Stage::Restore => "restoring files",
        });
        let template = match total {
            Some(total) => {
                bar.set_length(total);
                "{msg:<28} {bar:30} {bytes:>10} of {total_bytes}  {eta} left"
            }
            None => "{msg:<28} {spinner} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
    }

    fn advance(&self, amount: u64) {
        if !self.shown {
            return;
        }
        let bar = self.bar();
        bar.inc(amount);
        if bar.is_hidden() && self.started.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn file(&self, path: &str, records: u64) {
        if self.output.is_verbose() {
            let bar = self.bar();
            bar.suspend(|| {
                self.output
                    .message(&format!("read {path}: {records} records\n"))
            });
        }
    }

    fn end(&self) {
        self.bar().finish_and_clear();
    }
}
