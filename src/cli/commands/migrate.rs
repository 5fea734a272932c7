//! `accession migrate`.

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::{checked_now, run_context};
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{ArchiveOptions, SealOptions};
use crate::cli::output::Output;
use crate::operations::{migrate_down, migrate_up, migration_loss, migration_status};
use crate::report::{
    FindingDetail, MigratedView, RevertedMigrationView, migrated_text, migrations_text,
    reverted_text,
};

/// Migrate the tables of the ledger
///
/// Only the tables of the ledger and the audit log are migrated, never the application's. An import applies pending
/// migrations automatically.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Migrate {
    #[command(subcommand)]
    action: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// List the migrations and whether they are applied
    #[command(after_help = EXIT_CODES)]
    Status {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Apply the pending migrations, all or none
    #[command(after_help = EXIT_CODES)]
    Up {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Revert the latest migration and delete the data in its tables
    ///
    /// Each call reverts one migration, the one that `migrate status` lists last as applied, and the next import
    /// applies it again. `0005_staged_rows` and `0004_replaced_rows` hold no data, `0003_reverts` what is needed to
    /// revert runs, `0002_seals` the seals, and `0001_ledger` the ledger and the audit log. The application's tables
    /// and rows stay. Without the ledger, the origin of the rows and the history of their changes are lost, and the next
    /// import treats all files as new: it matches rows by their keys alone, and inserts rows again whose keys the
    /// database generated.
    ///
    /// Without `--confirm` nothing is changed: the command shows what would be lost, and exits with 2. A SQLite file is
    /// copied into the archive first.
    #[command(after_help = EXIT_CODES)]
    Down {
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: ArchiveOptions,
        /// Revert the migration; without this option nothing is changed
        #[arg(long)]
        confirm: bool,
    },
}

impl Migrate {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            MigrateCommand::Status { database } => {
                let states = migration_status(&database.url(output)?, database.wait())?;
                output.result(|| migrations_text(&states), || &states);
            }
            MigrateCommand::Up { database } => {
                let url = database.url(output)?;
                let place = SealOptions::default().place(&url)?;
                let run = run_context(None, None)?;
                let (applied, findings) = migrate_up(&url, database.wait(), &place, &run)?;
                output.findings(&findings, FindingDetail::All);
                output.result(
                    || migrated_text(&url.to_string(), &applied),
                    || MigratedView::from(&applied[..]),
                );
            }
            MigrateCommand::Down {
                database,
                archive,
                confirm,
            } => {
                let url = database.url(output)?;
                if !confirm && let Some(stake) = migration_loss(&url, database.wait())? {
                    return Err(CommandError::NotConfirmed(stake));
                }
                let archive = archive.directory(&url)?;
                let reverted = migrate_down(&url, database.wait(), &archive, checked_now()?)?;
                output.result(
                    || reverted_text(&url.to_string(), reverted.as_ref()),
                    || RevertedMigrationView::from(reverted.as_ref()),
                );
            }
        }
        Ok(Exit::Done)
    }
}
