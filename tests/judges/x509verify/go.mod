module kubepki.test/x509verify

go 1.24
