//! What kinds of things are found: the stable codes of reports, what each means, and what can be done about it.

/// What kind of thing was found; the stable code of reports (`invalid-json`, `schema`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The file cannot be opened or read.
    Unreadable,
    /// The name matches a source, but it is not a regular file.
    NotAFile,
    /// A symbolic link leads out of the directory.
    OutsideLink,
    /// A JSON file that no source of the layout matches.
    UnmatchedFile,
    /// A file stands beside its own packed form.
    DuplicateFile,
    /// The directory has no file of the layout.
    NoFiles,
    /// The file changed between two readings.
    ChangedWhileRead,
    /// A byte order mark stood before the JSON.
    ByteOrderMark,
    /// Not UTF-8.
    InvalidUtf8,
    /// A gzip file that ends too early.
    CutOff,
    /// Not JSON.
    InvalidJson,
    /// An object has two members of one name.
    DuplicateMember,
    /// Nested deeper than the limit.
    TooDeep,
    /// A document or record larger than the limit.
    TooLarge,
    /// A violation of the JSON Schema.
    Schema,
    /// U+0000 in a text, which PostgreSQL cannot store.
    NulInText,
    /// A value that the column's type cannot hold.
    WrongType,
    /// A number outside the column's range.
    OutOfRange,
    /// A text longer than the column.
    TooLong,
    /// No value for a column that needs one.
    MissingValue,
    /// A reference to a row that is nowhere.
    MissingReference,
    /// Two records of one identity with different values.
    DuplicateRecord,
    /// Two rows that a UNIQUE constraint forbids together.
    NotUnique,
    /// Members that the layout does not read.
    UnmappedMember,
    /// A parameter that has no value or several.
    Parameter,
    /// Records that were imported before and are no longer in the files.
    Gone,
    /// Rows to be deleted that something else refers to.
    StillReferred,
    /// File and database changed since the last import.
    Conflict,
    /// The directory seems to have been imported before under another path.
    MovedSource,
    /// The database lacks triggers or migrations, though no file changed.
    IncompleteTrail,
    /// Rows that no record of any import accounts for.
    ForeignRow,
    /// A seal could not be noted outside the database.
    SealNotLogged,
}

