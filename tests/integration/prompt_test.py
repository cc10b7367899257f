"""aegis-cli at a terminal: what the keys do, what is remembered, what a value may do to it."""

import os
import pty
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import harness

CLI = Path(harness.BINARY).with_name("aegis-cli")
PATIENCE = 60.0  # Seconds until what must appear has appeared.
CTRL_C, CTRL_D, CTRL_P, CTRL_Z = b"\x03", b"\x04", b"\x10", b"\x1a"


class Terminal:
    """A program on a terminal of its own. The state directory holds the history."""

    def __init__(self, state_dir, *command):
        self.printed = b""
        self._seen = 0
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.environ.update(XDG_STATE_HOME=str(state_dir), HOME=str(state_dir), TERM="xterm",
                              PS1="$ ", LC_ALL="C",
                              # libedit never frees the names of functions added to it.
                              ASAN_OPTIONS="detect_leaks=0")
            os.execvp(command[0], command)

    def type(self, keys):
        os.write(self._master, keys)

    def expect(self, text):
        """Waits until `text` appears behind what was expected last."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.printed[self._seen:]:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"waited in vain for {text!r}:\n{self.printed!r}")
        self._seen = self.printed.index(text, self._seen) + len(text)

    def interrupted(self):
        """Sends SIGINT; whether that drops the line within half a second."""
        os.kill(self.pid, signal.SIGINT)
        self._read(0.5)
        return b"^C" in self.printed

    def prompt(self):
        self.expect(b"> ")

    def end(self):
        """Reads to the end; the status as subprocess says it, negative for a signal."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline - time.monotonic()):
            pass
        os.close(self._master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, patience):
        if not select.select([self._master], [], [], max(0.0, patience))[0]:
            return False
        try:
            more = os.read(self._master, 65536)
        except OSError:  # The other side is closed.
            return False
        self.printed += more
        return bool(more)


