//! What becomes of a value: a column of a type, columns of its members, records of a table of their own, or JSON.
//!
//! Only what is the same everywhere becomes more than JSON: a JSON column holds whatever a document may say, so where
//! in doubt nothing is lost. Whether member names are names or data is judged here too.

use crate::model::ColumnType;

use super::shape::{Lists, Objects, Shape};

/// Tables within tables, at most.
const DEEPEST_TABLE: usize = 4;
/// Members of an object that is laid out as columns of its owner.
const MOST_NESTED: usize = 16;
/// A table of more columns is hard to read: what is rarest is kept as JSON.
const MOST_COLUMNS: usize = 100;

/// What becomes of the values at one place.
#[derive(Debug)]
pub(super) enum Form<'s> {
    /// A column.
    Column(ColumnType),
    /// An object whose members become columns of its owner.
    Nested(&'s Objects),
    /// An array of objects, each a row of a table of its own.
    Records(&'s Lists),
    /// An object whose member names are data, and what stands in the members.
    Map(Box<Map>),
}

/// An object whose member names are data.
#[derive(Debug)]
pub(super) struct Map {
    /// What a member holds.
    pub(super) value: Shape,
    /// Whether the member's value is an array of records rather than one.
    pub(super) lists: bool,
}

/// The form of `shape`, which stands in a record of a table `depth` tables deep.
pub(super) fn form(shape: &Shape, depth: usize) -> Form<'_> {
    let json = Form::Column(ColumnType::Json);
    if !shape.has_containers() {
        return Form::Column(scalar(shape));
    }
    if shape.is_hollow() {
        return json;
    }
    if let Some(objects) = shape.only_objects() {
        return match map(objects, depth) {
            Some(map) => Form::Map(Box::new(map)),
            None if is_nested(objects, shape) => Form::Nested(objects),
            None => json,
        };
    }
    match shape.only_lists() {
        Some(lists) if depth < DEEPEST_TABLE && are_records(&lists.elements) => {
            Form::Records(lists)
        }
        Some(_) | None => json,
    }
}

/// The type of a column that holds all these scalars as they are.
fn scalar(shape: &Shape) -> ColumnType {
    let values = shape.count - shape.nulls;
    let texts = shape.texts.as_deref();
    let all = |count: u64| values > 0 && count == values;
    if all(shape.booleans) {
        ColumnType::Boolean
    } else if all(shape.numbers.integers) {
        ColumnType::Integer
    } else if all(shape.numbers.exact) {
        ColumnType::Real
    } else if let Some(texts) = texts.filter(|texts| all(texts.count)) {
        if all(texts.instants) {
            ColumnType::Timestamp
        } else if all(texts.days) {
            ColumnType::Date
        } else if all(texts.uuids) {
            ColumnType::Uuid
        } else {
            ColumnType::Text { max_chars: None }
        }
    } else {
        ColumnType::Json
    }
}

/// Whether these are objects, and nothing else, that have something in common.
pub(super) fn are_records(elements: &Shape) -> bool {
    let objects = elements.objects.as_deref();
    objects.is_some_and(|objects| {
        objects.count == elements.count && objects.any.is_none() && has_common_member(objects, 0.5)
    })
}

fn has_common_member(objects: &Objects, share: f64) -> bool {
    let filled = objects.count - objects.empty;
    let mut members = objects.members.iter();
    filled > 0 && members.any(|(_, member)| ratio(member.count, filled) >= share)
}

/// Whether an object is a fixed handful of scalars that is nearly always the same.
fn is_nested(objects: &Objects, shape: &Shape) -> bool {
    let filled = objects.count - objects.empty;
    let scalars = objects.members.iter().all(|(_, member)| {
        !member.has_containers()
            && member.nulls < member.count
            && scalar(member) != ColumnType::Json
            && ratio(member.count, filled) >= 0.8
    });
    // `[]` and `{}` beside filled objects say that the members come and go.
    let steady = filled + shape.nulls == shape.count;
    steady && scalars && (1..=MOST_NESTED).contains(&objects.members.len())
}

