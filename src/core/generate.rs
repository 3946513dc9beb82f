//! The act of making a kubeconfig, with or without the certificate that it carries.

use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::changes::{Before, Bytes, Change, Changes, Found, Secrecy, Snapshot};
use crate::core::inventory::{self, Inventory};
use crate::core::kubeconfig::{
    self, AuthInfo, Cluster, Context, Data, File, NamedCluster, NamedContext, NamedUser,
    NewEntries, Secret,
};
use crate::core::make::{Made, carry_out, decide};
use crate::core::report::{Action, MadeReport};
use crate::core::sign::Outcome;
use crate::core::spec::{Credentials, Destination, Form, KubeconfigSpec, Pair, Spec};
use crate::core::store::{self, Guard, Lockable};
use crate::core::x509::cert::chain_to_pem;
use crate::core::x509::chain;
use crate::core::x509::time::Moment;
use crate::core::{Error, World};

/// What stands in for a certificate that a dry run does not make.
const NOT_MADE_YET: &str = "a dry run makes no certificate\n";

/// Makes a kubeconfig, or adds its entries to one that is there; with its certificate where that is asked for. Certificate,
/// key and kubeconfig come into place together or not at all.
///
/// # Errors
///
/// What stops the certificate; files that are missing or do not fit each other; a kubeconfig that cannot be read, or that
/// has an entry of the same name which differs (without force).
pub fn generate(spec: &KubeconfigSpec, dry_run: bool, world: &World<'_>) -> Result<Made, Error> {
    let folder = lock(home(spec).map(Lockable::Folder), dry_run, world)?;
    let snapshot = store::read(spec.paths());
    let (mut report, outcome) = issue(spec, dry_run, &snapshot, world)?;
    report.dry_run = dry_run;
    report.notes.extend(folder.iter().flat_map(Guard::recovered).map(ToString::to_string));
    let made = Pem::of(&outcome);
    let sources = Sources { spec, snapshot: &snapshot, made, now: world.now, folder: world.folder };
    let entries = sources.entries(&mut report)?;

    let Destination::File(out) = &spec.out else {
        commit(folder.as_ref(), &outcome.changes)?;
        let stdout =
            if dry_run { Bytes::default() } else { kubeconfig::build(Path::new("-"), &entries)? };
        return Ok(Made { report, stdout });
    };
    // Only now: a search for RSA primes is long, and meanwhile kubectl may want the file.
    let file = lock(Some(Lockable::Kubeconfig(out.clone())), dry_run, world)?;
    let old = store::read([out.clone()]);
    let mut changes = outcome.changes;
    changes.list.extend(place(out, entries, spec.force, &old, &mut report)?);
    commit(folder.as_ref().or(file.as_ref()), &changes)?;
    Ok(Made { report, stdout: Bytes::default() })
}

/// The folder that is written to besides.
fn home(spec: &KubeconfigSpec) -> Option<PathBuf> {
    match &spec.credentials {
        Credentials::Certificate { issue: Some(issue), .. } => issue.home.clone(),
        Credentials::Certificate { issue: None, .. } | Credentials::TokenFile(_) => None,
    }
}

/// A dry run locks nothing.
fn lock(what: Option<Lockable>, dry_run: bool, world: &World<'_>) -> Result<Option<Guard>, Error> {
    let locked = what.filter(|_| !dry_run).map(|what| store::lock(&[what], &world.locks));
    Ok(locked.transpose()?)
}

/// A dry run, which has locked nothing, writes nothing.
fn commit(guard: Option<&Guard>, changes: &Changes) -> Result<(), Error> {
    if let Some(guard) = guard {
        guard.commit(changes)?;
    }
    Ok(())
}

