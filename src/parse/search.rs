//! Finds values by JSON Pointer in a whole file, which is read as a stream.

use std::collections::HashMap;
use std::io::Read;

use serde::Serialize;

use crate::model::{Located, locate};

use super::chunk::{Chunk, Shape};
use super::chunks::Chunks;
use super::framing::Framing;
use super::limits::Limits;

/// The location of a value in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Position"))]
pub struct FilePosition {
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1 in Unicode scalar values.
    pub column: u64,
    /// The first byte of the value, from the beginning of the file.
    pub first_byte: u64,
    /// The first byte after the value.
    pub end_byte: u64,
}

/// Returns the location in the file of the value at each of `pointers`, which start at the root of the document.
///
/// `None` if the value does not exist or comes after a fault in the file. `framing` must be the one used for the
/// import; only [`Framing::Document`] reads the whole file into memory.
pub fn position_in_file(
    reader: impl Read,
    pointers: &[&str],
    framing: Framing,
    limits: Limits,
) -> Vec<Option<FilePosition>> {
    let mut found = vec![None; pointers.len()];
    let wanted = PointersByElement::new(pointers);
    let mut chunks = Chunks::new(reader, "", framing, limits);
    for chunk in chunks.by_ref().map_while(Result::ok) {
        for element in 0..chunk.elements.len() {
            match chunk.shape {
                Shape::Whole => {
                    let all: Vec<_> = (0..).zip(pointers.iter().copied()).collect();
                    search(&chunk, element, &all, &mut found);
                }
                Shape::Elements => {
                    if let Some(inner) = wanted.by_element.get(&chunk.index(element)) {
                        search(&chunk, element, inner, &mut found);
                    }
                }
            }
        }
    }
    if let Some((start, position, end)) = chunks.root {
        for &root in &wanted.roots {
            found[root] = Some(FilePosition {
                line: position.line,
                column: position.column,
                first_byte: start,
                end_byte: end,
            });
        }
    }
    found
}

/// The pointers, grouped by the element they refer to.
struct PointersByElement<'p> {
    roots: Vec<usize>,
    by_element: HashMap<usize, Vec<(usize, &'p str)>>,
}

impl<'p> PointersByElement<'p> {
    fn new(pointers: &[&'p str]) -> Self {
        let mut roots = Vec::new();
        let mut by_element: HashMap<usize, Vec<_>> = HashMap::new();
        for (at, pointer) in pointers.iter().enumerate() {
            let Some(rest) = pointer.strip_prefix('/') else {
                roots.push(at);
                continue;
            };
            let (token, inner) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let index = token.parse().ok();
            let canonical = index.filter(|index: &usize| index.to_string() == token);
            if let Some(index) = canonical {
                by_element.entry(index).or_default().push((at, inner));
            }
        }
        Self { roots, by_element }
    }
}

fn search(
    chunk: &Chunk,
    element: usize,
    wanted: &[(usize, &str)],
    found: &mut [Option<FilePosition>],
) {
    let inner: Vec<_> = wanted.iter().map(|(_, pointer)| *pointer).collect();
    let located = locate(chunk.element(element), &inner);
    let start = chunk.offset + chunk.elements[element].start as u64;
    for ((at, _), located) in wanted.iter().zip(located) {
        found[*at] = located.map(|Located { value, .. }| {
            let position = chunk.position(element, value.start);
            FilePosition {
                line: position.line,
                column: position.column,
                first_byte: start + value.start as u64,
                end_byte: start + value.end as u64,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_pointers_are_found_in_arrays_lines_and_documents() {
        let array = b"\xEF\xBB\xBF \n[ 1, {\"n\": \"\xE7\x8C\xAB\",\n \"m\": [7]}] ";
        let pointers = ["/1/m/0", "", "/0", "/1", "/2", "/01", "/1/x", "/x"];
        let found = position_in_file(
            array.as_slice(),
            &pointers,
            Framing::Array,
            Limits::default(),
        );
        let view = |found: &Option<FilePosition>| {
            let found = found.as_ref()?;
            let bytes =
                usize::try_from(found.first_byte).ok()?..usize::try_from(found.end_byte).ok()?;
            Some((
                found.line,
                found.column,
                String::from_utf8_lossy(&array[bytes]).into_owned(),
            ))
        };
        let found: Vec<_> = found.iter().map(view).collect();
        assert_eq!(found[0], Some((3, 8, "7".to_owned())));
        assert_eq!(found[1].as_ref().map(|root| (root.0, root.1)), Some((2, 1)));
        assert!(
            found[1]
                .as_ref()
                .is_some_and(|root| root.2.ends_with("[7]}]"))
        );
        assert_eq!(found[2], Some((2, 3, "1".to_owned())));
        assert_eq!(
            found[3].as_ref().map(|object| (object.0, object.1)),
            Some((2, 6))
        );
        assert_eq!(found[4..], [const { None }; 4]);
        let whole = position_in_file(
            array.as_slice(),
            &pointers,
            Framing::Document,
            Limits::default(),
        );
        assert_eq!(whole.iter().map(view).collect::<Vec<_>>(), found);
        let lines = position_in_file(
            b"{}\n\n{\"a\":1}".as_slice(),
            &["/1/a"],
            Framing::Lines,
            Limits::default(),
        );
        let expected = FilePosition {
            line: 3,
            column: 6,
            first_byte: 9,
            end_byte: 10,
        };
        assert_eq!(lines, [Some(expected)]);
    }
}
