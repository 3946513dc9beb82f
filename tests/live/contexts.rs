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
