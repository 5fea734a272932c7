//! Seals: hashes over the audit log that make later changes of it evident.
//!
//! Pure. `docs/seals.md` describes every byte that is hashed, so that others can write a verifier. The code and that
//! document must agree, which `tests/verify_seals.py` checks. A seal covers the entries of one run, or those made
//! outside runs since the last seal; its header has the hash of the previous seal, so that the seals form a chain.

mod anchor;
mod contents;
mod header;
mod ids;
mod leaf;
mod ledger_sums;
mod locate;
mod receipt;
mod tree;

pub use anchor::{Anchor, AnchorError, LogLine};
pub use contents::{BLOCK, Block, Contents, SealedEntry, Sealer, tag};
pub use header::{
    EntriesHeader, FORMAT, FilesHeader, Header, HeaderError, RowsHeader, Seal, SealedConversion,
    SealedRun, TableActions,
};
pub use ids::{IdRanges, NotIdRanges};
pub use leaf::Leaf;
pub use ledger_sums::{LedgerRowBytes, LedgerRowHash, LedgerSum, LedgerSums, LedgerTable};
pub use locate::{EntryDifference, Tags, locate};
pub use receipt::{Receipt, ReceiptEntry, ReceiptFault, ReceiptFile};
pub use tree::{InclusionProof, Tree, inclusion_proof, root_from_proof};
