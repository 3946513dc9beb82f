//! The archive itself: a manifest, then each file under a name that people find it by.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Backup, Error};
use crate::core::changes::Bytes;

/// The first entry of an archive.
pub(super) const MANIFEST: &str = "manifest.json";

/// Its first words, so that no other archive is taken for ours.
pub(super) const FORM: &str = "kubepki backup 1";

/// The manifest of an archive.
#[derive(Deserialize, Serialize)]
pub(super) struct Manifest {
    pub(super) form: String,
    pub(super) when: u64,
    pub(super) what: String,
    pub(super) files: Vec<Entry>,
}

/// One file in it.
#[derive(Deserialize, Serialize)]
pub(super) struct Entry {
    /// Where it belongs: from the folder of the CA on, so that both can be moved together.
    pub(super) path: String,
    /// Its name in the archive.
    pub(super) name: String,
    /// The digest of what the run left.
    pub(super) left: String,
}

impl Backup {
    /// All of it, for a folder whose absolute path is `home`.
    pub(super) fn archive(&self, home: &Path, folder: &Path) -> Result<Bytes, Error> {
        let mut listed = Vec::new();
        for (number, kept) in self.files.iter().enumerate() {
            let path = from(home, &absolute(folder, &kept.path));
            let text = path.to_str().ok_or_else(|| io::Error::other("a path that is no text"))?;
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Within the folder by its own name, so that people find it; elsewhere by a number.
            let is_within = path.components().all(|part| matches!(part, Component::Normal(_)));
            let name = if is_within { text.to_owned() } else { format!("{number}/{file}") };
            listed.push(Entry { path: text.to_owned(), name, left: kept.left.clone() });
        }
        let manifest = Manifest {
            form: FORM.to_owned(),
            when: self.when.unix(),
            what: self.what.clone(),
            files: listed,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
        let room: usize = self.files.iter().map(|kept| kept.bytes.len() + 4096).sum();
        // All that it takes at once: growing would leave copies of keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(room + text.len() + 4096));
        let mut archive = tar::Builder::new(&mut *bytes);
        let mut add = |name: &str, content: &[u8], mode| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(mode);
            header.set_mtime(self.when.unix());
            archive.append_data(&mut header, name, content)
        };
        add(MANIFEST, &text, 0o600)?;
        for (entry, kept) in manifest.files.iter().zip(&self.files) {
            add(&entry.name, &kept.bytes, kept.mode & 0o777)?;
        }
        archive.finish()?;
        drop(archive);
        Ok(bytes)
    }
}

/// A name, what it stands for, and the mode.
pub(super) type Content = (PathBuf, Bytes, u32);

/// Everything in an archive.
pub(super) fn entries(bytes: &[u8]) -> io::Result<Vec<Content>> {
    let mut archive = tar::Archive::new(bytes);
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        // No entry is longer than the archive.
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX).min(bytes.len());
        let mut content = Zeroizing::new(Vec::with_capacity(size));
        entry.by_ref().take(bytes.len() as u64).read_to_end(&mut content)?;
        found.push((entry.path()?.into_owned(), content, entry.header().mode()?));
    }
    Ok(found)
}

/// A path that was typed, from the root on.
pub(super) fn absolute(folder: &Path, path: &Path) -> PathBuf {
    tidy(&folder.join(path))
}

/// `path` as seen from `home`; where they have nothing in common, as it is.
fn from(home: &Path, path: &Path) -> PathBuf {
    let common = home.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 && path.is_absolute() {
        return path.to_owned();
    }
    let up = home.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// Without `.`, and without `..` where what it leads out of is known: by the text alone.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        let leads_out = matches!(tidy.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if leads_out => drop(tidy.pop()),
            part => tidy.push(part),
        }
    }
    tidy
}
