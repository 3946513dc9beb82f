//! The first document of a YAML text as a flat tree, with the byte span of every node.
//!
//! Nodes stand in the order of the text, each before its children, so that nothing here recurses and a node costs 13 bytes.
//! The spans are granit-parser's, measured to be byte offsets that hold with BOM, CRLF and any UTF-8.

mod builder;
mod cursor;

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};
use zeroize::Zeroizing;

use builder::{Builder, syntax};

/// The most nodes that a file may have: 100,000 clusters, users and contexts fit, a bomb does not.
pub const MAX_NODES: usize = 5 << 19;

/// A parsed document. It holds offsets only; [`Tree::root`] joins it with its text.
#[derive(Clone, Default)]
pub struct Tree {
    nodes: Nodes,
    /// In the order of their nodes.
    anchors: Vec<Anchor>,
    /// Texts that differ from their source: escapes, folded lines.
    unescaped: Zeroizing<String>,
    /// Where each of those ends.
    unescaped_ends: Vec<u32>,
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

/// Side by side rather than one after the other, so that nothing is between them.
#[derive(Clone, Default)]
struct Nodes {
    /// Each form that occurs, of which there are few.
    all_forms: Vec<Form>,
    /// Which of them it is.
    forms: Vec<u8>,
    starts: Vec<u32>,
    ends: Vec<u32>,
    /// Collections: the node after this one and all below it. Aliases: the target. Unescaped texts: which of them.
    links: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Anchor {
    node: u32,
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

/// Which node of a document it is, whenever that is parsed.
#[derive(Clone, Copy)]
pub struct NodeIndex(u32);

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
        (self.nodes.len() > 0).then_some(Cursor { source, tree: self, at: 0 })
    }

    /// Whether anything follows the first document.
    pub fn has_more_documents(&self) -> bool {
        self.has_more_documents
    }
}

impl Nodes {
    /// For so many at once: growing would copy them, and leave holes.
    fn with_room(count: usize) -> Self {
        Self {
            all_forms: Vec::new(),
            forms: Vec::with_capacity(count),
            starts: Vec::with_capacity(count),
            ends: Vec::with_capacity(count),
            links: Vec::with_capacity(count),
        }
    }

    fn len(&self) -> usize {
        self.forms.len()
    }

    fn form(&self, at: u32) -> Form {
        self.all_forms[self.forms[at as usize] as usize]
    }

    fn push(&mut self, form: Form, span: &Range<usize>, link: u32) {
        let known = self.all_forms.iter().position(|known| *known == form);
        let which = known.unwrap_or_else(|| {
            self.all_forms.push(form);
            self.all_forms.len() - 1
        });
        self.forms.push(u8::try_from(which).unwrap_or_default());
        self.starts.push(narrow(span.start));
        self.ends.push(narrow(span.end));
        self.links.push(link);
    }

    fn shrink_to_fit(&mut self) {
        self.forms.shrink_to_fit();
        for numbers in [&mut self.starts, &mut self.ends, &mut self.links] {
            numbers.shrink_to_fit();
        }
    }
}

/// Where the text of a scalar stands, if it stands there as it is: without its quotes.
fn inside(span: &Range<usize>, style: ScalarStyle) -> Range<usize> {
    match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            span.start + 1..span.end.saturating_sub(1)
        }
        _ => span.clone(),
    }
}

/// Offsets fit: `File::parse` bounds the size first.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
