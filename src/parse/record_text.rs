//! The text of single records of a file, exactly as it stands there, also where it is broken.

use std::io::Read;

use super::chunk::{Chunk, Shape};
use super::chunks::Chunks;
use super::framing::Framing;
use super::limits::Limits;
use super::locate::locate;

/// Reads a file once for records that are asked for in about the order of the file.
pub struct RecordTexts<R> {
    chunks: Chunks<R>,
    /// The chunk that was read last, and the one before it: rejects of neighbouring records may change places.
    kept: [Option<Chunk>; 2],
    ended: bool,
}

/// The record stands before what is still at hand: the file must be read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed;

impl<R: Read> RecordTexts<R> {
    /// Nothing was read yet.
    pub fn new(reader: R, framing: Framing) -> Self {
        Self {
            chunks: Chunks::new(reader, "", framing, Limits::default()),
            kept: [None, None],
            ended: false,
        }
    }

    /// The bytes in the file of the value at `pointer`, from the root of the document.
    ///
    /// An element of an array or a line of JSON Lines is given as it was cut out, whatever it is; for what is deeper
    /// the element must be JSON. `None` for what does not exist, or stands behind a fault in the file.
    ///
    /// # Errors
    /// When the record stands before what is still at hand.
    pub fn text(&mut self, pointer: &str) -> Result<Option<Vec<u8>>, Passed> {
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
                return Err(Passed);
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

/// The index that the first token of a pointer is, and what follows.
fn element(pointer: &str) -> Option<(usize, &str)> {
    let rest = pointer.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str, pointers: &[&str], framing: Framing) -> Vec<Option<String>> {
        let mut texts = RecordTexts::new(file.as_bytes(), framing);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let found = pointers.iter().map(|pointer| texts.text(pointer));
        found
            .map(|found| found.expect("at hand").map(text))
            .collect()
    }

    #[test]
    fn records_are_given_as_they_stand_in_the_file_broken_or_not() {
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
        assert_eq!(texts(file, &pointers, Framing::Array), expected);
        let lines = "{\"a\":1}\n\nnot json\n";
        let expected = [some("{\"a\":1}"), some("not json")];
        assert_eq!(texts(lines, &["/0", "/1"], Framing::Lines), expected);
        let document = "\n{\"a\": {\"b\": true}}\n";
        let expected = [some("{\"a\": {\"b\": true}}"), some("true"), None];
        assert_eq!(
            texts(document, &["", "/a/b", "/x"], Framing::Array),
            expected
        );
    }

    #[test]
    fn a_file_is_read_once_and_what_was_passed_is_told() {
        let file: String = (0..200_000).map(|n| format!("{{\"n\": {n}}}\n")).collect();
        let mut texts = RecordTexts::new(file.as_bytes(), Framing::Lines);
        for n in [0, 1, 1, 70_000, 69_999, 70_001, 199_999] {
            let expected = format!("{{\"n\": {n}}}").into_bytes();
            assert_eq!(texts.text(&format!("/{n}")), Ok(Some(expected)));
        }
        assert_eq!(texts.text("/200000"), Ok(None));
        assert_eq!(texts.text("/1"), Err(Passed));
    }
}
