//! Completions in real terminals, with names from kubeconfigs and of certificates.

use std::time::Instant;

use crate::support::kubeconfigs::thousand_contexts;
use crate::support::terminal::Terminal;
use crate::support::world::World;

const CONFIG: &str = r#"
clusters: [{name: east, cluster: {}}, {name: west, cluster: {}}]
users: [{name: ada, user: {}}, {name: bob, user: {}}]
contexts:
- {name: admin@kubernetes, context: {}}
- {name: "arn:aws:eks:eu-1:1:cluster/web", context: {}}
- {name: prod-east, context: {}}
- {name: prod-west, context: {}}
- {name: "two words", context: {}}
- {name: "evil\e[31m\nx", context: {}}
"#;

fn world() -> World {
    let world = World::new();
    world.write(".kube/config", CONFIG);
    world.write(".bashrc", "PS1='> '\nsource <(kubepki completion bash)\n");
    world
}

fn bash(world: &World) -> Terminal<'_> {
    let terminal = Terminal::start(world, (100, 12), "exec bash --noprofile -i");
    terminal.wait(|screen| screen.lines().last() == Some(">"));
    terminal
}

/// What a line becomes with the tabulator at its end.
fn completed(terminal: &Terminal<'_>, typed: &str, wanted: &str) {
    terminal.keys(&["C-u", "C-l"]);
    terminal.wait(|screen| screen == ">");
    terminal.text(typed);
    terminal.keys(&["Tab"]);
    terminal.wait(|screen| screen == format!("> {wanted}"));
}

#[test]
fn bash_completes_names_that_it_takes_from_the_files() {
    let world = world();
    world.write("other", "contexts: [{name: staging, context: {}}]\n");
    let terminal = bash(&world);
    for (typed, wanted) in [
        ("kubepki context use ad", "kubepki context use admin@kubernetes"),
        ("kubepki context use admin@", "kubepki context use admin@kubernetes"),
        ("kubepki context use arn:aws", "kubepki context use arn:aws:eks:eu-1:1:cluster/web"),
        ("kubepki -q context shell pr", "kubepki -q context shell prod-"),
        ("kubepki context export prod-w", "kubepki context export prod-west"),
        ("kubepki context use tw", r"kubepki context use two\ words"),
        ("kubepki context use ev", "kubepki context use ev"),
        (
            "kubepki context use --kubeconfig ~/other s",
            "kubepki context use --kubeconfig ~/other staging",
        ),
        (
            "kubepki kubeconfig view --minify --context admi",
            "kubepki kubeconfig view --minify --context admin@kubernetes",
        ),
        ("kubepki kubeconfig gen x --cluster ea", "kubepki kubeconfig gen x --cluster east"),
        ("kubepki kubeconfig gen x --user bo", "kubepki kubeconfig gen x --user bob"),
        ("kubepki cont", "kubepki context"),
        ("kubepki context use --pa", "kubepki context use --part"),
        ("kubepki context use --kubeconfig oth", "kubepki context use --kubeconfig other"),
    ] {
        completed(&terminal, typed, wanted);
    }
    terminal.keys(&["C-u", "C-l"]);
    terminal.text("kubepki context use prod-");
    terminal.keys(&["Tab", "Tab"]);
    terminal.wait(|screen| screen.contains("prod-east") && screen.contains("prod-west"));
}

#[test]
fn a_broken_kubeconfig_disturbs_nobody_and_hides_no_other() {
    let world = world();
    world.write("broken", "contexts: [{name: \n");
    let terminal = bash(&world);
    terminal.line("export KUBECONFIG=~/broken:/dev/zero:none:~/.kube/config");
    completed(&terminal, "kubepki context use ad", "kubepki context use admin@kubernetes");
    terminal.keys(&["C-u"]);
    terminal.line("export KUBECONFIG=~/broken");
    completed(&terminal, "kubepki context use ad", "kubepki context use ad");
}

#[test]
fn asking_for_names_says_nothing_else_and_leaves_nothing() {
    let world = world();
    let names = |words: &str| world.sh(&format!("kubepki completion --names {words} 2>&1"));
    assert_eq!(names("kubepki context use prod"), "prod-east\nprod-west\n");
    assert_eq!(names("kubepki kubeconfig gen -h --user ''"), "ada\nbob\n");
    assert_eq!(names(""), "");
    assert_eq!(names("kubepki context shell a --help x"), "");
    let left = world.sh("find . -newer .kube/config -type f ! -path ./.bashrc; ls -A .kube");
    assert_eq!(left, "config\n");
}

#[test]
fn certificates_are_offered_by_the_names_that_renew_them() {
    let world = world();
    world.sh("export KUBEPKI_KEY_TYPE=ECDSA-P256; kubepki cluster init -q --apiserver-advertise-address 10.0.0.5 --node-name cp-1; \
              kubepki cert issue -q alice; kubepki ca init -q other; rm scheduler.conf");
    let names = |words: &str| world.sh(&format!("kubepki completion --names {words} 2>&1"));
    let all = names("kubepki cert renew ''");
    assert_eq!(
        all.lines().collect::<Vec<_>>(),
        [
            "admin",
            "alice",
            "apiserver",
            "apiserver-etcd-client",
            "apiserver-kubelet-client",
            "controller-manager",
            "etcd-healthcheck-client",
            "etcd-peer",
            "etcd-server",
            "front-proxy-client",
            "node",
            "super-admin",
        ]
    );
    assert_eq!(names("kubepki cert renew --all --except et"), names("kubepki cert renew x et"));
    assert_eq!(names("kubepki cert renew --cert-dir none --kubeconfig-dir none ''"), "");
    for name in all.lines() {
        world.sh(&format!("kubepki cert renew -q --dry-run {name}"));
    }
}

#[test]
fn a_thousand_names_come_before_one_has_noticed() {
    let world = world();
    world.write(".kube/config", thousand_contexts());
    let start = Instant::now();
    let names = world.sh("kubepki completion --names kubepki context use ''");
    assert_eq!(names.lines().count(), 1000);
    // Not optimised, and on a busy machine; as it is shipped, it is some 20 times less.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
