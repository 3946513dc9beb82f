//! What to do: the pure decision between what was asked and what is there.
//!
//! Nothing here draws a random number or writes a file. `--dry-run` shows a plan; a real run carries the same plan out.

mod certificate;
mod copy;
mod differences;
mod error;
mod foreign;
mod import;
mod key_pair;
mod kubeconfig;
mod note;
mod partial;
mod planner;
mod request;
mod signature;
mod unsigned;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::core::changes::{Before, Bytes, Secrecy};
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::Secret;
use crate::core::spec::{Destination, KubeconfigSpec, Spec, Unsigned};
use crate::core::x509::cert::{Certificate, Template, chain_to_pem};
use crate::core::x509::chain::Ca;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::private_key::PrivateKey;
use crate::core::x509::profile::Profile;
use crate::core::x509::public_key::PublicKey;
use crate::core::x509::san::San;
use crate::core::x509::time::Moment;

pub use error::Error;
pub use import::{Import, Refusal};
pub use kubeconfig::{KnownCredential, entries, place, relative};
pub use note::Note;
pub use unsigned::Waiting;

/// What will be done, in order.
#[derive(Debug)]
pub struct Plan {
    /// The folder whose lock and journal cover all the files.
    pub home: PathBuf,
    /// One step for each thing that was asked for.
    pub steps: Vec<Step>,
    /// What the operator should know.
    pub notes: Vec<Note>,
    /// Certificates from elsewhere that do not fit: a plan with one is never carried out.
    pub refused: Vec<Refusal>,
    /// Whether it is carried out although something waits for its signature.
    pub takes_part: bool,
    /// Whether what differs could be replaced.
    pub can_replace: bool,
}

/// What will be done about one thing that was asked for.
#[derive(Debug)]
pub enum Step {
    /// Sign a certificate.
    Certify(Box<Certify>),
    /// Write a file again in another place.
    Copy(Duplicate),
    /// It is there and is not as asked: a plan with such a step is never carried out.
    Differ(Difference),
    /// Put a certificate from elsewhere into its place.
    Import(Box<Import>),
    /// It is there as asked: nothing is written.
    Keep(Kept),
    /// Write a key pair, or the public half of one.
    KeyPair(Box<KeyPair>),
    /// Write a kubeconfig, or entries of one.
    Kubeconfig(Box<Configure>),
    /// It is made here, by another command: nothing is done or told.
    Leave,
    /// Write a request.
    Request(Box<Ask>),
    /// A certificate inside of a kubeconfig, or the kubeconfig around one, of which the other's step tells all.
    Told,
    /// It waits for a signature from elsewhere.
    Unsigned(Waiting),
}

/// What is there already.
#[derive(Debug)]
pub struct Kept {
    /// The certificate or request.
    pub file: PathBuf,
    /// The certificates in it; none for a request.
    pub chain: Vec<Certificate>,
    /// Its key, where that is ours.
    pub key: Option<(PathBuf, PrivateKey)>,
    /// What it is, in a few words.
    pub about: String,
}

impl Kept {
    /// A kubeconfig that is there as asked.
    pub fn kubeconfig(file: &Path, about: String) -> Self {
        Self { file: file.to_owned(), chain: Vec::new(), key: None, about }
    }

    /// A certificate that is there as asked.
    pub fn certificate(
        file: &Path,
        chain: Vec<Certificate>,
        key: Option<(PathBuf, PrivateKey)>,
    ) -> Self {
        let about = format!(
            "certificate of {}, until {}",
            chain[0].subject(),
            chain[0].validity().not_after
        );
        Self { file: file.to_owned(), chain, key, about }
    }
}

/// How something that is there differs from what is asked.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The file.
    pub path: PathBuf,
    /// Each difference in words.
    pub how: Vec<String>,
    /// The key beside a CA, where that belongs to another certificate: it may be all that is wrong.
    pub foreign_key: Option<PathBuf>,
}

