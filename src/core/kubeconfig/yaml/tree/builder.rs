//! From the parser's events to nodes.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, ScalarStyle, ScanError, StructureStyle, Tag};

use super::{Anchor, Error, Form, MAX_NODES, Nodes, ScalarTag, Tree, inside, narrow};

/// What has been built so far.
pub(super) struct Builder<'a> {
    source: &'a str,
    tree: Tree,
    open: Vec<u32>,
    /// Parser's anchor id -> node.
    ids: BTreeMap<usize, u32>,
}

impl<'a> Builder<'a> {
    pub fn new(source: &'a str) -> Self {
        // A node has a byte, and one to the next. What is not used is given back, and never was touched.
        let nodes = Nodes::with_room((source.len() / 2 + 2).min(MAX_NODES));
        let tree = Tree { nodes, ..Tree::default() };
        Self { source, tree, open: Vec::new(), ids: BTreeMap::new() }
    }

    /// The tree, when all events have been taken.
    pub fn done(mut self) -> Tree {
        self.tree.nodes.shrink_to_fit();
        // An anchor is told of when its node is, but that of an outer one may come later.
        self.tree.anchors.sort_by_key(|anchor| anchor.node);
        self.tree
    }

    /// Takes one event; false when the first document has ended.
    pub fn take(
        &mut self,
        event: Event<'_>,
        span: Range<usize>,
        place: impl Fn() -> (usize, usize),
    ) -> Result<bool, Error> {
        match event {
            Event::Scalar(text, style, id, tag) => {
                let text = if span.is_empty() && style == ScalarStyle::Plain { "" } else { &*text };
                let unescaped = self.source.get(inside(&span, style)) != Some(text);
                let link = if unescaped { self.unescaped(text) } else { 0 };
                let tag = scalar_tag(tag.as_deref());
                self.push(Form::Scalar { style, tag, unescaped }, span, id, link)?;
            }
            Event::Alias(id) => {
                let target = self.ids.get(&id).copied().unwrap_or(0);
                if self.open.contains(&target) {
                    let (line, column) = place();
                    let what = "an anchored value contains itself".to_owned();
                    return Err(Error::Syntax { line, column, what });
                }
                self.push(Form::Alias, span, 0, target)?;
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

    fn push(&mut self, form: Form, span: Range<usize>, id: usize, link: u32) -> Result<u32, Error> {
        let index = self.tree.nodes.len();
        if index >= MAX_NODES {
            return Err(Error::TooManyNodes);
        }
        let at = narrow(index);
        self.tree.nodes.push(form, &span, link);
        if id != 0 {
            self.ids.insert(id, at);
        }
        Ok(at)
    }

    fn open(&mut self, form: Form, span: Range<usize>, id: usize) -> Result<(), Error> {
        let node = self.push(form, span, id, 0)?;
        self.open.push(node);
        Ok(())
    }

    /// A flow collection ends at its bracket; a block collection where its last child does, without what follows.
    fn close(&mut self, span: Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let nodes = &mut self.tree.nodes;
        let last_end = nodes.ends.last().copied().unwrap_or_default();
        let end = match nodes.form(open) {
            Form::Map { flow: true } | Form::Seq { flow: true } => narrow(span.end),
            _ => last_end.max(nodes.ends[open as usize]),
        };
        nodes.ends[open as usize] = end;
        nodes.links[open as usize] = narrow(nodes.len());
        // So that an enclosing block collection, closed next, sees a bracket and not the last word before it.
        if let Some(parent) = self.open.last() {
            let parent = &mut nodes.ends[*parent as usize];
            *parent = end.max(*parent);
        }
    }

    fn anchor(&mut self, id: usize, span: Range<usize>) {
        let Some(&node) = self.ids.get(&id) else { return };
        self.tree.anchors.push(Anchor { node, start: narrow(span.start) });
    }

    /// Keeps a text that differs from its source, and tells which one it is.
    fn unescaped(&mut self, text: &str) -> u32 {
        self.tree.unescaped.push_str(text);
        self.tree.unescaped_ends.push(narrow(self.tree.unescaped.len()));
        narrow(self.tree.unescaped_ends.len() - 1)
    }
}

fn scalar_tag(tag: Option<&Tag>) -> ScalarTag {
    let Some(tag) = tag else { return ScalarTag::None };
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        None | Some("str") => ScalarTag::Str,
        Some(_) => ScalarTag::Converted,
    }
}

pub(super) fn syntax(error: ScanError) -> Error {
    let marker = error.marker();
    Error::Syntax { line: marker.line(), column: marker.col() + 1, what: error.info() }
}
