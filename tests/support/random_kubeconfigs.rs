//! Random kubeconfigs: one to three files that count together, with all fields, odd words, entries that nobody names, names
//! that stand in several files, and paths of every kind.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::world::World;

/// Numbers that a seed decides (splitmix64).
pub struct Random {
    /// Where they began.
    pub seed: u64,
    state: u64,
}

impl Random {
    /// By `SEED`, or always the same.
    pub fn from_environment() -> Self {
        Self::seeded(std::env::var("SEED").map_or(1, |seed| seed.parse().expect("SEED")))
    }

    /// Always the same for a seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// How often to try: `RUNS`, or so often.
    pub fn runs(usual: usize) -> usize {
        std::env::var("RUNS").map_or(usual, |runs| runs.parse().expect("RUNS"))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("small")
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// True this often of a hundred times.
    pub fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }
}

/// Kubeconfigs that count together.
#[derive(Clone)]
pub struct Case {
    /// Those that are there, in the order in which they count, with what they say.
    pub files: Vec<(PathBuf, String)>,
    /// As one names them: `--kubeconfig FILE`, or the list of the environment.
    explicit: Option<PathBuf>,
    list: String,
    flags: Vec<String>,
    home: PathBuf,
}

const NAMES: [&str; 5] = ["a", "b", "'on'", "ü", "c"];
const WORDS: [&str; 8] = ["x", "hunter2", "'true'", "\"\\u001b[31m\"", "'1e3'", "x y", "~", "''"];
/// What is no string; with one of these a file is refused.
const ODD: [&str; 5] = ["on", "12", "1e3", "[x]", "{x: y}"];
const PATHS: [&str; 6] = ["ca.crt", "./ca.crt", "../ca.crt", "pki/key", "gone", "~/ca.crt"];
const DATA: [&str; 4] = ["aHVudGVyMg==", "aGk=", "''", "aGl="];
const ANYTHING: [&str; 8] = [
    "{k: [1, 0x1F, 1.5, -3, 1e3]}",
    "5",
    "x",
    "null",
    "{a: null, b: yes}",
    "[]",
    "{}",
    "{n: {m: {o: p}}}",
];

impl Case {
    /// Writes random files into a world.
    pub fn new(random: &mut Random, world: &World) -> Self {
        let places = ["config", "sub/config", "sub/deep/config"];
        for folder in [".", "sub", "sub/deep"] {
            let folder = world.path(folder);
            fs::create_dir_all(folder.join("pki")).expect("folders");
            fs::write(folder.join("ca.crt"), "made up").expect("a file");
            fs::write(folder.join("pki/key"), "").expect("a file");
        }
        let count = 1 + random.below(3);
        let (mut files, mut list) = (Vec::new(), Vec::new());
        for place in &places[..count] {
            let place = if random.percent(20) { (*place).into() } else { world.path(place) };
            list.push(place.to_str().expect("UTF-8").to_owned());
            if random.percent(95) {
                let text = kubeconfig(random);
                fs::write(world.path(&place), &text).expect("a file");
                files.push((place, text));
            }
        }
        if random.percent(15) {
            list.insert(random.below(count), String::new());
        }
        if random.percent(15) {
            list.push(list[0].clone());
        }
        let explicit = (count == 1 && random.percent(50)).then(|| PathBuf::from(&list[0]));
        let explicit = explicit.filter(|path| !path.as_os_str().is_empty());
        Self { files, explicit, list: list.join(":"), flags: Vec::new(), home: world.home() }
    }

    /// The same without `hunter2` where it is no secret.
    pub fn with_secrets_only(mut self, world: &World) -> Self {
        for (path, text) in &mut self.files {
            for field in ["as", "as-uid", "username", "namespace", "tls-server-name", "installHint"]
            {
                *text = text.replace(&format!("{field}: hunter2"), &format!("{field}: known"));
            }
            fs::write(world.path(path), text).expect("a file");
        }
        self
    }

    /// A program that reads these files.
    pub fn command(&self, world: &World, program: &str) -> Command {
        let mut command = world.command(program);
        match &self.explicit {
            Some(file) => command.env("KUBECONFIG", file),
            None => command.env("KUBECONFIG", &self.list),
        };
        command
    }

