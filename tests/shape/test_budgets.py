import ast
import statistics
from collections.abc import Iterator

from tests.shape.sources import PACKAGE, ROOT, Function, Module, length, modules

MODULE_LINES = 500
MEDIAN_MODULE_LINES = 180
FUNCTION_LINES = 60
CLASS_LINES = 250
PARAMETERS = 7
SCRIPT_LINES = 150
TEMPLATE_LINES = 150


def test_no_module_is_longer_than_one_sitting() -> None:
    assert [f"{module.place}: {module.lines}" for module in modules() if module.lines > MODULE_LINES] == []


def test_the_median_module_is_small() -> None:
    assert statistics.median(module.lines for module in modules()) <= MEDIAN_MODULE_LINES


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        f"{module.place}:{function.lineno} {function.name}: {length(function)}"
        for module in modules()
        for function in module.functions()
        if length(function) > FUNCTION_LINES
    ]
    assert too_long == []


def test_no_class_does_everything() -> None:
    too_long = [
        f"{module.place}:{node.lineno} {node.name}: {length(node)}"
        for module in modules()
        for node in module.classes()
        if length(node) > CLASS_LINES
    ]
    assert too_long == []


def test_no_function_takes_more_than_seven_parameters() -> None:
    too_many = [
        f"{module.place}:{function.lineno} {function.name}: {count}"
        for module in modules()
        for function in _called_by_people(module)
        if (count := _parameters(function)) > PARAMETERS
    ]
    assert too_many == []


def test_every_own_script_and_template_is_small() -> None:
    budgets = {".js": SCRIPT_LINES, ".mjs": SCRIPT_LINES, ".html": TEMPLATE_LINES, ".jinja": TEMPLATE_LINES}
    own = [
        path
        for path in (PACKAGE / "server").rglob("*")
        if path.suffix in budgets and not {"vendor", "__pycache__"} & set(path.parts)
    ]
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in own}
    assert {place: size for place, size in sizes.items() if size > budgets["." + place.rsplit(".")[-1]]} == {}


def _called_by_people(module: Module) -> Iterator[Function]:
    """A command of the terminal or a handler of a route is called by its framework: its parameters are its options."""
    return (function for function in module.functions() if not any(_is_face(item) for item in function.decorator_list))


def _is_face(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(call, ast.Attribute) and call.attr in {"command", "callback", "get", "post", "put", "delete"}


def _parameters(function: Function) -> int:
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])
