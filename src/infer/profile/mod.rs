//! Statistics of the values at one location in the documents of a cluster: counts, types and members.
//!
//! Documents are observed, but not kept. Memory grows with the number of distinct locations, not with the number of
//! documents, and is bounded: an object with too many distinct members keeps one profile for all of them.

mod strings;
mod value_set;

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use crate::model::canonical_json;

pub(crate) use strings::StringProfile;
pub(crate) use value_set::{KeyValue, MAX_VALUES, ValueSet};

/// Maximum number of distinct members of an object; beyond it, all members share one profile, and their names count as
/// data.
const MAX_MEMBERS: usize = 256;
/// ValueSet nested deeper are only counted.
const MAX_DEPTH: usize = 16;
/// Maximum number of locations per cluster of files.
const MAX_PATHS: usize = 50_000;

/// Statistics of the values at one location.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathProfile {
    pub(crate) count: u64,
    pub(crate) nulls: u64,
    pub(crate) booleans: u64,
    pub(crate) numbers: NumberProfile,
    pub(crate) strings: Option<Box<StringProfile>>,
    pub(crate) arrays: Option<Box<ArrayProfile>>,
    pub(crate) objects: Option<Box<ObjectProfile>>,
}

/// Statistics of numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct NumberProfile {
    pub(crate) count: u64,
    /// Integers that fit into 64 bits.
    pub(crate) integers: u64,
    /// NumberProfile that binary64 represents exactly.
    pub(crate) exact: u64,
}

/// Statistics of arrays.
#[derive(Debug, Clone, Default)]
pub(crate) struct ArrayProfile {
    pub(crate) count: u64,
    pub(crate) empty: u64,
    pub(crate) elements: PathProfile,
}

/// Statistics of objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectProfile {
    pub(crate) count: u64,
    pub(crate) empty: u64,
    /// In order of first occurrence; empty if there are too many.
    pub(crate) members: Vec<(String, PathProfile)>,
    index: HashMap<String, usize>,
    /// All members as one profile, if there are too many.
    pub(crate) any: Option<PathProfile>,
}

/// The number of locations that can still be added.
#[derive(Debug)]
pub(crate) struct PathBudget(usize);

impl Default for PathBudget {
    fn default() -> Self {
        Self(MAX_PATHS)
    }
}

impl PathProfile {
    /// Adds `value`, which is nested in `depth` containers.
    pub(crate) fn observe(&mut self, value: &Value, depth: usize, budget: &mut PathBudget) {
        self.count += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.booleans += 1,
            Value::Number(number) => self.numbers.observe(number),
            Value::String(text) => self.strings.get_or_insert_default().observe(text),
            Value::Array(items) => {
                let arrays = self.arrays.get_or_insert_default();
                arrays.count += 1;
                arrays.empty += u64::from(items.is_empty());
                if depth < MAX_DEPTH {
                    for item in items {
                        arrays.elements.observe(item, depth + 1, budget);
                    }
                }
            }
            Value::Object(members) => {
                let objects = self.objects.get_or_insert_default();
                objects.observe(members, depth, budget);
            }
        }
    }

    /// Adds the statistics of another profile.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.numbers.count += other.numbers.count;
        self.numbers.integers += other.numbers.integers;
        self.numbers.exact += other.numbers.exact;
        if let Some(strings) = &other.strings {
            self.strings.get_or_insert_default().merge(strings);
        }
        if let Some(arrays) = &other.arrays {
            let mine = self.arrays.get_or_insert_default();
            mine.count += arrays.count;
            mine.empty += arrays.empty;
            mine.elements.merge(&arrays.elements);
        }
        if let Some(objects) = &other.objects {
            self.objects.get_or_insert_default().merge(objects);
        }
    }

    pub(crate) fn string_count(&self) -> u64 {
        self.strings.as_ref().map_or(0, |strings| strings.count)
    }

    pub(crate) fn array_count(&self) -> u64 {
        self.arrays.as_ref().map_or(0, |arrays| arrays.count)
    }

    /// Empty arrays: PHP writes `[]` for an empty object.
    fn empty_arrays(&self) -> u64 {
        self.arrays.as_ref().map_or(0, |arrays| arrays.empty)
    }

    fn object_count(&self) -> u64 {
        self.objects.as_ref().map_or(0, |objects| objects.count)
    }

    /// Returns the objects if all other values are null or `[]`.
    pub(crate) fn only_objects(&self) -> Option<&ObjectProfile> {
        let others = self.nulls + self.empty_arrays();
        let objects = self.objects.as_deref()?;
        (objects.count + others == self.count).then_some(objects)
    }

    /// Returns the arrays if all other values are null.
    pub(crate) fn only_arrays(&self) -> Option<&ArrayProfile> {
        let arrays = self.arrays.as_deref()?;
        (arrays.count + self.nulls == self.count).then_some(arrays)
    }

    /// Whether all values are null, `[]` or `{}`.
    pub(crate) fn has_no_content(&self) -> bool {
        let empty = self.objects.as_ref().map_or(0, |objects| objects.empty);
        self.nulls + self.empty_arrays() + empty == self.count
    }

    /// Whether there are arrays or objects.
    pub(crate) fn has_containers(&self) -> bool {
        self.array_count() + self.object_count() > 0
    }
}

