//! A whole cluster as things that are wanted. For one node it is what kubeadm's `init phase certs all` and `init phase
//! kubeconfig all` make (`cmd/kubeadm/app/phases/certs`, `.../kubeconfig`, `app/util/endpoint.go` in Kubernetes); for several,
//! each gets a folder with what the catalog says that its roles need.

mod error;
mod machine;
mod names;
mod nodes;

use std::path::PathBuf;

use super::address::{Endpoint, Subnet, check_advertised};
use super::{
    BIND_PORT, CertificateSpec, CopySpec, Credentials, Destination, Form, IssuerSpec, KeyPairSpec,
    KeySpec, KubeconfigSpec, Pair, Spec, Unsigned, Wanted,
};
use crate::core::catalog::{self, Conf, ETCD_CA, ROWS, Role, Row, SERVICE_ACCOUNT, Server};
use crate::core::changes::Secrecy;
use crate::core::x509::key_type::KeyType;
use crate::core::x509::san::{San, flaw_of_dns_name};
use crate::core::x509::time::Until;

pub use error::Error;
pub use machine::{Folders, Machine, Node, User};
pub use nodes::Error as NodesError;

/// How many nodes and users come into place together: enough that waiting for the disk is shared, and few enough that the
/// largest cluster takes no more memory than this.
const SET: usize = 64;

/// What is asked of a cluster, complete: kubeadm's settings with kubeadm's defaults filled in.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    /// Where the CAs are.
    pub operator: Folders,
    /// What kubeconfigs call the cluster.
    pub name: String,
    /// The name or address by which the whole cluster is reached.
    pub endpoint: Option<Endpoint>,
    /// The addresses of services; the first belongs to the API server.
    pub service_subnet: Subnet,
    /// The domain of services.
    pub dns_domain: String,
    /// Names of every API server besides.
    pub api_server_sans: Vec<San>,
    /// Names of every etcd server besides.
    pub etcd_server_sans: Vec<San>,
    /// Names of every etcd member among its peers besides.
    pub etcd_peer_sans: Vec<San>,
    /// Whether etcd runs elsewhere, with a PKI of its own.
    pub external_etcd: bool,
    /// The kind of every key; `None` for the usual one, and for any that is already there.
    pub key_type: Option<KeyType>,
    /// How long CAs live.
    pub ca_until: Option<Until>,
    /// How long everything else lives.
    pub until: Option<Until>,
    /// Names of the parts that are wanted; empty for all.
    pub only: Vec<String>,
    /// The operator's machine, then the nodes; kubeadm's one node is both.
    pub machines: Vec<Machine>,
    /// People and programs.
    pub users: Vec<User>,
}

impl ClusterSpec {
    /// Everything that it takes as one set, CAs first.
    ///
    /// # Errors
    ///
    /// Names, addresses or parts that cannot be.
    pub fn spec(&self, force: bool) -> Result<Spec, Error> {
        let mut wanted = self.shared()?;
        wanted.extend(self.others()?.into_iter().flatten());
        Ok(self.one_set(wanted, force))
    }

    /// The same in sets of a few nodes. Each holds what all of them share, so that it stands for itself.
    ///
    /// # Errors
    ///
    /// Those of [`spec`](Self::spec).
    pub fn specs(&self, force: bool) -> Result<Vec<Spec>, Error> {
        let (shared, others) = (self.shared()?, self.others()?);
        if others.is_empty() {
            return Ok(vec![self.one_set(shared, force)]);
        }
        let set = |some: &[Vec<Wanted>]| {
            let wanted = shared.iter().chain(some.iter().flatten()).cloned().collect();
            self.one_set(wanted, force)
        };
        Ok(others.chunks(SET).map(set).collect())
    }

    /// What one node needs, and what that comes from; with the node's folder.
    ///
    /// # Errors
    ///
    /// No such node, and those of [`spec`](Self::spec).
    pub fn node(&self, name: &str) -> Result<(Spec, PathBuf), Error> {
        let is_it = |machine: &&Machine| machine.node.as_ref().is_some_and(|it| it.name == name);
        let Some(machine) = self.machines.iter().find(is_it) else {
            let known = self.nodes().map(|node| node.name.clone()).collect();
            return Err(nodes::Error::NoSuchNode { name: name.to_owned(), known }.into());
        };
        let mut wanted = self.shared()?;
        wanted.extend(self.of_machine(machine)?);
        Ok((self.one_set(wanted, false), machine.folders.kubeconfigs.clone()))
    }

    fn one_set(&self, wanted: Vec<Wanted>, force: bool) -> Spec {
        let home = Some(self.operator.certificates.clone());
        Spec { home, wanted, force, unsigned: Unsigned::Tell }
    }

    /// What the operator keeps.
    fn shared(&self) -> Result<Vec<Wanted>, Error> {
        self.only.iter().try_for_each(|part| self.check_part(part))?;
        let mine = self.machines.iter().filter(|machine| machine.is(Role::Operator));
        let wanted = mine.map(|machine| self.of_machine(machine)).collect::<Result<Vec<_>, _>>()?;
        Ok(wanted.into_iter().flatten().collect())
    }