/// Plans the certificate and makes it in memory, where that is asked for.
fn issue(
    spec: &KubeconfigSpec,
    dry_run: bool,
    snapshot: &Snapshot,
    world: &World<'_>,
) -> Result<(MadeReport, Outcome), Error> {
    let Credentials::Certificate { issue: Some(issue), .. } = &spec.credentials else {
        return Ok(Default::default());
    };
    let plan = decide(issue, snapshot, world)?;
    let mut report = MadeReport::of_plan(&plan);
    if dry_run && report.changed {
        return Ok((report, Outcome::default()));
    }
    let outcome = carry_out(plan, world)?;
    report.add_made(&outcome.made, world.now);
    Ok((report, outcome))
}

/// The change that brings the entries into the file; none where they are there.
fn place(
    out: &Path,
    mut entries: NewEntries,
    force: bool,
    snapshot: &Snapshot,
    report: &mut MadeReport,
) -> Result<Option<Change>, Error> {
    let old = Inventory::new(snapshot).bytes("kubeconfig", out)?;
    let about = format!("kubeconfig with the context {}", entries.context.name);
    let (action, bytes, before) = match old {
        None => (Action::Create, kubeconfig::build(out, &entries)?, Before::Absent),
        Some(old) => {
            let file = File::parse(out, old)?;
            let current = &file.config().current_context;
            entries.set_current = current.is_empty();
            if !entries.set_current && *current != entries.context.name {
                report
                    .notes
                    .push(format!("{} stays on its current context `{current}`", out.display()));
            }
            let new = kubeconfig::add_entries(&file, &entries, force)?;
            let action = if new == *old { Action::Keep } else { Action::Edit };
            (action, new, Before::Exactly(old.clone()))
        }
    };
    report.add_file(action, out.to_owned(), about);
    let change = Change { path: out.to_owned(), bytes, secrecy: Secrecy::AsFound, before };
    Ok((action != Action::Keep).then_some(change))
}

/// A certificate with its chain, and its key, as PEM.
struct Pem {
    chain: String,
    key: Zeroizing<String>,
}

impl Pem {
    fn of(outcome: &Outcome) -> Option<Self> {
        let made = outcome.made.first()?;
        let (key, _) = made.key.as_ref()?;
        Some(Self { chain: chain_to_pem(&made.chain), key: key.to_pem() })
    }
}

/// Where the parts of the entries come from.
struct Sources<'a> {
    spec: &'a KubeconfigSpec,
    snapshot: &'a Snapshot,
    made: Option<Pem>,
    now: Moment,
    folder: &'a Path,
}

