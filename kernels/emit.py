"""Print the mathematics of ``fastact/*.py`` as C++ templates over vector types.

Usage: ``python kernels/emit.py SOURCE_FOLDER OUTPUT_FILE``.

The sources are read, never imported.  Each function of the restricted language becomes a function template of the same name;
``#line`` directives let compilers, debuggers and profilers name the Python line.  Whatever the language lacks is refused with
file and line.
"""

from __future__ import annotations

import ast
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

WORDS = {
    "absolute": 1, "copysign": 2, "exponent": 1, "floor": 1, "fma": 3, "ldexp": 2, "ldexp_low": 2, "ldexp_normal": 2,
    "lookup": 2, "mantissa": 1, "maximum": 2, "minimum": 2, "piecewise": 3, "polynomial": 2, "rarely": 3, "reciprocal": 1,
    "round": 1, "sqrt": 1, "truncate": 1, "where": 3,
}  # fmt: skip
"""The words of the language and their number of arguments."""

FMA_BY_SIGNS = {(False, False): "fma", (True, False): "fnma", (False, True): "fms", (True, True): "fnms"}
"""What `fma` is called with a minus before its product and its addend: processors have instructions for all four."""

COEFFICIENTS = "coefficients.py"
OF_CONSTANTS = {"lookup": "Table", "piecewise": "Table", "polynomial": "Constant"}
"""The words whose last argument is named, and what it is."""

OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitAnd: "&", ast.BitOr: "|",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


class NotInLanguage(SyntaxError):
    """A construct that the restricted language lacks."""


@dataclass
class Function:
    """A function of the restricted language."""

    node: ast.FunctionDef
    path: str
    outputs: int

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def arguments(self) -> list[str]:
        return [a.arg for a in self.node.args.args]


@dataclass
class Program:
    """The constants and functions of the sources, in order of definition."""

    constants: dict[str, ast.Call] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    from_outputs: dict[str, Function] = field(default_factory=dict)
    """By activation: its derivative from its value."""

    def kind_of(self, name: str) -> str | None:
        """Return whether a name is a `Constant` or a `Table` of the coefficients."""
        call = self.constants.get(name)
        return call.func.id if call is not None and isinstance(call.func, ast.Name) else None

    def refuse(self, path: str, node: ast.AST, reason: str) -> NotInLanguage:
        line = getattr(node, "lineno", 1)
        return NotInLanguage(f"{path}:{line}: {reason}", (path, line, None, None))

    def read_constants(self, path: Path) -> None:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                name = node.targets[0]
                if isinstance(name, ast.Name):
                    self.constants[name.id] = node.value

    def read_functions(self, path: Path, label: str) -> list[Function]:
        """Read the functions of a file and return them."""
        found = []
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                last = node.body[-1]
                if not isinstance(last, ast.Return) or last.value is None:
                    raise self.refuse(label, last, f"{node.name} must end with `return` and a value")
                if ast.unparse(node.args) != ast.unparse(_plain_arguments(node)):
                    raise self.refuse(label, node, f"{node.name} may have plain arguments only")
                outputs = len(last.value.elts) if isinstance(last.value, ast.Tuple) else 1
                function = Function(node, label, outputs)
                self.functions[function.name] = function
                found.append(function)
        return found


def _plain_arguments(node: ast.FunctionDef) -> ast.arguments:
    """Return what remains of a function's arguments without positional-only, keyword-only and starred ones."""
    return ast.arguments([], node.args.args, None, [], [], None, node.args.defaults)


