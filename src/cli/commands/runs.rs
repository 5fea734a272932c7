//! `accession runs`.

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::operations::{list_runs, show_run};
use crate::report::{RunDetailsView, RunView, run_text, runs_text};

/// Show earlier runs: time, actor, source
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Runs {
    #[command(subcommand)]
    action: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List all runs, newest first
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Show all details of a run
    ///
    /// Shows the counts per table, the files that the run read with their digests, and the number of converted values
    /// per column.
    #[command(after_help = EXIT_CODES)]
    Show {
        /// The run's id or a unique prefix of it
        run: String,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Runs {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            RunsCommand::List { database } => {
                let runs = list_runs(&database.url(output)?, database.wait())?;
                output.result(
                    || runs_text(&runs),
                    || runs.iter().map(RunView::from).collect::<Vec<_>>(),
                );
            }
            RunsCommand::Show { run, database } => {
                let details = show_run(&database.url(output)?, database.wait(), &run)?;
                output.result(|| run_text(&details), || RunDetailsView::from(&details));
            }
        }
        Ok(Exit::Done)
    }
}
