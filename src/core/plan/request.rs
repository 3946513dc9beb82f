//! Requests for a CA elsewhere.

use std::path::PathBuf;

use super::differences::of_request;
use super::planner::Planner;
use super::{Ask, Error, Kept, Step};
use crate::core::inventory;
use crate::core::spec::{KeySpec, RequestSpec};
use crate::core::x509::chain;
use crate::core::x509::private_key::PrivateKey;

impl Planner<'_> {
    pub(super) fn request(&mut self, spec: &RequestSpec) -> Result<Step, Error> {
        let key = self.found_key(&spec.key)?;
        self.spare_ca_beside(&spec.key, key.as_ref())?;
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
                    key,
                    about: "request".to_owned(),
                }));
            }
            if let Some(step) = self.differ(file, how) {
                return Ok(step);
            }
        }
        Ok(Step::Request(Box::new(Ask {
            subject: spec.subject.clone(),
            profile: spec.profile,
            sans: spec.sans.clone(),
            key: self.key_step(&spec.key, key, is_replaced)?,
            to: self.target("request", &spec.request)?,
        })))
    }

    /// The key of a CA is no key for a request.
    fn spare_ca_beside(
        &self,
        spec: &KeySpec,
        key: Option<&(PathBuf, PrivateKey)>,
    ) -> Result<(), Error> {
        let (Some(path), Some((_, key))) = (spec.path(), key) else { return Ok(()) };
        let beside =
            self.inventory.chain("certificate", &path.with_extension("crt")).ok().flatten();
        let ca =
            beside.as_deref().and_then(<[_]>::first).filter(|found| found.extensions().is_ca());
        match ca.filter(|ca| chain::belongs(ca, key.public_key()).is_ok()) {
            Some(ca) => Err(Error::OverCa(ca.subject().to_string())),
            None => Ok(()),
        }
    }
}
