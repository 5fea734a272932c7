//! Report of `audit history`: every version of a row.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::audit::FieldChange;
use crate::model::{RecordId, RunId, escape_line};
use crate::operations::audit::{Attribution, History, Version};
use crate::report::Style;
use crate::report::counts::plural;
use crate::report::document::ListDocument;

use super::csv::{ATTRIBUTION, header, view_line};
use super::not_recorded::not_recorded_text;
use super::shown::{self, Cut, attribution_text, short};

/// Writes the block of a version.
fn write_version(
    out: &mut dyn Write,
    history: &History,
    version: &Version,
    cut: Cut,
) -> io::Result<()> {
    let action = Style::paint(Style::NOTICE, &escape_line(&version.action));
    let number = version.attribution.entry;
    let by = attribution_text(&version.attribution);
    writeln!(out, "{number}  {action}  {by}")?;
    for (what, text) in circumstances(history, version) {
        writeln!(out, "    {} {text}", Style::paint(Style::DIM, what))?;
    }
    match (&version.problem, &version.accepted_by) {
        (Some(problem), Some(run)) => {
            let gap = Style::paint(Style::WARNING, "known gap:");
            writeln!(out, "    {gap} {problem}; run {} accepted it", short(run))?;
        }
        (Some(problem), None) => {
            let error = Style::paint(Style::ERROR, "error:");
            writeln!(out, "    {error} {problem}")?;
        }
        (None, _) => {}
    }
    shown::write_changes(out, &version.changes, "    ", cut)?;
    out.write_all(b"\n")
}

fn circumstances(history: &History, version: &Version) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    out.extend(
        version
            .attribution
            .file
            .as_ref()
            .map(|file| ("from", escape_line(file))),
    );
    if version.record_id != history.record_id {
        out.push(("key", escape_line(&version.record_id)));
    }
    out.extend(
        version
            .moved_to
            .as_ref()
            .map(|id| ("key changed to", escape_line(id))),
    );
    out
}

/// A version of a row: one change, and who made it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VersionView<'o> {
    #[serde(flatten)]
    attribution: &'o Attribution,
    /// `INSERT`, `UPDATE` or `DELETE`.
    action: &'o str,
    /// The row's key before the change.
    record_id: &'o RecordId,
    /// Its new key, if it changed.
    moved_to: Option<&'o RecordId>,
    /// The columns that changed.
    changes: &'o [FieldChange],
    /// Why the entry does not match the previous ones.
    problem: Option<String>,
    /// The run of kind `enable` that compared the rows with the entries up to this one: changes before an entry that
    /// does not match are a known gap since.
    accepted_by: Option<&'o RunId>,
}

impl<'o> From<&'o Version> for VersionView<'o> {
    fn from(version: &'o Version) -> Self {
        Self {
            attribution: &version.attribution,
            action: &version.action,
            record_id: &version.record_id,
            moved_to: version.moved_to.as_ref(),
            changes: &version.changes,
            problem: version.problem.as_ref().map(ToString::to_string),
            accepted_by: version.accepted_by.as_ref(),
        }
    }
}

/// The output format of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryForm {
    /// A block per version, oldest first.
    Text(Cut),
    /// One JSON object.
    Json,
    /// One line per version and column.
    Csv,
}

/// Writes the versions of a row one at a time.
#[derive(Debug)]
pub struct HistorySheet {
    form: HistoryForm,
    document: Option<ListDocument>,
    has_begun: bool,
}

/// The columns of CSV after the attribution.
const COLUMNS: [&str; 5] = ["record_id", "action", "column", "old", "new"];

impl HistorySheet {
    /// Creates a sheet; nothing is written yet.
    #[must_use]
    pub fn new(form: HistoryForm) -> Self {
        Self {
            form,
            document: None,
            has_begun: false,
        }
    }

    /// Writes a version.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn version(
        &mut self,
        out: &mut dyn Write,
        history: &History,
        version: &Version,
    ) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match self.form {
            HistoryForm::Text(cut) => write_version(out, history, version, cut),
            HistoryForm::Json => {
                if self.document.is_none() {
                    self.document = Some(begin(out, history)?);
                }
                match &mut self.document {
                    Some(document) => document.item(out, &VersionView::from(version)),
                    None => Ok(()),
                }
            }
            HistoryForm::Csv => {
                let columns = [&ATTRIBUTION[..], &COLUMNS].concat();
                if is_first {
                    header(out, &columns)?;
                }
                version.changes.iter().try_for_each(|change| {
                    let line = ChangeLine {
                        attribution: &version.attribution,
                        record_id: &version.record_id,
                        action: &version.action,
                        change,
                    };
                    view_line(out, &columns, &line)
                })
            }
        }
    }

    /// Writes the end after the last version.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(self, out: &mut dyn Write, history: &History) -> io::Result<()> {
        match (self.form, self.document) {
            (HistoryForm::Text(_), _) => {
                let table = escape_line(&history.table);
                let record = escape_line(&history.record_id);
                let versions = plural(history.versions as u64, "version");
                writeln!(out, "{versions} of `{record}` in `{table}`")?;
                match &history.not_recorded {
                    Some(missing) => {
                        out.write_all(not_recorded_text(&history.table, missing).as_bytes())
                    }
                    None => Ok(()),
                }
            }
            (HistoryForm::Json, document) => {
                let document = match document {
                    Some(document) => document,
                    None => begin(out, history)?,
                };
                document.end(out, &[("not_recorded", json!(history.not_recorded))])
            }
            (HistoryForm::Csv, _) => Ok(()),
        }
    }
}

fn begin(out: &mut dyn Write, history: &History) -> io::Result<ListDocument> {
    let members = [
        ("table", history.table.as_str().into()),
        ("record_id", history.record_id.as_str().into()),
    ];
    ListDocument::begin(out, &members, "versions")
}

/// A changed column of a version.
#[derive(Serialize)]
struct ChangeLine<'o> {
    #[serde(flatten)]
    attribution: &'o Attribution,
    record_id: &'o RecordId,
    action: &'o str,
    #[serde(flatten)]
    change: &'o FieldChange,
}
