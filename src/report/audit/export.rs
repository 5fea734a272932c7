//! Report of `audit export`: the complete audit log in a format for other programs or for readers, entry by entry.

use std::io::{self, Write};

use crate::database::audit_log::AuditEntry;
use crate::operations::audit::Attribution;
use crate::report::document::write_line;

use super::entries::{EntryView, QuotedEntryView, entry_header, entry_line};
use super::html;
use super::image::Numbers;

/// The file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// One JSON object per line.
    JsonLines,
    /// One JSON array.
    Json,
    /// Comma-separated values.
    Csv,
    /// A self-contained HTML page.
    Html,
}

/// Writes entries one at a time.
#[derive(Debug)]
pub struct Export {
    form: ExportForm,
    numbers: Numbers,
    /// Heading of the page.
    title: String,
    /// Database and time of the export.
    subtitle: String,
    taken: u64,
}

impl Export {
    /// Creates an export. Title and subtitle are used in HTML only.
    #[must_use]
    pub fn new(form: ExportForm, numbers: Numbers, title: String, subtitle: String) -> Self {
        Self {
            form,
            numbers,
            title,
            subtitle,
            taken: 0,
        }
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn entry(
        &mut self,
        out: &mut dyn Write,
        entry: &AuditEntry,
        attribution: &Attribution,
    ) -> io::Result<()> {
        if self.taken == 0 {
            self.begin(out)?;
        }
        self.taken += 1;
        match self.form {
            ExportForm::JsonLines => {
                self.json(out, entry, attribution)?;
                out.write_all(b"\n")
            }
            ExportForm::Json => {
                out.write_all(if self.taken == 1 { b"\n" } else { b",\n" })?;
                self.json(out, entry, attribution)
            }
            ExportForm::Csv => entry_line(out, entry, attribution),
            ExportForm::Html => html::entry(out, entry, attribution),
        }
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.taken == 0 {
            self.begin(out)?;
        }
        match self.form {
            ExportForm::JsonLines | ExportForm::Csv => Ok(()),
            ExportForm::Json => out.write_all(b"\n]\n"),
            ExportForm::Html => out.write_all(html::finish(self.taken).as_bytes()),
        }
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.form {
            ExportForm::JsonLines => Ok(()),
            ExportForm::Json => out.write_all(b"["),
            ExportForm::Csv => entry_header(out),
            ExportForm::Html => out.write_all(html::begin(&self.title, &self.subtitle).as_bytes()),
        }
    }

    fn json(
        &self,
        out: &mut dyn Write,
        entry: &AuditEntry,
        attribution: &Attribution,
    ) -> io::Result<()> {
        let view = EntryView::new(entry, attribution);
        match self.numbers {
            Numbers::Exact => write_line(out, &view),
            Numbers::AsStrings => write_line(out, &QuotedEntryView::from(view)),
        }
    }
}
