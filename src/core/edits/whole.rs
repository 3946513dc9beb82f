//! Edits of whole files: what they name is taken in, what they hold becomes files, and what nobody uses goes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::changes::Secrecy;
use crate::core::check::{ClientCertificate, certificate_file};
use crate::core::kubeconfig::{
    AuthInfo, Cluster, Data, Entry, Flattening, Item, MergedError, NamedCluster, NamedContext,
    NamedUser,
};
use crate::core::report::EditReport;
use crate::core::show::Source;
use crate::core::spec::check_file_name;
use crate::core::x509::time::Moment;
use crate::core::{Error, World, store};

use super::contexts::leave;
use super::desk::{Desk, How, carry_out_on_files};
use super::files::{named, read_token};

/// Which entries are meant; all where none is named.
#[derive(Clone, Debug, Default)]
pub struct Only {
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Names of users.
    pub users: Vec<String>,
}

/// Takes in the certificates and keys that entries name by paths; token files too where that is wanted.
///
/// # Errors
///
/// A file that cannot be read, or that stands beside its content; a kubeconfig that cannot be edited or locked. Nothing has
/// changed then.
pub fn embed(how: &How, only: &Only, tokens: bool, world: &World<'_>) -> Result<EditReport, Error> {
    carry_out_on_files(how, world, |desk| {
        only.check(desk)?;
        desk.each::<NamedCluster>(|it| {
            let mut cluster = it.entry.cluster.clone();
            if only.is_meant::<NamedCluster>(it.entry) {
                let path = it.file.resolve(&cluster.certificate_authority);
                taking_in(it, &[path], |flattening| flattening.cluster(&mut cluster))?;
            }
            Ok(changed(it, cluster))
        })?;
        desk.each::<NamedUser>(|it| {
            let mut user = it.entry.user.clone();
            if only.is_meant::<NamedUser>(it.entry) {
                let paths = [&user.client_certificate, &user.client_key];
                let paths = paths.map(|path| it.file.resolve(path));
                taking_in(it, &paths, |flattening| flattening.user(&mut user))?;
                if tokens && !user.token_file.is_empty() {
                    user.token = read_token(&Source::File(it.file.resolve(&user.token_file)))?;
                    user.token_file.clear();
                }
            }
            Ok(changed(it, user))
        })
    })
}

/// Makes files of the certificates and keys that entries hold, and names those; in `folder`, else beside each kubeconfig.
///
/// # Errors
///
/// A file in the way that holds something else; an entry that also names a file; a kubeconfig that cannot be edited or locked.
/// Nothing has changed then.
pub fn extract(
    how: &How,
    only: &Only,
    folder: Option<&Path>,
    world: &World<'_>,
) -> Result<EditReport, Error> {
    carry_out_on_files(how, world, |desk| {
        only.check(desk)?;
        let mut files = Vec::new();
        desk.each::<NamedCluster>(|it| {
            let mut cluster = it.entry.cluster.clone();
            if only.is_meant::<NamedCluster>(it.entry) {
                let taking_out =
                    TakingOut { how, folder, owner: owner(it), kubeconfig: it.file.path() };
                files.extend(taking_out.cluster(&mut cluster, &it.entry.name)?);
            }
            Ok(changed(it, cluster))
        })?;
        desk.each::<NamedUser>(|it| {
            let mut user = it.entry.user.clone();
            if only.is_meant::<NamedUser>(it.entry) {
                let taking_out =
                    TakingOut { how, folder, owner: owner(it), kubeconfig: it.file.path() };
                files.extend(taking_out.user(&mut user, &it.entry.name)?);
            }
            Ok(changed(it, user))
        })?;
        files.into_iter().try_for_each(|New { path, content, secrecy }| {
            desk.write(path, Zeroizing::new(content.expose().to_vec()), secrecy)
        })
    })
}

/// Puts keys and entries into the order in which kubectl writes them.
///
/// # Errors
///
/// A file whose order cannot change without its meaning; one that cannot be read, edited or locked. Nothing has changed then.
pub fn order(how: &How, world: &World<'_>) -> Result<EditReport, Error> {
    carry_out_on_files(how, world, |desk| desk.order())
}

/// Takes out contexts that name a cluster or user that is nowhere, and then clusters and users that no context of any file
/// names; where `expired`, first the users whose certificate has expired.
///
/// # Errors
///
/// A kubeconfig that cannot be read, edited or locked. Nothing has changed then.
pub fn prune(how: &How, expired: bool, world: &World<'_>) -> Result<EditReport, Error> {
    carry_out_on_files(how, world, |desk| {
        if expired {
            desk.remove_where::<NamedUser>(|it| has_expired(it, world.now))?;
        }
        let (clusters, users) = (all_names::<NamedCluster>(desk), all_names::<NamedUser>(desk));
        let gone = desk.remove_where::<NamedContext>(|it| {
            let context = &it.entry.context;
            let is_nowhere =
                |all: &BTreeSet<String>, name: &str| !name.is_empty() && !all.contains(name);
            is_nowhere(&clusters, &context.cluster) || is_nowhere(&users, &context.user)
        })?;
        if let Ok(current) = desk.current()
            && gone.contains(&current)
            && desk.view().context(&current).is_none()
        {
            leave(desk, &current)?;
        }
        let contexts = desk.view().everywhere::<NamedContext>();
        let (clusters, users): (BTreeSet<String>, BTreeSet<String>) = contexts
            .map(|it| (it.entry.context.cluster.clone(), it.entry.context.user.clone()))
            .unzip();
        desk.remove_where::<NamedCluster>(|it| !clusters.contains(&it.entry.name))?;
        desk.remove_where::<NamedUser>(|it| !users.contains(&it.entry.name))?;
        Ok(())
    })
}

