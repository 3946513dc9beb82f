//! A file as rows of a list.

use std::path::Path;

use super::places::Source;
use crate::core::changes::Found;
use crate::core::check::{self, Dated, WhatIsDated};
use crate::core::inventory::{self, Inventory};
use crate::core::report::{ExpiryFacts, ExpiryPlace, ExpiryRow, Judgement};
use crate::core::store;

/// A row for everything in a file that has an end, and for what is damaged. `None` where there is no file, and nobody named it.
pub(super) fn rows(source: &Source, by: Judgement) -> Option<Vec<ExpiryRow>> {
    let snapshot = store::read([source.path.clone()]);
    if matches!(snapshot.get(&source.path), Found::Absent) && !source.is_named {
        return None;
    }
    let reader = Reader { source, by };
    Some(match Inventory::new(&snapshot).need("file", &source.path) {
        Err(error) => vec![reader.unreadable(None, true, error.to_string(), error.hint())],
        Ok(bytes) => {
            let found = check::dated(&source.path, bytes, source.is_named).into_iter();
            found.flat_map(|found| reader.rows(found)).collect()
        }
    })
}

/// Makes rows of what was found in one file.
struct Reader<'a> {
    source: &'a Source,
    by: Judgement,
}

impl Reader<'_> {
    fn rows(&self, found: Result<Dated, check::Error>) -> Vec<ExpiryRow> {
        let Dated { place, is_main, what } = match found {
            Ok(dated) => dated,
            Err(error) => {
                return vec![self.unreadable(None, true, error.to_string(), error.hint())];
            }
        };
        match what {
            WhatIsDated::Certificate(it) => {
                vec![self.row(place, is_main, ExpiryFacts::of_certificate(&it, self.by.at))]
            }
            WhatIsDated::Crl(it) => {
                vec![self.row(place, is_main, ExpiryFacts::of_crl(&it, self.by.at))]
            }
            WhatIsDated::File(file) => self.rows_of_named(&file, place, is_main),
        }
    }

    /// The certificates in a file that a kubeconfig names: they are its, wherever they are.
    fn rows_of_named(&self, file: &Path, place: Option<String>, is_main: bool) -> Vec<ExpiryRow> {
        let snapshot = store::read([file.to_owned()]);
        match Inventory::new(&snapshot).need_chain("certificate", file) {
            Ok(chain) => {
                let row = |(index, it)| {
                    let facts = ExpiryFacts::of_certificate(it, self.by.at);
                    self.row(place.clone(), is_main && index == 0, facts)
                };
                chain.iter().enumerate().map(row).collect()
            }
            Err(error) => vec![self.unreadable_named(place, is_main, &error)],
        }
    }

    fn unreadable_named(
        &self,
        place: Option<String>,
        is_main: bool,
        error: &inventory::Error,
    ) -> ExpiryRow {
        let (kubeconfig, owner) = (self.source.path.display(), place.as_deref().unwrap_or("it"));
        let text = format!("{kubeconfig} ({owner}): {error}");
        self.unreadable(place, is_main, text, error.hint())
    }

    fn row(&self, place: Option<String>, is_main: bool, facts: ExpiryFacts) -> ExpiryRow {
        ExpiryRow::found(facts, self.place(place, is_main), self.by)
    }

    fn unreadable(
        &self,
        place: Option<String>,
        is_main: bool,
        error: String,
        hint: Option<String>,
    ) -> ExpiryRow {
        ExpiryRow::unreadable(self.place(place, is_main), error, hint)
    }

    fn place(&self, place: Option<String>, is_main: bool) -> ExpiryPlace {
        let Source { path, name, .. } = self.source;
        ExpiryPlace { name: name.clone(), file: path.clone(), place, is_main }
    }
}
