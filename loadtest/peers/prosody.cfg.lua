-- Prosody for compare.sh: one domain, TLS required, SCRAM, archive of every message on disk (internal storage, the
-- default), no limits on speed. @DIR@ and @PORT@ are filled in.
run_as_root = true
data_path = "@DIR@/data"
pidfile = "@DIR@/prosody.pid"
certificates = "@DIR@"
log = { warn = "@DIR@/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
s2s_ports = {}
c2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
network_settings = { tcp_backlog = 4096 }
authentication = "internal_hashed"
c2s_require_encryption = true
allow_registration = true
registration_throttle_max = false
archive_expires_after = "never"
default_archive_policy = true
modules_enabled = {
  "carbons", "disco", "mam", "offline", "ping", "register_ibr", "roster", "saslauth", "smacks", "tls",
}
modules_disabled = { "s2s" }
ssl = { certificate = "@DIR@/peer.pem", key = "@DIR@/peer.pem" }
VirtualHost "localhost"
Component "conference.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
