//! Traversal of rules and expressions, in the order in which they are written.

use crate::model::{Pointer, TableIndex};

use super::rules::{Expression, RecordRule, Reference, Source, UuidName};

impl Source {
    /// Returns the rules, each followed by its nested rules.
    #[must_use]
    pub fn rules(&self) -> Vec<&RecordRule> {
        self.records
            .iter()
            .flat_map(RecordRule::with_inner)
            .collect()
    }

    /// Whether records of these files become rows of this table.
    #[must_use]
    pub fn fills(&self, table: TableIndex) -> bool {
        self.rules().iter().any(|rule| rule.table == table)
    }
}

impl RecordRule {
    fn with_inner(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.records.iter().flat_map(Self::with_inner));
        all
    }

    /// Returns the expressions of the columns, each followed by its nested expressions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.columns
            .iter()
            .flat_map(|column| column.expression.with_inner())
    }
}

impl Expression {
    /// Returns this expression, followed by its nested expressions.
    #[must_use]
    pub fn with_inner(&self) -> Vec<&Self> {
        let mut all = vec![self];
        match self {
            Self::First(items) | Self::Uuid(UuidName::Values(items)) => {
                all.extend(items.iter().flat_map(Self::with_inner));
            }
            Self::Reference(reference) => {
                let values = reference.key.iter().map(|(_, value)| value);
                all.extend(values.flat_map(Self::with_inner));
            }
            Self::Pointer(_)
            | Self::Capture(_)
            | Self::Parent { .. }
            | Self::Constant(_)
            | Self::Parameter(_)
            | Self::Uuid(UuidName::Position)
            | Self::Rest => {}
        }
        all
    }

    /// Returns the pointer, if the value comes from the record.
    #[must_use]
    pub fn pointer(&self) -> Option<&Pointer> {
        if let Self::Pointer(pointer) = self {
            Some(pointer)
        } else {
            None
        }
    }

    /// Returns the reference, if the value comes from another row.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        if let Self::Reference(reference) = self {
            Some(reference)
        } else {
            None
        }
    }
}
