//! A view of a JSON value that takes a step of the [limit](super::steps) whenever a validator examines the value.
//!
//! A validator examines values in loops of many keywords (`anyOf`, `patternProperties`, `unevaluatedProperties`, `enum`,
//! …), valid and invalid ones. The view sees all of them, whatever the keyword.

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, SerdeJson, unique};
use serde_json::{Map, Number, Value};

use super::steps::{BYTES_PER_STEP, take, take_member};

/// The representation, for the options of a validator.
#[derive(Debug)]
pub(super) struct CountedJson;

/// A value, and the flag that stops the validation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'a> {
    value: &'a Value,
    interrupted: Option<&'a AtomicBool>,
}

impl<'a> Counted<'a> {
    pub(super) fn new(value: &'a Value, interrupted: &'a AtomicBool) -> Self {
        let interrupted = Some(interrupted);
        Self { value, interrupted }
    }

    fn with<'b>(&self, value: &'b Value) -> Counted<'b>
    where
        'a: 'b,
    {
        let interrupted = self.interrupted;
        Counted { value, interrupted }
    }

    fn step(&self) {
        take(1, self.interrupted);
    }
}

impl Json for CountedJson {
    type Node<'a> = Counted<'a>;
    type PreparedKey = String;
    type StringBuffer = Value;
    const KEYS_PER_LOOKUP: usize = SerdeJson::KEYS_PER_LOOKUP;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(
        buffer: &mut Value,
        string: &str,
        f: impl FnOnce(Counted<'_>) -> T,
    ) -> T {
        SerdeJson::with_string_node(buffer, string, |value| {
            f(Counted {
                value,
                interrupted: None,
            })
        })
    }
}

impl<'a> Node<'a, CountedJson> for Counted<'a> {
    type Object = CountedMembers<'a>;
    type Array = CountedItems<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<CountedMembers<'a>> {
        self.step();
        let members = self.value.as_object()?;
        Some(CountedMembers {
            members,
            parent: *self,
        })
    }

    fn as_array(&self) -> Option<CountedItems<'a>> {
        self.step();
        let items = self.value.as_array()?;
        Some(CountedItems {
            items,
            parent: *self,
        })
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.value.as_str();
        let steps = 1 + text.map_or(0, |text| text.len() / BYTES_PER_STEP);
        take(steps as u64, self.interrupted);
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        self.step();
        self.value.as_number()
    }

    fn as_boolean(&self) -> Option<bool> {
        self.step();
        self.value.as_bool()
    }

    fn is_null(&self) -> bool {
        self.step();
        self.value.is_null()
    }

    fn json_type(&self) -> JsonType {
        self.step();
        Node::<SerdeJson>::json_type(&self.value)
    }

    fn equals_value(&self, expected: &Value) -> bool {
        self.step();
        Node::<SerdeJson>::equals_value(&self.value, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Borrowed(self.value)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Node::<SerdeJson>::identity(&self.value)
    }
}

/// The members of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedMembers<'a> {
    members: &'a Map<String, Value>,
    parent: Counted<'a>,
}

/// Iterates over members. Validators compare each name with properties and patterns of the schema.
#[derive(Debug)]
pub(super) struct MembersIter<'a> {
    members: serde_json::map::Iter<'a>,
    parent: Counted<'a>,
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Counted<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.members.next()?;
        take_member(name, self.parent.interrupted);
        Some((name, self.parent.with(value)))
    }
}

impl<'a> Object<'a, CountedJson> for CountedMembers<'a> {
    type Node = Counted<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.members.len()
    }

    fn get(&self, key: &String) -> Option<Counted<'a>> {
        self.parent.step();
        let value = self.members.get(key)?;
        Some(self.parent.with(value))
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter {
            members: self.members.iter(),
            parent: self.parent,
        }
    }
}

/// The elements of an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedItems<'a> {
    items: &'a [Value],
    parent: Counted<'a>,
}

/// Iterates over elements.
#[derive(Debug)]
pub(super) struct ElementsIter<'a> {
    items: std::slice::Iter<'a, Value>,
    parent: Counted<'a>,
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = Counted<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.items.next()?;
        self.parent.step();
        Some(self.parent.with(item))
    }
}

impl<'a> Array<'a, CountedJson> for CountedItems<'a> {
    type Node = Counted<'a>;
    type ElementsIter = ElementsIter<'a>;

    fn len(&self) -> usize {
        self.items.len()
    }

    fn elements(&self) -> ElementsIter<'a> {
        ElementsIter {
            items: self.items.iter(),
            parent: self.parent,
        }
    }

    fn is_unique(&self) -> bool {
        take(self.items.len() as u64, self.parent.interrupted);
        unique::is_unique(self.items)
    }
}
