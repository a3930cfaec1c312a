"""What the syntax tree of a pure module may not hold: the part of purity that an import cannot show.

The same bytes must come out on every node, so floors 1 and 2 know no float, no file, no order of a set, no
value that differs between processes (`hash`, `id`) or between versions of the Unicode tables. The check is of
one file and knows no types: it follows literals, annotations and local names, and is a net for slips, not a
proof.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

ALLOWED_IMPORTS = frozenset(
    {
        "__future__", "abc", "bisect", "collections", "contextlib", "dataclasses", "enum", "functools",
        "hashlib", "heapq", "itertools", "operator", "re", "struct", "types", "typing",
        "cryptography", "msgpack", "chain", "contracts", "consensus",
    }
)  # fmt: skip
"""What a pure module imports; anything else is looked at by a person before it is added here."""

FORBIDDEN_CALLS = frozenset(
    {
        "float", "complex", "open", "input", "print", "hash", "id", "eval", "exec", "compile", "__import__",
        "breakpoint", "globals", "locals", "dir", "round",
    }
)  # fmt: skip

UNICODE_METHODS = frozenset(
    {
        "casefold", "normalize", "capitalize", "title", "swapcase", "lower", "upper",
        "isalpha", "isalnum", "isdigit", "isdecimal", "isnumeric", "isidentifier", "isprintable", "isspace",
        "islower", "isupper", "istitle",
    }
)  # fmt: skip

ORDER_FREE = frozenset({"sorted", "len", "sum", "min", "max", "any", "all", "set", "frozenset", "bool"})
"""Calls whose answer does not depend on the order of what they are given."""

ORDERED = frozenset(
    {
        "list", "tuple", "dict", "iter", "next", "enumerate", "zip", "map", "filter", "reversed", "reduce",
        "join", "extend", "fromkeys", "from_iterable", "chain", "islice", "accumulate", "pairwise", "groupby",
        "product", "permutations", "combinations", "cycle", "starmap", "takewhile", "dropwhile",
        "zip_longest", "deque", "heapify", "str", "repr", "format",
    }
)  # fmt: skip
"""Calls that keep the order of what they are given."""

SET_TYPES = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
KEYED = frozenset({"sorted", "min", "max"})
"""With a `key` these keep the order of what they are given among equals."""

FORMATS = frozenset("neEfFgG%")
"""Types of a format that make a float, or ask the locale."""

PATTERN_FLAGS = frozenset({"I", "IGNORECASE", "L", "LOCALE", "U", "UNICODE"})
"""What makes a pattern ask the tables of Unicode or the locale."""

UNICODE_CLASSES = ("\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\b", "\\B")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    line: int
    what: str


def findings(source: str) -> list[Finding]:
    """What is impure in the text of a module, by line."""
    checker = _Checker()
    checker.visit(ast.parse(source))
    return sorted(checker.found)


class _Checker(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: set[Finding] = set()
        self._scopes: list[frozenset[str]] = []
        self._ascii: frozenset[str] = frozenset()
        self._set_attributes: frozenset[str] = frozenset()
        self._set_functions: frozenset[str] = frozenset()

    def visit_Module(self, node: ast.Module) -> None:
        inner = list(ast.walk(node))
        fields = [each for owner in inner if isinstance(owner, ast.ClassDef) for each in owner.body]
        self._set_attributes = frozenset(_declared(fields)) | frozenset(_declared_on_self(inner))
        self._set_functions = frozenset(
            each.name
            for each in inner
            if isinstance(each, ast.FunctionDef) and _is_set_annotation(each.returns)
        )
        self._scopes.append(frozenset(_declared(node.body)))
        self._scopes.append(frozenset(self._assigned(node.body)))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        sets = {each.arg for each in arguments if _is_set_annotation(each.annotation)}
        inner = [each for statement in node.body for each in ast.walk(statement)]
        self._scopes.append(frozenset(sets | set(_declared(inner))))
        self._scopes.append(frozenset(self._assigned(inner)))
        self.generic_visit(node)
        del self._scopes[-2:]

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._report(node, "async code")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_import(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module is not None:
            self._check_import(node, node.module)
        if node.module == "operator" and any("div" in alias.name for alias in node.names):
            self._report(node, "true division")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self._report(node, "float")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._check_operator(node, node.op)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.UnaryOp):
            self._report(node, "float")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._check_operator(node, node.op)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Beside `text.isascii()` only the first 128 rows of a table count, and these never change."""
        known = self._ascii
        if isinstance(node.op, ast.And):
            self._ascii = known | {ast.dump(text) for each in node.values if (text := _tested_ascii(each))}
        self.generic_visit(node)
        self._ascii = known

    def visit_For(self, node: ast.For) -> None:
        self._check_order(node.iter)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self._check_order(node.value)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`first, second = s` takes the items in the order of s."""
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self._check_order(node.value)
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        """A text of a set has its order; a format of `n` asks the locale, of `f` makes a float."""
        self._check_order(node.value)
        spec = node.format_spec
        if isinstance(spec, ast.JoinedStr):
            for part in spec.values:
                if (
                    isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and part.value[-1:] in FORMATS
                ):
                    self._report(node, f"format {part.value}")
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == "re" and node.attr in PATTERN_FLAGS:
            self._report(node, f"Unicode table: re.{node.attr}")
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self._check_order(node.value)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._check_generators(node.generators)
        self.generic_visit(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._check_generators(node.generators)
        self.generic_visit(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._check_generators(node.generators)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _called(node)
        if isinstance(node.func, ast.Name) and name in FORBIDDEN_CALLS:
            self._report(node, f"call of {name}")
        if isinstance(node.func, ast.Attribute):
            self._check_method(node, node.func)
        if name in KEYED and any(keyword.arg == "key" for keyword in node.keywords):
            self._check_arguments_in_order(node)
        if isinstance(node.func, ast.Name) and name in ORDER_FREE:
            self._visit_order_free(node)
            return
        if isinstance(node.func, ast.Name) or name in {"join", "extend", "fromkeys", "from_iterable"}:
            self._check_arguments(node, name)
        self.generic_visit(node)

    def _visit_order_free(self, node: ast.Call) -> None:
        """A generator handed to `sorted` or `sum` may run over a set; what it computes is still looked at."""
        for argument in node.args:
            if isinstance(argument, ast.GeneratorExp | ast.ListComp):
                self.generic_visit(argument)
            else:
                self.visit(argument)
        for keyword in node.keywords:
            self.visit(keyword.value)

    def _check_arguments(self, node: ast.Call, name: str) -> None:
        """`tuple(s)`, `",".join(s)`, `enumerate(s)` run over their argument; a function of ours need not."""
        if name in ORDERED:
            self._check_arguments_in_order(node)

    def _check_arguments_in_order(self, node: ast.Call) -> None:
        for argument in node.args:
            self._check_order(argument)
            if isinstance(argument, ast.GeneratorExp | ast.ListComp):
                self._check_generators(argument.generators)

    def _check_method(self, node: ast.Call, method: ast.Attribute) -> None:
        is_enum_name = isinstance(method.value, ast.Attribute) and method.value.attr == "name"
        is_ascii = ast.dump(method.value) in self._ascii or (
            is_enum_name and method.attr in {"lower", "upper"}
        )
        if method.attr in UNICODE_METHODS and not is_ascii:
            self._report(node, f"Unicode table: {method.attr}")
        if method.attr == "pop" and not node.args and self._is_set(method.value):
            self._report(node, "order of a set")
        if method.attr in {"truediv", "itruediv"}:
            self._report(node, "true division")
        if isinstance(method.value, ast.Name) and method.value.id == "re":
            self._check_pattern(node)

    def _check_pattern(self, node: ast.Call) -> None:
        """`\\d` of a str pattern means the digits of every script, as this Python knows them."""
        pattern = node.args[0] if node.args else None
        if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
            for shorthand in UNICODE_CLASSES:
                if shorthand in pattern.value:
                    self._report(node, f"Unicode table: {shorthand}")

    def _check_import(self, node: ast.stmt, module: str) -> None:
        if module.partition(".")[0] not in ALLOWED_IMPORTS:
            self._report(node, f"import of {module}")

    def _check_operator(self, node: ast.BinOp | ast.AugAssign, operator: ast.operator) -> None:
        if isinstance(operator, ast.Div):
            self._report(node, "true division")

    def _check_generators(self, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            self._check_order(generator.iter)

    def _check_order(self, node: ast.expr) -> None:
        if self._is_set(node):
            self._report(node, "order of a set")

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in {"set", "frozenset"} or name in self._set_functions
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                return name in self._set_functions or (name in SET_METHODS and self._is_set_or_keys(owner))
            case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
                return self._is_set_or_keys(left) or self._is_set_or_keys(right)
            case ast.IfExp(body=body, orelse=other):
                return self._is_set(body) or self._is_set(other)
            case ast.Name(id=name):
                return any(name in scope for scope in self._scopes)
            case ast.Attribute(attr=name):
                return name in self._set_attributes
            case _:
                return False

    def _is_set_or_keys(self, node: ast.expr) -> bool:
        """The keys of a dict have its order; a union or difference of keys is a set and has none."""
        return self._is_set(node) or (isinstance(node, ast.Call) and _called(node) == "keys")

    def _assigned(self, nodes: list[ast.stmt] | list[ast.AST]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, ast.Assign) and self._is_set(node.value):
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))
            if isinstance(node, ast.NamedExpr) and self._is_set(node.value):
                yield node.target.id

    def _report(self, node: ast.expr | ast.stmt, what: str) -> None:
        self.found.add(Finding(node.lineno, what))


def _declared(nodes: list[ast.stmt] | list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and _is_set_annotation(node.annotation)
        ):
            yield node.target.id


def _declared_on_self(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Attribute)
            and _is_set_annotation(node.annotation)
        ):
            yield node.target.attr


def _is_set_annotation(node: ast.expr | None) -> bool:
    match node:
        case ast.Name(id=name):
            return name in SET_TYPES
        case ast.Subscript(value=ast.Name(id=name)):
            return name in SET_TYPES
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_set_annotation(left) or _is_set_annotation(right)
        case _:
            return False


def _tested_ascii(node: ast.expr) -> ast.expr | None:
    match node:
        case ast.Call(func=ast.Attribute(value=text, attr="isascii")):
            return text
        case _:
            return None


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
