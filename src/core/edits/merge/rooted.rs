//! Paths inside of entries: they are relative to the folder of their file, and must still lead there from another one.

use std::path::Path;

use crate::core::edits::desk::How;
use crate::core::edits::files::named;
use crate::core::kubeconfig::{Entry, File, NamedCluster, NamedContext, NamedUser, clean};

/// An entry that may name files.
pub trait Rooted: Entry {
    /// Where it names a file, and where a program.
    fn paths(stanza: &mut Self::Stanza) -> (Vec<&mut String>, Option<&mut String>);
}

impl Rooted for NamedCluster {
    fn paths(stanza: &mut Self::Stanza) -> (Vec<&mut String>, Option<&mut String>) {
        (vec![&mut stanza.certificate_authority], None)
    }
}

impl Rooted for NamedContext {
    fn paths(_: &mut Self::Stanza) -> (Vec<&mut String>, Option<&mut String>) {
        (Vec::new(), None)
    }
}

impl Rooted for NamedUser {
    fn paths(stanza: &mut Self::Stanza) -> (Vec<&mut String>, Option<&mut String>) {
        let files =
            vec![&mut stanza.client_certificate, &mut stanza.client_key, &mut stanza.token_file];
        (files, stanza.exec.as_mut().map(|exec| &mut exec.command))
    }
}

/// The same with whole paths, so that two can be compared wherever they stand; `folder` is the working one.
pub fn absolute<E: Rooted>(stanza: &E::Stanza, file: &File, folder: &Path) -> E::Stanza {
    let mut stanza = stanza.clone();
    let whole = |path: &str| clean(&folder.join(file.resolve(path))).display().to_string();
    each::<E>(&mut stanza, whole, whole);
    stanza
}

/// The same for another file, `to`. What is inside of that one's folder is named from there, as client-go does; never a program: a
/// bare word would be looked up in $PATH.
pub fn moved<E: Rooted>(stanza: &E::Stanza, from: &File, to: &Path, how: &How) -> E::Stanza {
    let mut stanza = stanza.clone();
    let stays = |path: &str| Path::new(path).is_absolute().then(|| path.to_owned());
    let file = |path: &str| stays(path).unwrap_or_else(|| named(how, &from.resolve(path), to));
    let whole = |path: &str| clean(&how.folder.join(from.resolve(path))).display().to_string();
    each::<E>(&mut stanza, file, |path| stays(path).unwrap_or_else(|| whole(path)));
    stanza
}

fn each<E: Rooted>(
    stanza: &mut E::Stanza,
    file: impl Fn(&str) -> String,
    program: impl Fn(&str) -> String,
) {
    let (files, command) = E::paths(stanza);
    for path in files.into_iter().filter(|path| !path.is_empty()) {
        *path = file(path);
    }
    // A bare word is looked up in $PATH.
    if let Some(command) = command.filter(|command| command.contains(std::path::is_separator)) {
        *command = program(command);
    }
}
