//! Merkle trees according to RFC 6962 §2.1, built while leaves are added: memory grows with the logarithm of their
//! number.

use sha2::Digest as _;

use crate::model::Sha256;

/// A tree that receives leaf hashes one after the other.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Roots of the perfect subtrees so far, the largest first: one per one-bit of the count.
    subtrees: Vec<Sha256>,
    leaves: u64,
}

/// The hashes that lead from a leaf to the root, from the leaf upwards (RFC 6962 §2.1.1).
pub type InclusionProof = Vec<Sha256>;

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Sha256) {
        let mut hash = leaf;
        // As in binary counting: each trailing one of the count is a subtree that is now full.
        for _ in 0..self.leaves.trailing_ones() {
            let left = self
                .subtrees
                .pop()
                .expect("a subtree per digit of the count");
            hash = node(&left, &hash);
        }
        self.subtrees.push(hash);
        self.leaves += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The root; without leaves, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(last) = subtrees.next() else {
            return Sha256::of(&[]);
        };
        subtrees.fold(*last, |right, left| node(left, &right))
    }
}

impl FromIterator<Sha256> for Tree {
    fn from_iter<I: IntoIterator<Item = Sha256>>(leaves: I) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}

/// The proof that the leaf at `index` is one of `leaves`; empty if there is no such leaf.
#[must_use]
pub fn inclusion_proof(leaves: &[Sha256], index: usize) -> InclusionProof {
    if leaves.len() <= 1 || index >= leaves.len() {
        return InclusionProof::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let root = |leaves: &[Sha256]| leaves.iter().copied().collect::<Tree>().root();
    let (mut proof, other) = if index < left.len() {
        (inclusion_proof(left, index), root(right))
    } else {
        (inclusion_proof(right, index - left.len()), root(left))
    };
    proof.push(other);
    proof
}

/// The root to which `proof` leads from the leaf at `index` of `size`; `None` if the proof has the wrong length (RFC
/// 9162 §2.1.3.2).
#[must_use]
pub fn root_from_proof(leaf: Sha256, index: u64, size: u64, proof: &[Sha256]) -> Option<Sha256> {
    if index >= size {
        return None;
    }
    let (mut index, mut last, mut hash) = (index, size - 1, leaf);
    for other in proof {
        if last == 0 {
            return None;
        }
        if index & 1 == 1 || index == last {
            hash = node(other, &hash);
            // Levels at which this node has no right sibling are skipped.
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, other);
        }
        index >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut hasher = sha2::Sha256::new();
    let mut bytes = [0x01; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    hasher.update(bytes);
    Sha256(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the test vectors of Certificate Transparency
    /// (<https://github.com/google/certificate-transparency/blob/master/cpp/merkletree/merkle_tree_test.cc>).
    const INPUTS: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];

    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves(count: usize) -> Vec<Sha256> {
        let leaf = |input: &&[u8]| Sha256::of(&[&[0x00], *input].concat());
        INPUTS[..count].iter().map(leaf).collect()
    }

    #[test]
    fn roots_match_certificate_transparency() {
        for (at, root) in ROOTS.iter().enumerate() {
            let tree: Tree = leaves(at + 1).into_iter().collect();
            assert_eq!(tree.root().to_string(), *root, "{} leaves", at + 1);
        }
        assert_eq!(Tree::default().root(), Sha256::of(b""));
    }

    #[test]
    fn inclusion_is_proved_for_every_leaf_and_nothing_else() {
        for size in 1..=300_usize {
            let leaves: Vec<_> = (0..size).map(|at| Sha256::of(&at.to_be_bytes())).collect();
            let root = leaves.iter().copied().collect::<Tree>().root();
            for index in [0, 1, size / 2, size.saturating_sub(2), size - 1] {
                let Some(&leaf) = leaves.get(index) else {
                    continue;
                };
                let proof = inclusion_proof(&leaves, index);
                let reached = |leaf, index: usize, proof: &[Sha256]| {
                    root_from_proof(leaf, index as u64, size as u64, proof)
                };
                assert_eq!(
                    reached(leaf, index, &proof),
                    Some(root),
                    "{index} of {size}"
                );
                assert_ne!(reached(Sha256::of(b"other"), index, &proof), Some(root));
                assert_ne!(reached(leaf, size, &proof), Some(root));
                let longer = [proof.clone(), vec![root]].concat();
                assert_ne!(reached(leaf, index, &longer), Some(root));
                if size > 1 {
                    assert_ne!(reached(leaf, index ^ 1, &proof), Some(root));
                    assert_ne!(reached(leaf, index, &proof[1..]), Some(root));
                }
            }
        }
    }

    #[test]
    fn blocks_of_a_power_of_two_are_nodes_of_the_tree() {
        for size in [1, 7, 8, 9, 16, 63, 64, 65, 100] {
            let leaves: Vec<_> = (0..size)
                .map(|at: u64| Sha256::of(&at.to_be_bytes()))
                .collect();
            let whole: Tree = leaves.iter().copied().collect();
            let block = |leaves: &[Sha256]| leaves.iter().copied().collect::<Tree>().root();
            let blocks: Tree = leaves.chunks(8).map(block).collect();
            assert_eq!(blocks.root(), whole.root(), "{size}");
        }
    }
}
