//! A list to choose from on a terminal, which narrows as one types.
//!
//! `Picker` is a value: keys in, frames out. The terminal is a thin door, see [`Terminal`].

use std::io;

use unicode_width::UnicodeWidthStr;

mod frame;
pub mod keys;

use self::frame::{Frame, fit, fit_end};
pub use self::frame::{Size, WIPE};
use self::keys::Key;
use super::output::escape_line;
use super::{Session, Stop};
use crate::core::kubeconfig::LoadPaths;
use crate::core::x509::name::is_unprintable;
use crate::core::{self as acts, ContextError, ContextNames, Error, store};

/// The most names that are shown at a time: a list longer than that is narrowed faster than it is read.
const MOST: usize = 20;

/// A terminal that gives one key after the other, and is as it was before when the value is dropped.
pub trait Terminal {
    /// Waits for the next event.
    fn next(&mut self) -> io::Result<Event>;
    /// How large it is now.
    fn size(&self) -> Size;
}

/// What comes from a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Somebody asks this process to end, or the terminal has gone.
    End,
    /// A key.
    Key(Key),
    /// Another size.
    Resized,
}

/// Takes the terminal over; `None` where standard input or standard error is none.
pub type Open<'a> = &'a dyn Fn() -> io::Result<Option<Box<dyn Terminal>>>;

/// How a choice ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Choice {
    Nothing,
    Item(usize),
}

/// The names, what was typed, and where one is.
struct Picker {
    items: Vec<Item>,
    filter: String,
    /// Those of the items in which the filter is.
    matches: Vec<usize>,
    /// Where in the matches one is.
    at: usize,
    /// The first of the matches that is to be seen, and how many are.
    top: usize,
    rows: usize,
}

struct Item {
    /// As it is shown, without control characters.
    label: String,
    /// As it is looked for.
    folded: String,
    is_current: bool,
}

impl Picker {
    fn new(names: &ContextNames) -> Self {
        let item = |name: &String| {
            let (label, is_current) = (escape_line(name), names.current.as_ref() == Some(name));
            Item { folded: label.to_lowercase(), label, is_current }
        };
        let items: Vec<Item> = names.names.iter().map(item).collect();
        let at = items.iter().position(|item| item.is_current).unwrap_or(0);
        let matches = (0..items.len()).collect();
        Self { items, filter: String::new(), matches, at, top: 0, rows: 1 }
    }

    /// What a key does; a choice ends it.
    fn press(&mut self, key: Key) -> Option<Choice> {
        let last = self.matches.len().saturating_sub(1);
        match key {
            Key::Cancel => return Some(Choice::Nothing),
            Key::Enter => return self.matches.get(self.at).map(|item| Choice::Item(*item)),
            Key::Char(c) if is_unprintable(c) => {}
            Key::Char(c) => self.narrow(|filter| filter.push(c)),
            Key::Backspace => self.narrow(|filter| {
                filter.pop();
            }),
            Key::Clear => self.narrow(String::clear),
            Key::Up => self.at = self.at.saturating_sub(1),
            Key::Down => self.at = (self.at + 1).min(last),
            Key::PageUp => self.at = self.at.saturating_sub(self.rows),
            Key::PageDown => self.at = (self.at + self.rows).min(last),
            Key::Home => self.at = 0,
            Key::End => self.at = last,
            Key::Other => {}
        }
        None
    }

    /// Every word of the filter must be somewhere in a name, large or small.
    fn narrow(&mut self, change: impl FnOnce(&mut String)) {
        let before = self.filter.clone();
        change(&mut self.filter);
        if self.filter == before {
            return;
        }
        let folded = self.filter.to_lowercase();
        let words: Vec<&str> = folded.split_whitespace().collect();
        let is_match = |item: &Item| words.iter().all(|word| item.folded.contains(word));
        self.matches = (0..self.items.len()).filter(|i| is_match(&self.items[*i])).collect();
        (self.at, self.top) = (0, 0);
    }

