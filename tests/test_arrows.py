"""Which room may use which: the arrows of docs/design.md, read off the import statements."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
BASE = {"errors", "progress", "threads", "memory", "pca", "html", "whole_files"}
SHARED = {"embed", "index_facts", "index_paths", "metadata", "models", "parallel", "sample"}
RETRIEVER = {"answers", "combine", "nearest", "query_options", "restore", "retriever"}
DOOR = {"__init__", "__main__"}

ALLOWED = {
    "index_store": set(),
    "errors": set(),
    "progress": set(),
    "threads": {"errors"},
    "memory": set(),
    "pca": set(),
    "whole_files": set(),
    "html": {"errors", "images"},
    "images": {"errors", "index_store"},
    "encoder": {"errors", "threads"},
    "demo": set(),
    "shared": {*BASE, "images", "encoder", "demo", "index_store", "autoencoder"},
    "indexing": {*BASE, "images", "encoder", "index_store", "autoencoder", "shared"},
    "retriever": {*BASE, "images", "encoder", "index_store", "shared", "indexing"},
    "autoencoder": {*BASE, "images", "encoder", "shared"},
    "evaluation": {*BASE, "images", "encoder", "shared", "retriever", "index_store", "autoencoder"},
    "insight": {*BASE, "images", "encoder", "shared", "retriever", "index_store", "evaluation"},
    "service": {*BASE, "images", "encoder", "shared", "retriever", "index_store", "evaluation", "insight"},
}
"""What each room may import; the command line may import all, and nobody imports the command line."""

FILES = sorted([*ROOT.glob("retrieval/**/*.py"), *ROOT.glob("index_store/**/*.py")])


def room_of(module: str) -> str:
    """The room of a module, given by its full name."""
    parts = module.split(".")
    if parts[0] == "index_store":
        return "index_store"
    name = parts[1] if len(parts) > 1 else "__init__"
    named = {"retriever": RETRIEVER, "shared": SHARED, "door": DOOR}
    return next((room for room, names in named.items() if name in names), name)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path: Path, *, top_level: bool = False) -> set[str]:
    """The full names of what a file imports; with `top_level` only what loading it loads."""
    package = module_of(path).split(".")[:-1]
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in loaded_by(tree) if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            # `from . import printing` imports the module, `from .printing import say` does not import `say`.
            names |= {module} if node.module else {f"{module}.{alias.name}" for alias in node.names}
    return names


def loaded_by(tree: ast.Module):
    """The statements outside functions and outside `if TYPE_CHECKING`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        waiting += list(ast.iter_child_nodes(node))


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in {"retrieval", "index_store"}}


def test_every_import_follows_an_arrow():
    against = {
        f"{module_of(path)} uses {room}"
        for path in FILES
        if (own := room_of(module_of(path))) not in {"cli", "door"}
        for room in {room_of(name) for name in ours(imports_of(path))} - {own} - ALLOWED[own]
    }
    assert against == set()


def test_index_store_is_entered_by_its_door_only():
    by_the_window = {
        f"{module_of(path)} imports {name}: import it from index_store itself"
        for path in FILES
        if room_of(module_of(path)) != "index_store"
        for name in imports_of(path)
        if name.startswith("index_store.")
    }
    assert by_the_window == set()


def test_tensorflow_is_imported_in_one_room_only():
    elsewhere = {
        f"{module_of(path)} imports {name}"
        for path in FILES
        if room_of(module_of(path)) != "autoencoder"
        for name in imports_of(path)
        if name.split(".")[0] in {"tensorflow", "keras"}
    }
    assert elsewhere == set()


def test_nobody_enters_the_room_of_tensorflow_when_loaded():
    too_early = {
        f"{module_of(path)} imports {name}: do it inside the function that needs it"
        for path in FILES
        if room_of(module_of(path)) != "autoencoder"
        for name in ours(imports_of(path, top_level=True))
        if room_of(name) == "autoencoder"
    }
    assert too_early == set()


def test_index_store_uses_only_what_belongs_to_it():
    libraries = {
        name.split(".")[0]
        for path in FILES
        if room_of(module_of(path)) == "index_store"
        for name in imports_of(path)
    }
    assert {"numpy", "faiss", "sqlite3"} <= libraries
    assert libraries.isdisjoint({"PIL", "ai_edge_litert", "tensorflow", "keras", "retrieval"})


def test_no_imports_go_round_in_a_circle():
    modules = {module_of(path).removesuffix(".__init__"): path for path in FILES}
    needs = {
        name: ours(imports_of(path, top_level=True)) & modules.keys() - {name}
        for name, path in modules.items()
    }
    # A package loads its own modules, which may load each other: only those are ordered.
    packages = {name for name, path in modules.items() if path.name == "__init__.py"}
    order = TopologicalSorter({name: needs[name] - packages for name in modules}).static_order()
    assert set(order) == set(modules)


def test_imports_are_read_as_python_reads_them():
    path = ROOT / "retrieval" / "retriever.py"
    assert {"retrieval.indexing.build", "index_store", "numpy", "PIL"} <= imports_of(path)
    assert "retrieval.indexing.build" not in imports_of(path, top_level=True)
    assert "index_store" in imports_of(path, top_level=True)


def test_a_file_has_at_most_300_lines():
    longest = {module_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: count for name, count in longest.items() if count > 300} == {}
