//! What must be restarted after files have changed, in which order, and what takes them up by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::core::catalog::{Change, Reader, Row, Runs, program};
use crate::core::spec::BIND_PORT;

/// The ports at which servers show a certificate, where nothing else was said.
const PORTS: [(&str, u16); 4] = [
    ("apiserver", BIND_PORT),
    ("etcd-server", 2379),
    ("etcd-peer", 2380),
    ("kubelet-server", 10250),
];

/// What a change of files asks of those who read them.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restarts {
    /// Who must be restarted, in this order.
    pub restart: Vec<Restart>,
    /// Who takes the change up without that.
    pub by_themselves: Vec<TakenUp>,
    /// Files of which nobody knows who reads them.
    pub unknown: Vec<String>,
    /// How to see what a server shows now, on its machine.
    pub checks: Vec<Check>,
}

/// A component that must be restarted.
#[derive(Clone, Debug, Serialize)]
pub struct Restart {
    /// The component.
    pub component: &'static str,
    /// The files that it reads only at its start.
    pub files: Vec<String>,
    /// What to type where it runs; for static pods as kubeadm sets them up.
    pub how: String,
}

/// A component that needs no restart.
#[derive(Clone, Debug, Serialize)]
pub struct TakenUp {
    /// The component.
    pub component: &'static str,
    /// The files.
    pub files: Vec<String>,
    /// When it takes them up.
    pub change: Change,
}

/// How to see what a server shows.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The server.
    pub component: &'static str,
    /// What to type on its machine.
    pub command: String,
}

impl Restarts {
    /// After a change of these files, each with its row of the catalog.
    pub fn of_rows<'a>(files: impl IntoIterator<Item = (&'a Path, Option<&'static Row>)>) -> Self {
        let mut restarts = Vec::new();
        let mut checks = Vec::new();
        for (path, row) in files {
            let Some(row) = row else {
                restarts.push((path, &[][..]));
                continue;
            };
            restarts.push((path, row.readers));
            let port = PORTS.iter().find(|(name, _)| *name == row.name);
            if let (Some((_, port)), Some(reader)) = (port, row.readers.first()) {
                checks.push(Check { component: reader.component, command: command(*port) });
            }
        }
        checks.dedup_by(|one, other| one.command == other.command);
        Self { checks, ..Self::of_readers(restarts) }
    }

    /// After a change of these files, each with those who read it: what the catalog says of a row, or of the keys of tokens.
    pub fn of_readers<'a>(files: impl IntoIterator<Item = (&'a Path, &'static [Reader])>) -> Self {
        let mut unknown = Vec::new();
        let mut restart: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
        let mut live: BTreeMap<&str, (Vec<String>, Change)> = BTreeMap::new();
        for (path, readers) in files {
            let file = path.display().to_string();
            if readers.is_empty() && !unknown.contains(&file) {
                unknown.push(file.clone());
            }
            for Reader { component, change, .. } in readers {
                let files = match change {
                    Change::Restart => {
                        restart.entry((program(component).0, component)).or_default()
                    }
                    Change::Live | Change::NextUse => {
                        &mut live.entry(component).or_insert((Vec::new(), *change)).0
                    }
                };
                if !files.contains(&file) {
                    files.push(file.clone());
                }
            }
        }
        // A restart takes up everything.
        live.retain(|component, _| !restart.keys().any(|(_, other)| other == component));
        let restart = restart.into_iter();
        let restart = restart.map(|((_, component), files)| Restart {
            component,
            files,
            how: how(component),
        });
        let live = live.into_iter();
        let live = live.map(|(component, (files, change))| TakenUp { component, files, change });
        Self {
            restart: restart.collect(),
            by_themselves: live.collect(),
            unknown,
            checks: Vec::new(),
        }
    }

    /// The files that somebody reads, by the names of the catalog; for those who know only the paths.
    pub fn of_paths(paths: &[PathBuf]) -> Self {
        Self::of_rows(paths.iter().map(|path| (path.as_path(), crate::core::catalog::row_of(path))))
    }
}

/// A static pod starts anew when its manifest has been away.
fn how(component: &str) -> String {
    match program(component).1.runs {
        Runs::StaticPod => format!(
            "cd /etc/kubernetes/manifests && mv {component}.yaml .. && sleep 20 && mv ../{component}.yaml ."
        ),
        Runs::Unit => format!("systemctl restart {component}"),
        Runs::Once => component.to_owned(),
    }
}

/// Whatever the server then says to a client without a certificate, it has shown its own.
fn command(port: u16) -> String {
    format!(
        "openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -enddate"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Restarts {
        Restarts::of_paths(&paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn who_needs_a_restart_comes_in_order_and_is_told_of_once() {
        let restarts = of(&[
            "pki/apiserver.crt",
            "kubelet.conf",
            "scheduler.conf",
            "pki/apiserver-kubelet-client.crt",
            "pki/etcd/server.crt",
            "admin.conf",
            "pki/web.crt",
        ]);
        let restart: Vec<_> = restarts.restart.iter().map(|it| it.component).collect();
        assert_eq!(restart, ["kube-apiserver", "kube-scheduler", "kubelet"]);
        let live: Vec<_> = restarts.by_themselves.iter().map(|it| it.component).collect();
        assert_eq!(live, ["etcd", "kubectl"]);
        assert_eq!(restarts.unknown, ["pki/web.crt"]);
        assert_eq!(restarts.checks.len(), 2);
    }
}