    /// What is to be seen in a terminal of this size.
    fn frame(&mut self, size: Size) -> Frame {
        // A character in the last column makes some terminals go on to the next line.
        let columns = size.columns.saturating_sub(1);
        self.scroll(size.lines.saturating_sub(1).clamp(1, MOST));
        let end = self.matches.len().min(self.top + self.rows);
        let line = |(number, item): (usize, &usize)| {
            let item = &self.items[*item];
            let pointer = if self.top + number == self.at { ">" } else { " " };
            let mark = if item.is_current { "*" } else { " " };
            fit(&format!("{pointer} {mark} {}", item.label), columns)
        };
        let lines: Vec<String> = self.matches[self.top..end].iter().enumerate().map(line).collect();
        let typed = format!("switch to: {}", self.filter);
        let typed = if typed.width() <= columns { typed } else { fit_end(&self.filter, columns) };
        let count = format!("  {} of {}", self.matches.len(), self.items.len());
        let count = if typed.width() + count.width() <= columns { count } else { String::new() };
        let chosen = (!lines.is_empty()).then(|| self.at - self.top);
        Frame { typed, count, lines, chosen }
    }

    /// Keeps the line where one is among those that are to be seen.
    fn scroll(&mut self, rows: usize) {
        self.rows = rows;
        let highest = self.matches.len().saturating_sub(rows);
        self.top = self.top.clamp((self.at + 1).saturating_sub(rows), self.at).min(highest);
    }
}

