//! The sum of the modules' errors.

use crate::core::x509::{key_type, name, number, revocation, san, time};
use crate::core::{
    ContextError, EditsError, ExpiryError, LogError, PackError, RevokeError, backup, bundle,
    catalog, check, inventory, keys, kubeconfig, log, plan, renewal, rotation, sign, spec, store,
};

/// Why an act did not come to its end. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each variant is one module's error, documented there")]
pub enum Error {
    Backup(#[from] backup::Error),
    Pack(#[from] PackError),
    Bundle(#[from] bundle::Error),
    Catalog(#[from] catalog::Error),
    Check(#[from] check::Error),
    Cluster(#[from] spec::ClusterError),
    Config(#[from] spec::ConfigError),
    Context(#[from] ContextError),
    Edit(#[from] kubeconfig::EditError),
    Edits(#[from] EditsError),
    Expiry(#[from] ExpiryError),
    Kubeconfig(#[from] kubeconfig::Error),
    KubeconfigMerged(#[from] kubeconfig::MergedError),
    KubeconfigInput(#[from] kubeconfig::InputError),
    KeyType(#[from] key_type::Error),
    Log(#[from] log::Error),
    Logs(#[from] LogError),
    Keys(#[from] keys::Error),
    Name(#[from] name::Error),
    Number(#[from] number::Error),
    Reason(#[from] revocation::Error),
    FileName(#[from] spec::NameError),
    Inventory(#[from] inventory::Error),
    Plan(#[from] plan::Error),
    Revoke(#[from] RevokeError),
    Rotation(#[from] rotation::Error),
    Renewal(#[from] renewal::Error),
    San(#[from] san::Error),
    Sign(#[from] sign::Error),
    Store(#[from] store::Error),
    Time(#[from] time::Error),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Backup(error) => error.hint(),
            Self::Pack(error) => error.hint(),
            Self::Bundle(error) => error.hint(),
            Self::Catalog(error) => error.hint(),
            Self::Check(error) => error.hint(),
            Self::Cluster(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Context(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Edits(error) => error.hint(),
            Self::Expiry(error) => error.hint(),
            Self::Kubeconfig(error) => error.hint(),
            Self::KubeconfigMerged(error) => error.hint(),
            Self::KubeconfigInput(error) => error.hint(),
            Self::FileName(error) => error.hint(),
            Self::Inventory(error) => error.hint(),
            Self::KeyType(error) => error.hint(),
            Self::Log(error) => error.hint(),
            Self::Logs(error) => error.hint(),
            Self::Keys(_) | Self::Sign(_) => None,
            Self::Name(error) => error.hint(),
            Self::Number(error) => error.hint(),
            Self::Reason(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Revoke(error) => error.hint(),
            Self::Rotation(error) => error.hint(),
            Self::Renewal(error) => error.hint(),
            Self::San(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Time(error) => error.hint(),
        }
    }
}
