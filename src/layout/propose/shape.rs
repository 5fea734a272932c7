//! What stands at one place of the documents of a kind: how often, of which types, with which members.
//!
//! Documents are observed and forgotten. What is kept grows with the number of different places, never with the
//! number of documents, and is bounded: an object with too many different members keeps one shape for all of them.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use crate::model::canonical_json;

use super::text::Texts;

/// An object with more different members than this is remembered as one whose member names are data.
const MOST_MEMBERS: usize = 256;
/// Values nested deeper are counted, not looked into.
const DEEPEST: usize = 16;
/// Places that one kind of file may have in all.
const MOST_PLACES: usize = 50_000;

/// Statistics of the values at one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) count: u64,
    pub(super) nulls: u64,
    pub(super) booleans: u64,
    pub(super) numbers: Numbers,
    pub(super) texts: Option<Box<Texts>>,
    pub(super) lists: Option<Box<Lists>>,
    pub(super) objects: Option<Box<Objects>>,
}

/// Statistics of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) count: u64,
    /// Written as integers, of 64 bits.
    pub(super) integers: u64,
    /// Stored exactly as binary64.
    pub(super) exact: u64,
}

/// Statistics of arrays.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    pub(super) count: u64,
    pub(super) empty: u64,
    pub(super) elements: Shape,
}

/// Statistics of objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    pub(super) count: u64,
    pub(super) empty: u64,
    /// In the order they were first met; empty if there are too many.
    pub(super) members: Vec<(String, Shape)>,
    index: HashMap<String, usize>,
    /// All members as one shape, if there are too many.
    pub(super) any: Option<Shape>,
}

/// How many more places may be remembered.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MOST_PLACES)
    }
}

impl Shape {
    /// Counts `value`, which stands `depth` containers deep.
    pub(super) fn observe(&mut self, value: &Value, depth: usize, budget: &mut Budget) {
        self.count += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.booleans += 1,
            Value::Number(number) => self.numbers.observe(number),
            Value::String(text) => self.texts.get_or_insert_default().observe(text),
            Value::Array(items) => {
                let lists = self.lists.get_or_insert_default();
                lists.count += 1;
                lists.empty += u64::from(items.is_empty());
                if depth < DEEPEST {
                    for item in items {
                        lists.elements.observe(item, depth + 1, budget);
                    }
                }
            }
            Value::Object(members) => {
                let objects = self.objects.get_or_insert_default();
                objects.observe(members, depth, budget);
            }
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.numbers.count += other.numbers.count;
        self.numbers.integers += other.numbers.integers;
        self.numbers.exact += other.numbers.exact;
        if let Some(texts) = &other.texts {
            self.texts.get_or_insert_default().merge(texts);
        }
        if let Some(lists) = &other.lists {
            let mine = self.lists.get_or_insert_default();
            mine.count += lists.count;
            mine.empty += lists.empty;
            mine.elements.merge(&lists.elements);
        }
        if let Some(objects) = &other.objects {
            self.objects.get_or_insert_default().merge(objects);
        }
    }

    pub(super) fn text_count(&self) -> u64 {
        self.texts.as_ref().map_or(0, |texts| texts.count)
    }

    pub(super) fn list_count(&self) -> u64 {
        self.lists.as_ref().map_or(0, |lists| lists.count)
    }

    /// Arrays without elements: PHP writes `[]` where an object is meant.
    fn empty_lists(&self) -> u64 {
        self.lists.as_ref().map_or(0, |lists| lists.empty)
    }

    fn object_count(&self) -> u64 {
        self.objects.as_ref().map_or(0, |objects| objects.count)
    }

    /// The objects, if nothing else but null and `[]` stands here.
    pub(super) fn only_objects(&self) -> Option<&Objects> {
        let others = self.nulls + self.empty_lists();
        let objects = self.objects.as_deref()?;
        (objects.count + others == self.count).then_some(objects)
    }

    /// The arrays, if nothing else but null stands here.
    pub(super) fn only_lists(&self) -> Option<&Lists> {
        let lists = self.lists.as_deref()?;
        (lists.count + self.nulls == self.count).then_some(lists)
    }

    /// Whether there is nothing here but null, `[]` and `{}`.
    pub(super) fn is_hollow(&self) -> bool {
        let empty = self.objects.as_ref().map_or(0, |objects| objects.empty);
        self.nulls + self.empty_lists() + empty == self.count
    }

