//! Whether the tables of a layout still have what earlier imports wrote: `import` checks it before it writes, and
//! `doctor` and `verify` report it.

use crate::database::{LayoutTriggers, ReadTransaction};
use crate::layout::Layout;
use crate::operations::OperationError;
use crate::plan::KnownFile;

use super::changed::{ensure_not_altered, ensure_not_dropped, ensure_not_emptied};
use super::moved::ensure_not_moved;

/// What earlier runs imported from a directory.
pub(in crate::operations) struct Imported<'a> {
    /// The directory.
    pub(in crate::operations) source: &'a str,
    /// Whether the layout is another version than the one that was imported with.
    pub(in crate::operations) layout_changed: bool,
    /// Whether there are files that an import would not read again.
    pub(in crate::operations) has_unchanged_files: bool,
}

impl<'a> Imported<'a> {
    /// What the ledger has of a directory whose files did not change.
    pub(in crate::operations) fn of(
        database: &mut ReadTransaction,
        source: &'a str,
        layout: &Layout,
    ) -> Result<Self, OperationError> {
        let files = database.ledger().known_files(source, &layout.name)?;
        let is_same = |file: &KnownFile| file.layout_digest == layout.digest;
        Ok(Self {
            source,
            layout_changed: !files.iter().all(is_same),
            has_unchanged_files: files
                .iter()
                .any(|file| file.sha256.is_some() && is_same(file)),
        })
    }
}

/// Returns an error if another program renamed, dropped, emptied or altered a table of the layout, so that an import
/// would repeat or lose rows; otherwise the triggers of the layout's tables.
pub(in crate::operations) fn ensure_importable<'l>(
    database: &mut ReadTransaction,
    layout: &'l Layout,
    imported: &Imported<'_>,
) -> Result<Option<LayoutTriggers<'l>>, OperationError> {
    ensure_not_dropped(database, layout, imported.has_unchanged_files)?;
    ensure_not_moved(database, layout, imported.source, imported.layout_changed)?;
    ensure_not_altered(database, layout)?;
    let triggers = database.audited_tables().layout_triggers(layout)?;
    ensure_not_emptied(database, triggers.as_ref())?;
    Ok(triggers)
}