    /// The flags, sometimes with a context.
    pub fn flags(&self, flags: &[&str], random: &mut Random) -> Vec<String> {
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        if flags.iter().any(|flag| flag == "--minify") && random.percent(70) {
            flags.extend(["--context", random.pick(&["a", "b", "on", "c"])].map(str::to_owned));
        }
        if let Some(file) = &self.explicit {
            flags.extend(["--kubeconfig".to_owned(), file.to_str().expect("UTF-8").to_owned()]);
        }
        flags
    }

    /// The same, asked with these flags.
    pub fn with_flags(&self, flags: &[String]) -> Self {
        Self { flags: flags.to_vec(), ..self.clone() }
    }

    /// Whether a flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    /// Whether any file has such a thing.
    pub fn has_entry(&self, kind: &str, name: &str) -> bool {
        let entry = format!("- name: {name}\n  {kind}:");
        self.files.iter().any(|(_, text)| text.contains(&entry))
    }

    /// The fields of a user, and the file that has the say.
    pub fn user(&self, name: &str) -> (&Path, &str) {
        let name = if name == "on" { "'on'" } else { name };
        let fields = |text: &'_ str| -> Option<(usize, usize)> {
            let start = text.find("users:\n")?;
            let entry = format!("- name: {name}\n  user: ");
            let at = start + text[start..].find(&entry)? + entry.len();
            Some((at, at + text[at..].find('\n')?))
        };
        let found = self.files.iter().find_map(|(path, text)| Some((path, text, fields(text)?)));
        let (path, text, (start, end)) = found.expect("the user");
        (path, &text[start..end])
    }

    /// What a path of a user means, seen from anywhere.
    pub fn absolute(&self, user: &str, path: &str) -> String {
        let (file, _) = self.user(user);
        let folder = self.home.join(file.parent().expect("a folder"));
        let mut clean = PathBuf::new();
        for part in folder.join(path).components() {
            match part.as_os_str().to_str() {
                Some("..") => drop(clean.pop()),
                Some(".") => {}
                _ => clean.push(part),
            }
        }
        clean.to_str().expect("UTF-8").to_owned()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "KUBECONFIG={} {:?}", self.list, self.explicit)?;
        self.files.iter().try_for_each(|(path, text)| writeln!(f, "{}:\n{text}", path.display()))
    }
}

fn kubeconfig(random: &mut Random) -> String {
    let mut text = String::new();
    if random.percent(80) {
        text.push_str("apiVersion: v1\nkind: Config\n");
    }
    for (list, kind) in [("clusters", "cluster"), ("users", "user"), ("contexts", "context")] {
        if random.percent(92) {
            text.push_str(&format!("{list}:\n"));
            for name in names(random) {
                let fields = match kind {
                    "cluster" => cluster(random),
                    "user" => user(random),
                    _ => context(random),
                };
                text.push_str(&format!("- name: {name}\n  {kind}: {{{fields}}}\n"));
            }
        }
    }
    if random.percent(80) {
        text.push_str(&format!("current-context: {}\n", random.pick(&NAMES)));
    }
    if random.percent(20) {
        let colors = random.pick(&["true", "false"]);
        let extensions = extensions(random);
        text.push_str(&format!("preferences: {{colors: {colors}, {extensions}}}\n"));
    }
    if random.percent(20) {
        text.push_str(&format!("{}\n", extensions(random)));
    }
    if random.percent(10) {
        text.push_str("unknown: [1, {a: b}]\n");
    }
    text
}

/// Some names, each once; rarely one twice.
fn names(random: &mut Random) -> Vec<&'static str> {
    let mut names: Vec<&str> = NAMES.into_iter().filter(|_| random.percent(60)).collect();
    if random.percent(2) {
        names.push(random.pick(&NAMES));
    }
    names
}

