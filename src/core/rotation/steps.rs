//! What has to be done to running programs after a move: which take it up by themselves, which must be restarted, in which order.
//!
//! From the readers and the programs in the catalog.

use super::anchor::{Anchor, Stage};
use super::plan::Move;
use crate::core::catalog::{Change, ROWS, Reader, Row, SERVICE_ACCOUNT, program};

/// The flags that read a key to sign with.
const SIGNS: &str = "--cluster-signing-";

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The program.
    pub component: &'static str,
    /// What it needs.
    pub change: Change,
    /// Whether one after the other, each once the one before answers again.
    pub one_at_a_time: bool,
    /// The flags that name the files.
    pub flags: Vec<&'static str>,
}

/// What has to be done to running programs.
pub fn steps(moves: &[Move]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for reader in moves.iter().flat_map(readers) {
        let Reader { component, flags, change } = *reader;
        match steps.iter_mut().find(|it| it.component == component && it.change == change) {
            Some(step) if step.flags.contains(&flags) => {}
            Some(step) => step.flags.push(flags),
            None => {
                let one_at_a_time = change == Change::Restart && program(component).1.is_several;
                steps.push(Step { component, change, one_at_a_time, flags: vec![flags] });
            }
        }
    }
    // Who takes it up at once is first: it has done so before anybody is restarted.
    steps.sort_by_key(|step| (step.change == Change::Restart, program(step.component).0));
    steps
}

/// What is to be done besides, in words.
pub fn notes(moves: &[Move]) -> Vec<String> {
    moves.iter().flat_map(notes_of).collect()
}

/// What is typed next: one line for all that go on together.
pub fn next(moves: &[Move]) -> Vec<String> {
    let mut lines: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for it in moves {
        let Some(next) = it.to.next(it.anchor) else { continue };
        let (command, word) = (it.anchor.command(), next.word());
        let names = matches!(it.anchor, Anchor::Authority(_)).then_some(it.anchor.name());
        match lines.iter_mut().find(|line| (line.0, line.1) == (command, word)) {
            Some(line) => line.2.extend(names),
            None => lines.push((command, word, names.into_iter().collect())),
        }
    }
    let typed = |(command, word, names): &(&str, &str, Vec<&str>)| {
        [*command, *word].iter().chain(names).copied().collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(typed).collect()
}

fn readers(it: &Move) -> Vec<&'static Reader> {
    let is = |stage: Stage| place_of(it.anchor, stage);
    let ((trust_before, signs_before, used_before), (trust, signs, used)) =
        (is(it.from), is(it.to));
    let (trust, signs, used) = (trust_before != trust, signs_before != signs, used_before != used);
    match it.anchor {
        Anchor::TokenKey => SERVICE_ACCOUNT.readers.iter().filter(|_| trust || signs).collect(),
        Anchor::Authority(row) => {
            let is_signing = |reader: &&Reader| reader.flags.contains(SIGNS);
            let mut readers: Vec<&Reader> = Vec::new();
            if trust {
                readers.extend(row.readers.iter().filter(|reader| !is_signing(reader)));
                readers.extend(below(row).filter(|it| it.conf.is_some()).flat_map(|it| it.readers));
            }
            if used {
                readers.extend(below(row).flat_map(|it| it.readers));
            }
            if signs {
                readers.extend(row.readers.iter().filter(is_signing));
            }
            readers
        }
    }
}

/// The certificates that a CA signs.
fn below(row: &Row) -> impl Iterator<Item = &'static Row> {
    let name = row.name;
    ROWS.iter().filter(move |it| it.issuer == name && it.name != name)
}

/// Who is trusted, who signs, whose certificates are in use; as far as programs can tell.
fn place_of(anchor: Anchor, stage: Stage) -> (u8, bool, bool) {
    let leaves = matches!(anchor, Anchor::Authority(_));
    match stage {
        Stage::Prepared | Stage::Aborted => (0, false, false),
        Stage::Trusted => (1, false, false),
        Stage::Reissued => (1, false, leaves),
        Stage::Switched => (1, true, leaves),
        Stage::Finished => (2, true, leaves),
    }
}

fn notes_of(it: &Move) -> Vec<String> {
    let is_ca = it.anchor.signing_file().is_some();
    let notes: &[&str] = match (is_ca, it.to) {
        (_, to) if to == it.from && to != Stage::Prepared => &[],
        (true, Stage::Prepared) if it.from == Stage::Prepared => &[
            "before `trust`: start kube-controller-manager with --cluster-signing-cert-file=ca-signing.crt beside its ca.key; with two certificates in that file it does not start",
        ],
        (true, Stage::Trusted) if it.from < it.to => &[
            "kube-controller-manager then writes both into the ConfigMaps kube-root-ca.crt; restart pods that speak with the API server before `reissue`: they read it when they start",
            "nodes that join read ConfigMap cluster-info: put both into it: kubectl -n kube-public edit configmap cluster-info",
            "whoever has a kubeconfig elsewhere needs both in it before `reissue`",
        ],
        (true, Stage::Reissued) if it.from < it.to => {
            &["kubeconfigs of people: hand them out again before `finish`"]
        }
        (true, Stage::Switched) if it.from < it.to => &[
            "kubelets that renew their own certificates get them from the new CA from now on: wait for that, or restart each without kubelet-client-current.pem, before `finish`",
            "nodes that join need the new pin from now on: kubepki ca show -o name",
        ],
        (true, Stage::Finished) => &[
            "take the old one out of ConfigMap cluster-info too: kubectl -n kube-public edit configmap cluster-info",
        ],
        _ => &[],
    };
    notes.iter().map(|note| (*note).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, from: Stage, to: Stage) -> Vec<String> {
        let anchor = Anchor::named(name).unwrap();
        let step = |it: Step| format!("{} {:?} {}", it.component, it.change, it.flags.join(" "));
        steps(&[Move { anchor, from, to }]).into_iter().map(step).collect()
    }

    #[test]
    fn etcd_and_then_the_api_servers_restart_to_trust_another_ca_of_etcd() {
        let wanted = [
            "etcd Restart --trusted-ca-file, --peer-trusted-ca-file",
            "kube-apiserver Restart --etcd-cafile",
        ];
        assert_eq!(told("etcd-ca", Stage::Prepared, Stage::Trusted), wanted);
        assert_eq!(told("etcd-ca", Stage::Switched, Stage::Finished), wanted);
        assert_eq!(told("etcd-ca", Stage::Reissued, Stage::Switched), [""; 0]);
        let reissued = told("etcd-ca", Stage::Trusted, Stage::Reissued);
        assert!(reissued.iter().all(|step| !step.contains("Restart")), "{reissued:?}");
    }

    #[test]
    fn the_front_proxy_takes_all_up_by_itself() {
        for (from, to) in [(Stage::Prepared, Stage::Trusted), (Stage::Switched, Stage::Finished)] {
            let wanted = ["kube-apiserver Live --requestheader-client-ca-file"];
            assert_eq!(told("front-proxy-ca", from, to), wanted);
        }
    }

    #[test]
    fn api_servers_read_the_keys_of_tokens_when_they_start() {
        for (from, to) in [(Stage::Prepared, Stage::Trusted), (Stage::Trusted, Stage::Switched)] {
            assert!(told("sa", from, to)[0].starts_with("kube-apiserver Restart"));
        }
    }

    #[test]
    fn who_signs_is_told_to_the_controller_manager_alone() {
        assert_eq!(
            told("ca", Stage::Reissued, Stage::Switched),
            [
                "kube-controller-manager Live --cluster-signing-cert-file, --cluster-signing-key-file"
            ]
        );
    }
}
