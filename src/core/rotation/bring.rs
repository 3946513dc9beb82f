//! A rotation with both sides at hand, and what the files are at each of its stages.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::anchor::{Anchor, Stage};
use super::error::{Error, Missing};
use super::files::{Files, Said, Standing, Touched};
use super::plan::Ground;
use super::side::{Public, Side};
use super::state::{Entry, FILE};
use crate::core::changes::{Bytes, Secrecy};
use crate::core::inventory::Inventory;
use crate::core::x509::cert::Certificate;
use crate::core::x509::chain::is_issued_by;
use crate::core::x509::private_key::PrivateKey;

/// A rotation, with both sides at hand.
pub struct Rotation {
    /// Where it stands.
    pub entry: Entry,
    /// The one that goes.
    pub old: Side,
    /// The one that comes.
    pub new: Side,
    /// The one that comes, as the one that goes has signed it, where that was asked for.
    pub cross: Option<Certificate>,
}

/// What the files are to be at a stage.
pub(super) struct Aim<'a> {
    /// Who is trusted, the one that signs first.
    pub(super) trusted: Vec<&'a Side>,
    /// Who signs.
    pub(super) signer: &'a Side,
    /// Who stands by.
    pub(super) standby: &'a Side,
    /// Whose certificates are to be no more.
    pub(super) from: &'a Side,
    /// Whose they are to be.
    pub(super) to: &'a Side,
}

impl Missing {
    fn lag(&self) -> impl Iterator<Item = Touched> {
        self.paths.iter().map(|path| {
            let inventory = self.inventory.display();
            Touched::lack(path.clone(), format!("is not here, and {inventory} names it"))
        })
    }
}

impl Rotation {
    /// The two sides of a rotation, from the files that it names.
    ///
    /// # Errors
    ///
    /// Files that are not there or of another CA.
    pub fn find(entry: Entry, cert_dir: &Path, inventory: Inventory<'_>) -> Result<Self, Error> {
        let old = side(&entry, "old", &entry.old, cert_dir, inventory)?;
        let new = side(&entry, "new", &entry.new, cert_dir, inventory)?;
        let path = entry.cross_file(cert_dir);
        let cross = match entry.cross_signed {
            true => inventory.need_chain("cross-signed CA", &path)?.into_iter().next(),
            false => None,
        };
        Ok(Self { entry, old, new, cross })
    }

    /// What is still to be done for a stage to be complete.
    pub fn lag(
        &self,
        stage: Stage,
        files: &Files,
        ground: &Ground<'_>,
    ) -> Result<Vec<Touched>, Error> {
        let mut files = files.clone();
        let mut lag = Vec::new();
        self.bring(stage, &mut files, ground)?;
        lag.extend(files.touched());
        lag.extend(self.lag_of_list(stage, ground)?);
        lag.extend(ground.missing.iter().flat_map(Missing::lag));
        lag.extend(ground.servers.iter().flat_map(|server| self.lag_of(stage, server)));
        let (others, _) = self.certificates_of_others(stage, &files, ground);
        let which = self.which(self.aim(stage).from);
        for Standing { certificate, paths } in others {
            let (subject, anchor) = (certificate.subject(), self.entry.anchor);
            let lacks = format!("holds a certificate of `{subject}` by the {which} {anchor}");
            lag.push(Touched::lack(paths[0].clone(), lacks));
        }
        Ok(lag)
    }

