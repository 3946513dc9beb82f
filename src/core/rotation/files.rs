//! The files that a rotation looks at, with what becomes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::Error;
use super::side::{Public, swap};
use crate::core::changes::{Before, Bytes, Change, Secrecy};
use crate::core::inventory::Inventory;
use crate::core::kubeconfig::{self, Data, Entry, File, NamedCluster, NamedUser};
use crate::core::x509::cert::Certificate;
use crate::core::x509::pem;
use crate::core::x509::private_key::PrivateKey;

/// Files as they were read, with what has been changed so far. Pure: nothing is written.
#[derive(Clone, Default)]
pub struct Files(BTreeMap<PathBuf, Sheet>);

/// A file that is changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Touched {
    /// The file.
    pub path: PathBuf,
    /// Whether it is new.
    pub is_new: bool,
    /// Whether it is a kubeconfig, of which all else stays.
    pub is_edited: bool,
    /// What it holds then, in a few words.
    pub about: String,
    /// What it lacks before that.
    pub lacks: String,
}

/// A certificate, and where it stands.
pub struct Standing {
    /// The certificate.
    pub certificate: Certificate,
    /// The files, of which there is at least one.
    pub paths: Vec<PathBuf>,
}

#[derive(Clone)]
struct Sheet {
    old: Option<Bytes>,
    content: Content,
    secrecy: Secrecy,
    said: Vec<Said>,
}

/// What is said of a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// What the file holds then.
    pub about: String,
    /// What it lacks before.
    pub lacks: String,
}

#[derive(Clone)]
enum Content {
    Kubeconfig(Rc<File>),
    Pem(Bytes),
}

impl Touched {
    /// Something that no file of ours can change.
    pub(super) fn lack(path: PathBuf, lacks: String) -> Self {
        Self { path, is_new: false, is_edited: false, about: String::new(), lacks }
    }
}

impl Files {
    /// Reads what may hold certificates or keys; anything else is passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or a kubeconfig that is none.
    pub fn read(
        inventory: Inventory<'_>,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, Error> {
        let mut sheets = BTreeMap::new();
        for path in paths {
            let Some(bytes) = inventory.bytes("file", &path)? else { continue };
            let content = match (pem::is_pem(bytes), is_kubeconfig(&path)) {
                (true, _) => Content::Pem(bytes.clone()),
                (false, true) => Content::Kubeconfig(Rc::new(File::parse(&path, bytes)?)),
                (false, false) => continue,
            };
            let old = Some(bytes.clone());
            sheets
                .insert(path, Sheet { old, content, secrecy: Secrecy::AsFound, said: Vec::new() });
        }
        Ok(Self(sheets))
    }

    /// Puts `wanted` wherever any of `pair` stands, but for files that are to hold one of them alone.
    pub fn put_bundles(
        &mut self,
        pair: [&Public; 2],
        wanted: &[&Public],
        is_single: impl Fn(&Path) -> bool,
        said: &Said,
    ) -> Result<(), Error> {
        for (path, sheet) in self.0.iter_mut().filter(|(path, _)| !is_single(path)) {
            sheet.edit(path, said, |text| swap(text, pair, wanted))?;
        }
        Ok(())
    }

    /// Puts certificates, or none, in the place of another one in these files.
    pub fn put_certificate(
        &mut self,
        paths: &[PathBuf],
        old: &Certificate,
        new: &[&Certificate],
        said: &Said,
    ) -> Result<(), Error> {
        let old = Public::certificate(old.clone());
        let new: Vec<_> = new.iter().map(|one| Public::certificate((*one).clone())).collect();
        let new: Vec<&Public> = new.iter().collect();
        for path in paths {
            if let Some(sheet) = self.0.get_mut(path) {
                sheet.edit(path, said, |text| swap(text, [&old, &old], &new))?;
            }
        }
        Ok(())
    }

    /// Puts a key into each of these files.
    pub fn put_key(&mut self, paths: &[PathBuf], key: &PrivateKey, said: &Said) {
        for path in paths {
            if let Some(sheet) = self.0.get_mut(path).filter(|sheet| !sheet.is_key(key)) {
                sheet.set(Bytes::new(key.to_pem().as_bytes().to_vec()), said);
            }
        }
    }

    /// The files of this name that hold any of these keys; and files of other names that hold one to the byte.
    pub fn with_key(&self, name: &str, keys: [&PrivateKey; 2]) -> Vec<PathBuf> {
        let name = Path::new(name).file_name();
        let holds = |(path, sheet): &(&PathBuf, &Sheet)| match path.file_name() == name {
            true => keys.iter().any(|key| sheet.is_key(key)),
            // Reading a key takes long, and a fleet has many of them.
            false => keys.iter().any(|key| sheet.is_pem(key.to_pem().as_bytes())),
        };
        self.0.iter().filter(holds).map(|(path, _)| path.clone()).collect()
    }

    /// Puts a whole file into its place; `old` is what is there.
    pub fn put(
        &mut self,
        path: PathBuf,
        old: Option<Bytes>,
        bytes: Bytes,
        secrecy: Secrecy,
        said: &Said,
    ) {
        if old.as_ref() == Some(&bytes) {
            return;
        }
        let content = Content::Pem(bytes);
        self.0.insert(path, Sheet { old, content, secrecy, said: vec![said.clone()] });
    }

    /// Every certificate in every file, once, with the files that it stands in.
    pub fn certificates(&self) -> Vec<Standing> {
        let mut places: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let mut found: Vec<Standing> = Vec::new();
        for (path, sheet) in &self.0 {
            for certificate in sheet.certificates() {
                let place = *places.entry(certificate.der().to_vec()).or_insert(found.len());
                match found.get_mut(place) {
                    Some(standing) if standing.paths.last() == Some(path) => {}
                    Some(standing) => standing.paths.push(path.clone()),
                    None => found.push(Standing { certificate, paths: vec![path.clone()] }),
                }
            }
        }
        found
    }

