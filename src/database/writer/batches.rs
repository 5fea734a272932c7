//! How many rows go into one statement.

/// Rows per statement: more gain nothing, fewer cost (measured; see `benches/`).
pub(super) const BATCH: usize = 500;
/// Up to so many rows are one statement, whatever their number.
const SMALL: usize = 32;

/// Cuts `items` into full batches and the rest into powers of two, or one batch if it is small: few different statements
/// to prepare, and few to execute for the many small files.
pub(super) fn batches<T>(items: &[T], full: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let size = match rest.len() {
            0 => return None,
            length if length >= full => full,
            length if length <= SMALL => length,
            length => 1 << length.ilog2(),
        };
        let (batch, later) = rest.split_at(size);
        rest = later;
        Some(batch)
    })
}
