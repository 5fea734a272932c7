//! A receipt: a small file that proves the changes of a run without a database. It contains the seal's header, the
//! files that the header's root commits to, and on request one entry with a proof that it is among the sealed ones.

use serde_json::{Value, json};

use crate::model::{EntryId, Sha256};

use super::{Header, HeaderError, Leaf, Tree, root_from_proof};

const FORMAT: &str = "accession-receipt/1";

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The header of the seal, as hashed.
    pub header: String,
    /// The files of the run.
    pub files: Vec<ReceiptFile>,
    /// The proved entry, if any.
    pub entry: Option<ReceiptEntry>,
}

/// A file that a run read or found removed, as recorded in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFile {
    /// Relative path.
    pub path: String,
    /// Digest of its bytes.
    pub sha256: Option<String>,
    /// Size.
    pub bytes: i64,
    /// RFC 3339.
    pub modified_at: Option<String>,
    /// Number of records in it.
    pub records: i64,
    /// Number of rejected records.
    pub rejected: i64,
}

/// An entry of the audit log with the proof that it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// `audit_log.id`.
    pub id: EntryId,
    /// `table_name`, `record_id`, `action`, `old_value`, `new_value`, `changed_at`, `changed_by`, `run_id`.
    pub strings: [Option<String>; 8],
    /// `source_file_id`.
    pub source_file_id: Option<i64>,
    /// `db_user`.
    pub db_user: Option<String>,
    /// The hashes from the entry to the root.
    pub proof: Vec<Sha256>,
}

impl ReceiptEntry {
    /// Table, record id and action.
    #[must_use]
    pub fn row(&self) -> [String; 3] {
        let [table, record, action, ..] = &self.strings;
        [table, record, action].map(|text| text.clone().unwrap_or_default())
    }
}

/// The names of [`ReceiptEntry::strings`].
const TEXTS: [&str; 8] = [
    "table_name",
    "record_id",
    "action",
    "old_value",
    "new_value",
    "changed_at",
    "changed_by",
    "run_id",
];

/// Why a receipt is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// It is not a receipt.
    #[error("it is not a receipt: `{0}` is missing or invalid")]
    NoReceipt(&'static str),
    /// Its header is invalid.
    #[error("its header cannot be read: {0}")]
    Header(#[from] HeaderError),
    /// Its hash differs from its header's.
    #[error("its hash differs from its header's")]
    Hash,
    /// The files differ from those in the header.
    #[error("its files differ from those in its header")]
    Files,
    /// The entry is not among the sealed ones.
    #[error("its entry is not among the sealed entries")]
    Entry,
}

impl ReceiptFile {
    /// The hash of the file's row in the ledger.
    #[must_use]
    pub fn leaf(&self) -> Sha256 {
        let mut leaf = Leaf::begin();
        leaf.text(&self.path);
        leaf.optional_text(self.sha256.as_deref());
        leaf.integer(self.bytes);
        leaf.optional_text(self.modified_at.as_deref());
        leaf.integer(self.records);
        leaf.integer(self.rejected);
        leaf.hash()
    }
}

impl ReceiptEntry {
    fn leaf(&self) -> Sha256 {
        let mut leaf = Leaf::begin();
        self.strings
            .iter()
            .for_each(|text| leaf.optional_text(text.as_deref()));
        match self.source_file_id {
            Some(id) => leaf.integer(id),
            None => leaf.null(),
        }
        leaf.optional_text(self.db_user.as_deref());
        leaf.hash()
    }
}

impl Receipt {
    /// The hash of the seal.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        Sha256::of(self.header.as_bytes())
    }

    /// Checks that all parts of the receipt match its header, and returns the header.
    ///
    /// # Errors
    /// When they do not.
    pub fn check(&self) -> Result<Header, ReceiptFault> {
        let header = Header::parse(&self.header)?;
        let root = self
            .files
            .iter()
            .map(ReceiptFile::leaf)
            .collect::<Tree>()
            .root();
        if header.files.map(|files| (files.count, files.root))
            != header.files.and(Some((self.files.len() as u64, root)))
        {
            return Err(ReceiptFault::Files);
        }
        if let Some(entry) = &self.entry {
            let entries = &header.entries;
            let place = entries.ids.position(entry.id);
            let reached =
                place.and_then(|at| root_from_proof(entry.leaf(), at, entries.count, &entry.proof));
            if reached != Some(entries.root) {
                return Err(ReceiptFault::Entry);
            }
        }
        Ok(header)
    }

    /// The contents of the receipt's file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let files = self.files.iter().map(|file| {
            json!({
                "path": file.path, "sha256": file.sha256, "bytes": file.bytes, "modified_at": file.modified_at,
                "records": file.records, "rejected": file.rejected,
            })
        });
        let entry = self.entry.as_ref().map(|entry| {
            let strings = TEXTS.iter().zip(&entry.strings);
            let mut json: serde_json::Map<String, Value> = strings
                .map(|(name, text)| ((*name).to_owned(), text.clone().into()))
                .collect();
            let proof: Vec<String> = entry.proof.iter().map(ToString::to_string).collect();
            json.insert("source_file_id".to_owned(), entry.source_file_id.into());
            json.insert("db_user".to_owned(), entry.db_user.clone().into());
            json!({"id": entry.id, "fields": json, "proof": proof})
        });
        json!({
            "receipt": FORMAT,
            "hash": self.hash().to_string(),
            "header": self.header,
            "files": files.collect::<Vec<_>>(),
            "entry": entry,
        })
    }

    /// Parses a receipt.
    ///
    /// # Errors
    /// When the text is not a receipt, or its hash is not that of its header.
    pub fn parse(text: &str) -> Result<Self, ReceiptFault> {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let wrong = ReceiptFault::NoReceipt;
        if json["receipt"] != FORMAT {
            return Err(wrong("receipt"));
        }
        let receipt = Self {
            header: optional(&json["header"]).ok_or(wrong("header"))?,
            files: json["files"]
                .as_array()
                .ok_or(wrong("files"))?
                .iter()
                .map(|file| read_file(file).ok_or(wrong("files")))
                .collect::<Result<_, _>>()?,
            entry: match &json["entry"] {
                Value::Null => None,
                entry => Some(read_entry(entry).ok_or(wrong("entry"))?),
            },
        };
        if json["hash"] == receipt.hash().to_string() {
            Ok(receipt)
        } else {
            Err(ReceiptFault::Hash)
        }
    }
}

fn optional(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn read_file(json: &Value) -> Option<ReceiptFile> {
    Some(ReceiptFile {
        path: optional(&json["path"])?,
        sha256: optional(&json["sha256"]),
        bytes: json["bytes"].as_i64()?,
        modified_at: optional(&json["modified_at"]),
        records: json["records"].as_i64()?,
        rejected: json["rejected"].as_i64()?,
    })
}

fn read_entry(json: &Value) -> Option<ReceiptEntry> {
    let fields = json["fields"].as_object()?;
    let proof = json["proof"].as_array()?.iter();
    Some(ReceiptEntry {
        id: json["id"].as_i64()?.into(),
        strings: TEXTS.map(|name| optional(fields.get(name).unwrap_or(&Value::Null))),
        source_file_id: fields.get("source_file_id").and_then(Value::as_i64),
        db_user: fields.get("db_user").and_then(optional),
        proof: proof
            .map(|hash| hash.as_str().and_then(Sha256::from_hex))
            .collect::<Option<_>>()?,
    })
}
