"""A Docker engine for the tests: the one that answers, or one of our own for as long as they run.

Our own engine is Debian's dockerd, started by hand with its socket in a temporary directory and
its images below the build directory, so that a second run finds the layers of the first. It needs
root, or sudo without a password. It picks its storage driver itself (overlay2 on a plain file
system) and programs the machine's iptables, as any dockerd does.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time

BASE_IMAGE = "debian:bookworm-slim"
DPKG_SPEEDUP = "etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
START_PATIENCE = 60.0
SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"


def run(*command, **options):
    """Runs a command to its end; raises with what it said if it fails. Returns its stdout."""
    done = subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def succeeds(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def as_root(*command):
    words = ["env", f"PATH={SBIN}", *command]
    return words if os.geteuid() == 0 else ["sudo", "-n", *words]


@contextlib.contextmanager
def engine(data_root):
    """Within it, `docker` and compose reach an engine that has BASE_IMAGE."""
    with contextlib.ExitStack() as stack:
        if not succeeds("docker", "version"):
            stack.enter_context(own_engine(data_root))
        if not succeeds("docker", "image", "inspect", BASE_IMAGE):
            if not succeeds("docker", "pull", "--quiet", BASE_IMAGE):
                make_base_image(os.path.dirname(data_root))
        yield


@contextlib.contextmanager
def own_engine(data_root):
    if shutil.which("dockerd", path=SBIN) is None:
        raise RuntimeError("no Docker engine answers and there is no dockerd to start: "
                           "run scripts/setup docker")
    with tempfile.TemporaryDirectory(prefix="aegis-docker-") as directory:
        socket = os.path.join(directory, "docker.sock")
        pid_file = os.path.join(directory, "dockerd.pid")
        log_path = os.path.join(directory, "dockerd.log")
        with open(log_path, "wb") as log:
            daemon = subprocess.Popen(
                as_root("dockerd", "--host", f"unix://{socket}", "--group", str(os.getgid()),
                        "--data-root", data_root, "--exec-root", os.path.join(directory, "exec"),
                        "--pidfile", pid_file),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.environ["DOCKER_HOST"] = f"unix://{socket}"
        try:
            deadline = time.monotonic() + START_PATIENCE
            while not succeeds("docker", "version"):
                if daemon.poll() is not None or time.monotonic() > deadline:
                    with open(log_path, encoding="utf-8", errors="replace") as log:
                        raise RuntimeError("dockerd does not start:\n" + log.read()[-4000:])
                time.sleep(0.1)
            yield
        finally:
            del os.environ["DOCKER_HOST"]
            if daemon.poll() is None and os.path.exists(pid_file):
                with open(pid_file, encoding="ascii") as pid:
                    subprocess.run(as_root("kill", pid.read().strip()), check=True)
            daemon.wait(timeout=60)
            # What its containers mounted there is unmounted now, but it belongs to root.
            subprocess.run(as_root("rm", "-rf", os.path.join(directory, "exec")), check=True)


def make_base_image(scratch):
    """What a registry would have sent, made with debootstrap: half a minute."""
    os.makedirs(scratch, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bookworm-", dir=scratch) as directory:
        root = os.path.join(directory, "root")
        try:
            run(*as_root("debootstrap", "--variant=minbase", "bookworm", root))
            # As in the image of a registry: who makes an image needs no fsync for every file.
            run(*as_root("sh", "-c", f"echo force-unsafe-io > {root}/{DPKG_SPEEDUP}"))
            archive = subprocess.Popen(as_root("tar", "-C", root, "-c", "."),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            run("docker", "import", "-", BASE_IMAGE, stdin=archive.stdout)
            archive.stdout.close()
            if archive.wait() != 0:
                raise RuntimeError("tar could not read the bootstrapped system")
        finally:
            subprocess.run(as_root("rm", "-rf", root), check=True)
