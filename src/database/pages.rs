//! Reads rows in pages that are bounded by their number and by their bytes, so that the memory for a page does not grow
//! with the size of its rows.
//!
//! Rows are taken from the database one at a time, and a page ends as soon as it has enough bytes; only a single row
//! can be longer than that. A server sends the rest of a page nevertheless, so the next page has only as many rows as
//! the size of the previous ones suggests.

use diesel::QueryResult;

/// The bytes with which a page ends.
const BYTES: usize = 8 << 20;

/// How many times more rows the next page has, if they are small. The first page is a single row: whether rows are
/// large is not known before, and the rest of a page that ends early is in the buffers of the connection.
const GROWTH: i64 = 8;

/// The room for rows that are read together.
#[derive(Debug)]
pub struct Room {
    left: usize,
}

impl Room {
    /// Room for as much as a page has.
    #[must_use]
    pub fn for_page() -> Self {
        Self { left: BYTES }
    }

    /// Room for anything: for a single row, which cannot be divided.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { left: usize::MAX }
    }

    /// Takes the room for a row; returns false if there is none.
    pub fn take(&mut self, row: &impl PageRow) -> bool {
        let left = self.left.checked_sub(row.bytes());
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// A row that knows the length of its strings.
pub trait PageRow {
    /// The bytes of its strings.
    fn bytes(&self) -> usize;
}

/// The size of the pages of one reading.
#[derive(Debug)]
pub struct Pages {
    most: i64,
    limit: i64,
}

/// Some rows, in the order of the query.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    /// Whether the query has no more rows.
    pub(super) is_last: bool,
}

impl Pages {
    /// Pages of at most this many rows.
    #[must_use]
    pub fn of(most: i64) -> Self {
        Self { most, limit: 1 }
    }

    /// The LIMIT of the query for the next page.
    pub(super) fn limit(&self) -> i64 {
        self.limit
    }

    /// Takes the next page from the rows of a query with this limit.
    pub(super) fn take<T: PageRow>(
        &mut self,
        rows: impl Iterator<Item = QueryResult<T>>,
    ) -> QueryResult<Page<T>> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        let mut is_full = false;
        for row in rows {
            let row = row?;
            bytes += row.bytes();
            page.push(row);
            if bytes >= BYTES {
                is_full = true;
                break;
            }
        }
        let count = i64::try_from(page.len()).unwrap_or(i64::MAX);
        let is_last = !is_full && count < self.limit;
        let average = bytes / page.len().max(1);
        let fitting = i64::try_from(BYTES / average.max(1)).unwrap_or(i64::MAX);
        self.limit = (self.limit * GROWTH).min(fitting).min(self.most).max(1);
        Ok(Page {
            rows: page,
            is_last,
        })
    }
}

impl PageRow for String {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl<T: PageRow> PageRow for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, PageRow::bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `count` rows of `bytes` bytes; returns the sizes of the pages.
    fn pages(count: usize, bytes: usize) -> Vec<usize> {
        let (mut pages, mut sizes, mut read) = (Pages::of(2000), Vec::new(), 0);
        loop {
            let limit = usize::try_from(pages.limit()).expect("positive");
            let rows = (read..count).take(limit).map(|_| Ok("x".repeat(bytes)));
            let page = pages.take(rows).expect("read");
            read += page.rows.len();
            sizes.push(page.rows.len());
            if page.is_last {
                assert_eq!(read, count);
                return sizes;
            }
        }
    }

    #[test]
    fn small_rows_are_read_in_pages_of_the_highest_number() {
        assert_eq!(pages(5000, 100), [1, 8, 64, 512, 2000, 2000, 415]);
        assert_eq!(pages(9, 100), [1, 8, 0]);
        assert_eq!(pages(0, 100), [0]);
    }

    #[test]
    fn a_page_of_large_rows_ends_with_its_bytes() {
        let sizes = pages(1000, 100_000);
        assert_eq!(sizes.iter().max(), Some(&83), "{sizes:?}");
        let sizes = pages(3, BYTES + 1);
        assert_eq!(sizes, [1, 1, 1, 0]);
    }
}
