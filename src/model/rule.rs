//! The kinds of findings: their stable codes, their meaning and hints on how to fix them.

use serde::Serialize;

/// The kind of a finding, with a stable code for reports (`invalid-json`, `schema`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The file cannot be opened or read.
    Unreadable,
    /// The name matches a source, but this is not a regular file.
    NotAFile,
    /// A symbolic link points outside the directory.
    OutsideLink,
    /// A JSON file that no source of the layout matches.
    UnmatchedFile,
    /// The directory contains both a file and its compressed form.
    DuplicateFile,
    /// No file of the directory belongs to the layout.
    NoFiles,
    /// The file changed between two reads.
    ChangedWhileRead,
    /// The file begins with a byte order mark.
    ByteOrderMark,
    /// Not UTF-8.
    InvalidUtf8,
    /// A gzip file is truncated.
    CutOff,
    /// Not JSON.
    InvalidJson,
    /// An object has two properties with the same name.
    DuplicateMember,
    /// Nested deeper than the limit.
    TooDeep,
    /// A document or record is larger than the limit.
    TooLarge,
    /// A violation of the JSON Schema.
    Schema,
    /// A string contains U+0000, which PostgreSQL cannot store.
    NulInText,
    /// The column's type cannot hold the value.
    WrongType,
    /// A number is outside the range of the column.
    OutOfRange,
    /// A string is longer than the column, or a row is longer than the database stores.
    TooLong,
    /// A required column has no value.
    MissingValue,
    /// The referenced row does not exist.
    MissingReference,
    /// Two records have the same identity and different values.
    DuplicateRecord,
    /// Two rows violate a UNIQUE constraint.
    NotUnique,
    /// The layout does not read these properties.
    UnmappedMember,
    /// A parameter has no value or several.
    Parameter,
    /// Previously imported records are no longer in the files.
    #[serde(rename = "gone")]
    Removed,
    /// Rows to be deleted are still referenced.
    StillReferred,
    /// Both the file and the database changed since the last import.
    Conflict,
    /// The directory was apparently imported before under another path.
    MovedSource,
    /// Previously imported files are missing, but were not deleted.
    UnavailableFiles,
    /// The database lacks triggers or migrations.
    #[serde(rename = "incomplete-trail")]
    IncompleteAuditLog,
    /// Rows that do not belong to any imported record.
    ForeignRow,
    /// A seal could not be recorded outside the database.
    SealNotLogged,
    /// The database does not accept values from before a run.
    NotRestorable,
}

impl Rule {
    /// All rules, in the order of their declaration.
    pub const ALL: [Self; 34] = [
        Self::Unreadable,
        Self::NotAFile,
        Self::OutsideLink,
        Self::UnmatchedFile,
        Self::DuplicateFile,
        Self::NoFiles,
        Self::ChangedWhileRead,
        Self::ByteOrderMark,
        Self::InvalidUtf8,
        Self::CutOff,
        Self::InvalidJson,
        Self::DuplicateMember,
        Self::TooDeep,
        Self::TooLarge,
        Self::Schema,
        Self::NulInText,
        Self::WrongType,
        Self::OutOfRange,
        Self::TooLong,
        Self::MissingValue,
        Self::MissingReference,
        Self::DuplicateRecord,
        Self::NotUnique,
        Self::UnmappedMember,
        Self::Parameter,
        Self::Removed,
        Self::StillReferred,
        Self::Conflict,
        Self::MovedSource,
        Self::UnavailableFiles,
        Self::IncompleteAuditLog,
        Self::ForeignRow,
        Self::SealNotLogged,
        Self::NotRestorable,
    ];

