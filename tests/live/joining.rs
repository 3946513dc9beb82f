//! What a node needs besides, by the word of kubeadm: its Secret of certificates both ways, and a node that joins by our line.

use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::support::kubernetes_programs;
use crate::support::world::World;

#[test]
fn kubeadm_joins_with_what_we_make_and_we_open_what_kubeadm_makes() {
    let world = World::in_the_present();
    world.sh("kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 \\
           --apiserver-cert-extra-sans 127.0.0.1 --key-type ECDSA-P256 2>&1
         echo abcdef.0123456789abcdef > token");
    let control_plane = ControlPlane::start_with_controller_manager(&world, "pki");
    let joining = Joining { world, control_plane };
    joining.we_open_what_kubeadm_uploads("etcd: {}", "{ca,front-proxy-ca,etcd/ca}.{crt,key} sa.*");
    joining.we_open_what_kubeadm_uploads(
        &external_etcd("pki"),
        "{ca,front-proxy-ca}.{crt,key} sa.* etcd/ca.crt apiserver-etcd-client.*",
    );
    joining.the_cluster_knows_the_token("cp-2", "etcd: {}");
    joining.a_kubelet_is_who_its_token_says();
    joining.kubeadm_takes_our_secret_by_our_line("cp-2", "", 8);
    joining.the_cluster_knows_the_token("cp-3", &external_etcd("cp-3/pki"));
    joining.kubeadm_takes_our_secret_by_our_line("cp-3", "--external-etcd", 9);
}

/// kubeadm's settings for an etcd elsewhere, with its files where kubeadm's guide puts them.
fn external_etcd(pki: &str) -> String {
    format!(
        "etcd: {{external: {{endpoints: [https://192.0.2.10:2379], caFile: $PWD/{pki}/etcd/ca.crt, \
         certFile: $PWD/{pki}/apiserver-etcd-client.crt, keyFile: $PWD/{pki}/apiserver-etcd-client.key}}}}"
    )
}

struct Joining {
    world: World,
    control_plane: ControlPlane,
}

impl Joining {
    fn we_open_what_kubeadm_uploads(&self, etcd: &str, files: &str) {
        self.sh(&format!(
            "kubectl -n kube-system delete secret kubeadm-certs --ignore-not-found
             rm -rf theirs && (umask 077; openssl rand -hex 32 > theirs.key)
             config \"$PWD/pki\" \"{etcd}\" > kubeadm.yaml
             sed -i \"s/^bootstrapTokens/certificateKey: $(cat theirs.key)\\n&/\" kubeadm.yaml
             kubeadm init phase upload-certs --upload-certs --config kubeadm.yaml --skip-certificate-key-print
             for form in yaml json; do
               kubectl -n kube-system get secret kubeadm-certs -o $form > theirs.$form
               kubepki cluster upload-bundle --certificate-key theirs.key --open theirs.$form --cert-dir theirs
             done
             (cd pki && ls {files}) | sort > wanted; (cd theirs && find . -type f -printf '%P\\n') | sort | diff wanted -
             while read -r file; do cmp pki/$file theirs/$file; done < wanted"
        ));
    }

    /// The cluster's settings, as the node will read them, say where the node's folder is.
    fn the_cluster_knows_the_token(&self, node: &str, etcd: &str) {
        self.sh(&format!(
            "config \"$PWD/{node}/pki\" \"{etcd}\" > kubeadm.yaml
             kubeadm init phase upload-config all --config kubeadm.yaml
             kubeadm init phase bootstrap-token --config kubeadm.yaml --skip-token-print"
        ));
    }

    fn a_kubelet_is_who_its_token_says(&self) {
        let who = self.sh(
            "kubepki -q cluster bootstrap --token-file token --control-plane-endpoint $endpoint
             kubectl --kubeconfig bootstrap-kubelet.conf auth whoami -o json",
        );
        let who: Value = serde_json::from_str(&who).expect("JSON");
        let who = &who["status"]["userInfo"];
        assert_eq!(who["username"], "system:bootstrap:abcdef");
        let groups = who["groups"].as_array().expect("groups");
        assert!(groups.contains(&"system:bootstrappers".into()), "{groups:?}");
    }

    fn kubeadm_takes_our_secret_by_our_line(&self, node: &str, etcd: &str, files: u8) {
        self.sh(&format!(
            "name=kubeadm-certs rights=kubeadm:kubeadm-certs bundle='kubepki cluster upload-bundle --certificate-key ours.key'
             kubectl -n kube-system delete secret/$name role/$rights rolebinding/$rights
             $bundle {etcd} | kubectl apply -f -
             line=$(kubepki cluster bootstrap --token-file token --control-plane-endpoint $endpoint -o json | jq -r .join)
             phase='kubeadm join phase control-plane-prepare download-certs'
             eval \"${{line/kubeadm join/$phase}} --control-plane --certificate-key $(cat ours.key)\"
             (cd {node}/pki && find . -type f) | sort > taken; wc -l < taken | grep -x {files}
             while read -r file; do cmp pki/$file {node}/pki/$file; done < taken
             kubectl -n kube-system get secret $name -o yaml > ours.yaml
             $bundle --cert-dir {node}/pki --open ours.yaml -o json | jq -e '.changed | not'"
        ));
    }

    /// A script that speaks with the cluster as its administrator.
    fn sh(&self, script: &str) -> String {
        let url = &self.control_plane.url;
        self.world.sh(&format!(
            "PATH={}:$PATH url={url} endpoint=${{url#https://}}
             kubectl config view --kubeconfig super-admin.conf --raw --flatten |
               sed \"s|server: .*|server: $url|\" > root.conf
             config() {{
               cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{{token: $(cat token)}}]
localAPIEndpoint: {{advertiseAddress: 192.0.2.10}}
nodeRegistration: {{name: cp-1, criSocket: unix:///none}}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
certificatesDir: $1
controlPlaneEndpoint: $endpoint
$2
END
             }}
             kubectl() {{ command kubectl --kubeconfig root.conf \"$@\"; }}
             kubeadm() {{ case $1 in init) command kubeadm \"$@\" --kubeconfig root.conf ;; *) command kubeadm \"$@\" ;; esac; }}
             {script}",
            kubernetes_programs()
        ))
    }
}
