//! A disk that is really full: nothing is left half done, wherever the space ends.

use crate::support::world::World;

/// On a file system of `$PAGES` pages: makes a certificate, its key and a kubeconfig; then lists what is there.
const SCRIPT: &str = r#"
    mount -t tmpfs -o "size=$((PAGES * 4))k" tmpfs disk || exit 99
    kubepki kubeconfig gen admin --issue --server https://kube.example.com:6443 --ca pki/ca.crt --ca-cert pki/ca.crt \
        --cert-dir disk --out disk/admin.conf --key-type ECDSA-P256 --quiet 2>&1
    echo "exit $?"
    ls -A disk
"#;

/// A fleet of three sets on a disk that has room for one or two, and then for all.
const FLEET: &str = r#"
    mount -t tmpfs -o size=1600k tmpfs disk || exit 99
    run() { kubepki cluster "$1" --config cluster.yaml --cert-dir disk/pki --kubeconfig-dir disk --quiet 2>&1; echo "exit $?"; }
    run init
    find disk -type d -name 'worker-*' | wc -l
    find disk/nodes -type f | wc -l
    find disk -name '.*' | wc -l
    mount -o remount,size=8m disk
    run init; run plan
"#;

/// Each edit of a kubeconfig on a disk with `$FREE` free pages: its exit code, what is there afterwards, whether the kubeconfig is
/// as before or as the edit wants it, and what was told.
const EDITS: &str = r#"
    try() {
        mount -t tmpfs -o size=128k tmpfs disk && cp -a start/. disk || exit 99
        dd if=/dev/zero of=disk/filler bs=4k status=none 2>/dev/null
        truncate -s "-$((FREE * 4096))" disk/filler
        test "$FREE" -ge 0 || mount -o remount,ro disk
        told=$(cd disk; kubepki "$@" 2>&1); code=$?
        mount -o remount,rw disk
        rm disk/filler
        is=other; cmp -s disk/config start/config && is=before; cmp -s disk/config "after/$EDIT" && is=after
        echo "$EDIT $FREE $code $is $(ls -A disk | tr '\n' ' ')"; echo "$told"; echo .
        umount disk
    }
    for FREE in -1 0 1 2 3 4 5 6 7 8 12 16; do
        EDIT=set try context set a --namespace x
        EDIT=merge try kubeconfig merge ../other
        EDIT=fmt try kubeconfig fmt
        EDIT=repair try kubeconfig repair --yes
        EDIT=undo try kubeconfig undo
    done
"#;

#[test]
fn an_edit_on_a_full_or_read_only_disk_leaves_the_kubeconfig_as_it_was() {
    let world = World::new();
    let user = |n| format!("- name: u{n}\n  user: {{token: {}}}\n", "t".repeat(400));
    let users: String = (0..12).map(user).collect();
    world.write(
        "start/config",
        format!("users:\n{users}contexts: [{{name: a, context: {{user: u1}}}}]\n"),
    );
    world.write("other", "clusters: [{name: new, cluster: {server: 'https://x'}}]\n");
    // One edit is there to be undone, and one key to be repaired.
    world.sh(
        "export KUBECONFIG=config; mkdir disk after; chmod 600 start/config
         (cd start; kubepki -q context set a --cluster c; sed -i 's/^kind: .*//' config)
         for edit in 'set context set a --namespace x' 'merge kubeconfig merge ../other' 'fmt kubeconfig fmt' \
             'repair kubeconfig repair --yes' 'undo kubeconfig undo'; do
             cp -a start work; (cd work; kubepki ${edit#* } >/dev/null 2>&1); mv work/config after/${edit%% *}; rm -r work
         done",
    );
    let script = format!("export KUBECONFIG=config; {EDITS}");
    let output = world.run("unshare", &["-rm", "bash", "-c", &script]);
    let seen = String::from_utf8(output.stdout).expect("UTF-8");
    let (mut failed, mut done) = (0, 0);
    for run in seen.split("\n.\n").filter(|run| !run.is_empty()) {
        let (head, told) = run.split_once('\n').expect(run);
        let words: Vec<&str> = head.split_whitespace().collect();
        match (words[2], words[3]) {
            ("0", "after") => done += 1,
            ("1", "before") => {
                let (why, hint) = match words[1] {
                    "-1" => ("the folder is read-only", ""),
                    _ => ("no space left on device", "\nhint: see what is full: df -h "),
                };
                assert!(told.contains(why) && told.contains(hint), "{run}");
                failed += 1;
            }
            _ => panic!("{run}"),
        }
        assert_eq!(words[4..], [".config.states", "config"], "{run}");
    }
    assert!(failed > 15 && done > 15, "failed {failed} times, done {done} times: {seen}");
}

#[test]
fn a_fleet_on_a_full_disk_has_whole_nodes_and_the_next_run_makes_the_others() {
    let world = World::new();
    let workers = (1..=150).map(|i| format!("- {{name: worker-{i}, addresses: [10.1.0.{i}]}}\n"));
    let inventory = format!(
        "apiVersion: kubepki/v1alpha1\nkind: ClusterPKI\nencryptionAlgorithm: ECDSA-P256\n\
         controlPlaneNodes: [{{name: cp-1, addresses: [10.0.0.1]}}]\nworkerNodes:\n{}",
        workers.collect::<String>()
    );
    world.write("cluster.yaml", inventory);
    let output = world.run("unshare", &["-rm", "bash", "-c", &format!("mkdir disk; {FLEET}")]);
    let seen = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = seen.lines().filter(|line| !line.starts_with("warning: ")).collect();
    let [error, hint, failed, workers, files, left, done, complete] = lines[..] else {
        panic!("{seen}");
    };
    assert!(error.contains("no space left on device") && hint.starts_with("hint: "), "{seen}");
    assert_eq!((failed, left, done, complete), ("exit 1", "0", "exit 0", "exit 0"), "{seen}");
    let [workers, files] = [workers, files].map(|count| count.parse::<u32>().expect("a number"));
    // The first set has the control plane as well, which is a member of etcd.
    assert_eq!((workers % 64, files), (63, workers * 4 + 26), "{seen}");
}

#[test]
fn wherever_the_space_ends_all_files_are_there_or_none() {
    let world = World::new();
    world.sh("kubepki ca init --key-type ECDSA-P256 --quiet && mkdir disk");
    let may_mount = world.run("unshare", &["-rm", "mount", "-t", "tmpfs", "tmpfs", "disk"]);
    assert!(
        may_mount.status.success(),
        "this test mounts a small file system of its own: it needs root, or user namespaces (unshare -rm)"
    );
    let (mut full, mut done) = (0, 0);
    for pages in 1..16 {
        let script = format!("PAGES={pages}; {SCRIPT}");
        let seen = world.run("unshare", &["-rm", "bash", "-c", &script]).stdout;
        let seen = String::from_utf8(seen).expect("UTF-8");
        if seen == "exit 0\nadmin.conf\nadmin.crt\nadmin.key\n" {
            done += 1;
        } else {
            assert!(seen.contains("no space left on device"), "{pages} pages: {seen}");
            assert!(seen.contains("\nhint: see what is full: df -h "), "{pages} pages: {seen}");
            assert!(seen.ends_with("\nexit 1\n"), "{pages} pages, and something is left: {seen}");
            full += 1;
        }
    }
    assert!(full > 2 && done > 2, "full {full} times, done {done} times");
}
