//! What a revocation is worth: who takes the list into account, who does not, and what helps with those.
//!
//! Pure words. What is said of Kubernetes, etcd and nginx is played by the tests against the real programs.

use std::path::Path;

use super::ledger::Ledger;
use super::target::Found;
use crate::core::catalog::{CLUSTER_CA, ETCD_CA, MASTERS, ROWS, Row};
use crate::core::changes::quoted;
use crate::core::log::Issued;
use crate::core::report::Advice;

/// The row of the CA of the front proxy.
const FRONT_PROXY_CA: &str = "front-proxy-ca";

/// What the users begin with that Kubernetes gives rights by itself.
const SYSTEM: &str = "system:";

/// Takes one subject out of every binding that names it.
const WITHOUT: &str = "'.items |= map(select(any(.subjects[]?; .kind == $kind and .name == $name)) | \
                       .subjects |= map(select(.kind != $kind or .name != $name)))'";

/// What holds for a certificate that was revoked.
pub(super) fn of(found: &Found, ledger: &Ledger) -> Vec<Advice> {
    let row = ca_row(&found.ca.certificate).map(|row| row.name);
    match (row, &found.issued) {
        (Some(ETCD_CA), _) => of_etcd(&ledger.list_der()),
        (Some(FRONT_PROXY_CA), Some(issued)) => of_front_proxy(issued),
        (Some(CLUSTER_CA), Some(issued)) if issued.profile == "server" => of_server(issued),
        (Some(CLUSTER_CA), Some(issued)) => of_user(issued),
        (Some(CLUSTER_CA | FRONT_PROXY_CA), None) => vec![Advice {
            about: "kube-apiserver takes no revocation list: whoever has the key of this certificate still gets in; \
                    its audit log tells as which user"
                .to_owned(),
            commands: Vec::new(),
        }],
        _ => of_servers(&ledger.list()),
    }
}

/// The row of the CA that has this certificate, by its place.
fn ca_row(ca: &Path) -> Option<&'static Row> {
    let place = ca.with_extension("");
    let of_row = |row: &&Row| row.file.is_some_and(|file| place.ends_with(file));
    // `etcd/ca` is not the `ca` of a folder `etcd`.
    let rows = ROWS.iter().filter(|row| row.profile.is_ca()).filter(of_row);
    rows.max_by_key(|row| row.file.map_or(0, str::len))
}

/// A client certificate of the cluster: a user of kube-apiserver.
fn of_user(issued: &Issued<'_>) -> Vec<Advice> {
    let until = issued.until;
    let user = issued.user.as_deref().unwrap_or_default();
    let mut advice = vec![only(format!(
        "kube-apiserver takes no revocation list: whoever has the key of this certificate still gets in as `{user}`, until {until}"
    ))];
    if issued.groups.iter().any(|group| group == MASTERS) {
        advice.push(only(format!(
            "the group {MASTERS} is above RBAC, and no binding can be taken from it: only a new CA shuts it out"
        )));
    } else if let Some(node) = user.strip_prefix("system:node:") {
        advice.push(Advice {
            about: "a node has its rights from the node authorizer and not from RBAC: only a new CA shuts it out; \
                    that it gets no more work and no more secrets:"
                .to_owned(),
            commands: vec![format!("kubectl delete node {}", word(node))],
        });
    } else if user.starts_with(SYSTEM) {
        advice.push(only(format!(
            "kube-apiserver puts the bindings of `{user}` back whenever it starts: only a new CA shuts it out"
        )));
    } else {
        advice.extend(of_bindings(user, &issued.groups));
    }
    advice.push(only("what cannot be revoked should not live long: issue with --validity 7d, and renew by a timer".to_owned()));
    advice
}

/// How a user loses its rights: its certificate says who it is, and bindings say what that one may do.
fn of_bindings(user: &str, groups: &[String]) -> Vec<Advice> {
    let subjects = std::iter::once(user).chain(groups.iter().map(String::as_str));
    let wanted: Vec<String> = subjects.map(|name| format!("-e {}", word(name))).collect();
    let mut advice = vec![
        Advice {
            about: "its rights can be taken away; what gives it some:".to_owned(),
            commands: vec![format!(
                "kubectl get clusterrolebindings,rolebindings -A -o wide | grep -wF {}",
                wanted.join(" ")
            )],
        },
        Advice {
            about: format!("take the user `{user}` out of every binding:"),
            commands: vec![take_out("User", user)],
        },
    ];
    advice.extend(groups.iter().map(|group| Advice {
        about: format!(
            "take the group `{group}` out of every binding; that hits all who are in it, so give the others another one first:"
        ),
        commands: vec![take_out("Group", group)],
    }));
    let as_groups = groups.iter().map(|group| format!(" --as-group {}", word(group)));
    advice.push(Advice {
        about: "see what it may still do:".to_owned(),
        commands: vec![format!(
            "kubectl auth can-i --list --as {}{}",
            word(user),
            as_groups.collect::<String>()
        )],
    });
    advice
}

