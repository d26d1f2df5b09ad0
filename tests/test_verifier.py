"""clearline-verify: one file in, a verdict out, and an exit code that a script can trust."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "record"))

from record_world import KEYS, contents, feeds

from clearline.record import fingerprint, pack
from clearline.verifier import main

RAW = pack(contents(feeds()))


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "link.bundle"
    path.write_bytes(RAW)
    return str(path)


def test_a_whole_record_is_verified_in_the_last_line_and_by_exit_code_zero(bundle, capsys):
    pins = [word for keys in KEYS.values() for word in ("--pin", fingerprint(keys))]
    assert main([bundle, *pins]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "record verified: 13 entries, 2 feeds, 6 receipts, 0 faults"


def test_a_damaged_record_is_not_verified_and_the_exit_code_is_one(tmp_path, capsys):
    path = tmp_path / "damaged"
    path.write_bytes(RAW[:500] + b"x" + RAW[501:])
    assert main([str(path)]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("record NOT verified: ")
    assert last.endswith(" faults")


def test_a_wrong_fingerprint_is_a_fault(bundle, capsys):
    assert main([bundle, "--pin", "00" * 32]) == 1
    assert "FAULT pin" in capsys.readouterr().out


def test_the_report_as_json_says_the_same(bundle, capsys):
    assert main([bundle, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["verified"] is True
    assert (shown["entries"], shown["feeds"], shown["receipts"]) == (13, 2, 6)
    assert shown["faults"] == []


def test_wrong_usage_and_an_unreadable_file_are_exit_code_two(tmp_path, capsys):
    assert main([]) == 2
    assert main([str(tmp_path / "missing")]) == 2
    assert main([str(tmp_path)]) == 2
    assert "clearline-verify" in capsys.readouterr().err


def test_asking_for_help_is_no_error(capsys):
    assert main(["--help"]) == 0
    assert "--pin" in capsys.readouterr().out


def test_a_file_that_is_no_bundle_is_one_fault(tmp_path, capsys):
    path = tmp_path / "note.txt"
    path.write_text("hello")
    assert main([str(path)]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "record NOT verified: 0 entries, 0 feeds, 0 receipts, 1 faults"


def test_the_verifier_loads_nothing_of_the_node(bundle):
    code = (
        "import sys; from clearline.verifier import main; main(sys.argv[1:]); "
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('clearline.')}; "
        "assert rooms == {'basis', 'record', 'verifier'}, rooms"
    )
    done = subprocess.run([sys.executable, "-c", code, bundle], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
