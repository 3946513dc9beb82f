//! Where a control plane and its services are: endpoints and ranges of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cluster::Error;
use crate::core::x509::san::{San, flaw_of_dns_name};

/// A host and perhaps a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// A DNS name in lower case, or an address without brackets.
    pub host: San,
    /// The port, if it was said.
    pub port: Option<u16>,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subnet {
    base: IpAddr,
}

impl Endpoint {
    /// Reads `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets.
    ///
    /// # Errors
    ///
    /// A scheme or a path, a host that is neither a name nor an address, a port that is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Endpoint(text.to_owned());
        if let Ok(address) = text.parse() {
            return Ok(Self { host: San::Ip(address), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = port
            .map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong))
            .transpose()?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (bare.map(str::parse::<Ipv6Addr>), host.parse::<Ipv4Addr>()) {
            (Some(Ok(address)), _) => San::Ip(IpAddr::V6(address)),
            (Some(Err(_)), _) => return Err(wrong()),
            (None, Ok(address)) => San::Ip(IpAddr::V4(address)),
            (None, Err(_)) if flaw_of_dns_name(host).is_none() => San::Dns(host.to_owned()),
            (None, Err(_)) => return Err(wrong()),
        };
        Ok(Self { host, port })
    }

    /// The URL of an API server there; `port` is for one that was not said.
    pub fn url(&self, port: u16) -> String {
        let port = self.port.unwrap_or(port);
        match &self.host {
            San::Ip(IpAddr::V6(address)) => format!("https://[{address}]:{port}"),
            San::Ip(IpAddr::V4(address)) => format!("https://{address}:{port}"),
            San::Dns(name) | San::Email(name) | San::Uri(name) => format!("https://{name}:{port}"),
        }
    }
}

/// Checks that an API server can be reached at an address from elsewhere; kubeadm and kube-apiserver refuse the same ones.
///
/// # Errors
///
/// An address that is everybody's, many machines', or known on one link alone.
pub fn check_advertised(address: IpAddr) -> Result<(), Error> {
    let is_of_one_link = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if address.is_unspecified() || address.is_loopback() || address.is_multicast() || is_of_one_link
    {
        return Err(Error::Unreachable(address));
    }
    Ok(())
}

impl Subnet {
    /// Reads `10.96.0.0/12`; of a dual-stack list the first, which is the one that the API server's address comes from.
    ///
    /// # Errors
    ///
    /// Not an address with a prefix, or a range without room for services.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Subnet { subnet: text.to_owned(), why };
        let mut subnets = text.split(',').map(|one| Self::parse_one(one.trim(), text));
        let first = subnets.next().ok_or_else(|| wrong("it is empty"))??;
        let others = subnets.collect::<Result<Vec<_>, _>>()?;
        match others.as_slice() {
            [] => Ok(first),
            [second] if second.base.is_ipv4() != first.base.is_ipv4() => Ok(first),
            [_] => Err(wrong("two ranges must be one of IPv4 and one of IPv6")),
            _ => Err(wrong("it has more than two ranges")),
        }
    }

    fn parse_one(one: &str, text: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Subnet { subnet: text.to_owned(), why };
        let (address, prefix) =
            one.split_once('/').ok_or_else(|| wrong("it has no prefix length"))?;
        let address: IpAddr = address.parse().map_err(|_| wrong("it has no address"))?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.parse().map_err(|_| wrong("its prefix length is no number"))?;
        if prefix > bits {
            return Err(wrong("its prefix is longer than an address"));
        }
        // kubeadm wants room for ten services (`minimumAddressesInServiceSubnet`).
        if bits - prefix < 4 {
            return Err(wrong("it has room for fewer than ten services"));
        }
        Ok(Self { base: masked(address, bits - prefix) })
    }

    /// The address of the `kubernetes` service: the first after the base.
    pub fn first_address(self) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from(u32::from(base) + 1)),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from(u128::from(base) + 1)),
        }
    }
}

/// The address with its last bits cleared.
fn masked(address: IpAddr, host_bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from(
            u32::from(v4) & u32::MAX.checked_shl(host_bits).unwrap_or_default(),
        )),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(
            u128::from(v6) & u128::MAX.checked_shl(host_bits).unwrap_or_default(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_has_the_first_address_after_the_base() {
        for (subnet, first) in [
            ("10.96.0.0/12", "10.96.0.1"),
            ("10.100.3.7/16", "10.100.0.1"),
            ("fd00:10::/108", "fd00:10::1"),
            ("10.96.0.0/12,fd00::/108", "10.96.0.1"),
            ("0.0.0.0/0", "0.0.0.1"),
        ] {
            assert_eq!(
                Subnet::parse(subnet).map(|subnet| subnet.first_address().to_string()),
                Ok(first.into())
            );
        }
        for subnet in [
            "",
            "10.96.0.0",
            "10.96.0.0/33",
            "10.96.0.0/29",
            "x/8",
            "10.0.0.0/8,10.0.0.0/8",
            "a,b,c",
        ] {
            assert!(matches!(Subnet::parse(subnet), Err(Error::Subnet { .. })), "{subnet}");
        }
    }

    #[test]
    fn an_address_that_others_do_not_reach_is_not_advertised() {
        for text in ["169.254.1.1", "fe80::1", "255.255.255.255", "127.0.0.1", "::", "ff02::1"] {
            let address = text.parse().unwrap();
            assert_eq!(check_advertised(address), Err(Error::Unreachable(address)));
        }
        for text in ["10.0.0.5", "fd00::5"] {
            assert_eq!(check_advertised(text.parse().unwrap()), Ok(()));
        }
    }

    #[test]
    fn an_endpoint_is_a_host_with_or_without_a_port() {
        for (text, host, port) in [
            ("kube.example.com", "dns:kube.example.com", None),
            ("kube.example.com:443", "dns:kube.example.com", Some(443)),
            ("10.0.0.1:6443", "ip:10.0.0.1", Some(6443)),
            ("fd00::1", "ip:fd00::1", None),
            ("[fd00::1]:6443", "ip:fd00::1", Some(6443)),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.host.to_string().as_str(), endpoint.port), (host, port));
        }
        for text in ["", "https://a", "A.example", "a:0", "a:x", "a:70000", "a/b", "[a]:1", "a b"] {
            assert_eq!(Endpoint::parse(text), Err(Error::Endpoint(text.into())));
        }
    }
}
