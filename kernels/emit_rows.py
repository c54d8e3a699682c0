"""Print the row programs of ``fastact/rowwise.py`` as C++ structs, for the engine in ``rowwise.hpp``.

Usage: ``python kernels/emit_rows.py SOURCE_FOLDER OUTPUT_FILE``.

A program runs in *stages*: passes over a row, each ended by the reductions whose operands it can compute.  Statements
that depend on elements are put into the stage that needs them, the others are executed once a row, at the end of the
stage that gives their operands.  A value of each element that several stages need is kept in the memory of an output.
Subprograms are put in the place of their calls before.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from emit import Function, Printer, Program, print_constants, print_function, read, write_if_changed
from subprograms import expanded, names_loaded

REDUCTIONS = {
    "row_dot": "Dot", "row_distance_dot": "DistanceDot", "row_fmax": "Fmax", "row_count": "Count", "row_maximum": "Maximum",
    "row_moments": "Moments", "row_norm": "Norm", "row_sum": "Sum", "row_sum_if": "Sum", "row_sum_parts": "SumParts",
}  # fmt: skip
"""The row words that need a pass over the row, and the engine's names for them."""

OPERANDS = {"row_dot": 2, "row_distance_dot": 3, "row_moments": 2, "row_mostly_zero": 2, "row_sum_if": 2}
RESULTS = {"row_distance_dot": 2, "row_sum_parts": 2, "row_moments": 3}

CONDITIONAL = "row_sum_if"
OF_LENGTH = {"row_length": "row_length", "row_sum_error": "sum_error(row_length)"}
FIRSTS = {"row_first": "false", "row_early_maximum": "true"}
"""The row words that need the first elements of an input only, and whether those are several."""
MOSTLY_ZERO = "row_mostly_zero"
WORDS = {*REDUCTIONS, *OF_LENGTH, *FIRSTS, MOSTLY_ZERO}

BOTH = -1
"""The number of the stage that is the first two at once."""

OF_ROW = "Row"
"""The annotation of an input that has one value a row."""


@dataclass
class Statement:
    """An assignment, or one of the values that a program returns."""

    node: ast.Assign | ast.Return
    value: ast.expr
    targets: list[str]
    names: set[str]
    word: str | None = None
    output: int | None = None
    of_row: bool = False
    stage: int = 0
    condition: str | None = None


@dataclass
class Stage:
    """What is printed of one stage; `condition` is the value of the row that is zero where its elements are passed over."""

    elements: list[Statement] = field(default_factory=list)
    reductions: list[Statement] = field(default_factory=list)
    rows: list[Statement] = field(default_factory=list)
    condition: str | None = None


