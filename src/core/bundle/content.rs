//! Whether files are what their names say: nothing else is handed over, or taken over.

use super::error::{Error, Place};
use super::items::{Entry, Etcd, Item, Kind, items};
use super::{Bytes, Contents};
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain;
use crate::core::x509::pem;
use crate::core::x509::private_key::{self, PrivateKey};
use crate::core::x509::public_key::{self, PublicKey};

/// Checks every file, and that those which belong together do. `place` names a file in errors.
pub(super) fn check(
    etcd: Etcd,
    contents: &Contents,
    place: &dyn Fn(&Entry) -> Place,
) -> Result<(), Error> {
    items(etcd).iter().try_for_each(|item| check_item(item, contents, place))
}

fn check_item(
    item: &Item,
    contents: &Contents,
    place: &dyn Fn(&Entry) -> Place,
) -> Result<(), Error> {
    let bytes = |entry: &Entry| contents.get(&entry.name).cloned().unwrap_or_default();
    let keys = public_keys(item.kind, &bytes(&item.public));
    let keys =
        keys.map_err(|why| Error::Content { place: place(&item.public), why, hint: None })?;
    let Some(private) = &item.private else { return Ok(()) };
    let key = PrivateKey::from_pem(&bytes(private)).map_err(|error| {
        let place = place(private);
        let hint = place.file().filter(|_| is_of_form(&error)).and_then(|path| error.hint(path));
        Error::Content { place, why: error.to_string(), hint }
    })?;
    if keys.contains(key.public_key()) {
        Ok(())
    } else {
        Err(Error::Foreign { public: place(&item.public), private: place(private) })
    }
}

/// Whether the key is good, and only has to be written in another form.
fn is_of_form(error: &private_key::Error) -> bool {
    matches!(error, private_key::Error::Encrypted | private_key::Error::NoPublicKey)
}

/// The keys that a public file vouches for: that of its first certificate, or all that it holds.
fn public_keys(kind: Kind, bytes: &Bytes) -> Result<Vec<PublicKey>, String> {
    let blocks = pem::blocks(bytes).map_err(|error| error.to_string())?;
    // Everybody may read it.
    if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err("it holds a private key, and is no place for one".to_owned());
    }
    if kind == Kind::TokenKeys {
        let keys = public_key::all_in(bytes);
        return if keys.is_empty() { Err("no public key in it".to_owned()) } else { Ok(keys) };
    }
    let chain = Certificate::chain_from_pem(bytes).map_err(|error| error.to_string())?;
    let first = &chain[0];
    if kind != Kind::Client && !first.extensions().is_ca() {
        return Err(chain::Error::NotACa { subject: first.subject().to_string() }.to_string());
    }
    Ok(vec![first.public_key().clone()])
}
