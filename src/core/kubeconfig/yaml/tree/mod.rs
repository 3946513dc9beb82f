//! The first document of a YAML text as a flat tree, with the byte span of every node.
//!
//! Nodes stand in the order of the text, each before its children, so that nothing here recurses and a node costs 28 bytes.
//! The spans are granit-parser's, measured to be byte offsets that hold with BOM, CRLF and any UTF-8.

mod builder;
mod cursor;

use granit_parser::{Event, Parser, ScalarStyle};
use zeroize::Zeroizing;

use builder::{Builder, syntax};

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
        let mut builder = Builder::new(source);
        let mut parser = Parser::new_from_str_with_options(source, options);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(syntax)?;
            let range = span.byte_range().unwrap_or_default();
            if !builder.take(event, range, || (span.start.line(), span.start.col() + 1))? {
                break;
            }
        }
        let mut tree = builder.done();
        // What follows is not read: a second document, or even garbage after `...`.
        tree.has_more_documents =
            !matches!(parser.next_event(), None | Some(Ok((Event::StreamEnd, _))));
        Ok(tree)
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

/// Offsets fit: `File::parse` bounds the size first.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