    /// The files of a stage, but for certificates that have to be signed.
    pub(super) fn bring(
        &self,
        stage: Stage,
        files: &mut Files,
        ground: &Ground<'_>,
    ) -> Result<(), Error> {
        let anchor = self.entry.anchor;
        let Aim { trusted, signer, standby, .. } = self.aim(stage);
        let publics: Vec<&Public> = trusted.iter().map(|side| &side.public).collect();
        let names: Vec<&str> = trusted.iter().map(|side| self.which(side)).collect();
        let is_single = |path: &Path| is_signing_file(anchor, path);
        let said = Said {
            about: format!("trusts the {} {anchor}", names.join(" and the ")),
            lacks: match trusted.len() {
                1 => format!("does not trust the {} {anchor} alone", names[0]),
                _ => {
                    format!("does not hold the {} {anchor}, in this order", names.join(" and the "))
                }
            },
        };
        files.put_bundles([&self.old.public, &self.new.public], &publics, is_single, &said)?;

        let which = self.which(signer);
        let keys: [&PrivateKey; 2] = [&self.old.key, &self.new.key];
        let said = Said {
            about: format!("key of the {which} {anchor}"),
            lacks: format!("is not the key of the {which} {anchor}"),
        };
        let holders = files.with_key(&anchor.key_file(), keys);
        files.put_key(&holders, &signer.key, &said);
        put_signing(files, anchor, &holders, &signer.public, which, ground)?;
        self.put_standby(files, standby, ground)?;
        self.put_cross(stage, files, ground)
    }

    /// Keeps the new CA as the old one has signed it for as long as both are trusted; then it goes from everywhere.
    fn put_cross(&self, stage: Stage, files: &mut Files, ground: &Ground<'_>) -> Result<(), Error> {
        let Some(cross) = &self.cross else { return Ok(()) };
        let anchor = self.entry.anchor;
        if !crosses(stage) {
            let said = Said {
                about: format!("without the new {anchor} as the old one has signed it"),
                lacks: format!("still holds the new {anchor} as the old one has signed it"),
            };
            let all = files.certificates().into_iter();
            let paths = all.filter(|it| it.certificate == *cross).flat_map(|it| it.paths);
            let paths: Vec<PathBuf> = paths.collect();
            return files.put_certificate(&paths, cross, &[], &said);
        }
        let path = self.entry.cross_file(ground.cert_dir);
        let old = ground.inventory.bytes("file", &path)?.cloned();
        let said = Said {
            about: format!("the new {anchor} as the old one has signed it"),
            lacks: format!("does not hold the new {anchor} as the old one has signed it"),
        };
        let pem = Bytes::new(cross.to_pem().into_bytes());
        files.put(path, old, pem, Secrecy::Public, &said);
        Ok(())
    }

    /// Keeps the one that does not sign.
    fn put_standby(
        &self,
        files: &mut Files,
        side: &Side,
        ground: &Ground<'_>,
    ) -> Result<(), Error> {
        let (public, key) = self.entry.standby_files(ground.cert_dir);
        let which = self.which(side);
        let anchor = self.entry.anchor;
        let said = |what: &str| Said {
            about: format!("{what} of the {which} {anchor}, which stands by"),
            lacks: format!("is not that of the {which} {anchor}"),
        };
        let old = ground.inventory.bytes("file", &public)?.cloned();
        let pem = Bytes::new(side.public.to_pem().into_bytes());
        // Behind an intermediate stands what is above it.
        let found = old.as_ref().and_then(|bytes| Public::all_in(bytes).into_iter().next());
        if found.as_ref() != Some(&side.public) {
            files.put(public, old, pem, Secrecy::Public, &said("public half"));
        }
        let old = ground.inventory.bytes("key", &key)?.cloned();
        let pem = Bytes::new(side.key.to_pem().as_bytes().to_vec());
        files.put(key, old, pem, Secrecy::Secret, &said("key"));
        Ok(())
    }

    /// Certificates that the side signed which no longer is to be used: those that count, and those that have expired or are
    /// revoked.
    pub(super) fn certificates_of_others(
        &self,
        stage: Stage,
        files: &Files,
        ground: &Ground<'_>,
    ) -> (Vec<Standing>, Vec<Standing>) {
        let Public::Certificate(ca) = &self.aim(stage).from.public else {
            return (Vec::new(), Vec::new());
        };
        let is_side = |one: &Certificate| {
            [&self.old, &self.new].iter().any(|side| side.public.key() == one.public_key())
        };
        let all = files.certificates().into_iter();
        let of_it = all.filter(|it| !is_side(&it.certificate) && is_issued_by(&it.certificate, ca));
        let revoked = ground.revoked.get(&ground.cert_dir.join(self.entry.anchor.public_file()));
        let is_revoked = |one: &Certificate| revoked.is_some_and(|all| all.contains(&one.number()));
        of_it.partition(|Standing { certificate, .. }| {
            certificate.validity().not_after > ground.now && !is_revoked(certificate)
        })
    }

