//! kubectl as the judge of `context use`.

use std::path::Path;

use serde_json::Value;

use crate::support::kubeconfigs::switchable;
use crate::support::kubernetes_programs;
use crate::support::world::World;

#[test]
fn kubectl_agrees_about_every_switch_and_sees_no_other_change() {
    let world = World::new();
    for (file, context) in switchable(&world) {
        let before = view(&world, &file);
        let path = file.to_str().expect("UTF-8");
        let output =
            world.run("kubepki", &["context", "use", "--kubeconfig", path, "--", &context]);
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        let mut after = view(&world, &file);
        assert_eq!(after["current-context"], context.as_str(), "{path}");
        assert_eq!(kubectl(&world, &file, &["current-context"]), format!("{context}\n"), "{path}");
        after["current-context"] = before["current-context"].clone();
        assert_eq!(after, before, "{path}");
    }
}

fn view(world: &World, file: &Path) -> Value {
    let json = kubectl(world, file, &["view", "--raw", "-o", "json"]);
    serde_json::from_str(&json).expect("JSON")
}

fn kubectl(world: &World, file: &Path, args: &[&str]) -> String {
    let kubectl = Path::new(kubernetes_programs()).join("kubectl");
    let file = file.to_str().expect("UTF-8");
    let output = world
        .run(kubectl.to_str().expect("UTF-8"), &[&["--kubeconfig", file, "config"], args].concat());
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_shell_sees_exactly_what_kubectl_flattens_and_can_change_it_for_itself_alone() {
    let world = World::new();
    world.sh(
        "cd $HOME; kubepki -q ca init --key-type Ed25519; kubepki -q kubeconfig gen ada --issue --paths \
         --server https://192.0.2.1:6443 --profile user --out kube/config",
    );
    let before = world.read("kube/config");
    let kubectl = format!("{}/kubectl", kubernetes_programs());
    let json = |command: String| {
        let text = world.sh(&format!("export KUBECONFIG=kube/config; {command}"));
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let context = "--context ada@kubernetes";
    let wanted = json(format!("{kubectl} config view --minify --flatten --raw {context} -o json"));
    let seen = json(format!(
        "kubepki -q context shell ada@kubernetes -- {kubectl} config view --raw -o json"
    ));
    assert_eq!(seen, wanted);
    assert!(seen["users"][0]["user"]["client-key-data"].is_string(), "{seen}");
    let changed = json(format!(
        "kubepki -q context shell ada@kubernetes -- sh -c \
         '{kubectl} config set-context --current --namespace web >&2; {kubectl} config view --raw -o json'"
    ));
    assert_eq!(changed["contexts"][0]["context"]["namespace"], "web");
    assert_eq!(world.read("kube/config"), before);
}
