//! Indexes of what a layout lists, and vectors with an element for each.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Index, IndexMut};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(usize);

        impl From<usize> for $name {
            fn from(index: usize) -> Self {
                Self(index)
            }
        }

        impl From<$name> for usize {
            fn from(index: $name) -> Self {
                index.0
            }
        }
    };
}

index! {
    /// The index of one of a layout's tables.
    TableIndex
}

index! {
    /// The index of one of a layout's sources.
    SourceIndex
}

/// Something for each table of a layout.
pub type PerTable<T> = IndexedVec<TableIndex, T>;

/// Something for each source of a layout.
pub type PerSource<T> = IndexedVec<SourceIndex, T>;

/// A vector whose elements are found only by the type `I`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedVec<I, T> {
    items: Vec<T>,
    index: PhantomData<fn() -> I>,
}

impl<I: From<usize>, T> IndexedVec<I, T> {
    /// The indexes of all elements.
    pub fn indexes(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.items.len()).map(I::from)
    }

    /// The elements with their indexes.
    pub fn enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.indexes().zip(&self.items)
    }

    /// The index of the first element that meets the condition.
    pub fn position(&self, is_wanted: impl FnMut(&T) -> bool) -> Option<I> {
        self.items.iter().position(is_wanted).map(I::from)
    }
}

impl<I: Into<usize>, T> Index<I> for IndexedVec<I, T> {
    type Output = T;

    fn index(&self, index: I) -> &T {
        &self.items[index.into()]
    }
}

impl<I: Into<usize>, T> IndexMut<I> for IndexedVec<I, T> {
    fn index_mut(&mut self, index: I) -> &mut T {
        &mut self.items[index.into()]
    }
}

impl<I, T> From<Vec<T>> for IndexedVec<I, T> {
    fn from(items: Vec<T>) -> Self {
        let index = PhantomData;
        Self { items, index }
    }
}

impl<I, T> FromIterator<T> for IndexedVec<I, T> {
    fn from_iter<A: IntoIterator<Item = T>>(items: A) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<I, T> IntoIterator for IndexedVec<I, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'v, I, T> IntoIterator for &'v IndexedVec<I, T> {
    type Item = &'v T;
    type IntoIter = std::slice::Iter<'v, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<I, T> Deref for IndexedVec<I, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<I, T> DerefMut for IndexedVec<I, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}
