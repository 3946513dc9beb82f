//! The first document of a YAML text as a flat tree, with the byte span of every node.
//!
//! Nodes stand in the order of the text, each before its children, so that nothing here recurses and a node costs 40 bytes.
//! The spans are granit-parser's, measured to be byte offsets that hold with BOM, CRLF and any UTF-8.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};
use zeroize::Zeroizing;

use super::scalar::{Quote, Resolved, resolve};

/// The most nodes that a file may have: 100,000 contexts alone fit, a bomb does not.
pub const MAX_NODES: usize = 1 << 20;

/// A parsed document. It holds offsets only; [`Tree::root`] joins it with its text.
#[derive(Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    anchors: Vec<Anchor>,
    /// Texts that differ from their source: escapes, folded lines.
    unescaped: Zeroizing<String>,
    has_more_documents: bool,
}

/// Why a text is no document that we read.
#[derive(Debug)]
pub enum Error {
    /// Against the grammar, at this place.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says; never content.
        what: String,
    },
    /// More than [`MAX_NODES`].
    TooManyNodes,
}

#[derive(Clone, Copy)]
struct Node {
    form: Form,
    start: u32,
    end: u32,
    /// Scalars: the text, in the source or among the unescaped. Aliases: the target.
    text: u32,
    text_len: u32,
    /// The node after this one and all below it.
    next: u32,
    /// Index into `anchors`, plus one.
    anchor: u32,
}

#[derive(Clone, Copy)]
struct Anchor {
    start: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Alias,
    Map { flow: bool },
    Scalar { style: ScalarStyle, tag: ScalarTag, unescaped: bool },
    Seq { flow: bool },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ScalarTag {
    /// `!!binary` and other tags of YAML that change a text.
    Converted,
    None,
    /// `!!str`, and tags of others, which go-yaml reads as strings.
    Str,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `*name`.
    Alias,
    /// `key: value`.
    Map,
    /// A word.
    Scalar,
    /// A list.
    Seq,
}

/// A node of a tree together with its text.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    source: &'a str,
    tree: &'a Tree,
    at: u32,
}

impl Tree {
    /// Parses the first document of `source`; `None` for its root where there is none.
    pub fn parse(source: &str) -> Result<Self, Error> {
        let options = granit_parser::options! { emit_comments: false, emit_anchor_events: true };
        let mut builder =
            Builder { source, tree: Self::default(), open: Vec::new(), ids: BTreeMap::new() };
        let mut parser = Parser::new_from_str_with_options(source, options);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(syntax)?;
            let range = span.byte_range().unwrap_or_default();
            if !builder.take(event, range, || (span.start.line(), span.start.col() + 1))? {
                break;
            }
        }
        // What follows is not read: a second document, or even garbage after `...`.
        builder.tree.has_more_documents =
            !matches!(parser.next_event(), None | Some(Ok((Event::StreamEnd, _))));
        Ok(builder.tree)
    }

    /// The root node; `None` in a text without a document.
    pub fn root<'a>(&'a self, source: &'a str) -> Option<Cursor<'a>> {
        (!self.nodes.is_empty()).then_some(Cursor { source, tree: self, at: 0 })
    }

    /// Whether anything follows the first document.
    pub fn has_more_documents(&self) -> bool {
        self.has_more_documents
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }
}

struct Builder<'a> {
    source: &'a str,
    tree: Tree,
    open: Vec<u32>,
    /// Parser's anchor id -> node.
    ids: BTreeMap<usize, u32>,
}