impl NumberProfile {
    fn observe(&mut self, number: &Number) {
        /// Integers up to 2^53 are exact.
        const EXACT: u64 = 1 << 53;
        self.count += 1;
        if let Some(integer) = number.as_i64() {
            self.integers += 1;
            if integer.unsigned_abs() <= EXACT {
                self.exact += 1;
                return;
            }
        }
        let text = number.to_string();
        let exact = text
            .parse::<f64>()
            .ok()
            .filter(|value| value.is_finite())
            .is_some_and(|value| canonical_json(&format!("{value:?}")) == canonical_json(&text));
        self.exact += u64::from(exact);
    }
}

impl ObjectProfile {
    fn observe(&mut self, members: &Map<String, Value>, depth: usize, budget: &mut PathBudget) {
        self.count += 1;
        self.empty += u64::from(members.is_empty());
        if depth >= MAX_DEPTH {
            return;
        }
        for (position, (name, value)) in members.iter().enumerate() {
            self.member(position, name, budget)
                .observe(value, depth + 1, budget);
        }
    }

    /// Returns the profile of the member `name`. Most objects have their members in the same order, so `position` is
    /// tried first.
    fn member(&mut self, position: usize, name: &str, budget: &mut PathBudget) -> &mut PathProfile {
        if self.any.is_none() {
            let known = match self.members.get(position) {
                Some((known, _)) if known == name => Some(position),
                _ => self.index.get(name).copied(),
            };
            if let Some(known) = known {
                return &mut self.members[known].1;
            }
            if self.members.len() < MAX_MEMBERS && budget.0 > 0 {
                budget.0 -= 1;
                self.index.insert(name.to_owned(), self.members.len());
                self.members.push((name.to_owned(), PathProfile::default()));
                let added = self.members.len() - 1;
                return &mut self.members[added].1;
            }
        }
        self.merge_members()
    }

    /// Merges all members into one profile, permanently.
    fn merge_members(&mut self) -> &mut PathProfile {
        let members = std::mem::take(&mut self.members);
        self.index.clear();
        let any = self.any.get_or_insert_default();
        members.iter().for_each(|(_, profile)| any.merge(profile));
        any
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.empty += other.empty;
        if let Some(any) = &other.any {
            self.merge_members().merge(any);
        }
        // Merged profiles were already counted against the budget.
        let mut budget = PathBudget::default();
        for (name, profile) in &other.members {
            self.member(usize::MAX, name, &mut budget).merge(profile);
        }
    }

    /// Returns all members as one profile.
    pub(crate) fn merged_members(&self) -> PathProfile {
        let mut all = self.any.clone().unwrap_or_default();
        self.members
            .iter()
            .for_each(|(_, profile)| all.merge(profile));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    impl PathProfile {
        /// Returns the profile of these values.
        pub(crate) fn of(values: &[Value]) -> Self {
            let mut profile = Self::default();
            let mut budget = PathBudget::default();
            values
                .iter()
                .for_each(|value| profile.observe(value, 0, &mut budget));
            profile
        }
    }

    #[test]
    fn members_keep_their_order_and_are_counted() {
        let profile =
            PathProfile::of(&[json!({"b": 1, "a": "x"}), json!({"a": null, "c": [1, 2]})]);
        let objects = profile.only_objects().expect("objects");
        let names: Vec<_> = objects.members.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["b", "a", "c"]);
        let a = &objects.members[1].1;
        assert_eq!((a.count, a.nulls, a.string_count()), (2, 1, 1));
    }

    #[test]
    fn too_many_members_are_merged_into_one_shape() {
        let wide: Map<String, Value> = (0..1000).map(|i| (format!("m{i}"), json!(i))).collect();
        let profile = PathProfile::of(&[Value::Object(wide)]);
        let objects = profile.only_objects().expect("objects");
        assert!(objects.members.is_empty());
        let any = objects.any.as_ref().expect("one profile");
        assert_eq!((any.count, any.numbers.integers), (1000, 1000));
    }

    #[test]
    fn merged_shapes_equal_the_shape_of_all_documents() {
        let (a, b) = (json!({"x": 1, "y": [true]}), json!({"y": [], "z": "t"}));
        let mut merged = PathProfile::of(std::slice::from_ref(&a));
        merged.merge(&PathProfile::of(std::slice::from_ref(&b)));
        assert_eq!(
            format!("{merged:?}").len(),
            format!("{:?}", PathProfile::of(&[a, b])).len()
        );
    }

    #[test]
    fn numbers_that_no_column_stores_exactly_are_distinguished() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect(text);
        let profile = PathProfile::of(&[
            parse("9223372036854775808"),
            parse("0.1"),
            parse("1e400"),
            parse("7"),
        ]);
        assert_eq!((profile.numbers.integers, profile.numbers.exact), (1, 2));
    }
}
