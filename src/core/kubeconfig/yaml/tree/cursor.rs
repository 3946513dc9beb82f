//! Walking a tree.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::{Cursor, Form, Kind, Node, ScalarTag, narrow};
use crate::core::kubeconfig::yaml::scalar::{Quote, Resolved, resolve};

impl<'a> Cursor<'a> {
    /// The text that the tree was parsed from.
    pub fn source(self) -> &'a str {
        self.source
    }

    /// Its number in the order of the text.
    pub fn index(self) -> usize {
        self.at as usize
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.node().form {
            Form::Alias => Kind::Alias,
            Form::Map { .. } => Kind::Map,
            Form::Scalar { .. } => Kind::Scalar,
            Form::Seq { .. } => Kind::Seq,
        }
    }

    /// Whether it is a collection in brackets.
    pub fn is_flow(self) -> bool {
        matches!(self.node().form, Form::Map { flow: true } | Form::Seq { flow: true })
    }

    /// Whether it is `|` or `>` text.
    pub fn is_block_text(self) -> bool {
        matches!(
            self.node().form,
            Form::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. }
        )
    }

    /// How it is quoted; block text counts as plain.
    pub fn quote(self) -> Quote {
        match self.node().form {
            Form::Scalar { style: ScalarStyle::SingleQuoted, .. } => Quote::Single,
            Form::Scalar { style: ScalarStyle::DoubleQuoted, .. } => Quote::Double,
            _ => Quote::Plain,
        }
    }

    /// Its bytes in the source: without anchor, tag, and the header of block text.
    pub fn span(self) -> Range<usize> {
        self.node().start as usize..self.node().end as usize
    }

    /// The root of its document.
    pub fn document(self) -> Self {
        self.with(0)
    }

    /// What an alias stands for; any other node itself.
    pub fn target(self) -> Self {
        match self.node().form {
            Form::Alias => self.with(self.node().text),
            _ => self,
        }
    }

    /// The text of a scalar; empty for other nodes.
    pub fn text(self) -> &'a str {
        let node = self.node();
        let Form::Scalar { unescaped, .. } = node.form else { return "" };
        let store = if unescaped { self.tree.unescaped.as_str() } else { self.source };
        &store[node.text as usize..(node.text + node.text_len) as usize]
    }

    /// What client-go makes of a scalar; `None` for other nodes and for tags that convert, such as `!!binary`.
    pub fn resolved(self) -> Option<Resolved> {
        match self.node().form {
            Form::Scalar { tag: ScalarTag::Converted, .. } => None,
            Form::Scalar { style: ScalarStyle::Plain, tag: ScalarTag::None, .. } => {
                Some(resolve(self.text()))
            }
            Form::Scalar { .. } => Some(Resolved::Str),
            _ => None,
        }
    }

    /// Where its anchor begins, if it has one.
    pub fn anchor_start(self) -> Option<usize> {
        let anchor = self.node().anchor.checked_sub(1)?;
        Some(self.tree.anchors[anchor as usize].start as usize)
    }

    /// The aliases that stand for this node, in the order of the text.
    pub fn aliases(self) -> impl Iterator<Item = Self> {
        let refers = move |node: &Node| node.form == Form::Alias && node.text == self.at;
        let found = self.tree.nodes.iter().enumerate().filter(move |(_, node)| refers(node));
        found.map(move |(at, _)| self.with(narrow(at)))
    }

    /// The children of a collection; keys and values in turn for a mapping.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let end = self.node().next;
        let first = (self.at + 1 < end).then(|| self.with(self.at + 1));
        std::iter::successors(first, move |child| {
            let next = child.node().next;
            (next < end).then(|| child.with(next))
        })
    }

    /// The pairs of a mapping; none for other nodes.
    pub fn pairs(self) -> impl Iterator<Item = (Self, Self)> {
        let mut children =
            (self.kind() == Kind::Map).then(|| self.children()).into_iter().flatten();
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// Line from 1.
    pub fn line(self) -> usize {
        1 + self.source[..self.span().start].bytes().filter(|byte| *byte == b'\n').count()
    }

    /// Every node at and below this one.
    pub fn subtree(self) -> impl ExactSizeIterator<Item = Self> {
        (self.at as usize..self.node().next as usize).map(move |at| self.with(narrow(at)))
    }

    fn node(self) -> &'a Node {
        &self.tree.nodes[self.at as usize]
    }

    fn with(self, at: u32) -> Self {
        Self { at, ..self }
    }
}
