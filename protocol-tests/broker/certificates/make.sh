#!/bin/sh
# Makes the certificates of the tests anew, beside this script. They are fixtures: their keys protect nothing.
#
# All are valid until 2086, but for `expired` (2001) and `future` (from 2085 on).
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from=20200101000000Z
until=20860101000000Z
authority_extensions="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# sign NAME SUBJECT AUTHORITY FROM UNTIL EXTENSIONS: the certificate of NAME.key, by AUTHORITY (or by itself).
sign() {
    printf '[ca]\ndefault_ca=own\n[own]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nunique_subject=no\nx509_extensions=extensions\n[any]\ncommonName=supplied\norganizationName=optional\n[extensions]\n%s\n' \
        "$work" "$work" "$work" "$6" >"$work/config"
    : >"$work/index"
    openssl rand -hex 16 >"$work/serial"
    openssl req -new -key "$1.key" -subj "$2" -out "$work/request"
    if [ "$3" = "$1" ]; then by="-selfsign -keyfile $1.key"; else by="-cert $3.pem -keyfile $3.key"; fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config "$work/config" $by -in "$work/request" -out "$1.pem" -startdate "$4" -enddate "$5" 2>/dev/null
}

server() { printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=%s' "$1"; }

for authority in authority other; do
    key $authority.key
    sign $authority "/CN=kolumn test $authority" $authority $from $until "$authority_extensions"
done
for name in server wrong-host expired future no-names by-other client client-by-other self-signed; do key $name.key; done
here="DNS:localhost,IP:127.0.0.1,IP:::1"
sign server "/CN=test broker" authority $from $until "$(server "$here")"
sign wrong-host "/CN=another broker" authority $from $until "$(server "DNS:kafka.example.com,IP:192.0.2.1")"
sign expired "/CN=old broker" authority 20000101000000Z 20010101000000Z "$(server "$here")"
sign future "/CN=coming broker" authority 20850101000000Z $until "$(server "$here")"
sign no-names "/CN=localhost" authority $from $until "basicConstraints=CA:FALSE"
sign by-other "/CN=renewed broker" other $from $until "$(server "$here")"
sign client "/O=kolumn/CN=reader" authority $from $until "basicConstraints=CA:FALSE
extendedKeyUsage=clientAuth"
sign client-by-other "/CN=stranger" other $from $until "basicConstraints=CA:FALSE
extendedKeyUsage=clientAuth"
sign self-signed "/CN=self-signed broker" self-signed $from $until "basicConstraints=critical,CA:TRUE
subjectAltName=$here"

# The client's key in the forms in which people have it.
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:hunter2-password -in client.key -out client.encrypted.key
openssl ec -in client.key -out client.sec1.key 2>/dev/null
openssl ec -in client.key -aes128 -passout pass:hunter2-password -out client.legacy.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out client-rsa.key 2>/dev/null
sign client-rsa "/CN=reader with RSA" authority $from $until "basicConstraints=CA:FALSE
extendedKeyUsage=clientAuth"
openssl rsa -in client-rsa.key -traditional -out client-rsa.pkcs1.key 2>/dev/null
