//! `accession audit report`.

use std::io::Write;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::TableOptions;
use crate::cli::output::Output;
use crate::operations::audit::audit_report;
use crate::report::audit::{AuditReportView, report_csv, report_text};

use super::filter::{FilterOptions, report_unmatched};

/// Count entries by actor, table, action and day
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Report {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    filter: FilterOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Report {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let query = self.filter.query()?;
        let report = audit_report(&url, wait, &query)?;
        let (text, json) = (
            |out: &mut dyn Write| out.write_all(report_text(&report).as_bytes()),
            || AuditReportView::from(&report),
        );
        self.form
            .print(output, text, json, |out| report_csv(out, &report));
        report_unmatched(output, &url, wait, &query, report.totals.len() as u64)?;
        Ok(Exit::Done)
    }
}