class RowProgram(Printer):
    """Schedules and prints one program."""

    def __init__(self, program: Program, function: Function, subprograms: Collection[str]) -> None:
        super().__init__(program, function)
        self.subprograms = subprograms
        self.read_arguments()
        self.statements_: list[Statement] = []
        self.firsts: dict[str, tuple[str, int]] = {}
        self.mostly_zero: str | None = None
        self.known: ast.expr | None = None
        for node in self.body():
            self.statements_ += self.read_return(node) if isinstance(node, ast.Return) else [self.read_assignment(node)]
        self.schedule()

    def read_arguments(self) -> None:
        arguments, defaults = self.function.node.args.args, len(self.function.node.args.defaults)
        arrays = arguments[: len(arguments) - defaults]
        of_row = [isinstance(a.annotation, ast.Name) and a.annotation.id == OF_ROW for a in arrays]
        if of_row != sorted(of_row):
            raise self.refuse(arrays[0], "inputs of elements stand before those of rows")
        self.inputs = [a.arg for a, row in zip(arrays, of_row, strict=True) if not row]
        self.row_inputs = [a.arg for a, row in zip(arrays, of_row, strict=True) if row]
        self.settings = [a.arg for a in arguments[len(arguments) - defaults :]]

    def body(self) -> list[ast.Assign | ast.Return]:
        nodes = self.function.node.body
        if ast.get_docstring(self.function.node) is not None:
            nodes = nodes[1:]
        return expanded(nodes, {name: self.program.functions[name] for name in self.subprograms}, self.refuse)

    def names_in(self, node: ast.expr) -> set[str]:
        return names_loaded(node) & self.assigned

    def refuse_inner_words(self, node: ast.expr, whole: ast.expr | None = None) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and inner is not whole and isinstance(inner.func, ast.Name):
                if inner.func.id in WORDS:
                    raise self.refuse(inner, f"`{inner.func.id}` must be the whole right-hand side of an assignment")

    def read_assignment(self, node: ast.Assign) -> Statement:
        value = node.value
        self.refuse_inner_words(value, value)
        targets = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else None
        word = called if called in WORDS else None
        if word is not None and len(value.args) != OPERANDS.get(word, 1):  # type: ignore[attr-defined]
            raise self.refuse(node, f"`{word}` takes {OPERANDS.get(word, 1)} operands and is assigned")
        if word is not None and len(targets) != RESULTS.get(word, 1):
            raise self.refuse(node, f"`{word}` gives {RESULTS.get(word, 1)} values")
        for target in targets:
            if target in self.assigned:
                raise self.refuse(node, f"`{target}` is assigned twice; a row program names every value once")
        self.assigned.update(targets)
        if word == MOSTLY_ZERO:
            if self.mostly_zero is not None:
                raise self.refuse(node, f"there is one `{MOSTLY_ZERO}` in a program")
            self.mostly_zero, word = targets[0], None
            value, known = value.args  # type: ignore[attr-defined]
            node.value = value
            self.known = known if self.names_in(known) <= {*self.row_inputs, *self.settings, *self.firsts} else None
        if word in FIRSTS:
            self.firsts[targets[0]] = FIRSTS[word], self.read_first(node, word)
        names = self.names_in(value) if word not in (*OF_LENGTH, *FIRSTS) else set()
        condition = ast.unparse(value.args[0]) if word == CONDITIONAL else None  # type: ignore[attr-defined]
        return Statement(node, value, targets, names, word, condition=condition)

    def read_first(self, node: ast.Assign, word: str) -> int:
        """Return the number of the input whose first elements a program asks for."""
        operand = ast.unparse(node.value.args[0])  # type: ignore[attr-defined]
        if operand not in self.inputs:
            raise self.refuse(node, f"`{word}` takes an input")
        return self.inputs.index(operand)

    def read_return(self, node: ast.Return) -> list[Statement]:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for value in values:
            self.refuse_inner_words(value)  # type: ignore[arg-type]
        return [Statement(node, v, [], self.names_in(v), output=k) for k, v in enumerate(values)]  # type: ignore[arg-type]

    def schedule(self) -> None:
        """Give every statement its stage; a statement of the row runs at the end of its stage."""
        self.statements_ = [s for s in self.statements_ if s.word not in FIRSTS]
        of_row = {*self.settings, *self.row_inputs, *self.firsts}
        ready = dict.fromkeys([*self.inputs, *self.row_inputs, *self.settings, *self.firsts], 0)
        for s in self.statements_:
            s.of_row = s.word in OF_LENGTH or (s.word is None and bool(s.names) and s.names <= of_row)
            s.stage = max((ready[n] for n in s.names), default=0)
            if s.of_row:
                s.stage = max(s.stage - 1, 0)
            for target in s.targets:
                ready[target] = s.stage + (s.of_row or s.word is not None)
            if s.of_row or s.word is not None:
                of_row.update(s.targets)
        self.split_outputs()
        # The memory of an output may be an input's, which is read until then.
        last = max(s.stage for s in self.statements_ if not s.of_row)
        for s in self.statements_:
            if s.output is not None and not s.of_row:
                s.stage = last
        conditions = self.find_conditions(of_row)
        users: dict[str, set[int]] = {}
        scheduled: list[Statement] = []
        for s in reversed(self.statements_):
            stages = {s.stage}
            if not s.of_row and s.word is None and s.targets:
                needed = set().union(*(users.get(t, set()) for t in s.targets))
                if not needed:
                    raise self.refuse(s.node, f"`{s.targets[0]}` is never used")
                # What is needed again in conditional stages only is computed again there, and takes no memory.
                unconditional = needed - conditions.keys()
                stages = needed if len(unconditional) == 1 and min(needed) in unconditional else {min(needed)}
            for stage in stages:
                scheduled.append(replace(s, stage=stage))
                for name in s.names:
                    users.setdefault(name, set()).add(stage)
        self.statements_ = scheduled[::-1]
        self.stages = [Stage() for _ in range(1 + max(s.stage for s in self.statements_ if s.output is None or not s.of_row))]
        for number, condition in conditions.items():
            self.stages[number].condition = condition
        for s in self.statements_:
            if s.output is None or not s.of_row:
                stage = self.stages[s.stage]
                (stage.rows if s.of_row else stage.reductions if s.word else stage.elements).append(s)
        self.kept = self.find_kept(users)
        self.slots = self.find_slots()

    def find_conditions(self, of_row: set[str]) -> dict[int, str]:
        """Return the conditions of the stages whose reductions all have the same one."""
        found: dict[int, set[str | None]] = {}
        for s in self.statements_:
            if s.word in REDUCTIONS:
                found.setdefault(s.stage, set()).add(s.condition)
            if s.condition is not None and s.condition not in of_row:
                raise self.refuse(s.node, f"`{CONDITIONAL}` takes a value of the row first")
        for s in self.statements_:
            if s.condition is not None and len(found[s.stage]) > 1:
                raise self.refuse(s.node, f"`{s.targets[0]}` shares a pass over the row with what has not its condition")
        return {stage: c for stage, (c, *_) in found.items() if c is not None}

    def split_outputs(self) -> None:
        """Tell the outputs that have elements from those that have one value a row."""
        returned = [s for s in self.statements_ if s.output is not None]
        if [s.of_row for s in returned] != sorted(s.of_row for s in returned):
            raise self.refuse(returned[0].node, "outputs of elements stand before those of rows")
        self.outputs = sum(not s.of_row for s in returned)
        of_row = [s.value for s in returned if s.of_row]
        if not all(isinstance(v, ast.Name) for v in of_row):
            raise self.refuse(returned[-1].node, "a value of the row is returned by its name")
        self.row_outputs = [ast.unparse(v) for v in of_row]

    def find_kept(self, users: dict[str, set[int]]) -> dict[str, int]:
        """Return the outputs whose memory holds what several stages need."""
        returned = {ast.unparse(s.value): s.output for s in self.statements_ if s.output is not None and not s.of_row}
        kept: dict[str, int] = {}
        free_from: dict[int, int] = {}
        made_last = {t: s.stage for s in sorted(self.statements_, key=lambda s: s.stage) for t in s.targets}
        for s in self.statements_:
            if s.of_row or s.word or s.output is not None:
                continue
            names = [t for t in s.targets if max(users[t]) > made_last[t]]
            if not names:
                continue
            memory = returned.get(names[0], 0)
            if len(s.targets) > 1:
                raise self.refuse(s.node, f"`{names[0]}` outlives its stage and must be assigned alone")
            if memory is None or memory >= self.outputs:
                raise self.refuse(s.node, f"`{names[0]}` outlives its stage, and no output has memory for it")
            if free_from.get(memory, 0) > s.stage:
                raise self.refuse(s.node, f"`{names[0]}` cannot be kept while another value is in the memory of its output")
            late = [i for i in self.inputs if max(users.get(i, {0})) > s.stage]
            if late:
                raise self.refuse(s.node, f"`{names[0]}` is kept where `{late[0]}` was, which is read again")
            kept[names[0]] = memory
            free_from[memory] = max(users[names[0]])
        return kept

    def find_slots(self) -> dict[str, int]:
        """Number the values of the row that are used after the stage in which they are made."""
        made = {t: s.stage for s in self.statements_ if s.of_row or s.word for t in s.targets}
        slots = {name: k for k, name in enumerate([*self.row_inputs, *self.firsts])}
        for name in self.row_outputs:
            slots.setdefault(name, len(slots))
        for s in self.statements_:
            for name in sorted(s.names & made.keys()):
                if s.stage > made[name]:
                    slots.setdefault(name, len(slots))
        return slots

    def locals_of(self, statements: list[Statement]) -> list[str]:
        """Declare what a function takes from elsewhere."""
        made = {t for s in statements if s.word is None or s.of_row for t in s.targets}
        return self.locals_with(set().union(*(s.names - {s.condition} for s in statements)) - made)

    def locals_with(self, used: set[str]) -> list[str]:
        sources = {name: f"inputs[{i}]" for i, name in enumerate(self.inputs)}
        sources |= {name: f"settings[{i}]" for i, name in enumerate(self.settings)}
        sources |= {name: f"row[{i}]" for name, i in self.slots.items()}
        sources |= {name: f"kept[{memory}]" for name, memory in self.kept.items()}
        return [f"        const V {name} = {source};" for name, source in sources.items() if name in used]

    def print_elements(self, stage: Stage) -> list[str]:
        lines = self.locals_of([*stage.elements, *stage.reductions])
        for s in stage.elements:
            lines.append(self.line(s.node))
            if s.output is not None:
                lines.append(f"        stored[{s.output}] = {self.expression(s.value)};")
            else:
                lines.append(f"        {self.assign_fresh(s)}")
                lines += [f"        stored[{self.kept[t]}] = {t};" for t in s.targets if t in self.kept]
        term = 0
        for s in stage.reductions:
            lines.append(self.line(s.node))
            for operand in self.operands(s):
                lines.append(f"        terms[{term}] = {self.expression(operand)};")
                term += 1
        return lines

    def print_terms_again(self, stage: Stage, before: Stage) -> list[str]:
        """Print how a conditional stage makes its terms of those of the stage before, where these are kept."""
        terms = [ast.unparse(operand) for s in before.reductions for operand in self.operands(s)]
        used = {n for s in stage.reductions for operand in self.operands(s) for n in self.names_in(operand)}
        missing = used - {*terms, *self.slots, *self.settings}
        if missing:
            raise self.refuse(stage.reductions[0].node, f"`{min(missing)}` is no term of the pass before and no value of the row")
        lines = [
            "    template <class V>",
            "    static FASTACT_INLINE void again(const V* before, [[maybe_unused]] const V* settings,",
            "        [[maybe_unused]] const V* row, V* terms) {",
            *self.locals_with(used - {*terms}),
            *(f"        const V {name} = before[{k}];" for k, name in enumerate(terms) if name in used),
        ]
        for k, operand in enumerate(o for s in stage.reductions for o in self.operands(s)):
            lines.append(f"        terms[{k}] = {self.expression(operand)};")
        return [*lines, "    }"]

    def print_rows(self, stage: Stage) -> list[str]:
        results = [t for s in stage.reductions for t in s.targets]
        lines = [f"        const V {name} = results[{i}];" for i, name in enumerate(results)]
        made = {*results, *(t for s in stage.rows for t in s.targets)}
        lines += [line for line in self.locals_of(stage.rows) if line.split()[2] not in made]
        for s in stage.rows:
            lines.append(self.line(s.node))
            assigned = f"const V {s.targets[0]} = {OF_LENGTH[s.word]};" if s.word in OF_LENGTH else self.assign_fresh(s)
            lines.append(f"        {assigned}")
        lines += [f"        row[{i}] = {name};" for name, i in self.slots.items() if name in made]
        lines += [f"        (void){name};" for name in results]
        return lines

    def assign_fresh(self, statement: Statement) -> str:
        """Print an assignment that declares its targets."""
        self.assigned.difference_update(statement.targets)
        return self.assign(statement.node)  # type: ignore[arg-type]

    def first_two_at_once(self) -> Stage:
        """Return the stage that makes the elements of the second one before the value of the row that is mostly zero is known."""
        first, second = self.stages[:2]
        found = {t for s in [*first.reductions, *first.rows] for t in s.targets}
        for s in [*second.elements, *second.reductions]:
            if s.names & found and self.mostly_zero not in s.names:
                raise self.refuse(s.node, f"this takes what is not yet known of the row, whatever `{self.mostly_zero}` is")
        return Stage(first.elements + second.elements, first.reductions + second.reductions)

    def operands(self, statement: Statement) -> list[ast.expr]:
        """Return what a reduction takes of every element."""
        operands: list[ast.expr] = statement.value.args  # type: ignore[attr-defined]
        return operands if statement.condition is None else operands[1:]

    def reduction(self, statement: Statement) -> str:
        """Print the engine's reduction, and which of its operands are inputs as they stand."""
        operands = [ast.unparse(operand) for operand in self.operands(statement)]
        numbers = [self.inputs.index(o) if o in self.inputs else -1 for o in operands]
        return f"{REDUCTIONS[statement.word]}<{', '.join(map(str, numbers))}>"  # type: ignore[index]

    def stored_by(self, stage: Stage) -> int:
        """Return the outputs that a stage writes to, as the bits of a number."""
        written = {s.output for s in stage.elements if s.output is not None}
        written |= {self.kept[t] for s in stage.elements for t in s.targets if t in self.kept}
        return sum(1 << k for k in written)

    def mostly_zero_in(self, stage: Stage) -> int:
        """Return the slot of the value that is mostly zero if the elements of a stage that is mostly run read it, else -1."""
        if stage.condition is not None:
            return -1
        read = set().union(*(s.names for s in [*stage.elements, *stage.reductions]))
        return self.slots[self.mostly_zero] if self.mostly_zero in read else -1

    def print(self) -> list[str]:
        name = f"{self.function.name}_program"
        slots = ", ".join(str(self.slots[r]) for r in self.row_outputs)
        firsts = ", ".join(f"{{{several}, {number}}}" for several, number in self.firsts.values())
        lines = [
            f"struct {name} {{",
            f'    static constexpr const char* name = "{self.function.name}";',
            f"    static constexpr int inputs = {len(self.inputs)}, row_inputs = {len(self.row_inputs)};",
            f"    static constexpr int outputs = {self.outputs}, row_outputs = {len(self.row_outputs)};",
            f"    static constexpr int settings = {len(self.settings)};",
            f"    static constexpr int stages = {len(self.stages)};",
            f"    static constexpr int values = {len(self.slots)};",
            f"    static constexpr bool presumes = {str(self.known is not None).lower()};",
            f"    static constexpr int returned[] = {{{slots or 0}}};",
            f"    static constexpr int firsts = {len(self.firsts)};",
            f"    static constexpr FirstElements first[] = {{{firsts or '{false, 0}'}}};",
            "    template <int stage> struct Stage;",
        ]
        if self.known is not None:
            lines += [
                "    template <class V>",
                "    static FASTACT_INLINE V known([[maybe_unused]] const V* settings, [[maybe_unused]] const V* row) {",
                "        using K [[maybe_unused]] = RowConstants<ScalarOf<V>>;",
                *self.locals_with(self.names_in(self.known)),
                f"        return {self.expression(self.known)};",
                "    }",
            ]
        lines.append("};")
        numbered = dict(enumerate(self.stages))
        if self.known is not None:
            numbered[BOTH] = self.first_two_at_once()
        for number, stage in numbered.items():
            kinds = ", ".join(map(self.reduction, stage.reductions))
            lines += [
                f"template <> struct {name}::Stage<{number}> {{",
                f"    using Reduced = Reductions<{kinds}>;",
                f"    static constexpr unsigned stores = {self.stored_by(stage)};",
                f"    static constexpr int mostly_zero = {self.mostly_zero_in(stage)};",
                f"    static constexpr int condition = {-1 if stage.condition is None else self.slots[stage.condition]};",
                f"    static constexpr bool ends = {str(bool(stage.reductions or stage.rows)).lower()};",
                "    template <class V>",
                "    static FASTACT_INLINE void element([[maybe_unused]] const V* inputs, [[maybe_unused]] const V* kept,",
                "        [[maybe_unused]] const V* settings, [[maybe_unused]] const V* row, [[maybe_unused]] V* terms,",
                "        [[maybe_unused]] V* stored) {",
                "        using K [[maybe_unused]] = RowConstants<ScalarOf<V>>;",
                *self.print_elements(stage),
                "    }",
            ]
            if stage.condition is not None:
                lines += self.print_terms_again(stage, self.stages[number - 1])
            if number != BOTH:
                lines += [
                    "    template <class V>",
                    "    static FASTACT_INLINE void row([[maybe_unused]] const V* results, [[maybe_unused]] V row_length,",
                    "        [[maybe_unused]] const V* settings, [[maybe_unused]] V* row) {",
                    "        using K [[maybe_unused]] = RowConstants<ScalarOf<V>>;",
                    *self.print_rows(stage),
                    "    }",
                ]
            lines.append("};")
        return lines


def names_in_tuple(path: Path, wanted: str) -> list[str]:
    """Return what a tuple of functions lists."""
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple(elts=names)) if name == wanted:
                return [ast.unparse(name) for name in names]
    raise SyntaxError(f"{path}: there is no tuple {wanted}")


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
    programs, subprograms = names_in_tuple(path, "PROGRAMS"), names_in_tuple(path, "SUBPROGRAMS")
    lines = ["namespace fastact {", "namespace FASTACT_ISA {", *print_constants_of_rows(own)]
    for function in functions:
        if function.name not in (*programs, *subprograms):
            lines += [line.replace("= Constants<", "= RowConstants<") for line in print_function(program, function)]
    for function in functions:
        if function.name in programs:
            lines += RowProgram(program, function, subprograms).print()
    lines.append('#line 1 "rows.inc"')
    lines.append(f"#define FASTACT_ROW_PROGRAMS {', '.join(f'{name}_program' for name in programs)}")
    lines += ["}  // namespace FASTACT_ISA", "}  // namespace fastact", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    write_if_changed(output, emit(source))
