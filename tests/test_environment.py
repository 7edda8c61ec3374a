"""Do conda and pip people get the same eventlab?

environment.yml repeats what pyproject.toml says (the package, lab and test), because conda cannot
read the latter. Whoever changes one file and forgets the other is told here what to write where.
"""

import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

# PyPI's name -> conda-forge's name, where they differ. Sources: the recipes of conda-forge's
# python-duckdb and playwright-python feedstocks (there, plain `duckdb` is the command line and
# plain `playwright` the Node package); matplotlib's installation page, which has packages
# depend on matplotlib-base, because `matplotlib` brings Qt along.
CONDA_NAME = {
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}

# No recipe of these was found on conda-forge (axe), or looked for, so pip installs them there too.
BY_PIP = {"axe-playwright-python", "confluent-kafka", "fakeredis", "redis"}


def requirements(project: dict, extras: tuple[str, ...] = ()) -> dict[str, str]:
    """Conda name -> bounds of all that the project asks for, extras of extras included."""
    optional = project["optional-dependencies"]
    asked = project["dependencies"] + [line for extra in extras for line in optional[extra]]
    found = {}
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name == project["name"]:
            found |= requirements(project, tuple(requirement.extras))
        else:
            found[CONDA_NAME.get(name, name)] = str(requirement.specifier)
    return found


def conda_requirements(environment: dict) -> dict[str, str]:
    """Name -> bounds of all lines but python, pip and this checkout."""
    *own, by_pip = environment["dependencies"]
    lines = list(map(Requirement, [*own, *by_pip["pip"][:-1]]))
    return {line.name: str(line.specifier) for line in lines if line.name not in ("python", "pip")}


def differences(pip: dict[str, str], conda: dict[str, str]) -> list[str]:
    """One sentence for each package on which the two files disagree."""
    missing = [
        f"environment.yml lacks '{name}{bounds}': add it"
        for name, bounds in pip.items()
        if name not in conda
    ]
    extra = [
        f"environment.yml has '{name}{bounds}' but pyproject.toml does not ask for it:"
        " add it to dependencies, lab or test there, or map its name in CONDA_NAME"
        for name, bounds in conda.items()
        if name not in pip
    ]
    unequal = [
        f"'{name}' is '{bounds}' in pyproject.toml but '{conda[name]}' in environment.yml"
        for name, bounds in pip.items()
        if name in conda and conda[name] != bounds
    ]
    return missing + extra + unequal


@pytest.fixture
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_and_pip_install_the_same_packages(project, environment):
    pip = requirements(project, extras=("lab", "test"))

    assert differences(pip, conda_requirements(environment)) == []


def test_conda_and_pip_start_from_the_same_python(project, environment):
    [python] = [line for line in environment["dependencies"] if str(line).startswith("python>")]

    assert python == "python" + project["requires-python"]


def test_conda_installs_this_checkout_last_and_by_pip_only_what_it_lacks(environment):
    *by_pip, checkout = environment["dependencies"][-1]["pip"]

    assert checkout == "-e ."
    assert {Requirement(line).name for line in by_pip} == BY_PIP


def test_every_mapped_name_is_in_use(project):
    assert set(CONDA_NAME.values()) <= set(requirements(project, extras=("lab", "test")))


def test_extras_of_extras_are_followed():
    project = {
        "name": "eventlab",
        "dependencies": ["duckdb>=2.0"],
        "optional-dependencies": {"lab": ["jupyterlab>=4"], "test": ["eventlab[lab]", "PyYAML>=6"]},
    }

    assert requirements(project, extras=("test",)) == {
        "python-duckdb": ">=2.0",
        "jupyterlab": ">=4",
        "pyyaml": ">=6",
    }


@pytest.mark.parametrize(
    ("conda", "sentence"),
    [
        ({}, "environment.yml lacks 'pandas>=3.0': add it"),
        ({"pandas": ">=2.0"}, "'pandas' is '>=3.0' in pyproject.toml but '>=2.0' in"),
        ({"pandas": ">=3.0", "polars": ">=1"}, "'polars>=1' but pyproject.toml does not ask"),
    ],
    ids=["missing", "other-bounds", "too-many"],
)
def test_a_difference_is_told_in_a_sentence(conda, sentence):
    [told] = differences({"pandas": ">=3.0"}, conda)

    assert sentence in told