    /// What each other machine, and each user, gets.
    fn others(&self) -> Result<Vec<Vec<Wanted>>, Error> {
        let nodes = self.machines.iter().filter(|machine| !machine.is(Role::Operator));
        let nodes = nodes.map(|machine| self.of_machine(machine));
        let users = self.users.iter().filter(|_| self.wants(catalog::USER));
        nodes.chain(users.map(|user| self.of_user(user))).collect()
    }

    /// Checks that its machines can be what they are said to be, and go together.
    ///
    /// # Errors
    ///
    /// Names or addresses that cannot be, or that are there twice.
    pub fn check(&self) -> Result<(), Error> {
        // A number may be a domain, and not the last part of a name in it.
        let service = format!("kubernetes.default.svc.{}", self.dns_domain);
        let flaw = flaw_of_dns_name(&self.dns_domain).or_else(|| flaw_of_dns_name(&service));
        if let Some(why) = flaw {
            return Err(Error::Domain { domain: self.dns_domain.clone(), why });
        }
        if let Some(key_type @ KeyType::Ed25519) = self.key_type {
            return Err(Error::KeyType(key_type));
        }
        self.nodes().try_for_each(|node| catalog::node_san(&node.name).map(drop))?;
        self.machines.iter().try_for_each(|machine| self.check_machine(machine))?;
        self.users.iter().try_for_each(|user| user.subject().map(drop))?;
        nodes::check(self)?;
        Ok(())
    }

    fn check_part(&self, part: &str) -> Result<(), Error> {
        let known = self.parts();
        match ROWS.iter().find(|row| row.name == part) {
            // With etcd elsewhere a part may be nobody's to make.
            Some(row) if self.is_elsewhere(row) => Err(Error::Elsewhere(row.name)),
            _ if known.contains(&part) => Ok(()),
            _ => Err(Error::Part { part: part.to_owned(), known }),
        }
    }