impl Builder<'_> {
    /// Takes one event; false when the first document has ended.
    fn take(
        &mut self,
        event: Event<'_>,
        span: Range<usize>,
        place: impl Fn() -> (usize, usize),
    ) -> Result<bool, Error> {
        match event {
            Event::Scalar(text, style, id, tag) => {
                let text = if span.is_empty() && style == ScalarStyle::Plain { "" } else { &*text };
                let (text, text_len, unescaped) = self.place_text(text, style, &span);
                let tag = scalar_tag(tag.as_deref());
                let node = self.push(Form::Scalar { style, tag, unescaped }, span, id)?;
                self.tree.nodes[node].text = text;
                self.tree.nodes[node].text_len = text_len;
            }
            Event::Alias(id) => {
                let target = self.ids.get(&id).copied().unwrap_or(0);
                if self.open.contains(&target) {
                    let (line, column) = place();
                    let what = "an anchored value contains itself".to_owned();
                    return Err(Error::Syntax { line, column, what });
                }
                let node = self.push(Form::Alias, span, 0)?;
                self.tree.nodes[node].text = target;
            }
            Event::SequenceStart(style, id, _) => {
                self.open(Form::Seq { flow: style == StructureStyle::Flow }, span, id)?;
            }
            Event::MappingStart(style, id, _) => {
                self.open(Form::Map { flow: style == StructureStyle::Flow }, span, id)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Anchor(id, _) => self.anchor(id, span),
            Event::DocumentEnd => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn push(&mut self, form: Form, span: Range<usize>, id: usize) -> Result<usize, Error> {
        let index = self.tree.nodes.len();
        if index >= MAX_NODES {
            return Err(Error::TooManyNodes);
        }
        let at = narrow(index);
        self.tree.nodes.push(Node {
            form,
            start: narrow(span.start),
            end: narrow(span.end),
            text: 0,
            text_len: 0,
            next: at + 1,
            anchor: 0,
        });
        if id != 0 {
            self.ids.insert(id, at);
        }
        Ok(index)
    }

    fn open(&mut self, form: Form, span: Range<usize>, id: usize) -> Result<(), Error> {
        let node = self.push(form, span, id)?;
        self.open.push(narrow(node));
        Ok(())
    }

    /// A flow collection ends at its bracket; a block collection where its last child does, without what follows.
    fn close(&mut self, span: Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let next = narrow(self.tree.nodes.len());
        let last_end = self.tree.nodes.last().map_or(0, |last| last.end);
        let node = &mut self.tree.nodes[open as usize];
        node.next = next;
        node.end = match node.form {
            Form::Map { flow: true } | Form::Seq { flow: true } => narrow(span.end),
            _ => node.end.max(last_end),
        };
        // So that an enclosing block collection, closed next, sees a bracket and not the last word before it.
        let end = node.end;
        if let Some(parent) = self.open.last() {
            let parent = &mut self.tree.nodes[*parent as usize];
            parent.end = parent.end.max(end);
        }
    }

    fn anchor(&mut self, id: usize, span: Range<usize>) {
        let Some(&node) = self.ids.get(&id) else { return };
        self.tree.anchors.push(Anchor { start: narrow(span.start) });
        self.tree.nodes[node as usize].anchor = narrow(self.tree.anchors.len());
    }

    /// Where the text of a scalar is to be found: in the source where it stands there, else among the unescaped.
    fn place_text(
        &mut self,
        text: &str,
        style: ScalarStyle,
        span: &Range<usize>,
    ) -> (u32, u32, bool) {
        let quote =
            usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
        let start = span.start + quote;
        if self.source.get(start..start + text.len()) == Some(text) {
            return (narrow(start), narrow(text.len()), false);
        }
        let at = self.tree.unescaped.len();
        self.tree.unescaped.push_str(text);
        (narrow(at), narrow(text.len()), true)
    }
}

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

fn scalar_tag(tag: Option<&Tag>) -> ScalarTag {
    let Some(tag) = tag else { return ScalarTag::None };
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        None | Some("str") => ScalarTag::Str,
        Some(_) => ScalarTag::Converted,
    }
}

fn syntax(error: ScanError) -> Error {
    let marker = error.marker();
    Error::Syntax { line: marker.line(), column: marker.col() + 1, what: error.info() }
}

/// Offsets fit: [`File::parse`](crate::core::kubeconfig::File::parse) bounds the size first.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
