"""How the code is divided: folders, imports, lengths and names, as a table with a column per tree.

    python tests/benchmarks/house/measure_house.py                        # this checkout
    git worktree add /tmp/before <commit>
    python tests/benchmarks/house/measure_house.py /tmp/before .          # before and after
    …  --into docs/adr/0013-rooms-by-subject.md                     # and into that page

Reads the files of the four apps, without migrations and tests; imports nothing of them.
"""

from __future__ import annotations

import argparse
import ast
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# What stands around the table in a page.
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# From the foundation to the top; an import from left to right climbs.
APPS = ("featurememory", "patterns", "optimizations", "integration")
# Django's own wiring has to point up.
WIRING = {"featurememory.urls", "featurememory.wsgi", "featurememory.celery"}
DEMANDED = {"Command"}  # class names that Django asks for, once a file
Graph = Mapping[str, set[str]]


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def folder(self) -> str:
        return self.path.parent.as_posix()

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@dataclass(frozen=True)
class House:
    """The modules of one tree by their dotted names."""

    modules: dict[str, Module]

    @classmethod
    def read(cls, root: Path) -> House:
        found: dict[str, Module] = {}
        for path in sorted(path for app in APPS for path in (root / app).rglob("*.py")):
            short = path.relative_to(root)
            if "migrations" not in short.parts:
                text = path.read_text()
                name = ".".join(short.with_suffix("").parts).removesuffix(".__init__")
                found[name] = Module(name, short, ast.parse(text), len(text.splitlines()))
        return cls(found)

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """Which modules each module imports, also inside functions."""
        return {
            module.name: {self.resolved(name) for name in imported(module)} & self.modules.keys()
            for module in self.modules.values()
        }

    def resolved(self, name: str) -> str:
        """`package.module.attribute` → `package.module`."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name

    @cached_property
    def folders(self) -> Counter[str]:
        """Files that hold something, per folder."""
        files = (m for m in self.modules.values() if m.lines and not m.is_package)
        return Counter(module.folder for module in files)

    @cached_property
    def functions(self) -> list[int]:
        """The lengths of all functions and methods."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        trees = [module.tree for module in self.modules.values()]
        return [
            length(node) for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)
        ]

    @cached_property
    def classes(self) -> list[tuple[int, str, str]]:
        """Length, name and module of every class that stands at a module's top level."""
        return [
            (length(node), node.name, module.name)
            for module in self.modules.values()
            for node in module.tree.body
            if isinstance(node, ast.ClassDef)
        ]

    @cached_property
    def files(self) -> list[int]:
        return [module.lines for module in self.modules.values() if module.lines]

    def climbing(self) -> list[tuple[str, str]]:
        """Imports of a higher app."""
        return [
            (low, high)
            for low, names in self.imports.items()
            for high in sorted(names)
            if low not in WIRING and storey(high) > storey(low)
        ]

    def circles(self) -> list[list[str]]:
        """Circles between the modules and packages that lie beside each other in one package."""
        found: list[list[str]] = []
        for package in sorted({name.rpartition(".")[0] for name in self.modules}):
            found += circles_in(self.siblings(package))
        return found

    def siblings(self, package: str) -> Graph:
        """What lies in `package`, with an edge wherever anything inside one imports of another."""
        graph: dict[str, set[str]] = defaultdict(set)
        for name, targets in self.imports.items():
            own = child_of(package, name)
            others = {child_of(package, target) for target in targets if name not in WIRING}
            graph[own] |= others - {own, ""}
        graph.pop("", None)
        return graph

    def twice(self) -> dict[str, int]:
        names = Counter(name for _, name, _ in self.classes if name not in DEMANDED)
        return {name: n for name, n in sorted(names.items()) if n > 1}


def imported(module: Module) -> Iterator[str]:
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            start = ".".join(part for part in (above, node.module) if part)
            yield from (f"{start}.{alias.name}" for alias in node.names)


def storey(name: str) -> int:
    return APPS.index(name.partition(".")[0])


def child_of(package: str, name: str) -> str:
    """The part of `package` in which `name` lies; "" when it lies elsewhere or is the package."""
    prefix = f"{package}." if package else ""
    if not name.startswith(prefix) or name == package:
        return ""
    return prefix + name.removeprefix(prefix).partition(".")[0]


def circles_in(graph: Graph) -> list[list[str]]:
    """Sets of two and more nodes that all reach each other."""
    reach = {node: reachable(graph, node) for node in graph}
    groups = {
        frozenset({node, *(other for other in reach[node] if node in reach.get(other, ()))})
        for node in graph
    }
    return sorted(sorted(group) for group in groups if len(group) > 1)


def reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for node in graph.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    first = min((one.lineno for one in node.decorator_list), default=node.lineno)
    return (node.end_lineno or node.lineno) - first + 1


def spread(values: Iterable[int]) -> str:
    """Median and 90th percentile."""
    ordered = sorted(values)
    if not ordered:
        return "none"
    return f"{statistics.median(ordered):.0f}, {ordered[(len(ordered) - 1) * 9 // 10]}"


def largest(house: House) -> str:
    folder, count = house.folders.most_common(1)[0]
    return f"{count} (`{folder}/`)"


def longest(house: House) -> str:
    lines, name, _ = max(house.classes)
    return f"{lines} lines (`{name}`)"


ROWS: dict[str, Callable[[House], str]] = {
    "folders with code": lambda house: str(len(house.folders)),
    "files per folder: median, 90th percentile": lambda house: spread(house.folders.values()),
    "files in the fullest folder": largest,
    "import cycles between siblings (modules and packages in them)": lambda house: (
        f"{len(house.circles())} ({sum(map(len, house.circles()))})"
    ),
    "imports that climb to a higher app": lambda house: str(len(house.climbing())),
    "longest class": longest,
    "lines of a function: median, 90th percentile": lambda house: spread(house.functions),
    "lines of a file: median, 90th percentile": lambda house: spread(house.files),
    "files over 300 lines": lambda house: str(sum(lines > 300 for lines in house.files)),
    "class names that occur more than once": lambda house: str(len(house.twice())),
}


def table(houses: Mapping[str, House]) -> str:
    """Markdown, a column per tree."""
    lines = ["| | " + " | ".join(houses) + " |", "| --- " * (len(houses) + 1) + "|"]
    for title, measure in ROWS.items():
        figures = " | ".join(measure(house) for house in houses.values())
        lines.append(f"| {title} | {figures} |")
    return "\n".join(lines)


def details(house: House) -> Iterator[str]:
    yield "cycles: " + ("; ".join(" ↔ ".join(names) for names in house.circles()) or "none")
    yield "climbing: " + (", ".join(f"{low} → {high}" for low, high in house.climbing()) or "none")
    yield "names: " + (", ".join(f"{n} × {name}" for name, n in house.twice().items()) or "none")


def write(page: Path, text: str) -> None:
    """Put the table between the two marks of a page."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("trees", type=Path, nargs="*", default=[ROOT])
    parser.add_argument("--into", type=Path, help="page whose table is replaced (two trees)")
    given = parser.parse_args()
    labels = ["before", "after"] if len(given.trees) == 2 else [str(root) for root in given.trees]
    houses = {label: House.read(root) for label, root in zip(labels, given.trees, strict=True)}
    print(table(houses))
    for label, house in houses.items():
        print(f"\n{label}", *details(house), sep="\n  ")
    if given.into:
        write(given.into, table(houses))


if __name__ == "__main__":
    main()
