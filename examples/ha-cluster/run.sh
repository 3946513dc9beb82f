#!/usr/bin/env bash
# The PKI of a whole cluster from one inventory, checked by three members of etcd and three API servers.
#
#   examples/ha-cluster/run.sh [PORT]
#
# Prints each command and its screen, and stops where a screen is not as it must be. Everything happens in a temporary home that
# vanishes at the end; the servers listen on 127.0.0.1, their load balancer on PORT (6443).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../show"
SERVERS=(run-ha nodes)

make_it() {
  sed "s/localhost:6443/localhost:$PORT/" "$examples/ha-cluster/cluster.yaml" >cluster.yaml

  title "One command for ten machines and people"
  show "kubepki cluster init --config cluster.yaml" nodes/worker-2/kubelet.conf
  show "ls . nodes users"

  title "A worker gets what it must have, and a member of etcd nothing of the cluster's CA"
  show "cd nodes && find worker-1 etcd-1 -type f | sort"
  [[ ! -e nodes/etcd-1/pki/ca.crt ]] || fail "a member of etcd has the cluster's CA"

  title "One node as one file"
  show "kubepki cluster bundle worker-1 --config cluster.yaml && tar -tvf worker-1.tar" kubelet.conf

  title "A node more in the file is all that the next run makes"
  show "sed -i 's/^users:/- {name: worker-3, addresses: [192.0.2.23]}\n&/' cluster.yaml"
  show "kubepki cluster init --config cluster.yaml | grep -v ^kept" nodes/worker-3/kubelet.conf
  show "kubepki cluster plan --config cluster.yaml | tail -1" 'nothing to do'
}

try_it() {
  local etcdctl="etcdctl --endpoints ${KUBE_ETCDS// /,} --cacert etcd/ca.crt --cert apiserver-etcd-client.crt --key apiserver-etcd-client.key"

  title "The members of etcd are a cluster, for a control plane's client certificate"
  show "cd nodes/cp-1/pki && $etcdctl member list" etcd-3
  show "cd nodes/cp-1/pki && $etcdctl endpoint health" healthy

  title "Each API server is who it must be, and the load balancer in front of them too"
  local url
  for url in $KUBE_APISERVERS; do
    show "kubectl auth whoami --kubeconfig users/alice.conf --server $url --tls-server-name localhost" ops
  done
  show "kubectl auth whoami --kubeconfig users/alice.conf" alice
  show "kubectl auth whoami --kubeconfig nodes/worker-3/kubelet.conf" system:nodes
}

play "$@"
