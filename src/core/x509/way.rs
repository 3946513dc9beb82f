//! The way from a certificate up to one that is trusted (RFC 5280, 6.1), through CAs that came along.

use super::cert::Certificate;
use super::chain::{self, Error, is_issued_by};
use super::profile::Profile;
use super::time::Moment;

/// The most CAs between a certificate and the one that is trusted.
const LONGEST: usize = 8;

/// The most signatures that are checked for one certificate: what came along is somebody else's.
const MOST_SIGNATURES: usize = 64;

/// The CAs above a certificate.
#[derive(Debug)]
pub struct Way<'a> {
    /// Those on the way, the nearest first.
    pub between: Vec<&'a Certificate>,
    /// Where it ends: the number of the trusted certificate.
    pub anchor: usize,
}

/// Why there is no way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Astray {
    /// It ends at a CA that may not stand there.
    Barred(Error),
    /// Nobody is there who signed it.
    Lost,
}

/// Looks for the way from `leaf` to one of `anchors`, through any of `pool`. Each CA on it must be fit to sign at `now`, for
/// this profile, with as many CAs below it.
///
/// # Errors
///
/// There is none; the reason is the most specific one.
pub fn find<'a>(
    leaf: &Certificate,
    profile: Profile,
    pool: &[&'a Certificate],
    anchors: &'a [Certificate],
    now: Moment,
) -> Result<Way<'a>, Astray> {
    let used = vec![false; pool.len()];
    let mut search =
        Search { profile, pool, anchors, now, used, checked: 0, between: Vec::new(), barred: None };
    match search.climb(leaf) {
        Some(anchor) => Ok(Way { between: search.between, anchor }),
        None => Err(search.barred.map_or(Astray::Lost, Astray::Barred)),
    }
}

struct Search<'a, 'b> {
    profile: Profile,
    pool: &'b [&'a Certificate],
    anchors: &'a [Certificate],
    now: Moment,
    used: Vec<bool>,
    checked: usize,
    between: Vec<&'a Certificate>,
    barred: Option<Error>,
}

impl<'a> Search<'a, '_> {
    fn climb(&mut self, from: &Certificate) -> Option<usize> {
        let anchors = self.anchors;
        let anchor = anchors.iter().position(|anchor| self.leads(from, anchor));
        if anchor.is_some() || self.between.len() == LONGEST {
            return anchor;
        }
        for (index, ca) in self.pool.iter().copied().enumerate() {
            // One that signed itself is a place to end at, and only if it is trusted.
            if self.used[index] || ca.is_self_issued() || !self.leads(from, ca) {
                continue;
            }
            self.used[index] = true;
            self.between.push(ca);
            if let Some(anchor) = self.climb(ca) {
                return Some(anchor);
            }
            self.between.pop();
        }
        None
    }

    fn leads(&mut self, from: &Certificate, ca: &Certificate) -> bool {
        if !from.names_as_issuer(ca) || self.checked == MOST_SIGNATURES {
            return false;
        }
        self.checked += 1;
        if !is_issued_by(from, ca) {
            return false;
        }
        match self.fit(ca) {
            Ok(()) => true,
            Err(error) => {
                self.barred.get_or_insert(error);
                false
            }
        }
    }

    fn fit(&self, ca: &Certificate) -> Result<(), Error> {
        chain::may_sign(ca, self.now)?;
        chain::may_issue(ca, self.profile)?;
        let below = self.between.len() + usize::from(self.profile.is_ca());
        match ca.extensions().path_length() {
            Some(limit) if usize::from(limit) < below => {
                Err(Error::TooDeep { subject: ca.subject().to_string(), limit, found: below })
            }
            _ => Ok(()),
        }
    }
}