    /// Returns the stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotAFile => "not-a-file",
            Self::OutsideLink => "outside-link",
            Self::UnmatchedFile => "unmatched-file",
            Self::DuplicateFile => "duplicate-file",
            Self::NoFiles => "no-files",
            Self::ChangedWhileRead => "changed-while-read",
            Self::ByteOrderMark => "byte-order-mark",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::CutOff => "cut-off",
            Self::InvalidJson => "invalid-json",
            Self::DuplicateMember => "duplicate-member",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::Schema => "schema",
            Self::NulInText => "nul-in-text",
            Self::WrongType => "wrong-type",
            Self::OutOfRange => "out-of-range",
            Self::TooLong => "too-long",
            Self::MissingValue => "missing-value",
            Self::MissingReference => "missing-reference",
            Self::DuplicateRecord => "duplicate-record",
            Self::NotUnique => "not-unique",
            Self::UnmappedMember => "unmapped-member",
            Self::Parameter => "parameter",
            Self::Removed => "gone",
            Self::StillReferred => "still-referred",
            Self::Conflict => "conflict",
            Self::MovedSource => "moved-source",
            Self::UnavailableFiles => "unavailable-files",
            Self::IncompleteAuditLog => "incomplete-trail",
            Self::ForeignRow => "foreign-row",
            Self::SealNotLogged => "seal-not-logged",
            Self::NotRestorable => "not-restorable",
        }
    }

    /// Describes the rule in one sentence, for lists of rules.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "A file, directory or link cannot be opened or read, or its name cannot be recorded."
            }
            Self::NotAFile => {
                "The layout expects a file with this name, but it is a directory, a device or a pipe."
            }
            Self::OutsideLink => {
                "A symbolic link points outside the directory or forms a loop; it is not followed."
            }
            Self::UnmatchedFile => {
                "A JSON file does not match any source of the layout and is not imported."
            }
            Self::DuplicateFile => {
                "The directory contains both a file and its compressed form; only one of them is valid."
            }
            Self::NoFiles => "No file of the directory belongs to the layout.",
            Self::ChangedWhileRead => {
                "The file was modified while it was being read, so the contents read are inconsistent."
            }
            Self::ByteOrderMark => {
                "The file begins with a byte order mark, which is not part of JSON; it is skipped."
            }
            Self::InvalidUtf8 => "The file is not valid UTF-8, the encoding that JSON requires.",
            Self::CutOff => "A gzip file is truncated.",
            Self::InvalidJson => "The text is not valid JSON (RFC 8259).",
            Self::DuplicateMember => {
                "An object has two properties with the same name; which one counts differs between programs."
            }
            Self::TooDeep => "Arrays and objects are nested deeper than the limit.",
            Self::TooLarge => "A document or record is larger than the limit.",
            Self::Schema => "A value does not satisfy the JSON Schema of its file.",
            Self::NulInText => "A string contains U+0000, which databases cannot store.",
            Self::WrongType => "The column's type cannot hold the value.",
            Self::OutOfRange => "A number is outside the range of the column.",
            Self::TooLong => {
                "A string is longer than the column, or a row is longer than the database stores."
            }
            Self::MissingValue => "The record has no value for a required column.",
            Self::MissingReference => {
                "A record refers to another record that is neither in the files nor in the database."
            }
            Self::DuplicateRecord => "Two records have the same identity and different values.",
            Self::NotUnique => "Two records have the same values in columns that must be unique.",
            Self::UnmappedMember => {
                "The layout does not read these properties of a record; they are not imported."
            }
            Self::Parameter => "A parameter of the layout has no value, or several.",
            Self::Removed => "Previously imported records are no longer in the files.",
            Self::StillReferred => {
                "A record was removed from the files, but another record or row still refers to it."
            }
            Self::Conflict => "Both the file and the database changed since the last import.",
            Self::MovedSource => {
                "Files with the same contents were imported before from another directory."
            }
            Self::UnavailableFiles => {
                "Previously imported files are in a directory that is now a link, unreadable, unmounted or missing."
            }
            Self::IncompleteAuditLog => {
                "The database lacks migrations, or triggers of the audit log or the ledger."
            }
            Self::ForeignRow => "The database has rows that do not come from any import.",
            Self::SealNotLogged => "The seal of a run could not be recorded outside the database.",
            Self::NotRestorable => {
                "A row cannot have its values from before a run, because its table was altered since."
            }
        }
    }
    /// Returns a general hint on how to fix it; a finding's own hint is more specific.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "Check permissions, names and the disk, or move the file out of the directory."
            }
            Self::NotAFile => "Rename it, or move it out of the directory.",
            Self::OutsideLink => {
                "Replace the link with the file, or import the directory that contains the file."
            }
            Self::UnmatchedFile => "Add a source for it to the layout if it should be imported.",
            Self::DuplicateFile => "Remove one of the two files.",
            Self::NoFiles => "Check the path and the layout.",
            Self::ChangedWhileRead => "Stop the program that writes the file, then run again.",
            Self::ByteOrderMark => {
                "No action is needed; save the file as UTF-8 without a byte order mark to avoid the notice."
            }
            Self::InvalidUtf8 => "Save the file as UTF-8.",
            Self::CutOff => "Restore the file from a backup or copy it again.",
            Self::InvalidJson => "Fix the file, or restore it from a backup if it was cut off.",
            Self::DuplicateMember => "Remove one of the two properties.",
            Self::TooDeep => "Check that it is the right file; if it is, split it.",
            Self::TooLarge => {
                "Check that it is the right file; if it is, allow larger records with `--max-record`."
            }
            Self::Schema => "Fix the value, or the schema if the value is correct.",
            Self::NulInText => "Remove the U+0000 from the string.",
            Self::WrongType => "Fix the value, or specify a conversion in the layout.",
            Self::OutOfRange => "Fix the number, or change the type of the column.",
            Self::TooLong => "Shorten the string, make the column longer, or split the table.",
            Self::MissingValue => "Add the property, or specify a default in the layout.",
            Self::MissingReference => {
                "Add the record that is referred to, or remove the reference."
            }
            Self::DuplicateRecord => {
                "Remove one of the two records, or change the identity of one."
            }
            Self::NotUnique => "Remove one of the two records.",
            Self::UnmappedMember => {
                "Map the properties in the layout if they should be imported; the archived original keeps them."
            }
            Self::Parameter => "Set the parameter with `--set NAME=VALUE`.",
            Self::Removed => "Delete their rows with `--prune`, or restore the records.",
            Self::StillReferred => {
                "Fix the reference, or keep the row with `--on-conflict keep-database`."
            }
            Self::Conflict => {
                "Choose a side with `--on-conflict keep-database` or `--on-conflict take-file`."
            }
            Self::MovedSource => "If the directory was moved, pass its old name with `--source`.",
            Self::UnavailableFiles => {
                "Put the files back where they were; if they were deleted, confirm it with `--deleted PATH`."
            }
            Self::IncompleteAuditLog => {
                "Run `accession doctor`, then `accession audit reconcile`: the audit log may lack recent changes."
            }
            Self::ForeignRow => "No action is needed; other programs may have their own rows.",
            Self::SealNotLogged => "Record the seal elsewhere; the run itself is committed.",
            Self::NotRestorable => "Alter the table so that it holds the values, and run again.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_rules_is_complete_and_codes_are_unique() {
        for (at, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, at, "{rule:?}");
        }
        let last = Rule::ALL[Rule::ALL.len() - 1];
        assert_eq!(last, Rule::NotRestorable, "the last one declared");
        let mut codes: Vec<_> = Rule::ALL.into_iter().map(Rule::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rule::ALL.len());
    }
}