def without_sign(node: ast.expr) -> tuple[bool, ast.expr]:
    """Return whether an expression begins with a minus that is the sign of all of it, and what it is without that."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=bare):
            return True, bare
        case ast.BinOp(left=left, op=ast.Mult() as times, right=right):
            negative, bare = without_sign(left)
            return negative, ast.copy_location(ast.BinOp(bare, times, right), node)
    return False, node


class Printer:
    """Prints the body of one function; subclasses may know further words."""

    words = WORDS

    def __init__(self, program: Program, function: Function) -> None:
        self.program = program
        self.function = function
        self.assigned = set(function.arguments)

    def refuse(self, node: ast.AST, reason: str) -> NotInLanguage:
        return self.program.refuse(self.function.path, node, reason)

    def defined_before(self) -> list[str]:
        names = list(self.program.functions)
        return names[: names.index(self.function.name)]

    def expression(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=float(value)):
                return f"broadcast<V>({value.hex()})"
            case ast.Name(id=name) if name in self.assigned:
                return name
            case ast.Name(id=name) if self.program.kind_of(name) == "Constant":
                return f"broadcast<V>(K::{name})"
            case ast.Name(id=name):
                raise self.refuse(node, f"`{name}` is neither an argument, an assigned name nor a constant")
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float(value))):
                return f"broadcast<V>({(-value).hex()})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.expression(operand)})"
            case ast.BinOp(left=ast.Constant(), right=ast.Constant()):
                raise self.refuse(node, "arithmetic between literals must be written as one literal or a constant")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return f"({self.expression(left)} {OPERATORS[type(op)]} {self.expression(right)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
                return f"({self.expression(left)} {OPERATORS[type(op)]} {self.expression(right)})"
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(node, name, arguments)
        raise self.refuse(node, f"`{ast.unparse(node)}` is not in the language")

    def call(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> str:
        if name in self.words:
            expected = self.words[name]
        elif name in self.defined_before():
            expected = len(self.program.functions[name].arguments)
        else:
            raise self.refuse(node, f"`{name}` is neither a word nor a function defined before")
        if len(arguments) != expected:
            raise self.refuse(node, f"`{name}` takes {expected} arguments, not {len(arguments)}")
        if name == "fma":
            negative_product, factor = without_sign(arguments[0])
            negative_addend, addend = without_sign(arguments[2])
            name = FMA_BY_SIGNS[negative_product, negative_addend]
            arguments = [factor, arguments[1], addend]
        if name in OF_CONSTANTS:
            *arguments, last = arguments
            kind = OF_CONSTANTS[name]
            if not isinstance(last, ast.Name) or self.program.kind_of(last.id) != kind:
                raise self.refuse(last, f"the last argument of `{name}` must be a {kind.lower()} of {COEFFICIENTS}")
        if name == "rarely":
            return self.rare(node, *arguments)
        printed = [self.expression(a) for a in arguments]
        if name == "polynomial":
            printed.append(f"K::{last.id}")
        elif name in OF_CONSTANTS:
            name = f"{name}<K::{last.id}>"
        return f"{name}({', '.join(printed)})"

    def rare(self, node: ast.expr, condition: ast.expr, rare: ast.expr, usual: ast.expr) -> str:
        """Print a choice whose first alternative is only computed where an element asks for it."""
        match condition:
            case ast.Compare(left=left, ops=[ast.GtE()], comparators=[right]):
                compared = f"{self.expression(left)}, {self.expression(right)}"
                return f"rarely({compared}, [&]() FASTACT_LAZY {{ return {self.expression(rare)}; }}, {self.expression(usual)})"
        raise self.refuse(node, "the condition of `rarely` must be a comparison by `>=`")

    def assign(self, node: ast.Assign) -> str:
        match node.targets:
            case [ast.Name(id=name)]:
                value = self.expression(node.value)
                statement = f"{name} = {value};" if name in self.assigned else f"auto {name} = {value};"
                self.assigned.add(name)
                return statement
            case [ast.Tuple(elts=names)] if isinstance(node.value, ast.Call):
                call = self.expression(node.value)
                targets = [n.id for n in names if isinstance(n, ast.Name)]
                called = self.program.functions.get(call.split("(", 1)[0])
                if called is None or len(targets) != called.outputs:
                    raise self.refuse(node, f"`{ast.unparse(node.value)}` does not give {len(names)} values")
                new = [t for t in targets if t not in self.assigned]
                self.assigned.update(targets)
                declaration = f"V {', '.join(new)}; " if new else ""
                return f"{declaration}{call[:-1]}, {', '.join(targets)});"
        raise self.refuse(node, f"`{ast.unparse(node)}` is not in the language")

    def line(self, node: ast.AST) -> str:
        return f'#line {getattr(node, "lineno", 1)} "{self.function.path}"'

    def statements(self) -> list[str]:
        """Print everything between the docstring and the return."""
        lines = []
        for node in self.function.node.body[:-1]:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                continue
            if not isinstance(node, ast.Assign):
                raise self.refuse(node, f"`{ast.unparse(node).splitlines()[0]}` is not in the language")
            lines += [self.line(node), f"    {self.assign(node)}"]
        return lines

    def returned(self) -> list[str]:
        value = self.function.node.body[-1].value  # type: ignore[attr-defined]
        return [self.expression(v) for v in (value.elts if isinstance(value, ast.Tuple) else [value])]


def hex_of_bits(value: float, precision: str) -> str:
    """Return the integer whose bits are those of a number."""
    code, integer = {"float32": ("f", "i"), "float64": ("d", "q")}[precision]
    return hex(struct.unpack(integer, struct.pack(code, value))[0])


def print_constants(program: Program) -> list[str]:
    """Print a struct of constants for each precision."""
    lines = ["template <class T> struct Constants;"]
    for precision, scalar, suffix in (("float32", "float", "f"), ("float64", "double", "")):
        lines.append(f"template <> struct Constants<{scalar}> {{")
        for name, call in program.constants.items():
            values = {k.arg: ast.literal_eval(k.value) for k in call.keywords}[precision]
            if program.kind_of(name) == "Table":
                rows = ", ".join("{" + ", ".join(hex_of_bits(v, precision) for v in row) + "}" for row in values)
                lines.append(f"    static constexpr Format<{scalar}>::Bits {name}[{len(values)}][{len(values[0])}] = {{{rows}}};")
            elif isinstance(values, tuple):
                numbers = ", ".join(v.hex() + suffix for v in values)
                lines.append(f"    static constexpr {scalar} {name}[] = {{{numbers}}};")
            else:
                lines.append(f"    static constexpr {scalar} {name} = {values.hex()}{suffix};")
        lines.append("};")
    return lines


def print_function(program: Program, function: Function) -> list[str]:
    """Print a function template: one result is returned, several are written to references."""
    printer = Printer(program, function)
    outputs = [f"output_{i}" for i in range(function.outputs)] if function.outputs > 1 else []
    used = {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}
    arguments = [f"V {a}" if a in used else f"[[maybe_unused]] V {a}" for a in function.arguments]
    arguments += [f"V& {o}" for o in outputs]
    body = printer.statements()
    values = printer.returned()
    ending = [f"    {o} = {v};" for o, v in zip(outputs, values, strict=True)] if outputs else [f"    return {values[0]};"]
    return [
        printer.line(function.node),
        f"template <class V> FASTACT_INLINE {'void' if outputs else 'V'} {function.name}({', '.join(arguments)}) {{",
        "    using K [[maybe_unused]] = Constants<ScalarOf<V>>;",
        *body,
        printer.line(function.node.body[-1]),
        *ending,
        "}",
    ]


def print_activation(function: Function, from_output: Function | None) -> list[str]:
    """Print the struct by which the loops know an activation."""
    parameters = [f"parameters[{i}]" for i in range(len(function.arguments) - 1)]
    arguments = ["x", *parameters, *(f"outputs[{i}]" for i in range(function.outputs))]
    unused = [] if parameters else ["        (void)parameters;"]
    lines = [
        f"struct {function.name}_activation {{",
        f'    static constexpr const char* name = "{function.name}";',
        f"    static constexpr int parameters = {len(parameters)};",
        f"    static constexpr int trainable = {function.outputs - 2};",
        f"    static constexpr bool has_from_output = {'true' if from_output else 'false'};",
        "    template <class V> static FASTACT_INLINE void evaluate(V x, const V* parameters, V* outputs) {",
        *unused,
        f"        {function.name}({', '.join(arguments)});",
        "    }",
    ]
    if from_output:
        lines += [
            "    template <class V> static FASTACT_INLINE V from_output(V y, const V* parameters) {",
            *unused,
            f"        return {from_output.name}({', '.join(['y', *parameters])});",
            "    }",
        ]
    return [*lines, "};"]


def read(folder: Path) -> tuple[Program, list[Function]]:
    """Read the package's sources and return them with the activations among their functions."""
    program = Program()
    program.read_constants(folder / COEFFICIENTS)
    program.read_functions(folder / "elementary.py", "fastact/elementary.py")
    activations = []
    for path in sorted((folder / "activations").glob("*.py")):
        for function in program.read_functions(path, f"fastact/activations/{path.name}"):
            match function.node.decorator_list:
                case [ast.Call(func=ast.Name(id="from_output"), args=[ast.Name(id=name)])]:
                    program.from_outputs[name] = function
                case _:
                    activations.append(function)
    return program, activations


def emit(folder: Path) -> str:
    """Return the C++ text for the package's sources in a folder."""
    program, activations = read(folder)
    lines = ["namespace fastact {", "namespace FASTACT_ISA {", *print_constants(program)]
    for function in program.functions.values():
        lines += print_function(program, function)
    lines.append('#line 1 "activations.inc"')
    for function in activations:
        lines += print_activation(function, program.from_outputs.get(function.name))
    names = ", ".join(f"{f.name}_activation" for f in activations)
    lines += [f"#define FASTACT_ACTIVATIONS {names}", "}  // namespace FASTACT_ISA", "}  // namespace fastact", ""]
    return "\n".join(lines)


def write_if_changed(output: Path, text: str) -> None:
    """Write a file, or leave it with its date, and what was compiled from it, where nothing changed."""
    if not output.exists() or output.read_text() != text:
        output.write_text(text)


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    write_if_changed(output, emit(source))
