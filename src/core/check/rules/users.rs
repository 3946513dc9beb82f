//! Rules about users.

use crate::core::changes::Snapshot;
use crate::core::check::ClientCertificate;
use crate::core::check::client;
use crate::core::kubeconfig::{Exec, Item, NamedUser};
use crate::core::x509::cert::Certificate;
use crate::core::x509::private_key::{self, PrivateKey};

use super::Subject;
use super::subject::{Held, leading_outside};

type User<'a> = Item<'a, NamedUser>;

pub(super) fn certificate_twice(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    let is_twice = !it.client_certificate.is_empty() && !it.client_certificate_data.is_empty();
    is_twice.then(|| "it has both `client-certificate` and `client-certificate-data`".to_owned())
}

pub(super) fn key_twice(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    let is_twice = !it.client_key.is_empty() && !it.client_key_data.is_empty();
    is_twice.then(|| "it has both `client-key` and `client-key-data`".to_owned())
}

pub(super) fn no_key(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    (has_certificate(item) && !has_key(item)).then(|| "it has a certificate and no key".to_owned())
}

pub(super) fn no_certificate(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    (has_key(item) && !has_certificate(item))
        .then(|| "it has a key and no certificate, so the key is not used".to_owned())
}

pub(super) fn certificate_file(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    let path = &item.entry.user.client_certificate;
    subject.unreadable(item.file, "client-certificate", path)
}

pub(super) fn key_file(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    subject.unreadable(item.file, "client-key", &item.entry.user.client_key)
}

pub(super) fn token_file(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    subject.unreadable(item.file, "tokenFile", &item.entry.user.token_file)
}

pub(super) fn certificate_damaged(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    match certificate(subject, item)? {
        ClientCertificate::Damaged { why } => {
            Some(format!("its certificate cannot be read: {why}"))
        }
        _ => None,
    }
}

pub(super) fn key_damaged(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    let error = key(subject, item)?.err()?;
    Some(format!("its key cannot be read: {error}"))
}

pub(super) fn key_of_another(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    let key = key(subject, item)?.ok()?;
    let it = &item.entry.user;
    let held = subject.held(item.file, &it.client_certificate_data, &it.client_certificate);
    let Held::Bytes(pem) = held else { return None };
    let chain = Certificate::chain_from_pem(&pem).ok()?;
    (chain[0].public_key() != key.public_key())
        .then(|| "its key is not that of its certificate".to_owned())
}

pub(super) fn expired(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    match certificate(subject, item)? {
        ClientCertificate::Expired { not_after } => {
            Some(format!("its certificate expired on {not_after}"))
        }
        _ => None,
    }
}

pub(super) fn not_yet_valid(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    match certificate(subject, item)? {
        ClientCertificate::NotYetValid { not_before, .. } => {
            Some(format!("its certificate does not count before {not_before}"))
        }
        _ => None,
    }
}

pub(super) fn expires_soon(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    let left = |end: u64| end.saturating_sub(subject.now.unix());
    match certificate(subject, item)? {
        ClientCertificate::Valid { not_after, days_left }
            if left(not_after.unix()) <= subject.within.seconds() =>
        {
            Some(format!("its certificate expires on {not_after} ({days_left} days left)"))
        }
        _ => None,
    }
}

pub(super) fn token_and_password(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    let has_password = !it.username.is_empty() || !it.password.is_empty();
    (has_password && !it.token.is_empty())
        .then(|| "it has both a token and a user name or password".to_owned())
}

pub(super) fn exec_and_auth_provider(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    (it.exec.is_some() && it.auth_provider.is_some())
        .then(|| "it has both `exec` and `auth-provider`".to_owned())
}

pub(super) fn exec_incomplete(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let exec = item.entry.user.exec.as_ref()?;
    let missing = missing_of(exec);
    (!missing.is_empty()).then(|| format!("its `exec` has no valid {}", missing.join(", ")))
}

pub(super) fn acts_as_nobody(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    let has_more = !it.impersonate_uid.is_empty()
        || !it.impersonate_groups.is_empty()
        || !it.impersonate_user_extra.is_empty();
    (has_more && it.impersonate.is_empty())
        .then(|| "it has `as-uid`, `as-groups` or `as-user-extra` without `as`".to_owned())
}

pub(super) fn exec(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let exec = item.entry.user.exec.as_ref()?;
    let command = item.file.resolve_command(&exec.command);
    Some(format!("at use it runs the program {}", command.display()))
}

pub(super) fn auth_provider(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let provider = item.entry.user.auth_provider.as_ref()?;
    Some(format!("at use it asks the auth provider `{}`, which may run programs", provider.name))
}

pub(super) fn outside(_: &Subject<'_>, item: User<'_>) -> Option<String> {
    let it = &item.entry.user;
    let fields = [
        ("client-certificate", it.client_certificate.as_str()),
        ("client-key", it.client_key.as_str()),
        ("tokenFile", it.token_file.as_str()),
    ];
    leading_outside(item.file, &fields)
}

pub(super) fn unused(subject: &Subject<'_>, item: User<'_>) -> Option<String> {
    let is_used = subject.used_users.contains(item.entry.name.as_str());
    (!is_used).then(|| "no context names it".to_owned())
}

fn has_certificate(item: User<'_>) -> bool {
    let it = &item.entry.user;
    !it.client_certificate.is_empty() || !it.client_certificate_data.is_empty()
}

fn has_key(item: User<'_>) -> bool {
    let it = &item.entry.user;
    !it.client_key.is_empty() || !it.client_key_data.is_empty()
}

fn certificate(subject: &Subject<'_>, item: User<'_>) -> Option<ClientCertificate> {
    let file = client::certificate_file(item);
    let snapshot: Snapshot =
        file.map(|file| (file.clone(), subject.found(&file))).into_iter().collect();
    ClientCertificate::of(item, &snapshot, subject.now)
}

fn key(subject: &Subject<'_>, item: User<'_>) -> Option<Result<PrivateKey, private_key::Error>> {
    let it = &item.entry.user;
    match subject.held(item.file, &it.client_key_data, &it.client_key) {
        Held::Bytes(pem) => Some(PrivateKey::from_pem(&pem)),
        Held::Nothing | Held::Unreadable(..) => None,
    }
}

fn missing_of(exec: &Exec) -> Vec<&'static str> {
    let mut filled = exec.clone();
    filled.fill_in_interactive_mode();
    let mode = ["Never", "IfAvailable", "Always"].contains(&filled.interactive_mode.as_str());
    let names = exec.env.iter().all(|variable| !variable.name.is_empty());
    let parts = [
        ("command", !exec.command.is_empty()),
        ("apiVersion", !exec.api_version.is_empty()),
        ("env.name", names),
        ("interactiveMode", mode),
    ];
    parts.into_iter().filter(|(_, is_there)| !is_there).map(|(part, _)| part).collect()
}
