//! Requests for a CA elsewhere.

use super::differences::of_request;
use super::planner::Planner;
use super::{Ask, Error, Kept, Step};
use crate::core::inventory;
use crate::core::spec::RequestSpec;

impl Planner<'_> {
    pub(super) fn request(&mut self, spec: &RequestSpec) -> Result<Step, Error> {
        let key = self.found_key(&spec.key)?;
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
            key: self.key_step(&spec.key, key)?,
            to: self.target("request", &spec.request)?,
        })))
    }
}
