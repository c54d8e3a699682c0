"""Print the row programs of ``fastact/rowwise.py`` as C++ structs, for the engine in ``rowwise.hpp``.

Usage: ``python kernels/emit_rows.py SOURCE_FOLDER OUTPUT_FILE``.

A program runs in *stages*: passes over a row, each ended by the reductions whose operands it can compute.  Statements
that depend on elements are put into the stage that needs them, the others are executed once a row, at the end of the
stage that gives their operands.  A value of each element that several stages need is kept in the output's memory.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

from emit import Function, Printer, Program, print_constants, print_function, read

REDUCTIONS = {
    "row_dot": "Dot", "row_maximum": "Maximum", "row_mean": "Mean", "row_norm": "Norm", "row_sum": "Sum",
    "row_sum_parts": "SumParts",
}  # fmt: skip
"""The row words that need a pass over the row, and the engine's names for them."""

OPERANDS = {"row_dot": 2}
RESULTS = {"row_sum_parts": 2, "row_mean": 2}

LENGTH = "row_length"


@dataclass
class Statement:
    """An assignment, or what a program returns."""

    node: ast.Assign | ast.Return
    targets: list[str]
    names: set[str]
    word: str | None
    of_row: bool = False
    stage: int = 0


@dataclass
class Stage:
    """What is printed of one stage."""

    elements: list[Statement] = field(default_factory=list)
    reductions: list[Statement] = field(default_factory=list)
    rows: list[Statement] = field(default_factory=list)


