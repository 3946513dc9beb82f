//! Several runs in one folder at the same time.

use crate::support::world::World;

/// Starts as many runs at once as are asked for, and prints how each ended and what it said of files that it made.
fn at_once(world: &World, runs: usize, command: &str) -> String {
    world.sh(&format!(
        "for run in $(seq {runs}); do ({command} >said-$run 2>error-$run; echo exit $? >>said-$run) & done; wait
         cat said-*; cat error-*; rm said-* error-*"
    ))
}

#[test]
fn of_many_runs_at_once_each_file_is_made_by_one_and_kept_by_the_others() {
    let world = World::new();
    let flags = "--apiserver-advertise-address 192.0.2.10 --node-name cp-1 --key-type ECDSA-P256";
    let said = at_once(&world, 10, &format!("kubepki cluster init {flags}"));
    assert_eq!(said.matches("exit 0").count(), 10, "{said}");
    assert_eq!(said.matches("created  ").count(), 27, "{said}");
    world.sh(&format!("kubepki cluster plan {flags}"));
}

#[test]
fn different_commands_at_once_lose_nothing_of_each_other() {
    let world = World::new();
    world.sh("kubepki -q ca init --key-type ECDSA-P256");
    let said = at_once(
        &world,
        20,
        "kubepki kubeconfig gen user-$run --issue --key-type ECDSA-P256 --server https://kube.example.com --out all.conf",
    );
    assert_eq!(said.matches("exit 0").count(), 20, "{said}");
    let contexts = world.sh("kubepki context list --kubeconfig all.conf -o name");
    assert_eq!(contexts.lines().count(), 20, "{contexts}");
    world.sh("for run in $(seq 20); do openssl verify -attime 1767225600 -CAfile pki/ca.crt pki/user-$run.crt; done; [[ ! -e all.conf.lock ]]");
}

#[test]
fn issues_and_revocations_at_once_lose_no_line_and_draw_no_number_twice() {
    let world = World::new();
    world.sh("export KUBEPKI_KEY_TYPE=ECDSA-P256
         kubepki -q ca init; for run in $(seq 2 2 20); do kubepki -q cert issue old-$run; done");
    let said = at_once(
        &world,
        20,
        "if [ $((run % 2)) = 1 ]; then kubepki cert issue new-$run --key-type ECDSA-P256
         else kubepki cert revoke old-$run; fi",
    );
    assert_eq!(said.matches("exit 0").count(), 20, "{said}");
    let count = |script: &str| world.sh(&format!("{script} pki/ca.log.jsonl | sort -u | wc -l"));
    assert_eq!(count("jq -r 'select(.event==\"issued\").serial'"), "21\n");
    assert_eq!(count("jq -r 'select(.event==\"revoked\").serial'"), "10\n");
    assert_eq!(count("jq -r 'select(.event==\"list\").number'"), "10\n");
    assert_eq!(
        world.sh("wc -l <pki/ca.log.jsonl; openssl crl -in pki/ca.crl -noout -crlnumber"),
        "41\ncrlNumber=0x0A\n"
    );
    let listed = world.sh("openssl crl -in pki/ca.crl -noout -text | grep -c 'Serial Number'");
    assert_eq!(listed, "10\n");
    world.sh("kubepki cert log --missing");
}

#[test]
fn fifty_edits_of_one_kubeconfig_at_once_are_all_in_it() {
    let world = World::new();
    world.write(".kube/config", "# mine\ncontexts:\n- {name: first, context: {}}\n");
    let said = at_once(&world, 50, "kubepki context set c-$run --cluster c --user u-$run");
    assert_eq!(said.matches("exit 0").count(), 50, "{said}");
    let kubeconfig = world.read(".kube/config");
    assert!(kubeconfig.starts_with("# mine\ncontexts:\n- {name: first, context: {}}\n"));
    let contexts =
        world.sh("kubepki context list -o json | jq -r '.contexts[] | .name + \" \" + .user'");
    let mut wanted: Vec<_> = (1..=50).map(|run| format!("c-{run} u-{run}")).collect();
    wanted.push("first ".to_owned());
    let mut found: Vec<_> = contexts.lines().collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(world.sh("ls -A .kube"), ".config.states\nconfig\n");
}
