//! Random edits, each as one types it for kubectl and for us.

use std::fs;

use tempfile::TempDir;

use crate::support::random_kubeconfigs::{Case, Random};
use crate::support::world::World;

/// Certificates and keys that edits name.
pub struct Pki(TempDir);

impl Pki {
    /// Makes them.
    pub fn new() -> Self {
        let world = World::new();
        world.sh("kubepki -q ca init --key-type Ed25519
            kubepki -q cert issue me --key-type Ed25519
            kubepki -q cert issue you --key-type Ed25519
            cp pki/ca.crt real-ca.crt; cp pki/me.crt pki/me.key pki/you.key .");
        let kept = tempfile::tempdir().expect("a folder");
        for name in FILES {
            fs::copy(world.path(name), kept.path().join(name)).expect("a copy");
        }
        Self(kept)
    }

    /// Puts them into the folders of a world.
    pub fn copy_to(&self, world: &World) {
        for name in FILES {
            for folder in [".", "sub"] {
                let to = world.path(folder).join(name);
                fs::copy(self.0.path().join(name), to).expect("a copy");
            }
        }
    }
}

const FILES: [&str; 4] = ["real-ca.crt", "me.crt", "me.key", "you.key"];
const NAMES: [&str; 6] = ["a", "b", "on", "ü", "c", "new"];
const WORDS: [&str; 4] = ["x", "1e3", "", "two words"];

/// An edit.
pub struct Edit {
    /// What kubectl is told.
    pub kubectl: Vec<String>,
    /// What we are told.
    pub kubepki: Vec<String>,
    /// What it is about.
    pub name: String,
    /// Whether it is forced, where we ask for that.
    pub force: bool,
    what: Vec<&'static str>,
    flags: Vec<(&'static str, String)>,
}

impl Edit {
    /// Some edit; what must not be typed comes into files of the world.
    pub fn new(random: &mut Random, case: &Case, world: &World) -> Self {
        match random.below(20) {
            0 | 1 => Self::set_context(random),
            2..=5 => Self::plain(random, &["delete", "context"]),
            6 => Self::plain(random, &["delete", "cluster"]),
            7 => Self::plain(random, &["delete", "user"]),
            8 => Self::rename_context(random),
            9 => Self::use_context(random),
            10 => Self::unset(random, case).unwrap_or_else(|| Self::use_context(random)),
            11..=14 => Self::set(random, world, "cluster", cluster_flags),
            _ => Self::set(random, world, "user", user_flags),
        }
    }

    /// Whether it is of this kind, such as `set`, `cluster`.
    pub fn is(&self, what: &[&str]) -> bool {
        self.what == what
    }

    /// The value of a flag.
    pub fn value(&self, flag: &str) -> Option<&str> {
        self.flags.iter().find(|(given, _)| *given == flag).map(|(_, value)| value.as_str())
    }

    /// Whether a flag was given with this value.
    pub fn has(&self, flag: &str, value: &str) -> bool {
        self.value(flag) == Some(value)
    }

    /// Whether any flag begins like this.
    pub fn has_any(&self, prefix: &str) -> bool {
        self.flags.iter().any(|(given, _)| given.starts_with(prefix))
    }

    /// Whether a certificate and a key of somebody else were given, and are there.
    pub fn has_pair_of_two(&self) -> bool {
        let is_mine = |path: &str| path.ends_with("me.crt");
        self.value("--client-certificate").is_some_and(is_mine)
            && self.has("--client-key", "you.key")
    }

