//! The trail as text, JSON and CSV. Values are shown, since that is what the trail is for; what would move the cursor of
//! a terminal or be executed by a spreadsheet is not.

mod as_of;
mod blame;
mod csv;
mod export;
mod history;
mod html;
mod log;
mod names;
mod report;
mod show;
mod shown;
mod signed;
mod whereabouts;
mod why;

pub use as_of::{AsOfSheet, SheetForm};
pub use blame::{blame_csv, blame_json, blame_text};
pub use export::{Export, ExportForm, Numbers};
pub use history::{history_csv, history_json, history_text};
pub use log::{entries_csv, entries_json, entries_text, log_csv, log_json, log_text};
pub use names::unknown_name_text;
pub use report::{report_csv, report_json, report_text};
pub use show::{show_csv, show_json, show_text};
pub use shown::Cut;
pub use whereabouts::{whereabouts_csv, whereabouts_json, whereabouts_text};
pub use why::{why_csv, why_json, why_text};
