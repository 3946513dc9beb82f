# The PKI of a control plane and its kubeconfigs by cfssl: as many keys and certificates, and what is in them. cfssl writes no
# public key alone, so that one is by openssl.
mkdir -p pki/etcd && cd pki
cat >profiles.json <<'END'
{"signing": {"profiles": {
  "server": {"usages": ["signing", "key encipherment", "server auth"], "expiry": "8760h"},
  "client": {"usages": ["signing", "client auth"], "expiry": "8760h"},
  "both": {"usages": ["signing", "key encipherment", "server auth", "client auth"], "expiry": "8760h"}
}}}
END
request() { # NAME ORGANIZATION [NAMES]
  echo "{\"CN\": \"$1\", \"names\": [{\"O\": \"$2\"}], \"hosts\": [${3-}], \"key\": {\"algo\": \"rsa\", \"size\": 2048}}"
}
ca() { # FILE NAME
  request $2 "" "\"$2\"" | cfssl gencert -initca - | cfssljson -bare $1
}
leaf() { # FILE CA PROFILE NAME ORGANIZATION [NAMES]
  request $4 "$5" "${6-}" | cfssl gencert -ca=$2.pem -ca-key=$2-key.pem -config=profiles.json -profile=$3 - | cfssljson -bare $1
}
conf() { # FILE USER ORGANIZATION
  leaf $1 ca client $2 "$3"
  cat >../$1.conf <<END
apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: {server: "https://192.0.2.10:6443", certificate-authority-data: $(base64 -w0 ca.pem)}
users:
- name: $2
  user: {client-certificate-data: $(base64 -w0 $1.pem), client-key-data: $(base64 -w0 $1-key.pem)}
contexts:
- name: $2@kubernetes
  context: {cluster: kubernetes, user: "$2"}
current-context: $2@kubernetes
END
}
ca ca kubernetes; ca front-proxy-ca front-proxy-ca; ca etcd/ca etcd-ca
leaf apiserver ca server kube-apiserver "" '"cp-1", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "10.96.0.1", "192.0.2.10"'
leaf apiserver-kubelet-client ca client kube-apiserver-kubelet-client ""
leaf front-proxy-client front-proxy-ca client front-proxy-client ""
for name in server peer; do
  leaf etcd/$name etcd/ca both cp-1 "" '"cp-1", "localhost", "192.0.2.10", "127.0.0.1", "::1"'
done
leaf etcd/healthcheck-client etcd/ca client kube-etcd-healthcheck-client ""
leaf apiserver-etcd-client etcd/ca client kube-apiserver-etcd-client ""
conf admin kubernetes-admin kubeadm:cluster-admins
conf super-admin kubernetes-super-admin system:masters
conf kubelet system:node:cp-1 system:nodes
conf controller-manager system:kube-controller-manager ""
conf scheduler system:kube-scheduler ""
request sa "" | cfssl genkey - | cfssljson -bare sa
openssl pkey -in sa-key.pem -pubout -out sa.pub
