//! Files again in other places: what several machines share.

use super::planner::Planner;
use super::{Difference, Duplicate, Error, Kept, Step};
use crate::core::changes::{Bytes, Secrecy};
use crate::core::inventory;
use crate::core::spec::{CopySpec, Destination};

impl Planner<'_> {
    pub(super) fn copy(&mut self, spec: &CopySpec) -> Result<Step, Error> {
        let what = what(spec.secrecy);
        if let Some(step) = self.behind(&spec.to, &spec.from) {
            return Ok(step);
        }
        let Some(source) = self.source(spec)? else { return Ok(Step::Told) };
        let found = self.inventory.bytes(what, &spec.to)?;
        if spec.secrecy == Secrecy::Secret {
            self.note_open_key(&spec.to);
        }
        let is_same = |found: &Bytes| matches!(&source, Source::Known(bytes) if bytes == found);
        match found {
            Some(found) if is_same(found) => {
                return Ok(Step::Keep(Kept {
                    file: spec.to.clone(),
                    chain: Vec::new(),
                    key: None,
                    about: format!("copy of {}", spec.from.display()),
                }));
            }
            Some(_) => {
                let how = format!("it is not the same as {}", spec.from.display());
                if let Some(step) = self.differ(Difference::new(spec.to.clone(), vec![how])) {
                    return Ok(step);
                }
            }
            None => {}
        }
        Ok(Step::Copy(Duplicate {
            from: spec.from.clone(),
            bytes: source.known(),
            secrecy: spec.secrecy,
            to: self.target(what, &Destination::File(spec.to.clone()))?,
        }))
    }

    /// What is to be copied; `None` for a private key that is elsewhere, or what need not be there.
    fn source(&self, spec: &CopySpec) -> Result<Option<Source>, Error> {
        if self.written.contains(&spec.from) {
            return Ok(Some(Source::Written));
        }
        let what = what(spec.secrecy);
        match self.inventory.bytes(what, &spec.from)? {
            Some(bytes) => Ok(Some(Source::Known(bytes.clone()))),
            None if spec.secrecy == Secrecy::Secret || spec.optional => Ok(None),
            None => Err(inventory::Error::Missing { what, path: spec.from.clone() }.into()),
        }
    }
}

/// Where what is copied comes from.
enum Source {
    /// It is there.
    Known(Bytes),
    /// An earlier step writes it.
    Written,
}

impl Source {
    fn known(self) -> Option<Bytes> {
        match self {
            Self::Known(bytes) => Some(bytes),
            Self::Written => None,
        }
    }
}

fn what(secrecy: Secrecy) -> &'static str {
    match secrecy {
        Secrecy::Secret => "key",
        Secrecy::AsFound | Secrecy::Public => "certificate",
    }
}