class RowProgram(Printer):
    """Schedules and prints one program."""

    def __init__(self, program: Program, function: Function) -> None:
        super().__init__(program, function)
        arguments, defaults = function.arguments, len(function.node.args.defaults)
        self.inputs = arguments[: len(arguments) - defaults]
        self.settings = arguments[len(arguments) - defaults :]
        self.statements_ = [self.read_statement(node) for node in self.body()]
        self.schedule()

    def body(self) -> list[ast.Assign | ast.Return]:
        nodes = self.function.node.body
        if ast.get_docstring(self.function.node) is not None:
            nodes = nodes[1:]
        for node in nodes[:-1]:
            if not isinstance(node, ast.Assign):
                raise self.refuse(node, f"`{ast.unparse(node).splitlines()[0]}` is not in the language")
        return nodes  # type: ignore[return-value]

    def read_statement(self, node: ast.Assign | ast.Return) -> Statement:
        value = node.value
        targets = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else None
        word = called if called in REDUCTIONS or called == LENGTH else None
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and inner is not value and isinstance(inner.func, ast.Name):
                if inner.func.id in REDUCTIONS or inner.func.id == LENGTH:
                    raise self.refuse(inner, f"`{inner.func.id}` must be the whole right-hand side of an assignment")
        if word is not None and (isinstance(node, ast.Return) or len(value.args) != OPERANDS.get(word, 1)):  # type: ignore[union-attr]
            raise self.refuse(node, f"`{word}` takes {OPERANDS.get(word, 1)} operands and is assigned")
        if word is not None and len(targets) != RESULTS.get(word, 1):
            raise self.refuse(node, f"`{word}` gives {RESULTS.get(word, 1)} values")
        for target in targets:
            if target in self.assigned:
                raise self.refuse(node, f"`{target}` is assigned twice; a row program names every value once")
        self.assigned.update(targets)
        loaded = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        return Statement(node, targets, loaded & self.assigned if word != LENGTH else set(), word)

    def schedule(self) -> None:
        """Give every statement its stage; a statement of the row runs at the end of its stage."""
        of_row = set(self.settings)
        ready: dict[str, int] = dict.fromkeys(self.inputs, 0) | dict.fromkeys(self.settings, 0)
        for s in self.statements_:
            s.of_row = s.word == LENGTH or (s.word is None and bool(s.names) and s.names <= of_row)
            s.stage = max((ready[n] for n in s.names), default=0)
            if s.of_row:
                s.stage = max(s.stage - 1, 0)
            for target in s.targets:
                ready[target] = s.stage + (s.of_row or s.word is not None)
            if s.of_row or s.word is not None:
                of_row.update(s.targets)
        if self.statements_[-1].of_row:
            raise self.refuse(self.statements_[-1].node, "a row program must return a value of each element")
        self.of_row = of_row
        last = self.statements_[-1].stage
        users: dict[str, set[int]] = {}
        for s in reversed(self.statements_):
            if not s.of_row and s.word is None and s.targets:
                needed = set().union(*(users.get(t, set()) for t in s.targets))
                if not needed:
                    raise self.refuse(s.node, f"`{s.targets[0]}` is never used")
                s.stage = min(needed)
            for name in s.names:
                users.setdefault(name, set()).add(s.stage)
        self.stages = [Stage() for _ in range(last + 1)]
        for s in self.statements_:
            stage = self.stages[s.stage]
            (stage.rows if s.of_row else stage.reductions if s.word else stage.elements).append(s)
        self.kept = self.find_kept(users)
        self.slots = self.find_slots()

    def find_kept(self, users: dict[str, set[int]]) -> Statement | None:
        elementwise = [s for s in self.statements_ if not s.of_row and not s.word]
        kept = [(s, t) for s in elementwise for t in s.targets if max(users[t]) > s.stage]
        if len(kept) > 1:
            raise self.refuse(kept[1][0].node, f"`{kept[0][1]}` is kept already; one value can outlive a stage")
        if kept and len(kept[0][0].targets) > 1:
            raise self.refuse(kept[0][0].node, f"`{kept[0][1]}` outlives its stage and must be assigned alone")
        for statement, name in kept:
            late = [i for i in self.inputs if max(users.get(i, {0})) > statement.stage]
            if late:
                raise self.refuse(statement.node, f"`{name}` is kept where `{late[0]}` was, which is read again")
        return kept[0][0] if kept else None

    def find_slots(self) -> dict[str, int]:
        """Number the values of the row that are used after the stage in which they are made."""
        made = {t: s.stage for s in self.statements_ if s.of_row or s.word for t in s.targets}
        slots: dict[str, int] = {}
        for s in self.statements_:
            for name in sorted(s.names & made.keys()):
                if s.stage > made[name]:
                    slots.setdefault(name, len(slots))
        return slots

    def locals_of(self, statements: list[Statement]) -> list[str]:
        """Declare what a function takes from elsewhere."""
        made = {t for s in statements if s.word is None or s.of_row for t in s.targets}
        used = set().union(*(s.names for s in statements)) - made
        sources = {name: f"inputs[{i}]" for i, name in enumerate(self.inputs)}
        sources |= {name: f"settings[{i}]" for i, name in enumerate(self.settings)}
        sources |= {name: f"row[{i}]" for name, i in self.slots.items()}
        if self.kept is not None:
            sources[self.kept.targets[0]] = "kept"
        return [f"        const V {name} = {source};" for name, source in sources.items() if name in used]

    def print_elements(self, stage: Stage) -> list[str]:
        lines = self.locals_of([*stage.elements, *stage.reductions])
        for s in stage.elements:
            lines.append(self.line(s.node))
            if isinstance(s.node, ast.Return):
                lines.append(f"        stored = {self.expression(s.node.value)};")  # type: ignore[arg-type]
            else:
                lines.append(f"        {self.assign_fresh(s)}")
                if s is self.kept:
                    lines.append(f"        stored = {s.targets[0]};")
        term = 0
        for s in stage.reductions:
            lines.append(self.line(s.node))
            for operand in s.node.value.args:  # type: ignore[union-attr]
                lines.append(f"        terms[{term}] = {self.expression(operand)};")
                term += 1
        return lines

    def print_rows(self, stage: Stage) -> list[str]:
        results = [t for s in stage.reductions for t in s.targets]
        lines = [f"        const V {name} = results[{i}];" for i, name in enumerate(results)]
        made = {*results, *(t for s in stage.rows for t in s.targets)}
        lines += [line for line in self.locals_of(stage.rows) if line.split()[2] not in made]
        for s in stage.rows:
            lines.append(self.line(s.node))
            assigned = f"const V {s.targets[0]} = row_length;" if s.word == LENGTH else self.assign_fresh(s)
            lines.append(f"        {assigned}")
        lines += [f"        row[{i}] = {name};" for name, i in self.slots.items() if name in made]
        lines += [f"        (void){name};" for name in results]
        return lines

    def assign_fresh(self, statement: Statement) -> str:
        """Print an assignment that declares its targets."""
        self.assigned.difference_update(statement.targets)
        return self.assign(statement.node)  # type: ignore[arg-type]

    def print(self) -> list[str]:
        name = f"{self.function.name}_program"
        lines = [
            f"struct {name} {{",
            f'    static constexpr const char* name = "{self.function.name}";',
            f"    static constexpr int inputs = {len(self.inputs)};",
            f"    static constexpr int settings = {len(self.settings)};",
            f"    static constexpr int stages = {len(self.stages)};",
            f"    static constexpr int values = {len(self.slots)};",
            "    template <int stage> struct Stage;",
            "};",
        ]
        for number, stage in enumerate(self.stages):
            kinds = ", ".join(REDUCTIONS[s.word] for s in stage.reductions if s.word)
            stores = any(s is self.kept or isinstance(s.node, ast.Return) for s in stage.elements)
            lines += [
                f"template <> struct {name}::Stage<{number}> {{",
                f"    using Reduced = Reductions<{kinds}>;",
                f"    static constexpr bool stores = {str(stores).lower()};",
                "    template <class V>",
                "    static FASTACT_INLINE void element([[maybe_unused]] const V* inputs, [[maybe_unused]] V kept,",
                "        [[maybe_unused]] const V* settings, [[maybe_unused]] const V* row, [[maybe_unused]] V* terms,",
                "        [[maybe_unused]] V& stored) {",
                "        using K [[maybe_unused]] = RowConstants<ScalarOf<V>>;",
                *self.print_elements(stage),
                "    }",
                "    template <class V>",
                "    static FASTACT_INLINE void row([[maybe_unused]] const V* results, [[maybe_unused]] V row_length,",
                "        [[maybe_unused]] const V* settings, [[maybe_unused]] V* row) {",
                "        using K [[maybe_unused]] = RowConstants<ScalarOf<V>>;",
                *self.print_rows(stage),
                "    }",
                "};",
            ]
        return lines


