//! Taking in what an entry of a kubeconfig names by a path.

use std::path::{Component, Path, PathBuf};

use crate::core::changes::{Found, Snapshot};

use super::file::File;
use super::merged::Error;
use super::secret::Data;
use super::types::{AuthInfo, Cluster};

/// One entry on its way.
pub struct Flattening<'a> {
    /// Where it stands.
    pub file: &'a File,
    /// The files that it names.
    pub snapshot: &'a Snapshot,
    /// Such as `user admin`.
    pub owner: String,
}

impl Flattening<'_> {
    /// Takes in what a cluster names.
    pub fn cluster(&self, it: &mut Cluster) -> Result<(), Error> {
        let (path, data) = (&mut it.certificate_authority, &mut it.certificate_authority_data);
        self.take_in("certificate-authority", path, data)
    }

    /// Takes in what a user names.
    pub fn user(&self, it: &mut AuthInfo) -> Result<(), Error> {
        let (path, data) = (&mut it.client_certificate, &mut it.client_certificate_data);
        self.take_in("client-certificate", path, data)?;
        self.take_in("client-key", &mut it.client_key, &mut it.client_key_data)
    }

    fn take_in(
        &self,
        field: &'static str,
        path: &mut String,
        data: &mut Data,
    ) -> Result<(), Error> {
        let (file, owner) = (self.file.path().to_owned(), self.owner.clone());
        if path.is_empty() {
            return Ok(());
        }
        if !data.is_empty() {
            return Err(Error::Both { file, owner, field });
        }
        let named = self.file.resolve(path);
        let why = match self.snapshot.get(&named) {
            Found::File { bytes, .. } => {
                *data = Data::new(bytes.to_vec());
                path.clear();
                return Ok(());
            }
            Found::Absent => "it does not exist".to_owned(),
            Found::Unreadable(why) => why.clone(),
        };
        Err(Error::Unreadable { path: named, field, owner, file, why })
    }

    /// A token's file is read again and again, and a program cannot be taken in: both stay where they are.
    pub fn absolute(&self, user: &mut AuthInfo, folder: &Path) -> Vec<String> {
        let token = self.file.resolve(&user.token_file);
        let command = user.exec.as_ref().map(|exec| exec.command.clone());
        // A bare word is looked up in $PATH.
        let command = command.filter(|command| command.contains(std::path::is_separator));
        let command = command.map(|command| self.file.resolve_command(&command));
        let places = [
            ("tokenFile", Some(&mut user.token_file), Some(token)),
            ("exec.command", user.exec.as_mut().map(|exec| &mut exec.command), command),
        ];
        let mut notes = Vec::new();
        for (field, place, resolved) in places {
            let (Some(place), Some(resolved)) = (place, resolved) else { continue };
            if place.is_empty() || Path::new(&*place).is_absolute() {
                continue;
            }
            let absolute = clean(&folder.join(resolved)).display().to_string();
            let owner = &self.owner;
            notes.push(format!(
                "{owner}: the relative {field} `{place}` becomes {absolute}, since it would be lost elsewhere"
            ));
            *place = absolute;
        }
        notes
    }
}

/// Without `.` and `..`, by the text alone, as Go's `filepath.Clean` does it.
pub fn clean(path: &Path) -> PathBuf {
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