/// The object as a map, if its member names are data.
pub(super) fn map(objects: &Objects, depth: usize) -> Option<Map> {
    let distinct = objects.members.len();
    let filled = objects.count - objects.empty;
    if depth >= DEEPEST_TABLE || filled == 0 {
        return None;
    }
    let together = objects.together();
    let wide = objects.any.is_some();
    let names = objects.members.iter().map(|(name, _)| name.as_str());
    let data = names.filter(|name| is_data(name)).count();
    let data = wide || data * 5 >= distinct * 4;
    // How much of all names an object has on average: names of fields recur, data does not.
    let presence = ratio(together.count, filled) / count(distinct.max(1));
    let come_and_go = distinct >= 3 && presence < 0.5;
    let several = wide || distinct >= 3;
    if together
        .only_objects()
        .is_some_and(|inner| inner.count == together.count)
    {
        let inner = together.only_objects()?;
        let alike = inner.any.is_none() && !inner.members.is_empty() && is_uniform(inner);
        let deeper = || map(inner, depth + 1).is_some();
        let single = filled == 1 && several && alike;
        let is_map = wide || single || (data && several || come_and_go) && (alike || deeper());
        let sure = is_map || distinct >= 2 && (data || presence < 0.8) && deeper();
        return sure.then_some(Map {
            value: together,
            lists: false,
        });
    }
    if let Some(lists) = together
        .only_lists()
        .filter(|lists| lists.count == together.count)
    {
        let is_map = several && (data || come_and_go) && are_records(&lists.elements);
        return is_map.then_some(Map {
            value: together,
            lists: true,
        });
    }
    let plain = !together.has_containers() && scalar(&together) != ColumnType::Json;
    let is_map = wide || several && data && plain && together.nulls == 0;
    is_map.then_some(Map {
        value: together,
        lists: false,
    })
}

/// Whether objects nearly always have the same members.
fn is_uniform(objects: &Objects) -> bool {
    let filled = objects.count - objects.empty;
    let steady = |(_, member): &&(String, Shape)| ratio(member.count, filled) >= 0.8;
    objects.members.iter().filter(steady).count() * 2 > objects.members.len()
}

/// Whether a member name looks like a value rather than the name of a field.
fn is_data(name: &str) -> bool {
    let word = |c: char| c.is_alphabetic() || c == '_';
    name.is_empty() || !name.chars().all(word) || name.chars().count() > 40
}

/// The members of records that become columns or tables; the names of the others, which come and go.
pub(super) fn members(objects: &Objects) -> (Vec<&(String, Shape)>, bool) {
    const MANY: u64 = 100;
    const RARE: f64 = 0.02;
    let rare = |member: &Shape| objects.count >= MANY && ratio(member.count, objects.count) < RARE;
    let mut kept: Vec<&(String, Shape)> = objects
        .members
        .iter()
        .filter(|(_, member)| !rare(member))
        .collect();
    if kept.len() > MOST_COLUMNS {
        let mut counts: Vec<u64> = kept.iter().map(|(_, member)| member.count).collect();
        counts.sort_unstable_by_key(|&count| std::cmp::Reverse(count));
        let least = counts[MOST_COLUMNS];
        kept.retain(|(_, member)| member.count > least);
    }
    let rest = kept.len() < objects.members.len() || kept.is_empty();
    (kept, rest)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn ratio(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(values: &[Value]) -> String {
        match form(&Shape::of(values), 0) {
            Form::Column(ty) => ty.to_string(),
            Form::Nested(_) => "nested".to_owned(),
            Form::Records(_) => "records".to_owned(),
            Form::Map(map) if map.lists => "map of lists".to_owned(),
            Form::Map(_) => "map".to_owned(),
        }
    }

    #[test]
    fn scalars_have_the_type_that_keeps_them() {
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
    fn arrays_of_like_objects_are_records() {
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
        let lists = json!({"a1": [{"x": 1}], "a2": [{"x": 2}], "a3": []});
        assert_eq!(of(&[lists]), "map of lists");
    }
}