    /// The names of all parts, as `--only` takes them.
    fn parts(&self) -> Vec<&'static str> {
        let held = |row: &&Row| self.machines.iter().any(|machine| machine.holds(row.held_by));
        let rows = ROWS.iter().filter(held).map(|row| row.name).chain([SERVICE_ACCOUNT.name]);
        rows.chain((!self.users.is_empty()).then_some(catalog::USER)).collect()
    }

    /// What kube-apiserver refuses, it would refuse too late.
    fn check_machine(&self, machine: &Machine) -> Result<(), Error> {
        let Some(node) = machine.node.as_ref().filter(|_| machine.is(Role::ControlPlane)) else {
            return Ok(());
        };
        let address = node.advertised()?;
        if node.bind_port == 0 {
            return Err(Error::Port);
        }
        check_advertised(address)?;
        let first = self.service_subnet.first_address();
        if first.is_ipv4() != address.is_ipv4() {
            return Err(Error::Family { address, first });
        }
        Ok(())
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// With etcd elsewhere, neither its CA nor what that signs is ours.
    fn is_elsewhere(&self, row: &Row) -> bool {
        self.external_etcd && row.issuer == ETCD_CA
    }

    /// Everything that a machine holds.
    fn of_machine(&self, machine: &Machine) -> Result<Vec<Wanted>, Error> {
        let mut wanted = Vec::new();
        for row in ROWS.iter().filter(|row| self.wants(row.name) && !self.is_elsewhere(row)) {
            match machine.holds(row.held_by) {
                false => {}
                true if row.profile.is_ca() => wanted.extend(self.authority(machine, row)?),
                true => wanted.extend(self.leaf(machine, row)?),
            }
        }
        if machine.holds(SERVICE_ACCOUNT.held_by) && self.wants(SERVICE_ACCOUNT.name) {
            wanted.extend(self.service_account(machine));
        }
        Ok(wanted)
    }

    /// A CA: made once, and copied to whom needs it.
    fn authority(&self, machine: &Machine, row: &Row) -> Result<Vec<Wanted>, Error> {
        let file = catalog::file(row.name);
        if !machine.is(Role::Operator) {
            let copy = |suffix, secrecy| self.copy(machine, &format!("{file}.{suffix}"), secrecy);
            let mut copies = vec![copy("crt", Secrecy::Public)];
            if machine.holds(row.signs_on) {
                copies.insert(0, copy("key", Secrecy::Secret));
                copies.extend(row.signing_file().map(|file| self.signing(machine, &file)));
            }
            return Ok(copies);
        }
        let files = Pair::beside(&self.operator.certificates, file);
        Ok(vec![Wanted::Certificate(CertificateSpec {
            certificate: Destination::File(files.certificate),
            key: KeySpec::Own { to: Destination::File(files.key), key_type: self.key_type },
            subject: row.subject(row.name)?,
            profile: row.profile,
            sans: self.names(row, None)?,
            until: self.ca_until,
            issuer: IssuerSpec::Itself,
        })])
    }

    fn service_account(&self, machine: &Machine) -> Vec<Wanted> {
        let (private, public) = (SERVICE_ACCOUNT.private, SERVICE_ACCOUNT.public);
        if !machine.is(Role::Operator) {
            let copies = [(private, Secrecy::Secret), (public, Secrecy::Public)];
            return copies.map(|(file, secrecy)| self.copy(machine, file, secrecy)).into();
        }
        vec![Wanted::KeyPair(KeyPairSpec {
            private: self.operator.certificates.join(private),
            public: self.operator.certificates.join(public),
            key_type: self.key_type,
        })]
    }

    fn copy(&self, machine: &Machine, file: &str, secrecy: Secrecy) -> Wanted {
        Wanted::Copy(self.copied(machine, file, secrecy))
    }

    /// A rotation made it, or there is none.
    fn signing(&self, machine: &Machine, file: &str) -> Wanted {
        let copied = self.copied(machine, file, Secrecy::Public);
        Wanted::Copy(CopySpec { optional: true, ..copied })
    }

    fn copied(&self, machine: &Machine, file: &str, secrecy: Secrecy) -> CopySpec {
        CopySpec {
            from: self.operator.certificates.join(file),
            to: machine.folders.certificates.join(file),
            secrecy,
            optional: false,
        }
    }

    /// A certificate with its key, as files or inside of a kubeconfig.
    fn leaf(&self, machine: &Machine, row: &Row) -> Result<Vec<Wanted>, Error> {
        let node = machine.node.as_ref();
        let holder = node.map_or(row.name, |node| &node.name);
        let place = |suffix: &str| {
            let file = format!("{}.{suffix}", catalog::file(row.name));
            Destination::File(machine.folders.certificates.join(file))
        };
        let user = row.common_name(holder)?;
        let (certificate, key) = match &row.conf {
            Some(conf) => inside(machine.conf(conf), &user),
            None => (place("crt"), place("key")),
        };
        let wanted = Wanted::Certificate(CertificateSpec {
            certificate,
            key: KeySpec::Own { to: key, key_type: machine.key_type.or(self.key_type) },
            subject: row.subject(holder)?,
            profile: row.profile,
            sans: self.names(row, node)?,
            until: self.until,
            issuer: IssuerSpec::Files(self.issuer(row)),
        });
        let conf = row.conf.as_ref().map(|conf| self.conf(machine, row, conf, user)).transpose()?;
        Ok(std::iter::once(wanted).chain(conf).collect())
    }

    fn conf(
        &self,
        machine: &Machine,
        row: &Row,
        conf: &Conf,
        user: String,
    ) -> Result<Wanted, Error> {
        let server = match (conf.server, &machine.node) {
            // Where no API server is local, it is the whole cluster's.
            (Server::Local, Some(node)) if machine.is(Role::ControlPlane) => node.endpoint()?,
            _ => self.reached_at()?,
        };
        Ok(self.kubeconfig(machine.conf(conf), row, user, &server))
    }

    fn kubeconfig(&self, out: PathBuf, row: &Row, user: String, server: &Endpoint) -> Wanted {
        Wanted::Kubeconfig(KubeconfigSpec {
            out: Destination::File(out),
            cluster: self.name.clone(),
            context: format!("{user}@{}", self.name),
            user,
            server: server.url(BIND_PORT),
            tls_server_name: None,
            proxy_url: None,
            namespace: None,
            ca: self.issuer(row).certificate,
            credentials: Credentials::Inside,
            form: Form::Embedded,
            is_alone: true,
        })
    }

    /// A kubeconfig of somebody's own.
    fn of_user(&self, user: &User) -> Result<Vec<Wanted>, Error> {
        let row = catalog::row(catalog::USER).expect("a row of the catalog");
        let out = User::file(&self.operator.kubeconfigs, &user.name);
        let (certificate, key) = inside(out.clone(), &user.name);
        let wanted = Wanted::Certificate(CertificateSpec {
            certificate,
            key: KeySpec::Own { to: key, key_type: user.key_type.or(self.key_type) },
            subject: user.subject()?,
            profile: row.profile,
            sans: Vec::new(),
            until: user.until.or(self.until),
            issuer: IssuerSpec::Files(self.issuer(row)),
        });
        Ok(vec![wanted, self.kubeconfig(out, row, user.name.clone(), &self.reached_at()?)])
    }

    fn issuer(&self, row: &Row) -> Pair {
        Pair::beside(&self.operator.certificates, catalog::file(row.issuer))
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.machines.iter().filter_map(|machine| machine.node.as_ref())
    }
}

/// A certificate and its key, both in a kubeconfig.
fn inside(file: PathBuf, user: &str) -> (Destination, Destination) {
    let place = Destination::Inside { file, user: user.to_owned() };
    (place.clone(), place)
}

#[cfg(test)]
mod tests;
