#!/usr/bin/env bash
# A control plane from one command, checked by its own servers.
#
#   examples/single-node/run.sh [PORT]
#
# Prints each command and its screen, and stops where a screen is not as it must be. Everything happens in a temporary home that
# vanishes at the end; the servers listen on 127.0.0.1, the API server on PORT (6443).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../show"
SERVERS=(run --controller-manager pki)

make_it() {
  # The endpoint is where the servers of this example listen; a real one is the node's own address.
  ASKED="--apiserver-advertise-address 192.0.2.10 --node-name cp-1 --control-plane-endpoint 127.0.0.1:$PORT"
  title "Everything that a control plane takes"
  show "kubepki cluster init $ASKED" kubelet.conf

  title "A second run changes nothing, and a plan tells what another setting would"
  show "kubepki cluster init $ASKED | tail -1" 'nothing to do'
  show "kubepki cluster plan $ASKED --apiserver-cert-extra-sans api.example.com | grep -v ^kept; [[ \${PIPESTATUS[0]} == 3 ]]" 'it lacks the names dns:api.example.com'
}

try_it() {
  title "An administrator has no rights in a new cluster, until the bindings are there"
  show "kubectl auth can-i '*' '*' --kubeconfig admin.conf || true" no
  show "kubepki cluster bindings | kubectl apply -f - --kubeconfig super-admin.conf" created
  settled "kubectl auth can-i '*' '*' --kubeconfig admin.conf"
  show "kubectl auth can-i '*' '*' --kubeconfig admin.conf" yes

  title "A kubelet is a node"
  show "kubectl auth whoami --kubeconfig kubelet.conf --server $KUBE_APISERVER" system:node:cp-1

  title "kube-controller-manager signs with the CA"
  show "openssl req -new -newkey rsa:2048 -nodes -keyout jane.key -subj /O=dev/CN=jane -out jane.csr 2>/dev/null"
  show "printf '%s\n' 'apiVersion: certificates.k8s.io/v1' 'kind: CertificateSigningRequest' 'metadata: {name: jane}' \"spec: {request: \$(base64 -w 0 jane.csr), signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}\" | kubectl apply -f - --kubeconfig admin.conf" created
  show "kubectl certificate approve jane --kubeconfig admin.conf" approved
  show "kubectl wait csr/jane --for=jsonpath='{.status.certificate}' --timeout=30s --kubeconfig admin.conf" met
}

play "$@"
