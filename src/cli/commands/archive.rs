//! `accession archive`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{ArchiveOptions, ArchivePlace};
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::{LedgerToCompare, list_archive, restore_archived, verify_archive};
use crate::report::{
    ArchiveView, RestoredView, VerifiedArchiveView, archive_text, restored_text, verified_text,
};

/// List, verify and restore the archived originals
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Archive {
    #[command(subcommand)]
    action: ArchiveCommand,
}

#[derive(Debug, Subcommand)]
enum ArchiveCommand {
    /// List the runs whose files the archive holds, newest first
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        place: ArchivePlace,
    },
    /// Read every archived file and compare it with its digest
    ///
    /// If a database is given, or exists next to the archive, its ledger is checked too: every import must have its
    /// manifest in the archive, and it must be the manifest that the seal names.
    #[command(after_help = EXIT_CODES)]
    Verify {
        /// The run's id or a unique prefix of it [default: all runs]
        run: Option<String>,
        #[command(flatten)]
        archive: ArchiveOptions,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Restore the files of a run, byte for byte
    #[command(after_help = EXIT_CODES)]
    Restore {
        /// The run's id or a unique prefix of it
        run: String,
        /// Target directory; must be new or empty
        directory: PathBuf,
        #[command(flatten)]
        place: ArchivePlace,
    },
}

impl Archive {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let work = Work::begin(output);
        let ctx = work.context();
        match self.action {
            ArchiveCommand::List { place } => {
                let directory = place.directory(output)?;
                let listing = list_archive(&directory)?;
                output.result(
                    || archive_text(&listing),
                    || ArchiveView::new(&directory, &listing),
                );
                Ok(Exit::Done)
            }
            ArchiveCommand::Verify {
                run,
                archive,
                database,
            } => {
                let wait = database.wait();
                let (directory, database) =
                    archive.with_database(database.url_if_named(output)?)?;
                let ledger = database.map(|database| LedgerToCompare { database, wait });
                let verified = verify_archive(&directory, run.as_deref(), ledger.as_ref(), ctx)?;
                output.result(
                    || verified_text(&directory, &verified),
                    || VerifiedArchiveView::new(&directory, &verified),
                );
                let ledger = verified.ledger.as_ref();
                let is_compared = ledger.is_none_or(|ledger| ledger.unavailable.is_none());
                Ok(match verified.report.problems.is_empty() {
                    true if is_compared => Exit::Done,
                    true => Exit::Failed,
                    false => Exit::Difference,
                })
            }
            ArchiveCommand::Restore {
                run,
                directory,
                place,
            } => {
                let (run, restored) =
                    restore_archived(&place.directory(output)?, &run, &directory, ctx)?;
                output.result(
                    || restored_text(&run, &directory, restored),
                    || RestoredView::new(&run, &directory, restored),
                );
                Ok(Exit::Done)
            }
        }
    }
}
