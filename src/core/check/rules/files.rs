//! Rules about a file as a whole.

use std::collections::BTreeSet;
use std::path::Path;

use crate::core::changes::{Found, quoted};
use crate::core::kubeconfig::{AuthInfo, File};

use super::Subject;

pub(super) fn current_context(subject: &Subject<'_>, file: &File) -> Option<String> {
    let (name, origin) = subject.view.current_context()?;
    let is_there = subject.contexts.iter().any(|item| item.entry.name == name);
    (origin.path() == file.path() && !is_there)
        .then(|| format!("the current context is `{name}`, which is nowhere"))
}

pub(super) fn open(subject: &Subject<'_>, file: &File) -> Option<String> {
    let holds_secrets = file.config().users.iter().any(|entry| is_secret(&entry.user));
    match subject.found(file.path()) {
        Found::File { mode, .. } if mode & 0o077 != 0 && holds_secrets => {
            Some(format!("it holds secrets, and others can read it (mode {mode:04o})"))
        }
        _ => None,
    }
}

pub(super) fn more_documents(_: &Subject<'_>, file: &File) -> Option<String> {
    file.has_more_documents().then(|| "it holds several documents; only the first is read".into())
}

pub(super) fn hidden(subject: &Subject<'_>, file: &File) -> Option<String> {
    let earlier = || subject.view.files().iter().take_while(|one| one.path() != file.path());
    let (mut hidden, config) = (Vec::new(), file.config());
    let mut add = |kind: &str, names: Vec<&String>, taken: Vec<&String>| {
        let taken: BTreeSet<_> = taken.into_iter().collect();
        let names = names.into_iter().filter(|name| taken.contains(name));
        hidden.extend(names.map(|name| format!("{kind} {name}")));
    };
    let before = || earlier().map(File::config);
    add(
        "cluster",
        config.clusters.iter().map(|it| &it.name).collect(),
        before().flat_map(|config| config.clusters.iter().map(|it| &it.name)).collect(),
    );
    add(
        "user",
        config.users.iter().map(|it| &it.name).collect(),
        before().flat_map(|config| config.users.iter().map(|it| &it.name)).collect(),
    );
    add(
        "context",
        config.contexts.iter().map(|it| &it.name).collect(),
        before().flat_map(|config| config.contexts.iter().map(|it| &it.name)).collect(),
    );
    (!hidden.is_empty()).then(|| format!("an earlier file hides its {}", hidden.join(", ")))
}

/// What to type about a finding of this rule.
pub(super) fn hint(rule: &str, file: &Path) -> Option<String> {
    let file = quoted(file);
    match rule {
        "current-context" => Some(format!("kubepki context list --kubeconfig {file}")),
        super::OPEN_FILE => Some(format!("chmod 600 {file}")),
        "ca-twice" | "certificate-twice" | "key-twice" => {
            Some(format!("kubepki kubeconfig repair {file}"))
        }
        _ => None,
    }
}

fn is_secret(user: &AuthInfo) -> bool {
    let provider = user.auth_provider.as_ref().is_some_and(|it| !it.config.is_empty());
    let exec = user.exec.as_ref().is_some_and(|it| !it.env.is_empty());
    !user.client_key_data.is_empty()
        || !user.token.is_empty()
        || !user.password.is_empty()
        || provider
        || exec
}