impl Difference {
    /// One that has nothing to do with a key.
    pub fn new(path: PathBuf, how: Vec<String>) -> Self {
        Self { path, how, foreign_key: None }
    }
}

/// A bare key pair to write.
#[derive(Debug)]
pub struct KeyPair {
    /// Where the key comes from.
    pub key: KeyStep,
    /// Where its public half goes.
    pub public: Target,
}

/// A file to write again in another place.
#[derive(Debug)]
pub struct Duplicate {
    /// The file.
    pub from: PathBuf,
    /// What it holds; `None` where an earlier step writes it.
    pub bytes: Option<Bytes>,
    /// Who may read it.
    pub secrecy: Secrecy,
    /// Where else it goes.
    pub to: Target,
}

/// A kubeconfig to write.
#[derive(Debug)]
pub struct Configure {
    /// What it is to say.
    pub spec: KubeconfigSpec,
    /// What it is, in a few words.
    pub about: String,
    /// The certificates of the CA.
    pub ca: Part<Vec<Certificate>>,
    /// How its user shows who it is.
    pub credential: Credential,
    /// Whether there is a file at its place already.
    pub exists: bool,
    /// Whether entries that differ are replaced.
    pub force: bool,
    /// Whether the certificate of its user may take the place of another one.
    pub renews: bool,
    /// The current context that is there and stays.
    pub stays: Option<String>,
}

/// Something that is there, or that an earlier step of the plan makes.
#[derive(Debug)]
pub enum Part<T> {
    /// It is there.
    Known(T),
    /// The step that makes it.
    Step(usize),
}

/// How the user of a kubeconfig shows who it is.
#[derive(Debug)]
pub enum Credential {
    /// With a certificate and its key.
    Certificate(Part<CertificateAndKey>),
    /// With a bearer token.
    Token(Secret),
}

/// A certificate with its chain, and its key, as PEM.
#[derive(Clone, Debug)]
pub struct CertificateAndKey {
    /// The chain, the leaf first.
    pub chain: String,
    /// The key.
    pub key: Secret,
}

impl CertificateAndKey {
    /// Both as PEM.
    pub fn new(chain: &[Certificate], key: &PrivateKey) -> Self {
        Self { chain: chain_to_pem(chain), key: Secret::new(key.to_pem().as_str()) }
    }
}

/// A certificate to sign.
#[derive(Debug)]
pub struct Certify {
    /// What it is to say.
    pub template: Template,
    /// The key that it vouches for.
    pub key: KeyStep,
    /// Who signs it.
    pub issuer: Issuer,
    /// The certificate of the CA that signs, or of this one where it signs itself: its log is beside it.
    pub ca: Option<PathBuf>,
    /// Where it goes.
    pub to: Target,
}

/// A request to write.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub subject: DistinguishedName,
    /// What for.
    pub profile: Profile,
    /// Under which names.
    pub sans: Vec<San>,
    /// With which key.
    pub key: KeyStep,
    /// Where it goes.
    pub to: Target,
}

/// Where a key comes from.
#[derive(Debug)]
pub enum KeyStep {
    /// A new one is drawn and written.
    Draw {
        /// Its kind.
        key_type: KeyType,
        /// Where it goes.
        to: Target,
    },
    /// Somebody else's: only its public half is known.
    Foreign(PublicKey),
    /// It is there and is used as it is.
    Have {
        /// The key.
        key: PrivateKey,
        /// Its file.
        path: PathBuf,
    },
}

/// Who signs.
#[derive(Debug)]
pub enum Issuer {
    /// A CA that is there.
    Ca(Rc<Ca>),
    /// The key itself.
    Itself,
    /// A CA that this step makes.
    Step(usize),
    /// A CA that is there and not as asked: the plan is not carried out.
    Unfit,
}

/// A place, and what must hold of what is there.
#[derive(Debug)]
pub struct Target {
    /// The place.
    pub to: Destination,
    /// What must hold of it.
    pub before: Before,
}