    /// Whether a container stands here.
    pub(super) fn has_containers(&self) -> bool {
        self.list_count() + self.object_count() > 0
    }
}

impl Numbers {
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

impl Objects {
    fn observe(&mut self, members: &Map<String, Value>, depth: usize, budget: &mut Budget) {
        self.count += 1;
        self.empty += u64::from(members.is_empty());
        if depth >= DEEPEST {
            return;
        }
        for (position, (name, value)) in members.iter().enumerate() {
            self.member(position, name, budget)
                .observe(value, depth + 1, budget);
        }
    }

    /// The shape of the member `name`; most objects have their members in the same order.
    fn member(&mut self, position: usize, name: &str, budget: &mut Budget) -> &mut Shape {
        if self.any.is_none() {
            let known = match self.members.get(position) {
                Some((known, _)) if known == name => Some(position),
                _ => self.index.get(name).copied(),
            };
            if let Some(known) = known {
                return &mut self.members[known].1;
            }
            if self.members.len() < MOST_MEMBERS && budget.0 > 0 {
                budget.0 -= 1;
                self.index.insert(name.to_owned(), self.members.len());
                self.members.push((name.to_owned(), Shape::default()));
                let added = self.members.len() - 1;
                return &mut self.members[added].1;
            }
        }
        self.fold()
    }

    /// Makes one shape of all members from now on.
    fn fold(&mut self) -> &mut Shape {
        let members = std::mem::take(&mut self.members);
        self.index.clear();
        let any = self.any.get_or_insert_default();
        members.iter().for_each(|(_, shape)| any.merge(shape));
        any
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.empty += other.empty;
        if let Some(any) = &other.any {
            self.fold().merge(any);
        }
        // Shapes that are merged were counted against the budget when they were observed.
        let mut budget = Budget::default();
        for (name, shape) in &other.members {
            self.member(usize::MAX, name, &mut budget).merge(shape);
        }
    }

    /// All members as one shape.
    pub(super) fn together(&self) -> Shape {
        let mut all = self.any.clone().unwrap_or_default();
        self.members.iter().for_each(|(_, shape)| all.merge(shape));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    impl Shape {
        /// What these values have in common.
        pub(crate) fn of(values: &[Value]) -> Self {
            let mut shape = Self::default();
            let mut budget = Budget::default();
            values
                .iter()
                .for_each(|value| shape.observe(value, 0, &mut budget));
            shape
        }
    }

    #[test]
    fn members_keep_their_order_and_are_counted() {
        let shape = Shape::of(&[json!({"b": 1, "a": "x"}), json!({"a": null, "c": [1, 2]})]);
        let objects = shape.only_objects().expect("objects");
        let names: Vec<_> = objects.members.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["b", "a", "c"]);
        let a = &objects.members[1].1;
        assert_eq!((a.count, a.nulls, a.text_count()), (2, 1, 1));
    }

    #[test]
    fn too_many_members_become_one_shape_with_all_that_was_counted() {
        let wide: Map<String, Value> = (0..1000).map(|i| (format!("m{i}"), json!(i))).collect();
        let shape = Shape::of(&[Value::Object(wide)]);
        let objects = shape.only_objects().expect("objects");
        assert!(objects.members.is_empty());
        let any = objects.any.as_ref().expect("one shape");
        assert_eq!((any.count, any.numbers.integers), (1000, 1000));
    }

    #[test]
    fn merged_shapes_are_those_of_all_documents() {
        let (a, b) = (json!({"x": 1, "y": [true]}), json!({"y": [], "z": "t"}));
        let mut merged = Shape::of(std::slice::from_ref(&a));
        merged.merge(&Shape::of(std::slice::from_ref(&b)));
        assert_eq!(
            format!("{merged:?}").len(),
            format!("{:?}", Shape::of(&[a, b])).len()
        );
    }

    #[test]
    fn numbers_that_no_column_keeps_are_told_apart() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect(text);
        let shape = Shape::of(&[
            parse("9223372036854775808"),
            parse("0.1"),
            parse("1e400"),
            parse("7"),
        ]);
        assert_eq!((shape.numbers.integers, shape.numbers.exact), (1, 2));
    }
}
