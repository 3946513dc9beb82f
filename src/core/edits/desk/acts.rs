//! What can be done to the entries of the files on the desk. Each step is noted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::core::changes::{Bytes, Found, Secrecy};
use crate::core::contexts::{ContextError, named, unknown};
use crate::core::edits::EditsError;
use crate::core::kubeconfig::{
    self, Added, Entry, Item, NamedCluster, NamedContext, NamedUser, Referred, Taken,
    changed_fields, near,
};
use crate::core::report::EditStep;
use crate::core::{Error, inventory, store};

use super::{Desk, Done};

impl Desk<'_> {
    /// The name of the current context.
    pub fn current(&self) -> Result<String, ContextError> {
        let current = self.view().current_context().map(|(name, _)| name.to_owned());
        current.ok_or_else(|| ContextError::NoCurrent(named(&self.how.paths)))
    }

    /// An entry that must be there.
    pub fn need<E: Entry>(&self, name: &str) -> Result<Item<'_, E>, Error> {
        self.view().entry::<E>(name).ok_or_else(|| self.unknown::<E>(name))
    }

    fn unknown<E: Entry>(&self, name: &str) -> Error {
        if E::KIND == NamedContext::KIND {
            return unknown(name, self.view(), &self.how.paths).into();
        }
        let entries = self.view().entries::<E>();
        let near = near(name, entries.iter().map(|item| item.entry.name()));
        EditsError::Unknown {
            kind: E::KIND,
            name: name.to_owned(),
            files: named(&self.how.paths),
            near: near.into_iter().map(str::to_owned).collect(),
        }
        .into()
    }

    /// Changes an entry, or adds it to the default file. `change` also gets to know the file.
    pub fn put<E: Entry>(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut E::Stanza, &Path) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (file, old) = match self.view().entry::<E>(name) {
            Some(item) => (item.file.path().to_owned(), Some(item.entry.stanza().clone())),
            None => (self.default_file()?, None),
        };
        let is_new = old.is_none();
        let old = old.unwrap_or_default();
        let mut stanza = old.clone();
        change(&mut stanza, &file)?;
        let fields = changed_fields::<E>(&old, &stanza);
        let new = E::new(name, stanza);
        if self.edit(&file, |file| kubeconfig::put(file, &new))? {
            let (kind, name) = (E::KIND, name.to_owned());
            self.tell_of_hidden::<E>(&name);
            self.did(match is_new {
                true => EditStep::Created { kind, name, file },
                false => EditStep::Changed { kind, name, fields, file },
            });
        }
        Ok(())
    }

    /// Takes entries of other files in, at the end of the lists of the default file, and makes `current` the current context there.
    pub fn take(&mut self, added: &Added<'_>, current: Option<&str>) -> Result<(), Error> {
        if added.is_empty() && current.is_none() {
            return Ok(());
        }
        let file = self.default_file()?;
        let at = self.place(&file);
        let current = current.filter(|name| self.files[at].config().current_context != *name);
        self.edit(&file, |file| kubeconfig::take(file, added, current))?;
        self.rest();
        let created = |kind| {
            let file = file.clone();
            move |name| EditStep::Created { kind, name, file }
        };
        self.tell_of_all(&added.clusters, created(NamedCluster::KIND));
        self.tell_of_all(&added.users, created(NamedUser::KIND));
        self.tell_of_all(&added.contexts, created(NamedContext::KIND));
        if let Some(name) = current.map(str::to_owned) {
            self.did(EditStep::Switched { name, file });
        }
        Ok(())
    }

    fn tell_of_all<'t, 'f: 't, E: Entry>(
        &mut self,
        taken: impl IntoIterator<Item = &'t Taken<'f, E>>,
        step: impl FnOnce(String) -> EditStep,
    ) {
        let mut names = taken.into_iter().map(|it| it.name());
        if let Some(first) = names.next() {
            let step = step(first.to_owned());
            self.steps.push(Done { step, others: names.map(Box::from).collect() });
        }
    }

    /// Puts entries of other files in the places of those of their names, in the files of those.
    pub fn replace_all<E: Entry>(&mut self, taken: &[Taken<'_, E>]) -> Result<(), Error> {
        let there = self.view().entries::<E>().into_iter();
        let files: BTreeMap<&str, &Path> =
            there.map(|it| (it.entry.name(), it.file.path())).collect();
        let mut by_file = BTreeMap::<PathBuf, Vec<&Taken<'_, E>>>::new();
        for it in taken {
            let name = it.name();
            let file = files.get(name).ok_or_else(|| self.unknown::<E>(name))?;
            by_file.entry(file.to_path_buf()).or_default().push(it);
        }
        for (file, taken) in by_file {
            self.edit(&file, |file| kubeconfig::replace_all(file, &taken))?;
            self.tell_of_all(taken, |name| {
                let (kind, fields, file) = (E::KIND, Vec::new(), file.clone());
                EditStep::Changed { kind, name, fields, file }
            });
        }
        Ok(())
    }

    /// Gives an entry a name that nothing else has.
    pub fn rename<E: Entry>(&mut self, old: &str, new: &str) -> Result<(), Error> {
        let file = self.renamable::<E>(old, new)?;
        self.edit(&file, |file| kubeconfig::rename::<E>(file, old, new))?;
        self.tell_of_rename::<E>(old, new, file);
        Ok(())
    }

    /// The same, and the contexts of every file, hidden ones too, name it by that.
    pub fn rename_referred<E: Referred>(&mut self, old: &str, new: &str) -> Result<(), Error> {
        let (owner, mut steps) = (self.renamable::<E>(old, new)?, Vec::new());
        let files: Vec<PathBuf> = self.files.iter().map(|file| file.path().to_owned()).collect();
        for (at, file) in files.into_iter().enumerate() {
            let contexts = self.files[at].config().contexts.iter();
            let names_it = |context: &NamedContext| E::named_by(&context.context) == old;
            let names: Vec<String> =
                contexts.filter(|it| names_it(it)).map(|it| it.name.clone()).collect();
            let is_here = file == owner;
            self.edit(&file, |file| kubeconfig::rename_referred::<E>(file, old, new, is_here))?;
            steps.extend(names.into_iter().map(|name| EditStep::Changed {
                kind: NamedContext::KIND,
                name,
                fields: vec![E::KIND.to_owned()],
                file: file.clone(),
            }));
        }
        self.tell_of_rename::<E>(old, new, owner);
        steps.into_iter().for_each(|step| self.did(step));
        Ok(())
    }

    /// The file of an entry that may be called `new`.
    fn renamable<E: Entry>(&self, old: &str, new: &str) -> Result<PathBuf, Error> {
        let file = self.need::<E>(old)?.file.path().to_owned();
        if let Some(other) = self.view().entry::<E>(new) {
            let (kind, name, file) = (E::KIND, new.to_owned(), other.file.path().to_owned());
            return Err(EditsError::Exists { kind, name, file }.into());
        }
        Ok(file)
    }

    fn tell_of_rename<E: Entry>(&mut self, old: &str, new: &str, file: PathBuf) {
        let (kind, name, to) = (E::KIND, old.to_owned(), new.to_owned());
        self.did(EditStep::Renamed { kind, name, to, file });
        self.warn_of_return::<E>(old);
    }

    /// Takes an entry out of the file that owns it.
    pub fn remove<E: Entry>(&mut self, name: &str) -> Result<(), Error> {
        let file = self.need::<E>(name)?.file.path().to_owned();
        self.edit(&file, |file| kubeconfig::remove::<E>(file, name))?;
        self.did(EditStep::Deleted { kind: E::KIND, name: name.to_owned(), file });
        self.warn_of_return::<E>(name);
        Ok(())
    }

    /// Puts every file in order.
    pub fn order(&mut self) -> Result<(), Error> {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| file.path().to_owned()).collect();
        for file in paths {
            if self.edit(&file, kubeconfig::order)? {
                self.did(EditStep::Ordered { file });
            }
        }
        Ok(())
    }

    /// Makes a context the current one, where client-go would: in the default file.
    pub fn switch(&mut self, name: &str) -> Result<(), Error> {
        let file = self.default_file()?;
        if self.edit(&file, |file| kubeconfig::set_current_context(file, name))? {
            self.did(EditStep::Switched { name: name.to_owned(), file });
        }
        Ok(())
    }

    /// While `name` is the current context: makes that none, in the file that says so.
    pub fn clear_current(&mut self, name: &str) -> Result<(), Error> {
        while let Some(file) = self.says_current(name) {
            self.edit(&file, |file| kubeconfig::set_current_context(file, ""))?;
            self.did(EditStep::Cleared { name: name.to_owned(), file });
        }
        Ok(())
    }

    fn says_current(&self, name: &str) -> Option<PathBuf> {
        let (_, file) = self.view().current_context().filter(|(current, _)| *current == name)?;
        Some(file.path().to_owned())
    }

    /// Edits the entries of every file, hidden ones too, for which `edit` gives another one.
    pub fn each<E: Entry>(
        &mut self,
        mut edit: impl FnMut(Item<'_, E>) -> Result<Option<E>, Error>,
    ) -> Result<(), Error> {
        let (mut changed, mut steps) = (BTreeMap::<PathBuf, Vec<E>>::new(), Vec::new());
        for it in self.view().everywhere::<E>() {
            if let Some(new) = edit(it)? {
                let fields = changed_fields::<E>(it.entry.stanza(), new.stanza());
                let (name, file) = (new.name().to_owned(), it.file.path().to_owned());
                changed.entry(file.clone()).or_default().push(new);
                steps.push(EditStep::Changed { kind: E::KIND, name, fields, file });
            }
        }
        for (file, new) in &changed {
            self.edit(file, |file| kubeconfig::put_all(file, new))?;
        }
        steps.into_iter().for_each(|step| self.did(step));
        Ok(())
    }

    /// Takes the entries out, of every file and hidden ones too, that `goes` picks. Returns their names.
    pub fn remove_where<E: Entry>(
        &mut self,
        goes: impl Fn(Item<'_, E>) -> bool,
    ) -> Result<BTreeSet<String>, Error> {
        let mut gone: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for it in self.view().everywhere::<E>().filter(|it| goes(*it)) {
            let names = gone.entry(it.file.path().to_owned()).or_default();
            names.insert(it.entry.name().to_owned());
        }
        for (file, names) in &gone {
            self.edit(file, |file| kubeconfig::remove_all::<E>(file, names))?;
            for name in names {
                let (kind, name) = (E::KIND, name.clone());
                self.did(EditStep::Deleted { kind, name, file: file.clone() });
            }
        }
        let gone: BTreeSet<String> = gone.into_values().flatten().collect();
        let left = self.view().entries::<E>();
        let left = left.iter().map(|it| it.entry.name().to_owned());
        let back: Vec<String> = left.filter(|name| gone.contains(name)).collect();
        back.iter().for_each(|name| self.warn_of_return::<E>(name));
        Ok(gone)
    }

    /// Writes a file beside the kubeconfigs, in one set with them; one that holds something else stays, and is an error.
    pub fn write(&mut self, path: PathBuf, bytes: Bytes, secrecy: Secrecy) -> Result<(), Error> {
        let snapshot = store::read([path.clone()]);
        let differs = match (self.written.get(&path), snapshot.get(&path)) {
            (Some((other, _)), _) | (None, Found::File { bytes: other, .. }) => *other != bytes,
            (None, Found::Absent) => false,
            (None, Found::Unreadable(why)) => {
                let why = why.clone();
                return Err(inventory::Error::Unreadable { what: "file", path, why }.into());
            }
        };
        if differs {
            return Err(EditsError::Taken(path).into());
        }
        self.did(EditStep::Wrote { file: path.clone() });
        self.written.insert(path, (bytes, secrecy));
        Ok(())
    }

    fn files_of<E: Entry>(&self, name: &str) -> Vec<String> {
        let all = self.view().everywhere::<E>().filter(|item| item.entry.name() == name);
        all.map(|item| item.file.path().display().to_string()).collect()
    }

    fn tell_of_hidden<E: Entry>(&mut self, name: &str) {
        if let [_, hidden @ ..] = &self.files_of::<E>(name)[..]
            && !hidden.is_empty()
        {
            let files = hidden.join(", ");
            self.notes.push(format!(
                "another {} `{name}` stands in {files}, where it is hidden",
                E::KIND
            ));
        }
    }

    /// What was hidden by the entry counts now.
    fn warn_of_return<E: Entry>(&mut self, name: &str) {
        if let Some(file) = self.files_of::<E>(name).first() {
            let kind = E::KIND;
            self.warnings.push(format!(
                "there is still a {kind} `{name}`: the one in {file} was hidden, and counts now"
            ));
        }
    }
}
