//! A progress display on terminals, for operations that take longer than a second.

use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::{plural, sanitize_for_terminal};
use crate::operations::{Progress, Stage};

use super::message::message;
use super::output::Output;

/// Delay before the display appears.
const DELAY: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(200);

/// The progress display. It is removed on drop.
pub(super) struct Display {
    names_files: bool,
    bar: ProgressBar,
}

impl Display {
    pub(super) fn new(output: &Output) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if output.shows_progress() {
            let bar = bar.clone();
            thread::spawn(move || {
                thread::sleep(DELAY);
                if !bar.is_finished() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(TICK);
                }
            });
        }
        Self {
            names_files: output.is_verbose(),
            bar,
        }
    }
}

impl Progress for Display {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let bar = &self.bar;
        let template = match total {
            Some(_) => "{msg:<28} {bar:30} {bytes:>10} of {total_bytes}  {eta} left",
            None => "{msg:<28} {spinner} {elapsed}",
        };
        bar.set_message(match stage {
            Stage::Survey => "finding files",
            Stage::Plan => "planning",
            Stage::Revert => "reverting",
            Stage::Backup => "copying the database",
            Stage::Import => "importing",
            Stage::Verify => "comparing",
            Stage::Archive => "archiving",
            Stage::Check => "building indexes, comparing",
            Stage::Validate => "validating",
            Stage::VerifyArchive => "reading the archive",
            Stage::Restore => "restoring files",
            Stage::Propose => "reading the files",
        });
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        match total {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        bar.reset();
    }

    fn advance(&self, amount: u64) {
        self.bar.inc(amount);
    }

    fn file(&self, path: &str, records: u64) {
        if self.names_files {
            let records = plural(records, "record");
            let line = format!("read {}: {records}\n", sanitize_for_terminal(path));
            self.bar.suspend(|| message(&line));
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.end();
    }
}
