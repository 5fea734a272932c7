//! Builds a `serde_json::Value` and rejects what the strict rules forbid.
//!
//! With the feature `arbitrary_precision`, serde_json passes a number that does not fit a 64-bit integer to a visitor
//! as a map with one member, which has a private name. A document may contain a member with that very name. The address
//! of the name distinguishes the two: a name written without escapes is borrowed from the document, a name with escapes
//! is never borrowed, and the name of serde_json is borrowed from elsewhere.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::weight::sizes;

/// Why a syntactically valid text was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    Duplicate,
    Nul,
    TooDeep,
}

/// The state shared by all values of one text.
pub(super) struct Document {
    addresses: Range<usize>,
    max_depth: usize,
    pub(super) rejection: Cell<Option<Rejection>>,
    /// Sizes of the arrays and objects that are still to be read.
    sizes: RefCell<std::vec::IntoIter<u32>>,
}

impl Document {
    pub(super) fn new(text: &str, max_depth: usize) -> Self {
        let start = text.as_ptr().addr();
        Self {
            addresses: start..start + text.len(),
            max_depth,
            rejection: Cell::new(None),
            sizes: RefCell::new(sizes(text.as_bytes(), max_depth).into_iter()),
        }
    }

    /// How many items or members the array or object that begins has; 0 if few.
    fn next_size(&self) -> usize {
        let size = self.sizes.borrow_mut().next();
        size.map_or(0, |size| size as usize)
    }

    fn reject<E: Error>(&self, rejection: Rejection) -> E {
        self.rejection.set(Some(rejection));
        E::custom("rejected")
    }

    /// Checks a string that was written with escapes, which is the only way to write U+0000.
    fn check_unescaped<E: Error>(&self, text: &str) -> Result<String, E> {
        match memchr::memchr(0, text.as_bytes()) {
            None => Ok(text.to_owned()),
            Some(_) => Err(self.reject(Rejection::Nul)),
        }
    }

    /// Returns the seed for a value inside this many containers.
    pub(super) fn value(&self, depth: usize) -> ValueSeed<'_> {
        ValueSeed {
            document: self,
            depth,
        }
    }
}

/// Builds a value.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'d> {
    document: &'d Document,
    depth: usize,
}

impl ValueSeed<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        if self.depth >= self.document.max_depth {
            return Err(self.document.reject(Rejection::TooDeep));
        }
        Ok(self.document.value(self.depth + 1))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.document.check_unescaped(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut array = Vec::with_capacity(self.document.next_size());
        while let Some(item) = items.next_element_seed(below)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let name = NameSeed(self.document);
        let mut object = Map::new();
        let mut below = None;
        while let Some(key) = members.next_key_seed(name)? {
            let Name::Member(key) = key else {
                let digits: String = members.next_value()?;
                let number: Number = digits.parse().map_err(Error::custom)?;
                return Ok(Value::Number(number));
            };
            let seed = match below {
                Some(seed) => seed,
                None => {
                    object = Map::with_capacity(self.document.next_size());
                    *below.insert(self.below()?)
                }
            };
            let value = members.next_value_seed(seed)?;
            if object.insert(key, value).is_some() {
                return Err(self.document.reject(Rejection::Duplicate));
            }
        }
        if below.is_none() {
            self.document.next_size();
            self.below::<A::Error>()?;
        }
        Ok(Value::Object(object))
    }
}

enum Name {
    Member(String),
    /// The private name with which serde_json announces a number.
    Number,
}

#[derive(Clone, Copy)]
struct NameSeed<'d>(&'d Document);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed<'_> {
    type Value = Name;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a property name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name, E> {
        // An empty name may be borrowed from anywhere, but the private name is not empty.
        if name.is_empty() || self.0.addresses.contains(&name.as_ptr().addr()) {
            Ok(Name::Member(name.to_owned()))
        } else {
            Ok(Name::Number)
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        self.0.check_unescaped(name).map(Name::Member)
    }
}