    fn plain(random: &mut Random, what: &[&'static str]) -> Self {
        let (name, force) = (random.pick(&NAMES), random.percent(60));
        let [verb, kind] = what else { unreachable!("a verb and a kind") };
        let mut kubepki = words(&[if *kind == "context" { "context" } else { "kubeconfig" }]);
        if *kind != "context" {
            kubepki.extend(words(&[kind]));
        }
        kubepki.extend(words(&[verb, name]));
        if force && *kind != "context" {
            kubepki.extend(words(&["--force"]));
        }
        Self {
            kubectl: words(&["config", &format!("{verb}-{kind}"), name]),
            kubepki,
            name: name.to_owned(),
            force,
            what: what.to_vec(),
            flags: Vec::new(),
        }
    }

    fn rename_context(random: &mut Random) -> Self {
        let (name, new) = (random.pick(&NAMES), random.pick(&["new", "newer", "a", ""]));
        Self {
            kubectl: words(&["config", "rename-context", name, new]),
            kubepki: words(&["context", "rename", name, new]),
            name: name.to_owned(),
            force: false,
            what: vec!["rename", "context"],
            flags: Vec::new(),
        }
    }

    fn use_context(random: &mut Random) -> Self {
        let name = random.pick(&NAMES);
        Self {
            kubectl: words(&["config", "use-context", name]),
            kubepki: words(&["context", "use", name]),
            name: name.to_owned(),
            force: false,
            what: vec!["use", "context"],
            flags: Vec::new(),
        }
    }

    /// For kubectl something goes; for us it is set to nothing. What is not there would be made by us alone.
    fn unset(random: &mut Random, case: &Case) -> Option<Self> {
        let fields = [
            ("cluster", "tls-server-name"),
            ("cluster", "proxy-url"),
            ("context", "namespace"),
            ("user", "username"),
        ];
        let (kind, field) = fields[random.below(fields.len())];
        let name = random.pick(&["a", "b", "c", "ü"]);
        let set = match kind {
            "context" => words(&["context", "set", name]),
            _ => words(&["kubeconfig", kind, "set", name]),
        };
        case.has_entry(kind, name).then(|| Self {
            kubectl: words(&["config", "unset", &format!("{kind}s.{name}.{field}")]),
            kubepki: [set, vec![format!("--{field}=")]].concat(),
            name: name.to_owned(),
            force: false,
            what: vec!["unset", kind],
            flags: Vec::new(),
        })
    }

    fn set_context(random: &mut Random) -> Self {
        let name = random.pick(&NAMES);
        let mut flags = Vec::new();
        maybe(random, &mut flags, 50, "--cluster", &NAMES);
        maybe(random, &mut flags, 50, "--user", &NAMES);
        maybe(random, &mut flags, 50, "--namespace", &["x", "", "kube-system", "Not_One"]);
        let place = if random.percent(30) { "--current" } else { name };
        let typed = typed(&flags);
        Self {
            kubectl: [words(&["config", "set-context", place]), typed.clone()].concat(),
            kubepki: [words(&["context", "set", place]), typed].concat(),
            name: name.to_owned(),
            force: false,
            what: vec!["set", "context"],
            flags,
        }
    }

    fn set(
        random: &mut Random,
        world: &World,
        kind: &'static str,
        flags: fn(&mut Random) -> Vec<(&'static str, String)>,
    ) -> Self {
        let (name, flags) = (random.pick(&NAMES), flags(random));
        let theirs = if kind == "user" { "set-credentials" } else { "set-cluster" };
        let ours = flags.iter().map(|(flag, value)| match *flag {
            "--token" | "--password" => {
                let file = format!("typed{flag}");
                world.write(&file, value);
                (if *flag == "--token" { "--token-file" } else { "--password-file" }, file)
            }
            _ => (*flag, value.clone()),
        });
        let ours: Vec<_> = ours.collect();
        Self {
            kubectl: [words(&["config", theirs, name]), typed(&flags)].concat(),
            kubepki: [words(&["kubeconfig", kind, "set", name]), typed(&ours)].concat(),
            name: name.to_owned(),
            force: false,
            what: vec!["set", kind],
            flags,
        }
    }
}

fn cluster_flags(random: &mut Random) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    let servers = ["https://y:6443", "http://y", "https://rancher/k8s/clusters/c", "", "no-url"];
    maybe(random, &mut flags, 40, "--server", &servers);
    maybe(random, &mut flags, 25, "--tls-server-name", &["kube.example.com", ""]);
    let files =
        ["real-ca.crt", "sub/real-ca.crt", "./sub/../real-ca.crt", "gone.crt", "ca.crt", "ca.crt"];
    maybe(random, &mut flags, 40, "--certificate-authority", &files);
    maybe(random, &mut flags, 25, "--embed-certs", &["true", "true", "false"]);
    maybe(random, &mut flags, 15, "--insecure-skip-tls-verify", &["true", "false"]);
    maybe(
        random,
        &mut flags,
        30,
        "--proxy-url",
        &["http://p:1", "socks5://me:pw@p", "", "ftp://p", "ftp://p"],
    );
    flags
}

fn user_flags(random: &mut Random) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    match random.below(6) {
        0 => {
            let files = ["me.crt", "me.crt", "sub/me.crt", "gone.crt"];
            maybe(random, &mut flags, 80, "--client-certificate", &files);
            maybe(random, &mut flags, 80, "--client-key", &["me.key", "you.key", "you.key"]);
            maybe(random, &mut flags, 50, "--embed-certs", &["true", "false"]);
        }
        1 => {
            maybe(random, &mut flags, 50, "--token", &["hunter2", "a.b-c"]);
            maybe(random, &mut flags, 30, "--username", &WORDS);
            maybe(random, &mut flags, 30, "--password", &["hunter2", "two words"]);
        }
        2 => {
            maybe(random, &mut flags, 50, "--auth-provider", &["oidc", "x"]);
            maybe(
                random,
                &mut flags,
                80,
                "--auth-provider-arg",
                &["token=y", "k=", "token-", "k-"],
            );
        }
        _ => {
            let commands = ["login", "./login", "bin/login", "/bin/login"];
            maybe(random, &mut flags, 60, "--exec-command", &commands);
            maybe(random, &mut flags, 60, "--exec-arg", &["x,y", "--y", "x,y"]);
            maybe(random, &mut flags, 50, "--exec-env", &["A=1", "B=", "A-", "C=a=b"]);
            let versions =
                ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
            maybe(random, &mut flags, 50, "--exec-api-version", &versions);
            maybe(random, &mut flags, 25, "--exec-interactive-mode", &["Never", "Always", "x"]);
            maybe(random, &mut flags, 30, "--exec-provide-cluster-info", &["true", "false"]);
        }
    }
    flags
}

fn maybe(
    random: &mut Random,
    flags: &mut Vec<(&'static str, String)>,
    often: usize,
    flag: &'static str,
    of: &[&str],
) {
    if random.percent(often) {
        flags.push((flag, random.pick(of).to_owned()));
    }
}

fn typed(flags: &[(&'static str, String)]) -> Vec<String> {
    flags.iter().map(|(flag, value)| format!("{flag}={value}")).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
