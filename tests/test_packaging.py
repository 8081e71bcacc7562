"""What is packaged, and from where.

`python tests/test_packaging.py FOLDER` checks the wheel and the sdist built into FOLDER
(`make wheel-check`); under pytest nothing is built.
"""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "MANIFEST.in",
    "Makefile",
    "README.md",
    "THEORY.md",
    "constraints.txt",
    "figures",
    "pyproject.toml",
    "rmt_gates",
    "setup.cfg",
    "tests",
    "validation",
}
# Spelt in pieces, so that this file passes its own test.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "download.py" + "torch.org",
    "registry.npm" + "js.org",
    "conda" + ".anaconda.org",
    "deb." + "debian.org",
]
MACHINE_PATHS = re.compile(
    r"(?<![\w.~$}\])/-])/(?:home|root|work|tmp|Users|opt|mnt|data)/[\w.]|[A-Z]:\\Users"
)
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".cfg",
    ".txt",
    ".cff",
    ".in",
    ".json",
    ".html",
    ".svg",
    ".csv",
    ".typed",
    "",
}


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def project_files() -> list[Path]:
    tops = [ROOT / name for name in sorted(TOP_LEVEL)]
    inside = [path for top in tops if top.is_dir() for path in sorted(top.rglob("*"))]
    files = [path for path in tops + inside if path.is_file()]
    return [p for p in files if "__pycache__" not in p.parts and p.suffix in TEXT]


def requirements(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def test_the_version_is_written_once(setup_cfg):
    assert setup_cfg["metadata"]["version"] == "attr: rmt_gates._version.__version__"
    tree = ast.parse((ROOT / "rmt_gates/_version.py").read_text(encoding="utf-8"))
    (assignment,) = [node for node in tree.body if isinstance(node, ast.Assign)]
    version = ast.literal_eval(assignment.value)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    sources = [ROOT / "pyproject.toml", ROOT / "CITATION.cff", *(ROOT / "rmt_gates").rglob("*.py")]
    repeated = re.compile(rf"version[\"'\s:=_]*{re.escape(version)}", re.IGNORECASE)
    holders = [path.name for path in sources if repeated.search(path.read_text(encoding="utf-8"))]
    assert holders == ["_version.py"]


def test_metadata_is_in_setup_cfg_alone():
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert set(tomllib.load(file)) == {"build-system", "tool"}


def test_only_the_library_is_installed(setup_cfg):
    from setuptools import find_packages

    include = requirements(setup_cfg["options.packages.find"]["include"])
    found = find_packages(str(ROOT), include=include)
    assert "rmt_gates" in found
    assert {name.split(".")[0] for name in found} == {"rmt_gates"}
    folders = {path.parent for path in (ROOT / "rmt_gates").rglob("*.py")}
    assert {str(folder.relative_to(ROOT)).replace("/", ".") for folder in folders} == set(found), (
        "a folder of rmt_gates has no __init__.py, so it would not be installed"
    )


def test_requirements_have_floors_and_no_caps(setup_cfg):
    extras = setup_cfg["options.extras_require"]
    listed = [setup_cfg["options"]["install_requires"], *(extras[name] for name in extras)]
    for requirement in [line for text in listed for line in requirements(text)]:
        own = requirement.removeprefix("rmt_gates[").removesuffix("]")
        assert own in extras or re.fullmatch(r"[\w.-]+(\[\w+\])?>=[\d.]+", requirement), requirement


def test_constraints_pin_what_is_required(setup_cfg):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins), "exact public versions only"
    pinned = {pin.split("==")[0].lower() for pin in pins}
    extras = setup_cfg["options.extras_require"]
    needed = setup_cfg["options"]["install_requires"] + extras["scan"] + extras["dev"]
    names = {re.split(r">=|\[", line)[0].lower() for line in requirements(needed)}
    assert names - {"rmt_gates"} <= pinned


def test_top_level_holds_only_what_belongs_there():
    try:
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git working tree")
    assert {name.split("/")[0] for name in listed if name} <= TOP_LEVEL


def test_no_registry_hosts_or_machine_paths():
    files = project_files()
    assert ROOT / "setup.cfg" in files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [host for host in REGISTRY_HOSTS if host in text], path
        assert not MACHINE_PATHS.search(text), (path, MACHINE_PATHS.search(text))


def test_the_machine_path_pattern_sees_one():
    assert MACHINE_PATHS.search("open('" + "/home" + "/someone/x')")
    assert MACHINE_PATHS.search("/work" + "/main")
    assert not MACHINE_PATHS.search("validation/data/case.json, 1/work, ./tmp/x")


def check_built(folder: Path) -> None:
    """The wheel installs the library alone; the sdist holds what `make` needs."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    version = wheel.name.split("-")[1]
    assert top == {"rmt_gates", f"rmt_gates-{version}.dist-info"}, sorted(top)
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "rmt_gates").rglob("*.py")}
    assert {"rmt_gates/py.typed", *sources} == {n for n in names if n.startswith("rmt_gates/")}
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    expected = {str(path.relative_to(ROOT)) for path in project_files()}
    missing = {n for n in expected - packed if not n.startswith((".ci/", ".gitignore"))}
    assert not missing, f"not in the sdist: {sorted(missing)}"
    print(f"{wheel.name} holds {', '.join(sorted(top))} alone; {sdist.name} is complete")


if __name__ == "__main__":
    check_built(Path(sys.argv[1]))
