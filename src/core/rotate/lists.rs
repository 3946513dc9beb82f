//! The revocation lists of CAs that are rotated, and what is kept of those of the old ones.

use super::Rotate;
use crate::core::changes::{Before, Bytes, Change, Changes, Secrecy};
use crate::core::report::{Action, FileReport, RevokeReport, RotatedReport};
use crate::core::revoke;
use crate::core::rotation::{Ground, Plan, Rotation, Stage};
use crate::core::spec::Pair;
use crate::core::x509::crl::Crl;
use crate::core::{Error, World};

/// The lists that the stages want which rotations go to, made anew where they are not so yet, and the lines that tell of them.
pub(super) fn made(
    plan: &Plan,
    wanted: &Rotate,
    ground: &Ground<'_>,
    report: &mut RotatedReport,
    world: &World<'_>,
) -> Result<Vec<Change>, Error> {
    let (mut changes, mut places) = (Vec::new(), Vec::new());
    for (rotation, stage) in plan.turns() {
        if rotation.lag_of_list(stage, ground)?.is_none() {
            continue;
        }
        let anchor = rotation.entry.anchor;
        let [certificate, key] =
            [anchor.public_file(), anchor.key_file()].map(|file| wanted.cert_dir.join(file));
        let mut made = RevokeReport::default();
        let Changes { list, .. } =
            revoke::relist(&Pair { certificate, key }, rotation, stage, &mut made, world)?;
        changes.extend(list);
        report.warnings.extend(made.warnings);
        report.notes.extend(made.notes);
        let names: Vec<&str> =
            rotation.list_signers(stage).into_iter().map(|side| rotation.which(side)).collect();
        for row in made.lists {
            let about = format!(
                "revocation list {} of the {} {anchor}: {} revoked, next due {}",
                row.number,
                names.join(" and the "),
                row.entries,
                row.next_update
            );
            places.push(row.path.display().to_string());
            report.add_file(FileReport { action: row.action, path: row.path, about });
        }
        for path in made.also {
            let about = format!("the list of the {} {anchor}, in DER", names[0]);
            places.push(path.display().to_string());
            report.add_file(FileReport { action: Action::Replace, path, about });
        }
        if let Some(last) = last(rotation, stage, wanted, ground)? {
            let about = format!("last revocation list of the old {anchor}");
            let path = last.path.clone();
            report.add_file(FileReport { action: Action::Create, path, about });
            changes.push(last);
        }
    }
    if !places.is_empty() {
        report.besides.push(format!(
            "copy the revocation lists to where they are read: {}; nginx reads them when it is reloaded",
            places.join(", ")
        ));
    }
    Ok(changes)
}

/// What the old CA has taken back goes with what is left of it.
fn last(
    rotation: &Rotation,
    stage: Stage,
    wanted: &Rotate,
    ground: &Ground<'_>,
) -> Result<Option<Change>, Error> {
    let Some(path) = rotation.entry.anchor.list_file().filter(|_| stage == Stage::Finished) else {
        return Ok(None);
    };
    let bytes = ground.inventory.bytes("revocation list", &wanted.cert_dir.join(path))?;
    let lists = bytes.and_then(|bytes| Crl::all_from_pem(bytes).ok()).unwrap_or_default();
    let old = lists.into_iter().find(|list| list.is_signed_by(rotation.old.public.key()));
    let Some(text) = old.and_then(|old| old.to_pem().ok()) else { return Ok(None) };
    Ok(Some(Change {
        path: rotation.entry.list_file(&wanted.cert_dir),
        bytes: Bytes::new(text.into_bytes()),
        secrecy: Secrecy::Public,
        before: Before::Absent,
    }))
}
