#!/usr/bin/env bash
# A user of a cluster that is there, checked by a real kube-apiserver.
#
#   examples/user/run.sh [PORT]
#
# Prints each command and its screen, and stops where a screen is not as it must be. Everything happens in a temporary home that
# vanishes at the end; the servers listen on 127.0.0.1, the API server on PORT (6443).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../show"
SERVERS=(run --controller-manager pki)

make_it() {
  kubepki -q cluster init --apiserver-advertise-address 192.0.2.10 --node-name cp-1 --control-plane-endpoint "127.0.0.1:$PORT"
}

try_it() {
  title "One command on the machine that has the CA"
  show "kubepki kubeconfig gen alice --server https://127.0.0.1:$PORT --issue --org dev --validity 90d --key-type ECDSA-P256" alice.conf
  show "kubectl auth whoami --kubeconfig alice.conf" dev

  title "What the group may do is the cluster's to say"
  show "kubectl auth can-i list pods --kubeconfig alice.conf || true" no
  show "kubectl create clusterrolebinding dev --clusterrole=view --group=dev --kubeconfig super-admin.conf" created
  settled "kubectl auth can-i list pods --kubeconfig alice.conf"
  show "kubectl get pods --kubeconfig alice.conf" 'No resources found'
  show "kubectl auth can-i list secrets --kubeconfig alice.conf || true" no

  title "The same in a kubeconfig that is there: the rest of the file stays byte for byte"
  show "kubepki kubeconfig gen bob --server https://127.0.0.1:$PORT --issue --org ops --out alice.conf" edited
  show "kubepki context list --kubeconfig alice.conf" bob@kubernetes
  show "kubectl auth whoami --kubeconfig alice.conf --context bob@kubernetes" ops

  title "Rights are taken back where they were given"
  show "kubectl delete clusterrolebinding dev --kubeconfig super-admin.conf" deleted
  settled "! kubectl auth can-i list pods --kubeconfig alice.conf --context alice@kubernetes"
  show "kubectl auth can-i list pods --kubeconfig alice.conf --context alice@kubernetes || true" no
}

play "$@"
