//! `accession runs`.

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::operations::{list_runs, show_run};
use crate::report::{run_details_json, run_text, runs_json, runs_text};

/// Show what was imported before: when, by whom, from where
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Runs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all runs, newest first
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Show everything that is known of one run
    ///
    /// Counts per table, the files it read with their digests, and how many values of each column were converted.
    #[command(after_help = EXIT_CODES)]
    Show {
        /// The run's id, or its beginning if no other run has the same
        run: String,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Runs {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            Action::List { database } => {
                let runs = list_runs(&database.url(output)?, database.wait())?;
                output.result(|| runs_text(&runs), || runs_json(&runs));
            }
            Action::Show { run, database } => {
                let details = show_run(&database.url(output)?, database.wait(), &run)?;
                output.result(|| run_text(&details), || run_details_json(&details));
            }
        }
        Ok(Exit::Done)
    }
}
