//! The representation of a value in tables: a typed column, columns of its members, records in their own table, or
//! JSON.
//!
//! Only uniform values are represented as more than JSON. A JSON column stores any value, so nothing is lost in case
//! of doubt. This module also decides whether member names are field names or data.

use crate::infer::profile::{ArrayProfile, ObjectProfile, PathProfile};
use crate::model::ColumnType;

/// Maximum nesting of tables.
const MAX_TABLE_DEPTH: usize = 4;
/// Maximum number of members of an object that becomes columns of its owner.
const MAX_STRUCT_MEMBERS: usize = 16;
/// Maximum number of columns; the rarest members are stored as JSON.
const MAX_COLUMNS: usize = 100;

/// The representation of the values at one location.
#[derive(Debug)]
pub(crate) enum InferredType<'s> {
    /// A column.
    Column(ColumnType),
    /// An object whose members become columns of its owner.
    Struct(&'s ObjectProfile),
    /// An array of objects that become rows of their own table.
    Records(&'s ArrayProfile),
    /// An object whose member names are data.
    Map(Box<MapType>),
}

/// An object whose member names are data.
#[derive(Debug)]
pub(crate) struct MapType {
    /// The profile of the members' values.
    pub(crate) value: PathProfile,
    /// Whether a member's value is an array of records rather than one record.
    pub(crate) arrays: bool,
}

/// Returns the representation of `profile`, which is in a record of a table at nesting level `depth`.
pub(crate) fn infer_type(profile: &PathProfile, depth: usize) -> InferredType<'_> {
    let json = InferredType::Column(ColumnType::Json);
    if !profile.has_containers() {
        return InferredType::Column(scalar(profile));
    }
    if profile.has_no_content() {
        return json;
    }
    if let Some(objects) = profile.only_objects() {
        return match as_map(objects, depth) {
            Some(map) => InferredType::Map(Box::new(map)),
            None if is_nested(objects, profile) => InferredType::Struct(objects),
            None => json,
        };
    }
    match profile.only_arrays() {
        Some(arrays) if depth < MAX_TABLE_DEPTH && are_records(&arrays.elements) => {
            InferredType::Records(arrays)
        }
        Some(_) | None => json,
    }
}

/// Returns the type of a column that stores all these scalars without loss.
fn scalar(profile: &PathProfile) -> ColumnType {
    let values = profile.count - profile.nulls;
    let strings = profile.strings.as_deref();
    let all = |count: u64| values > 0 && count == values;
    if all(profile.booleans) {
        ColumnType::Boolean
    } else if all(profile.numbers.integers) {
        ColumnType::Integer
    } else if all(profile.numbers.exact) {
        ColumnType::Real
    } else if let Some(strings) = strings.filter(|strings| all(strings.count)) {
        if all(strings.timestamps) {
            ColumnType::Timestamp
        } else if all(strings.dates) {
            ColumnType::Date
        } else if all(strings.uuids) {
            ColumnType::Uuid
        } else {
            ColumnType::Text { max_chars: None }
        }
    } else {
        ColumnType::Json
    }
}

/// Whether the elements are objects only, with members in common.
pub(crate) fn are_records(elements: &PathProfile) -> bool {
    let objects = elements.objects.as_deref();
    objects.is_some_and(|objects| {
        objects.count == elements.count && objects.any.is_none() && has_common_member(objects, 0.5)
    })
}

fn has_common_member(objects: &ObjectProfile, share: f64) -> bool {
    let filled = objects.count - objects.empty;
    let mut members = objects.members.iter();
    filled > 0 && members.any(|(_, member)| ratio(member.count, filled) >= share)
}

/// Whether an object has a small set of scalar members that is nearly always the same.
fn is_nested(objects: &ObjectProfile, profile: &PathProfile) -> bool {
    let filled = objects.count - objects.empty;
    let scalars = objects.members.iter().all(|(_, member)| {
        !member.has_containers()
            && member.nulls < member.count
            && scalar(member) != ColumnType::Json
            && ratio(member.count, filled) >= 0.8
    });
    // `[]` and `{}` next to non-empty objects indicate that members are optional.
    let steady = filled + profile.nulls == profile.count;
    steady && scalars && (1..=MAX_STRUCT_MEMBERS).contains(&objects.members.len())
}

/// Returns the object as a map, if its member names are data.
pub(crate) fn as_map(objects: &ObjectProfile, depth: usize) -> Option<MapType> {
    let distinct = objects.members.len();
    let filled = objects.count - objects.empty;
    if depth >= MAX_TABLE_DEPTH || filled == 0 {
        return None;
    }
    let merged = objects.merged_members();
    let wide = objects.any.is_some();
    let names = objects.members.iter().map(|(name, _)| name.as_str());
    let data = names.filter(|name| is_data(name)).count();
    let data = wide || data * 5 >= distinct * 4;
    // The average share of all names that an object has: field names recur, data does not.
    let presence = ratio(merged.count, filled) / count(distinct.max(1));
    let come_and_go = distinct >= 3 && presence < 0.5;
    let several = wide || distinct >= 3;
    if merged
        .only_objects()
        .is_some_and(|inner| inner.count == merged.count)
    {
        let inner = merged.only_objects()?;
        let alike = inner.any.is_none() && !inner.members.is_empty() && is_uniform(inner);
        let deeper = || as_map(inner, depth + 1).is_some();
        let single = filled == 1 && several && alike;
        let is_map = wide || single || (data && several || come_and_go) && (alike || deeper());
        let sure = is_map || distinct >= 2 && (data || presence < 0.8) && deeper();
        return sure.then_some(MapType {
            value: merged,
            arrays: false,
        });
    }
    if let Some(arrays) = merged
        .only_arrays()
        .filter(|arrays| arrays.count == merged.count)
    {
        let is_map = several && (data || come_and_go) && are_records(&arrays.elements);
        return is_map.then_some(MapType {
            value: merged,
            arrays: true,
        });
    }
    let plain = !merged.has_containers() && scalar(&merged) != ColumnType::Json;
    let is_map = wide || several && data && plain && merged.nulls == 0;
    is_map.then_some(MapType {
        value: merged,
        arrays: false,
    })
}

