//! Row counts per table, and conversions of values; used in reports on plans, runs and the ledger.

use serde::{Serialize, Serializer};

use super::counts::{grouped_or_empty, plural, table};

/// The counts of one table by their stable names.
pub(super) type NamedCounts = (String, Vec<(String, u64)>);

/// A table of the counts that are not zero in every table; `None` if all are zero.
pub(super) fn counts_table(tables: &[NamedCounts]) -> Option<String> {
    let all = || tables.iter().flat_map(|(_, counts)| counts);
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in all() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.retain(|name| all().any(|(other, count)| other == name && *count > 0));
    if names.is_empty() {
        return None;
    }
    let header: Vec<&str> = std::iter::once("table")
        .chain(names.iter().copied())
        .collect();
    let rows: Vec<Vec<String>> = tables
        .iter()
        .map(|(table, counts)| {
            let count = |name: &&str| {
                let mut counts = counts.iter();
                let found = counts.find(|(other, _)| other == name);
                grouped_or_empty(found.map_or(0, |(_, count)| *count))
            };
            let cells = names.iter().map(count);
            std::iter::once(table.clone()).chain(cells).collect()
        })
        .collect();
    Some(table(&header, &rows))
}

/// Values by the name of a table or column: a JSON object in this order.
#[derive(Debug, Clone)]
pub(super) struct ByName<N, T>(Vec<(N, T)>);

impl<N, T> FromIterator<(N, T)> for ByName<N, T> {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<N: Serialize, T: Serialize> Serialize for ByName<N, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// One line on a column whose values are stored in another form than in the file.
pub(super) fn conversion_line(table: &str, column: &str, rule: &str, count: u64) -> String {
    format!(
        "  {table}.{column}: {} {}\n",
        plural(count, "value"),
        conversion_text(rule)
    )
}

pub(super) fn conversion_text(rule: &str) -> &str {
    match rule {
        "assumed_utc" => "without an offset interpreted as UTC",
        "to_utc" => "with another offset converted to UTC",
        "truncated_to_microseconds" => "truncated to microseconds",
        "from_unix_time" => "converted from Unix time",
        "as_text" => "of another type stored as text",
        "to_uuid_v5" => "converted to a version 5 UUID",
        "to_canonical_uuid" => "rewritten in the canonical form of a UUID",
        "rounded_to_binary64" => "rounded to the nearest binary64",
        "empty_array_to_object" => "converted from `[]` to an empty object",
        // A rule of a newer version.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConversionRule;

    #[test]
    fn columns_of_zeros_are_omitted() {
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
    fn every_conversion_has_a_description() {
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
            assert_ne!(conversion_text(rule.name()), rule.name());
            let manual = include_str!("../../docs/json.md");
            assert!(manual.contains(&format!("`{}`", rule.name())), "{rule:?}");
        }
    }
}
