//! From the parser's events to nodes.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, ScalarStyle, ScanError, StructureStyle, Tag};

use super::{Anchor, Error, Form, MAX_NODES, Node, ScalarTag, Tree, narrow};

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
        Self { source, tree: Tree::default(), open: Vec::new(), ids: BTreeMap::new() }
    }

    /// The tree, when all events have been taken.
    pub fn done(mut self) -> Tree {
        self.tree.nodes.shrink_to_fit();
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