fn take_out(kind: &str, name: &str) -> String {
    format!(
        "kubectl get clusterrolebindings,rolebindings -A -o json | jq --arg kind {kind} --arg name {} {WITHOUT} | kubectl replace -f -",
        word(name)
    )
}

/// A serving certificate of the cluster.
fn of_server(issued: &Issued<'_>) -> Vec<Advice> {
    vec![only(format!(
        "kubectl, kubelets and controllers look at no revocation list: whoever has the key of this certificate can pose as {}, until {}; \
         only a new CA ends that",
        if issued.sans.is_empty() { &*issued.subject } else { &issued.sans[0] },
        issued.until
    ))]
}

fn of_front_proxy(issued: &Issued<'_>) -> Vec<Advice> {
    let until = issued.until;
    let user = issued.user.as_deref().unwrap_or_default();
    let next = format!("{user}-2");
    vec![
        only(format!(
            "kube-apiserver takes no revocation list: whoever has the key of this certificate can name any user in headers, until {until}"
        )),
        Advice {
            about: "it lets in the common names of one flag: give the next certificate another one, and list that alone on each \
                    kube-apiserver, which must be restarted:"
                .to_owned(),
            commands: vec![
                format!("kubepki cert issue front-proxy-client --cn {} --force", word(&next)),
                format!("--requestheader-allowed-names={}", word(&next)),
            ],
        },
    ]
}

fn of_etcd(list: &Path) -> Vec<Advice> {
    let list = quoted(list);
    vec![
        Advice {
            about: "etcd reads the list in DER, at each handshake: copy it to every member, and start each with these flags, once:"
                .to_owned(),
            commands: vec![format!("--client-crl-file={list}"), format!("--peer-crl-file={list}")],
        },
        only("connections that are open stay: restart a member to end those that lead to it".to_owned()),
    ]
}

fn of_servers(list: &Path) -> Vec<Advice> {
    let list = quoted(list);
    vec![
        Advice {
            about: "a server looks at the list where it is told to: copy it there, and again after each change; nginx:".to_owned(),
            commands: vec![format!("ssl_crl {list};"), "nginx -s reload".to_owned()],
        },
        only("kube-apiserver takes no revocation list, and no client of Kubernetes does".to_owned()),
    ]
}

fn only(about: String) -> Advice {
    Advice { about, commands: Vec::new() }
}

/// A name as one word of a shell.
fn word(name: &str) -> String {
    quoted(Path::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(user: &'static str, groups: &[&str]) -> Issued<'static> {
        let moment = crate::core::x509::time::Moment::from_unix(0).unwrap();
        Issued {
            serial: "01".parse().unwrap(),
            subject: format!("CN={user}").into(),
            user: Some(user.into()),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            sans: Vec::new(),
            profile: "client".into(),
            from: moment,
            until: moment,
            sha256: "".into(),
        }
    }

    /// All that is said.
    fn said(advice: &[Advice]) -> String {
        let lines = advice.iter().flat_map(|one| std::iter::once(&one.about).chain(&one.commands));
        lines.cloned().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn who_has_rights_by_bindings_is_taken_out_of_them_and_nobody_else_is_promised_that() {
        let alice = said(&of_user(&issued("alice", &["dev", "a b"])));
        assert!(alice.contains("--arg kind User --arg name alice"), "{alice}");
        assert!(alice.contains("--arg kind Group --arg name 'a b'"), "{alice}");
        for (user, groups) in [
            ("kubernetes-super-admin", &[MASTERS][..]),
            ("system:node:worker-1", &["system:nodes"]),
            ("system:kube-scheduler", &[]),
        ] {
            let said = said(&of_user(&issued(user, groups)));
            assert!(said.contains("only a new CA") && !said.contains("jq"), "{said}");
        }
    }

    #[test]
    fn a_ca_is_known_by_its_place() {
        let name = |path: &str| ca_row(Path::new(path)).map(|row| row.name);
        assert_eq!(name("pki/etcd/ca.crt"), Some(ETCD_CA));
        assert_eq!(name("/etc/kubernetes/pki/ca.crt"), Some(CLUSTER_CA));
        assert_eq!(name("pki/front-proxy-ca.crt"), Some(FRONT_PROXY_CA));
        assert_eq!(name("pki/prod.crt"), None);
    }

    #[test]
    fn no_name_of_a_user_is_more_than_one_word_of_a_shell() {
        let odd = said(&of_bindings("$(reboot); '", &["-x".to_owned()]));
        assert!(odd.contains(r"--arg name '$(reboot); '\'''"), "{odd}");
        assert!(odd.contains("--as-group '-x'"), "{odd}");
    }
}
