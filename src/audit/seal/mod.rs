//! Seals: hashes over the audit trail that make later changes of it evident.
//!
//! Pure. `docs/seals.md` describes every byte that is hashed, so that others can write a verifier; what stands here
//! and there must agree, and `tests/verify_seals.py` proves that it does. A seal covers the entries of one run, or
//! those made outside runs since the last seal; its header names the seal before it, so that the seals are a chain.

mod anchor;
mod contents;
mod header;
mod ids;
mod leaf;
mod locate;
mod receipt;
mod tree;

pub use anchor::{Anchor, AnchorError};
pub use contents::{BLOCK, Block, Contents, SealedEntry, Sealer, tag};
pub use header::{
    EntriesHeader, FORMAT, FilesHeader, Header, HeaderError, RowsHeader, Seal, SealedConversion,
    SealedRun, TableActions,
};
pub use ids::{IdRanges, NotIdRanges};
pub use leaf::Leaf;
pub use locate::{EntryDifference, Tags, locate};
pub use receipt::{Receipt, ReceiptEntry, ReceiptFault, ReceiptFile};
pub use tree::{Proof, Tree, inclusion_proof, root_from_proof};
