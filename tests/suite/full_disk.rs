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
