//! Walking a tree.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::{Cursor, Form, Kind, NodeIndex, ScalarTag, inside, narrow};
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

    /// The same, to come back to.
    pub fn number(self) -> NodeIndex {
        NodeIndex(self.at)
    }

    /// The node of that number in its document.
    pub fn nth(self, NodeIndex(at): NodeIndex) -> Self {
        self.with(at)
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.form() {
            Form::Alias => Kind::Alias,
            Form::Map { .. } => Kind::Map,
            Form::Scalar { .. } => Kind::Scalar,
            Form::Seq { .. } => Kind::Seq,
        }
    }

    /// Whether it is a collection in brackets.
    pub fn is_flow(self) -> bool {
        matches!(self.form(), Form::Map { flow: true } | Form::Seq { flow: true })
    }

    /// Whether it is `|` or `>` text.
    pub fn is_block_text(self) -> bool {
        matches!(
            self.form(),
            Form::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. }
        )
    }

    /// How it is quoted; block text counts as plain.
    pub fn quote(self) -> Quote {
        match self.form() {
            Form::Scalar { style: ScalarStyle::SingleQuoted, .. } => Quote::Single,
            Form::Scalar { style: ScalarStyle::DoubleQuoted, .. } => Quote::Double,
            _ => Quote::Plain,
        }
    }

    /// Its bytes in the source: without anchor, tag, and the header of block text.
    pub fn span(self) -> Range<usize> {
        self.tree.nodes.starts[self.index()] as usize..self.tree.nodes.ends[self.index()] as usize
    }

    /// The root of its document.
    pub fn document(self) -> Self {
        self.with(0)
    }

    /// What an alias stands for; any other node itself.
    pub fn target(self) -> Self {
        match self.form() {
            Form::Alias => self.with(self.link()),
            _ => self,
        }
    }

    /// The text of a scalar; empty for other nodes.
    pub fn text(self) -> &'a str {
        let tree = self.tree;
        match self.form() {
            Form::Scalar { unescaped: true, .. } => {
                let which = self.link() as usize;
                let end = |which: usize| tree.unescaped_ends[which] as usize;
                let start = which.checked_sub(1).map_or(0, end);
                &tree.unescaped[start..end(which)]
            }
            Form::Scalar { style, .. } => &self.source[inside(&self.span(), style)],
            _ => "",
        }
    }

    /// What client-go makes of a scalar; `None` for other nodes and for tags that convert, such as `!!binary`.
    pub fn resolved(self) -> Option<Resolved> {
        match self.form() {
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
        let anchors = &self.tree.anchors;
        let found = anchors.binary_search_by_key(&self.at, |anchor| anchor.node).ok()?;
        Some(anchors[found].start as usize)
    }

    /// The aliases that stand for this node, in the order of the text.
    pub fn aliases(self) -> impl Iterator<Item = Self> {
        let all = (0..self.tree.nodes.len()).map(move |at| self.with(narrow(at)));
        all.filter(move |node| node.form() == Form::Alias && node.link() == self.at)
    }

    /// The children of a collection; keys and values in turn for a mapping.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let end = self.next();
        let first = (self.at + 1 < end).then(|| self.with(self.at + 1));
        std::iter::successors(first, move |child| {
            let next = child.next();
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
        (self.at as usize..self.next() as usize).map(move |at| self.with(narrow(at)))
    }

    /// The node after this one and all below it.
    fn next(self) -> u32 {
        match self.form() {
            Form::Map { .. } | Form::Seq { .. } => self.link(),
            Form::Alias | Form::Scalar { .. } => self.at + 1,
        }
    }

    fn form(self) -> Form {
        self.tree.nodes.form(self.at)
    }

    fn link(self) -> u32 {
        self.tree.nodes.links[self.index()]
    }

    fn with(self, at: u32) -> Self {
        Self { at, ..self }
    }
}