    /// The files that are not as they were read.
    pub fn touched(&self) -> Vec<Touched> {
        let touched = |(path, sheet): (&PathBuf, &Sheet)| {
            let words = |word: fn(&Said) -> &String| {
                let mut words: Vec<&str> =
                    sheet.said.iter().map(|said| word(said).as_str()).collect();
                words.dedup();
                words.join("; ")
            };
            sheet.is_touched().then(|| Touched {
                path: path.clone(),
                is_new: sheet.old.is_none(),
                is_edited: matches!(sheet.content, Content::Kubeconfig(_)),
                about: words(|said| &said.about),
                lacks: words(|said| &said.lacks),
            })
        };
        self.0.iter().filter_map(touched).collect()
    }

    /// The kubeconfigs that are not as they were read.
    pub fn kubeconfigs(&self) -> Vec<PathBuf> {
        self.touched().into_iter().filter(|one| one.is_edited).map(|one| one.path).collect()
    }

    /// What is to be written: whom to trust before who signs, as far as an order can help those who look on.
    pub fn changes(self) -> Vec<Change> {
        let touched = self.0.into_iter().filter(|(_, sheet)| sheet.is_touched());
        let change = |(path, sheet): (PathBuf, Sheet)| Change {
            path,
            before: sheet.old.clone().map_or(Before::Absent, Before::Exactly),
            secrecy: sheet.secrecy,
            bytes: sheet.content.bytes().clone(),
        };
        touched.map(change).collect()
    }
}

impl Sheet {
    fn is_touched(&self) -> bool {
        self.old.as_ref() != Some(&self.content.bytes())
    }

    /// Edits each PEM text in it: the file itself, or those that a kubeconfig holds.
    fn edit(
        &mut self,
        path: &Path,
        said: &Said,
        change: impl Fn(&[u8]) -> Result<Option<Bytes>, pem::Error>,
    ) -> Result<(), Error> {
        let wrong = |source| Error::Pem { path: path.to_owned(), source };
        match &self.content {
            Content::Pem(text) => {
                if let Some(new) = change(text).map_err(wrong)? {
                    self.set(new, said);
                }
            }
            Content::Kubeconfig(file) => {
                let clusters = edited::<NamedCluster>(
                    file,
                    |it| &mut it.cluster.certificate_authority_data,
                    &change,
                )
                .map_err(wrong)?;
                let users =
                    edited::<NamedUser>(file, |it| &mut it.user.client_certificate_data, &change)
                        .map_err(wrong)?;
                let mut new = (**file).clone();
                for cluster in &clusters {
                    new = kubeconfig::put(&new, cluster)?.into_owned();
                }
                for user in &users {
                    new = kubeconfig::put(&new, user)?.into_owned();
                }
                if !clusters.is_empty() || !users.is_empty() {
                    self.content = Content::Kubeconfig(Rc::new(new));
                    self.said.push(said.clone());
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, bytes: Bytes, said: &Said) {
        self.content = Content::Pem(bytes);
        self.said.push(said.clone());
    }

    /// Whether it holds this key and no certificate.
    fn is_key(&self, key: &PrivateKey) -> bool {
        let Content::Pem(text) = &self.content else { return false };
        let blocks = pem::blocks(text).unwrap_or_default();
        blocks.iter().all(|block| block.label != pem::CERTIFICATE)
            && PrivateKey::from_pem(text).is_ok_and(|found| found.public_key() == key.public_key())
    }

    fn is_pem(&self, text: &[u8]) -> bool {
        matches!(&self.content, Content::Pem(found) if **found == *text)
    }

    fn certificates(&self) -> Vec<Certificate> {
        match &self.content {
            Content::Pem(text) => certificates(text),
            Content::Kubeconfig(file) => {
                let config = file.config();
                let clusters =
                    config.clusters.iter().map(|it| &it.cluster.certificate_authority_data);
                let users = config.users.iter().map(|it| &it.user.client_certificate_data);
                clusters.chain(users).flat_map(|data| certificates(data.expose())).collect()
            }
        }
    }
}

impl Content {
    fn bytes(&self) -> Bytes {
        match self {
            Self::Kubeconfig(file) => Bytes::new(file.bytes().to_vec()),
            Self::Pem(bytes) => bytes.clone(),
        }
    }
}

/// The entries of a kubeconfig that are no longer what they were once a text in them is changed.
fn edited<E: Entry>(
    file: &File,
    data: impl Fn(&mut E) -> &mut Data,
    change: impl Fn(&[u8]) -> Result<Option<Bytes>, pem::Error>,
) -> Result<Vec<E>, pem::Error> {
    let mut edited = Vec::new();
    for entry in E::list(file.config()) {
        let mut entry = entry.clone();
        let text = data(&mut entry);
        if let Some(new) = change(text.expose())? {
            *text = Data::new(new.to_vec());
            edited.push(entry);
        }
    }
    Ok(edited)
}

fn certificates(text: &[u8]) -> Vec<Certificate> {
    let all = Public::all_in(text).into_iter();
    all.filter_map(|one| match one {
        Public::Certificate(certificate) => Some(*certificate),
        Public::Key(_) => None,
    })
    .collect()
}

/// Whether a file's name is one that kubeconfigs go by.
pub fn is_kubeconfig(path: &Path) -> bool {
    let is_suffix = |suffix: &std::ffi::OsStr| suffix == "conf" || suffix == "kubeconfig";
    path.extension().is_some_and(is_suffix) || path.file_name().is_some_and(|name| name == "config")
}
