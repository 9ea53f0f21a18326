#!/bin/sh
# The certificates of the secured listeners, into the current folder: an authority, a server, and servers that nobody should trust.
# Needs openssl. Keys are PKCS#8, as Kafka wants them; what must be valid is so for sixty years.
set -eu

authority() { # name
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 22000 -subj "/CN=kolumn-test-$1" -keyout "$1.key" -out "$1.crt" 2> /dev/null
}

certificate() { # name, subject, extensions, days
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2> /dev/null
    printf "%b" "$3" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$4" -extfile "$1.ext" -out "$1.crt" 2> /dev/null
    cat "$1.key" "$1.crt" > "$1.pem"
    rm "$1.csr" "$1.ext"
}

authority ca
authority stranger
certificate server /CN=localhost "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth" 22000
certificate renewed /CN=localhost "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth" 22000
certificate client /CN=alice "extendedKeyUsage=clientAuth" 22000
certificate expired /CN=localhost "subjectAltName=DNS:localhost,IP:127.0.0.1" -1
certificate wrongname /CN=other "subjectAltName=DNS:other.example" 22000
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:key-secret -in client.key -out client-encrypted.key
