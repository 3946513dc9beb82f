//! What can be rotated, and the stages that this goes through.

use std::fmt;
use std::path::Path;

use crate::core::catalog::{self, KeyPairRow, ROWS, Row, SERVICE_ACCOUNT};

/// What others believe in, and what is therefore replaced in stages.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// A CA of the catalog.
    Authority(&'static Row),
    /// The key of service-account tokens.
    TokenKey,
}

/// How far a rotation is: a state that files are in.
///
/// | stage | trusted | who signs | certificates in use |
/// |---|---|---|---|
/// | prepared | old | old | old |
/// | trusted | old, new | old | old |
/// | reissued | old, new | old | new |
/// | switched | new, old | new | new |
/// | finished | new | new | new |
/// | aborted | old | old | old |
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// The new one is there, and nothing uses it.
    Prepared,
    /// Whoever trusts the old one trusts the new one too.
    Trusted,
    /// Certificates are the new one's. Tokens have no such stage: they are not kept in files.
    Reissued,
    /// The new one signs.
    Switched,
    /// The old one is trusted no more.
    Finished,
    /// It was given up before anything used the new one.
    Aborted,
}

/// All stages, each with the word that is typed to reach it, and that for having reached it.
const STAGES: [(Stage, &str, &str); 6] = [
    (Stage::Prepared, "prepare", "prepared"),
    (Stage::Trusted, "trust", "trusted"),
    (Stage::Reissued, "reissue", "reissued"),
    (Stage::Switched, "switch", "switched"),
    (Stage::Finished, "finish", "finished"),
    (Stage::Aborted, "abort", "aborted"),
];

impl Anchor {
    /// Everything that can be rotated.
    pub fn all() -> impl Iterator<Item = Self> {
        let rows = ROWS.iter().filter(|row| row.profile.is_ca());
        rows.map(Self::Authority).chain([Self::TokenKey])
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|anchor| anchor.name() == name)
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authority(row) => row.name,
            Self::TokenKey => SERVICE_ACCOUNT.name,
        }
    }

    /// The file below the certificate folder that says whom to trust.
    pub fn public_file(self) -> String {
        match self {
            Self::Authority(row) => format!("{}.crt", catalog::file(row.name)),
            Self::TokenKey => SERVICE_ACCOUNT.public.to_owned(),
        }
    }

    /// The file of the key that signs.
    pub fn key_file(self) -> String {
        match self {
            Self::Authority(row) => format!("{}.key", catalog::file(row.name)),
            Self::TokenKey => SERVICE_ACCOUNT.private.to_owned(),
        }
    }

    /// The certificate folder that this is the public file of, where it is.
    pub fn cert_dir_of(self, public: &Path) -> Option<&Path> {
        let file = self.public_file();
        let depth = Path::new(&file).iter().count();
        public.ancestors().nth(depth).filter(|_| public.ends_with(&file))
    }

    /// The suffix of the public half.
    pub fn public_suffix(self) -> &'static str {
        match self {
            Self::Authority(_) => "crt",
            Self::TokenKey => "pub",
        }
    }

    /// The name of a file with the signing certificate alone, where a program wants that.
    pub fn signing_file(self) -> Option<String> {
        match self {
            Self::Authority(row) => row.signing_file(),
            Self::TokenKey => None,
        }
    }

    /// The words in front of the name of a stage.
    pub fn command(self) -> &'static str {
        match self {
            Self::Authority(_) => "kubepki ca rotate",
            Self::TokenKey => "kubepki sa rotate",
        }
    }

    /// What is typed to bring this to a stage, or to do something else with its rotation.
    pub fn to_type(self, word: &str) -> String {
        match self {
            Self::Authority(row) => format!("{} {word} {}", self.command(), row.name),
            Self::TokenKey => format!("{} {word}", self.command()),
        }
    }
}

impl PartialEq for Anchor {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Anchor {}

/// `CA etcd-ca`, `key of service-account tokens`
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(row) => write!(f, "CA {}", row.name),
            Self::TokenKey => {
                let KeyPairRow { name, .. } = SERVICE_ACCOUNT;
                write!(f, "token key {name}")
            }
        }
    }
}

impl Stage {
    /// The stage of this name, as the state file has it.
    pub fn named(name: &str) -> Option<Self> {
        STAGES.iter().find(|(_, _, reached)| *reached == name).map(|(stage, ..)| *stage)
    }

    /// What is typed to reach it.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The stage after this one, for this anchor.
    pub fn next(self, anchor: Anchor) -> Option<Self> {
        let has_leaves = matches!(anchor, Anchor::Authority(_));
        match self {
            Self::Prepared => Some(Self::Trusted),
            Self::Trusted if has_leaves => Some(Self::Reissued),
            Self::Trusted | Self::Reissued => Some(Self::Switched),
            Self::Switched => Some(Self::Finished),
            Self::Finished | Self::Aborted => None,
        }
    }

    /// The stage before this one, for this anchor.
    pub fn previous(self, anchor: Anchor) -> Option<Self> {
        let mut stages = std::iter::successors(Some(Self::Prepared), |stage| stage.next(anchor));
        stages.find(|stage| stage.next(anchor) == Some(self))
    }

    /// Whether old and new one are trusted, both of them.
    pub fn trusts_both(self) -> bool {
        matches!(self, Self::Trusted | Self::Reissued | Self::Switched)
    }

    /// Whether there is something to go on with.
    pub fn is_under_way(self) -> bool {
        self < Self::Finished
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        STAGES.iter().find(|(stage, ..)| *stage == self).expect("every stage is in the table")
    }
}

/// `trusted`
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().2)
    }
}

impl serde::Serialize for Stage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(anchor: Anchor) -> Vec<Stage> {
        std::iter::successors(Some(Stage::Prepared), |stage| stage.next(anchor)).collect()
    }

    #[test]
    fn the_way_back_is_the_way_forth() {
        for anchor in Anchor::all() {
            for pair in stages(anchor).windows(2) {
                assert_eq!(pair[1].previous(anchor), Some(pair[0]), "{anchor}");
            }
            assert_eq!(stages(anchor).last(), Some(&Stage::Finished));
            assert_eq!(Stage::Aborted.previous(anchor), None);
        }
        assert!(!stages(Anchor::TokenKey).contains(&Stage::Reissued));
    }

    #[test]
    fn a_stage_is_found_by_the_name_that_it_is_shown_by() {
        for (stage, ..) in STAGES {
            assert_eq!(Stage::named(&stage.to_string()), Some(stage));
        }
    }

    #[test]
    fn what_can_be_rotated_is_the_three_cas_and_the_token_key() {
        let names: Vec<_> = Anchor::all().map(Anchor::name).collect();
        assert_eq!(names, ["ca", "front-proxy-ca", "etcd-ca", "sa"]);
        let signing: Vec<_> = Anchor::all().filter_map(Anchor::signing_file).collect();
        assert_eq!(signing, ["ca-signing.crt"]);
    }
}
