//! Lists missing and different rows with the locations of their records and values.

use crate::model::{Origin, ShowValues};
use crate::operations::directory::Directory;
use crate::plan::{Discrepancy, DiscrepancyKind};

use super::outcome::{Difference, DifferenceKind};
use super::values::described;

/// The first `limit` differences, one per different column.
pub(super) fn differences(
    directory: &Directory<'_>,
    discrepancies: &[Discrepancy],
    limit: usize,
    show: ShowValues,
) -> Vec<Difference> {
    let mut kinds: Vec<(&Discrepancy, DifferenceKind)> = Vec::new();
    let mut origins: Vec<(&Origin, String)> = Vec::new();
    for discrepancy in discrepancies {
        let row = &discrepancy.row;
        match &discrepancy.kind {
            DiscrepancyKind::Missing => {
                kinds.push((discrepancy, DifferenceKind::Missing));
                origins.push((&row.origin, String::new()));
            }
            DiscrepancyKind::Different(columns) => {
                for (column, value) in columns {
                    let (expected, found) = described(&row.values[*column], value, show);
                    let names = &directory.layout.tables[row.table].table.columns;
                    let kind = DifferenceKind::Different {
                        column: names[*column].name.clone(),
                        expected,
                        found,
                    };
                    kinds.push((discrepancy, kind));
                    let pointer = directory.pointer_of(row.origin.file, row.table, *column);
                    origins.push((&row.origin, pointer));
                }
            }
        }
    }
    kinds.truncate(limit);
    origins.truncate(limit);
    let places = directory.places(&origins);
    let difference = |((discrepancy, kind), place): ((&Discrepancy, DifferenceKind), _)| {
        let row = &discrepancy.row;
        Difference {
            kind,
            table: directory.layout.tables[row.table].table.name.clone(),
            record_id: discrepancy.record_id.clone(),
            place,
            part: row.origin.part,
        }
    };
    kinds.into_iter().zip(places).map(difference).collect()
}
