//! What client-go would say of kubeconfigs at use, and what a careful reader would.
//!
//! A rule is one function and one line of [`RULES`]. Nothing that a kubeconfig names is run; files that it names are only read.

mod clusters;
mod contexts;
mod files;
mod subject;
mod users;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use crate::core::changes::Found;
use crate::core::kubeconfig::{File, Item, NamedCluster, NamedContext, NamedUser, View};
use crate::core::x509::time::{Moment, Period};

pub use subject::Subject;

/// The rule about files that others can read although they hold secrets.
pub const OPEN_FILE: &str = "open-file";

/// How bad a finding is; worse ones are greater.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, above all of a file that comes from somebody else.
    Info,
    /// It works, and should not stay so.
    Warning,
    /// It does not work.
    Error,
}

/// Something that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule.
    pub rule: &'static str,
    /// The kubeconfig.
    #[serde(serialize_with = "super::as_text")]
    pub file: PathBuf,
    /// Such as `user admin`; `None` for the file as a whole.
    pub entry: Option<String>,
    /// What is wrong; never a secret.
    pub message: String,
    /// What to type, where that is clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a rule looks at, and the function that does. It says what is wrong, or nothing.
pub enum Look {
    /// At each cluster.
    Cluster(fn(&Subject<'_>, Item<'_, NamedCluster>) -> Option<String>),
    /// At each context.
    Context(fn(&Subject<'_>, Item<'_, NamedContext>) -> Option<String>),
    /// At each file.
    File(fn(&Subject<'_>, &File) -> Option<String>),
    /// At each user.
    User(fn(&Subject<'_>, Item<'_, NamedUser>) -> Option<String>),
}

/// Something to look for.
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// How it is found.
    pub look: Look,
}

const fn error(name: &'static str, look: Look) -> Rule {
    Rule { name, severity: Severity::Error, look }
}

const fn warning(name: &'static str, look: Look) -> Rule {
    Rule { name, severity: Severity::Warning, look }
}

const fn info(name: &'static str, look: Look) -> Rule {
    Rule { name, severity: Severity::Info, look }
}

/// All rules, in the order in which they are told of.
pub const RULES: &[Rule] = &[
    error("current-context", Look::File(files::current_context)),
    warning(OPEN_FILE, Look::File(files::open)),
    warning("more-documents", Look::File(files::more_documents)),
    info("hidden", Look::File(files::hidden)),
    error("context-name", Look::Context(contexts::name)),
    error("context-cluster", Look::Context(contexts::cluster)),
    error("context-user", Look::Context(contexts::user)),
    error("namespace", Look::Context(contexts::namespace)),
    error("no-server", Look::Cluster(clusters::no_server)),
    warning("http-server", Look::Cluster(clusters::http)),
    error("ca-twice", Look::Cluster(clusters::twice)),
    error("ca-file", Look::Cluster(clusters::file)),
    error("ca-damaged", Look::Cluster(clusters::damaged)),
    error("ca-expired", Look::Cluster(clusters::expired)),
    error("ca-and-insecure", Look::Cluster(clusters::ca_and_insecure)),
    warning("insecure", Look::Cluster(clusters::insecure)),
    error("proxy-scheme", Look::Cluster(clusters::proxy_scheme)),
    info("proxy", Look::Cluster(clusters::proxy)),
    info("reads-outside", Look::Cluster(clusters::outside)),
    info("unused", Look::Cluster(clusters::unused)),
    error("certificate-twice", Look::User(users::certificate_twice)),
    error("key-twice", Look::User(users::key_twice)),
    error("no-key", Look::User(users::no_key)),
    warning("no-certificate", Look::User(users::no_certificate)),
    error("certificate-file", Look::User(users::certificate_file)),
    error("key-file", Look::User(users::key_file)),
    error("token-file", Look::User(users::token_file)),
    error("certificate-damaged", Look::User(users::certificate_damaged)),
    error("key-damaged", Look::User(users::key_damaged)),
    error("key-of-another", Look::User(users::key_of_another)),
    error("expired", Look::User(users::expired)),
    error("not-yet-valid", Look::User(users::not_yet_valid)),
    warning("expires-soon", Look::User(users::expires_soon)),
    error("token-and-password", Look::User(users::token_and_password)),
    error("exec-and-auth-provider", Look::User(users::exec_and_auth_provider)),
    error("exec-incomplete", Look::User(users::exec_incomplete)),
    error("acts-as-nobody", Look::User(users::acts_as_nobody)),
    info("exec", Look::User(users::exec)),
    info("auth-provider", Look::User(users::auth_provider)),
    info("reads-outside", Look::User(users::outside)),
    info("unused", Look::User(users::unused)),
];

/// The rules for what a kubeconfig from somebody else could do.
pub const DANGERS: [&str; 5] = ["auth-provider", "exec", "insecure", "proxy", "reads-outside"];

/// What kubeconfigs could do. No file that they name is opened for that.
pub fn dangers(view: View<'_>, now: Moment) -> Vec<Finding> {
    let nothing = |_: &Path| Found::Absent;
    let subject = Subject::new(view, now, Period::days(0), &nothing);
    found_by(&subject, |rule| DANGERS.contains(&rule.name))
}

/// What the rules find, entry by entry.
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    found_by(subject, |_| true)
}

fn found_by(subject: &Subject<'_>, counts: impl Fn(&Rule) -> bool) -> Vec<Finding> {
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| counts(rule)).collect();
    let mut found = Vec::new();
    for file in subject.view.files() {
        for rule in &rules {
            if let Look::File(look) = rule.look {
                found.extend(look(subject, file).map(|said| finding(rule, file, None, said)));
            }
        }
    }
    each(
        &rules,
        &mut found,
        "context",
        &subject.contexts,
        |it| &it.name,
        |rule, item| match rule.look {
            Look::Context(look) => look(subject, item),
            _ => None,
        },
    );
    each(
        &rules,
        &mut found,
        "cluster",
        &subject.clusters,
        |it| &it.name,
        |rule, item| match rule.look {
            Look::Cluster(look) => look(subject, item),
            _ => None,
        },
    );
    each(
        &rules,
        &mut found,
        "user",
        &subject.users,
        |it| &it.name,
        |rule, item| match rule.look {
            Look::User(look) => look(subject, item),
            _ => None,
        },
    );
    found
}

fn each<'a, T>(
    rules: &[&'static Rule],
    found: &mut Vec<Finding>,
    kind: &str,
    items: &[Item<'a, T>],
    name: fn(&T) -> &String,
    look: impl Fn(&Rule, Item<'a, T>) -> Option<String>,
) {
    for item in items {
        for rule in rules {
            if let Some(said) = look(rule, *item) {
                let entry = format!("{kind} {}", name(item.entry));
                found.push(finding(rule, item.file, Some(entry), said));
            }
        }
    }
}

fn finding(rule: &Rule, file: &File, entry: Option<String>, message: String) -> Finding {
    let file = file.path().to_owned();
    let hint = files::hint(rule.name, &file);
    Finding { severity: rule.severity, rule: rule.name, file, entry, message, hint }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "info" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err("wanted error, warning or info".to_owned()),
        }
    }
}
