//! What running servers show of a rotation: whose certificate they have, and whose clients they believe.

use std::path::PathBuf;

use super::anchor::Stage;
use super::bring::Rotation;
use super::files::Touched;
use super::side::{Public, Side};
use crate::core::handshake::Shown;
use crate::core::x509::chain::is_issued_by;

/// A running server, and what it shows.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it is, such as `https://10.0.0.5:6443`.
    pub url: String,
    /// What it shows, or why nothing was seen.
    pub shown: Result<Shown, String>,
}

impl Server {
    /// Whether nothing of what it shows has to do with any of these rotations: most likely it is not the one that was meant.
    pub fn is_stranger_to(&self, rotations: &[Rotation]) -> bool {
        let concerns = |shown: &Shown| rotations.iter().any(|rotation| rotation.concerns(shown));
        !rotations.is_empty() && self.shown.as_ref().is_ok_and(|shown| !concerns(shown))
    }
}

impl Rotation {
    /// Whether a server has a certificate by the old CA or the new one, or believes clients of one.
    fn concerns(&self, shown: &Shown) -> bool {
        let has_it = |side: &Side| match &side.public {
            Public::Key(_) => false,
            Public::Certificate(ca) => {
                shown.chain.first().is_some_and(|leaf| is_issued_by(leaf, ca))
                    || shown.believes.iter().any(|name| ca.has_name(name))
            }
        };
        has_it(&self.old) || has_it(&self.new)
    }

    /// What a server still lacks for a stage to be complete; nothing where it has nothing to do with this rotation.
    ///
    /// The old CA and the new one have the same name, and a server names each CA whose clients it believes: so the name must come twice.
    pub(super) fn lag_of(&self, stage: Stage, server: &Server) -> Vec<Touched> {
        let lack = |lacks: String| Touched::lack(PathBuf::from(&server.url), lacks);
        let (Public::Certificate(old), Public::Certificate(new)) =
            (&self.old.public, &self.new.public)
        else {
            return Vec::new();
        };
        let shown = match &server.shown {
            Ok(shown) => shown,
            Err(why) => return vec![lack(format!("shows nothing: {why}"))],
        };
        let anchor = self.entry.anchor;
        let mut lacks = Vec::new();
        let of_old = shown.chain.first().is_some_and(|leaf| is_issued_by(leaf, old));
        if of_old && matches!(stage, Stage::Reissued | Stage::Switched) {
            lacks.push(lack(format!("shows a certificate by the old {anchor}")));
        }
        let named = |name: &Vec<u8>| old.has_name(name) || new.has_name(name);
        let believed = shown.believes.iter().filter(|name| named(name)).count();
        if believed == 1 && stage.trusts_both() {
            lacks.push(lack(format!("believes clients of one {anchor}, not of both")));
        }
        lacks
    }
}