impl Sources<'_> {
    fn entries(self, report: &mut MadeReport) -> Result<NewEntries, Error> {
        let spec = self.spec;
        let context = Context {
            cluster: spec.cluster.clone(),
            user: spec.user.clone(),
            namespace: spec.namespace.clone().unwrap_or_default(),
            ..Context::default()
        };
        Ok(NewEntries {
            cluster: NamedCluster { name: spec.cluster.clone(), cluster: self.cluster()? },
            user: NamedUser { name: spec.user.clone(), user: self.user(report)? },
            context: NamedContext { name: spec.context.clone(), context },
            set_current: true,
        })
    }

    fn cluster(&self) -> Result<Cluster, Error> {
        let spec = self.spec;
        let inventory = Inventory::new(self.snapshot);
        let chain = inventory.chain("CA certificate", &spec.ca)?;
        let chain = chain.ok_or_else(|| missing("CA certificate", &spec.ca))?;
        let mut cluster = Cluster {
            server: spec.server.clone(),
            tls_server_name: spec.tls_server_name.clone().unwrap_or_default(),
            proxy_url: Secret::new(spec.proxy_url.clone().unwrap_or_default()),
            ..Cluster::default()
        };
        match spec.form {
            Form::Embedded => cluster.certificate_authority_data = Data::new(chain_to_pem(&chain)),
            Form::Paths => cluster.certificate_authority = self.reference(&spec.ca)?,
        }
        Ok(cluster)
    }

    fn user(&self, report: &mut MadeReport) -> Result<AuthInfo, Error> {
        let mut user = AuthInfo::default();
        match (&self.spec.credentials, self.spec.form) {
            (Credentials::TokenFile(path), Form::Paths) => {
                user.token_file = self.reference(path)?
            }
            (Credentials::TokenFile(path), Form::Embedded) => user.token = self.token(path)?,
            (Credentials::Certificate { files, issue }, form) => {
                let pem = self.certificate(files, issue.as_ref(), report)?;
                match form {
                    Form::Embedded => {
                        user.client_certificate_data = Data::new(pem.chain);
                        user.client_key_data = Data::new(pem.key.as_bytes());
                    }
                    Form::Paths => {
                        user.client_certificate = self.reference(&files.certificate)?;
                        user.client_key = self.reference(&files.key)?;
                    }
                }
            }
        }
        Ok(user)
    }

    /// The certificate and key: just made, or in their files, where they must fit each other.
    fn certificate(
        &self,
        files: &Pair,
        issue: Option<&Spec>,
        report: &mut MadeReport,
    ) -> Result<Pem, Error> {
        if let Some(made) = &self.made {
            return Ok(Pem { chain: made.chain.clone(), key: made.key.clone() });
        }
        if issue.is_some() {
            return Ok(Pem { chain: NOT_MADE_YET.to_owned(), key: Zeroizing::default() });
        }
        let inventory = Inventory::new(self.snapshot);
        let chain = inventory.chain("client certificate", &files.certificate)?;
        let chain = chain.ok_or_else(|| missing("client certificate", &files.certificate))?;
        let key = inventory.key("client key", &files.key)?;
        let key = key.ok_or_else(|| missing("client key", &files.key))?;
        chain::belongs(&chain[0], key.public_key())
            .map_err(|source| inventory::Error::Pair { path: files.certificate.clone(), source })?;
        let end = chain[0].validity().not_after;
        if end < self.now {
            report.warnings.push(format!("{} expired at {end}", files.certificate.display()));
        }
        if !chain[0].extensions().purposes().iter().any(|purpose| purpose == "clientAuth") {
            let path = files.certificate.display();
            report
                .warnings
                .push(format!("{path} is not for clients: kube-apiserver will refuse it"));
        }
        Ok(Pem { chain: chain_to_pem(&chain), key: key.to_pem() })
    }

    fn token(&self, path: &Path) -> Result<Secret, Error> {
        let bytes = Inventory::new(self.snapshot).bytes("token file", path)?;
        let bytes = bytes.ok_or_else(|| missing("token file", path))?;
        let text = std::str::from_utf8(bytes).map(str::trim).unwrap_or_default();
        if text.is_empty() || text.contains(|c: char| c.is_control() || c == ' ') {
            return Err(inventory::Error::Token(path.to_owned()).into());
        }
        Ok(Secret::new(text))
    }

    /// A file as the kubeconfig names it; it must be there.
    fn reference(&self, path: &Path) -> Result<String, Error> {
        let is_made = self.made.is_some()
            || matches!(&self.spec.credentials, Credentials::Certificate { issue: Some(_), .. });
        if !is_made && matches!(self.snapshot.get(path), Found::Absent) {
            return Err(missing("file", path));
        }
        let path = self.folder.join(path);
        let reference = match self.spec.out.path() {
            Some(out) => relative(&path, &self.folder.join(out)),
            // Standard output has no folder.
            None => path,
        };
        Ok(reference.display().to_string())
    }
}

fn missing(what: &'static str, path: &Path) -> Error {
    inventory::Error::Missing { what, path: path.to_owned() }.into()
}

/// `path` as seen from the folder of `file`, both absolute. client-go joins the two by their text (`filepath.Join`), so the
/// text is all that counts, also with symbolic links on the way.
fn relative(path: &Path, file: &Path) -> PathBuf {
    let (path, file) = (clean(path), clean(file));
    let folder = file.parent().unwrap_or(Path::new("/"));
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// Without `.` and `..`, by the text alone, as Go's `filepath.Clean` does it.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            Component::Normal(_) | Component::Prefix(_) | Component::RootDir => clean.push(part),
        }
    }
    clean
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
