//! What client-go sees: which files it loads, in which order, and what they say together.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::file::File;
use super::types::{NamedCluster, NamedContext, NamedUser};

/// The files that make up the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LoadPaths {
    /// `--kubeconfig`: this one alone.
    Explicit(PathBuf),
    /// `~/.kube/config`; `None` without a home.
    Home(Option<PathBuf>),
    /// `$KUBECONFIG`: the first file to name something wins.
    List(Vec<PathBuf>),
}

/// Several files as one, read-only.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    files: &'a [File],
}

/// An entry and the file that it came from.
#[derive(Debug)]
pub struct Item<'a, T> {
    /// The entry.
    pub entry: &'a T,
    /// Where it stands.
    pub file: &'a File,
}

/// Two references, whatever the entry is.
impl<T> Clone for Item<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Item<'_, T> {}

/// Which files to load: those of the flag, else of `$KUBECONFIG`, else of the home folder.
///
/// Equal paths in the list count once. Empty ones are dropped: kubectl skips them too when it reads, but leaves a `.lock` in
/// the working folder when it writes. A list of nothing else names no file: that of the home folder was not meant.
pub fn load_paths(flag: Option<&Path>, env: Option<&OsStr>, home: Option<&Path>) -> LoadPaths {
    if let Some(path) = flag.filter(|path| !path.as_os_str().is_empty()) {
        return LoadPaths::Explicit(path.to_owned());
    }
    let Some(env) = env.filter(|env| !env.is_empty()) else {
        return LoadPaths::Home(home.map(|home| home.join(".kube").join("config")));
    };
    let mut seen = BTreeSet::new();
    let paths = std::env::split_paths(env);
    let list: Vec<PathBuf> = paths
        .filter(|path| !path.as_os_str().is_empty() && seen.insert(path.as_os_str().to_owned()))
        .collect();
    LoadPaths::List(list)
}

impl LoadPaths {
    /// All of them, in the order in which they win.
    pub fn all(&self) -> &[PathBuf] {
        match self {
            Self::Explicit(path) => std::slice::from_ref(path),
            Self::Home(path) => path.as_slice(),
            Self::List(paths) => paths,
        }
    }

    /// Where the current context and new entries go: the first that exists, or the last if none does.
    pub fn default_file(&self, exists: impl Fn(&Path) -> bool) -> Option<&Path> {
        let all = self.all();
        let found = all.iter().find(|path| exists(path)).or(all.last());
        found.map(PathBuf::as_path)
    }
}

impl<'a> View<'a> {
    /// A view of files in load order; those that do not exist are left out by the caller.
    pub fn new(files: &'a [File]) -> Self {
        Self { files }
    }

    /// The files.
    pub fn files(self) -> &'a [File] {
        self.files
    }

    /// The current context and the file that says so: the first that names one.
    pub fn current_context(self) -> Option<(&'a str, &'a File)> {
        let named = self.files.iter().map(|file| (file.config().current_context.as_str(), file));
        named.into_iter().find(|(name, _)| !name.is_empty())
    }

    /// The clusters; of those with one name the first wins, whole.
    pub fn clusters(self) -> Vec<Item<'a, NamedCluster>> {
        self.entries()
    }

    /// The users; of those with one name the first wins, whole.
    pub fn users(self) -> Vec<Item<'a, NamedUser>> {
        self.entries()
    }

    /// The contexts; of those with one name the first wins, whole.
    pub fn contexts(self) -> Vec<Item<'a, NamedContext>> {
        self.entries()
    }

    /// The context of this name.
    pub fn context(self, name: &str) -> Option<Item<'a, NamedContext>> {
        self.entry(name)
    }

    /// The entry of this name and a kind: the first wins, whole.
    pub fn entry<E: Entry>(self, name: &str) -> Option<Item<'a, E>> {
        self.everywhere::<E>().find(|item| item.entry.name() == name)
    }

    /// The entries of a kind; of those with one name the first wins, whole.
    pub fn entries<E: Entry>(self) -> Vec<Item<'a, E>> {
        if let [_] = self.files {
            // No file is read that has one name twice.
            return self.everywhere::<E>().collect();
        }
        let mut seen = BTreeSet::new();
        self.everywhere::<E>().filter(|item| seen.insert(item.entry.name())).collect()
    }

    /// All entries of a kind, also those that are hidden by others of their name.
    pub fn everywhere<E: Entry>(self) -> impl Iterator<Item = Item<'a, E>> {
        let entries =
            |file: &'a File| E::list(file.config()).iter().map(move |entry| Item { entry, file });
        self.files.iter().flat_map(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::parse(path, text.as_bytes()).unwrap()
    }

    #[test]
    fn the_flag_wins_over_the_list_and_the_list_over_the_home() {
        let home = Some(Path::new("/Users/a"));
        let flag = load_paths(Some(Path::new("x")), Some(OsStr::new("a:b")), home);
        assert_eq!(flag, LoadPaths::Explicit("x".into()));
        let list = load_paths(None, Some(OsStr::new("a::b:a")), home);
        assert_eq!(list, LoadPaths::List(vec!["a".into(), "b".into()]));
        let expected = LoadPaths::Home(Some("/Users/a/.kube/config".into()));
        assert_eq!(load_paths(None, Some(OsStr::new("")), home), expected);
        assert_eq!(load_paths(None, None, home), expected);
    }

    #[test]
    fn new_things_go_to_the_first_file_that_exists_or_to_the_last() {
        let list = load_paths(None, Some(OsStr::new("a:b:c")), None);
        assert_eq!(list.default_file(|path| path == Path::new("b")), Some(Path::new("b")));
        assert_eq!(list.default_file(|_| false), Some(Path::new("c")));
        assert_eq!(load_paths(None, None, None).default_file(|_| true), None);
    }

    #[test]
    fn the_first_file_wins_with_the_whole_stanza() {
        let files = [
            file("/a/one", "contexts:\n- {name: x, context: {cluster: one}}\n"),
            file(
                "/b/two",
                "contexts:\n- {name: x, context: {cluster: two, user: u}}\n- {name: z, context: {}}\n\
                 current-context: z\n",
            ),
        ];
        let view = View::new(&files);
        let x = view.context("x").unwrap();
        assert_eq!((x.entry.context.cluster.as_str(), x.entry.context.user.as_str()), ("one", ""));
        let names: Vec<_> = view.contexts().iter().map(|item| item.entry.name.clone()).collect();
        assert_eq!(names, ["x", "z"]);
        let (current, origin) = view.current_context().unwrap();
        assert_eq!((current, origin.path()), ("z", Path::new("/b/two")));
        let origin = view.context("z").unwrap().file;
        assert_eq!(origin.resolve("pki/ca.crt"), Path::new("/b/pki/ca.crt"));
        assert_eq!(origin.resolve("/etc/ca.crt"), Path::new("/etc/ca.crt"));
        assert_eq!(origin.resolve_command("./aws"), Path::new("/b/./aws"));
        assert_eq!(origin.resolve_command("aws"), Path::new("aws"));
    }
}
