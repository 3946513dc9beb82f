//! Kubeconfigs: what they are to say, and how what is there differs.

use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::planner::Planner;
use super::{CertificateAndKey, Configure, Credential, Difference, Error, Kept, Part, Step};
use crate::core::changes::{Before, Bytes, Change, Secrecy, quoted};
use crate::core::inventory;
use crate::core::kubeconfig::{
    self, AuthInfo, Cluster, Context, Data, EditError, File, NamedCluster, NamedContext, NamedUser,
    NewEntries, Secret, clean,
};
use crate::core::spec::{Credentials, Destination, Form, KubeconfigSpec, Pair};
use crate::core::x509::cert::{Certificate, chain_to_pem};
use crate::core::x509::chain;
use crate::core::x509::profile::Profile;

/// What stands for a part that is still to be made.
pub(super) const NOT_MADE_YET: &str = "not made yet\n";

impl Planner<'_> {
    pub(super) fn kubeconfig(&mut self, spec: &KubeconfigSpec) -> Result<Step, Error> {
        if let Some(step) = self.told_already(spec) {
            return Ok(step);
        }
        let ca = match self.by_place.get(&spec.ca) {
            Some(index) if matches!(self.steps[*index], Step::Certify(_)) => Part::Step(*index),
            _ => Part::Known(self.trusted(&spec.ca)?),
        };
        let credential = self.credential(spec)?;
        self.note_join(spec, &ca);
        let file = match spec.out.path() {
            Some(out) => self.file(out)?,
            None => None,
        };
        let mut stays = None;
        let renews = self.imports(spec);
        if let Some(file) = &file {
            if spec.form == Form::Embedded {
                self.note_open_key(file.path());
            }
            let current = file.config().current_context.clone();
            stays = Some(current).filter(|current| !current.is_empty() && *current != spec.context);
            let entries = self.expected(spec, &ca, &credential)?;
            let compared = self.compare(file, &NewEntries { renews, ..entries })?;
            // Whoever it is for would go on as somebody else, or to another server.
            let other = stays.take_if(|_| spec.is_alone).filter(|_| !self.force);
            let other = other
                .map(|other| format!("its current context is `{other}`, not `{}`", spec.context));
            let (is_same, differs) = match compared {
                Compared::Adds => (false, None),
                Compared::Differs(how) => (false, Some(how)),
                Compared::Same => (true, None),
            };
            let how: Vec<String> = differs.into_iter().chain(other).collect();
            if !how.is_empty() {
                return Ok(Step::Differ(Difference::new(file.path().to_owned(), how)));
            }
            if is_same {
                return Ok(Step::Keep(Kept::kubeconfig(file.path(), self.about(spec))));
            }
        }
        let about = self.about(spec);
        let (spec, force, exists) = (spec.clone(), self.force, file.is_some());
        Ok(Step::Kubeconfig(Box::new(Configure {
            spec,
            about,
            ca,
            credential,
            exists,
            force,
            renews,
            stays,
        })))
    }

    /// What is typed on a node: the token stays in its file, and the pin says which CA it may believe.
    fn note_join(&mut self, spec: &KubeconfigSpec, ca: &Part<Vec<Certificate>>) {
        if let (Credentials::BootstrapTokenFile(token), Part::Known(chain)) =
            (&spec.credentials, ca)
        {
            let (server, pin) = (&spec.server, chain[0].public_key().pin());
            self.notes.push(super::Note::Join(format!(
                "kubeadm join {} --token \"$(cat {})\" --discovery-token-ca-cert-hash {pin}",
                server.strip_prefix("https://").unwrap_or(server),
                quoted(token)
            )));
        }
    }

    /// The certificates that a kubeconfig tells its readers to trust: CAs.
    fn trusted(&mut self, path: &Path) -> Result<Vec<Certificate>, Error> {
        let chain = self.chain(path)?;
        if let Some(leaf) = chain.iter().find(|one| !one.extensions().is_ca()) {
            let source = chain::Error::NotACa { subject: leaf.subject().to_string() };
            return Err(inventory::Error::Ca { path: path.to_owned(), source }.into());
        }
        Ok(chain.to_vec())
    }

    /// The certificate inside of it differs, which has been said, or is in a file, which is not ours to judge.
    fn told_already(&self, spec: &KubeconfigSpec) -> Option<Step> {
        let out = spec.out.path().filter(|_| matches!(spec.credentials, Credentials::Inside))?;
        match &self.steps[*self.by_place.get(out)?] {
            Step::Differ(_) | Step::Unsigned(_) => Some(Step::Told),
            Step::Leave => Some(Step::Leave),
            Step::Told => {
                let about = "kubeconfig that names the files of its certificate and key".to_owned();
                Some(Step::Keep(Kept::kubeconfig(out, about)))
            }
            _ => None,
        }
    }

    fn compare(&self, file: &File, entries: &NewEntries) -> Result<Compared, Error> {
        match kubeconfig::add_entries(file, &entries.for_file(file, self.force), self.force) {
            Ok(new) if *new == *file.bytes() => Ok(Compared::Same),
            Ok(_) => Ok(Compared::Adds),
            Err(EditError::Exists { kind, name, fields, .. }) => Ok(Compared::Differs(format!(
                "its {kind} `{name}` differs in {}",
                fields.join(", ")
            ))),
            Err(error) => Err(error.into()),
        }
    }

    fn credential(&mut self, spec: &KubeconfigSpec) -> Result<Credential, Error> {
        let place = match (&spec.credentials, &spec.out) {
            (Credentials::BootstrapTokenFile(path), _) => {
                return Ok(Credential::Token(self.bootstrap_token(path)?));
            }
            (Credentials::TokenFile(path), _) => return Ok(Credential::Token(self.token(path)?)),
            (Credentials::Certificate(files), _) => &files.certificate,
            (
                Credentials::Inside,
                Destination::File(out) | Destination::Inside { file: out, .. },
            ) => out,
            (Credentials::Inside, Destination::Stdout) => return Err(Error::NowhereToKeep),
        };
        self.note_no_client(place);
        if let Some(part) = self.signed_elsewhere(spec)? {
            return Ok(Credential::Certificate(part));
        }
        let step = self.by_place.get(place).copied();
        Ok(Credential::Certificate(
            match (step.map(|index| (index, &self.steps[index])), &spec.credentials) {
                (Some((_, Step::Keep(Kept { chain, key: Some((_, key)), .. }))), _) => {
                    Part::Known(CertificateAndKey::new(chain, key))
                }
                (Some((index, Step::Certify(_))), _) => Part::Step(index),
                // It differs, and so nothing will be carried out.
                (Some(_), _)
                | (
                    None,
                    Credentials::BootstrapTokenFile(_)
                    | Credentials::Inside
                    | Credentials::TokenFile(_),
                ) => Part::Known(CertificateAndKey {
                    chain: NOT_MADE_YET.to_owned(),
                    key: Secret::default(),
                }),
                (None, Credentials::Certificate(files)) => Part::Known(self.on_disk(files)?),
            },
        ))
    }

    /// A certificate that an earlier step makes or keeps, and that kube-apiserver will not take from a client.
    fn note_no_client(&mut self, place: &Path) {
        let profile = match self.by_place.get(place).map(|index| &self.steps[*index]) {
            Some(Step::Certify(certify)) => certify.template.profile,
            _ => return,
        };
        if !matches!(profile, Profile::Client | Profile::Peer) {
            self.notes.push(super::Note::NotForClients(place.to_owned()));
        }
    }

    /// A certificate and key that nobody makes: they must be there and fit each other.
    fn on_disk(&mut self, files: &Pair) -> Result<CertificateAndKey, Error> {
        let chain = self.inventory.need_chain("client certificate", &files.certificate)?;
        let key = self.inventory.need_key("client key", &files.key)?;
        chain::belongs(&chain[0], key.public_key())
            .map_err(|source| inventory::Error::Pair { path: files.certificate.clone(), source })?;
        let path = &files.certificate;
        let end = chain[0].validity().not_after;
        if end < self.now {
            self.notes.push(super::Note::Expired { path: path.clone(), end });
        }
        if !chain[0].extensions().purposes().iter().any(|purpose| purpose == "clientAuth") {
            self.notes.push(super::Note::NotForClients(path.clone()));
        }
        Ok(CertificateAndKey::new(&chain, &key))
    }

    fn token(&self, path: &Path) -> Result<Secret, Error> {
        Ok(Secret::new(self.inventory.token(path)?))
    }

    /// By the rule of Kubernetes (`k8s.io/cluster-bootstrap/token/api`).
    fn bootstrap_token(&self, path: &Path) -> Result<Secret, Error> {
        let is_part = |part: &str, length| {
            part.len() == length && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9'))
        };
        let token = self.token(path)?;
        match token.expose().split_once('.') {
            Some((id, secret)) if is_part(id, 6) && is_part(secret, 16) => Ok(token),
            _ => Err(inventory::Error::BootstrapToken(path.to_owned()).into()),
        }
    }

    /// Whether a user of a kubeconfig has its certificate in a file: a kubelet that rotates its own writes it so.
    pub(super) fn names_files(&mut self, path: &Path, user: &str) -> Result<bool, Error> {
        let names = |one: &NamedUser| one.name == user && !one.user.client_certificate.is_empty();
        match self.file(path) {
            Ok(file) => Ok(file.is_some_and(|file| file.config().users.iter().any(names))),
            // What cannot be read is told of where it is read.
            Err(Error::Kubeconfig(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A kubeconfig, parsed once; `None` where there is no file.
    pub(super) fn file(&mut self, path: &Path) -> Result<Option<Rc<File>>, Error> {
        if let Some(file) = self.files.get(path) {
            return Ok(Some(file.clone()));
        }
        let Some(bytes) = self.inventory.bytes("kubeconfig", path)? else { return Ok(None) };
        let file = Rc::new(File::parse(path, bytes)?);
        self.files.insert(path.to_owned(), file.clone());
        Ok(Some(file))
    }
}

enum Compared {
    Adds,
    Differs(String),
    Same,
}

/// The entries of a kubeconfig, from the certificates of its CA and the credential of its user.
pub fn entries(spec: &KubeconfigSpec, ca: &str, credential: &KnownCredential<'_>) -> NewEntries {
    let context = Context {
        cluster: spec.cluster.clone(),
        user: spec.user.clone(),
        namespace: spec.namespace.clone().unwrap_or_default(),
        ..Context::default()
    };
    NewEntries {
        cluster: NamedCluster { name: spec.cluster.clone(), cluster: cluster(spec, ca) },
        user: NamedUser { name: spec.user.clone(), user: user(spec, credential) },
        context: NamedContext { name: spec.context.clone(), context },
        set_current: true,
        takes_over: spec.is_alone,
        renews: false,
    }
}

/// A credential that is there.
pub enum KnownCredential<'a> {
    /// A certificate and its key.
    Certificate(&'a CertificateAndKey),
    /// A certificate and key that are still to be made.
    NotMadeYet,
    /// A bearer token.
    Token(&'a Secret),
}

/// The change that brings entries into a file, which holds `old`; `None` where they are there.
///
/// # Errors
///
/// A file that cannot be read or edited, or that has an entry of the same name which differs (without force).
pub fn place(
    out: &Path,
    entries: &NewEntries,
    old: Option<&Bytes>,
    force: bool,
) -> Result<Option<Change>, Error> {
    let (bytes, before) = match old {
        None => (kubeconfig::build(out, entries)?, Before::Absent),
        Some(old) => {
            let file = File::parse(out, old)?;
            let new = kubeconfig::add_entries(&file, &entries.for_file(&file, force), force)?;
            if new == *old {
                return Ok(None);
            }
            (new, Before::Exactly(old.clone()))
        }
    };
    Ok(Some(Change { path: out.to_owned(), bytes, secrecy: Secrecy::AsFound, before }))
}

fn cluster(spec: &KubeconfigSpec, ca: &str) -> Cluster {
    let mut cluster = Cluster {
        server: spec.server.clone(),
        tls_server_name: spec.tls_server_name.clone().unwrap_or_default(),
        proxy_url: Secret::new(spec.proxy_url.clone().unwrap_or_default()),
        ..Cluster::default()
    };
    match &spec.form {
        Form::Embedded => cluster.certificate_authority_data = Data::new(ca),
        Form::Paths { folder } => cluster.certificate_authority = reference(spec, folder, &spec.ca),
    }
    cluster
}

fn user(spec: &KubeconfigSpec, credential: &KnownCredential<'_>) -> AuthInfo {
    let mut user = AuthInfo::default();
    match (&spec.form, &spec.credentials) {
        (
            Form::Paths { folder },
            Credentials::BootstrapTokenFile(path) | Credentials::TokenFile(path),
        ) => user.token_file = reference(spec, folder, path),
        (Form::Paths { folder }, Credentials::Certificate(files)) => {
            user.client_certificate = reference(spec, folder, &files.certificate);
            user.client_key = reference(spec, folder, &files.key);
        }
        (Form::Embedded, _) | (Form::Paths { .. }, Credentials::Inside) => match credential {
            KnownCredential::Certificate(it) => {
                user.client_certificate_data = Data::new(it.chain.as_str());
                user.client_key_data = Data::new(it.key.expose().as_bytes());
            }
            KnownCredential::NotMadeYet => user.client_certificate_data = Data::new(NOT_MADE_YET),
            KnownCredential::Token(token) => user.token = (*token).clone(),
        },
    }
    user
}

pub(super) fn known_ca(ca: &Part<Vec<Certificate>>) -> String {
    match ca {
        Part::Known(chain) => chain_to_pem(chain),
        Part::Step(_) => NOT_MADE_YET.to_owned(),
    }
}

pub(super) fn known(credential: &Credential) -> KnownCredential<'_> {
    match credential {
        Credential::Certificate(Part::Known(it)) => KnownCredential::Certificate(it),
        Credential::Certificate(Part::Step(_)) => KnownCredential::NotMadeYet,
        Credential::Token(token) => KnownCredential::Token(token),
    }
}

/// A file as the kubeconfig names it.
fn reference(spec: &KubeconfigSpec, folder: &Path, path: &Path) -> String {
    let path = folder.join(path);
    let reference = match spec.out.path() {
        Some(out) => relative(&path, &folder.join(out)),
        // Standard output has no folder.
        None => path,
    };
    reference.display().to_string()
}

/// `path` as seen from the folder of `file`, both absolute. client-go joins the two by their text (`filepath.Join`), so the
/// text is all that counts, also with symbolic links on the way.
pub fn relative(path: &Path, file: &Path) -> PathBuf {
    let (path, file) = (clean(path), clean(file));
    let folder = file.parent().unwrap_or(Path::new("/"));
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_client_go_will_look_for_it() {
        for (path, file, wanted) in [
            ("/a/pki/x.crt", "/a/admin.conf", "pki/x.crt"),
            ("/a/pki/x.crt", "/a/conf/admin.conf", "../pki/x.crt"),
            ("/a/./b/../pki/x.crt", "/a/admin.conf", "pki/x.crt"),
            ("/x.crt", "/a/b/c", "../../x.crt"),
        ] {
            assert_eq!(relative(Path::new(path), Path::new(file)), Path::new(wanted));
        }
    }
}
