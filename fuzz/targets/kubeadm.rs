//! kubeadm's configuration file, and the texts in it that are read further.
#![no_main]

use kubepki::core::spec::{Endpoint, KubeadmConfig, Subnet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = KubeadmConfig::parse("kubeadm.yaml", bytes) else { return };
    if let Some(Ok(endpoint)) =
        config.cluster.control_plane_endpoint.as_deref().map(Endpoint::parse)
    {
        assert!(endpoint.port != Some(0));
    }
    if let Some(Ok(subnet)) = config.cluster.networking.service_subnet.as_deref().map(Subnet::parse)
    {
        let _ = subnet.first_address();
    }
});
