//! The kinds and statuses of runs, as the ledger names them.

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// It imported a directory.
    Import,
    /// It reverted another run.
    Revert,
    /// It added tables to the audit log.
    Enable,
    /// It removed tables from the audit log.
    Disable,
}

impl RunKind {
    /// The value in the column `kind`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Revert => "revert",
            Self::Enable => "enable",
            Self::Disable => "disable",
        }
    }

    /// Whether this is the kind that the ledger names.
    #[must_use]
    pub fn is(self, stored: &str) -> bool {
        self.name() == stored
    }
}

/// Whether a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// It was committed, or given up.
    Complete,
    /// It has not ended, or was interrupted.
    Running,
}

impl RunStatus {
    /// The value in the column `status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Running => "running",
        }
    }
}
