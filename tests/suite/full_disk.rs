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
