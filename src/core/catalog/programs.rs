//! The programs that read what the rows make: in which order a change reaches them, and how each is restarted.

/// A program.
#[derive(Debug)]
pub struct Program {
    /// What its readers call it.
    pub name: &'static str,
    /// Whether there are several of it, so that one can always answer while another is restarted.
    pub is_several: bool,
    /// How it runs.
    pub runs: Runs,
}

/// How a program runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runs {
    /// Whenever somebody types its name.
    Once,
    /// As a static pod, where kubeadm set it up.
    StaticPod,
    /// As a unit of systemd.
    Unit,
}

/// Each program after those that it needs, which is the order of restarts: etcd before kube-apiserver, that before its clients.
const PROGRAMS: [Program; 7] = [
    Program { name: "etcd", is_several: true, runs: Runs::StaticPod },
    Program { name: "kube-apiserver", is_several: true, runs: Runs::StaticPod },
    Program { name: "kube-controller-manager", is_several: false, runs: Runs::StaticPod },
    Program { name: "kube-scheduler", is_several: false, runs: Runs::StaticPod },
    Program { name: "kubelet", is_several: false, runs: Runs::Unit },
    Program { name: "kubectl", is_several: false, runs: Runs::Once },
    Program { name: "etcdctl", is_several: false, runs: Runs::Once },
];

/// A program that a reader names, and its place in the order.
///
/// # Panics
///
/// One that is not in the table: each reader of the catalog is.
pub fn program(name: &str) -> (usize, &'static Program) {
    let mut programs = PROGRAMS.iter().enumerate();
    programs.find(|(_, it)| it.name == name).expect("every reader is in the table")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalog::{ROWS, SERVICE_ACCOUNT};

    #[test]
    fn every_reader_is_in_the_table() {
        let readers = ROWS.iter().flat_map(|row| row.readers).chain(SERVICE_ACCOUNT.readers);
        for reader in readers {
            assert_eq!(program(reader.component).1.name, reader.component);
        }
    }
}
