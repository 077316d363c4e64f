#!/bin/sh
# Makes sure that the real parts the tests run on are there: as root on Debian or Ubuntu they are
# installed; anywhere else their tests are skipped by name.
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need redis-server redis-server
need samba samba-ad-dc
need samba-tool samba-ad-provision
need chromium chromium
need chromedriver chromium-driver
need promtool prometheus
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing the real parts that the tests run on:$missing ..."
  export DEBIAN_FRONTEND=noninteractive
  # Services that Debian starts on installation are not wanted: the tests start their own.
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d.resetline && chmod +x /usr/sbin/policy-rc.d.resetline
  [ -e /usr/sbin/policy-rc.d ] || { ln -s policy-rc.d.resetline /usr/sbin/policy-rc.d; ours=yes; }
  apt-get update -qq >/dev/null
  # shellcheck disable=SC2086  # a list of packages
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
  status=$?
  [ "${ours:-}" = yes ] && rm -f /usr/sbin/policy-rc.d
  rm -f /usr/sbin/policy-rc.d.resetline
  exit $status
fi
echo "Not here, so their tests are skipped:$missing (run as root on Debian or Ubuntu to have them installed)."
