//! Renewal: which certificates that are there get a next one, who signs it, with which key, and what becomes of their files.
//!
//! The next certificate says all that the old one said ([`Certificate::reissue`]). Pure, as a plan is: what is there comes in as
//! a [`Survey`], what will be done goes out as [`Renewals`], and with keys and serial numbers that were drawn for it these
//! become changes ([`carry_out`]). Rotation is the same work with other [`Authority`]s: those say who signed what is there, and
//! who signs now.

mod authority;
mod decide;
mod error;
mod files;
mod found;
mod judge;
mod note;
mod select;
mod sign;

use std::path::{Path, PathBuf};

use crate::core::changes::folder_of;
use crate::core::spec::{Folders, Pair};
use crate::core::x509::cert::SanChanges;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::time::{Period, Until};

#[cfg(doc)]
use crate::core::x509::cert::Certificate;

pub use authority::{Authority, Signer};
pub use decide::{Item, NextKey, Renewals, Step, decide};
pub use error::{Error, Failure, Why};
pub use found::{At, Found, FoundKey, Place, Survey, referred};
pub use note::Note;
pub use select::{Sought, is_looked_at, place, sought};
pub use sign::{Drawn, Issued, Outcome, carry_out};

/// What is to be renewed, and what is to be otherwise then.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The folder that keeps the lock, the journal and the backups.
    pub home: PathBuf,
    /// The working folder, absolute: where paths that were typed start.
    pub folder: PathBuf,
    /// Where CAs are looked for.
    pub cas: PathBuf,
    /// Where certificates and kubeconfigs are looked for.
    pub folders: Vec<Folders>,
    /// The one CA that counts, wherever it is; `None` for all.
    pub ca: Option<Pair>,
    /// Which of the certificates.
    pub which: Which,
    /// Only those that end within this time, or have ended.
    pub within: Option<Period>,
    /// What is to be otherwise.
    pub terms: Terms,
}

/// Which certificates.
#[derive(Clone, Debug)]
pub enum Which {
    /// All that the CAs signed, but for those that are named here.
    All {
        /// Names as for [`Which::Named`].
        except: Vec<String>,
    },
    /// Each of these: a name of the catalog or of files in the certificate folder, or a path of a certificate or kubeconfig.
    Named(Vec<String>),
}

/// What is to be otherwise in the next certificates.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// When they end; `None` for as long after their start as the old ones.
    pub until: Option<Until>,
    /// Names that come and go.
    pub sans: SanChanges,
    /// Where their keys come from.
    pub key: KeyTerms,
}

/// Where the keys of the next certificates come from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyTerms {
    /// New ones of the kinds of the old ones.
    #[default]
    New,
    /// New ones of this kind.
    Kind(KeyType),
    /// The old ones.
    Same,
}

impl Wanted {
    /// Whether a file is in one of the folders that are looked through.
    fn is_within(&self, file: &Path) -> bool {
        self.folders.iter().any(|folders| {
            file.starts_with(&folders.certificates) || folder_of(file) == folders.kubeconfigs
        })
    }
}
