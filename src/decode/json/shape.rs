//! The pointers of all columns as one tree, along which a document is walked.

use super::keys::Keys;
use crate::spec::Pointer;

/// The node of the document's root.
pub(super) const ROOT: usize = 0;

/// A place in the document that a column asks for, or that leads to one.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The columns that ask for the value here.
    pub(super) columns: Vec<usize>,
    /// Members that lead on, where an object is here.
    pub(super) keys: Keys,
    /// Elements that lead on, where an array is here: index and node, ascending.
    pub(super) elements: Vec<(usize, usize)>,
    /// Levels above this one.
    pub(super) depth: usize,
    /// This node and all below it, and their columns: what a second value in this place replaces.
    pub(super) nodes_below: Vec<usize>,
    pub(super) columns_below: Vec<usize>,
}

impl Node {
    /// Whether the value here is of interest only as a whole.
    #[inline]
    pub(super) fn is_leaf(&self) -> bool {
        self.nodes_below.len() == 1
    }
}

/// The nodes for pointers: of each column one, or several where its field has several spellings.
pub(super) fn nodes(pointers: &[(usize, Pointer)]) -> Vec<Node> {
    let mut nodes = vec![Node { nodes_below: vec![ROOT], ..Node::default() }];
    for (column, pointer) in pointers {
        let column = *column;
        let mut path = vec![ROOT];
        let mut here = ROOT;
        for token in &pointer.tokens {
            let next = nodes.len();
            let known = nodes[here].keys.declared(token.as_bytes());
            let child = known.unwrap_or(next);
            if known.is_none() {
                nodes[here].keys.declare(token.as_bytes(), child);
                if let Some(index) = element(token) {
                    nodes[here].elements.push((index, child));
                    nodes[here].elements.sort_unstable();
                }
                nodes.push(Node { depth: path.len(), ..Node::default() });
                path.iter().chain([&child]).for_each(|above| nodes[*above].nodes_below.push(child));
            }
            path.push(child);
            here = child;
        }
        nodes[here].columns.push(column);
        for above in path {
            let below = &mut nodes[above].columns_below;
            if !below.contains(&column) {
                below.push(column);
            }
        }
    }
    nodes
}

/// The index that a token is, RFC 6901: digits without leading zeros.
fn element(token: &str) -> Option<usize> {
    let canonical = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { token.parse().ok() } else { None }
}
