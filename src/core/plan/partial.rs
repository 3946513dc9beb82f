//! What kubeconfigs have inside: a key, and its certificate unless that is still to come from elsewhere.

use std::path::Path;

use super::kubeconfig::{NOT_MADE_YET, entries, known, known_ca};
use super::planner::Planner;
use super::{CertificateAndKey, Credential, Error, KeyStep, KnownCredential, Part, Step};
use crate::core::kubeconfig::{NamedUser, NewEntries, Secret, View};
use crate::core::spec::{Credentials, KubeconfigSpec};
use crate::core::x509::cert::{Certificate, chain_to_pem};
use crate::core::x509::private_key::PrivateKey;

/// The certificate in a kubeconfig, if it has come back yet, and its key.
type Inside = (Option<Vec<Certificate>>, PrivateKey);

impl Planner<'_> {
    /// The credential of a kubeconfig whose certificate is signed elsewhere; `None` for all others.
    pub(super) fn signed_elsewhere(
        &mut self,
        spec: &KubeconfigSpec,
    ) -> Result<Option<Part<CertificateAndKey>>, Error> {
        let there = self.inside_as_it_is(spec)?;
        let Some((index, step)) = self.step_inside(spec) else { return Ok(None) };
        Ok(match step {
            Step::Import(import) => there.map(|there| {
                Part::Known(CertificateAndKey { chain: chain_to_pem(&import.chain), ..there })
            }),
            Step::Request(ask) => match ask.key {
                KeyStep::Have { .. } => there.map(Part::Known),
                KeyStep::Draw { .. } | KeyStep::Foreign(_) => Some(Part::Step(index)),
            },
            // It was asked for before.
            Step::Keep(kept) if kept.chain.is_empty() => there.map(Part::Known),
            _ => None,
        })
    }

    /// What a kubeconfig is, in a few words.
    pub(super) fn about(&self, spec: &KubeconfigSpec) -> String {
        let lacks = match self.step_inside(spec) {
            Some((_, Step::Keep(kept))) => kept.chain.is_empty(),
            Some((_, Step::Request(_))) => true,
            _ => false,
        };
        let but = if lacks { ", its certificate still missing" } else { "" };
        format!("kubeconfig with the context {}{but}", spec.context)
    }

    /// Whether the certificate of a kubeconfig's user may take the place of another one.
    pub(super) fn imports(&self, spec: &KubeconfigSpec) -> bool {
        matches!(self.step_inside(spec), Some((_, Step::Import(_))))
    }

    /// The entries that will be in a kubeconfig, with a stand-in for a certificate that is still to be made for a key inside.
    pub(super) fn expected(
        &mut self,
        spec: &KubeconfigSpec,
        ca: &Part<Vec<Certificate>>,
        credential: &Credential,
    ) -> Result<NewEntries, Error> {
        let ca = known_ca(ca);
        if let Credential::Certificate(Part::Step(index)) = credential
            && let Some(KeyStep::Have { path, .. }) = self.steps[*index].key()
            && Some(path.as_path()) == spec.out.path()
            && let Some(there) = self.inside_as_it_is(spec)?
        {
            let there = CertificateAndKey { chain: NOT_MADE_YET.to_owned(), ..there };
            return Ok(entries(spec, &ca, &KnownCredential::Certificate(&there)));
        }
        Ok(entries(spec, &ca, &known(credential)))
    }

    /// The key that a user of a kubeconfig has in it, and its certificate: none before it comes back from elsewhere.
    pub(super) fn inside(&mut self, path: &Path, user: &str) -> Result<Option<Inside>, Error> {
        let file = match self.file(path) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(Error::Kubeconfig(error)) => {
                return Err(Self::unreadable(path.to_owned(), error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let view = View::new(std::slice::from_ref(&*file));
        let Some(found) = view.entry::<NamedUser>(user) else { return Ok(None) };
        let (chain, key) =
            (&found.entry.user.client_certificate_data, &found.entry.user.client_key_data);
        let Ok(key) = PrivateKey::from_pem(key.expose()) else { return Ok(None) };
        match Certificate::chain_from_pem(chain.expose()) {
            Ok(chain) => Ok(Some((Some(chain), key))),
            Err(_) => Ok(chain.is_empty().then_some((None, key))),
        }
    }

    /// The step for the certificate inside of a kubeconfig.
    fn step_inside(&self, spec: &KubeconfigSpec) -> Option<(usize, &Step)> {
        let out = spec.out.path().filter(|_| matches!(spec.credentials, Credentials::Inside))?;
        let index = *self.by_place.get(out)?;
        Some((index, &self.steps[index]))
    }

    /// What the user of a kubeconfig has in it, to the byte.
    fn inside_as_it_is(
        &mut self,
        spec: &KubeconfigSpec,
    ) -> Result<Option<CertificateAndKey>, Error> {
        let Some(out) = spec.out.path() else { return Ok(None) };
        let Some(file) = self.file(out)? else { return Ok(None) };
        let view = View::new(std::slice::from_ref(&*file));
        let Some(found) = view.entry::<NamedUser>(&spec.user) else { return Ok(None) };
        let user = &found.entry.user;
        let Ok(key) = str::from_utf8(user.client_key_data.expose()) else { return Ok(None) };
        let chain = String::from_utf8_lossy(user.client_certificate_data.expose()).into_owned();
        Ok((!key.is_empty()).then(|| CertificateAndKey { chain, key: Secret::new(key) }))
    }
}
