//! `accession doctor`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::layout;
use crate::operations::doctor::{Verdict, doctor};
use crate::report::{health_json, health_text};

/// Look whether a database is fit for imports and its audit trail whole
///
/// Whether it can be reached, its version, our rights, how it encodes texts, its clock and time zone, pending migrations,
/// a left-over context, tables that do not fit the layouts, triggers that are missing, outdated or disabled, and foreign
/// keys that change rows without an entry. Exit code 1 if imports would fail or the trail would miss changes: a health check for scripts. Nothing is
/// written.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Doctor {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Name of a built-in layout, or path of a layout directory, whose tables are looked at [default: the built-in
    /// layouts that were imported]
    #[arg(long, value_name = "NAME|PATH")]
    layout: Option<String>,
}

impl Doctor {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let url = self.database.url(output)?;
        let named = self.layout.as_deref().map(layout::find).transpose()?;
        // A layout of one's own is known only by its path: its tables are looked at if it is named.
        let layouts = |imported: &[String]| {
            Ok(match named {
                Some(layout) => vec![layout],
                None => imported
                    .iter()
                    .filter_map(|name| layout::builtin(name).ok())
                    .collect(),
            })
        };
        let health = doctor(&url, self.database.wait(), layouts, &now)?;
        output.result(|| health_text(&health), || health_json(&health));
        Ok(match health.verdict() {
            Verdict::Sound | Verdict::Warning => Exit::Done,
            Verdict::Broken => Exit::Failed,
        })
    }
}
