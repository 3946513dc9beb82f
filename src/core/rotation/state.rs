//! The state file: where each rotation stands, for people and for the next run.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::anchor::{Anchor, Stage};
use super::error::Error;
use crate::core::changes::Bytes;
use crate::core::spec::why_unread;
use crate::core::x509::time::Moment;

/// The name of the file, in the certificate folder.
pub const FILE: &str = "rotation.yaml";

/// What the file begins with.
const HEADER: &str = "# Where each rotation stands, by kubepki. See `kubepki ca rotate status` and `kubepki sa rotate status`.\n";

/// The version of its form.
const API_VERSION: &str = "kubepki/v1alpha1";

/// What a file of this form calls itself.
const KIND: &str = "Rotation";

/// Where all rotations of a folder stand.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// Folders of kubeconfigs, as seen from the certificate folder.
    pub kubeconfig_dirs: Vec<PathBuf>,
    /// Other folders and files that are looked at, as seen from there.
    pub also: Vec<PathBuf>,
    /// Inventories whose nodes and users are to be there, as seen from there.
    pub inventories: Vec<PathBuf>,
    /// One for each CA or key that was ever rotated.
    pub entries: Vec<Entry>,
}

/// Where one rotation stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What is rotated.
    pub anchor: Anchor,
    /// The stage that it has reached.
    pub stage: Stage,
    /// When it reached it.
    pub since: Moment,
    /// When the new one began to sign; from then on the old one signs nothing.
    pub switched: Option<Moment>,
    /// The fingerprint of the old one.
    pub old: String,
    /// The fingerprint of the new one.
    pub new: String,
    /// Below the certificate folder, the folder of the one that stands by: the new one until it signs, then the old one.
    pub standby: PathBuf,
    /// Whether the old CA has signed the new one, so that who trusts the old one alone believes certificates of the new one.
    pub cross_signed: bool,
}

/// The file as YAML has it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    api_version: String,
    kind: String,
    kubeconfig_dirs: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inventories: Vec<String>,
    rotations: Vec<WrittenEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenEntry {
    name: String,
    stage: String,
    since: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    switched: Option<String>,
    old: String,
    new: String,
    standby: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cross_signed: bool,
}

impl State {
    /// Reads the file, which was found at `path`.
    ///
    /// # Errors
    ///
    /// Not YAML, or not what this program wrote.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let damaged = |why: String| Error::DamagedState { path: path.to_owned(), why };
        let written: Written =
            serde_saphyr::from_slice(bytes).map_err(|error| damaged(why_unread(&error)))?;
        if written.kind != KIND || written.api_version != API_VERSION {
            let found = format!("{} {}", written.api_version, written.kind);
            return Err(damaged(format!("it is {found}, not {API_VERSION} {KIND}")));
        }
        let entries = written.rotations.into_iter().map(|entry| entry.read().map_err(damaged));
        Ok(Self {
            kubeconfig_dirs: written.kubeconfig_dirs.into_iter().map(PathBuf::from).collect(),
            also: written.also.into_iter().map(PathBuf::from).collect(),
            inventories: written.inventories.into_iter().map(PathBuf::from).collect(),
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    /// What the file holds.
    ///
    /// # Panics
    ///
    /// Never: these are texts in lists.
    pub fn to_bytes(&self) -> Bytes {
        let written = Written {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            kubeconfig_dirs: texts(&self.kubeconfig_dirs),
            also: texts(&self.also),
            inventories: texts(&self.inventories),
            rotations: self.entries.iter().map(WrittenEntry::new).collect(),
        };
        let yaml = serde_saphyr::to_string(&written).expect("texts in lists are YAML");
        Bytes::new((HEADER.to_owned() + &yaml).into_bytes())
    }

    /// The rotation of this anchor.
    pub fn entry(&self, anchor: Anchor) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.anchor == anchor)
    }

    /// The same state, with this rotation in the place of the one before it.
    pub fn put(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|one| one.anchor == entry.anchor) {
            Some(one) => *one = entry,
            None => self.entries.push(entry),
        }
    }
}

