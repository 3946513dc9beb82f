//! What becomes of one certificate: who signs the next one, until when, with which key; or why there can be none.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use super::authority::{self, Authority, Signer};
use super::decide::{Decision, Item, NextKey, Step};
use super::error::{Failure, Why};
use super::found::{At, Found, FoundKey, Place};
use super::note::Note;
use super::{KeyTerms, Which};
use crate::core::inventory;
use crate::core::x509::cert::{Certificate, is_same};
use crate::core::x509::chain::{self, Ca};
use crate::core::x509::private_key;
use crate::core::x509::time::{self, Moment, Period, Until, Validity};

impl Decision<'_> {
    /// What becomes of one; `None` for one that is not ours to renew.
    pub(super) fn judge(&mut self, found: &Found) -> Result<Option<Step>, Why> {
        let leaf = &found.chain[0];
        let Some(authority) = authority::of(leaf, self.authorities) else {
            let why = self.stranger(leaf);
            if self.is_alone(found) {
                return Err(why);
            }
            self.notes.push(Note::Stays { place: found.place.clone(), why: why.to_string() });
            return Ok(None);
        };
        if let Some((since, reason)) = authority.revoked.get(&leaf.number()) {
            let why = Why::Revoked { since: *since, reason: *reason };
            return match self.wanted.which {
                Which::Named(_) => Err(why),
                Which::All { .. } => {
                    self.revoked += 1;
                    self.notes
                        .push(Note::Stays { place: found.place.clone(), why: why.to_string() });
                    Ok(None)
                }
            };
        }
        if !self.is_due(leaf.validity().not_after) {
            return Ok(Some(Step::Keep));
        }
        self.check_names(leaf)?;
        match &authority.signer {
            Signer::Unfit(error) => Err(Why::Ca(error.clone())),
            Signer::Elsewhere { .. } => self.ask(found, authority).map(Some),
            Signer::Here(ca) => self.renew(found, authority, ca).map(Some),
        }
    }

    /// Who signed it instead of a CA here.
    fn stranger(&self, leaf: &Certificate) -> Why {
        let issuer = leaf.issuer().to_string();
        let names = |ca: &&Authority| ca.certificates.iter().any(|ca| leaf.names_as_issuer(ca));
        match self.authorities.iter().find(names) {
            Some(ca) => Why::Namesake { issuer, ca: ca.file.clone() },
            None => Why::Stranger(issuer),
        }
    }

    /// Whether it was named by itself: of what is in a kubeconfig or a folder, some may be of others.
    fn is_alone(&self, found: &Found) -> bool {
        matches!(self.wanted.which, Which::Named(_))
            && matches!(found.place.certificate, At::File(_))
    }

    fn is_due(&self, end: Moment) -> bool {
        let Some(within) = self.wanted.within else { return true };
        Until::After(within).end(self.now).is_ok_and(|limit| end <= limit)
    }

    fn check_names(&self, leaf: &Certificate) -> Result<(), Why> {
        let sans = &self.wanted.terms.sans;
        let there = leaf.extensions().sans();
        let missing = sans.remove.iter().find(|it| !there.iter().any(|one| is_same(one, it)));
        if let Some(missing) = missing {
            return Err(Why::NoSuchSan(missing.to_string()));
        }
        let left = leaf.sans_after(sans).map_err(|error| Why::Damaged(error.to_string()))?;
        let is_server = leaf.extensions().purposes().iter().any(|it| it == "serverAuth");
        let was_named = !there.is_empty();
        if is_server && was_named && left.is_empty() && leaf.extensions().foreign_sans() == 0 {
            return Err(Why::NoSans);
        }
        Ok(())
    }

    fn ask(&self, found: &Found, authority: &Authority) -> Result<Step, Why> {
        let key = match (self.wanted.terms.key, &found.key) {
            (KeyTerms::Kind(_), _) => return Err(Why::KeyStays("--key-type is for a new one")),
            (_, FoundKey::Here(key)) => key.clone(),
            (_, other) => return Err(unusable(found, other)),
        };
        let request = found.request.clone();
        Ok(Step::Ask { ca: authority.file.clone(), request, key })
    }

    fn renew(&mut self, found: &Found, authority: &Authority, ca: &Rc<Ca>) -> Result<Step, Why> {
        let leaf = &found.chain[0];
        let key = self.next_key(found)?;
        let asked =
            self.validity(leaf.validity()).map_err(|error| Why::Damaged(error.to_string()))?;
        let end = ca.certificate().validity().not_after;
        let validity = asked.clamped(end);
        if asked.not_after > end {
            let gains = end > leaf.validity().not_after;
            if self.wanted.within.is_some() && !gains {
                return Err(Why::CaEnds { ca: authority.file.clone(), end });
            }
            self.note_clamped(&authority.file, end);
        }
        // What stood behind it led to the CA that signed it.
        let behind = match chain::is_issued_by(leaf, ca.certificate()) {
            true => None,
            false => {
                Some(ca.chain().iter().take_while(|it| !it.is_self_issued()).cloned().collect())
            }
        };
        let authority = authority.file.clone();
        Ok(Step::Renew { validity, key, ca: ca.clone(), authority, behind })
    }

    /// Once for each CA.
    fn note_clamped(&mut self, file: &Path, until: Moment) {
        let known = self.notes.iter_mut().find_map(|note| match note {
            Note::Clamped { ca, count, .. } if ca == file => Some(count),
            _ => None,
        });
        match known {
            Some(count) => *count += 1,
            None => self.notes.push(Note::Clamped { ca: file.to_owned(), end: until, count: 1 }),
        }
    }

    /// As long as the old one, unless somebody said otherwise.
    fn validity(&self, old: Validity) -> Result<Validity, time::Error> {
        if let Some(until) = self.wanted.terms.until {
            return Validity::new(self.now, until);
        }
        match old.again(self.now) {
            next if next.not_after > self.now => Ok(next),
            // It was never good for longer than clocks differ.
            _ => Validity::new(self.now, Until::After(Period::days(1))),
        }
    }

    fn next_key(&self, found: &Found) -> Result<NextKey, Why> {
        let public = found.chain[0].public_key();
        match (self.wanted.terms.key, &found.key) {
            // The public half is all that it takes.
            (KeyTerms::Same, FoundKey::Here(_) | FoundKey::Missing | FoundKey::Unusable(_)) => {
                match public.weakness() {
                    None => Ok(NextKey::Same),
                    Some(weakness) => Err(Why::KeyKind(weakness)),
                }
            }
            (KeyTerms::Kind(kind), FoundKey::Here(_)) => Ok(NextKey::Draw(kind)),
            (KeyTerms::Kind(kind), FoundKey::Unusable(error)) if is_unknown(error) => {
                Ok(NextKey::Draw(kind))
            }
            (KeyTerms::New, FoundKey::Unusable(error)) if is_unknown(error) => {
                Err(Why::KeyKind(public.to_string()))
            }
            (KeyTerms::New, FoundKey::Here(_)) => {
                let kind = public.key_type().ok_or_else(|| Why::KeyKind(public.to_string()))?;
                Ok(NextKey::Draw(kind))
            }
            (_, other) => Err(unusable(found, other)),
        }
    }

    /// Two certificates for one key stay so, and no certificate is left without its key.
    pub(super) fn share_keys(&mut self, items: &mut [Item], others: &[Found]) {
        let mut drawn: BTreeMap<At, usize> = BTreeMap::new();
        let mut kept: BTreeMap<At, Place> = others
            .iter()
            .filter(|it| is_paired(it))
            .map(|it| (it.place.key.clone(), it.place.clone()))
            .collect();
        for item in items.iter().filter(|it| !it.draws()) {
            kept.insert(item.found.place.key.clone(), item.found.place.clone());
        }
        for (index, item) in items.iter_mut().enumerate() {
            let Step::Renew { key, .. } = &mut item.step else { continue };
            let NextKey::Draw(kind) = *key else { continue };
            let place = &item.found.place;
            if let Some(other) = kept.get(&place.key) {
                let why = Why::SharedKey { other: other.clone() };
                self.failures.push(Failure { place: place.clone(), why });
            }
            let ca = self.authorities.iter().find(|authority| {
                authority
                    .certificates
                    .iter()
                    .any(|ca| ca.public_key() == item.found.chain[0].public_key())
            });
            if let Some(ca) = ca {
                let why = Why::CaKey(ca.file.clone());
                self.failures.push(Failure { place: place.clone(), why });
            }
            match drawn.get(&place.key) {
                Some(first) => *key = NextKey::Shared { first: *first, kind },
                None => drop(drawn.insert(place.key.clone(), index)),
            }
        }
    }
}

fn is_paired(found: &Found) -> bool {
    matches!(found.key, FoundKey::Here(_))
}

/// Whether a key is of a kind that is not made any more, or never was, and else as it should be.
fn is_unknown(error: &inventory::Error) -> bool {
    use private_key::Error::{TooShort, Unsupported};
    matches!(error, inventory::Error::Key { source: TooShort | Unsupported(_), .. })
}

fn unusable(found: &Found, key: &FoundKey) -> Why {
    match key {
        FoundKey::Foreign(error) => Why::Key(error.clone()),
        FoundKey::Unusable(error) => Why::KeyUnusable(error.clone()),
        FoundKey::Missing | FoundKey::Here(_) => Why::NoKey(found.place.key.file().to_owned()),
    }
}
