//! What is to be seen, and how a terminal is told.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns and lines a terminal has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Lines.
    pub lines: usize,
}

/// A line to type into, and lines below it. All fit into the terminal that they are for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frame {
    /// What is typed, after what it is asked for.
    pub typed: String,
    /// How far one has come, behind it.
    pub count: String,
    /// What there is to choose from.
    pub lines: Vec<String>,
    /// Which of them is chosen.
    pub chosen: Option<usize>,
}

impl Frame {
    /// What makes a terminal show it in place of the last one. The cursor stays in the first line, so that whatever comes next
    /// is written over it.
    pub fn drawn(&self, colours: bool) -> String {
        let (reverse, dim, plain) =
            if colours { ("\x1b[7m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let mut out = format!("{}{}{dim}{}{plain}", WIPE, self.typed, self.count);
        for (number, line) in self.lines.iter().enumerate() {
            let is_chosen = self.chosen == Some(number);
            let (begin, end) = if is_chosen { (reverse, plain) } else { ("", "") };
            let _ = write!(out, "\r\n{begin}{line}{end}");
        }
        if !self.lines.is_empty() {
            let _ = write!(out, "\x1b[{}A", self.lines.len());
        }
        out.push('\r');
        match self.typed.width() {
            0 => {}
            width => {
                let _ = write!(out, "\x1b[{width}C");
            }
        }
        out
    }
}

/// Takes away what was drawn: all from the line of the cursor on.
pub const WIPE: &str = "\r\x1b[J";

/// The beginning of a text that fits into `columns`; a cut is marked.
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let cut: String = that_fit(text.chars(), columns.saturating_sub(1)).collect();
    if columns == 0 { cut } else { cut + "…" }
}

/// The end of a text that fits into `columns`.
pub fn fit_end(text: &str, columns: usize) -> String {
    let kept: Vec<char> = that_fit(text.chars().rev(), columns).collect();
    kept.into_iter().rev().collect()
}

/// The first characters that have `room` columns together at most.
fn that_fit(characters: impl Iterator<Item = char>, mut room: usize) -> impl Iterator<Item = char> {
    characters.map_while(move |c| {
        room = room.checked_sub(c.width().unwrap_or_default())?;
        Some(c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_terminal_would_break_it() {
        assert_eq!(fit("prod", 4), "prod");
        assert_eq!(fit("production", 4), "pro…");
        assert_eq!(fit("名前前", 4), "名…");
        assert_eq!((fit("ab", 1), fit("ab", 0)), ("…".to_owned(), String::new()));
        assert_eq!(fit_end("production", 3), "ion");
        assert_eq!(fit_end("a名前", 3), "前");
    }

    #[test]
    fn the_cursor_comes_back_to_what_is_typed() {
        let frame = Frame {
            typed: "> x".to_owned(),
            count: " 2/9".to_owned(),
            lines: vec!["one".to_owned(), "two".to_owned()],
            chosen: Some(1),
        };
        let plain = "\r\x1b[J> x 2/9\r\none\r\ntwo\x1b[2A\r\x1b[3C";
        assert_eq!(frame.drawn(false), plain);
        let coloured = "\r\x1b[J> x\x1b[2m 2/9\x1b[0m\r\none\r\n\x1b[7mtwo\x1b[0m\x1b[2A\r\x1b[3C";
        assert_eq!(frame.drawn(true), coloured);
    }
}
