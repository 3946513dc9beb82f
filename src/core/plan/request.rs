//! Requests for a CA elsewhere.

use super::certificate::{FoundKey, require_kind};
use super::differences::of_request;
use super::planner::Planner;
use super::{Ask, Difference, Error, Kept, Note, Step};
use crate::core::inventory;
use crate::core::spec::{KeySpec, RequestSpec, Unsigned};
use crate::core::x509::chain;

impl Planner<'_> {
    pub(super) fn request(&mut self, spec: &RequestSpec) -> Result<Step, Error> {
        let key = self.found_key(&spec.key)?;
        // Then a request is made again as it is asked for now; a key that is there stays.
        let for_cluster = matches!(self.unsigned, Unsigned::Request);
        if let (true, KeySpec::Own { key_type, .. }, Some((path, key))) =
            (for_cluster, &spec.key, &key)
        {
            require_kind(path, key, *key_type)?;
        }
        if let Some(step) = self.ca_beside(spec, key.as_ref())? {
            return Ok(step);
        }
        let is_replaced = match spec.request.path() {
            Some(file) => self.inventory.bytes("request", file)?.is_some(),
            None => false,
        };
        if let Some(file) = spec.request.path()
            && self.inventory.bytes("request", file)?.is_some()
        {
            let how = match self.inventory.request(file) {
                Ok(found) => of_request(&found, spec, key.as_ref().map(|(_, key)| key)),
                Err(inventory::Error::Request { source, .. }) => vec![source.to_string()],
                Err(error) => vec![error.to_string()],
            };
            if how.is_empty() {
                return Ok(Step::Keep(Kept {
                    file: file.to_owned(),
                    chain: Vec::new(),
                    // The kubeconfig around a key tells of it.
                    key: key.filter(|_| spec.key.path().is_some()),
                    about: "request".to_owned(),
                }));
            }
            if let Some(step) =
                self.differ(Difference::new(file.to_owned(), how)).filter(|_| !for_cluster)
            {
                return Ok(step);
            }
        }
        let is_replaced = is_replaced && !for_cluster;
        Ok(Step::Request(Box::new(Ask {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            key: self.key_step(&spec.key, key, is_replaced)?,
            to: self.target("request", &spec.request)?,
        })))
    }

    /// The key of a CA is no key for the request of anything else; and a CA that is there is not asked for.
    fn ca_beside(
        &mut self,
        spec: &RequestSpec,
        key: Option<&FoundKey>,
    ) -> Result<Option<Step>, Error> {
        let Some(path) = spec.key.path() else { return Ok(None) };
        let certificate = path.with_extension("crt");
        let beside = self.inventory.chain("certificate", &certificate).ok().flatten();
        let Some(chain) = beside.filter(|found| found[0].extensions().is_ca()) else {
            return Ok(None);
        };
        if spec.profile.is_ca() {
            if key.is_none() {
                self.notes.push(Note::KeyElsewhere(path.to_owned()));
            }
            return Ok(Some(Step::Keep(Kept::certificate(&certificate, chain, None))));
        }
        match key.is_some_and(|(_, key)| chain::belongs(&chain[0], key.public_key()).is_ok()) {
            true => Err(Error::OverCa(chain[0].subject().to_string())),
            false => Ok(None),
        }
    }
}