/// Decides what to do about everything in `spec`.
///
/// # Errors
///
/// Files that cannot be read, a CA that cannot sign, names or times that cannot be signed. Files that are there and differ
/// from what is asked are steps of the plan: see [`Plan::differences`].
pub fn make(spec: &Spec, inventory: Inventory<'_>, now: Moment) -> Result<Plan, Error> {
    let planner::Decided { steps, notes, refused } =
        planner::Planner::new(spec, inventory, now).plan(&spec.wanted)?;
    if matches!(spec.unsigned, Unsigned::Request) {
        unsigned::require_requests(&steps, &spec.wanted, inventory)?;
    }
    let takes_part = matches!(spec.unsigned, Unsigned::Import { .. });
    // What still differs where all may be replaced cannot be.
    let can_replace = matches!(spec.unsigned, Unsigned::Fail | Unsigned::Tell) && !spec.force;
    let home = spec.home.clone().unwrap_or_default();
    Ok(Plan { home, steps, notes, refused, takes_part, can_replace })
}

impl Plan {
    /// What is there and not as asked.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.steps.iter().filter_map(|step| match step {
            Step::Differ(difference) => Some(difference),
            _ => None,
        })
    }

    /// What waits for a signature from elsewhere.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.steps.iter().filter_map(|step| match step {
            Step::Unsigned(waiting) => Some(waiting),
            _ => None,
        })
    }

    /// Itself, if it may be carried out.
    ///
    /// # Errors
    ///
    /// What is there differs from what is asked, a certificate from elsewhere does not fit, or something waits for one.
    pub fn fit(self) -> Result<Self, Error> {
        let differences: Vec<_> = self.differences().cloned().collect();
        let waiting: Vec<_> = self.waiting().filter(|_| !self.takes_part).cloned().collect();
        if !self.refused.is_empty() {
            return Err(Error::Refused(self.refused));
        }
        if !differences.is_empty() {
            let error = if self.can_replace { Error::Differs } else { Error::Stays };
            return Err(error(differences));
        }
        if waiting.is_empty() { Ok(self) } else { Err(Error::Unsigned(waiting)) }
    }
}

impl Step {
    /// The files that it writes, but for kubeconfigs.
    pub fn writes(&self) -> impl Iterator<Item = &Path> {
        let to = match self {
            Self::Certify(certify) => Some(&certify.to),
            Self::Copy(copy) => Some(&copy.to),
            Self::KeyPair(pair) => Some(&pair.public),
            Self::Import(import) => Some(&import.to),
            Self::Request(ask) => Some(&ask.to),
            Self::Differ(_)
            | Self::Keep(_)
            | Self::Kubeconfig(_)
            | Self::Leave
            | Self::Told
            | Self::Unsigned(_) => None,
        };
        let key = match self.key() {
            Some(KeyStep::Draw { to, .. }) => Some(to),
            _ => None,
        };
        [to, key].into_iter().flatten().filter_map(|target| target.to.path())
    }

    /// The kind of key that it needs anew.
    pub fn new_key(&self) -> Option<KeyType> {
        match self.key()? {
            KeyStep::Draw { key_type, .. } => Some(*key_type),
            KeyStep::Foreign(_) | KeyStep::Have { .. } => None,
        }
    }

    /// Where its key comes from; `None` where nothing is done.
    pub fn key(&self) -> Option<&KeyStep> {
        match self {
            Self::Certify(certify) => Some(&certify.key),
            Self::KeyPair(pair) => Some(&pair.key),
            Self::Request(ask) => Some(&ask.key),
            Self::Copy(_)
            | Self::Differ(_)
            | Self::Import(_)
            | Self::Keep(_)
            | Self::Kubeconfig(_)
            | Self::Leave
            | Self::Told
            | Self::Unsigned(_) => None,
        }
    }
}