impl Entry {
    /// The files of the one that stands by: public half, key.
    pub fn standby_files(&self, cert_dir: &Path) -> (PathBuf, PathBuf) {
        let folder = cert_dir.join(&self.standby);
        let public = format!("standby.{}", self.anchor.public_suffix());
        (folder.join(public), folder.join("standby.key"))
    }

    /// All files of its two sides.
    pub fn files(&self, cert_dir: &Path) -> [PathBuf; 5] {
        let (public, key) = self.standby_files(cert_dir);
        let signs = [self.anchor.public_file(), self.anchor.key_file()];
        let [signing, signing_key] = signs.map(|file| cert_dir.join(file));
        [signing, signing_key, public, key, self.cross_file(cert_dir)]
    }

    /// Where the last revocation list of the old CA is kept once it is trusted no more.
    pub fn list_file(&self, cert_dir: &Path) -> PathBuf {
        cert_dir.join(&self.standby).join("standby.crl")
    }

    /// The file of the new CA as the old one has signed it.
    pub fn cross_file(&self, cert_dir: &Path) -> PathBuf {
        cert_dir.join(&self.standby).join("cross.crt")
    }
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

impl WrittenEntry {
    fn new(entry: &Entry) -> Self {
        Self {
            name: entry.anchor.name().to_owned(),
            stage: entry.stage.to_string(),
            since: entry.since.to_string(),
            switched: entry.switched.map(|moment| moment.to_string()),
            old: entry.old.clone(),
            new: entry.new.clone(),
            standby: entry.standby.to_string_lossy().into_owned(),
            cross_signed: entry.cross_signed,
        }
    }

    fn read(self) -> Result<Entry, String> {
        let moment = |text: String| text.parse().map_err(|_| format!("`{text}` is no time"));
        let standby = PathBuf::from(&self.standby);
        // A file that came with an archive must not choose where keys are read and written.
        let mut parts = standby.components();
        if !parts.all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(format!("`{}` is no folder below it", self.standby));
        }
        Ok(Entry {
            anchor: Anchor::named(&self.name)
                .ok_or_else(|| format!("`{}` is nothing that is rotated", self.name))?,
            stage: Stage::named(&self.stage)
                .ok_or_else(|| format!("`{}` is no stage", self.stage))?,
            since: moment(self.since)?,
            switched: self.switched.map(moment).transpose()?,
            old: self.old,
            new: self.new,
            standby,
            cross_signed: self.cross_signed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let entry = Entry {
            anchor: Anchor::TokenKey,
            stage: Stage::Switched,
            since: Moment::from_unix(1_700_000_000).unwrap(),
            switched: Moment::from_unix(1_700_000_000),
            old: "AB".into(),
            new: "CD".into(),
            standby: "rotation/x".into(),
            cross_signed: true,
        };
        State {
            kubeconfig_dirs: vec!["..".into()],
            also: vec!["../x.pem".into()],
            inventories: vec!["../cluster.yaml".into()],
            entries: vec![entry],
        }
    }

    fn why(text: &str) -> String {
        State::parse(Path::new("rotation.yaml"), text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bytes = state().to_bytes();
        assert_eq!(State::parse(Path::new("x"), &bytes).unwrap(), state());
        assert!(bytes.starts_with(b"# Where each rotation stands"));
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_refused() {
        let text = String::from_utf8(state().to_bytes().to_vec()).unwrap();
        assert!(why(&text.replace("switched\n", "swept\n")).contains("`swept` is no stage"));
        assert!(why(&text.replace("name: sa", "name: kubelet")).contains("`kubelet` is nothing"));
        assert!(why(&text.replace("rotation/x", "../../etc")).contains("no folder below it"));
        assert!(why(&text.replace("rotation/x", "/etc")).contains("no folder below it"));
        assert!(why(&text.replace("kind: Rotation", "kind: Config")).contains("not kubepki/"));
        assert!(why("kind: [").contains("rotation.yaml"));
    }
}
