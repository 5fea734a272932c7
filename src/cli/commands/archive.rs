//! `accession archive`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::ArchivePlace;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::{list_archive, restore_archived, verify_archive};
use crate::report::{
    archive_json, archive_text, restored_json, restored_text, verified_json, verified_text,
};

/// Look into the archive of originals, prove it, bring files back
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Archive {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the runs whose files the archive holds, newest first
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        place: ArchivePlace,
    },
    /// Read every archived file and compare it with its digest
    #[command(after_help = EXIT_CODES)]
    Verify {
        /// The run's id, or its beginning if no other run has the same [default: all runs]
        run: Option<String>,
        #[command(flatten)]
        place: ArchivePlace,
    },
    /// Bring the files of a run back, byte for byte
    #[command(after_help = EXIT_CODES)]
    Restore {
        /// The run's id, or its beginning if no other run has the same
        run: String,
        /// Where to: a directory that is new or empty
        directory: PathBuf,
        #[command(flatten)]
        place: ArchivePlace,
    },
}

impl Archive {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let work = Work::begin(output);
        let around = work.surroundings();
        match self.action {
            Action::List { place } => {
                let directory = place.directory(output)?;
                let listing = list_archive(&directory)?;
                output.result(
                    || archive_text(&listing),
                    || archive_json(&directory, &listing),
                );
                Ok(Exit::Done)
            }
            Action::Verify { run, place } => {
                let directory = place.directory(output)?;
                let report = verify_archive(&directory, run.as_deref(), around)?;
                output.result(
                    || verified_text(&directory, &report),
                    || verified_json(&directory, &report),
                );
                Ok(match report.problems.is_empty() {
                    true => Exit::Done,
                    false => Exit::Difference,
                })
            }
            Action::Restore {
                run,
                directory,
                place,
            } => {
                let (run, restored) =
                    restore_archived(&place.directory(output)?, &run, &directory, around)?;
                output.result(
                    || restored_text(&run, &directory, restored),
                    || restored_json(&run, &directory, restored),
                );
                Ok(Exit::Done)
            }
        }
    }
}