impl Only {
    fn check(&self, desk: &Desk<'_>) -> Result<(), Error> {
        self.clusters.iter().try_for_each(|name| desk.need::<NamedCluster>(name).map(drop))?;
        self.users.iter().try_for_each(|name| desk.need::<NamedUser>(name).map(drop))
    }

    fn is_meant<E: Entry>(&self, entry: &E) -> bool {
        let is_all = self.clusters.is_empty() && self.users.is_empty();
        let names = if E::KIND == NamedUser::KIND { &self.users } else { &self.clusters };
        is_all || names.iter().any(|name| name == entry.name())
    }
}

/// The entry with another content; `None` where that is the same.
fn changed<E: Entry>(it: Item<'_, E>, stanza: E::Stanza) -> Option<E> {
    (*it.entry.stanza() != stanza).then(|| E::new(it.entry.name(), stanza))
}

fn owner<E: Entry>(it: Item<'_, E>) -> String {
    format!("{} {}", E::KIND, it.entry.name())
}

fn taking_in<E: Entry>(
    it: Item<'_, E>,
    paths: &[PathBuf],
    take: impl FnOnce(&Flattening<'_>) -> Result<(), MergedError>,
) -> Result<(), Error> {
    let paths = paths.iter().filter(|path| !path.as_os_str().is_empty());
    let snapshot = store::read(paths.cloned());
    Ok(take(&Flattening { file: it.file, snapshot: &snapshot, owner: owner(it) })?)
}

/// A file that is to be written.
struct New {
    path: PathBuf,
    content: Data,
    secrecy: Secrecy,
}

/// One entry on its way.
struct TakingOut<'a> {
    how: &'a How,
    folder: Option<&'a Path>,
    owner: String,
    kubeconfig: &'a Path,
}

impl TakingOut<'_> {
    fn cluster(&self, it: &mut Cluster, name: &str) -> Result<Option<New>, Error> {
        let (path, data) = (&mut it.certificate_authority, &mut it.certificate_authority_data);
        let file = ("cluster", name, ".crt");
        self.take_out("certificate-authority", path, data, file, Secrecy::Public)
    }

    fn user(
        &self,
        it: &mut AuthInfo,
        name: &str,
    ) -> Result<impl Iterator<Item = New> + use<>, Error> {
        let (path, data) = (&mut it.client_certificate, &mut it.client_certificate_data);
        let file = ("user", name, ".crt");
        let certificate = self.take_out("client-certificate", path, data, file, Secrecy::Public)?;
        let (path, data) = (&mut it.client_key, &mut it.client_key_data);
        let file = ("user", name, ".key");
        let key = self.take_out("client-key", path, data, file, Secrecy::Secret)?;
        Ok(certificate.into_iter().chain(key))
    }

    fn take_out(
        &self,
        field: &'static str,
        path: &mut String,
        data: &mut Data,
        (kind, name, ending): (&str, &str, &str),
        secrecy: Secrecy,
    ) -> Result<Option<New>, Error> {
        if data.is_empty() {
            return Ok(None);
        }
        if !path.is_empty() {
            let (file, owner) = (self.kubeconfig.to_owned(), self.owner.clone());
            return Err(MergedError::Both { file, owner, field }.into());
        }
        let file_name = format!("{kind}-{}{ending}", as_file_name(name));
        check_file_name(&file_name.replace('%', "+"))?;
        let file = match self.folder {
            Some(folder) => folder.join(file_name),
            None => self.kubeconfig.with_file_name(file_name),
        };
        *path = named(self.how, &file, self.kubeconfig);
        let content = std::mem::take(data);
        Ok(Some(New { path: file, content, secrecy }))
    }
}

/// What could lead elsewhere, or means something to a shell, becomes `%` and two digits: no two names become one.
fn as_file_name(name: &str) -> String {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@:+=".contains(&byte);
    let shown = |byte: u8| match good(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(shown).collect()
}

fn has_expired(user: Item<'_, NamedUser>, now: Moment) -> bool {
    let snapshot = store::read(certificate_file(user));
    let certificate = ClientCertificate::of(user, &snapshot, now);
    matches!(certificate, Some(ClientCertificate::Expired { .. }))
}

fn all_names<E: Entry>(desk: &Desk<'_>) -> BTreeSet<String> {
    desk.view().everywhere::<E>().map(|it| it.entry.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_become_paths_and_no_two_become_one() {
        assert_eq!(as_file_name("admin@kubernetes"), "admin@kubernetes");
        assert_eq!(as_file_name("../../etc/x y\n"), "..%2F..%2Fetc%2Fx%20y%0A");
        assert_ne!(as_file_name("a/b"), as_file_name("a%2Fb"));
    }
}