def names_of_programs(path: Path) -> list[str]:
    """Return what the tuple PROGRAMS lists."""
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="PROGRAMS")], value=ast.Tuple(elts=names)):
                return [ast.unparse(name) for name in names]
    raise SyntaxError(f"{path}: there is no tuple PROGRAMS")


def print_constants_of_rows(own: Program) -> list[str]:
    """Print the constants of the row programs on top of those that they share with the activations."""
    text = "\n".join(print_constants(own)).replace("struct Constants", "struct RowConstants")
    for scalar in ("float", "double"):
        text = text.replace(f"RowConstants<{scalar}> {{", f"RowConstants<{scalar}> : Constants<{scalar}> {{")
    return text.splitlines()


def emit(folder: Path) -> str:
    """Return the C++ text for the programs of a folder; it goes after the text of ``emit.py``."""
    path = folder / "rowwise.py"
    program, _ = read(folder)
    own = Program()
    own.read_constants(path)
    program.constants |= own.constants
    functions = program.read_functions(path, "fastact/rowwise.py")
    programs = names_of_programs(path)
    lines = ["namespace fastact {", "namespace FASTACT_ISA {", *print_constants_of_rows(own)]
    for function in functions:
        if function.name not in programs:
            lines += [line.replace("= Constants<", "= RowConstants<") for line in print_function(program, function)]
    for function in functions:
        if function.name in programs:
            lines += RowProgram(program, function).print()
    lines.append('#line 1 "rows.inc"')
    lines.append(f"#define FASTACT_ROW_PROGRAMS {', '.join(f'{name}_program' for name in programs)}")
    lines += ["}  // namespace FASTACT_ISA", "}  // namespace fastact", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    output.write_text(emit(source))
