//! Builds a `serde_json::Value` and refuses what the strict rules refuse.
//!
//! With the feature `arbitrary_precision`, serde_json hands a number that fits no 64-bit integer to a visitor as a map
//! with one member of a private name. A document may contain a member of that very name; the two are told apart by
//! where the name's bytes stand: a name written plainly in the document is borrowed from it, a name with escapes is
//! never borrowed, serde_json's own is borrowed from elsewhere.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text that is JSON was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Duplicate,
    Nul,
    TooDeep,
}

/// What all values of one text share.
pub(super) struct Document {
    addresses: Range<usize>,
    max_depth: usize,
    pub(super) refusal: Cell<Option<Refusal>>,
}

impl Document {
    pub(super) fn new(text: &str, max_depth: usize) -> Self {
        let start = text.as_ptr().addr();
        Self {
            addresses: start..start + text.len(),
            max_depth,
            refusal: Cell::new(None),
        }
    }

    fn refuse<E: Error>(&self, refusal: Refusal) -> E {
        self.refusal.set(Some(refusal));
        E::custom("refused")
    }

    /// A text that was written with escapes, the only way to write U+0000.
    fn unescaped<E: Error>(&self, text: &str) -> Result<String, E> {
        match memchr::memchr(0, text.as_bytes()) {
            None => Ok(text.to_owned()),
            Some(_) => Err(self.refuse(Refusal::Nul)),
        }
    }

    /// Seed for a value in this many containers.
    pub(super) fn value(&self, depth: usize) -> ValueSeed<'_> {
        ValueSeed {
            document: self,
            depth,
        }
    }
}

/// Builds one value.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'d> {
    document: &'d Document,
    depth: usize,
}

impl ValueSeed<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        if self.depth >= self.document.max_depth {
            return Err(self.document.refuse(Refusal::TooDeep));
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
        self.document.unescaped(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut array = Vec::new();
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
                None => *below.insert(self.below()?),
            };
            let value = members.next_value_seed(seed)?;
            if object.insert(key, value).is_some() {
                return Err(self.document.refuse(Refusal::Duplicate));
            }
        }
        if below.is_none() {
            self.below::<A::Error>()?;
        }
        Ok(Value::Object(object))
    }
}

enum Name {
    Member(String),
    /// serde_json's sign that a number follows.
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
        out.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name, E> {
        // An empty name may be borrowed from anywhere; the private name is not empty.
        if name.is_empty() || self.0.addresses.contains(&name.as_ptr().addr()) {
            Ok(Name::Member(name.to_owned()))
        } else {
            Ok(Name::Number)
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        self.0.unescaped(name).map(Name::Member)
    }
}
