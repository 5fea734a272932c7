//! Options that filter entries.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::audit;
use crate::cli::command_error::CommandError;
use crate::cli::environment::now;
use crate::cli::numbers::entry;
use crate::cli::output::Output;
use crate::database::DatabaseUrl;
use crate::database::audit_log::EntryField;
use crate::model::{EntryId, Timestamp};
use crate::operations::audit::{AuditQuery, Criterion, Span, excluded_in_vain, unmatched, when};
use crate::report::audit::unmatched_text;

/// Heading of these options in `--help`.
const FILTER: &str = "Filter";

/// The kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ActionFilter {
    Insert,
    Update,
    Delete,
}

/// Filters entries; several values of one option mean any of them.
#[derive(Debug, Args)]
pub(super) struct FilterOptions {
    /// Only entries of this table; repeatable
    #[arg(long, value_name = "TABLE", help_heading = FILTER)]
    table: Vec<String>,
    /// Only entries of this row: its primary key; write a key of several columns as a JSON array of strings;
    /// repeatable
    #[arg(long, value_name = "RECORD", help_heading = FILTER)]
    record: Vec<String>,
    /// Only entries that changed this column, or contain a value of it; repeatable
    #[arg(long, value_name = "COLUMN", help_heading = FILTER)]
    column: Vec<String>,
    /// Only entries of this kind; repeatable
    #[arg(long, value_enum, ignore_case = true, help_heading = FILTER)]
    action: Vec<ActionFilter>,
    /// Only entries of this run: its id or a prefix of it; repeatable
    #[arg(long, value_name = "RUN", help_heading = FILTER)]
    run: Vec<String>,
    /// Only entries by this actor; `external` means other programs; repeatable
    #[arg(long, value_name = "NAME", help_heading = FILTER)]
    actor: Vec<String>,
    /// Exclude entries: `table:`, `record:`, `column:`, `action:`, `run:` or `actor:` and a value; repeatable
    #[arg(long, value_name = "FILTER:VALUE", help_heading = FILTER)]
    not: Vec<Exclusion>,
    /// Only entries with this text in an old or new value; repeatable, all must occur
    #[arg(long, value_name = "TEXT", help_heading = FILTER)]
    contains: Vec<String>,
    /// Only entries since then: RFC 3339, a day, `yesterday`, or an age such as `3d` or `2h` (times are UTC)
    #[arg(long, value_name = "TIME", help_heading = FILTER)]
    since: Option<String>,
    /// Only entries until then; a day is included
    #[arg(long, value_name = "TIME", help_heading = FILTER)]
    until: Option<String>,
    /// Only entries after the entry with this id, oldest first
    #[arg(long, value_name = "ENTRY", value_parser = entry, allow_negative_numbers = true, help_heading = FILTER)]
    after: Option<EntryId>,
}

impl FilterOptions {
    /// Whether `--after` was given, which lists entries instead of runs.
    pub(super) fn is_after(&self) -> bool {
        self.after.is_some()
    }

    pub(super) fn query(self) -> Result<AuditQuery, CommandError> {
        let fields = [
            (EntryField::Table, self.table),
            (EntryField::Record, self.record),
            (EntryField::Run, self.run),
            (EntryField::Actor, self.actor),
        ];
        let mut only: Vec<Criterion> = fields
            .into_iter()
            .flat_map(|(field, values)| {
                let criterion = move |value| Criterion::Field(field, value);
                values.into_iter().map(criterion)
            })
            .collect();
        only.extend(self.column.into_iter().map(Criterion::Column));
        only.extend(self.action.into_iter().map(ActionFilter::criterion));
        Ok(AuditQuery {
            only,
            not: self.not.into_iter().map(|exclusion| exclusion.0).collect(),
            contains: self.contains,
            since: self.since.as_deref().map(from).transpose()?,
            until: self.until.as_deref().map(until).transpose()?,
            after: self.after,
        })
    }
}

/// If a query found nothing, reports why: names in it may be typos. The same for tables that it excludes.
pub(super) fn report_unmatched(
    output: &Output,
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    found: u64,
) -> Result<(), CommandError> {
    let mut all = match found {
        0 => unmatched(url, wait, query)?,
        _ => Vec::new(),
    };
    all.extend(excluded_in_vain(url, wait, query)?);
    for one in all {
        output.notice(&unmatched_text(&one));
    }
    Ok(())
}

/// Parses a time given by the user.
fn span(text: &str) -> Result<Span, CommandError> {
    when(text, now()).map_err(|error| CommandError::Usage(error.to_string()))
}

fn from(text: &str) -> Result<Timestamp, CommandError> {
    Ok(span(text)?.from)
}

fn until(text: &str) -> Result<Timestamp, CommandError> {
    Ok(span(text)?.to)
}

impl ActionFilter {
    fn criterion(self) -> Criterion {
        let action = match self {
            Self::Insert => audit::Action::Insert,
            Self::Update => audit::Action::Update,
            Self::Delete => audit::Action::Delete,
        };
        Criterion::Field(EntryField::Action, action.name().to_owned())
    }
}

/// `FILTER:VALUE`.
#[derive(Debug, Clone)]
struct Exclusion(Criterion);

impl std::str::FromStr for Exclusion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected `table:`, `record:`, `column:`, `action:`, `run:` or `actor:`, followed by a value, such as `table:members`";
        const ACTIONS: &str = "expected `action:insert`, `action:update` or `action:delete`";
        let (what, value) = text.split_once(':').ok_or(EXPECTED)?;
        let field = |field| Criterion::Field(field, value.to_owned());
        Ok(Self(match what {
            "table" => field(EntryField::Table),
            "record" => field(EntryField::Record),
            "run" => field(EntryField::Run),
            "actor" => field(EntryField::Actor),
            "column" => Criterion::Column(value.to_owned()),
            "action" => match ActionFilter::from_str(value, true) {
                Ok(action) => action.criterion(),
                Err(_) => return Err(ACTIONS.to_owned()),
            },
            _ => return Err(EXPECTED.to_owned()),
        }))
    }
}
