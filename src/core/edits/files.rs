//! Files that are named or taken in.

use std::path::{Path, PathBuf};

use crate::core::changes::{Found, Snapshot};
use crate::core::inventory::{self, Inventory};
use crate::core::kubeconfig::{Data, Secret, clean};
use crate::core::show::Source;
use crate::core::x509::cert::Certificate;
use crate::core::x509::private_key::PrivateKey;
use crate::core::{Error, store};

use super::desk::How;
use super::error::EditsError;

/// A certificate or key that was given: its content is taken in, or its path is named. It is read once, so that what was checked
/// is what is taken in.
pub(super) struct GivenFile {
    path: PathBuf,
    what: &'static str,
    snapshot: Snapshot,
    embedded: Option<Data>,
}

impl GivenFile {
    /// The file at `path`, where one was given; an empty path takes away what was there.
    pub fn new(
        path: Option<&Path>,
        embed: bool,
        what: &'static str,
    ) -> Result<Option<Self>, Error> {
        let Some(path) = path.map(Path::to_owned) else { return Ok(None) };
        let snapshot = store::read(Some(path.clone()).filter(|path| !path.as_os_str().is_empty()));
        let embedded = match embed && !path.as_os_str().is_empty() {
            true => Some(Data::new(Inventory::new(&snapshot).need(what, &path)?.to_vec())),
            false => None,
        };
        Ok(Some(Self { path, what, snapshot, embedded }))
    }

    /// The certificates in it; `None` where it is not there.
    pub fn chain(&self) -> Result<Option<Vec<Certificate>>, inventory::Error> {
        Inventory::new(&self.snapshot).chain(self.what, &self.path)
    }

    /// The key in it; `None` where it is not there.
    pub fn key(&self) -> Result<Option<PrivateKey>, inventory::Error> {
        Inventory::new(&self.snapshot).key(self.what, &self.path)
    }

    /// Where it is, as it was typed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it into an entry of the kubeconfig `file`: path and content take each other's place.
    pub fn put(&self, how: &How, file: &Path, path: &mut String, data: &mut Data) {
        match &self.embedded {
            Some(content) => {
                path.clear();
                data.clone_from(content);
            }
            None => {
                *path = named(how, &self.path, file);
                *data = Data::default();
            }
        }
    }
}

/// A file as an entry of the kubeconfig `file` names it: from its folder, where it is in there, else by its whole path.
pub(super) fn named(how: &How, path: &Path, file: &Path) -> String {
    if path.as_os_str().is_empty() {
        return String::new();
    }
    let folder = clean(&how.folder.join(file));
    let folder = folder.parent().unwrap_or(Path::new("/"));
    let path = clean(&how.folder.join(path));
    path.strip_prefix(folder).unwrap_or(&path).display().to_string()
}

/// The token that is given in a file or by standard input.
///
/// # Errors
///
/// It cannot be read, or holds no token.
pub fn read_token(source: &Source) -> Result<Secret, Error> {
    let (path, snapshot) = found(source);
    Ok(Secret::new(Inventory::new(&snapshot).token(&path)?))
}

/// The one line that is given in a file or by standard input, without its line break; `what` names it in errors.
///
/// # Errors
///
/// It cannot be read, or is not one line of text.
pub fn read_text(what: &'static str, source: &Source) -> Result<Secret, Error> {
    let (path, snapshot) = found(source);
    let bytes = Inventory::new(&snapshot).need(what, &path)?;
    let text = str::from_utf8(bytes).ok().map(|text| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text)
    });
    let text = text.filter(|text| !text.is_empty() && !text.contains(char::is_control));
    text.map(Secret::new).ok_or_else(|| EditsError::NoText { what, file: path.clone() }.into())
}

/// A file or a stream, and what is in it.
pub(super) fn found(source: &Source) -> (PathBuf, Snapshot) {
    match source {
        Source::File(path) => (path.clone(), store::read([path.clone()])),
        Source::Bytes(path, bytes) => {
            let found = Found::File { bytes: bytes.clone(), mode: 0o600, modified: 0 };
            (path.clone(), [(path.clone(), found)].into_iter().collect())
        }
    }
}
