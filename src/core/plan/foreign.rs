//! Certificates that somebody else signed: whether they are what was asked for, and lead to a CA that is trusted here.

use super::differences;
use crate::core::x509::cert::{Certificate, Template};
use crate::core::x509::chain::{self, is_issued_by};
use crate::core::x509::name::DistinguishedName;
use crate::core::x509::time::Moment;
use crate::core::x509::way::{self, Astray};

/// A certificate from elsewhere, and the CAs that came along, those of its own file first.
pub struct Foreign<'a> {
    /// It itself.
    pub leaf: &'a Certificate,
    /// CAs that may stand between it and one that is trusted.
    pub between: Vec<&'a Certificate>,
}

impl<'a> Foreign<'a> {
    /// The first certificate of a file, with the others of it.
    pub fn of_file(chain: &'a [Certificate]) -> Self {
        Self { leaf: &chain[0], between: chain[1..].iter().collect() }
    }

    /// The chain as its file must hold it: without the root, which those who are shown it have already. Or what is wrong.
    ///
    /// When it ends is for its CA to decide, and so is what stands in its name besides the user and the groups.
    pub fn judged(
        &self,
        wanted: &Template,
        anchors: &[Certificate],
        now: Moment,
    ) -> Result<Vec<Certificate>, Vec<String>> {
        let extensions = self.leaf.extensions();
        let purpose = differences::usages(extensions, wanted.profile, self.leaf.public_key());
        let way = way::find(self.leaf, wanted.profile, &self.between, anchors, now);
        let faults = [
            holder(&self.leaf.subject(), &wanted.subject),
            differences::sans(extensions, &wanted.sans),
            purpose,
            differences::not_understood(extensions),
            differences::dates(self.leaf, now),
            way.as_ref().err().map(|astray| differences::no_way(self.leaf, astray, anchors)),
        ];
        match (way, faults.into_iter().flatten().collect::<Vec<_>>()) {
            (Ok(way), faults) if faults.is_empty() => {
                let above = anchors[way.anchor..].iter().take_while(|ca| !ca.is_self_issued());
                Ok(std::iter::once(self.leaf).chain(way.between).chain(above).cloned().collect())
            }
            (_, faults) => Err(faults),
        }
    }

    /// The chain of a CA with everything up to its root, or as far as it goes. Or what is wrong.
    pub fn judged_as_ca(
        &self,
        wanted: &Template,
        roots: &[Certificate],
        now: Moment,
    ) -> Result<Vec<Certificate>, Vec<String>> {
        let way = way::find(self.leaf, wanted.profile, &self.between, roots, now);
        let barred = match &way {
            Err(Astray::Barred(error)) => Some(error.to_string()),
            _ => None,
        };
        let unfit = chain::may_sign(self.leaf, now).err().map(|error| error.to_string());
        let faults = [holder(&self.leaf.subject(), &wanted.subject), unfit, barred];
        let faults: Vec<String> = faults.into_iter().flatten().collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let above = match &way {
            Ok(way) => way.between.iter().copied().chain([&roots[way.anchor]]).collect(),
            Err(_) => Vec::new(),
        };
        Ok(std::iter::once(self.leaf).chain(above).cloned().collect())
    }
}

/// What is wrong with the file of a CA that others made, or signed. Where its key is not here, neither its name nor its names
/// are ours to judge.
pub fn of_ca(chain: &[Certificate], wanted: &Template, has_key: bool, now: Moment) -> Vec<String> {
    let ca = &chain[0];
    // One that is trusted although nobody above it is: that is for whoever put it here to say.
    let issuer = chain.iter().find(|above| ca.names_as_issuer(above));
    let untrue = issuer.filter(|issuer| !is_issued_by(ca, issuer));
    let faults = [
        holder(&ca.subject(), &wanted.subject).filter(|_| has_key),
        chain::may_sign(ca, now).err().map(|error| error.to_string()),
        untrue.map(|_| differences::other_ca(ca)),
    ];
    faults.into_iter().flatten().collect()
}

/// Who a certificate is for, as Kubernetes reads it: the common name is the user, organisations are groups.
fn holder(found: &DistinguishedName, wanted: &DistinguishedName) -> Option<String> {
    let groups = |name: &DistinguishedName| {
        let mut groups: Vec<String> = name.organizations().map(ToOwned::to_owned).collect();
        groups.sort();
        groups
    };
    let is_same = found.common_name() == wanted.common_name() && groups(found) == groups(wanted);
    (!is_same).then(|| differences::other_subject(found, wanted))
}
