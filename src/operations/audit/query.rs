//! Selects entries of the audit log.

use crate::audit::{ContentFilter, rewritten_record_id};
use crate::database::audit_log::{AuditEntry, Choice, EntryField, EntryFilter};
use crate::database::ledger::RunRecord;
use crate::model::{EntryId, Timestamp};
use crate::operations::{OperationError, run_named};

/// A condition on an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Criterion {
    /// A field of the entry has this value.
    Field(EntryField, String),
    /// The entry changed this column.
    Column(String),
}

/// A selection of entries; by default all.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// For each kind of criterion, one of them must match.
    pub only: Vec<Criterion>,
    /// None of these may match.
    pub not: Vec<Criterion>,
    /// Strings that must each occur in some value.
    pub contains: Vec<String>,
    /// From this timestamp on.
    pub since: Option<Timestamp>,
    /// Before this timestamp.
    pub until: Option<Timestamp>,
    /// Entries with higher numbers only.
    pub after: Option<EntryId>,
}

/// A query whose runs have been resolved to full ids.
pub(super) struct ResolvedQuery {
    pub(super) filter: EntryFilter,
    pub(super) content: ContentFilter,
}

impl AuditQuery {
    /// Whether it has no condition.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.only.is_empty()
            && self.not.is_empty()
            && self.contains.is_empty()
            && self.since.is_none()
            && self.until.is_none()
            && self.after.is_none()
    }

    /// Resolves runs that were given by a prefix of their ids.
    pub(super) fn resolve(&self, runs: &[RunRecord]) -> Result<ResolvedQuery, OperationError> {
        let mut filter = EntryFilter {
            since: self.since,
            until: self.until,
            after: self.after,
            ..EntryFilter::default()
        };
        let mut content = ContentFilter {
            contains: self.contains.clone(),
            ..ContentFilter::default()
        };
        let only = self.only.iter().map(|one| (Choice::Only, one));
        let not = self.not.iter().map(|one| (Choice::Not, one));
        for (choice, criterion) in only.chain(not) {
            match (criterion, choice) {
                (Criterion::Field(EntryField::Run, name), _) => {
                    let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
                    filter.fields.push((EntryField::Run, choice, id.into()));
                }
                (Criterion::Field(EntryField::Record, name), _) => {
                    let rewritten = rewritten_record_id(name);
                    let names = [Some(name.clone()), rewritten].into_iter().flatten();
                    let record = |name| (EntryField::Record, choice, name);
                    filter.fields.extend(names.map(record));
                }
                (Criterion::Field(field, value), _) => {
                    filter.fields.push((*field, choice, value.clone()));
                }
                (Criterion::Column(column), Choice::Only) => content.columns.push(column.clone()),
                (Criterion::Column(column), Choice::Not) => {
                    content.not_columns.push(column.clone());
                }
            }
        }
        Ok(ResolvedQuery { filter, content })
    }
}

impl ResolvedQuery {
    /// Whether entries are selected only by their run: then all entries of a run match, or none.
    pub(super) fn is_by_run(&self) -> bool {
        let mut fields = self.filter.fields.iter();
        self.is_by_run_and_table() && fields.all(|(field, ..)| *field != EntryField::Table)
    }

    /// Whether entries are selected by their run and table only.
    pub(super) fn is_by_run_and_table(&self) -> bool {
        let fields = self.filter.fields.iter();
        let mut others = fields.filter(|(field, ..)| *field != EntryField::Table);
        others.all(|(field, ..)| matches!(field, EntryField::Run | EntryField::Actor))
            && self.filter.after.is_none()
            && self.content.is_empty()
    }

    /// Whether the query selects entries of this table.
    pub(super) fn accepts_table(&self, table: &str) -> bool {
        self.accepts_field(EntryField::Table, table)
    }

    fn accepts_field(&self, field: EntryField, own: &str) -> bool {
        let values = |choice| {
            let fields = self.filter.fields.iter();
            let of = fields.filter(move |one| one.0 == field && one.1 == choice);
            of.map(|(_, _, value)| value.as_str())
        };
        let only: Vec<&str> = values(Choice::Only).collect();
        (only.is_empty() || only.contains(&own)) && !values(Choice::Not).any(|not| not == own)
    }

    /// Whether a query that [`Self::is_by_run`], or [by table](Self::is_by_run_and_table), selects this run.
    pub(super) fn accepts_run(&self, run: &RunRecord) -> bool {
        let fields = [
            (EntryField::Run, run.id.as_str()),
            (EntryField::Actor, run.actor.as_str()),
        ];
        let mut fields = fields.into_iter();
        let by_fields = fields.all(|(field, own)| self.accepts_field(field, own));
        let (since, until) = (self.filter.since, self.filter.until);
        let at = &run.started_at;
        by_fields
            && since.is_none_or(|since| *at >= since.to_string())
            && until.is_none_or(|until| *at < until.to_string())
    }

    pub(super) fn accepts(&self, entry: &AuditEntry) -> bool {
        let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
        self.content.accepts(&entry.action, old, new)
    }
}
