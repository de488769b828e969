#!/bin/sh
# Runs nginx with authoritative.conf, changed in nothing but addresses, and reloads it when the hubs change:
#   nginx.sh AUTHORITATIVE.CONF HUBS.CONF FOLDER
# identity.conf is beside AUTHORITATIVE.CONF. FOLDER is where it writes. LISTEN says where to listen, SHARDERS
# where they are, SHARDER_PROXY_SECRETS by which secret they know nginx (the first, where there are several);
# DEMO_PASSWORD lets in ada and bob, until you put your own way of logging in into authoritative.conf.
set -eu
conf=$1 hubs=$2 folder=$3 pause=${PAUSE:-2}

sharders=
for sharder in $SHARDERS; do
  sharders="$sharders server $sharder;"
done
mkdir -p "$folder"
{
  echo "pid $folder/nginx.pid;"
  sed -e "s/listen 127.0.0.1:8000;/listen $LISTEN;/" -e "s/server 127.0.0.1:8888;/$sharders/" "$conf"
} >"$folder/nginx.conf"
printf '%s:{PLAIN}%s\n' ada "$DEMO_PASSWORD" bob "$DEMO_PASSWORD" >"$folder/passwords"
(umask 077 && printf 'proxy_set_header X-Sharder-Secret "%s";\n' "${SHARDER_PROXY_SECRETS%%,*}" >"$folder/sharder-secret.conf")
ln -sf "$hubs" "$folder/hubs.conf"
ln -sf "$(dirname "$conf")/identity.conf" "$folder/identity.conf"

until [ -s "$hubs" ]; do
  echo "waiting for the hubs in $hubs"
  sleep "$pause"
done

# nginx keeps the list it has if the new one is invalid. It keeps the id of this process.
seen=$(cksum <"$hubs")
while sleep "$pause" && kill -0 $$; do
  now=$(cksum <"$hubs") || continue
  if [ "$now" != "$seen" ]; then
    seen=$now
    nginx -q -t -c "$folder/nginx.conf" && kill -HUP $$ && echo "nginx takes the new $hubs"
  fi
done &
exec nginx -c "$folder/nginx.conf" -g "daemon off;"