class Prompt(harness.NodeTest):

    def setUp(self):
        state_dir = tempfile.TemporaryDirectory(prefix="aegis-prompt-")
        self.addCleanup(state_dir.cleanup)
        self.state_dir = Path(state_dir.name)

    def open(self, *words):
        return Terminal(self.state_dir, str(CLI), "-s", f"127.0.0.1:{self.node.port}", *words)

    def history(self):
        # The first line is libedit's mark; it writes a space as \040.
        lines = (self.state_dir / "aegis_history").read_text().splitlines()[1:]
        return [line.replace("\\040", " ") for line in lines]

    def test_ctrl_c_drops_the_line_and_asks_anew(self):
        terminal = self.open()
        for _ in range(3):
            terminal.prompt()
            terminal.type(b"set dropped v" + CTRL_C)
            terminal.expect(b"^C")
        terminal.prompt()
        terminal.type(b"set kept v\n")
        terminal.expect(b"OK, version")
        terminal.prompt()
        terminal.type(b"get dropped\n")
        terminal.expect(b"no such key")
        terminal.prompt()
        terminal.type(CTRL_D)
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.history(), ["set kept v", "get dropped"])

    def test_ctrl_c_drops_the_line_of_a_vi_user_too(self):
        (self.state_dir / ".editrc").write_text("bind -v\n")
        terminal = self.open()
        for keys in (b"set dropped v", b"set dropped v\x1b"):
            terminal.prompt()
            terminal.type(keys + CTRL_C)
            terminal.expect(b"^C")
        terminal.prompt()
        terminal.type(b"exit\n")
        self.assertEqual(terminal.end(), 0)

    def test_a_signal_from_outside_is_as_ctrl_c(self):
        terminal = self.open()
        terminal.prompt()
        terminal.type(b"set dropp")
        terminal.expect(b"dropp")
        # Should one come between two reads, it is the next that counts.
        harness.wait_until(terminal.interrupted, "^C")
        terminal.prompt()
        terminal.type(b"exit\n")
        self.assertEqual(terminal.end(), 0)

    def test_ctrl_z_stops_the_program_until_the_shell_continues_it(self):
        terminal = Terminal(self.state_dir, "bash", "--norc", "-i")
        terminal.expect(b"$ ")
        terminal.type(b"%s -s 127.0.0.1:%d\n" % (bytes(CLI), self.node.port))
        for _ in range(2):
            terminal.prompt()
            terminal.type(CTRL_Z)
            terminal.expect(b"Stopped")
            terminal.expect(b"$ ")
            terminal.type(b"fg\n")
        terminal.prompt()
        terminal.type(b"set z v\n")
        terminal.expect(b"OK, version")
        terminal.prompt()
        terminal.type(CTRL_D)
        terminal.expect(b"$ ")
        terminal.type(b"exit\n")
        self.assertEqual(terminal.end(), 0)

    def test_ctrl_c_ends_a_command_that_runs(self):
        terminal = self.open()
        terminal.prompt()
        terminal.type(b"bench -d 1h -k 10\n")
        terminal.expect(b"load")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.end(), -signal.SIGINT)
        self.assertEqual(self.history(), ["bench -d 1h -k 10"])

    def test_history_survives_a_kill_and_is_there_again(self):
        terminal = self.open()
        terminal.prompt()
        terminal.type(b"set first v\n")
        terminal.expect(b"OK, version")
        terminal.prompt()
        os.kill(terminal.pid, signal.SIGKILL)
        self.assertEqual(terminal.end(), -signal.SIGKILL)
        self.assertEqual(self.history(), ["set first v"])

        terminal = self.open()
        terminal.prompt()
        terminal.type(CTRL_P + b"\n")
        terminal.expect(b"OK, version")
        terminal.prompt()
        terminal.type(CTRL_D)
        self.assertEqual(terminal.end(), 0)
        self.assertEqual((self.state_dir / "aegis_history").stat().st_mode & 0o777, 0o600)

    def test_words_of_any_script_arrive_whole(self):
        terminal = self.open()
        terminal.prompt()
        terminal.type("set café crème\n".encode())
        terminal.expect(b"OK, version")
        terminal.prompt()
        terminal.type(CTRL_D)
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.cli("get", "café"), "crème\n".encode())

    def test_two_prompts_keep_what_both_were_told(self):
        terminals = [self.open(), self.open()]
        for number, terminal in enumerate(terminals):
            terminal.prompt()
            terminal.type(b"set k%d v\n" % number)
            terminal.expect(b"OK, version")
        for terminal in terminals:
            terminal.prompt()
            terminal.type(CTRL_D)
            self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.history(), ["set k0 v", "set k1 v"])

    def test_history_is_cut_when_it_has_grown_long(self):
        lines = "".join(f"get\\040k{number}\n" for number in range(2500))
        (self.state_dir / "aegis_history").write_text("_HiStOrY_V2_\n" + lines)
        terminal = self.open()
        terminal.prompt()
        terminal.type(b"set k v\n")
        terminal.expect(b"OK, version")
        terminal.prompt()
        terminal.type(CTRL_D)
        self.assertEqual(terminal.end(), 0)
        expected = [f"get k{number}" for number in range(1500, 2500)] + ["set k v"]
        self.assertEqual(self.history(), expected)

    def test_a_value_cannot_command_the_terminal(self):
        self.cli("set", "red", "-", stdin=b"\x1b[31mred\x9b")
        terminal = self.open("get", "red")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(terminal.printed, b"\\x1b[31mred\\x9b\r\n")
        terminal = self.open("get", "red", "--raw")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(terminal.printed, b"\x1b[31mred\x9b")
        self.assertEqual(self.cli("get", "red"), b"\x1b[31mred\x9b\n")

    def test_a_value_from_the_input_is_refused_in_a_script(self):
        done = self.run_cli(stdin=b"set k -\nset k2 kept\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"use: aegis-cli set KEY - < FILE", done.stderr)
        self.assertEqual(self.cli("get", "k2"), b"kept\n")
        self.assertEqual(self.run_cli("get", "k").returncode, 1)

    def test_a_script_is_answered_in_json_where_it_asks_for_it(self):
        self.cli("set", "j", "v")
        done = self.run_cli(stdin=b"get j\nget j --json\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        plain, in_json = done.stdout.splitlines()
        self.assertEqual(plain, b"v")
        self.assertTrue(in_json.startswith(b'{"key":"j","value":"v"'), in_json)

    def run_cli(self, *words, stdin=b""):
        return subprocess.run([CLI, "-s", f"127.0.0.1:{self.node.port}", *words], input=stdin,
                              capture_output=True, timeout=PATIENCE, check=False)

    def cli(self, *words, stdin=b""):
        done = self.run_cli(*words, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


if __name__ == "__main__":
    harness.main()
