//! Names that people type, as places.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::{Wanted, Which};
use crate::core::catalog::{self, ROWS, SERVICE_ACCOUNT};
use crate::core::spec::{Folders, in_folder};

/// Suffixes of files that may be named alone.
const SUFFIXES: [&str; 8] = ["cer", "cert", "conf", "crt", "kubeconfig", "pem", "yaml", "yml"];

/// Suffixes of files that hold neither a certificate nor a key nor a kubeconfig.
const OTHERS: [&str; 9] = ["crl", "csr", "gz", "jsonl", "lock", "pub", "srl", "tar", "tgz"];

/// Something that was named, and where it may be.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The places to look at: all of those that are there are meant.
    pub paths: Vec<PathBuf>,
    /// What is meant where none of them is there.
    pub or_else: PathBuf,
}

impl Sought {
    /// Everything that must be looked at.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter().chain([&self.or_else])
    }
}

/// What was named, in the folders of `wanted`.
///
/// # Errors
///
/// The name of a CA or of the key of tokens: those are not renewed but rotated.
pub fn sought(wanted: &Wanted) -> Result<Vec<Sought>, Error> {
    let (Which::All { except: names } | Which::Named(names)) = &wanted.which;
    names.iter().map(|name| place(name, &wanted.folders)).collect()
}

/// What one name means in these folders.
///
/// # Errors
///
/// As [`sought`].
pub fn place(name: &str, folders: &[Folders]) -> Result<Sought, Error> {
    if name == SERVICE_ACCOUNT.name {
        return Err(Error::TokenKey);
    }
    let typed = Path::new(name);
    if name.contains('/') {
        return Ok(Sought { paths: vec![typed.to_owned()], or_else: typed.to_owned() });
    }
    let suffix = typed.extension().and_then(|suffix| suffix.to_str());
    if suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix)) {
        let places = folders.iter().flat_map(|folders| {
            [in_folder(&folders.kubeconfigs, name), folders.certificates.join(name)]
        });
        return Ok(Sought { paths: places.collect(), or_else: typed.to_owned() });
    }
    let row = catalog::row(name);
    if row.is_some_and(|row| row.profile.is_ca()) {
        return Err(Error::IsCa(name.to_owned()));
    }
    let conf = row.and_then(|row| row.conf.as_ref());
    let file = |suffix: &str| format!("{}.{suffix}", catalog::file(name));
    let paths = folders.iter().flat_map(|folders| {
        let conf = conf.map(|conf| in_folder(&folders.kubeconfigs, conf.file));
        let certificates = ["crt", "pem"].map(|suffix| folders.certificates.join(file(suffix)));
        conf.into_iter().chain(certificates)
    });
    let or_else = folders.first().map(|folders| folders.certificates.join(file("crt")));
    Ok(Sought { paths: paths.collect(), or_else: or_else.unwrap_or_default() })
}

/// Whether a file, by its path below a folder, is looked at: hidden ones are somebody's own, ours among them. In the folder of the
/// kubeconfigs, only kubeconfigs are, and not those further below.
pub fn is_looked_at(below: &Path, is_for_kubeconfigs: bool) -> bool {
    let suffix = below.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    let is_hidden = below.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
    match is_for_kubeconfigs {
        true => {
            let is_deep = below.components().count() > 1;
            !is_hidden && !is_deep && matches!(suffix, "conf" | "kubeconfig")
        }
        false => !is_hidden && !OTHERS.contains(&suffix),
    }
}

/// Whether a kubeconfig of this name is one of a control plane's, which must be readable.
pub(super) fn is_of_catalog(path: &Path) -> bool {
    let name = path.file_name();
    ROWS.iter().any(|row| row.conf.as_ref().is_some_and(|conf| name == Some(conf.file.as_ref())))
}
