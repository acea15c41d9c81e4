# SPDX-License-Identifier: GPL-2.0
"""The copy of a tree that faults are put into."""
import fcntl
import hashlib
import os
import shutil
import subprocess

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "svcnat/mutate")


def files_of(source):
    """The files of a tree, without what was built."""
    ran = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"],
                         cwd=source, capture_output=True, check=False)
    if ran.returncode == 0:
        names = os.fsdecode(ran.stdout).split("\0")
    else:
        names = [os.path.relpath(os.path.join(where, name), source)
                 for where, _, found in os.walk(source) for name in found]
    return {name for name in names
            if name and os.path.isfile(os.path.join(source, name))}


class Copy:
    """A tree for faults.  What is in order keeps its time: see make."""

    def __init__(self, source):
        # One for each tree, so that nobody waits for another's.
        key = hashlib.sha256(source.encode()).hexdigest()[:8]
        self.source = source
        self.dir = os.path.join(CACHE, key, "tree")
        self.logs = os.path.join(CACHE, key, "log")
        self.modules = os.path.join(CACHE, key, "modules")
        self.list = os.path.join(CACHE, key, "files")
        shutil.rmtree(self.logs, ignore_errors=True)
        os.makedirs(self.dir, exist_ok=True)
        os.makedirs(self.logs)
        # Held until we end.
        self.lock = open(os.path.join(CACHE, key, "lock"), "w",
                         encoding="utf-8")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.refresh()

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def refresh(self):
        names = files_of(self.source)
        if os.path.exists(self.list):
            with open(self.list, encoding="utf-8") as file:
                for name in set(file.read().splitlines()) - names:
                    if os.path.exists(self.path(name)):
                        os.remove(self.path(name))
        with open(self.list, "w", encoding="utf-8") as file:
            file.write("\n".join(sorted(names)))
        for name in names:
            self.refresh_file(os.path.join(self.source, name),
                              self.path(name))

    @staticmethod
    def refresh_file(source, target):
        with open(source, "rb") as file:
            data = file.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == data:
                    return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
        shutil.copymode(source, target)