/// Whether objects nearly always have the same members.
fn is_uniform(objects: &ObjectProfile) -> bool {
    let filled = objects.count - objects.empty;
    let steady = |(_, member): &&(String, PathProfile)| ratio(member.count, filled) >= 0.8;
    objects.members.iter().filter(steady).count() * 2 > objects.members.len()
}

/// Whether a member name looks like a value rather than a field name.
fn is_data(name: &str) -> bool {
    let word = |c: char| c.is_alphabetic() || c == '_';
    name.is_empty() || !name.chars().all(word) || name.chars().count() > 40
}

/// Returns the members of records that become columns or tables, and whether other members are left.
pub(crate) fn members(objects: &ObjectProfile) -> (Vec<&(String, PathProfile)>, bool) {
    const MANY: u64 = 100;
    const RARE: f64 = 0.02;
    let rare =
        |member: &PathProfile| objects.count >= MANY && ratio(member.count, objects.count) < RARE;
    let mut kept: Vec<&(String, PathProfile)> = objects
        .members
        .iter()
        .filter(|(_, member)| !rare(member))
        .collect();
    if kept.len() > MAX_COLUMNS {
        let mut counts: Vec<u64> = kept.iter().map(|(_, member)| member.count).collect();
        counts.sort_unstable_by_key(|&count| std::cmp::Reverse(count));
        let least = counts[MAX_COLUMNS];
        kept.retain(|(_, member)| member.count > least);
    }
    let rest = kept.len() < objects.members.len() || kept.is_empty();
    (kept, rest)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sufficient precision for a ratio"
)]
fn ratio(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(values: &[Value]) -> String {
        match infer_type(&PathProfile::of(values), 0) {
            InferredType::Column(ty) => ty.to_string(),
            InferredType::Struct(_) => "nested".to_owned(),
            InferredType::Records(_) => "records".to_owned(),
            InferredType::Map(map) if map.arrays => "map of arrays".to_owned(),
            InferredType::Map(_) => "map".to_owned(),
        }
    }

    #[test]
    fn scalars_get_a_lossless_type() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect(text);
        for (values, expected) in [
            (vec![json!(1), json!(null)], "INTEGER"),
            (vec![json!(1), json!(0.5)], "REAL"),
            (vec![parse("9223372036854775808")], "JSON"),
            (vec![parse("1e400")], "JSON"),
            (vec![json!(true), json!(1)], "JSON"),
            (vec![json!("x"), json!(1)], "JSON"),
            (vec![json!(null)], "JSON"),
            (vec![json!("2024-01-01"), json!("2024-01-02")], "DATE"),
            (vec![json!("2024-01-01"), json!("x")], "TEXT"),
            (vec![json!("2024-01-01T00:00:00Z")], "TIMESTAMP"),
            (vec![json!("2024-01-01T00:00:00")], "TEXT"),
            (vec![json!({}), json!([])], "JSON"),
            (vec![json!([1, 2])], "JSON"),
            (vec![json!([[{"a": 1}]])], "JSON"),
            (vec![json!({"a": 1}), json!("x")], "JSON"),
        ] {
            assert_eq!(of(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn arrays_of_similar_objects_are_records() {
        assert_eq!(
            of(&[json!([{"a": 1}, {"a": 2, "b": 1}]), json!([])]),
            "records"
        );
        assert_eq!(of(&[json!([{"a": 1}, null])]), "JSON");
        assert_eq!(of(&[json!([{"a": 1}, {"b": 1}, {"c": 1}])]), "JSON");
    }

    #[test]
    fn objects_are_fields_or_maps() {
        let address = json!({"street": "s", "city": "c"});
        assert_eq!(of(&[address.clone(), address.clone()]), "nested");
        assert_eq!(of(&[json!({"home": address, "work": address})]), "JSON");
        let days = json!({"2024-01-01": 1, "2024-01-02": 2, "2024-01-03": 3});
        assert_eq!(of(&[days]), "map");
        let by_name = |names: &[&str]| -> Value {
            names
                .iter()
                .map(|name| ((*name).to_owned(), json!({"n": 1, "m": "x"})))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        assert_eq!(of(&[by_name(&["ann", "bob", "cem"])]), "map");
        assert_eq!(
            of(&[
                by_name(&["ann", "bob"]),
                by_name(&["cem"]),
                by_name(&["dan", "eve"])
            ]),
            "map"
        );
        let memory = json!({"facts": by_name(&["ann", "bob"]), "likes": by_name(&["cem"])});
        let other = json!({"facts": by_name(&["dan"]), "plans": by_name(&["eve", "fay", "gus"])});
        assert_eq!(of(&[memory, other]), "map");
        let arrays = json!({"a1": [{"x": 1}], "a2": [{"x": 2}], "a3": []});
        assert_eq!(of(&[arrays]), "map of arrays");
    }
}
