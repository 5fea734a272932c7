//! The finding about properties that the layout does not map.

use crate::layout::Unmapped;
use crate::model::{Finding, Level, Place, Rule};
use crate::source::SourceFile;

/// `count` properties like the one at `pointer`.
pub(super) fn unmapped(policy: Unmapped, file: &SourceFile, pointer: &str, count: u64) -> Finding {
    let (level, hint) = match policy {
        Unmapped::Notice => (
            Level::Notice,
            "map it in the layout if you need it; the archived original keeps it",
        ),
        Unmapped::Reject => (Level::Error, "map the property in the layout, or remove it"),
    };
    let more = if count > 1 {
        format!(" and {} more of its kind", count - 1)
    } else {
        String::new()
    };
    let place = Place {
        pointer: Some(pointer.to_owned()),
        ..Place::file(&file.path)
    };
    let message = format!("`{pointer}`{more}: not imported, because the layout does not map it");
    let mut finding = Finding::new(level, Rule::UnmappedMember, Some(place), message).hint(hint);
    finding.count = count;
    finding
}
