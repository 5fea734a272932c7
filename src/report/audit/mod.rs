//! Reports on the audit log as text, JSON and CSV. They show values unmasked, because that is their purpose.
//! Characters that would control a terminal are escaped, and so are strings that a spreadsheet would run.

mod as_of;
mod blame;
mod csv;
mod entries;
mod export;
mod history;
mod html;
mod image;
mod log;
mod names;
mod not_recorded;
mod report;
mod rows_from_file;
mod show;
mod shown;
mod why;

pub use as_of::{AsOfSheet, SheetForm};
pub use blame::{blame_csv, blame_text};
pub use entries::{EntriesForm, EntriesSheet, EntryView};
pub use export::{Export, ExportForm};
pub use history::{HistoryForm, HistorySheet, VersionView};
pub use image::Numbers;
pub use log::{LogView, log_csv, log_text};
pub use names::unmatched_text;
pub use report::{AuditReportView, report_csv, report_text};
pub use rows_from_file::{RowsFromFileView, rows_from_file_csv, rows_from_file_text};
pub use show::{EntryDetailsView, show_csv, show_text};
pub use shown::Cut;
pub use why::{WhyView, why_csv, why_text};
