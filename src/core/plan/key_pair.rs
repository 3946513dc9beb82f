//! Bare key pairs: the keys of service-account tokens.

use super::planner::Planner;
use super::{Difference, Error, Kept, KeyPair, KeyStep, Note, Step};
use crate::core::spec::{Destination, KeyPairSpec, KeySpec};
use crate::core::x509::private_key::PrivateKey;

impl Planner<'_> {
    /// A public key without its private one is never replaced unasked: every token that it verifies would die.
    pub(super) fn key_pair(&mut self, spec: &KeyPairSpec) -> Result<Step, Error> {
        let own =
            KeySpec::Own { to: Destination::File(spec.private.clone()), key_type: spec.key_type };
        let key = self.found_key(&own)?;
        let public = self.inventory.bytes("public key", &spec.public)?;
        let how = match (&key, public) {
            (None, None) => return self.new_key_pair(spec, &own),
            (None, Some(_)) => {
                Some(format!("its private key {} is missing", spec.private.display()))
            }
            (Some((_, key)), _)
                if spec.key_type.is_some_and(|kind| key.public_key().key_type() != Some(kind)) =>
            {
                let wanted = spec.key_type.map(|kind| kind.to_string()).unwrap_or_default();
                Some(format!("the key is {}, not {wanted}", key.public_key()))
            }
            (Some((_, key)), Some(public)) if !self.is_half_of(public, key) => {
                Some(format!("it is not the public half of {}", spec.private.display()))
            }
            (Some(_), _) => None,
        };
        match (how, key, public) {
            (Some(how), ..) => match self.differ(Difference::new(spec.public.clone(), vec![how])) {
                Some(step) => Ok(step),
                None => {
                    self.notes.push(Note::SigningKeyReplaced(spec.public.clone()));
                    self.new_key_pair(spec, &own)
                }
            },
            (None, Some((path, key)), Some(_)) => {
                self.note_open_key(&path);
                Ok(Step::Keep(Kept {
                    file: spec.public.clone(),
                    chain: Vec::new(),
                    key: Some((path, key)),
                    about: "public key".to_owned(),
                }))
            }
            (None, Some((path, key)), None) => self.write(spec, KeyStep::Have { key, path }),
            (None, None, _) => self.new_key_pair(spec, &own),
        }
    }

    fn new_key_pair(&mut self, spec: &KeyPairSpec, own: &KeySpec) -> Result<Step, Error> {
        let key = self.key_step(own, None, true)?;
        self.write(spec, key)
    }

    fn write(&self, spec: &KeyPairSpec, key: KeyStep) -> Result<Step, Error> {
        let public = self.target("public key", &Destination::File(spec.public.clone()))?;
        Ok(Step::KeyPair(Box::new(KeyPair { key, public })))
    }

    fn is_half_of(&self, public: &[u8], key: &PrivateKey) -> bool {
        self.inventory.public_keys(public).iter().any(|found| found == key.public_key())
    }
}
