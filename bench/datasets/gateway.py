"""A store that speaks S3, on loopback: Ceph's gateway with one monitor and one storage that keeps all in memory."""

import os
import time
import urllib.request
import uuid

from programs import end, free_port, run, start

ACCESS, SECRET = "AKCONVOYBENCH", "not-so-secret-for-benchmarks-only"

CONFIGURATION = """
[global]
fsid = {cluster}
mon_host = v2:127.0.0.1:{monitor}
mon_initial_members = a
public_network = 127.0.0.0/8
cluster_network = 127.0.0.0/8
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
run_dir = {folder}
admin_socket =
pid_file =
log_file = {folder}/$name.log
mon_data = {folder}/mon
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = {room}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 10000
rgw_data = {folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{gateway} tcp_nodelay=1
rgw_run_sync_thread = false
"""


class Gateway:
    def __init__(self, folder, room):
        for each in ("mon", "osd", "rgw"):
            os.makedirs(os.path.join(folder, each))
        monitor, self.port = free_port(), free_port()
        cluster, storage = str(uuid.uuid4()), str(uuid.uuid4())
        with open(f"{folder}/ceph.conf", "w") as file:
            file.write(CONFIGURATION.format(cluster=cluster, monitor=monitor, folder=folder, gateway=self.port, room=room))
        here = {**os.environ, "CEPH_CONF": f"{folder}/ceph.conf"}
        self.running = []
        run(["monmaptool", "--create", "--fsid", cluster, "--addv", "a", f"[v2:127.0.0.1:{monitor}]", f"{folder}/monmap"], here)
        run(["ceph-mon", "--mkfs", "-i", "a", "--monmap", f"{folder}/monmap"], here)
        self.running.append(start(["ceph-mon", "-f", "-i", "a"], f"{folder}/mon.out", here))
        run(["ceph", "osd", "new", storage], here)
        run(["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storage], here)
        self.running.append(start(["ceph-osd", "-f", "-i", "0"], f"{folder}/osd.out", here))
        self.running.append(start(["radosgw", "-f", "-n", "client.rgw"], f"{folder}/rgw.out", here))
        self._until_it_answers()
        run(["radosgw-admin", "user", "create", "--uid=convoy", "--display-name=convoy", f"--access-key={ACCESS}", f"--secret-key={SECRET}"], here)

    def close(self):
        for process in reversed(self.running):
            end(process)

    def _until_it_answers(self):
        last = time.monotonic() + 180
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5):
                    return
            except OSError:
                if time.monotonic() > last:
                    raise
                time.sleep(0.1)
