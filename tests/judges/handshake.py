"""Judges server and client certificates by TLS handshakes in memory, as strictly as Python 3.13 does by default.

    handshake.py (NAME SERVER_CHAIN SERVER_KEY SERVER_ROOTS CLIENT_CHAIN CLIENT_KEY CLIENT_ROOTS)...

The client demands that the server is NAME, the server demands a certificate of the client. Each side sees only its own
roots, and the time is now: ssl cannot be given another. Prints the subjects that each side saw; the first refusal is one
line on stderr and exit code 1.
"""

import json
import ssl
import sys

STRICT = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN


def judge(name, server_chain, server_key, server_roots, client_chain, client_key, client_roots):
    server = context(ssl.PROTOCOL_TLS_SERVER, server_chain, server_key, client_roots)
    client = context(ssl.PROTOCOL_TLS_CLIENT, client_chain, client_key, server_roots)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = {
        "the server": server.wrap_bio(to_server, to_client, server_side=True),
        "the client": client.wrap_bio(to_client, to_server, server_hostname=name),
    }
    shake_hands(sides, f"{server_chain} and {client_chain}")
    print(json.dumps({"server": subject(sides["the client"]), "client": subject(sides["the server"])}))


def context(protocol, chain, key, roots):
    made = ssl.SSLContext(protocol)
    made.load_cert_chain(chain, key)
    made.load_verify_locations(roots)
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= STRICT
    return made


def shake_hands(sides, whose):
    """Lets both sides speak in turn; four rounds are more than TLS 1.3 needs."""
    done = set()
    for _ in range(4):
        for who, side in sides.items():
            try:
                side.do_handshake()
                done.add(who)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                sys.exit(f"handshake of {whose}: {who} refuses: {error}")
    if len(done) != 2:
        sys.exit(f"handshake of {whose}: it does not come to an end")


def subject(side):
    """The subject of the other one's certificate, as a list of [attribute, value]."""
    return [list(part) for rdn in side.getpeercert()["subject"] for part in rdn]


if __name__ == "__main__":
    for first in range(1, len(sys.argv), 7):
        judge(*sys.argv[first : first + 7])
