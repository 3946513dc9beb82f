//! Why a rotation does not go on.

use std::path::PathBuf;

use super::anchor::{Anchor, Stage};
use super::files::Touched;
use crate::core::changes::quoted;
use crate::core::x509::time::Moment;
use crate::core::x509::{cert, chain, pem};
use crate::core::{inventory, kubeconfig};

/// Nodes and users of an inventory that are not here.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The inventory.
    pub inventory: PathBuf,
    /// Where they should be, of which there is at least one.
    pub paths: Vec<PathBuf>,
}

impl Missing {
    /// What is typed to make it anew.
    pub fn to_type(&self) -> String {
        format!("kubepki cluster init --config {}", quoted(&self.inventory))
    }
}

/// Why a rotation does not go on. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Certificates of the new one are in use already.
    #[error(
        "the rotation of the {anchor} is {stage}: what uses the new one would be refused if it were given up at once"
    )]
    AbortTooLate {
        /// What is rotated.
        anchor: Anchor,
        /// Where it stands.
        stage: Stage,
    },
    /// The state file cannot be read.
    #[error("{}: not the state of a rotation: {why}", path.display())]
    DamagedState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The state file is of other CAs.
    #[error(
        "{} is of another folder: it tells of a {anchor} with the fingerprint {fingerprint}, which is neither in {} nor in {}",
        path.display(), public.display(), standby.display()
    )]
    ForeignState {
        /// The state file.
        path: PathBuf,
        /// What is rotated.
        anchor: Anchor,
        /// The fingerprint that it names.
        fingerprint: String,
        /// Where it should be.
        public: PathBuf,
        /// Or there.
        standby: PathBuf,
    },
    /// Files are not as the stage before leaves them.
    #[error("the stage `{}` of the {anchor} is not complete: {}", stage.word(), told(files))]
    Incomplete {
        /// What is rotated.
        anchor: Anchor,
        /// The stage that is to be complete.
        stage: Stage,
        /// What is still to be done for it.
        files: Vec<Touched>,
    },
    /// An inventory names nodes or users that are not here.
    #[error("{} names what is not here: {}", .0.inventory.display(), named(&.0.paths))]
    Missing(Missing),
    /// The key of one of the two is nowhere.
    #[error("the key of the {which} {anchor} is neither in {} nor in {}", key.display(), standby.display())]
    NoKey {
        /// What is rotated.
        anchor: Anchor,
        /// `old` or `new`.
        which: &'static str,
        /// Where it should be.
        key: PathBuf,
        /// Or there.
        standby: PathBuf,
    },
    /// Nothing can be changed here.
    #[error("no rotation of the {0} is under way")]
    NotUnderWay(Anchor),
    /// Somebody else signed the CA.
    #[error("CA {}: it is no root, `{issuer}` signed it", path.display())]
    NotARoot {
        /// What is to be rotated.
        anchor: Anchor,
        /// The CA.
        path: PathBuf,
        /// Who signed it.
        issuer: String,
    },
    /// Another one signed the CA than was named.
    #[error("CA {}: {} did not sign it, but `{issuer}`", path.display(), parent.display())]
    NotBelow {
        /// The CA.
        path: PathBuf,
        /// The one that was named.
        parent: PathBuf,
        /// Who signed it.
        issuer: String,
    },
    /// Nothing at all is under way.
    #[error("no rotation is under way in {}", cert_dir.display())]
    Nothing {
        /// The certificate folder.
        cert_dir: PathBuf,
        /// What could be rotated.
        anchor: Anchor,
    },
    /// The first stage is not undone, but given up.
    #[error("the rotation of the {anchor} is {stage}, and no stage is before that")]
    NothingBefore {
        /// What is rotated.
        anchor: Anchor,
        /// Where it stands.
        stage: Stage,
    },
    /// The key of the one that is to be rotated is not here.
    #[error("the key of the {anchor} is not in {}", key.display())]
    KeyElsewhere {
        /// What is to be rotated.
        anchor: Anchor,
        /// Where it should be.
        key: PathBuf,
    },
    /// The key beside a CA is another's.
    #[error("CA {}: {source}", path.display())]
    ForeignKey {
        /// The CA.
        path: PathBuf,
        /// Whose key it is.
        source: chain::Error,
    },
    /// Stages have an order.
    #[error("the rotation of the {anchor} is {stage}, and `{wanted}` does not come next")]
    OutOfOrder {
        /// What is rotated.
        anchor: Anchor,
        /// Where it stands.
        stage: Stage,
        /// What was asked for.
        wanted: &'static str,
    },
    /// A file cannot be changed.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A folder that was looked at before is not there.
    #[error("{} is gone, which the rotation looked at before", .0.display())]
    PlaceGone(PathBuf),
    /// Tokens of the old key are still good.
    #[error(
        "tokens that the old key signed may live until {until}: it signed until {switched}, for up to {lifetime}"
    )]
    TooSoon {
        /// When the last one ends.
        until: Moment,
        /// When the old key stopped to sign.
        switched: Moment,
        /// How long tokens live.
        lifetime: crate::core::x509::time::Period,
    },
    /// There is one already.
    #[error("a rotation of the {anchor} is under way: it is {stage} since {since}")]
    UnderWay {
        /// What is rotated.
        anchor: Anchor,
        /// Where it stands.
        stage: Stage,
        /// Since when.
        since: Moment,
    },
    /// The certificate could not be issued anew.
    #[error(transparent)]
    Certificate(#[from] cert::Error),
    /// A file is not what it should be.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// A kubeconfig cannot be read.
    #[error(transparent)]
    Kubeconfig(#[from] kubeconfig::Error),
    /// A kubeconfig cannot be edited.
    #[error(transparent)]
    Edit(#[from] kubeconfig::EditError),
}

impl Error {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::AbortTooLate { anchor, .. } => {
                format!("go back stage by stage: {}", anchor.to_type("undo"))
            }
            Self::DamagedState { path, .. } => {
                format!("see what is in it, and mend it: cat {}", quoted(path))
            }
            Self::ForeignState { path, .. } => {
                format!("take it away if it came with other files: mv {0} {0}.other", quoted(path))
            }
            Self::Incomplete { anchor, stage, files } => match files.iter().find_map(server) {
                Some(url) => format!(
                    "restart what is to be restarted, and look again: {} status --server {url}",
                    anchor.command()
                ),
                None => format!("complete it: {}", anchor.to_type(stage.word())),
            },
            Self::KeyElsewhere { .. } => "rotate where the key is".into(),
            Self::NoKey { .. } => {
                "rotate where both keys are, or bring this one back: until a rotation is over, forth or back, it needs both".into()
            }
            Self::Missing(missing) => format!(
                "bring it here, or make it anew: {}; or take its name out of the inventory",
                missing.to_type()
            ),
            Self::NotUnderWay(anchor) => format!("begin one: {}", anchor.to_type("prepare")),
            Self::NotARoot { anchor, .. } => {
                format!("name that one, with its key beside it: {} --parent FILE", anchor.to_type("prepare"))
            }
            Self::NotBelow { path, .. } => {
                format!("name the one that did; a root has none: kubepki cert show {}", quoted(path))
            }
            Self::Nothing { anchor, .. } => format!("begin one: {}", anchor.to_type("prepare")),
            Self::NothingBefore { anchor, .. } => {
                format!("give it up: {}", anchor.to_type("abort"))
            }
            Self::ForeignKey { path, .. } => {
                format!("put its key beside it; see what this is: kubepki cert show {}", quoted(path))
            }
            Self::OutOfOrder { anchor, stage, .. } => match stage.next(*anchor) {
                Some(next) => format!("what comes next: {}", anchor.to_type(next.word())),
                None => format!("begin anew: {}", anchor.to_type("prepare")),
            },
            Self::PlaceGone(_) => "put it back; or take its line out of rotation.yaml".into(),
            Self::TooSoon { .. } => {
                "wait until then; or say how long tokens really live: kubepki sa rotate finish --token-lifetime 24h".into()
            }
            Self::UnderWay { anchor, stage, .. } => match stage.next(*anchor) {
                Some(next) => format!(
                    "go on: {}; or give it up: {}",
                    anchor.to_type(next.word()),
                    anchor.to_type("abort")
                ),
                None => return None,
            },
            Self::Pem { path, source } => return source.hint("x509", path),
            Self::Certificate(_) => return None,
            Self::Inventory(error) => return error.hint(),
            Self::Kubeconfig(error) => return error.hint(),
            Self::Edit(error) => return error.hint(),
        })
    }
}

/// The server that lacks something, where it is no file.
fn server(lacks: &Touched) -> Option<String> {
    let text = lacks.path.to_string_lossy();
    text.starts_with("https://").then(|| text.into_owned())
}

/// The first few files, and how many more there are.
fn told(files: &[Touched]) -> String {
    some(files, |one| format!("{} {}", one.path.display(), one.lacks))
}

fn named(paths: &[PathBuf]) -> String {
    some(paths, |path| path.display().to_string())
}

fn some<T>(all: &[T], text: impl Fn(&T) -> String) -> String {
    const FEW: usize = 3;
    let mut texts: Vec<String> = all.iter().take(FEW).map(text).collect();
    if all.len() > FEW {
        texts.push(format!("and {} more", all.len() - FEW));
    }
    texts.join(", ")
}
