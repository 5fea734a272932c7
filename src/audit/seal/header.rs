//! The header of a seal: a JSON text whose SHA-256 is the seal. It is stored and hashed as written, never serialized
//! again, so that the spelling of JSON does not matter.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::RunId;
use crate::model::Sha256;

use super::{IdRanges, LedgerSums, NotIdRanges};

/// The version of the format.
pub const FORMAT: u64 = 1;

/// Number of entries of one table, by action.
pub type TableActions = BTreeMap<Box<str>, u64>;

/// The contents of a seal's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Sequential number, from 1 without gaps.
    pub number: u64,
    /// The hash of the previous seal; zeros for the first.
    pub previous: Sha256,
    /// Time of sealing.
    pub sealed_at: String,
    /// The program and its version.
    pub tool: String,
    /// The run whose entries are sealed; `None` for changes made outside runs.
    pub run: Option<SealedRun>,
    /// The entries.
    pub entries: EntriesHeader,
    /// The files that the run read.
    pub files: Option<FilesHeader>,
    /// Rows that the run wrote, as read back before commit, per table.
    pub rows: BTreeMap<String, RowsHeader>,
    /// Values that the run stored differently from how they are written in the file.
    pub conversions: Vec<SealedConversion>,
    /// Digest of the definitions of tables and triggers.
    pub schema: Sha256,
    /// Digest of the run's manifest in the archive; `None` in seals of earlier versions.
    pub manifest: Option<Sha256>,
    /// Sums over the ledger's other tables at the time of sealing; `None` in seals of earlier versions.
    pub ledger: Option<LedgerSums>,
}

/// A run's row in `import_runs`: its columns by name.
pub type SealedRun = serde_json::Map<String, Value>;

/// The sealed entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntriesHeader {
    /// Their ids, in the order of the tree's leaves.
    pub ids: IdRanges,
    /// Number of entries.
    pub count: u64,
    /// Root of the tree.
    pub root: Sha256,
    /// Counts per table and action.
    pub tables: BTreeMap<Box<str>, TableActions>,
}

/// The run's rows in `source_files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilesHeader {
    /// Number of files.
    pub count: u64,
    /// Root of a tree over them.
    pub root: Sha256,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsHeader {
    /// Number of rows.
    pub count: u64,
    /// Order-independent digest of the values that came from files (see [`TableDigest`](crate::model::TableDigest)).
    pub digest: String,
}

/// The number of conversions of one kind in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedConversion {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The conversion.
    pub rule: String,
    /// Number of values.
    pub count: u64,
}

/// A header as stored, with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// JSON.
    pub text: String,
    /// SHA-256 of the text.
    pub hash: Sha256,
}

/// Why a text is not a valid header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is not valid JSON.
    #[error("it is not valid JSON")]
    NotJson,
    /// It has another version.
    #[error("its format is not {FORMAT}")]
    OtherFormat,
    /// A member is missing or invalid.
    #[error("its property `{0}` is missing or invalid")]
    Member(&'static str),
    /// Its ids are invalid.
    #[error(transparent)]
    Ids(#[from] NotIdRanges),
}

impl Header {
    /// The text to store, and its hash.
    #[must_use]
    pub fn seal(&self) -> Seal {
        let rows = self.rows.iter().map(|(table, rows)| {
            let rows = json!({"count": rows.count, "digest": rows.digest});
            (table.clone(), rows)
        });
        let conversions = self.conversions.iter().map(|one| {
            json!({"table": one.table, "column": one.column, "rule": one.rule, "count": one.count})
        });
        let text = json!({
            "format": FORMAT,
            "number": self.number,
            "previous": self.previous.to_string(),
            "sealed_at": self.sealed_at,
            "tool": self.tool,
            "run": self.run,
            "entries": {
                "ids": self.entries.ids.to_string(),
                "count": self.entries.count,
                "root": self.entries.root.to_string(),
                "tables": tables_json(&self.entries.tables),
            },
            "files": self.files.map(|files| json!({"count": files.count, "root": files.root.to_string()})),
            "rows": Value::Object(rows.collect()),
            "conversions": conversions.collect::<Vec<_>>(),
            "schema": self.schema.to_string(),
            "manifest": self.manifest.map(|digest| digest.to_string()),
            "ledger": self.ledger.map(LedgerSums::to_json),
        })
        .to_string();
        let hash = Sha256::of(text.as_bytes());
        Seal { text, hash }
    }

    /// Parses a header.
    ///
    /// # Errors
    /// When the text is not a valid header.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        let json: Value = serde_json::from_str(text).map_err(|_| HeaderError::NotJson)?;
        if json["format"] != FORMAT {
            return Err(HeaderError::OtherFormat);
        }
        let entries = &json["entries"];
        let header = Self {
            number: json["number"]
                .as_u64()
                .ok_or(HeaderError::Member("number"))?,
            previous: hash(&json["previous"], "previous")?,
            sealed_at: text_of(&json["sealed_at"], "sealed_at")?,
            tool: text_of(&json["tool"], "tool")?,
            run: match &json["run"] {
                Value::Null => None,
                Value::Object(run) => Some(run.clone()),
                _ => return Err(HeaderError::Member("run")),
            },
            entries: EntriesHeader {
                ids: text_of(&entries["ids"], "ids")?.parse()?,
                count: number(&entries["count"], "count")?,
                root: hash(&entries["root"], "root")?,
                tables: tables(&entries["tables"])?,
            },
            files: match &json["files"] {
                Value::Null => None,
                files => Some(FilesHeader {
                    count: number(&files["count"], "files")?,
                    root: hash(&files["root"], "files")?,
                }),
            },
            rows: members(&json["rows"], "rows")?
                .map(|(table, rows)| {
                    let rows = RowsHeader {
                        count: number(&rows["count"], "rows")?,
                        digest: text_of(&rows["digest"], "rows")?,
                    };
                    Ok((table.clone(), rows))
                })
                .collect::<Result<_, HeaderError>>()?,
            conversions: conversions(&json["conversions"])?,
            schema: hash(&json["schema"], "schema")?,
            manifest: match &json["manifest"] {
                Value::Null => None,
                digest => Some(hash(digest, "manifest")?),
            },
            ledger: match &json["ledger"] {
                Value::Null => None,
                sums => Some(LedgerSums::read(sums).ok_or(HeaderError::Member("ledger"))?),
            },
        };
        if header.entries.ids.count() == header.entries.count {
            Ok(header)
        } else {
            Err(HeaderError::Member("count"))
        }
    }

    /// The id of the run.
    #[must_use]
    pub fn run_id(&self) -> Option<RunId> {
        Some(self.run.as_ref()?.get("id")?.as_str()?.into())
    }
}

