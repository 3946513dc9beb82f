#!/usr/bin/env bash
# From nothing to a cluster that knows you, checked against a real kube-apiserver.
#
#   examples/tutorial/run.sh [PORT]
#
# Prints each command and its screen, and stops with a clear line where a screen is not as it must be. Everything happens in
# a temporary home that vanishes at the end; the servers listen on 127.0.0.1, the API server on PORT (6443).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../show"
SERVERS=(run pki)

make_it() {
  title "A CA, and a certificate for the API server"
  show "kubepki ca init"
  show "kubepki cert issue apiserver --san 127.0.0.1"

  # A fresh cluster has no RBAC rules for people yet: only system:masters, the group of the super-admin, may do anything.
  title "A certificate for an administrator, and the kubeconfig that carries it"
  show "kubepki kubeconfig gen admin --profile super-admin --server https://127.0.0.1:$PORT --issue"

  title "The same with the names of the files instead of their content"
  show "kubepki kubeconfig gen admin --server https://127.0.0.1:$PORT --paths --out conf/admin.conf"
}

try_it() {
  local pods="curl -s -o /dev/null -w '%{http_code}\n' https://127.0.0.1:$PORT/api/v1/pods"

  title "The API server lets the administrator in"
  show "cd pki && $pods --key admin.key --cert admin.crt --cacert ca.crt" 200

  title "but nobody without a certificate, or with the same name from another CA"
  show "cd pki && $pods --cacert ca.crt" 401
  show "kubepki ca init --cert-dir stranger"
  show "kubepki cert issue admin --profile super-admin --cert-dir stranger"
  show "$pods --key stranger/admin.key --cert stranger/admin.crt --cacert pki/ca.crt" 401

  title "kubectl takes both kubeconfigs, wherever it is called"
  # The API server makes its namespaces a moment after it is ready.
  kubectl wait --for=create ns/kube-system --timeout=30s --kubeconfig admin.conf >/dev/null
  show "kubectl get ns --kubeconfig admin.conf" kube-system
  show "cd / && kubectl get ns --kubeconfig ~/conf/admin.conf" kube-system
}

play "$@"