impl Session<'_> {
    /// Lets whoever sits at the terminal choose a context.
    pub(super) fn pick(&mut self, paths: &LoadPaths) -> Result<String, Stop> {
        let names = acts::context_names(paths)?;
        let mut terminal = self.take_terminal()?.ok_or(ContextError::NoTerminal)?;
        let choice = self.choose(&mut Picker::new(&names), &mut *terminal);
        self.out.draw(WIPE)?;
        match choice? {
            Choice::Item(item) => Ok(names.names[item].clone()),
            Choice::Nothing => Err(ContextError::NotChosen.into()),
        }
    }

    /// `None` also for one on which the cursor cannot move.
    fn take_terminal(&self) -> Result<Option<Box<dyn Terminal>>, Error> {
        let term = (self.environment)("TERM").unwrap_or_default();
        if term.is_empty() || term == "dumb" {
            return Ok(None);
        }
        self.open_terminal()
    }

    /// `None` where nobody sits at one.
    pub(super) fn open_terminal(&self) -> Result<Option<Box<dyn Terminal>>, Error> {
        let path = "the terminal".into();
        Ok((self.terminal)().map_err(|source| store::Error::Io { doing: "use", path, source })?)
    }

    fn choose(&mut self, picker: &mut Picker, terminal: &mut dyn Terminal) -> io::Result<Choice> {
        let colours = (self.environment)("NO_COLOR").is_none_or(|value| value.is_empty());
        loop {
            self.out.draw(&picker.frame(terminal.size()).drawn(colours))?;
            let choice = match terminal.next()? {
                Event::End => Some(Choice::Nothing),
                Event::Key(key) => picker.press(key),
                Event::Resized => None,
            };
            if let Some(choice) = choice {
                return Ok(choice);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: Size = Size { columns: 40, lines: 4 };

    fn picker(names: &[&str], current: &str) -> Picker {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Picker::new(&ContextNames { names, current: Some(current.to_owned()) })
    }

    fn numbered(count: usize) -> Picker {
        let names: Vec<String> = (0..count).map(|number| format!("cluster-{number:03}")).collect();
        picker(&names.iter().map(String::as_str).collect::<Vec<_>>(), "cluster-000")
    }

    /// What is to be seen after these keys.
    fn after(picker: &mut Picker, keys: &[Key]) -> String {
        for key in keys {
            picker.frame(SMALL);
            assert_eq!(picker.press(*key), None, "{key:?}");
        }
        shown(picker)
    }

    fn shown(picker: &mut Picker) -> String {
        let frame = picker.frame(SMALL);
        let first = format!("{}|{}", frame.typed, frame.count);
        [vec![first], frame.lines].concat().join("\n")
    }

    fn typed(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).collect()
    }

    #[test]
    fn one_begins_at_the_current_context() {
        let mut picker = picker(&["dev", "prod", "test"], "prod");
        assert_eq!(shown(&mut picker), "switch to: |  3 of 3\n    dev\n> * prod\n    test");
        assert_eq!(picker.press(Key::Enter), Some(Choice::Item(1)));
    }

    #[test]
    fn the_list_narrows_as_one_types_and_widens_again() {
        let mut picker = picker(&["dev-east", "prod-EAST", "prod-west"], "prod-west");
        let narrow = after(&mut picker, &typed("pr ea"));
        assert_eq!(narrow, "switch to: pr ea|  1 of 3\n>   prod-EAST");
        assert_eq!(picker.press(Key::Enter), Some(Choice::Item(1)));
        let wider = after(&mut picker, &[Key::Backspace, Key::Backspace, Key::Down]);
        assert_eq!(wider, "switch to: pr |  2 of 3\n    prod-EAST\n> * prod-west");
        assert_eq!(after(&mut picker, &typed("x")), "switch to: pr x|  0 of 3");
        assert_eq!(
            after(&mut picker, &[Key::Enter, Key::Down, Key::PageUp, Key::End]),
            "switch to: pr x|  0 of 3"
        );
        assert!(
            after(&mut picker, &[Key::Clear]).starts_with("switch to: |  3 of 3\n>   dev-east")
        );
        assert_eq!(picker.press(Key::Cancel), Some(Choice::Nothing));
    }

    #[test]
    fn a_thousand_are_walked_through_by_lines_pages_and_ends() {
        use Key::*;
        let mut picker = numbered(1000);
        let at = |picker: &mut Picker, keys: &[Key]| {
            let screen = after(picker, keys);
            let line =
                screen.lines().find(|line| line.starts_with('>')).expect("a line").to_owned();
            assert_eq!(screen.lines().count(), 4);
            line[line.len() - 3..].to_owned()
        };
        assert_eq!(at(&mut picker, &[Down, Down, Down, Down, Up]), "003");
        assert_eq!(at(&mut picker, &[PageDown, PageDown]), "009");
        assert_eq!(at(&mut picker, &[PageUp]), "006");
        assert_eq!(at(&mut picker, &[End, Down]), "999");
        assert_eq!(at(&mut picker, &[Home, Up]), "000");
        assert_eq!(at(&mut picker, &typed("77")), "077");
        assert_eq!(at(&mut picker, &[Down]), "177");
    }

    #[test]
    fn names_are_cut_to_a_narrow_window_and_control_characters_are_written_out() {
        let mut picker = picker(&["a-name-that-is-long", "evil\x1b[31m\nx"], "none");
        let frame = picker.frame(Size { columns: 12, lines: 9 });
        assert_eq!((frame.typed.as_str(), frame.count.as_str()), ("switch to: ", ""));
        assert_eq!(frame.lines, [">   a-name…", "    evil\\u…"]);
        let wide = picker.frame(Size { columns: 80, lines: 9 });
        assert_eq!(wide.lines[1], "    evil\\u{1b}[31m\\nx");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_or_higher_than_the_window(
            columns in 0..40_usize, lines in 0..9_usize, keys in "[a-z ]{0,30}", down in 0..30_usize,
        ) {
            let mut picker = picker(&["名前", "abc", "a-very-long-name-of-a-context", "b c"], "abc");
            for key in keys.chars().map(Key::Char).chain((0..down).map(|_| Key::Down)) {
                picker.press(key);
            }
            let frame = picker.frame(Size { columns, lines });
            prop_assert!(frame.lines.len() < lines.max(2));
            let all = frame.lines.iter().chain([&frame.typed]);
            prop_assert!(all.map(|line| line.width()).max() <= Some(columns.saturating_sub(1)));
            prop_assert!(!frame.drawn(false).contains(is_unprintable_but_ours));
        }
    }

    fn is_unprintable_but_ours(c: char) -> bool {
        is_unprintable(c) && !['\x1b', '\r', '\n'].contains(&c)
    }
}
