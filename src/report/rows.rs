//! What happened to the rows of each table, and to values on their way: the same for a plan, a run and the ledger.

use serde_json::{Value, json};

use crate::operations::import::FileOutcome;

use super::counts::{grouped_or_empty, plural, table};

/// Counts of one table by their stable names, all tables with the same names.
pub(super) type NamedCounts = (String, Vec<(String, u64)>);

/// A table of the counts in `shown` order that are not zero everywhere; nothing if all are.
pub(super) fn counts_table(tables: &[NamedCounts]) -> Option<String> {
    let (_, first) = tables.first()?;
    let columns: Vec<usize> = (0..first.len())
        .filter(|&column| {
            let mut tables = tables.iter();
            tables.any(|(_, counts)| counts.get(column).is_some_and(|(_, count)| *count > 0))
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let header: Vec<&str> = std::iter::once("table")
        .chain(columns.iter().map(|&column| first[column].0.as_str()))
        .collect();
    let rows: Vec<Vec<String>> = tables
        .iter()
        .map(|(name, counts)| {
            let count = |&column: &usize| counts.get(column).map_or(0, |(_, count)| *count);
            let cells = columns.iter().map(|column| grouped_or_empty(count(column)));
            std::iter::once(name.clone()).chain(cells).collect()
        })
        .collect();
    Some(table(&header, &rows))
}

/// What reading a file came to, as an object; `docs/json.md` describes it.
pub(super) fn file_json(file: &FileOutcome) -> Value {
    json!({
        "path": file.path, "records": file.records, "rows": file.rows, "rejected": file.rejected,
        "cut_short": file.cut_short,
    })
}

/// One line on a column whose values are stored otherwise than written.
pub(super) fn conversion_line(table: &str, column: &str, rule: &str, count: u64) -> String {
    format!(
        "  {table}.{column}: {} {}\n",
        plural(count, "value"),
        rule_words(rule)
    )
}

pub(super) fn rule_words(rule: &str) -> &str {
    match rule {
        "assumed_utc" => "without an offset taken as UTC",
        "to_utc" => "with another offset turned into UTC",
        "truncated_to_microseconds" => "cut to the microsecond",
        "from_unix_time" => "read as time since 1970",
        "as_text" => "of another type stored as text",
        "to_uuid_v5" => "without the form of a UUID turned into one",
        "to_canonical_uuid" => "that is a UUID brought into its usual form",
        "rounded_to_binary64" => "rounded to the nearest binary64",
        "empty_array_to_object" => "written `[]` stored as the empty object",
        // Of a newer version.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_documented;
    use super::*;
    use crate::model::ConversionRule;

    #[test]
    fn only_columns_that_say_something_are_shown() {
        let counts = |inserted, updated| {
            let named = [("inserted", inserted), ("updated", updated), ("deleted", 0)];
            named.map(|(name, count)| (name.to_owned(), count)).to_vec()
        };
        let tables = [
            ("words".to_owned(), counts(12_345, 0)),
            ("cards".to_owned(), counts(0, 0)),
        ];
        let shown = "  table  inserted\n  words    12 345\n  cards\n";
        assert_eq!(counts_table(&tables).as_deref(), Some(shown));
        assert_eq!(counts_table(&[("t".to_owned(), counts(0, 0))]), None);
        assert_eq!(counts_table(&[]), None);
    }

    #[test]
    fn every_conversion_has_words() {
        for rule in [
            ConversionRule::AssumedUtc,
            ConversionRule::ToUtc,
            ConversionRule::TruncatedToMicroseconds,
            ConversionRule::FromUnixTime,
            ConversionRule::AsText,
            ConversionRule::ToUuidV5,
            ConversionRule::ToCanonicalUuid,
            ConversionRule::RoundedToBinary64,
            ConversionRule::EmptyArrayToObject,
        ] {
            assert_ne!(rule_words(rule.name()), rule.name());
            assert_documented(&serde_json::json!({ rule.name(): null }));
        }
    }
}