impl Rule {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 32] = [
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
        Self::Gone,
        Self::StillReferred,
        Self::Conflict,
        Self::MovedSource,
        Self::IncompleteTrail,
        Self::ForeignRow,
        Self::SealNotLogged,
    ];

    /// The stable code.
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
            Self::Gone => "gone",
            Self::StillReferred => "still-referred",
            Self::Conflict => "conflict",
            Self::MovedSource => "moved-source",
            Self::IncompleteTrail => "incomplete-trail",
            Self::ForeignRow => "foreign-row",
            Self::SealNotLogged => "seal-not-logged",
        }
    }

    /// One sentence on what it means, for lists of rules.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "A file, directory or link cannot be opened or read, or its name cannot be recorded."
            }
            Self::NotAFile => {
                "The layout expects a file of this name, and there is a directory, a device or a pipe."
            }
            Self::OutsideLink => {
                "A symbolic link leads out of the directory, or in a circle; it is not followed."
            }
            Self::UnmatchedFile => {
                "A JSON file that no source of the layout matches, and that is not imported."
            }
            Self::DuplicateFile => {
                "A file stands beside its own packed form, and only one of them is what is meant."
            }
            Self::NoFiles => "No file of the directory belongs to the layout.",
            Self::ChangedWhileRead => {
                "The file was written while it was read, so what was read is no state of it."
            }
            Self::ByteOrderMark => {
                "The file begins with a byte order mark, which JSON does not have; it is skipped."
            }
            Self::InvalidUtf8 => {
                "The file is not UTF-8, the only encoding of JSON that is exchanged."
            }
            Self::CutOff => "A gzip file ends too early: the rest of it is missing.",
            Self::InvalidJson => "The text is not JSON as RFC 8259 defines it.",
            Self::DuplicateMember => {
                "An object has two members of one name, of which programs take the one or the other."
            }
            Self::TooDeep => "Arrays and objects are nested deeper than the limit.",
            Self::TooLarge => "A document or record is longer than the limit.",
            Self::Schema => "A value does not satisfy the JSON Schema of its file.",
            Self::NulInText => "A text holds U+0000, which databases cannot store.",
            Self::WrongType => "A value is of a kind that the column cannot hold.",
            Self::OutOfRange => "A number lies outside the range of the column.",
            Self::TooLong => "A text is longer than the column.",
            Self::MissingValue => "A column needs a value, and the record has none for it.",
            Self::MissingReference => {
                "A record refers to another that is neither in the files nor in the database."
            }
            Self::DuplicateRecord => "Two records have the same identity and different values.",
            Self::NotUnique => "Two records have the same values where the table allows them once.",
            Self::UnmappedMember => {
                "Members of a record that the layout does not read, and that are not imported."
            }
            Self::Parameter => "A parameter of the layout has no value, or several.",
            Self::Gone => "Records that were imported before are no longer in the files.",
            Self::StillReferred => {
                "A record is gone from the files, and another one, or another row, still refers to it."
            }
            Self::Conflict => "The file and the database both changed since the last import.",
            Self::MovedSource => {
                "Files with the same contents were imported before from another directory."
            }
            Self::IncompleteTrail => {
                "The database lacks triggers of the trail or of the ledger, or migrations."
            }
            Self::ForeignRow => "Rows of the database that no import accounts for.",
            Self::SealNotLogged => "The seal of a run could not be noted outside the database.",
        }
    }
    /// What can be done about it in general; a finding's own remedy says it for the case.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "Check permissions, names and the disk, or move the file out of the directory."
            }
            Self::NotAFile => "Rename it, or move it out of the directory.",
            Self::OutsideLink => "Put the file itself here, or import the directory it stands in.",
            Self::UnmatchedFile => "Add a source for it to the layout if it matters.",
            Self::DuplicateFile => "Remove one of the two files.",
            Self::NoFiles => "Check the path and the layout.",
            Self::ChangedWhileRead => "Stop the program that writes the file and run again.",
            Self::ByteOrderMark => {
                "Nothing has to be done; save the file as UTF-8 without a mark to be rid of it."
            }
            Self::InvalidUtf8 => "Save the file as UTF-8.",
            Self::CutOff => "Restore the file from where it came from.",
            Self::InvalidJson => "Mend the file, or restore it if it was cut off.",
            Self::DuplicateMember => "Remove one of the two members.",
            Self::TooDeep => "Check whether the file is what it should be, and split it if it is.",
            Self::TooLarge => "Check whether the file is what it should be, and split it if it is.",
            Self::Schema => "Mend the value, or the schema if the value is right.",
            Self::NulInText => "Remove the U+0000 from the text.",
            Self::WrongType => "Mend the value, or state a conversion in the layout.",
            Self::OutOfRange => "Mend the number, or give the column another type.",
            Self::TooLong => "Shorten the text, or make the column longer.",
            Self::MissingValue => "Add the member, or state a default in the layout.",
            Self::MissingReference => {
                "Add the record that is referred to, or remove the reference."
            }
            Self::DuplicateRecord => "Remove one of the two records, or give one another identity.",
            Self::NotUnique => "Remove one of the two records.",
            Self::UnmappedMember => {
                "Map the members in the layout if they matter; the archived original keeps them."
            }
            Self::Parameter => "Give the parameter with `--set NAME=VALUE`.",
            Self::Gone => "Delete their rows with `--prune`, or put the records back.",
            Self::StillReferred => {
                "Correct the reference, or keep the row with `--on-conflict keep-database`."
            }
            Self::Conflict => {
                "Choose with `--on-conflict keep-database` or `--on-conflict take-file`."
            }
            Self::MovedSource => {
                "If the directory was moved, say what it was called before with `--source`."
            }
            Self::IncompleteTrail => {
                "Run `accession doctor`, then `accession audit reconcile`: changes meanwhile may not be in the trail."
            }
            Self::ForeignRow => {
                "Nothing has to be done; other programs may have rows of their own."
            }
            Self::SealNotLogged => "Note the seal somewhere else; the run itself is committed.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_rules_is_whole_and_codes_are_different() {
        for (at, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, at, "{rule:?}");
        }
        let last = Rule::ALL[Rule::ALL.len() - 1];
        assert_eq!(last, Rule::SealNotLogged, "the last that is declared");
        let mut codes: Vec<_> = Rule::ALL.into_iter().map(Rule::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rule::ALL.len());
    }
}
