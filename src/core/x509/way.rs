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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::keys::{draw, draw_serial};
    use crate::core::x509::cert::Template;
    use crate::core::x509::entropy::System;
    use crate::core::x509::key_type::KeyType;
    use crate::core::x509::name::DistinguishedName;
    use crate::core::x509::private_key::PrivateKey;
    use crate::core::x509::time::Validity;

    const DAY: u64 = 86_400;

    struct Issued {
        certificate: Certificate,
        key: PrivateKey,
    }

    fn at(day: u64) -> Moment {
        Moment::from_unix(day * DAY).unwrap()
    }

    /// Good from day 1 to `end`.
    fn issue(name: &str, profile: Profile, end: u64, issuer: Option<&Issued>) -> Issued {
        let entropy = System::default();
        let key = draw(KeyType::EcdsaP256, &entropy).unwrap();
        let template = Template {
            subject: DistinguishedName::user(name, [""; 0]).unwrap(),
            profile,
            sans: Vec::new(),
            validity: Validity { not_before: at(1), not_after: at(end) },
        };
        let certificate = Certificate::issue(
            &template,
            draw_serial(&entropy).unwrap(),
            key.public_key(),
            issuer.map(|issuer| &issuer.certificate),
            issuer.map_or(&key, |issuer| &issuer.key),
            &entropy,
        );
        Issued { certificate: certificate.unwrap(), key }
    }

    fn ca(name: &str, path_length: Option<u8>, issuer: Option<&Issued>) -> Issued {
        issue(name, Profile::Ca { path_length }, 100, issuer)
    }

    fn client(issuer: &Issued) -> Certificate {
        issue("jane", Profile::Client, 100, Some(issuer)).certificate
    }

    /// The names on the way at day 50, or why there is none.
    fn way(
        leaf: &Certificate,
        pool: &[&Issued],
        anchors: &[&Issued],
    ) -> Result<Vec<String>, Astray> {
        let pool: Vec<&Certificate> = pool.iter().map(|one| &one.certificate).collect();
        let anchors: Vec<Certificate> = anchors.iter().map(|one| one.certificate.clone()).collect();
        let way = find(leaf, Profile::Client, &pool, &anchors, at(50))?;
        let names = way.between.into_iter().chain([&anchors[way.anchor]]);
        Ok(names.map(|one| one.subject().to_string()).collect())
    }

    #[test]
    fn the_way_leads_through_what_came_along_in_any_order() {
        let root = ca("root", None, None);
        let upper = ca("upper", None, Some(&root));
        let lower = ca("lower", Some(0), Some(&upper));
        let leaf = client(&lower);
        let found = way(&leaf, &[&upper, &lower], &[&root]);
        assert_eq!(found, Ok(["CN=lower", "CN=upper", "CN=root"].map(String::from).to_vec()));
        assert_eq!(way(&leaf, &[], &[&root, &lower]), Ok(vec!["CN=lower".to_owned()]));
        assert_eq!(way(&leaf, &[&lower], &[&root]), Err(Astray::Lost));
        assert_eq!(way(&client(&root), &[], &[&root]), Ok(vec!["CN=root".to_owned()]));
    }

    #[test]
    fn a_root_that_came_along_is_not_trusted_for_that() {
        let (root, stranger) = (ca("root", None, None), ca("root", None, None));
        assert_eq!(way(&client(&stranger), &[&stranger], &[&root]), Err(Astray::Lost));
    }

    #[test]
    fn of_two_cas_of_one_name_the_one_that_signed_counts() {
        let root = ca("root", None, None);
        let (one, other) = (ca("issuing", None, Some(&root)), ca("issuing", None, Some(&root)));
        let found = way(&client(&other), &[&one, &other], &[&root]).unwrap();
        assert_eq!(found, ["CN=issuing", "CN=root"]);
    }

    #[test]
    fn a_ca_that_may_not_stand_there_is_named() {
        let root = ca("root", None, None);
        let over = issue("over", Profile::INTERMEDIATE, 40, Some(&root));
        let barred = way(&client(&over), &[&over], &[&root]);
        let wanted = Error::Expired { subject: "CN=over".into(), end: at(40) };
        assert_eq!(barred, Err(Astray::Barred(wanted)));

        let flat = ca("flat", Some(0), Some(&root));
        let below = ca("below", None, Some(&flat));
        let barred = way(&client(&below), &[&below, &flat], &[&root]);
        let wanted = Error::TooDeep { subject: "CN=flat".into(), limit: 0, found: 1 };
        assert_eq!(barred, Err(Astray::Barred(wanted)));

        let jane = issue("leaf", Profile::Client, 100, Some(&root));
        let barred = way(&client(&jane), &[&jane], &[&root]);
        assert_eq!(barred, Err(Astray::Barred(Error::NotACa { subject: "CN=leaf".into() })));
    }

    #[test]
    fn a_way_that_is_too_long_or_a_circle_ends() {
        let root = ca("root", None, None);
        let mut chain = vec![ca("0", None, Some(&root))];
        for depth in 1..=LONGEST {
            chain.push(ca(&depth.to_string(), None, chain.last()));
        }
        let pool: Vec<&Issued> = chain.iter().collect();
        assert!(way(&client(&chain[LONGEST - 1]), &pool, &[&root]).is_ok());
        assert_eq!(way(&client(&chain[LONGEST]), &pool, &[&root]), Err(Astray::Lost));

        let many: Vec<Issued> =
            (0..MOST_SIGNATURES + 1).map(|_| ca("same", None, Some(&root))).collect();
        let pool: Vec<&Issued> = many.iter().collect();
        assert!(way(&client(&many[MOST_SIGNATURES / 2]), &pool, &[&root]).is_ok());
        assert_eq!(way(&client(&many[MOST_SIGNATURES]), &pool, &[&root]), Err(Astray::Lost));
    }
}