fn cluster(random: &mut Random) -> String {
    let mut fields = Vec::new();
    let servers = ["https://x:6443", "http://x", "https://me:hunter2@x", "''"];
    maybe(random, &mut fields, 90, "server", &servers);
    maybe(random, &mut fields, 10, "tls-server-name", &WORDS);
    maybe(
        random,
        &mut fields,
        25,
        "insecure-skip-tls-verify",
        &["true", "true", "false", "yes", "null"],
    );
    path_or_data(random, &mut fields, "certificate-authority");
    maybe(random, &mut fields, 15, "proxy-url", &["socks5://me:hunter2@p", "http://p"]);
    maybe(random, &mut fields, 10, "disable-compression", &["true", "off"]);
    maybe_extensions(random, &mut fields);
    fields.join(", ")
}

fn user(random: &mut Random) -> String {
    let mut fields = Vec::new();
    path_or_data(random, &mut fields, "client-certificate");
    path_or_data(random, &mut fields, "client-key");
    for field in ["token", "username", "password", "as", "as-uid"] {
        maybe(random, &mut fields, 15, field, &WORDS);
    }
    let tokens = ["run/token", "/run/token", "../token"];
    maybe(random, &mut fields, 15, "tokenFile", &tokens);
    maybe(random, &mut fields, 10, "as-groups", &["[a, b]", "[]", "null", "['1']"]);
    maybe(random, &mut fields, 10, "as-user-extra", &["{a: [b]}", "{a: []}", "{}"]);
    maybe(
        random,
        &mut fields,
        15,
        "auth-provider",
        &["{name: oidc, config: {token: hunter2, empty: ''}}", "{name: x}", "{}", "null"],
    );
    if random.percent(30) {
        fields.push(format!("exec: {{{}}}", exec(random)));
    }
    maybe_extensions(random, &mut fields);
    fields.join(", ")
}

fn exec(random: &mut Random) -> String {
    let mut fields = Vec::new();
    let commands = ["login", "./login", "bin/login", "../x/../login", "/bin/login"];
    maybe(random, &mut fields, 90, "command", &commands);
    maybe(random, &mut fields, 40, "args", &["[hunter2]", "[--a, '', 'on']", "[]", "null"]);
    maybe(random, &mut fields, 40, "env", &["[{name: A, value: hunter2}, {name: B}]", "[]"]);
    let versions = ["v1", "v1beta1", "v1alpha1"];
    let version = format!("client.authentication.k8s.io/{}", random.pick(&versions));
    maybe(random, &mut fields, 90, "apiVersion", &[&version]);
    maybe(random, &mut fields, 10, "installHint", &WORDS);
    maybe(random, &mut fields, 20, "provideClusterInfo", &["true", "false"]);
    maybe(random, &mut fields, 50, "interactiveMode", &["Never", "Always", "other"]);
    fields.join(", ")
}

fn context(random: &mut Random) -> String {
    let mut fields = Vec::new();
    maybe(random, &mut fields, 97, "cluster", &NAMES);
    maybe(random, &mut fields, 97, "user", &NAMES);
    maybe(random, &mut fields, 30, "namespace", &WORDS);
    maybe_extensions(random, &mut fields);
    fields.join(", ")
}

/// A path, seldom together with data.
fn path_or_data(random: &mut Random, fields: &mut Vec<String>, field: &str) {
    let is_path = random.percent(50);
    if is_path {
        let paths = if random.percent(85) { &PATHS[..4] } else { &PATHS };
        maybe(random, fields, 40, field, paths);
    }
    if !is_path || random.percent(3) {
        maybe(random, fields, 40, &format!("{field}-data"), &DATA);
    }
}

/// A field this often of a hundred times; very seldom with something that is no string.
fn maybe(random: &mut Random, fields: &mut Vec<String>, often: usize, field: &str, of: &[&str]) {
    if random.percent(often) {
        let is_odd = random.below(600) == 0;
        let value = if is_odd { random.pick(&ODD) } else { random.pick(of) };
        fields.push(format!("{field}: {value}"));
    }
}

fn maybe_extensions(random: &mut Random, fields: &mut Vec<String>) {
    if random.percent(10) {
        fields.push(extensions(random));
    }
}

fn extensions(random: &mut Random) -> String {
    let first = random.pick(&ANYTHING);
    match random.percent(50) {
        true => format!("extensions: [{{name: q, extension: {first}}}]"),
        false => format!(
            "extensions: [{{name: r, extension: {first}}}, {{name: q, extension: {}}}]",
            random.pick(&ANYTHING)
        ),
    }
}
