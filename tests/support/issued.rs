//! The catalog, issued: what the judges are asked about.

use std::path::PathBuf;

use kubepki::core::catalog::{self, ROWS, Row};
use kubepki::core::x509::key_type::KeyType;
use kubepki::core::x509::profile::Profile;

use crate::support::judges::{Purpose, Question, Side};
use crate::support::world::World;

/// A name of every server, besides those of its row.
pub const NAME: &str = "127.0.0.1";

/// Certificates of every row of the catalog that is no CA, in the present. They share one key: RSA-4096 keys take long.
pub struct Issued {
    /// Where they lie.
    pub world: World,
    /// The certificates.
    pub leaves: Vec<Leaf>,
}

/// One certificate.
pub struct Leaf {
    /// What it is for.
    pub row: &'static Row,
    /// For messages: the row, the kind of key, the CA.
    pub about: String,
    roots: PathBuf,
    chain: PathBuf,
    key: PathBuf,
}

impl Issued {
    /// Below a root and below an intermediate, all with keys of one kind.
    pub fn with_keys(key_type: KeyType) -> Self {
        let world = World::in_the_present();
        world.sh(&format!(
            "mkdir ca between
             kubepki -q ca init --key-type {key_type}
             kubepki -q ca init between --parent ca --key-type {key_type}
             kubepki -q cert request leaf --key-type {key_type}"
        ));
        let mut leaves = Vec::new();
        for (row, ca) in leaf_rows().flat_map(|row| [(row, "ca"), (row, "between")]) {
            let about = format!("{} with {key_type} below {ca}", row.name);
            let leaf = Leaf::new(&world, row, about, &format!("{ca}/{}.crt", row.name), "ca");
            world.sh(&format!("{} --ca {ca}", leaf.command()));
            leaves.push(leaf);
        }
        Self { world, leaves }
    }

    /// Each below the CA that the catalog names.
    pub fn below_their_own_cas() -> Self {
        let world = World::in_the_present();
        world.sh("kubepki -q cert request leaf --key-type ECDSA-P256");
        for row in ROWS.iter().filter(|row| row.profile.is_ca()) {
            world.sh(&format!("kubepki -q ca init {} --key-type ECDSA-P256", row.name));
        }
        let leaf = |row: &'static Row| {
            let about = format!("{} below {}", row.name, row.issuer);
            let leaf = Leaf::new(&world, row, about, &format!("{}.crt", row.name), row.issuer);
            world.sh(&leaf.command());
            leaf
        };
        Self { leaves: leaf_rows().map(leaf).collect(), world }
    }

    /// A pair of sides for every handshake that it takes to show each certificate as what it is for.
    pub fn handshakes(&self) -> Vec<(&Leaf, &Leaf)> {
        let those = |wanted: fn(&Leaf) -> bool| -> Vec<&Leaf> {
            self.leaves.iter().filter(|leaf| wanted(leaf)).collect()
        };
        let (servers, clients) = (those(Leaf::is_server), those(Leaf::is_client));
        let pairs = servers.iter().cycle().zip(clients.iter().cycle());
        pairs
            .map(|(server, client)| (*server, *client))
            .take(servers.len().max(clients.len()))
            .collect()
    }
}

impl Leaf {
    fn new(world: &World, row: &'static Row, about: String, chain: &str, root: &str) -> Self {
        let roots = world.path(format!("pki/{}.crt", catalog::file(root)));
        Self { row, about, roots, chain: world.path(chain), key: world.path("pki/leaf.key") }
    }

    /// What is typed to get it.
    fn command(&self) -> String {
        let (profile, key, out) = (self.row.name, self.key.display(), self.chain.display());
        let sans = if self.is_server() { format!("--san {NAME}") } else { String::new() };
        format!(
            "kubepki -q cert issue host-1 --profile {profile} --key {key} --out {out} {sans} 2>&1"
        )
    }

    /// Whether it is for a server.
    pub fn is_server(&self) -> bool {
        self.row.profile.is_server()
    }

    /// Whether it is for a client.
    pub fn is_client(&self) -> bool {
        matches!(self.row.profile, Profile::Client | Profile::Peer)
    }

    /// What it is for.
    pub fn purposes(&self) -> Vec<Purpose> {
        let server = self.is_server().then_some(Purpose::Server);
        server.into_iter().chain(self.is_client().then_some(Purpose::Client)).collect()
    }

    /// What it is not for.
    pub fn other_purpose(&self) -> Option<Purpose> {
        match (self.is_server(), self.is_client()) {
            (true, false) => Some(Purpose::Client),
            (false, true) => Some(Purpose::Server),
            _ => None,
        }
    }

    /// Whether it is good for a purpose: a question to a judge.
    pub fn question(&self, purpose: Purpose) -> Question<'_> {
        let name = matches!(purpose, Purpose::Server).then_some(NAME);
        Question { roots: &self.roots, chain: &self.chain, purpose, name, at: None }
    }

    /// It as a side of a handshake.
    pub fn side(&self) -> Side<'_> {
        Side { chain: &self.chain, key: &self.key, roots: &self.roots }
    }
}

fn leaf_rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| !row.profile.is_ca())
}
