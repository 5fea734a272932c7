//! `accession doctor`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::{now, run_context};
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::SealOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::layout;
use crate::operations::audited_tables::{EnableOptions, WhichTables, enable_tables};
use crate::operations::doctor::{Verdict, doctor};
use crate::report::{FindingDetail, HealthView, enabled_text, health_text};

/// Check a database and its audit log
///
/// Checks the connection, the server version, privileges, text encoding, clock and time zone, pending migrations, a
/// left-over audit context, tables that do not match the layouts, triggers that are missing, outdated or disabled,
/// and foreign keys that change rows without an entry. Exits with 1 if imports would fail or the audit log would miss
/// changes, so it can serve as a health check in scripts. Nothing is written without `--fix`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Doctor {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Name of a built-in layout, or path of a layout directory, whose tables are checked [default: all built-in
    /// layouts that were imported]
    #[arg(long, value_name = "NAME|PATH")]
    layout: Option<String>,
    /// First migrate the ledger, and create triggers that are missing or outdated
    ///
    /// The rows of these tables, and of those from which a partition was detached, are compared with the audit log.
    /// Changes without an entry are recorded by a run of kind `enable`. Tables that cannot be repaired are listed with
    /// what can be done instead.
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    archive: SealOptions,
    /// With --fix: name of the responsible person, for the audit log [default: the operating system's user]
    #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// With --fix: reason for the change, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Doctor {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let url = self.database.url(output)?;
        if self.fix {
            let options = EnableOptions {
                archive: self.archive.place(&url)?,
                wait: self.database.wait(),
                database: url.clone(),
                tables: WhichTables::Faulty,
            };
            let run = run_context(self.actor, self.reason)?;
            let work = Work::begin(output);
            let outcome = enable_tables(&options, &run, work.context())?;
            output.findings(&outcome.findings, FindingDetail::All);
            output.notice(&format!("{}\n", enabled_text(&outcome).trim_end()));
        }
        let named = self.layout.as_deref().map(layout::find).transpose()?;
        // A custom layout can only be found by its path, so its tables are checked only with `--layout`.
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
        output.result(|| health_text(&health), || HealthView::from(&health));
        Ok(match health.verdict() {
            Verdict::Skipped | Verdict::Sound | Verdict::Warning => Exit::Done,
            Verdict::Broken => Exit::Failed,
        })
    }
}
