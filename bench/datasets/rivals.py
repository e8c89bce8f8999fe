"""s3fs and rclone mount on the same store, as they come and with a cache that holds everything."""

import os
import subprocess

from gateway import ACCESS, SECRET
from programs import run, start, until

BUCKET = "files"


def remote(port):
    """rclone's settings, by its environment; what of it is of another store is not for this one."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}, "RCLONE_CONFIG": "/dev/null", "RCLONE_CONFIG_STORE_TYPE": "s3", "RCLONE_CONFIG_STORE_PROVIDER": "Ceph",
        "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": ACCESS, "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": SECRET, "RCLONE_CONFIG_STORE_ENDPOINT": f"http://127.0.0.1:{port}",
    }


def make_bucket(port, name):
    run(["rclone", "mkdir", f"store:{name}"], remote(port))


def upload(port, source, paths, listing):
    with open(listing, "w") as file:
        file.writelines(path + "\n" for path in paths)
    run(["rclone", "copy", source, f"store:{BUCKET}", "--files-from", listing, "--no-check-dest", "--no-traverse", "--transfers", "8", "--s3-no-check-bucket"], remote(port))


class Mounted:
    def __init__(self, folder, words, environment=None):
        self.root = os.path.join(folder, "root")
        self.process = start([word.format(root=self.root, folder=folder) for word in words], os.path.join(folder, "out"), environment)
        until(lambda: self.process.poll() is not None or os.path.ismount(self.root), f"{words[0]} has mounted", 60)
        if self.process.poll() is not None:
            raise RuntimeError(f"{words[0]} ended; see {folder}")

    def close(self):
        subprocess.run(["umount", self.root], check=False)
        self.process.terminate()
        self.process.wait()


def mount(kind, folder, port):
    os.makedirs(os.path.join(folder, "root"))
    if kind.startswith("s3fs"):
        secret = os.path.join(folder, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(f"{ACCESS}:{SECRET}")
        words = ["s3fs", BUCKET, "{root}", "-f", "-o", f"url=http://127.0.0.1:{port},use_path_request_style,passwd_file={secret},ro,complement_stat"]
        return Mounted(folder, words + (["-o", "use_cache={folder}/cache"] if "cache" in kind else []))
    words = ["rclone", "mount", f"store:{BUCKET}", "{root}", "--read-only", "--dir-cache-time", "1h", "--cache-dir", "{folder}/cache", "--vfs-cache-mode", "full" if "cache" in kind else "off"]
    return Mounted(folder, words, remote(port))
