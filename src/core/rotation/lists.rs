//! The revocation list of a CA that is rotated: one by each CA that is trusted.
//!
//! nginx and whoever else takes OpenSSL's word look for a list by the CA that signed the certificate, and refuse each certificate of a CA
//! that has none; a file with both lists has an answer for both CAs. All lists say the same, what either CA has taken back, because etcd
//! reads one list alone, and compares numbers.

use std::path::PathBuf;

use super::anchor::{Anchor, Stage};
use super::bring::Rotation;
use super::error::Error;
use super::files::Touched;
use super::plan::Ground;
use super::side::Side;
use crate::core::x509::crl::Crl;
use crate::core::x509::number::Number;

impl Rotation {
    /// Who signs the revocation list at a stage: all who are trusted, the one that signs certificates first.
    pub fn list_signers(&self, stage: Stage) -> Vec<&Side> {
        self.aim(stage).trusted
    }

    /// What the revocation list lacks at a stage; nothing where there is no list.
    ///
    /// # Errors
    ///
    /// A list that cannot be read as a file.
    pub fn lag_of_list(&self, stage: Stage, ground: &Ground<'_>) -> Result<Option<Touched>, Error> {
        let ca = ground.cert_dir.join(self.entry.anchor.public_file());
        let Some(path) = self.entry.anchor.list_file() else { return Ok(None) };
        let path = ground.cert_dir.join(path);
        let Some(bytes) = ground.inventory.bytes("revocation list", &path)? else {
            return Ok(None);
        };
        let signers = self.list_signers(stage);
        let lists = Crl::all_from_pem(bytes).unwrap_or_default();
        let says_all = |list: &Crl| {
            let listed = list.revoked();
            let is_listed = |serial: &Number| listed.iter().any(|one| one.serial_number == *serial);
            ground.revoked.get(&ca).is_none_or(|revoked| revoked.iter().all(is_listed))
        };
        let is_so = lists.len() == signers.len()
            && lists
                .iter()
                .zip(&signers)
                .all(|(list, signer)| list.is_signed_by(signer.public.key()) && says_all(list));
        let names: Vec<&str> = signers.iter().map(|side| self.which(side)).collect();
        let lacks = format!(
            "does not hold all that is revoked by the word of the {} {}",
            names.join(" and the "),
            self.entry.anchor
        );
        Ok((!is_so).then(|| Touched::lack(path, lacks)))
    }
}

impl Anchor {
    /// The file of the revocation list, below the certificate folder.
    pub fn list_file(self) -> Option<PathBuf> {
        let public = PathBuf::from(self.public_file());
        matches!(self, Self::Authority(_)).then(|| public.with_extension("crl"))
    }
}
