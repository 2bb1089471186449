# A PostgreSQL in a directory of its own, for as long as standard input is open: it ends with whoever started it, however
# that ends. Prints the directory when it takes connections, or says why there is none.
# PORT, CERTIFICATE and KEY come in the environment; POSTGRES_BIN may.

set -eu
trap '' HUP INT PIPE TERM
PATH="${POSTGRES_BIN:+$POSTGRES_BIN:}$PATH"
for programs in /usr/lib/postgresql/*/bin; do PATH="$PATH:$programs"; done
if ! command -v initdb >/dev/null || ! command -v pg_ctl >/dev/null; then
    echo 'The tests need PostgreSQL: install it (on Debian: apt-get install postgresql),' \
        'or name the directory of its programs with POSTGRES_BIN.'
    exit 1
fi

# A socket's path has to be short.
directory=$(mktemp -d /tmp/evergrant-postgres.XXXXXX)
log=$directory/log
data=$directory/data
trap 'pg_ctl stop --pgdata "$data" --mode immediate >"$log" 2>&1; rm -rf "$directory"' EXIT
if ! initdb --pgdata "$data" --username postgres --auth-local trust --auth-host scram-sha-256 \
    --encoding UTF8 --no-locale --no-sync >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
(umask 077 && printf '%s' "$KEY" >"$data/server.key")
echo 'hostnossl all +tls_only all reject' | cat - "$data/pg_hba.conf" >"$data/hba"
mv "$data/hba" "$data/pg_hba.conf"
printf '%s' "$CERTIFICATE" >"$data/server.crt"
# It may lose everything when the machine stops; nobody looks at it afterwards.
cat >>"$data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $PORT
unix_socket_directories = '$directory'
ssl = on
max_connections = 400
fsync = off
END
if ! pg_ctl start --pgdata "$data" --log "$log" --wait --timeout 120 >>"$log" 2>&1; then
    cat "$log"
    exit 1
fi
# Nobody may be left to read this; then standard input ends as well.
echo "$directory" 2>/dev/null || true
cat >/dev/null
