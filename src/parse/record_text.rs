//! Returns the text of single records of a file, exactly as written, even if it is not valid JSON.

use std::io::Read;

use crate::model::locate;

use super::chunk::{Chunk, Shape};
use super::chunks::Chunks;
use super::framing::Framing;
use super::limits::Limits;

/// Reads a file once and returns records that are requested approximately in file order.
pub struct RecordTexts<R> {
    chunks: Chunks<R>,
    /// The last chunk read and the one before it, since rejects of neighbouring records may be out of order.
    kept: [Option<Chunk>; 2],
    ended: bool,
}

/// The record is before the chunks that are kept: the file must be read again from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfOrder;

impl<R: Read> RecordTexts<R> {
    /// Creates a reader at the start of the file.
    pub fn new(reader: R, framing: Framing, limits: Limits) -> Self {
        Self {
            chunks: Chunks::new(reader, "", framing, limits),
            kept: [None, None],
            ended: false,
        }
    }

    /// Returns the bytes of the value at `pointer`, which starts at the root of the document.
    ///
    /// An element of an array or a line of JSON Lines is returned as it was found, valid or not; for a value inside it,
    /// the element must be valid JSON. `None` if the value does not exist, exceeds the limits, or comes after a fault
    /// in the file.
    ///
    /// # Errors
    /// When the record is before the chunks that are kept.
    pub fn text(&mut self, pointer: &str) -> Result<Option<Vec<u8>>, OutOfOrder> {
        loop {
            for chunk in self.kept.iter().flatten() {
                let (element, inner) = match chunk.shape {
                    Shape::Whole => (0, pointer),
                    Shape::Elements => {
                        let Some((index, inner)) = element(pointer) else {
                            return Ok(None);
                        };
                        match index.checked_sub(chunk.first_index) {
                            Some(element) if element < chunk.elements.len() => (element, inner),
                            Some(_) | None => continue,
                        }
                    }
                };
                if chunk.is_cut_off() {
                    return Ok(None);
                }
                let bytes = chunk.element(element);
                let value = match inner {
                    "" => Some(0..bytes.len()),
                    inner => locate(bytes, &[inner]).pop().flatten().map(|it| it.value),
                };
                return Ok(value.map(|value| bytes[value].to_vec()));
            }
            let first = self.kept.iter().flatten().map(|chunk| chunk.first_index);
            if let (Some(first), Some((index, _))) = (first.min(), element(pointer))
                && index < first
            {
                return Err(OutOfOrder);
            }
            if self.ended {
                return Ok(None);
            }
            match self.chunks.next() {
                Some(Ok(chunk)) => {
                    self.kept.swap(0, 1);
                    self.kept[0] = Some(chunk);
                }
                Some(Err(_)) | None => self.ended = true,
            }
        }
    }
}

/// Splits a pointer into the index in its first token and the rest.
fn element(pointer: &str) -> Option<(usize, &str)> {
    let rest = pointer.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record_texts(file: &str, pointers: &[&str], framing: Framing) -> Vec<Option<String>> {
        let mut texts = RecordTexts::new(file.as_bytes(), framing, Limits::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let found = pointers.iter().map(|pointer| texts.text(pointer));
        found
            .map(|found| found.expect("in order").map(text))
            .collect()
    }

    #[test]
    fn records_are_returned_exactly_as_written_even_if_they_are_broken() {
        let file = "[ {\"a\": [1, 2]} ,\n {\"a\" 7}, {\"a\":";
        let pointers = ["/0", "/0/a/1", "/1", "/2", ""];
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            some("{\"a\": [1, 2]}"),
            some("2"),
            some("{\"a\" 7}"),
            None,
            None,
        ];
        assert_eq!(record_texts(file, &pointers, Framing::Array), expected);
        let lines = "{\"a\":1}\n\nnot json\n";
        let expected = [some("{\"a\":1}"), some("not json")];
        assert_eq!(record_texts(lines, &["/0", "/1"], Framing::Lines), expected);
        let document = "\n{\"a\": {\"b\": true}}\n";
        let expected = [some("{\"a\": {\"b\": true}}"), some("true"), None];
        assert_eq!(
            record_texts(document, &["", "/a/b", "/x"], Framing::Array),
            expected
        );
    }

    #[test]
    fn a_file_is_read_once_and_out_of_order_requests_are_reported() {
        let file: String = (0..200_000).map(|n| format!("{{\"n\": {n}}}\n")).collect();
        let mut texts = RecordTexts::new(file.as_bytes(), Framing::Lines, Limits::default());
        for n in [0, 1, 1, 70_000, 69_999, 70_001, 199_999] {
            let expected = format!("{{\"n\": {n}}}").into_bytes();
            assert_eq!(texts.text(&format!("/{n}")), Ok(Some(expected)));
        }
        assert_eq!(texts.text("/200000"), Ok(None));
        assert_eq!(texts.text("/1"), Err(OutOfOrder));
    }
}
