//! Rows that are missing or different, told with the places of their records and values.

use crate::layout::{Expression, Layout, RecordRule};
use crate::model::{Origin, Row, ShowValues};
use crate::operations::directory::Directory;
use crate::plan::{Discrepancy, DiscrepancyKind};

use super::outcome::{Difference, DifferenceKind};
use super::values::described;

/// The first `limit` differences, one per column that differs.
pub(super) fn differences(
    directory: &Directory<'_>,
    discrepancies: &[Discrepancy],
    (limit, show): (usize, ShowValues),
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
                    let source = directory.survey.files[row.origin.file.0 as usize].source;
                    let pointer = pointer_of(directory.layout, source, row, *column);
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

/// Where inside a record a column's value comes from; empty where that is not one place.
fn pointer_of(layout: &Layout, source: usize, row: &Row, column: usize) -> String {
    fn collect(rules: &[RecordRule], table: usize, column: usize, found: &mut Vec<String>) {
        for rule in rules {
            let own = rule.columns.iter();
            let own = own.filter(|mapped| rule.table == table && mapped.column == column);
            found.extend(own.map(|mapped| match &mapped.expression {
                Expression::Pointer(pointer) => pointer.to_string(),
                Expression::Capture(_)
                | Expression::Parent { .. }
                | Expression::First(_)
                | Expression::Constant(_)
                | Expression::Parameter(_)
                | Expression::Reference(_)
                | Expression::Uuid(_)
                | Expression::Rest => String::new(),
            }));
            collect(&rule.records, table, column, found);
        }
    }
    let mut pointers = Vec::new();
    collect(
        &layout.sources[source].records,
        row.table,
        column,
        &mut pointers,
    );
    pointers.dedup();
    match <[String; 1]>::try_from(pointers) {
        Ok([pointer]) => pointer,
        Err(_) => String::new(),
    }
}
