//! Configuration files, kubeadm's and our own, and the texts in them that are read further.
#![no_main]

use kubepki::core::spec::{Config, Endpoint, Subnet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let cluster = match Config::parse("cluster.yaml", bytes) {
        Ok(Config::ClusterPki(inventory)) => inventory.cluster,
        Ok(Config::Kubeadm(config)) => config.cluster,
        Err(_) => return,
    };
    if let Some(Ok(endpoint)) = cluster.control_plane_endpoint.as_deref().map(Endpoint::parse) {
        assert!(endpoint.port != Some(0));
    }
    if let Some(Ok(subnet)) = cluster.networking.service_subnet.as_deref().map(Subnet::parse) {
        let _ = subnet.first_address();
    }
});
