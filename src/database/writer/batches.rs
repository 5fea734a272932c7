//! The number of rows per statement.

/// Rows per statement: more have no benefit, fewer are slower (measured; see `benches/`).
pub(super) const BATCH: usize = 500;
/// Up to this number of rows are one statement.
const SMALL: usize = 32;

/// Splits `items` into full batches, and the rest into powers of two, or into one batch if it is small. So there are
/// few different statements to prepare, and few to execute for many small files.
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