fn tables_json(tables: &BTreeMap<Box<str>, TableActions>) -> Value {
    let actions = |actions: &TableActions| {
        let actions = actions.iter();
        Value::Object(
            actions
                .map(|(action, count)| (action.to_string(), Value::from(*count)))
                .collect(),
        )
    };
    let tables = tables.iter();
    Value::Object(
        tables
            .map(|(table, counts)| (table.to_string(), actions(counts)))
            .collect(),
    )
}

fn tables(json: &Value) -> Result<BTreeMap<Box<str>, TableActions>, HeaderError> {
    members(json, "tables")?
        .map(|(table, actions)| {
            let actions = members(actions, "tables")?
                .map(|(action, count)| Ok((action.as_str().into(), number(count, "tables")?)))
                .collect::<Result<_, HeaderError>>()?;
            Ok((table.as_str().into(), actions))
        })
        .collect()
}

fn conversions(json: &Value) -> Result<Vec<SealedConversion>, HeaderError> {
    let wrong = HeaderError::Member("conversions");
    let conversions = json.as_array().ok_or(wrong)?.iter();
    conversions
        .map(|one| {
            Ok(SealedConversion {
                table: text_of(&one["table"], "conversions")?,
                column: text_of(&one["column"], "conversions")?,
                rule: text_of(&one["rule"], "conversions")?,
                count: number(&one["count"], "conversions")?,
            })
        })
        .collect()
}

fn members<'j>(
    json: &'j Value,
    name: &'static str,
) -> Result<impl Iterator<Item = (&'j String, &'j Value)>, HeaderError> {
    Ok(json.as_object().ok_or(HeaderError::Member(name))?.iter())
}

fn number(json: &Value, name: &'static str) -> Result<u64, HeaderError> {
    json.as_u64().ok_or(HeaderError::Member(name))
}

fn text_of(json: &Value, name: &'static str) -> Result<String, HeaderError> {
    let text = json.as_str().ok_or(HeaderError::Member(name))?;
    Ok(text.to_owned())
}

fn hash(json: &Value, name: &'static str) -> Result<Sha256, HeaderError> {
    json.as_str()
        .and_then(Sha256::from_hex)
        .ok_or(HeaderError::Member(name))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn header() -> Header {
        let actions = TableActions::from([("INSERT".into(), 2)]);
        Header {
            number: 1,
            previous: Sha256([0; 32]),
            sealed_at: "2024-05-01T10:00:01.000000Z".to_owned(),
            tool: "accession 0.1.0".to_owned(),
            run: Some(SealedRun::from_iter([(
                "id".to_owned(),
                Value::from("01a1"),
            )])),
            entries: EntriesHeader {
                ids: "1-2".parse().expect("ranges"),
                count: 2,
                root: Sha256::of(b"root"),
                tables: BTreeMap::from([("words".into(), actions)]),
            },
            files: Some(FilesHeader {
                count: 1,
                root: Sha256::of(b"files"),
            }),
            rows: BTreeMap::from([(
                "words".to_owned(),
                RowsHeader {
                    count: 2,
                    digest: "ab".to_owned(),
                },
            )]),
            conversions: vec![SealedConversion {
                table: "words".to_owned(),
                column: "added_at".to_owned(),
                rule: "assumed_utc".to_owned(),
                count: 2,
            }],
            schema: Sha256::of(b"schema"),
            manifest: Some(Sha256::of(b"manifest")),
            ledger: Some(LedgerSums::default()),
        }
    }

    #[test]
    fn header_round_trips() {
        let header = header();
        let seal = header.seal();
        assert_eq!(seal.hash, Sha256::of(seal.text.as_bytes()));
        assert_eq!(Header::parse(&seal.text), Ok(header));
        let text = &seal.text;
        for (from, to) in [
            ("\"format\":1", "\"format\":2"),
            ("\"1-2\"", "\"1-3\""),
            ("\"rows\":{", "\"rows\":7,\"x\":{"),
            ("\"count\":2,\"root\"", "\"count\":-2,\"root\""),
        ] {
            let damaged = text.replace(from, to);
            assert_ne!(damaged, *text, "{from}");
            assert!(Header::parse(&damaged).is_err(), "{to}");
        }
    }
}