    /// Whether they signed themselves. Those below another CA need no cross-signing: who trusts one trusts what is above both.
    pub fn is_of_roots(&self) -> bool {
        matches!(&self.old.public, Public::Certificate(ca) if is_issued_by(ca, ca))
    }

    pub(super) fn aim(&self, stage: Stage) -> Aim<'_> {
        let Self { old, new, .. } = self;
        let (trusted, new_signs, new_is_used) = match stage {
            Stage::Prepared | Stage::Aborted => (vec![old], false, false),
            Stage::Trusted => (vec![old, new], false, false),
            Stage::Reissued => (vec![old, new], false, true),
            Stage::Switched => (vec![new, old], true, true),
            Stage::Finished => (vec![new], true, true),
        };
        let (signer, standby) = if new_signs { (new, old) } else { (old, new) };
        let (from, to) = if new_is_used { (old, new) } else { (new, old) };
        Aim { trusted, signer, standby, from, to }
    }

    /// `old` or `new`.
    pub fn which(&self, side: &Side) -> &'static str {
        if side.public == self.new.public { "new" } else { "old" }
    }
}

/// Whether certificates of the new CA go with what lets others believe them.
pub(super) fn crosses(stage: Stage) -> bool {
    matches!(stage, Stage::Reissued | Stage::Switched)
}

/// Puts the signing certificate alone beside each copy of its key, where a program needs that.
pub fn put_signing(
    files: &mut Files,
    anchor: Anchor,
    holders: &[PathBuf],
    signer: &Public,
    which: &str,
    ground: &Ground<'_>,
) -> Result<(), Error> {
    let Some(name) = anchor.signing_file() else { return Ok(()) };
    let said = Said {
        about: format!("the {which} {anchor} alone, for --cluster-signing-cert-file"),
        lacks: format!("does not hold the {which} {anchor} alone"),
    };
    for key in holders.iter().filter(|path| path.ends_with(anchor.key_file())) {
        let path = key.with_file_name(&name);
        let old = ground.inventory.bytes("certificate", &path)?.cloned();
        let pem = Bytes::new(signer.to_pem().into_bytes());
        files.put(path, old, pem, Secrecy::Public, &said);
    }
    Ok(())
}

/// The side of this fingerprint: the one that signs or the one that stands by.
fn side(
    entry: &Entry,
    which: &'static str,
    fingerprint: &str,
    cert_dir: &Path,
    inventory: Inventory<'_>,
) -> Result<Side, Error> {
    let (anchor, (standby, standby_key)) = (entry.anchor, entry.standby_files(cert_dir));
    let (public, key) = (cert_dir.join(anchor.public_file()), cert_dir.join(anchor.key_file()));
    let mut found = None;
    for path in [&public, &standby] {
        let bytes = inventory.bytes("file", path)?;
        let all = bytes.map(|bytes| Public::all_in(bytes)).unwrap_or_default();
        found = found.or(all.into_iter().find(|one| one.fingerprint() == fingerprint));
    }
    let Some(found) = found else {
        let path = cert_dir.join(FILE);
        let fingerprint = fingerprint.to_owned();
        return Err(Error::ForeignState { path, anchor, fingerprint, public, standby });
    };
    for path in [&key, &standby_key] {
        let key: Option<PrivateKey> = inventory.key("key", path)?;
        if let Some(key) = key.filter(|key| key.public_key() == found.key()) {
            return Ok(Side { public: found, key: Rc::new(key) });
        }
    }
    Err(Error::NoKey { anchor, which, key, standby: standby_key })
}

fn is_signing_file(anchor: Anchor, path: &Path) -> bool {
    anchor.signing_file().is_some_and(|name| path.ends_with(name))
}
